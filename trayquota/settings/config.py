"""Every setting of ``config.toml``, declared once, and the file read by that.

A declaration is a field of :class:`Settings`: its type with the bounds, its default, and what is said of it. The
commented file, README's table and the texts of errors come from there (:mod:`.declarations`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from trayquota.core.errors import ConfigError
from trayquota.core.model import Percent
from trayquota.core.redacted import RedactedRepr
from trayquota.core.translation import Message

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.providers import ProviderSwitches

MAX_BYTES = 1 << 20
"""Of a config file; one with everything explained has two kilobytes."""


def setting(description: str, *, expected: str = "", unit: str = "", is_secret: bool = False) -> Meta:
    """Return what a declaration says beside type, bounds and default.

    Args:
        description: One or two sentences for people.
        expected: What a value may be, as an error says it; by default made of type, unit and bounds.
        unit: What a number counts.
        is_secret: The value is never shown.
    """
    return Meta(description=description, extra={"expected": expected, "unit": unit, "is_secret": is_secret})


class Settings(RedactedRepr, Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings. No value is in the ``repr``: a proxy may hold a login."""

    folder: Annotated[
        str | tuple[str, ...],
        setting(
            "The credentials folder, or a list of several. A leading ~ is your home folder.",
            expected="the path of the credentials folder, or a list of paths",
        ),
    ] = "~/.cli-proxy-api"
    interval_minutes: Annotated[
        float, Meta(ge=1, le=1440), setting("How often each account is asked: 1 to 1440 minutes.", unit="minutes")
    ] = 5
    icon_style: Annotated[
        Literal["number", "ring", "bar", "plain"],
        setting('How the icon tells the lowest remaining percent: "number", "ring", "bar", or "plain" in one colour.'),
    ] = "number"
    plain_color: Annotated[
        Literal["auto", "light", "dark"],
        setting('The colour of "plain": "light" or "dark", or "auto" by the colours of the desktop.'),
    ] = "auto"
    calm: Annotated[bool, setting("Whether the icon shows no number while there is plenty.")] = False
    icon_shows: Annotated[
        str,
        setting(
            'What the icon is about: "lowest" of all, "next" (the account to use next), an account\'s id as in '
            '"claude-ada@example.com.json", or one of its windows as in "claude-ada@example.com.json / Weekly".',
            expected='"lowest", "next", an account\'s id, or one with a window\'s title behind " / "',
        ),
    ] = "lowest"
    icons: Annotated[
        Literal["one", "providers", "pinned"],
        setting(
            'Whether there is "one" icon, one for each of the "providers", or one for each of the "pinned" accounts '
            "and one for the others; on Linux and Windows, and never more than five."
        ),
    ] = "one"
    pinned: Annotated[
        tuple[str, ...],
        setting(
            'The accounts with an icon of their own, by id, as in ["claude-ada@example.com.json"].',
            expected="a list of accounts' ids",
        ),
    ] = ()
    icon_countdown: Annotated[
        bool, setting("Whether an empty quota shows the time to its reset in the icon in place of its number.")
    ] = True
    show: Annotated[
        Literal["left", "used"],
        setting(
            'Whether percents and bars say what is "left" or what is "used". Thresholds and what scripts read go by '
            "what is left."
        ),
    ] = "left"
    tooltip: Annotated[bool, setting("Whether there is a tooltip with all accounts; else the name alone.")] = True
    low_percent: Annotated[Percent, setting("With less left than this a quota is low.")] = 25
    critical_percent: Annotated[Percent, setting("With less left than this it is critical.")] = 10
    ignore_windows: Annotated[
        tuple[str, ...],
        setting(
            'Windows that do not count for the lowest, by title, as in ["Extra usage"].',
            expected='a list of titles, as in ["Extra usage"]',
        ),
    ] = ()
    providers_off: Annotated[
        tuple[str, ...],
        setting('Providers that are not asked, as in ["codex"].', expected='a list of providers, as in ["codex"]'),
    ] = ()
    providers_on: Annotated[
        tuple[str, ...],
        setting(
            'Providers that are asked although they are off by default, as in ["meta"]: asking it mints a key.',
            expected='a list of providers, as in ["meta"]',
        ),
    ] = ()
    connected_proxies: Annotated[
        tuple[str, ...],
        setting(
            "CLIProxyAPIs whose accounts are shown, by address. `trayquota connect URL` adds one, with its key.",
            expected='a list of addresses, as in ["https://proxy.example.com:8317"]',
        ),
    ] = ()
    native_logins: Annotated[
        Literal["auto", "on", "off"],
        setting(
            'Whether logins of Claude Code, Codex CLI and the like are used as they are: "auto" (of providers that the '
            'credentials folder holds no account of), "on" or "off".'
        ),
    ] = "auto"
    native_keychain: Annotated[
        bool, setting("Whether Claude Code's login is read from the macOS keychain, which asks you for permission.")
    ] = False
    work_days: Annotated[
        str,
        setting(
            'The days on which you work, as in "mon-fri"; forecasts of windows longer than a day go by them.',
            expected='days of the week, as in "mon-fri" or "mon, wed, fri", or nothing',
        ),
    ] = ""
    work_hours: Annotated[
        str,
        setting(
            'The hours of each of these days, as in "09:00-17:00".',
            expected='a span of the day, as in "09:00-17:00", or nothing',
        ),
    ] = ""
    notifications: Annotated[bool, setting("Whether you are told when a quota gets low, runs out or has reset.")] = True
    quiet_hours: Annotated[
        str,
        setting(
            'When you want no notification, each day, as in "22:00-08:00"; what is still so is shown afterwards.',
            expected='a span of the day, as in "22:00-08:00", or nothing',
        ),
    ] = ""
    sounds: Annotated[
        bool, setting("Whether it is heard that a quota is empty or has reset, in the desktop's own sounds.")
    ] = False
    notify_command: Annotated[
        tuple[str, ...],
        setting(
            'A command that gets each notification as JSON on its standard input, as in ["python3", "lamp.py"].',
            expected='a list of a program and its arguments, as in ["python3", "lamp.py"]',
            is_secret=True,  # a web hook's address among the arguments is one
        ),
    ] = ()
    ntfy: Annotated[
        str,
        setting(
            'An ntfy topic that each notification is sent to, numbers for names, as in "https://ntfy.example.com/quota".',
            expected="the https address of a topic, without a login, or nothing",
            is_secret=True,
        ),
    ] = ""
    notify_lapse: Annotated[
        bool,
        setting("Whether you are told when what is left of a week, limit resets or a subscription are about to lapse."),
    ] = False
    pause_exhausted: Annotated[
        bool,
        setting(
            "Whether an account that nothing is left of is paused until its reset; never the last one its proxy has."
        ),
    ] = False
    hide_emails: Annotated[
        bool, setting("Whether accounts without a name of your own are numbered, for screen sharing.")
    ] = False
    history: Annotated[
        bool, setting("Whether it is recorded what was left over time; `trayquota history --forget` removes it.")
    ] = True
    sparklines: Annotated[bool, setting("Whether rows in the menu end in what was left over time, as in ▇▆▅▃▁█.")] = (
        False
    )
    renew_logins: Annotated[bool, setting("Whether expired Claude logins are renewed in place.")] = True
    proxy: Annotated[
        str,
        setting(
            "The proxy for every request, as in 'http://127.0.0.1:8080'; empty takes the environment's.",
            expected="http://HOST:PORT (or https, socks4, socks5), 'direct', or nothing",
            is_secret=True,
        ),
    ] = ""
    gateway: Annotated[
        str,
        setting(
            "For tests: an address on this machine that stands in for all providers.",
            expected="http://127.0.0.1:PORT, an address on this machine",
        ),
    ] = ""
    locale: Annotated[
        str,
        setting(
            "The language of texts, dates and times, as in 'de_DE'; empty takes the environment's.",
            expected="the name of a locale, such as de_DE",
        ),
    ] = ""
    names: Annotated[
        dict[str, str],
        setting(
            'Names of your own for accounts, by file name, as in "claude-ada@example.com.json" = "Work".',
            expected="a table of names by file name",
        ),
    ] = field(default_factory=dict)

    @property
    def provider_switches(self) -> ProviderSwitches:
        """Which providers are switched off and on."""
        from trayquota.providers import ProviderSwitches

        return ProviderSwitches.of(self.providers_off, self.providers_on)


def decode(content: bytes, path: Path) -> tuple[Settings, frozenset[str]]:
    """Return the settings in a config file's content, and the names of those that it sets.

    Raises:
        ConfigError: It cannot be used; ``path`` is named as the place.
    """
    import tomllib

    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
        return msgspec.convert(table, Settings), frozenset(table)
    except UnicodeDecodeError:
        message = Message("{path}: is not UTF-8 text.", path=path)
    except tomllib.TOMLDecodeError as error:
        message = Message("{path}: is not valid TOML: {error}.", path=path, error=str(error))
    except RecursionError:
        message = Message("{path}: is not valid TOML: nested too deeply.", path=path)
    except msgspec.ValidationError as error:
        from trayquota.settings.declarations import explain

        message = Message("{path}: {problem}", path=path, problem=explain(str(error), Settings))
    raise ConfigError(message)
