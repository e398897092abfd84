"""What the page of the history is made of, as its template takes it."""

from __future__ import annotations

from markupsafe import Markup, escape
from msgspec import Struct

_CELL, _ROW = "\x1f", "\x1e"
"""Between two of them, in no text that is shown."""


class Table(Struct, frozen=True):
    """What a picture shows, in words.

    Attributes:
        caption: What it is about.
        headings: Of the columns.
        rows: The first cell of each names it.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def body(self) -> Markup:
        """The rows as elements, escaped all at once: the page of a year has fifty thousand cells."""
        text = str(escape(_ROW.join(_CELL.join(row) for row in self.rows)))
        parts = (row.partition(_CELL) for row in text.split(_ROW) if row)
        return Markup(  # noqa: S704 - what is in it was escaped
            "\n".join(
                f'<tr><th scope="row">{name}</th><td>{cells.replace(_CELL, "</td><td>")}</td></tr>'
                for name, _, cells in parts
            )
        )


class Figure(Struct, frozen=True):
    """A picture with its table.

    Attributes:
        name: The id of what describes the picture.
        description: One sentence.
        picture: SVG.
        table: The same in words.
    """

    name: str
    description: str
    picture: Markup
    table: Table


class Section(Struct, frozen=True):
    """A part of the page with a heading of its own."""

    title: str
    summary: str
    figures: tuple[Figure, ...]


class AccountPart(Struct, frozen=True):
    """All about one account.

    Attributes:
        name: The id of its heading.
        title: Who it is.
        sections: One for each window, and one for all of them.
    """

    name: str
    title: str
    sections: tuple[Section, ...]
