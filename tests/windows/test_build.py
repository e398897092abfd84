"""The one-folder build, used as a person does who has no Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trayquota.core.model import Level
from trayquota.render import render
from trayquota.views.tray_view import IconSpec

from .applet import Applet
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    from pathlib import Path

    from .providers import Providers
    from .wine import Wine

PLENTY = IconSpec(percent=42, level=Level.PLENTY)


def test_status_doctor_autostart_tray_and_second_start_of_the_build(
    program: Path, wine: Wine, providers: Providers, tmp_path: Path
) -> None:
    applet = Applet(wine, providers, tmp_path, command=(windows_path(program),))
    providers.add(applet.accounts, "ada", 42)

    status = applet.run("status", "--json")
    assert status.code == 0, status
    assert json.loads(status.out)["lowest"]["remaining_percent"] == 42

    report = applet.run("doctor").out
    assert "pystray 0.19.5" in report, report
    assert "not installed" not in report, report

    assert applet.run("autostart", "on").code == 0
    value = wine.run("reg", "query", r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run", "/v", "trayquota").out
    assert "trayquota.exe" in value, value
    assert " -m " not in value, value
    assert applet.run("autostart", "status").code == 0
    assert applet.run("autostart", "off").code == 0

    with applet:
        applet.icon(render(PLENTY, 16))
        polls = providers.polls
        assert applet.run().code == 0
        wait_until(lambda: providers.polls > polls, "refresh by the second start")
        assert wine.run("taskkill", "/IM", "trayquota.exe").code == 0
        assert applet.exit_code() == 0
