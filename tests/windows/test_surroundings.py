"""What differs between people's machines: long paths, names in any script, drives, code pages, consoles, UTF-8 mode."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from login_files import login
from provider_stand_in import SingleUseTokens

from .applet import Applet
from .waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from .providers import Providers
    from .wine import Wine

NAME = "Jürgen 用户 Ş"
PART = "part-of-a-long-path" * 3


def test_a_name_in_any_script_a_long_path_or_another_drive_keeps_it_from_its_work(
    wine: Wine, providers: Providers, tmp_path: Path
) -> None:
    home = tmp_path / "Users" / NAME
    deep = home.joinpath(*[PART] * 4)
    deep.mkdir(parents=True)
    assert len(str(deep)) > 260
    applet = Applet(wine, providers, deep)
    providers.add(applet.accounts, "ada", 42)
    with applet:
        wait_until(lambda: providers.polls, "answer")
        polls = providers.polls
        # Of the drive that stands for the long path.
        wine.add_drive("t", applet.accounts)
        second = applet.run("--dir", "T:\\")
        assert second.code == 0, second
        assert "refresh" in second.err, second
        wait_until(lambda: providers.polls > polls, "refresh by the second start")
        report = applet.run("doctor", "--dir", "T:\\")
        assert "T:\\" in report.out, report
        assert "Traceback" not in report.err, report
        assert wine.run("taskkill", "/IM", "python.exe").code == 0
        assert applet.exit_code() == 0


def test_a_share_keeps_it_from_refreshing_logins_or_from_noticing_accounts(wine: Wine, tmp_path: Path) -> None:
    share = tmp_path / "share"
    accounts = share / "accounts"
    accounts.mkdir(parents=True)
    ended = login("claude", "ada@example.com", access="access-0", refresh="refresh-0", lifetime=-timedelta(hours=1))
    path = accounts / "claude-ada.json"
    path.write_text(json.dumps(ended), "utf-8")
    with SingleUseTokens() as providers:
        applet = Applet(wine, providers, tmp_path)
        applet.environment["TRAYQUOTA_DIR"] = wine.add_share("files.example.com", "people", share) + "\\accounts"
        with applet:
            providers.until(lambda asked: any(each.token == "access-1" for each in asked))
            assert json.loads(path.read_bytes())["refresh_token"] == "refresh-1"
            new = login("claude", "bob@example.com", access="access-of-bob", refresh="")
            (accounts / "claude-bob.json").write_text(json.dumps(new), "utf-8")
            providers.until(lambda asked: any(each.token == "access-of-bob" for each in asked))
            report = applet.run("doctor")
            assert "\\\\files.example.com\\people\\accounts (from TRAYQUOTA_DIR)" in report.out, report
            assert wine.run("taskkill", "/IM", "python.exe").code == 0
            assert applet.exit_code() == 0
    assert {each.name for each in accounts.iterdir()} == {"claude-ada.json", "claude-bob.json"}
