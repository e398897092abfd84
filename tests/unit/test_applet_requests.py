"""What commands request of a running applet, and what it answers."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.model import AccountState
from trayquota.engine import applet_requests
from trayquota.engine.applet_requests import answer
from trayquota.providers import proxy_sign_in
from trayquota.system.instance_calls import Reply
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext
from trayquota.views.tray_view import OpenPage, Quit, Refresh, SignIn, SnoozeFor, SnoozeUntil

from .facts import NOW
from .samples import ADA, BOB, CI, DESIGN, EXPIRED, OPTIONS, five_hours, later, snapshot, usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trayquota.core.model import Snapshot
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import Action, TrayView

PROXY = "http://127.0.0.1:8317"


class Applet:
    """Records what is done, and has an engine whose thread is one of the test's own."""

    def __init__(self) -> None:
        self.snapshot, self.options, self.context = DESIGN, OPTIONS, TrayContext(notifies=True)
        self.done: list[object] = []
        self.posted: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self.engine = threading.Thread(target=self.work, name="engine")

    def act(self, action: Action) -> None:
        self.done.append(action)

    def refresh_and_notify(self) -> None:
        self.done.append("refresh and notify")

    def change(self, action: Action) -> None:
        assert threading.current_thread().name == "engine"
        self.done.append(action)
        if isinstance(action, SnoozeUntil):
            self.context = replace(self.context, snoozed_until=action.until)

    def notify_status(self) -> None:
        assert threading.current_thread().name == "engine"
        self.done.append("notify")

    def overview(self) -> tuple[Snapshot, DisplayOptions, TrayView]:
        assert threading.current_thread().name == "engine"
        return self.snapshot, self.options, tray_view(self.snapshot, NOW, self.options, self.context)

    def work(self) -> None:
        while (action := self.posted.get()) is not None:
            action()

    def answers(self, request: str) -> tuple[bool, str]:
        """Return whether it was done, and what is said."""
        reply = answer(request, self, self.posted.put, lambda: NOW)
        assert not reply.is_ending
        return reply.is_done, reply.text

    def close(self) -> None:
        """Have the engine do all that was posted, and end."""
        self.posted.put(None)
        self.engine.join()


@pytest.fixture
def applet() -> Iterator[Applet]:
    it = Applet()
    it.engine.start()
    yield it
    it.close()


@pytest.mark.parametrize(
    ("request_text", "expected"), [("", "refresh and notify"), ("refresh", Refresh()), ("show", "notify")]
)
def test_a_request_does_what_a_click_does(applet: Applet, request_text: str, expected: object) -> None:
    assert applet.answers(request_text) == (True, "")
    applet.close()
    assert applet.done == [expected]


def test_who_ends_it_is_kept_waiting_for_the_end(applet: Applet) -> None:
    assert answer("quit", applet, applet.posted.put, lambda: NOW) == Reply(is_ending=True)
    assert applet.done == [Quit()]


def test_what_a_later_version_may_request_is_refused(applet: Applet) -> None:
    assert applet.answers("dance now") == (False, "The running applet is of another version, which cannot do that.")
    assert applet.done == []


def test_a_busy_engine_is_not_waited_for_longer_than_the_caller_waits(
    applet: Applet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applet_requests, "_TIMEOUT_S", 0.01)
    is_busy = threading.Event()
    applet.posted.put(is_busy.wait)
    assert applet.answers("snooze 60") == (False, "The running applet is busy. It may do so later.")
    is_busy.set()


@pytest.mark.parametrize(
    ("choice", "action", "said"),
    [
        ("reset", SnoozeUntil(later("2h 13m")), "Notifications snoozed until 14:13."),
        ("tomorrow", SnoozeUntil(later("20h")), "Notifications snoozed until Wed 08:00."),
        ("90", SnoozeFor(90), "Snooze notifications."),
        ("0", SnoozeFor(0), ""),
    ],
)
def test_a_snooze_does_what_its_row_does(applet: Applet, choice: str, action: Action, said: str) -> None:
    applet.snapshot = snapshot(usage(ADA, five_hours(42)))
    assert applet.answers(f"snooze {choice}") == (True, said)
    assert applet.done == [action]


def test_a_snooze_that_nothing_can_come_of_says_why(applet: Applet) -> None:
    applet.snapshot = snapshot(usage(ADA, five_hours(42, None)))
    assert applet.answers("snooze reset") == (False, "It is not known when what the icon shows resets.")
    applet.context = TrayContext(notifies=False)
    assert applet.answers("snooze 60") == (False, "Notifications are switched off.")
    assert applet.done == []


SIGN_IN = replace(OPTIONS, proxy_sign_in=proxy_sign_in)


@pytest.mark.parametrize("name", ["ci@example.com", "CLAUDE-ci@example.com.json", "Night shift"])
def test_signing_in_does_what_the_account_s_row_does(applet: Applet, name: str) -> None:
    applet.options = replace(SIGN_IN, proxies=(PROXY,), names={CI.id: "Night shift"})
    assert applet.answers(f"sign-in {name}") == (True, "The page to sign in is opened in the browser.")
    assert applet.done == [SignIn(CI.id, PROXY)]


def test_signing_in_at_a_proxy_elsewhere_opens_its_page(applet: Applet) -> None:
    remote = replace(CI, server="https://proxy.example.com", source="proxy")
    applet.options = SIGN_IN
    applet.snapshot = snapshot(usage(remote, state=AccountState.EXPIRED, failure=EXPIRED))
    assert applet.answers("sign-in ci@example.com")[0]
    assert applet.done == [OpenPage("https://proxy.example.com/management.html")]


def test_who_cannot_be_signed_in_is_said_with_the_reason(applet: Applet) -> None:
    applet.options = SIGN_IN
    done, said = applet.answers("sign-in ci@example.com")
    assert not done
    assert said == "Login expired. Sign in again, as with: cli-proxy-api --claude-login."
    assert applet.answers("sign-in ada@example.com") == (False, "It needs no login.")
    assert applet.answers("sign-in eve@example.com") == (False, "There is no such account.")
    applet.snapshot = snapshot(usage(BOB), usage(replace(BOB, id="other.json")))
    assert applet.answers(f"sign-in {BOB.name}") == (False, f"These are several accounts: {BOB.id}, other.json.")
    assert applet.done == []
