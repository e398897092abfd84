"""Text made fit for each field that hosts read; everything here is pure.

What hosts do with the fields, by reading and by looking (Xfce 4.18, Plasma 5.27 and 6, Waybar 0.9 to 0.12):

- ``Title`` and the tool tip's title are plain text. Xfce escapes the tool tip's title itself and Plasma shows
  it as plain text, so escaping it here would show ``&amp;``; Waybar before 0.12 parses it, and shows nothing at all
  where that fails, so there it has look-alikes.
- The tool tip's description is markup by the specification. Xfce and Waybar before 0.12 hand it to Pango as
  it is: an unescaped ``&`` or an unknown tag such as ``<br/>`` leaves the whole tool tip empty. Qt hosts take it
  for plain text where its first line has no tags, and show entities as they are. Lines are separated by a line
  feed, which is right in all of them.
- A menu label's ``_`` marks a mnemonic; ``__`` is the character itself.
"""

from __future__ import annotations

import re

from trayquota.core.text import escape_markup
from trayquota.core.translation import writing_direction
from trayquota.tray.quirks import TooltipStyle

# A NUL or half of a surrogate pair is no D-Bus string: the bus would close the connection.
_LOOK_ALIKES = str.maketrans(
    {"<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"}
)
_AMPERSAND = "\N{FULLWIDTH AMPERSAND}"
_FROM_THE_RIGHT, _END = "\N{RIGHT-TO-LEFT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_UNSENDABLE = re.compile("[\0\ud800-\udfff]")


def sendable(text: str) -> str:
    """``text`` with what D-Bus strings cannot hold replaced by U+FFFD."""
    return _UNSENDABLE.sub("\ufffd", text)


def menu_label(text: str) -> str:
    """``text`` for a menu entry's label, which reads from the right where its language does, whatever the desktop's is.

    Qt lays a label out by the direction of the desktop; GTK by the label's first letter, which can be of an address.
    """
    label = sendable(text).replace("_", "__")
    return f"{_FROM_THE_RIGHT}{label}{_END}" if writing_direction() == "rtl" else label


def tool_tip(headline: str, rest: str, style: TooltipStyle) -> tuple[str, str]:
    """Return title and text of the property ``ToolTip``.

    Args:
        headline: The first line, plain.
        rest: The other lines, plain.
        style: How the host shows them.
    """
    match style:
        case TooltipStyle.MARKUP:
            return headline, escape_markup(rest)
        case TooltipStyle.MARKUP_TITLE:
            return headline.translate(_LOOK_ALIKES).replace("&", _AMPERSAND), escape_markup(rest)
        case TooltipStyle.PLAIN:
            return _never_rich(headline), _never_rich(rest)
        case TooltipStyle.TITLE:
            return _never_rich("\n".join(filter(None, (headline, rest)))), ""


def _never_rich(text: str) -> str:
    """``text`` with look-alikes for what makes Qt take it for rich text, of which entities would remain.

    ``Qt::mightBeRichText`` (qtbase/src/gui/text/qtextdocument.cpp) goes by tags and ``&lt;`` in the first line.
    """
    return text.translate(_LOOK_ALIKES).replace("&lt;", "& lt;")


def headline_and_rest(title: str) -> tuple[str, str]:
    """An icon's title parted: its first line, and the other lines as they are."""
    headline, _, rest = title.partition("\n")
    return headline.strip(), rest.strip("\n")
