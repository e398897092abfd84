"""With a catalogue of all texts in force, nothing that a person reads is English, but for names."""

from __future__ import annotations

import platform
import re
from contextlib import suppress
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.cli.demo_history import write_sample_history
from trayquota.cli.main import main
from trayquota.core.model import AccountState, Failure, FailureKind
from trayquota.core.translation import Message
from trayquota.providers import provider_title
from trayquota.providers.base import SIGN_IN
from trayquota.providers.quota_windows import window_title
from trayquota.settings import language
from trayquota.settings.language import clock_format, languages, use_language
from trayquota.settings.load import load_config
from trayquota.views.alerts import check_alerts
from trayquota.views.line import LineFormat
from trayquota.views.pause_alerts import changed_alert, failed_alert
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext
from trayquota.views.window_titles import shown_title

from .facts import NOW
from .make_texts import TEMPLATE
from .pseudo_language import CODE, english, write_catalogue
from .samples import ADA, BOB, OPTIONS, five_hours, later, snapshot, usage, weekly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trayquota.views.tray_view import MenuItem

pytestmark = pytest.mark.skipif(not TEMPLATE.exists(), reason="a wheel has no list of all texts")
PLANS = ("Max", "Plus", "Individual Pro", "Pro", "SuperGrok", "Allegretto", "Kiro Pro", "Muse Plus")
MODELS = ("Gemini", "Claude and GPT", "Fable", "AI credits", "Auto", "API", "Pro", "Flash", "Opus")
COMMANDS = (
    "status", "next", "line", "doctor", "config", "history", "pause", "resume", "connect", "disconnect", "demo",
    "autostart", "open", "refresh", "show", "snooze", "sign-in", "quit",
)  # fmt: skip
PROVIDERS = "antigravity claude cline codex copilot cursor devin gemini grok kimi kiro meta"
TITLES = tuple(provider_title(name) for name in PROVIDERS.split())
FORMATS = tuple(LineFormat)
VALUE = re.compile(r" +\S+ (= .*|[\d.]+)")
"""The version of a package, or a setting."""


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogues")
    write_catalogue(folder)
    return folder


@pytest.fixture(autouse=True)
def home(catalogues: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A person's folder without a file; what is shown to her is in the language without English letters."""
    monkeypatch.setattr(language, "FOLDER", catalogues)
    languages.cache_clear()
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE", "TRAYQUOTA_LOCALE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", CODE)
    monkeypatch.setenv("COLUMNS", "500")
    windows = ("USERPROFILE", "APPDATA", "WIN_PD_OVERRIDE_LOCAL_APPDATA")
    for name in ("HOME", *windows, "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    yield tmp_path
    use_language("en")
    languages.cache_clear()


@pytest.mark.parametrize(
    "command",
    [
        "demo --once",
        "status",
        "next",
        "history",
        "pause nobody",
        "resume nobody",
        "connect nowhere",
        "status --dir {path}",
        "--config {path} status",
        "line --config {path}",
        "line --format {path}",
        "status --dir",
        "status --nonsense",
        "nonsense",
        "config --init",
    ],
)
def test_nothing_in_english_is_printed(command: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(command.replace("{path}", str(home / "nothing")), capsys)
    assert english(said, ("trayquota", "nobody", *TITLES, *PLANS, *MODELS, *COMMANDS, *FORMATS)) == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_nothing_in_english_is_in_the_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(f"{command} --help", capsys)
    assert english(said, ("trayquota", *FORMATS, *COMMANDS)) == []


def test_nothing_in_english_is_among_the_findings(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [line for line in run("doctor", capsys).splitlines() if not VALUE.fullmatch(line)]
    assert english("\n".join(findings), ("trayquota", "default", "Python", platform.system(), platform.release())) == []


def test_nothing_in_english_is_in_the_history(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sample_history(load_config().paths.history, datetime.now(UTC))
    page = home / "page.html"
    said = run("history", capsys) + run(f"history --html {page}", capsys)
    # A name for whoever cannot see it is one, too; what scripts and styles hold is no text.
    texts = re.sub(r"<(script|style).*?</\1>", "", page.read_text("utf-8"), flags=re.DOTALL)
    labels = re.findall(r'(?:title|aria-label)="([^"]*)"', texts)
    said += unescape("\n".join((re.sub(r"<[^>]+>", "\n", texts), *labels)))
    assert "øøø" in said
    assert english(said, ("trayquota", *TITLES, *MODELS)) == []


def test_nothing_in_english_is_in_the_tray() -> None:
    use_language(CODE)
    options = replace(OPTIONS, clock_format=clock_format(CODE))
    settings = settings_menu_item(MenuSettings())
    context = TrayContext(has_history=True, notifies=True, settings=settings)
    said = Message("The proxy at {name} answered HTTP {status}.", name="10.0.0.1", status=502)
    failures = [usage(ADA, failure=Failure(kind, said), state=AccountState.ERROR) for kind in FailureKind]
    usual, empty = (usage(ADA, five_hours(42), weekly(80)), usage(BOB, weekly(3))), usage(ADA, five_hours(0))
    for each in (snapshot(), snapshot(*usual), snapshot(*failures), snapshot(empty, refreshing=True)):
        view = tray_view(each, NOW, options, context)
        rows = [view.headline, view.advice, *view.lines, *view.brief, *labels(view.menu)]
        assert english("\n".join(rows), (*TITLES, *PLANS, *MODELS)) == []


@pytest.mark.parametrize("length_s", [1800, 5 * 3600, 2 * 86400, 7 * 86400, 30 * 86400, None])
def test_no_window_has_a_title_in_english(length_s: float | None) -> None:
    use_language(CODE)
    assert english(shown_title(window_title(length_s, "Other")), ()) == []


def test_nothing_in_english_is_in_a_notification() -> None:
    use_language(CODE)
    options = replace(OPTIONS, clock_format=clock_format(CODE), notifies_lapses=True)
    ended = usage(ADA, state=AccountState.EXPIRED, failure=Failure(FailureKind.LOGIN_EXPIRED, SIGN_IN))
    empty, full = usage(ADA, five_hours(0), weekly(3)), usage(ADA, five_hours(100, "9h"), weekly(100, "9d"))
    states, low = check_alerts({}, snapshot(empty, usage(BOB, five_hours(60, "4h"), weekly(38, "5h"))), NOW, options)
    _, reset = check_alerts(states, snapshot(replace(full, updated_at=later("4d"))), later("4d"), options)
    _, needed = check_alerts({}, snapshot(ended), NOW, replace(options, hide_names=True))
    paused = changed_alert(ADA.id, later("2h"), snapshot(empty), NOW, options)
    for alert in (low, reset, needed, paused, failed_alert(ADA.id, "", snapshot(empty), options, paused=True)):
        assert alert is not None
        assert english(f"{alert.title}\n{alert.body}", TITLES) == []


def labels(rows: tuple[MenuItem, ...]) -> Iterator[str]:
    for row in rows:
        yield row.label
        yield from labels(row.children)


def run(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command prints."""
    with suppress(SystemExit):  # by the parser
        main(command.split())
    printed = capsys.readouterr()
    return printed.out + printed.err
