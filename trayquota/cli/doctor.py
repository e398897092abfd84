"""``trayquota doctor``: what was found and chosen, and what needs a look. No secret in it."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota import __version__
from trayquota.cli.common import ExitCode, load
from trayquota.cli.snapshots import cached_snapshot
from trayquota.core.errors import TrayUnavailableError
from trayquota.core.model import NATIVE, AccountState
from trayquota.core.text import format_age, printable
from trayquota.core.urls import is_unprotected
from trayquota.providers import find_provider
from trayquota.services import utc_now
from trayquota.settings.config import Settings
from trayquota.settings.declarations import declarations
from trayquota.sources.folder_scan import display_path
from trayquota.sources.native_places import existing_places, native_places
from trayquota.system.autostart import autostart
from trayquota.system.home import known_home
from trayquota.system.log import set_up_logging
from trayquota.system.watcher import Watcher
from trayquota.tokens.journal import Journal
from trayquota.tokens.login_concerns import access_concerns, clock_concern, login_concerns
from trayquota.tray.backend_choice import choose_backend, describe_watcher, icon_class
from trayquota.tray.quirks import panel_advice
from trayquota.views.labels import needs_user

if TYPE_CHECKING:
    from trayquota.cli.common import Options
    from trayquota.core.model import AccountUsage, Snapshot
    from trayquota.settings.load import Config
    from trayquota.sources.native import Mode
    from trayquota.sources.native_places import NativePlace

_EMAIL = re.compile(r"[^\s/\\'\"@]+@[^\s/\\'\"@]+")
"""People name folders and files after accounts."""


class _Report:
    """Prints findings and counts those that need a look."""

    def __init__(self) -> None:
        self.concerns = 0

    def section(self, title: str) -> None:
        print(f"\n{title}")

    def fact(self, text: str) -> None:
        print(f"  {_EMAIL.sub('…@…', printable(text))}")

    def concern(self, text: str) -> None:
        self.concerns += 1
        print(f"! {_EMAIL.sub('…@…', printable(text))}")


def run(options: Options) -> int:
    """Print the findings; return the exit code."""
    set_up_logging(None, verbose=options.verbose)
    config, report = load(options), _Report()
    print(f"trayquota {__version__}")
    _system(report)
    _tray(report, options.backend)
    report.section("Credentials folder")
    for folder in config.folders:
        _folder(report, folder, config.sources.get("folder", "default"))
    for concern in login_concerns(config.folders):
        report.concern(concern)
    snapshot = cached_snapshot(config)
    _accounts(report, snapshot)
    _native(report, config, snapshot)
    _proxies(report, config)
    if clock := clock_concern(snapshot.clock_offset):
        report.concern(clock)
    _cautions(report, snapshot)
    _settings(report, config)
    _own_files(report, config)
    report.section("Result")
    if report.concerns:
        report.fact(f"{report.concerns} to look at, marked with ! above")
        return ExitCode.CONCERN
    report.fact("all well")
    return ExitCode.OK


def _system(report: _Report) -> None:
    report.section("System")
    report.fact(f"{platform.system()} {platform.release()}, Python {platform.python_version()}")
    desktop = os.environ.get("XDG_CURRENT_DESKTOP")
    if desktop:
        report.fact(f"desktop {desktop}, session {os.environ.get('XDG_SESSION_TYPE', 'unknown')}")
    for name in required_distributions():
        try:
            report.fact(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            report.concern(f"{name} is not installed; install trayquota again")


def required_distributions() -> list[str]:
    """Return the names of the distributions that this one needs on this platform; none when it is not installed."""
    try:
        requirements = metadata.requires(__package__.partition(".")[0]) or []
    except metadata.PackageNotFoundError:
        return []
    return [
        re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        for requirement in requirements
        if holds_here(requirement.partition(";")[2])
    ]


def holds_here(marker: str) -> bool:
    """Whether an environment marker holds on this platform; a condition on anything but that is taken to hold.

    As this program's own requirements have them: comparisons joined by ``and`` and ``or``, without parentheses.
    """
    values = {"sys_platform": sys.platform, "extra": ""}

    def is_met(comparison: str) -> bool:
        found = re.search(r"(\w+)\s*([!=]=)\s*['\"](\w+)['\"]", comparison)
        return found is None or found[1] not in values or (values[found[1]] == found[3]) == (found[2] == "==")

    alternatives = (re.split(r"\band\b", part) for part in re.split(r"\bor\b", marker))
    return any(all(map(is_met, comparisons)) for comparisons in alternatives)


def _tray(report: _Report, backend: str) -> None:
    report.section("Tray")
    try:
        choice = choose_backend(backend)
        icon_class(choice)
    except TrayUnavailableError as error:
        report.concern(str(error))
        return
    report.fact(f"backend {choice.name}: {choice.why}")
    if choice.name in {"statusnotifier", "xorg"} and (watcher := describe_watcher()):
        report.fact(f"watcher of icons on the D-Bus session: {watcher}")
    if choice.is_waiting:
        report.concern(f"nobody shows icons here yet. {panel_advice(os.environ.get('XDG_CURRENT_DESKTOP', ''))}")


def _folder(report: _Report, folder: Path, source: str) -> None:
    report.fact(f"{display_path(folder)} (from {source})")
    try:
        folder.stat()
    except FileNotFoundError:
        # What that means is said with the accounts.
        return
    except OSError as error:
        report.concern(f"cannot be looked at: {os.strerror(error.errno) if error.errno else 'unknown error'}")
        return
    watcher = Watcher()
    watcher.watch(folder, lambda: None)
    watcher.ensure()
    problem, kind = watcher.problem, watcher.kind
    watcher.stop()
    if problem:
        report.concern(problem)
    else:
        report.fact(f"watched with {kind}")


def _accounts(report: _Report, snapshot: Snapshot) -> None:
    report.section("Accounts")
    if snapshot.notice:
        report.concern(snapshot.notice)
    now = utc_now()
    counts: Counter[str] = Counter()
    for usage in snapshot.accounts:
        provider = usage.account.provider
        counts[provider] += 1
        is_broken = usage.state is AccountState.ERROR and usage.account.source != NATIVE
        add = report.concern if needs_user(usage) or is_broken else report.fact
        age = format_age((now - usage.updated_at).total_seconds()) if usage.updated_at else "never"
        add(f"{provider} {counts[provider]}: {_state(usage)}, {len(usage.windows)} windows, updated {age}")


def _native(report: _Report, config: Config, snapshot: Snapshot) -> None:
    """Say which logins of other programs were found, and whether they are used; their content is not looked at."""
    report.section("Logins of other programs")
    home = known_home()
    places = existing_places(native_places(os.environ, home)) if home else ()
    for place in places:
        why = native_use(place, config.settings.native_logins, snapshot)
        report.fact(f"{place.tool}, {display_path(place.path)}: {why}")
    if not places:
        report.fact("none found")


def native_use(place: NativePlace, mode: Mode, snapshot: Snapshot) -> str:
    """Return whether the login at ``place`` is used, and why it is not."""
    accounts = [usage.account for usage in snapshot.accounts]
    in_folder = {account.provider for account in accounts if account.source == "folder"}
    if mode == "off" or (place.is_on_request and mode == "auto"):
        return f'found, not used: native_logins = "{mode}"'
    if any(account.source == NATIVE and account.id.endswith(place.account_id) for account in accounts):
        return "used"
    if mode == "auto" and place.provider in in_folder:
        return "found, not used: the credentials folder has an account of its provider"
    return "found, not used: the account is shown from elsewhere, or there is no login in it that has quotas"


def _proxies(report: _Report, config: Config) -> None:
    if config.settings.connected_proxies:
        report.section("Proxies")
    for address in config.settings.connected_proxies:
        report.fact(address)
        if is_unprotected(address):
            report.concern("over http its key and all answers can be read on their way")


def _state(usage: AccountUsage) -> str:
    """Return the state without the account's name: reports get pasted where others read them."""
    if usage.state is AccountState.PENDING:
        return "not asked yet"
    return f"{usage.state} ({usage.failure.kind}: {usage.failure.message})" if usage.failure else usage.state.value


def _cautions(report: _Report, snapshot: Snapshot) -> None:
    """Say what people should know of providers that they have polled."""
    polled = {usage.account.provider for usage in snapshot.accounts if usage.state is not AccountState.DISABLED}
    for name in sorted(polled):
        provider = find_provider(name)
        if provider is not None and provider.caution:
            report.fact(provider.caution)


def _settings(report: _Report, config: Config) -> None:
    report.section("Settings")
    exists = "" if config.paths.config.exists() else ", not there: defaults are in force"
    report.fact(f"file {display_path(config.paths.config)}{exists}")
    for name, source in config.sources.items():
        value = getattr(config.settings, name)
        report.fact(f"{name} = {_shown_value(name, value, config)} (from {source})")


def _shown_value(name: str, value: object, config: Config) -> str:
    if declarations(Settings)[name].is_secret and value:
        return "set, not shown: it may hold a login"
    return ", ".join(display_path(folder) for folder in config.folders) if name == "folder" else repr(value)


def _own_files(report: _Report, config: Config) -> None:
    report.section("Own files")
    for path in (config.paths.state, config.paths.log):
        try:
            status = path.stat()
        except OSError:
            report.fact(f"{display_path(path)}: not there yet")
            continue
        report.fact(f"{display_path(path)}: {status.st_size} bytes")
    own = [config.paths.state_dir, config.paths.state, config.paths.log, config.paths.config]
    entry = Path(autostart().status().place)
    concerns = [
        *access_concerns((display_path(path), path) for path in own),
        *access_concerns([(display_path(entry), entry)] if entry.is_absolute() else [], is_secret=False),
    ]
    for concern in dict.fromkeys(concerns):
        report.concern(concern)
    pending = sum(1 for _ in Journal(config.paths.state_dir / "renewals").pending())
    if pending:
        report.concern(f"{pending} refreshed logins wait in the state folder to be written to their files")
