"""The log: what goes in, and what never does."""

from __future__ import annotations

import logging
import stat
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from insides import log_handlers

from trayquota.system import log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes as POSIX has them")
OWN = logging.getLogger("trayquota.some.part")
OTHER = logging.getLogger("library.some.part")


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave logging as it was."""
    own = logging.getLogger("trayquota")
    before = own.level, own.propagate, logging.raiseExceptions
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    handlers = log_handlers()
    while handlers:
        handler = handlers.pop()
        own.removeHandler(handler)
        logging.getLogger().removeHandler(handler)
        handler.close()
    own.setLevel(before[0])
    own.propagate, logging.raiseExceptions = before[1:]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "logs" / "trayquota.log"
    log.set_up_logging(path, verbose=False)
    return path


def test_the_program_s_own_messages_are_logged_whole(path: Path) -> None:
    OWN.info("refresh: %s, %d accounts", "start", 3)
    OWN.debug("not so much")
    assert path.read_text().endswith("INFO MainThread trayquota.some.part: refresh: start, 3 accounts\n")


def test_of_a_library_s_warning_only_the_constant_part_is_logged(path: Path) -> None:
    OTHER.warning("Retrying after connection broken by %r: %s", "ada@example.com", "/secret/path?token=1")
    OTHER.error("body of https://example.com/x?token=secret for ada@example.com: sk-ant-oat01-abcdefghijklmnop\nsecret")
    OTHER.info("Starting new HTTPS connection (1): example.com:443")
    try:
        raise ValueError("secret")
    except ValueError:
        OTHER.exception("it went wrong")
    text = path.read_text()
    assert "WARNING MainThread library.some.part: Retrying after connection broken by %r: %s" in text
    assert "it went wrong" in text
    assert len(text.splitlines()) == 3
    for secret in ("secret", "ada", "example.com", "sk-ant"):
        assert secret not in text


def test_without_verbose_a_library_s_warning_does_not_reach_the_terminal(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    OTHER.warning("something")
    OWN.warning("something")
    log.set_up_logging(None, verbose=False)
    OTHER.warning("something")
    OWN.error("something")
    assert capsys.readouterr() == ("", "")
    assert path.exists()


def test_with_verbose_messages_reach_the_terminal_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up_logging(tmp_path / "log", verbose=True)
    OWN.info("refresh: start")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("refresh: start\n")
    assert "refresh: start" in (tmp_path / "log").read_text()


@posix
def test_the_log_is_private_after_rotation_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_LARGEST_BYTES", 500)
    log.set_up_logging(path, verbose=False)
    for number in range(30):
        OWN.info("line %d", number)
    files = sorted(path.parent.iterdir())
    assert [each.name for each in files] == ["trayquota.log", "trayquota.log.1"]
    assert [stat.S_IMODE(each.stat().st_mode) for each in files] == [0o600, 0o600]
    kept = [int(line.split()[-1]) for each in reversed(files) for line in each.read_text().splitlines()]
    assert kept == list(range(kept[0], 30))
    assert all(each.stat().st_size < 600 for each in files)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_log_that_cannot_be_rotated_stops_growing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_LARGEST_BYTES", 500)
    path.with_name("trayquota.log.1").mkdir()
    (path.with_name("trayquota.log.1") / "in the way").touch()
    for number in range(30):
        OWN.info("line %d", number)
    assert path.stat().st_size < 600


def test_text_that_is_no_utf_8_is_logged_escaped(path: Path) -> None:
    OWN.info("▰▱ zoë \udcff")
    assert "▰▱ zoë \\udcff" in path.read_text("utf-8")


def test_without_a_writable_log_the_program_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    log.set_up_logging(tmp_path / "file" / "trayquota.log", verbose=True)
    OWN.info("still there")
    assert "there is no log file" in capsys.readouterr().err


def test_setting_up_logging_twice_logs_each_message_once(path: Path) -> None:
    log.set_up_logging(path, verbose=False)
    OWN.info("once")
    assert path.read_text().count("once") == 1


def test_an_error_that_ends_a_thread_is_logged_without_its_text(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("secret")

    thread = threading.Thread(target=fail, name="some-thread")
    thread.start()
    thread.join()
    assert "thread some-thread ended: ValueError at threading.py:" in path.read_text()
    assert "test_log.py:" in path.read_text()
    assert "secret" not in path.read_text() + capsys.readouterr().err


def test_an_error_s_location_does_not_contain_its_text() -> None:
    try:
        int("secret")
    except ValueError as error:
        words = log.error_location(error)
    assert words.startswith("ValueError at test_log.py:")
    assert "secret" not in words
    assert log.error_location(KeyError("secret")) == "KeyError"


def test_an_error_of_a_block_ends_in_the_log_without_its_text_and_nowhere_else(path: Path) -> None:
    with log.LoggedErrors(OWN, "an action") as block:
        raise ValueError("secret")
    assert isinstance(block.error, ValueError)
    assert "an action failed: ValueError at test_log.py:" in path.read_text()
    assert "secret" not in path.read_text()


def test_what_ends_the_process_is_not_kept_in_a_block(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), log.LoggedErrors(OWN, "an action"):
        raise KeyboardInterrupt
    assert path.read_text() == ""
