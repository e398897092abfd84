"""The applet on every host: what a person sees and does there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .hosts import CASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from .applet import Applet
    from .host import Habits, Host


def on_hosts(which: Callable[[Habits], object] = lambda _habits: True) -> pytest.MarkDecorator:
    """Run the test on every host whose own limits allow it."""
    cases = [case for case in CASES if which(case.kind.habits)]
    return pytest.mark.parametrize("started", cases, indirect=True, ids=str, scope="session")


@on_hosts()
def test_the_icon_is_in_the_panel(host: Host, applet: Applet) -> None:
    applet.start()
    applet.wait_for_headline("33% left")
    icon = applet.find_icon()
    host.desk.screenshot("icon")
    assert icon.width >= 12
    assert icon.height >= 12
