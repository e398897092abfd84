"""Pausing in the applet: at a click, by the setting, over restarts, and again where an old copy has undone it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.credential import Credential
from trayquota.core.errors import PauseError
from trayquota.core.model import Snapshot
from trayquota.core.pausing import PauseRecord
from trayquota.engine.pause_control import PauseControl
from trayquota.store.pause_records import PauseRecords
from trayquota.views.labels import DisplayOptions

from .facts import NOW
from .test_pausing import HOUR, usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trayquota.views.alert import Alert

OPTIONS = DisplayOptions()
ADA, BOB = "ada.json", "bob.json"


class Applet:
    """Two accounts, and all that pausing needs of the program; changes come true at the next look."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.usages = {ADA: usage("ada", 0), BOB: usage("bob")}
        self.records = PauseRecords(folder / "state" / "pauses.json")
        self.calls: list[tuple[str, bool]] = []
        self.notified: list[str] = []
        self.waits: dict[str, float] = {}
        self.problem = ""
        self.knows_time = True
        self.is_on = True
        self.is_lost = False
        self.start()

    def start(self) -> None:
        """Start the program, perhaps again."""
        self.control = PauseControl(
            self,
            self,  # type: ignore[arg-type] # no more of it is needed
            self.records,
            clock=lambda: self.now,
            monotonic=self.seconds,
            knows_time=lambda: self.knows_time,
            run=lambda action: action(),
        )

    def seconds(self) -> float:
        return (self.now - NOW).total_seconds()

    def set_paused(self, credential: Credential, *, paused: bool) -> bool:
        self.calls.append((credential.account.id, paused))
        if self.problem:
            raise PauseError(self.problem)
        if not self.is_lost:
            self.show(credential.account.id, paused=paused)
        return True

    def show(self, account_id: str, *, paused: bool) -> None:
        self.usages[account_id] = usage(account_id.removesuffix(".json"), 0, self.now + HOUR, paused=paused)

    def credential(self, account_id: str) -> Credential | None:
        found = self.usages.get(account_id)
        return Credential(found.account, account_id) if found else None

    def post(self, action: Callable[[], object]) -> None:
        action()

    def check_later(self, why: str, delay_s: float) -> None:
        self.waits[why] = delay_s

    def discover(self) -> None:
        """The folder is watched."""

    def notify(self, make: Callable[[DisplayOptions], Alert]) -> None:
        alert = make(OPTIONS)
        hidden = make(replace(OPTIONS, hide_names=True))
        assert "ada" not in hidden.title + hidden.body
        self.notified.append(f"{alert.title}: {alert.body}")

    def notify_problem(self, title: str, message: str) -> None:
        self.notified.append(f"{title}! {message}")

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(tuple(self.usages.values()))

    def check(self, *, after: timedelta = timedelta(0)) -> list[tuple[str, bool]]:
        """Look after a time; return what was done then."""
        self.now += after
        self.calls.clear()
        self.control.check(self.snapshot, OPTIONS, is_on=self.is_on)
        return list(self.calls)

    def click(self, account_id: str, *, paused: bool) -> None:
        self.control.set_paused(account_id, self.snapshot, OPTIONS, paused=paused)


@pytest.fixture
def applet(tmp_path: Path) -> Applet:
    return Applet(tmp_path)


def test_what_has_run_out_is_paused_and_resumed_more_than_once_or_notified_more_than_once(applet: Applet) -> None:
    assert applet.check() == [(ADA, True)]
    assert applet.check() == []
    assert applet.notified == ["Claude ada is paused: Nothing is left of it. It is resumed 13:00."]
    assert applet.waits["a reset"] == 3600
    assert applet.check(after=HOUR) == []
    assert applet.check(after=timedelta(seconds=30)) == [(ADA, False)]
    assert applet.notified[1:] == ["Claude ada is resumed: What had run out has started afresh."]
    assert applet.usages[ADA].account.paused is False


def test_a_restart_forgets_what_was_paused_by_itself(applet: Applet) -> None:
    applet.check()
    applet.start()
    assert applet.check(after=HOUR) == []
    applet.start()
    assert applet.check(after=timedelta(minutes=1)) == [(ADA, False)]


def test_after_a_restart_the_time_is_not_waited_for(applet: Applet) -> None:
    applet.check()
    applet.knows_time = False
    applet.now += 2 * HOUR
    applet.start()
    assert applet.check() == []
    applet.knows_time = True
    assert applet.check() == [(ADA, False)]


def test_where_the_time_does_not_come_to_be_known_nothing_is_ever_resumed(applet: Applet) -> None:
    applet.check()
    applet.knows_time = False
    assert applet.check(after=2 * HOUR) == [(ADA, False)]


def test_what_a_person_pauses_is_resumed_by_itself(applet: Applet) -> None:
    applet.click(ADA, paused=True)
    applet.click(BOB, paused=True)
    assert applet.notified == []
    assert applet.check(after=2 * HOUR) == []
    assert applet.usages[ADA].account.paused


def test_what_a_person_pauses_once_more_is_resumed_by_itself(applet: Applet) -> None:
    applet.check()
    applet.click(ADA, paused=True)
    assert applet.check(after=2 * HOUR) == []


def test_what_a_person_resumes_is_paused_again_in_the_same_cycle(applet: Applet) -> None:
    applet.check()
    applet.click(ADA, paused=False)
    applet.show(ADA, paused=False)
    assert applet.check(after=timedelta(seconds=10)) == []
    assert applet.check(after=timedelta(minutes=30)) == []


def test_what_a_person_resumes_elsewhere_is_paused_again(applet: Applet) -> None:
    applet.check()
    applet.now += timedelta(minutes=10)
    applet.show(ADA, paused=False)
    assert applet.check() == []
    # And when that person pauses it there, it is theirs.
    applet.show(ADA, paused=True)
    assert applet.check(after=2 * HOUR) == []


@pytest.mark.parametrize("paused", [True, False])
def test_an_old_copy_that_is_written_back_within_a_minute_stays(applet: Applet, paused: bool) -> None:
    applet.is_on = False
    applet.show(ADA, paused=not paused)
    applet.click(ADA, paused=paused)
    applet.check()
    applet.show(ADA, paused=not paused)
    assert applet.check(after=timedelta(seconds=20)) == [(ADA, paused)]
    assert applet.check() == []
    applet.show(ADA, paused=not paused)
    assert applet.check(after=timedelta(seconds=41)) == []


def test_an_old_copy_that_nobody_saw_being_replaced_stays(applet: Applet) -> None:
    applet.is_on, applet.is_lost = False, True
    applet.click(ADA, paused=True)
    assert applet.check() == []
    assert applet.waits
    applet.is_lost = False
    assert applet.check(after=timedelta(seconds=5)) == [(ADA, True)]


def test_two_that_undo_each_other_never_end(applet: Applet) -> None:
    applet.is_on = False
    applet.click(ADA, paused=True)
    applet.check()
    applet.is_lost = True
    applet.show(ADA, paused=False)
    assert [applet.check(after=timedelta(seconds=2)) for _ in range(5)] == [[(ADA, True)]] * 3 + [[]] * 2


def test_what_is_done_in_another_process_is_undone(applet: Applet) -> None:
    applet.check()
    record = applet.records.read()[ADA]
    applet.records.put(ADA, replace(record, paused=False, is_automatic=False))
    applet.show(ADA, paused=False)
    assert applet.check(after=timedelta(seconds=10)) == []
    assert applet.check(after=timedelta(minutes=10)) == []


def test_a_failure_after_a_click_is_silent(applet: Applet) -> None:
    applet.problem = "Its file cannot be written: it is read-only here."
    applet.click(BOB, paused=True)
    assert applet.notified == [
        "Nothing was changed! Claude bob was not paused. Its file cannot be written: it is read-only here."
    ]
    assert applet.records.read() == {}


def test_a_failure_of_the_setting_is_notified_or_tried_again_and_again(applet: Applet) -> None:
    applet.problem = "The proxy does not answer."
    assert applet.check() == [(ADA, True)]
    assert applet.check(after=timedelta(minutes=1)) == []
    assert applet.check(after=timedelta(minutes=10)) == [(ADA, True)]
    assert applet.notified == ["Claude ada was not paused: The proxy does not answer."]
    applet.problem = ""
    assert applet.check(after=timedelta(minutes=11)) == [(ADA, True)]
    assert len(applet.notified) == 2


def test_a_proxy_that_is_away_at_the_reset_keeps_an_account_paused(applet: Applet) -> None:
    applet.check()
    applet.problem = "The proxy does not answer."
    assert applet.check(after=2 * HOUR) == [(ADA, False)]
    applet.problem = ""
    assert applet.check(after=timedelta(minutes=11)) == [(ADA, False)]
    assert not applet.usages[ADA].account.paused


def test_an_accident_in_a_change_keeps_the_account_busy(applet: Applet, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(applet.records, "put", lambda *_: 1 / 0)
        applet.click(BOB, paused=True)
    assert "report it" in applet.notified[0]
    applet.click(BOB, paused=True)
    assert applet.usages[BOB].account.paused


def test_without_a_thread_nothing_is_said(applet: Applet) -> None:
    def refuse(_action: Callable[[], None]) -> None:
        raise RuntimeError

    applet.control._run = refuse
    applet.click(BOB, paused=True)
    assert "no more threads" in applet.notified[0]


def test_while_answers_are_awaited_something_is_decided(applet: Applet) -> None:
    applet.control.check(replace(applet.snapshot, refreshing=True), OPTIONS, is_on=True)
    assert applet.calls == []


def test_records_that_make_no_sense_are_fatal(tmp_path: Path) -> None:
    path = tmp_path / "state" / "pauses.json"
    records = PauseRecords(path)
    kept = records.put(ADA, usage_record())
    content = path.read_text()
    path.write_text(content.replace('"paused":true', '"paused":3'))
    assert records.read() == {}
    path.write_text("[]")
    assert records.read() == {}
    path.write_text(content)
    assert records.read() == {ADA: kept}
    assert not records.replace(ADA, usage_record(), None)
    assert records.replace(ADA, kept, None)
    assert not path.exists()


def usage_record() -> PauseRecord:
    return PauseRecord(paused=True, at=datetime(2026, 9, 22, 12, tzinfo=NOW.tzinfo))


def test_an_account_that_is_gone_is_changed(applet: Applet) -> None:
    applet.click("eve.json", paused=True)
    assert applet.calls == []
