"""A page of HTML read for what its readers need: names of pictures, headings, tables, and nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Page(HTMLParser):
    """What is in a page.

    Attributes:
        tags: Every element's name and attributes, in order.
        ids: Of its elements.
        text: All that is read, of the style sheet too.
    """

    _VOID = frozenset({"meta", "line", "path", "circle", "br"})

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.parents: list[tuple[str, ...]] = []
        self._open: list[str] = []
        self.feed(content)
        assert self._open == [], "every element is closed"
        self.ids = [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.parents.append(tuple(self._open))
        if tag not in self._VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.parents.append(tuple(self._open))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.tags if name == tag]


def schemes(content: str) -> list[dict[str, str]]:
    """The colours of the light and the dark scheme, by their names."""
    return [dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", block)) for block in re.findall(r":root \{(.*?)\}", content)]


def contrast(first: str, second: str) -> float:
    """The contrast of two colours as WCAG 2 reckons it, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
