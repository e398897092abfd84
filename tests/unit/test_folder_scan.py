"""The folder, looked at again and again, with patience for those who write into it."""

from __future__ import annotations

import json
import mmap
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trayquota.core.model import Account, FailureKind
from trayquota.sources.folder_scan import FolderScanner
from trayquota.sources.retrying_file import WRITE_GRACE_S

from . import facts
from .scanning import ADA, BLANKED, CAROL, EMPTY, HALF, look, names, problems, settled


def test_accounts_are_sorted_by_provider_then_name(tmp_path: Path) -> None:
    for number, (kind, mail) in enumerate([("xai", "a"), ("codex", "Zoe"), ("codex", "adam"), ("claude", "b")]):
        (tmp_path / f"{number}.json").write_text(json.dumps({"type": kind, "email": mail}))
    found = look(FolderScanner(tmp_path))
    assert [(each.account.provider, each.account.name) for each in found.accounts] == [
        ("claude", "b"),
        ("codex", "adam"),
        ("codex", "Zoe"),
        ("grok", "a"),
    ]
    assert (found.notice, found.retry_s) == (None, None)


def test_only_json_files_of_the_folder_itself_count(tmp_path: Path) -> None:
    for name in (".claude.json", "claude.json.tmp", "claude.cds", "config.yaml", "json"):
        (tmp_path / name).write_bytes(ADA)
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "folder.json" / "claude.json").write_bytes(ADA)
    (tmp_path / "other.json").write_bytes(facts.content("cred_not_an_account.json"))
    assert settled(FolderScanner(tmp_path)).accounts == ()
    (tmp_path / "CLAUDE.JSON").write_bytes(ADA)
    assert names(settled(FolderScanner(tmp_path))) == ["ada@example.com"]


@pytest.mark.parametrize("half", [EMPTY, HALF, ADA[:-3]], ids=["empty", "half", "almost"])
def test_a_file_that_is_being_written_keeps_its_last_state(tmp_path: Path, half: bytes) -> None:
    path, scanner = tmp_path / "claude.json", FolderScanner(tmp_path)
    path.write_bytes(ADA)
    before = look(scanner).accounts
    path.write_bytes(half)
    for after_s in (1, 1.25, 1.99):
        found = look(scanner, after_s)
        assert found.accounts == before
        assert found.retry_s is not None
        assert 0 < found.retry_s < WRITE_GRACE_S
    path.write_bytes(ADA)
    again = look(scanner, 2.5)
    assert (again.accounts, again.retry_s) == (before, None)


@pytest.mark.parametrize("half", [EMPTY, HALF], ids=["empty", "half"])
def test_a_file_that_stays_broken_is_reported_until_it_is_repaired(tmp_path: Path, half: bytes) -> None:
    path, scanner = tmp_path / "claude.json", FolderScanner(tmp_path)
    path.write_bytes(ADA)
    (before,) = look(scanner).accounts
    path.write_bytes(half)
    look(scanner, 1)
    found = look(scanner, 2)
    assert problems(found) == {"claude.json": FailureKind.UNREADABLE_FILE}
    assert found.accounts[0].account == before.account
    assert found.retry_s is None
    path.write_bytes(ADA)
    assert look(scanner, 2.01).accounts == (before,)
    path.write_bytes(half)
    assert problems(look(scanner, 3)) == {}


def test_a_file_that_never_could_be_read_is_listed_after_a_second(tmp_path: Path) -> None:
    (tmp_path / "claude-ada@example.com.json").write_bytes(HALF)
    scanner = FolderScanner(tmp_path)
    first = look(scanner)
    assert (first.accounts, first.notice) == ((), None)
    assert first.retry_s is not None
    (found,) = look(scanner, 1).accounts
    assert (found.account.provider, found.account.name) == ("claude", "claude-ada@example.com.json")
    assert found.problem is not None
    (tmp_path / "claude-ada@example.com.json").write_bytes(ADA)
    assert names(look(scanner, 1.1)) == ["ada@example.com"]


def test_a_broken_file_is_known_from_an_earlier_run(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(HALF)
    account = Account("1.json", "claude", "ada@example.com", "Max 20x")
    (found,) = settled(FolderScanner(tmp_path, {"1.json": account})).accounts
    assert found.account == account
    assert found.problem is not None


@pytest.mark.parametrize("content", [HALF, b'{"type": "claude", "access_token": "a"}'])
def test_a_file_that_does_not_say_whose_it_is_is_taken_for_that_of_another_folder(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "1.json").write_bytes(content)
    account = Account("1.json", "claude", "ada@example.com", "Max 20x", place=str(tmp_path.parent))
    (found,) = settled(FolderScanner(tmp_path, {"1.json": account})).accounts
    assert (found.account.name, found.account.plan) == ("1.json", None)
    assert not found.account.is_same_person(account)


def test_a_clock_that_is_set_back_does_not_keep_a_file_waiting(tmp_path: Path) -> None:
    (tmp_path / "claude.json").write_bytes(HALF)
    scanner = FolderScanner(tmp_path)
    look(scanner, 86400)
    assert problems(look(scanner)) == {}
    assert problems(look(scanner, WRITE_GRACE_S)) == {"claude.json": FailureKind.UNREADABLE_FILE}


def test_changed_files_are_read_and_others_are_not(tmp_path: Path) -> None:
    path, scanner = tmp_path / "claude.json", FolderScanner(tmp_path)
    path.write_bytes(ADA)
    first = look(scanner).accounts[0]
    assert look(scanner, 60).accounts[0] is first
    path.write_bytes(ADA.replace(b"access-A1", b"access-A11"))
    second = look(scanner, 61).accounts[0]
    assert second.login.access_token.endswith("-A11")
    new = tmp_path / "new.tmp"
    new.write_bytes(ADA)
    new.replace(path)
    assert look(scanner, 62).accounts == (first,)
    path.write_bytes(b'{"no": "account"}')
    assert look(scanner, 63).accounts == ()
    path.unlink()
    assert look(scanner, 64).notice is not None


def test_a_second_write_within_the_same_tick_is_noticed(tmp_path: Path) -> None:
    """Writes through a mapping stand for them: after the first one nothing but the content changes."""
    path, scanner = tmp_path / "claude.json", FolderScanner(tmp_path)
    path.write_bytes(ADA)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        for token in (b"access-A1", b"access-A2"):
            start = mapped.find(b"access-A")
            mapped[start : start + len(token)] = token
            (found,) = scanner.scan(datetime.now(UTC)).accounts
            assert found.login.access_token.encode().endswith(token)


def test_a_removed_file_is_a_removed_account(tmp_path: Path) -> None:
    scanner = FolderScanner(tmp_path)
    for name, content in (("claude.json", ADA), ("codex.json", CAROL)):
        (tmp_path / name).write_bytes(content)
    assert names(look(scanner)) == ["ada@example.com", "carol@example.com"]
    (tmp_path / "claude.json").unlink()
    assert names(look(scanner, 1)) == ["carol@example.com"]


@pytest.mark.parametrize("name", ["codex.json", "codex-" + "x" * 150 + ".json"])
def test_a_blanked_mail_does_not_rename_an_account(tmp_path: Path, name: str) -> None:
    path, scanner = tmp_path / name, FolderScanner(tmp_path)
    path.write_bytes(CAROL)
    (before,) = look(scanner).accounts
    path.write_bytes(BLANKED)
    for after_s in (10, 20):
        (found,) = look(scanner, after_s).accounts
        assert found.account == before.account
    assert found.login.access_token.endswith("-C2")


def test_a_name_is_remembered_from_an_earlier_run_for_the_same_provider_only(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(BLANKED)
    for provider, name in (("codex", "carol@example.com"), ("claude", "1.json")):
        remembered = {"1.json": Account("1.json", provider, "carol@example.com", "Plus")}
        (found,) = look(FolderScanner(tmp_path, remembered)).accounts
        assert (found.account.provider, found.account.name) == ("codex", name)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("a.json", "b.json")),
        st.sampled_from((ADA, CAROL, BLANKED, HALF, EMPTY, b"{}", "gone", "folder")),
        st.floats(-5, 5),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(STEPS)
def test_any_sequence_of_changes_ends_as_a_fresh_scan_does(steps: list[tuple[str, bytes | str, float]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, now_s = Path(place), 0.0
        scanner = FolderScanner(folder)
        for name, step, pause_s in steps:
            put(folder / name, step)
            now_s += pause_s
            found = look(scanner, now_s)
            assert [each.account for each in found.accounts] == sorted(
                (each.account for each in found.accounts), key=lambda each: each.sort_key
            )
        fresh = settled(FolderScanner(folder))
        look(scanner, now_s)
        last = look(scanner, now_s + WRITE_GRACE_S)
        assert problems(last) == problems(fresh)
        assert {each.account.id: each.login for each in last.accounts if not each.problem} == {
            each.account.id: each.login for each in fresh.accounts if not each.problem
        }
        assert last.retry_s is None


def put(path: Path, step: bytes | str) -> None:
    """Have a file replaced by what ``step`` says."""
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    if isinstance(step, bytes):
        path.write_bytes(step)
    elif step == "folder":
        path.mkdir()
