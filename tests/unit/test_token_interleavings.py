"""A token manager and other programs at one login, in any order, with crashes at any moment.

Whatever happens, the newest pair that the provider has given out is in a file, or in the journal, or in the hands of
the other program that got it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from trayquota.core.errors import FetchError, UnreadableError
from trayquota.sources.credential_file import parse_fields, read_account, read_bytes
from trayquota.tokens.journal import Journal
from trayquota.tokens.pending_tokens import fingerprint

from .interleaving_rig import CrashError, GapProvider, Other, Seam, close_files_below
from .token_files import MORE, Pair, TokenRig, fields

if TYPE_CHECKING:
    from collections.abc import Callable


MOMENTS = st.integers(1, 30)
CRASHES = ["crash"] if sys.platform != "win32" else []
"""Files that a dead process has open are found in /proc; on Windows processes die in earnest, in tests of their own."""
CAN_EXCHANGE = st.booleans() if sys.platform != "win32" else st.just(value=True)
EVENTS = st.sampled_from(["nothing", *CRASHES, "sign_in", "begin_sign_in", "refresh", "toggle", "begin_toggle"])


class Interleavings(RuleBasedStateMachine):
    """The rules."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.seam = Seam(self.patch)
        self.token_rig = TokenRig(self.folder)
        provider = GapProvider(self.token_rig.clock)
        provider.seam = self.seam
        self.token_rig.provider = provider
        self.token_rig.write(provider.sign_in(), **MORE)
        self.token_rig.start()
        self.other = Other(self.token_rig)
        self.seen = self.token_rig.credential()
        self.earlier: list[dict[str, object]] = []
        # A program that is in the midst of writing goes on while it is waited for.
        self.patch.setattr(time, "sleep", lambda _: self.other.finish())

    def teardown(self) -> None:
        """In the end all is well again."""
        try:
            self.other.finish()
            self.seam.is_read_only = False
            if not self.token_rig.path.exists():
                self.the_file_comes_back()
            manager = self.token_rig.start()
            manager.recover()
            self.look_at_the_folder()
            assert self.token_rig.pair() == self.token_rig.newest
            assert list(self.journal.pending()) == []
            for copy in self.copies():
                token = json.loads(copy.read_bytes())["refresh_token"]
                assert self.journal.newest(fingerprint(token)) is None, "a copy is left with a spent token"
            if not self.token_rig.content()["disabled"]:
                self.refresh_in_the_end()
            left = {path.name for path in self.token_rig.path.parent.iterdir()}
            assert not {name for name in left if name.endswith(".tmp")}
        finally:
            self.patch.undo()
            shutil.rmtree(self.folder)

    def refresh_in_the_end(self) -> None:
        self.token_rig.expire()
        rotations = self.token_rig.provider.rotations
        assert self.token_rig.refresh().access_token == self.token_rig.provider.newest.access
        assert self.token_rig.provider.rotations == rotations + 1
        assert self.token_rig.pair() == self.token_rig.newest
        assert self.token_rig.journals() == []

    @property
    def journal(self) -> Journal:
        return Journal(self.token_rig.state / "renewals")

    @property
    def aside(self) -> Path:
        """Where the file is while it has been moved away."""
        return self.folder / "aside"

    def copies(self) -> list[Path]:
        return [path for path in self.token_rig.path.parent.glob("*.json") if path != self.token_rig.path]

    def leads_to_newest(self, content: dict[str, object]) -> bool:
        """Whether the journal knows that the newest pair follows what a file holds."""
        entry = self.journal.newest(fingerprint(str(content["refresh_token"])))
        return entry is not None and (entry.access_token, entry.refresh_token) == self.token_rig.newest

    # What this program does.

    @rule(moment=MOMENTS, event=EVENTS)
    def refresh(self, moment: int, event: str) -> None:
        self._look()
        self._act(lambda: self.token_rig.manager.refresh(self.seen, self.seen.login), moment, event)

    @rule(moment=MOMENTS, event=EVENTS)
    def refresh_when_expired(self, moment: int, event: str) -> None:
        self.token_rig.expire()
        self._look()
        self._act(lambda: self.token_rig.manager.refresh(self.seen, self.seen.login), moment, event)

    @rule(moment=MOMENTS, event=EVENTS)
    def use(self, moment: int, event: str) -> None:
        self._look()
        self._act(lambda: self.token_rig.manager.current_tokens(self.seen), moment, event)

    @rule(moment=MOMENTS, event=EVENTS)
    def recover(self, moment: int, event: str) -> None:
        self._act(self.token_rig.manager.recover, moment, event)

    @rule(moment=MOMENTS, event=EVENTS)
    def look_at_the_folder(self, moment: int = 0, event: str = "nothing") -> None:
        """See every file of the folder, as a discovery does."""
        seen = []
        for path in (self.token_rig.path, *self.copies()):
            with contextlib.suppress(UnreadableError, FileNotFoundError):
                source = parse_fields(read_bytes(path))
                assert source is not None
                seen.append(read_account(path, source))
        self._act(lambda: self.token_rig.manager.replace_spent(seen), moment, event)

    @rule()
    def restart(self) -> None:
        self.token_rig.start()

    @rule(event=EVENTS)
    def refresh_while_the_request_is_under_way(self, event: str) -> None:
        self.token_rig.expire()
        self._look()
        self.token_rig.provider.script.append(self._event(event))
        self._act(lambda: self.token_rig.manager.refresh(self.seen, self.seen.login), 0, "nothing")
        self.token_rig.provider.script.clear()

    # What others do.

    @rule(slowly=st.booleans())
    def others_sign_in(self, *, slowly: bool) -> None:
        self.other.write(fields(self.token_rig.provider.sign_in()) | MORE, slowly=slowly)

    @rule(slowly=st.booleans())
    def others_refresh(self, *, slowly: bool) -> None:
        content = self.other.read()
        pair = self.token_rig.provider.exchange(str(content["refresh_token"])) if content is not None else None
        if content is not None and pair is not None:
            self.other.write(content | fields(pair), slowly=slowly)

    @rule(slowly=st.booleans())
    def others_toggle(self, *, slowly: bool) -> None:
        content = self.other.read()
        if content is not None:
            self.other.write(content | {"disabled": not content["disabled"]}, slowly=slowly)

    @precondition(lambda self: self.other.pair is not None)
    @rule()
    def others_finish(self) -> None:
        self.other.finish()

    @precondition(lambda self: not self.aside.exists() and self.other.pair is None)
    @rule()
    def the_file_is_moved_away(self) -> None:
        self.token_rig.path.rename(self.aside)

    @precondition(lambda self: self.aside.exists() and not self.token_rig.path.exists())
    @rule()
    def the_file_comes_back(self) -> None:
        self.aside.rename(self.token_rig.path)

    @precondition(lambda self: self.token_rig.path.exists() and self.other.pair is None)
    @rule(name=st.sampled_from(["a", "b"]), is_link=st.booleans())
    def another_file_gets_the_same_login(self, name: str, *, is_link: bool) -> None:
        copy = self.token_rig.path.with_name(f"claude-{name}.json")
        copy.unlink(missing_ok=True)
        if is_link:
            copy.hardlink_to(self.token_rig.path)
        else:
            shutil.copyfile(self.token_rig.path, copy)
        self.earlier.append(dict(self.token_rig.content()))

    @precondition(lambda self: self.token_rig.path.exists() and self.other.pair is None and self.earlier)
    @rule(number=st.integers(0, 9))
    def an_earlier_file_is_restored(self, number: int) -> None:
        content = self.earlier[number % len(self.earlier)]
        if self.leads_to_newest(content):
            self.token_rig.path.write_text(json.dumps(content))

    @rule(is_read_only=st.booleans(), can_exchange=CAN_EXCHANGE)
    def the_disk_changes(self, *, is_read_only: bool, can_exchange: bool) -> None:
        self.seam.is_read_only, self.seam.can_exchange = is_read_only, can_exchange

    @rule(seconds=st.sampled_from([1, 60, 600, 7 * 3600]))
    def time_goes_by(self, seconds: int) -> None:
        self.token_rig.clock.advance(seconds)

    # What must hold.

    @invariant()
    def the_newest_pair_is_not_lost(self) -> None:
        newest = self.token_rig.newest
        if self.other.pair == newest:
            return
        for path in (*self.token_rig.path.parent.iterdir(), *([self.aside] if self.aside.exists() else [])):
            with contextlib.suppress(ValueError, KeyError):
                content = json.loads(path.read_bytes())
                if (content["access_token"], content["refresh_token"]) == newest:
                    return
        assert self.journal.has_pair(newest[1]), "neither in a file nor in the journal"

    @invariant()
    def nobody_ever_reads_a_broken_file_of_ours(self) -> None:
        if self.other.pair is None and self.token_rig.path.exists():
            assert self.token_rig.content().keys() >= {*fields(Pair("", "", self.token_rig.clock())), *MORE}

    def _look(self) -> None:
        """See what a scan of the folder would; a file that cannot be read keeps its last state."""
        with contextlib.suppress(UnreadableError, FileNotFoundError):
            source = parse_fields(read_bytes(self.token_rig.path))
            assert source is not None
            self.seen = read_account(self.token_rig.path, source)

    def _act(self, action: Callable[[], object], moment: int, event: str) -> None:
        self.seam.arm(moment, self._event(event), is_crash=event == "crash")
        try:
            action()
        except FetchError:
            pass
        except CrashError:
            self.seam.is_dead = self.seam.in_gap = False
            close_files_below(self.folder, self.other.handle)
            self.token_rig.start()
        self.seam.arm(0, lambda: None)

    def _event(self, name: str) -> Callable[[], None]:
        events: dict[str, Callable[[], None]] = {
            "nothing": lambda: None,
            "crash": self._crash,
            "sign_in": lambda: self.others_sign_in(slowly=False),
            "begin_sign_in": lambda: self.others_sign_in(slowly=True),
            "refresh": lambda: self.others_refresh(slowly=False),
            "toggle": lambda: self.others_toggle(slowly=False),
            "begin_toggle": lambda: self.others_toggle(slowly=True),
        }
        return events[name]

    def _crash(self) -> None:
        self.seam.is_dead = True
        raise CrashError


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=int(os.environ.get("TRAYQUOTA_INTERLEAVINGS", "200" if sys.platform != "win32" else "50")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
