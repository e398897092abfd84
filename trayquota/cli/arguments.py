"""What each command takes, with its help in the person's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.cli.common import BACKENDS, day_count, snooze_end
from trayquota.core.translation import _

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_commands(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Declare all commands; ``add`` takes a name and one line of help."""
    _add_status(add("status", _("refresh once and print")))
    _add_next(add("next", _("the account to use now, by name")))
    _add_line(add("line", _("one line for a status bar or a prompt, from the last known values")))
    demo = add("demo", _("the tray with sample accounts, in a temporary folder"))
    demo.add_argument("--once", action="store_true", help=_("print once and leave"))
    add("doctor", _("what was found and chosen, fit for a bug report"))
    add("autostart", _("start with the session")).add_argument("switch", choices=("on", "off", "status"))
    _add_history(add("history", _("what was left over time")))
    _add_config(add("config", _("print the settings in force, or change them")))
    _add_pause(add("pause", _("take an account out of its proxy's rotation")))
    add("resume", _("put a paused account back")).add_argument("account", metavar="ACCOUNT", help=_("its name or id"))
    _add_connect(add("connect", _("show the accounts of a CLIProxyAPI by its management API; asks for the key")))
    disconnect = add("disconnect", _("forget a CLIProxyAPI and its key"))
    disconnect.add_argument("url", metavar="URL", nargs="?", help=_("needed when several are connected"))
    _add_open(add("open", _("open what the rows of the tray's menu open")))
    add("refresh", _("have the running applet refresh all accounts now"))
    add("show", _("have the running applet show the notification of all accounts"))
    _add_snooze(add("snooze", _("have the running applet hold its notifications back")))
    sign_in = add("sign-in", _("have the running applet open the page where an ended login is signed in again"))
    sign_in.add_argument("account", metavar="ACCOUNT", help=_("its name or id"))
    add("quit", _("end the running applet, and wait until it has ended"))


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("one JSON document on standard output"))
    parser.add_argument("--cached", action="store_true", help=_("print the last known values and send nothing"))
    parser.add_argument("--watch", action="store_true", help=_("keep the table live in the terminal until q or Ctrl-C"))


def _add_line(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", metavar="NAME|TEMPLATE", help=_line_help())
    parser.add_argument("--watch", action="store_true", help=_("print a new line whenever it changes"))


def _line_help() -> str:
    names, template = "plain, waybar, polybar, i3blocks, tmux, json", "'{percent}%% {account}'"
    return _("{names}, or a template such as {template}").format(names=names, template=template)


def _add_pause(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("account", metavar="ACCOUNT", help=_("its name or id"))
    parser.add_argument("--force", action="store_true", help=_("do so even if its proxy has no other of the provider"))


def _add_config(parser: argparse.ArgumentParser) -> None:
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--init", action="store_true", help=_("write a commented file; one that is there is kept"))
    change.add_argument(
        "--set",
        action="append",
        metavar="KEY=VALUE",
        help=_("change a setting in the file, whose comments are kept; a running applet takes it over"),
    )


def _add_open(parser: argparse.ArgumentParser) -> None:
    what = _(
        "the credentials folder, or with a name what that account is kept in; the settings file; the page where an "
        "account's provider shows its usage; the page of a connected proxy"
    )
    parser.add_argument("what", choices=("folder", "settings", "usage", "proxy"), help=what)
    parser.add_argument("name", metavar="NAME", nargs="?", help=_("of the account or the proxy"))


def _add_snooze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "until",
        type=snooze_end,
        nargs="?",
        default="reset",
        metavar="UNTIL",
        help=_("reset (of what the icon shows; the default), tomorrow, a time as in 90m, 2h or 3d, or off"),
    )


def _add_connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help=_("as in https://proxy.example.com:8317"))
    parser.add_argument("--insecure", action="store_true", help=_("send the key over plain http beyond this machine"))


def _add_history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=day_count, metavar="N", help=_("only the last N days; a chart shows 7"))
    parser.add_argument("--account", metavar="NAME", help=_("only this account, by its name or file"))
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help=_("one JSON document on standard output"))
    output.add_argument("--csv", action="store_true", help=_("one sample a row on standard output"))
    output.add_argument("--html", metavar="FILE", help=_("a page with pictures, written into that file"))
    output.add_argument("--open", action="store_true", help=_("the same, shown in the browser"))
    output.add_argument("--forget", action="store_true", help=_("remove all that is recorded"))


def _add_next(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--min", type=_number(_("a percent from 0 to 100"), 100), metavar="PERCENT", help=_("left in every window; 1")
    )
    parser.add_argument("--provider", type=str.lower, metavar="P", help=_("among the accounts of this provider"))
    parser.add_argument("--account", metavar="NAME", help=_("this account, by name or id"))
    parser.add_argument("--model", type=_name, metavar="M", help=_("windows of this model count as well"))
    parser.add_argument(
        "--wait", type=_number(_("seconds"), 10**9), metavar="SECONDS", help=_("wait so long until there is one")
    )
    parser.add_argument("--fresh", action="store_true", help=_("ask the providers first"))
    parser.add_argument("--json", action="store_true", help=_("one JSON document on standard output"))


def _name(text: str) -> str:
    import argparse

    if not any(letter.isalnum() for letter in text):
        message = _("expected a name, not {text}").format(text=repr(text))
        raise argparse.ArgumentTypeError(message)
    return text


def _number(expected: str, most: float) -> Callable[[str], float]:
    """Return what reads a number from 0 to ``most``."""

    def read(text: str) -> float:
        import argparse

        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= most:
            message = _("expected {expected}, not {text}").format(expected=expected, text=repr(text))
            raise argparse.ArgumentTypeError(message)
        return value

    return read


def add_common(parser: argparse.ArgumentParser) -> None:
    """Declare the options that every command takes."""
    parser.add_argument("--dir", metavar="PATH", help=_("the credentials folder"))
    parser.add_argument("--config", metavar="PATH", help=_("the config file"))
    parser.add_argument("-v", "--verbose", action="store_true", help=_("tell what happens"))
    parser.add_argument("--backend", choices=BACKENDS, help=_("the kind of tray; 'none' shows nothing"))
