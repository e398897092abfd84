"""What can go wrong with a tray as a whole."""

from __future__ import annotations


class TrayUnavailable(Exception):  # noqa: N818 - a state of the desktop, not a fault of the program
    """No tray can be shown here.

    Its text is for people: what is missing, in one or two sentences.
    """
