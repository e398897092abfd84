"""``pause`` and ``resume`` in a process of the test's own: files, proxies, and all that can be wrong with these."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from login_files import login

from trayquota.cli import pause as command
from trayquota.cli.common import Options
from trayquota.core.credential import Credential
from trayquota.core.errors import TokenWriteError
from trayquota.core.model import NATIVE, Account
from trayquota.core.pausing import PauseRecord
from trayquota.engine import pauser
from trayquota.settings import management_keys
from trayquota.settings.config import Settings
from trayquota.settings.load import Config
from trayquota.settings.management_keys import ManagementKeys
from trayquota.settings.paths import Paths
from trayquota.store.pause_records import PauseRecords

from .proxy_stand_in import KEY, ProxyStandIn, entry

if TYPE_CHECKING:
    from pathlib import Path

ADA, BOB = "claude-ada@example.com.json", "claude-bob@example.com.json"


class PauseRig:
    """A person with a folder of accounts and proxies that are connected."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        own = folder / "own"
        self.paths = Paths(own / "config.toml", own / "state", own / "data", own / "log")
        self.folder = folder / "accounts"
        self.folder.mkdir()
        self.monkeypatch = monkeypatch
        self.proxies: tuple[str, ...] = ()
        monkeypatch.setattr(management_keys, "_keyring", lambda: None)
        monkeypatch.setattr(command, "GUARD_S", 0.0)
        monkeypatch.setattr(command, "load", lambda _options: self.config)
        monkeypatch.setattr(sys, "stdin", io.StringIO())

    @property
    def config(self) -> Config:
        return Config(Settings(connected_proxies=self.proxies), (self.folder,), self.paths)

    def connect(self, *proxies: ProxyStandIn) -> None:
        self.proxies = tuple(proxy.url for proxy in proxies)
        for address in self.proxies:
            ManagementKeys(self.paths.management_key, {}).keep(address, KEY)

    def add(self, *names: str) -> None:
        for name in names:
            provider, _, email = name.removesuffix(".json").partition("-")
            (self.folder / name).write_text(json.dumps(login(provider, email, access="a", refresh=f"r-{email}")))

    def is_paused(self, name: str = ADA) -> bool:
        return json.loads((self.folder / name).read_text()).get("disabled") is True

    def run(self, what: str, account: str = ADA, *, force: bool = False) -> int:
        options = Options()
        options.command, options.account, options.force = what, account, force
        return command.run(options)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PauseRig:
    return PauseRig(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", [ADA, ADA.upper(), "ada@example.com", "Ada@Example.com"])
def test_an_account_is_not_found_by_its_name_or_id(rig: PauseRig, name: str) -> None:
    rig.add(ADA, BOB)
    assert rig.run("pause", name) == 0
    assert (rig.is_paused(), rig.is_paused(BOB)) == (True, False)
    assert rig.run("resume", name) == 0
    assert not rig.is_paused()


def test_what_is_so_already_is_an_error(rig: PauseRig, capsys: pytest.CaptureFixture[str]) -> None:
    rig.add(ADA, BOB)
    assert [rig.run("resume"), rig.run("pause"), rig.run("pause")] == [0, 0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "Claude ada@example.com is already not paused.",
        "Claude ada@example.com is paused.",
        "Claude ada@example.com is already paused.",
    ]


def test_an_unknown_or_ambiguous_name_changes_something(rig: PauseRig, capsys: pytest.CaptureFixture[str]) -> None:
    rig.add(ADA, BOB, "codex-ada@example.com.json")
    assert rig.run("pause", "eve@example.com") == 2
    assert rig.run("pause", "ada@example.com") == 2
    assert f"{ADA}, codex-ada@example.com.json" in capsys.readouterr().err
    assert not rig.is_paused()


def test_the_last_account_of_a_provider_is_paused_without_a_question(
    rig: PauseRig, capsys: pytest.CaptureFixture[str]
) -> None:
    rig.add(ADA, "codex-ada@example.com.json")
    assert rig.run("pause") == 1
    assert "--force" in capsys.readouterr().err
    assert not rig.is_paused()
    assert rig.run("pause", force=True) == 0
    assert rig.is_paused()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("Yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_the_answer_to_the_question_is_not_heeded(
    rig: PauseRig, answer: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rig.monkeypatch.setattr("trayquota.cli.pause.has_keyboard", lambda: True)
    rig.monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    rig.add(ADA)
    assert rig.run("pause") == code
    assert "[y/N]" in capsys.readouterr().err
    assert rig.is_paused() is (code == 0)


def test_an_old_copy_that_is_written_back_stays(rig: PauseRig, capsys: pytest.CaptureFixture[str]) -> None:
    rig.add(ADA, BOB)
    old, path = (rig.folder / ADA).read_bytes(), rig.folder / ADA
    printed = print

    def write_back(*texts: object, **how: object) -> None:
        if "is paused." in str(texts[0]):
            path.write_bytes(old)
        printed(*texts, **how)  # type: ignore[call-overload]

    rig.monkeypatch.setattr("builtins.print", write_back)
    assert rig.run("pause") == 0
    assert rig.is_paused()
    assert "an old copy was written back" in capsys.readouterr().err


def test_what_a_person_does_meanwhile_elsewhere_is_undone(rig: PauseRig) -> None:
    rig.add(ADA, BOB)
    pauses, path = PauseRecords(rig.paths.pauses), rig.folder / ADA
    printed = print

    def resume(*texts: object, **how: object) -> None:
        if "is paused." in str(texts[0]):
            path.write_text(json.dumps(json.loads(path.read_text()) | {"disabled": False}))
            pauses.put(ADA, PauseRecord(paused=False, at=datetime.now(UTC)))
        printed(*texts, **how)  # type: ignore[call-overload]

    rig.monkeypatch.setattr("builtins.print", resume)
    assert rig.run("pause") == 0
    assert not rig.is_paused()


def test_a_file_that_cannot_be_written_is_said_to_be_paused(rig: PauseRig, capsys: pytest.CaptureFixture[str]) -> None:
    rig.add(ADA, BOB)

    def refuse(*_: object, **__: object) -> bool:
        message = "it is read-only here"
        raise TokenWriteError(message)

    rig.monkeypatch.setattr(pauser, "set_disabled", refuse)
    assert rig.run("pause") == 1
    output = capsys.readouterr()
    assert "ada@example.com is" not in output.out
    assert "cannot be written" in output.err
    assert PauseRecords(rig.paths.pauses).read() == {}


@pytest.mark.parametrize("versions", [(8, 0), (0,)])
def test_an_account_of_a_proxy_is_not_paused_there(rig: PauseRig, versions: tuple[int, ...]) -> None:
    with ProxyStandIn(entry(ADA, email="ada@example.com"), entry(BOB), versions=versions) as stand_in:
        rig.connect(stand_in)
        assert rig.run("pause") == 0
        assert stand_in.changes == [{"name": ADA, "disabled": True}]
        assert rig.run("resume", "ada@example.com") == 0
        assert stand_in.entries[0]["disabled"] is False
        assert stand_in.violations == []


def test_an_early_version_8_is_not_asked_by_version_0(rig: PauseRig) -> None:
    with ProxyStandIn(entry(ADA), entry(BOB)) as stand_in:
        stand_in.versions_with_changes = (0,)
        rig.connect(stand_in)
        assert rig.run("pause") == 0
        assert stand_in.changes == [{"name": ADA, "disabled": True}]


@pytest.mark.parametrize(("lost", "code"), [(1, 0), (2, 1)])
def test_a_change_that_is_lost_is_repeated_once_and_then_said(
    rig: PauseRig, lost: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProxyStandIn(entry(ADA), entry(BOB)) as stand_in:
        stand_in.undone_changes = lost
        rig.connect(stand_in)
        assert rig.run("pause") == code
        assert len(stand_in.changes) == 2
    assert ("still in its rotation" in capsys.readouterr().err) is bool(code)


def test_the_folders_account_is_not_paused_at_the_proxy_that_has_it_too(rig: PauseRig) -> None:
    rig.add(ADA, BOB)
    other = entry(BOB, email="bob@example.com")
    with ProxyStandIn(entry(ADA, email="ada@example.com"), other) as stand_in, ProxyStandIn(other) as remote:
        rig.connect(stand_in, remote)
        assert rig.run("pause", ADA) == 0
        assert stand_in.changes == [{"name": ADA, "disabled": True}]
        assert remote.changes == []
        # The proxy has a copy of its own: the file says so as well.
        assert rig.is_paused()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((502, {"error": "request failed"}), "does not reach"),
        ((404, {"error": "auth file not found"}), "does not know this account"),
        ((500, {"error": "disk full"}), "HTTP 500"),
    ],
)
def test_a_proxy_that_refuses_is_said_to_have_paused(
    rig: PauseRig, answer: tuple[int, dict[str, str]], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProxyStandIn(entry(ADA), entry(BOB)) as stand_in:
        stand_in.outer = answer
        rig.connect(stand_in)
        assert rig.run("pause") == 1
        assert stand_in.changes == []
    assert words in capsys.readouterr().err


def test_a_proxy_that_bans_is_asked_again(rig: PauseRig, capsys: pytest.CaptureFixture[str]) -> None:
    with ProxyStandIn(entry(ADA), entry(BOB)) as stand_in:
        stand_in.wrong_keys = 5
        rig.connect(stand_in)
        assert rig.run("pause") == 2
        assert [method for method, _ in stand_in.requests] == ["GET"]
    assert "no account" in capsys.readouterr().err


def test_a_proxy_that_has_gone_keeps_the_folders_account_from_being_paused(rig: PauseRig) -> None:
    rig.add(ADA, BOB)
    with ProxyStandIn(entry(ADA)) as stand_in:
        rig.connect(stand_in)
    assert rig.run("pause") == 0
    assert rig.is_paused()


def test_the_login_of_another_program_is_paused(rig: PauseRig, capsys: pytest.CaptureFixture[str]) -> None:
    native = Credential(Account("native.json", "claude", "ada@example.com", source=NATIVE), "/nowhere")
    rig.monkeypatch.setattr(command, "discover_once", lambda _sources: [native])
    assert [rig.run(what, "ada@example.com") for what in ("pause", "resume")] == [1, 1]
    assert "was not paused. It is the login of another program" in capsys.readouterr().err


def test_a_path_that_a_version_does_not_have_may_be_said_in_words(rig: PauseRig) -> None:
    with ProxyStandIn(entry(ADA), entry(BOB)) as stand_in:
        stand_in.versions_with_changes, stand_in.unknown = (0,), b"404 page not found"
        rig.connect(stand_in)
        assert rig.run("pause") == 0
        assert stand_in.changes == [{"name": ADA, "disabled": True}]
