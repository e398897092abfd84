"""The page of the history as the command makes it, and as a browser shows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from needs import need
from PIL import Image

from trayquota.cli.demo_history import write_sample_history

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from .command import Home

PATIENCE_S = 60.0
ACCOUNTS = (
    "claude-ada@example.com",
    "claude-bea@example.org",
    "claude-dan@example.com",
    "codex-carol@example.com-plus",
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and folders as POSIX has them")


@pytest.fixture
def sampled(home: Home) -> Home:
    """A home with six weeks of history."""
    for name in ACCOUNTS:
        home.add(name)
    write_sample_history(home.path / "data/trayquota/history.sqlite3", datetime.now(UTC))
    return home


def written(home: Home, *arguments: str) -> Path:
    path = home.path / "page.html"
    result = home.run("history", "--html", str(path), *arguments)
    assert (result.code, result.err) == (0, "")
    return path


@posix
def test_the_page_is_its_owners_alone(sampled: Home) -> None:
    path = written(sampled)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "claude-bea" in path.read_text("utf-8")


@posix
def test_a_link_is_replaced_by_the_page_and_so_is_a_device(sampled: Home) -> None:
    link, pipe = sampled.path / "page.html", sampled.path / "pipe"
    link.symlink_to("elsewhere.html")
    written(sampled)
    assert link.is_symlink()
    assert (sampled.path / "elsewhere.html").is_file()
    if sys.platform != "win32":
        os.mkfifo(pipe)
    result = sampled.run("history", "--html", str(pipe))
    assert (result.code, result.err) == (1, "trayquota: the page could not be written: not a regular file.\n")
    assert pipe.is_fifo()


@posix
def test_one_account_and_numbers_for_names_hold_for_the_page_too(sampled: Home) -> None:
    content = written(sampled, "--account", "claude-bea@example.org.json", "--days", "20").read_text("utf-8")
    assert "claude-ada" not in content
    assert "20 days until" in content
    sampled.config.parent.mkdir(parents=True)
    sampled.config.write_text("hide_emails = true\n")
    content = written(sampled).read_text("utf-8")
    assert "example" not in content
    assert "Claude account 1" in content


@posix
def test_3_when_nothing_is_recorded_and_no_file_is_made(home: Home) -> None:
    assert home.run("history", "--html", str(home.path / "page.html")).code == 3
    assert not (home.path / "page.html").exists()


@posix
def test_a_page_that_cannot_be_written_is_said(sampled: Home) -> None:
    result = sampled.run("history", "--html", str(sampled.path / "missing" / "page.html"))
    assert result.code == 1
    assert "the page could not be written" in result.err


@posix
def test_without_what_makes_it_the_command_says_how_to_get_it(sampled: Home) -> None:
    code = "import sys; sys.modules['drawsvg'] = None; from trayquota.cli.main import run; run()"
    result = sampled.start("history", "--html", "page.html", code=code).ended()
    assert result.code == 1
    assert 'pip install trayquota[history]"' in result.err


@posix
def test_open_shows_the_page_in_the_browser(sampled: Home) -> None:
    tools = sampled.path / "tools"
    tools.mkdir()
    (tools / "xdg-open").write_text('#!/bin/sh\nprintf %s "$1" >"$HOME/opened"\n')
    (tools / "xdg-open").chmod(0o755)
    (tools / "open").symlink_to("xdg-open")
    result = sampled.run("history", "--open", PATH=f"{tools}:{os.environ['PATH']}")
    assert result.code == 0
    page = sampled.path / "data/trayquota/history.html"
    assert result.out.strip() == str(page)
    assert page.stat().st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize("width", [400, 1600])
def test_a_browser_shows_it_at_every_width_and_asks_nobody(
    sampled: Home, httpserver: HTTPServer, tmp_path: Path, width: int
) -> None:
    picture, net_log = tmp_path / "page.png", tmp_path / "net.json"
    # Served, for the browser logs no file that it loads.
    httpserver.expect_request("/page").respond_with_data(written(sampled).read_bytes(), content_type="text/html")
    page = httpserver.url_for("/page")
    subprocess.run(
        [
            need("chromium"),
            "--headless",
            "--hide-scrollbars",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},1200",
            f"--log-net-log={net_log}",
            f"--screenshot={picture}",
            page,
        ],
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    with Image.open(picture) as image:
        assert image.size == (width, 1200)
        colours = image.convert("RGB").getcolors(1 << 24) or []
        edge = image.convert("RGB").crop((width - 6, 0, width, 1200)).getcolors() or []
    assert len(colours) > 20, "something is drawn"
    assert (10, 92, 173) in {colour for _, colour in colours}, "the lines are there, in the colour of the style sheet"
    assert {colour for _, colour in edge} == {(255, 255, 255)}, "nothing reaches over the page's edge"
    assert [request.path for request, _ in httpserver.log] == ["/page"]
    # The browser itself may look for this and that; what a page wants has the page as its initiator.
    events = json.loads(net_log.read_text("utf-8", "replace"))["events"]
    asked = [event["params"] for event in events if "url" in event.get("params", {})]
    assert any(params["url"] == page for params in asked), "the log has what was loaded"
    origin = page.removesuffix("/page")
    assert not [params["url"] for params in asked if params["url"] != page and origin in str(params.get("initiator"))]
