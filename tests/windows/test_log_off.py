"""Windows logs off while the provider has a refresh token and has not answered yet; that ends all its programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from token_rounds import content_of

from .rounds import Provider
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    from pathlib import Path

    from .wine import Wine

SLOW_S = 1.0


@pytest.mark.usefixtures("complete")
def test_the_login_that_is_being_refreshed_is_lost(wine: Wine, tmp_path: Path) -> None:
    path = tmp_path / "claude-ada.json"
    path.write_text(json.dumps(content_of("ada", 0, ended=True)))
    with Provider() as provider:
        provider.delays_s["ada"] = SLOW_S
        environment = {
            "TRAYQUOTA_DIR": windows_path(tmp_path),
            "TRAYQUOTA_GATEWAY": provider.url,
            "WIN_PD_OVERRIDE_LOCAL_APPDATA": windows_path(tmp_path / "local"),
        }
        program = wine.start(windows_path(wine.python), "-m", "trayquota", environment=environment)
        wait_until(lambda: provider.newest.get("ada"), "refresh")
        wine.log_off()
        program.communicate()
    assert json.loads(path.read_bytes())["refresh_token"] == "ada/1"
