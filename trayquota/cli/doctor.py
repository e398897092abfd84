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
from trayquota.core.translation import Message, _, ngettext, shown
from trayquota.core.urls import is_unprotected
from trayquota.providers import find_provider
from trayquota.settings.config import Settings
from trayquota.settings.declarations import declarations
from trayquota.sources.folder_scan import display_path
from trayquota.sources.native_places import existing_places, native_places
from trayquota.system.autostart import autostart
from trayquota.system.clock import utc_now
from trayquota.system.home import known_home
from trayquota.system.log import set_up_logging
from trayquota.system.watcher import Watcher
from trayquota.tokens.journal import Journal
from trayquota.tokens.login_warnings import access_warnings, clock_warning, login_warnings
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
        self.warnings = 0

    def section(self, title: str) -> None:
        print(f"\n{title}")

    def fact(self, text: str) -> None:
        print(f"  {_EMAIL.sub('…@…', printable(text))}")

    def warning(self, text: str) -> None:
        self.warnings += 1
        print(f"! {_EMAIL.sub('…@…', printable(text))}")


def run(options: Options) -> int:
    """Print the findings; return the exit code."""
    set_up_logging(None, verbose=options.verbose)
    config, report = load(options), _Report()
    print(f"trayquota {__version__}")
    _system(report)
    _tray(report, options.backend)
    report.section(_("Credentials folder"))
    for folder in config.folders:
        _folder(report, folder, config.sources.get("folder", "default"))
    for warning in login_warnings(config.folders):
        report.warning(shown(warning))
    snapshot = cached_snapshot(config)
    _accounts(report, snapshot)
    _cautions(report, snapshot)
    if clock := clock_warning(snapshot.clock_offset):
        report.warning(shown(clock))
    _native(report, config, snapshot)
    _proxies(report, config)
    _settings(report, config)
    _own_files(report, config)
    report.section(_("Result"))
    if report.warnings:
        form = ngettext(
            "{count} to look at, marked with ! above", "{count} to look at, marked with ! above", report.warnings
        )
        report.fact(form.format(count=report.warnings))
        return ExitCode.PROBLEM
    report.fact(_("all well"))
    return ExitCode.OK


def _system(report: _Report) -> None:
    report.section(_("System"))
    report.fact(f"{platform.system()} {platform.release()}, Python {platform.python_version()}")
    desktop = os.environ.get("XDG_CURRENT_DESKTOP")
    if desktop:
        session = os.environ.get("XDG_SESSION_TYPE", _("unknown"))
        report.fact(_("desktop {desktop}, session {session}").format(desktop=desktop, session=session))
    for name in required_distributions():
        try:
            report.fact(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            report.warning(_("{library} is not installed; install trayquota again").format(library=name))


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
    report.section(_("Tray"))
    try:
        choice = choose_backend(backend)
        icon_class(choice)
    except TrayUnavailableError as error:
        report.warning(shown(error))
        return
    report.fact(_("backend {name}: {reason}").format(name=choice.name, reason=shown(choice.why)))
    if choice.name in {"statusnotifier", "xorg"} and (watcher := describe_watcher()):
        report.fact(_("watcher of icons on the D-Bus session: {watcher}").format(watcher=shown(watcher)))
    if choice.is_waiting:
        advice = shown(panel_advice(os.environ.get("XDG_CURRENT_DESKTOP", "")))
        report.warning(_("nobody shows icons here yet. {advice}").format(advice=advice))


def _folder(report: _Report, folder: Path, source: str) -> None:
    # Translators: {source} is one of default, file, option or the name of a variable
    report.fact(_("{value} (from {source})").format(value=display_path(folder), source=source))
    try:
        folder.stat()
    except FileNotFoundError:
        # What that means is said with the accounts.
        return
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else _("unknown error")
        report.warning(_("cannot be looked at: {reason}").format(reason=reason))
        return
    watcher = Watcher()
    watcher.watch(folder, lambda: None)
    watcher.ensure()
    problem, kind = watcher.problem, watcher.kind
    watcher.stop()
    if problem:
        report.warning(shown(problem))
    else:
        report.fact(_("watched with {means}").format(means=shown(kind)))


def _accounts(report: _Report, snapshot: Snapshot) -> None:
    report.section(_("Accounts"))
    if snapshot.notice:
        report.warning(shown(snapshot.notice))
    now = utc_now()
    counts: Counter[str] = Counter()
    for usage in snapshot.accounts:
        provider = usage.account.provider
        counts[provider] += 1
        is_broken = usage.state is AccountState.ERROR and usage.account.source != NATIVE
        add = report.warning if needs_user(usage) or is_broken else report.fact
        age = format_age((now - usage.updated_at).total_seconds()) if usage.updated_at else _("never")
        count = len(usage.windows)
        form = ngettext(
            "{account}: {state}, {count} windows, updated {age}",
            "{account}: {state}, {count} windows, updated {age}",
            count,
        )
        add(form.format(account=f"{provider} {counts[provider]}", state=_state(usage), count=count, age=age))


def _native(report: _Report, config: Config, snapshot: Snapshot) -> None:
    """Say which logins of other programs were found, and whether they are used; their content is not looked at."""
    report.section(_("Logins of other programs"))
    home = known_home()
    places = existing_places(native_places(os.environ, home)) if home else ()
    for place in places:
        why = native_use(place, config.settings.native_logins, snapshot)
        report.fact(f"{shown(place.tool)}, {display_path(place.path)}: {shown(why)}")
    if not places:
        report.fact(_("none found"))


def native_use(place: NativePlace, mode: Mode, snapshot: Snapshot) -> str:
    """Return whether the login at ``place`` is used, and why it is not."""
    accounts = [usage.account for usage in snapshot.accounts]
    in_folder = {account.provider for account in accounts if account.source == "folder"}
    if mode == "off" or (place.is_on_request and mode == "auto"):
        return Message('found, not used: native_logins = "{mode}"', mode=mode)
    if any(account.source == NATIVE and account.id.endswith(place.account_id) for account in accounts):
        return Message("used")
    if mode == "auto" and place.provider in in_folder:
        return Message("found, not used: the credentials folder has an account of its provider")
    return Message("found, not used: the account is shown from elsewhere, or there is no login in it that has quotas")


def _proxies(report: _Report, config: Config) -> None:
    if config.settings.connected_proxies:
        report.section(_("Proxies"))
    for address in config.settings.connected_proxies:
        report.fact(address)
        if is_unprotected(address):
            report.warning(_("over http its key and all answers can be read on their way"))


def _state(usage: AccountUsage) -> str:
    """Return the state without the account's name: reports get pasted where others read them."""
    if usage.state is AccountState.PENDING:
        return _("not asked yet")
    if usage.failure is None:
        return usage.state.value
    return f"{usage.state} ({usage.failure.kind}: {shown(usage.failure.message)})"


def _cautions(report: _Report, snapshot: Snapshot) -> None:
    """Say what people should know of providers that they have polled."""
    polled = {usage.account.provider for usage in snapshot.accounts if usage.state is not AccountState.DISABLED}
    for name in sorted(polled):
        provider = find_provider(name)
        if provider is not None and provider.caution:
            report.fact(shown(provider.caution))


def _settings(report: _Report, config: Config) -> None:
    report.section(_("Settings"))
    is_there = config.paths.config.exists()
    form = _("file {path}") if is_there else _("file {path}, not there: defaults are in force")
    report.fact(form.format(path=display_path(config.paths.config)))
    for name, source in config.sources.items():
        value = getattr(config.settings, name)
        shown_value = f"{name} = {_shown_value(name, value, config)}"
        report.fact(_("{value} (from {source})").format(value=shown_value, source=source))


def _shown_value(name: str, value: object, config: Config) -> str:
    if declarations(Settings)[name].is_secret and value:
        return _("set, not shown: it may hold a login")
    return ", ".join(display_path(folder) for folder in config.folders) if name == "folder" else repr(value)


def _own_files(report: _Report, config: Config) -> None:
    report.section(_("Own files"))
    for path in (config.paths.state, config.paths.log):
        try:
            status = path.stat()
        except OSError:
            report.fact(_("{path}: not there yet").format(path=display_path(path)))
            continue
        form = ngettext("{path}: {count} bytes", "{path}: {count} bytes", status.st_size)
        report.fact(form.format(path=display_path(path), count=status.st_size))
    own = [config.paths.state_dir, config.paths.state, config.paths.log, config.paths.config]
    entry = Path(autostart().status().place)
    warnings = [
        *access_warnings((display_path(path), path) for path in own),
        *access_warnings([(display_path(entry), entry)] if entry.is_absolute() else [], is_secret=False),
    ]
    for warning in dict.fromkeys(warnings):
        report.warning(shown(warning))
    pending = sum(1 for _ in Journal(config.paths.state_dir / "renewals").pending())
    if pending:
        form = ngettext(
            "{count} refreshed logins wait in the state folder to be written to their files",
            "{count} refreshed logins wait in the state folder to be written to their files",
            pending,
        )
        report.warning(form.format(count=pending))
