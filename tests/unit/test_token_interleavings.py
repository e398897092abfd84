"""A login keeper and other programs at one file, in any order, with crashes at any moment.

Whatever happens, the newest pair that the provider has given out is in the file, or in the journal, or in the hands
of the other program that got it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from trayquota.core.errors import FetchError, UnreadableError
from trayquota.sources.credential_file import parse_fields, read_account, read_bytes
from trayquota.tokens.journal import Journal

from .token_files import MORE, House, Pair, Provider, fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.providers.base import Request, Response

CALLS = ("write", "fsync", "replace", "unlink", "ftruncate", "lseek")
MOMENTS = st.integers(1, 30)
DEEDS = st.sampled_from(["nothing", "crash", "sign_in", "begin_sign_in", "renew", "toggle", "begin_toggle"])


class CrashError(BaseException):
    """The process ends here."""


class Seam:
    """Stands between the keeper and the disk: does a deed at one of its calls, and lets a dead process do nothing."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.is_dead = False
        self.is_read_only = False
        self.in_gap = False
        self._left = 0
        self._deed: Callable[[], None] = lambda: None
        for name in CALLS:
            patch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def arm(self, moment: int, deed: Callable[[], None]) -> None:
        self._left, self._deed = moment, deed

    def _wrapped(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if self.is_dead:
                raise CrashError
            # Between the answer and the first write nobody can help; that is the one gap there is.
            if not self.in_gap:
                self._left -= 1
                if self._left == 0:
                    self._deed()
            if name == "replace" and self.is_read_only:
                raise OSError(errno.EROFS, "read-only")
            result = None if name == "fsync" else original(*arguments)
            self.in_gap = self.in_gap and name != "write"
            return result

        return call


class GapProvider(Provider):
    """Tells the seam when a pair has been given out that is nowhere yet."""

    seam: Seam

    def __call__(self, request: Request, *, proxy_url: str | None = None) -> Response:
        before = self.rotations
        answer = super().__call__(request, proxy_url=proxy_url)
        self.seam.in_gap = self.rotations > before
        return answer


class Other:
    """Another program that writes the file in place, at once or in two steps; what it writes it has in its hands."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._file: Any = None
        self._rest = b""
        self.pair: tuple[str, str] | None = None

    def write(self, content: dict[str, object], *, slowly: bool) -> None:
        self.finish()
        data = json.dumps(content).encode()
        half = len(data) // 2 if slowly else len(data)
        self.pair = (str(content["access_token"]), str(content["refresh_token"]))
        self._file, self._rest = self._house.path.open("wb", buffering=0), data[half:]
        self._file.write(data[:half])
        if not slowly:
            self.finish()

    def finish(self) -> None:
        if self._file is not None:
            self._file.write(self._rest)
            self._file.close()
        self._file = self.pair = None

    def read(self) -> dict[str, object] | None:
        self.finish()
        try:
            return dict(self._house.content())
        except ValueError:
            return None


class Interleavings(RuleBasedStateMachine):
    """The rules."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.seam = Seam(self.patch)
        self.house = House(self.folder)
        provider = GapProvider(self.house.clock)
        provider.seam = self.seam
        self.house.provider = provider
        self.house.write(provider.sign_in(), **MORE)
        self.house.start()
        self.other = Other(self.house)
        self.seen = self.house.credential()
        # A program that is in the midst of writing goes on while it is waited for.
        self.patch.setattr(time, "sleep", lambda _: self.other.finish())

    def teardown(self) -> None:
        """In the end all is well again."""
        try:
            self.other.finish()
            self.seam.is_read_only = False
            keeper = self.house.start()
            keeper.recover()
            assert self.house.pair() == self.house.newest
            # Room that a crash has left may still be there; the next renewal takes it.
            assert list(Journal(self.house.state / "renewals").pending()) == []
            if not self.house.content()["disabled"]:
                self.house.expire()
                rotations = self.house.provider.rotations
                assert self.house.renew().access_token == self.house.provider.newest.access
                assert self.house.provider.rotations == rotations + 1
                assert self.house.pair() == self.house.newest
                assert self.house.journals() == []
            left = {each.name for each in self.house.path.parent.iterdir()}
            assert left == {self.house.path.name}
        finally:
            self.patch.undo()
            shutil.rmtree(self.folder)

    # What this program does.

    @rule(moment=MOMENTS, deed=DEEDS)
    def renew(self, moment: int, deed: str) -> None:
        self._look()
        self._act(lambda: self.house.keeper.refresh(self.seen, self.seen.login), moment, deed)

    @rule(moment=MOMENTS, deed=DEEDS)
    def renew_when_expired(self, moment: int, deed: str) -> None:
        self.house.expire()
        self._look()
        self._act(lambda: self.house.keeper.refresh(self.seen, self.seen.login), moment, deed)

    @rule(moment=MOMENTS, deed=DEEDS)
    def use(self, moment: int, deed: str) -> None:
        self._look()
        self._act(lambda: self.house.keeper.current_tokens(self.seen), moment, deed)

    @rule(moment=MOMENTS, deed=DEEDS)
    def recover(self, moment: int, deed: str) -> None:
        self._act(self.house.keeper.recover, moment, deed)

    @rule()
    def restart(self) -> None:
        self.house.start()

    @rule(deed=DEEDS)
    def renew_while_the_request_is_under_way(self, deed: str) -> None:
        self.house.expire()
        self._look()
        self.house.provider.script.append(self._deed(deed))
        self._act(lambda: self.house.keeper.refresh(self.seen, self.seen.login), 0, "nothing")
        self.house.provider.script.clear()

    # What others do.

    @rule(slowly=st.booleans())
    def others_sign_in(self, *, slowly: bool) -> None:
        self.other.write(fields(self.house.provider.sign_in()) | MORE, slowly=slowly)

    @rule(slowly=st.booleans())
    def others_renew(self, *, slowly: bool) -> None:
        content = self.other.read()
        pair = self.house.provider.trade(str(content["refresh_token"])) if content is not None else None
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

    @rule(is_read_only=st.booleans())
    def the_disk_changes(self, *, is_read_only: bool) -> None:
        self.seam.is_read_only = is_read_only

    @rule(seconds=st.sampled_from([1, 60, 600, 7 * 3600]))
    def time_goes_by(self, seconds: int) -> None:
        self.house.clock.advance(seconds)

    # What must hold.

    @invariant()
    def the_newest_pair_is_not_lost(self) -> None:
        newest = self.house.newest
        if self.other.pair == newest:
            return
        with contextlib.suppress(ValueError, KeyError):
            if self.house.pair() == newest:
                return
        kept = Journal(self.house.state / "renewals").newest(os.path.realpath(self.house.path))
        assert kept is not None, "neither in the file nor in the journal"
        assert (kept.access_token, kept.refresh_token) == newest

    @invariant()
    def nobody_ever_reads_a_broken_file_of_ours(self) -> None:
        if self.other.pair is None:
            assert self.house.content().keys() >= {*fields(Pair("", "", self.house.clock())), *MORE}

    def _look(self) -> None:
        """See what a scan of the folder would; a file that cannot be read keeps its last state."""
        with contextlib.suppress(UnreadableError):
            source = parse_fields(read_bytes(self.house.path))
            assert source is not None
            self.seen = read_account(self.house.path, source)

    def _act(self, action: Callable[[], object], moment: int, deed: str) -> None:
        self.seam.arm(moment, self._deed(deed))
        try:
            action()
        except FetchError:
            pass
        except CrashError:
            self.seam.is_dead = self.seam.in_gap = False
            self.house.start()
        self.seam.arm(0, lambda: None)

    def _deed(self, name: str) -> Callable[[], None]:
        deeds: dict[str, Callable[[], None]] = {
            "nothing": lambda: None,
            "crash": self._crash,
            "sign_in": lambda: self.others_sign_in(slowly=False),
            "begin_sign_in": lambda: self.others_sign_in(slowly=True),
            "renew": lambda: self.others_renew(slowly=False),
            "toggle": lambda: self.others_toggle(slowly=False),
            "begin_toggle": lambda: self.others_toggle(slowly=True),
        }
        return deeds[name]

    def _crash(self) -> None:
        self.seam.is_dead = True
        raise CrashError


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=200, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
