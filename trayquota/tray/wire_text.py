"""Text made fit for each field that hosts read; everything here is pure.

What hosts do with the fields, by reading and by looking (Xfce 4.18, Plasma 5.27 and 6, Waybar 0.9 to 0.12):

- ``Title`` and the tool tip's title are plain text. Xfce escapes the tool tip's title itself and Plasma shows
  it as plain text, so escaping it here would show ``&amp;``; only Waybar before 0.12 parses it.
- The tool tip's description is markup by the specification. Xfce and Waybar before 0.12 hand it to Pango as
  it is: an unescaped ``&`` or an unknown tag such as ``<br/>`` leaves the whole tool tip empty. Plasma takes
  text without tags as plain text and keeps its line breaks. So ``&``, ``<`` and ``>`` are escaped and lines
  are separated by a line feed, which is right in all of them. Plasma shows at most eight lines.
- A menu label's ``_`` marks a mnemonic; ``__`` is the character itself.
"""

from __future__ import annotations

import re

# A NUL or half of a surrogate pair is no D-Bus string: the bus would close the connection.
_UNSENDABLE = re.compile("[\0\ud800-\udfff]")


def sendable(text: str) -> str:
    """``text`` with what D-Bus strings cannot hold replaced by U+FFFD."""
    return _UNSENDABLE.sub("\ufffd", text)


def escaped(text: str) -> str:
    """``text`` for a field that is parsed as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def menu_label(text: str) -> str:
    """``text`` for a menu entry's label."""
    return sendable(text).replace("_", "__")


def headline_and_rest(title: str) -> tuple[str, str]:
    """An icon's title parted: its first line, and the other lines as they are."""
    headline, _, rest = title.partition("\n")
    return headline.strip(), rest.strip("\n")
