"""What the page of the history is made of, as its template takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from markupsafe import Markup


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
