"""Discovering: one discovery of a source at a time, none missed, and no source in another one's way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.person import person
from trayquota.core.refresh_policy import Reason
from trayquota.engine.discoverer import Discoverer
from trayquota.sources.base import Discovery

from .engine_rig import credential

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.core.credential import Credential

ADA, BOB = credential("ada"), credential("bob")
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


class Source:
    """Has what the test says."""

    def __init__(self, name: str, *credentials: Credential, notice: str | None = None) -> None:
        self.name = name
        self.found = Discovery(credentials, notice)
        self.error: Exception | None = None

    def start(self, changed: Callable[[], None]) -> None:
        """Nothing changes by itself."""

    def is_scan_due(self) -> bool:
        return True

    def discover(self) -> Discovery:
        if self.error is not None:
            raise self.error
        return self.found

    def close(self) -> None:
        """Hold nothing."""


class Discoveries:
    """A discoverer whose discoveries end when the test says so."""

    def __init__(self, *sources: Source) -> None:
        self.running: list[Callable[[], None]] = []
        self.discoverer = Discoverer(sources, lambda: None, self.running.append)

    def finish(self) -> set[Reason]:
        """End the discovery that began first; return its reasons."""
        self.running.pop(0)()
        done = self.discoverer.take()
        assert done is not None
        assert self.discoverer.take() is None
        return done.reasons

    def keys(self) -> list[str]:
        return [account.account.id for account in self.discoverer.accounts]


def test_a_discovery_has_the_reasons_it_was_submitted_for() -> None:
    folder = Source("folder", ADA)
    rig = Discoveries(folder)
    rig.discoverer.submit(folder, Reason.START)
    assert rig.discoverer.take() is None
    assert rig.finish() == {Reason.START}
    assert rig.keys() == [ADA.account.id]


def test_what_changed_during_a_discovery_is_found_by_a_second_one() -> None:
    folder = Source("folder", ADA)
    rig = Discoveries(folder)
    rig.discoverer.submit(folder, Reason.START)
    rig.discoverer.submit(folder, Reason.CHANGED)
    rig.discoverer.submit(folder, Reason.MANUAL)
    assert len(rig.running) == 1, "never two at the same time"
    assert rig.finish() == {Reason.START}
    folder.found = Discovery((ADA, BOB))
    assert rig.finish() == {Reason.CHANGED, Reason.MANUAL}
    assert rig.keys() == [ADA.account.id, BOB.account.id]
    assert not rig.running


def test_without_a_reason_nothing_is_awaited() -> None:
    folder = Source("folder", ADA)
    rig = Discoveries(folder)
    rig.discoverer.submit(folder, None)
    assert rig.discoverer.is_running
    assert not rig.discoverer.is_awaited
    assert rig.finish() == set()


def test_a_source_that_fails_keeps_its_accounts_and_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    folder, proxy = Source("folder", ADA), Source("proxy", BOB)
    rig = Discoveries(folder, proxy)
    for source in (folder, proxy):
        rig.discoverer.submit(source, Reason.START)
        rig.finish()
    folder.error = OSError("secret-in-an-error")
    rig.discoverer.submit(folder, Reason.MANUAL)
    assert rig.finish() == {Reason.MANUAL}, "its accounts are polled all the same"
    assert rig.keys() == [ADA.account.id, BOB.account.id]
    assert "folder failed: OSError" in caplog.text
    assert "secret-in-an-error" not in caplog.text


def test_a_source_that_is_passed_over_reports_what_it_finds_as_a_change() -> None:
    folder = Source("folder", ADA)
    rig = Discoveries(folder)
    rig.discoverer.submit(folder, Reason.START)
    rig.discoverer.submit(folder, Reason.MANUAL)
    assert rig.discoverer.pass_over(folder) == {Reason.START, Reason.MANUAL}
    assert not rig.discoverer.is_awaited
    assert rig.discoverer.pass_over(folder) == set()
    assert rig.finish() == {Reason.CHANGED}
    assert rig.finish() == {Reason.CHANGED}, "what was requested meanwhile may be newer than what was found"


def test_a_source_that_only_looks_for_changes_is_not_passed_over() -> None:
    folder = Source("folder", ADA)
    rig = Discoveries(folder)
    rig.discoverer.submit(folder, Reason.CHANGED)
    assert rig.discoverer.pass_over(folder) == set()
    assert rig.finish() == {Reason.CHANGED}


def test_accounts_of_several_sources_have_one_id_each_and_the_notices_are_joined() -> None:
    jo = person(name="jo@example.com")
    other = replace(ADA, account=replace(ADA.account, name="jo@example.com", person=jo, source="proxy"))
    folder, proxy = Source("folder", ADA, notice="One."), Source("proxy", other, BOB, notice="Two.")
    rig = Discoveries(folder, proxy)
    for source in (proxy, folder):
        rig.discoverer.submit(source, Reason.START)
        rig.finish()
    assert rig.keys() == [ADA.account.id, f"proxy/{ADA.account.id}", BOB.account.id]
    assert rig.discoverer.notice == "One. Two."


def test_that_there_is_nothing_yet_is_no_matter_where_another_source_has_accounts() -> None:
    folder, proxy = Source("folder"), Source("proxy", ADA)
    folder.found = Discovery(notice="No folder yet.", is_hint=True)
    rig = Discoveries(folder, proxy)
    rig.discoverer.submit(folder, Reason.START)
    rig.finish()
    assert rig.discoverer.notice == "No folder yet."
    rig.discoverer.submit(proxy, Reason.START)
    rig.finish()
    assert rig.discoverer.notice is None


def test_a_source_that_blocks_has_a_thread_of_its_own() -> None:
    let_go, done, threads = threading.Event(), threading.Event(), list[str]()

    class Blocking(Source):
        def is_scan_due(self) -> bool:
            return True

        def discover(self) -> Discovery:
            threads.append(threading.current_thread().name)
            assert let_go.wait(10)
            return self.found

    discoverer = Discoverer([slow := Blocking("folder", ADA)], done.set)
    discoverer.submit(slow, Reason.START)
    assert not done.is_set()
    let_go.set()
    assert done.wait(10)
    assert threads == ["discover"]
