"""The texts of Python's own argparse, in the person's language as the rest of the help."""

from __future__ import annotations

import argparse

from trayquota.core.translation import _, marked, ngettext

TEXTS = (
    marked("usage: "),
    marked("positional arguments"),
    marked("options"),
    marked("show this help message and exit"),
    # Translators: %(prog)s and the like are filled in by argparse
    marked("%(prog)s: error: %(message)s\n"),
    marked("argument %(argument_name)s: %(message)s"),
    marked("unrecognized arguments: %s"),
    marked("the following arguments are required: %s"),
    marked("one of the arguments %s is required"),
    marked("not allowed with argument %s"),
    marked("ignored explicit argument %r"),
    marked("expected one argument"),
    marked("invalid choice: %(value)r (choose from %(choices)s)"),
    marked("invalid %(type)s value: %(value)r"),
)
"""Those that the program's commands can show, as Python 3.11 and newer have them."""


def translate_argparse() -> None:
    """Have argparse look its texts up where all others are: it would take the system's catalogues, and has none."""
    vars(argparse).update(_=_, ngettext=ngettext)
