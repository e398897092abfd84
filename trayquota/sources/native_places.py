"""Where other programs keep their own logins: by environment variable, else at their usual place.

As public clients look them up, 2026-11: steipete/CodexBar, ClaudeConfigPaths.swift, KimiSettingsReader.swift and
GrokAuth.swift; OpenUsage, CopilotAuthStore.swift; router-for-me/CLIProxyAPI, issue on Devin's ``credentials.toml``.
Left out: ``CLAUDE_CODE_OAUTH_TOKEN``, whose login may not read quotas; ``GH_TOKEN`` and ``GITHUB_TOKEN``, which are
made for other uses; Meta Muse, for to ask it mints a key; and OpenCode, the second owner of a login.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.translation import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class NativePlace(Struct, frozen=True):
    """Where one login may be.

    Attributes:
        tool: The program that it is of, for people.
        provider: Of its quotas.
        form: How the file is read; see :mod:`.native_readers`.
        path: Of the file, absolute.
        beside: Files that say more of it.
        is_refreshed: The program refreshes the login whenever it runs; else it does not end.
        is_on_request: It is used only where all native logins are, for it seldom has quotas.
    """

    tool: str
    provider: str
    form: str
    path: Path
    beside: tuple[Path, ...] = ()
    is_refreshed: bool = True
    is_on_request: bool = False

    @property
    def account_id(self) -> str:
        """The file's name with its folder's before it, for several programs give their file one name."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def advice(self) -> str:
        """What to do once the login is of no use any more."""
        if self.is_refreshed:
            return Message("Open {program} once.", program=self.tool)
        return Message("Sign in again in {program}.", program=self.tool)


def native_places(environment: Mapping[str, str], home: Path) -> tuple[NativePlace, ...]:
    """Return where to look for logins, the preferred place of a program first. Nothing is looked up."""
    places = _Places(environment, home)
    return (
        *_claude(places),
        *_codex(places),
        *_gemini(places),
        *_kimi(places),
        NativePlace("Grok", "grok", "grok", places.at("GROK_HOME", ".grok") / "auth.json"),
        *_copilot(places),
        *_kiro(places),
        *_devin(places),
    )


class _Places(Struct, frozen=True):
    environment: Mapping[str, str]
    home: Path

    def at(self, variable: str, usual: str) -> Path:
        """Return the folder that a variable names, taken literally; else the usual one in the home folder."""
        stated = self.environment.get(variable)
        return Path(stated).absolute() if stated and "\0" not in stated else self.home / usual

    def is_set(self, variable: str) -> bool:
        return bool(self.environment.get(variable))


def claude_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Return the folder of Claude Code's login."""
    places = _Places(environment, home)
    if "CLAUDE_SECURESTORAGE_CONFIG_DIR" in environment:
        return places.at("CLAUDE_SECURESTORAGE_CONFIG_DIR", ".claude")
    return places.at("CLAUDE_CONFIG_DIR", ".claude")


def _claude(places: _Places) -> Iterator[NativePlace]:
    folder = claude_folder(places.environment, places.home)
    # Who it is, is not in the file of the login; older versions wrote it to another one.
    accounts = (places.at("CLAUDE_CONFIG_DIR", "") / ".claude.json", folder / ".config.json")
    yield NativePlace("Claude Code", "claude", "claude", folder / ".credentials.json", accounts)


def _codex(places: _Places) -> Iterator[NativePlace]:
    yield NativePlace("Codex", "codex", "codex", places.at("CODEX_HOME", ".codex") / "auth.json")
    if not places.is_set("CODEX_HOME"):
        yield NativePlace("Codex", "codex", "codex", places.home / ".config/codex/auth.json")


def _gemini(places: _Places) -> Iterator[NativePlace]:
    folders = [places.home / ".gemini"]
    if places.is_set("GEMINI_CLI_HOME"):
        stated = places.at("GEMINI_CLI_HOME", "")
        folders = [stated / ".gemini", stated]
    for folder in folders:
        yield NativePlace("Gemini CLI", "gemini", "gemini", folder / "oauth_creds.json", (folder / "settings.json",))


def _kimi(places: _Places) -> Iterator[NativePlace]:
    folders = [places.at("KIMI_CODE_HOME", ".kimi-code")]
    if not places.is_set("KIMI_CODE_HOME"):
        folders.append(places.home / ".kimi")
    for folder in folders:
        devices = (folder / "credentials/device_id", folder / "device_id")
        yield NativePlace("Kimi Code", "kimi", "kimi", folder / "credentials/kimi-code.json", devices)


def _copilot(places: _Places) -> Iterator[NativePlace]:
    config = places.home / ".config"
    for name in ("apps.json", "hosts.json"):
        path = config / "github-copilot" / name
        yield NativePlace(Message("your editor's GitHub Copilot"), "copilot", "copilot", path, is_refreshed=False)
    path = config / "gh/hosts.yml"
    yield NativePlace(Message("the GitHub CLI"), "copilot", "gh", path, is_refreshed=False, is_on_request=True)


def _kiro(places: _Places) -> Iterator[NativePlace]:
    usual = places.at("XDG_DATA_HOME", ".local/share") / "kiro-cli"
    if sys.platform == "darwin":
        usual = places.home / "Library/Application Support/kiro-cli"
    folder = places.at("KIRO_DATA_DIR", "") if places.is_set("KIRO_DATA_DIR") else usual
    database = folder / "data.sqlite3"
    # What was written last is in a file of its own until the database takes it in.
    yield NativePlace("Kiro CLI", "kiro", "kiro-cli", database, (database.with_name("data.sqlite3-wal"),))
    # Other files there are logins to Amazon's cloud.
    yield NativePlace("Kiro", "kiro", "kiro", places.home / ".aws/sso/cache/kiro-auth-token.json")


def _devin(places: _Places) -> Iterator[NativePlace]:
    folders = [places.at("XDG_DATA_HOME", ".local/share") / "devin", places.home / ".config/devin"]
    if sys.platform == "win32":
        folders.insert(0, places.at("APPDATA", "AppData/Roaming") / "devin")
    for folder in folders:
        yield NativePlace("Devin", "devin", "devin", folder / "credentials.toml", is_refreshed=False)


def existing_places(places: tuple[NativePlace, ...]) -> tuple[NativePlace, ...]:
    """Return those of ``places`` that there is something at."""
    return tuple(place for place in places if os.path.lexists(place.path))
