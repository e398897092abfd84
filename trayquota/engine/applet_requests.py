"""What commands request of the running applet: what clicks do there. Loaded with the first request.

A request is a word and, for some, what is behind it: ``refresh``, ``show``, ``quit``; ``snooze`` with ``reset``,
``tomorrow`` or minutes; ``sign-in`` with an account.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Protocol

from trayquota.core.translation import _
from trayquota.system.instance_calls import Reply
from trayquota.views.account_menu import with_sign_in
from trayquota.views.display_names import named_usages
from trayquota.views.labels import state_lines
from trayquota.views.snooze_menu import SNOOZE
from trayquota.views.tray_view import MenuItem, OpenPage, Quit, Refresh, SignIn, SnoozeFor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trayquota.core.model import Snapshot
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import Action, TrayView

_TIMEOUT_S = 1.5
"""How long the engine is waited for: less than the caller waits for the answer."""


class Applet(Protocol):
    """What can be done with the applet; all but the first two for the engine's thread."""

    def act(self, action: Action) -> None:
        """Do what a click does. From any thread."""

    def refresh_and_notify(self) -> None:
        """Refresh, then notify of all accounts. From any thread."""

    def change(self, action: Action) -> None:
        """Do what a click does that changes something."""

    def notify_status(self) -> None:
        """Notify of all accounts."""

    def overview(self) -> tuple[Snapshot, DisplayOptions, TrayView]:
        """Return all accounts, how they are shown, and what an icon for all of them shows."""


def answer(
    request: str, applet: Applet, post: Callable[[Callable[[], object]], None], clock: Callable[[], datetime]
) -> Reply:
    """Do what is requested, and return what to answer. For a thread that may wait for the engine's.

    Args:
        request: A word and what is behind it; empty for a second start.
        applet: Does it.
        post: Has the engine's thread run something.
        clock: The time, aware, UTC.
    """
    word, _space, detail = request.partition(" ")
    match word:
        case "":
            applet.refresh_and_notify()
        case "refresh":
            applet.act(Refresh())
        case "show":
            post(applet.notify_status)
        case "quit":
            applet.act(Quit())
            return Reply(is_ending=True)
        case "snooze":
            return _by_engine(lambda: _snooze(detail, applet), post)
        case "sign-in":
            return _by_engine(lambda: _sign_in(detail, applet, clock()), post)
        case _:
            return _refusal(_("The running applet is of another version, which cannot do that."))
    return Reply()


def _by_engine(work: Callable[[], Reply], post: Callable[[Callable[[], object]], None]) -> Reply:
    """Return what ``work`` returns on the engine's thread, if it does so in time."""
    answers: queue.SimpleQueue[Reply] = queue.SimpleQueue()
    post(lambda: answers.put(work()))
    try:
        return answers.get(timeout=_TIMEOUT_S)
    except queue.Empty:
        return _refusal(_("The running applet is busy. It may do so later."))


def _refusal(text: str) -> Reply:
    return Reply(is_done=False, text=text)


# On the engine's thread.


def _snooze(choice: str, applet: Applet) -> Reply:
    """Do what a row of the submenu does, or snooze for as many minutes as no row has."""
    menu = _snooze_menu(applet)
    if menu is None:
        return _refusal(_("Notifications are switched off."))
    row = next((row for row in menu.children if row.key == f"{SNOOZE} {choice}"), MenuItem())
    action = SnoozeFor(int(choice)) if choice.isdecimal() else row.action
    if action is None:
        return _refusal(_("It is not known when what the icon shows resets."))
    applet.change(action)
    after = _snooze_menu(applet)
    return Reply(text="" if after is None or choice == "0" else f"{after.label}.")


def _snooze_menu(applet: Applet) -> MenuItem | None:
    view = applet.overview()[-1]
    return next((item for item in view.menu if item.key == SNOOZE), None)


def _sign_in(name: str, applet: Applet, now: datetime) -> Reply:
    """Do what the row of an account whose login has ended does."""
    snapshot, options, _view = applet.overview()
    found = [usage for _own, usage in named_usages(name, snapshot, options)]
    if len(found) != 1:
        ids = ", ".join(usage.account.id for usage in found)
        several = _("These are several accounts: {ids}.").format(ids=ids)
        return _refusal(several if found else _("There is no such account."))
    rows = with_sign_in(state_lines(found[0], now, options), found[0], options)
    row = next((row for row in rows if isinstance(row, MenuItem)), None)
    if row is None:
        return _refusal(_("It needs no login."))
    if not isinstance(row.action, (OpenPage, SignIn)):
        # It is a command; whoever typed this has a terminal to run it in.
        return _refusal(f"{row.label}.")
    applet.act(row.action)
    return Reply(text=_("The page to sign in is opened in the browser."))
