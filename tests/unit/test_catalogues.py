"""The catalogues: complete, with the same fields, and of the texts that the code has now."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from trayquota.settings.language import NAMES

from .make_texts import TEMPLATE, template

if TYPE_CHECKING:
    from pathlib import Path

    from babel.messages.catalog import Catalog, Message

pytestmark = pytest.mark.skipif(not TEMPLATE.exists(), reason="a wheel has the compiled catalogues alone")
CATALOGUES = sorted(TEMPLATE.parent.glob("*.po"))
PLURALS = {
    **dict.fromkeys(("ja", "ko", "tr", "zh_CN", "zh_TW"), 1),
    **dict.fromkeys(("de", "es", "fr", "it", "pt_BR"), 2),
    **dict.fromkeys(("pl", "ru", "uk"), 3),
    "ar": 6,
}
"""How many forms each language counts with."""
FILLED_IN = re.compile(r"%(?:\(\w+\))?[srd%]")


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def fields(text: str) -> set[str]:
    """Return the fields of a text that has any, with their formats; others are no templates."""
    return {f"{name}:{form}" for _text, name, form, _conversion in Formatter().parse(text) if name is not None}


def test_the_template_has_the_texts_of_the_code() -> None:
    assert TEMPLATE.read_bytes() == template(), "run: python -m tests.unit.make_texts"


def test_every_text_is_a_template_that_can_be_filled_in() -> None:
    for message in messages(read(TEMPLATE)):
        for text in forms(message.id):
            if "{" in text:
                assert all(re.fullmatch(r"[a-z_]+:", field) for field in fields(text)), text


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
class TestCatalogue:
    def test_has_exactly_the_texts_of_the_template(self, path: Path) -> None:
        expected = {(message.context, message.id) for message in messages(read(TEMPLATE))}
        assert {(message.context, message.id) for message in messages(read(path))} == expected

    def test_is_of_a_language_whose_name_is_known(self, path: Path) -> None:
        assert path.stem in NAMES

    def test_is_whole(self, path: Path) -> None:
        catalog = read(path)
        assert catalog.num_plurals == PLURALS[path.stem]
        for message in messages(catalog):
            assert not message.fuzzy, message.id
            count = catalog.num_plurals if isinstance(message.id, list | tuple) else 1
            assert len(forms(message.string)) == count, message.id
            assert all(forms(message.string)), message.id

    def test_keeps_the_fields(self, path: Path) -> None:
        for message in messages(read(path)):
            ids = forms(message.id)
            for text in forms(message.string):
                # A form for one thing need not say "1".
                needed = fields(ids[0]) if len(ids) == 1 else fields(ids[0]) & fields(ids[-1]) - {"count:"}
                assert needed <= fields(text) <= fields(ids[-1]) | fields(ids[0]), (ids, text)

    def test_keeps_what_argparse_fills_in(self, path: Path) -> None:
        for message in messages(read(path)):
            for text in forms(message.string):
                assert sorted(FILLED_IN.findall(text)) == sorted(FILLED_IN.findall(forms(message.id)[0])), text

    def test_keeps_what_surrounds_a_text(self, path: Path) -> None:
        for message in messages(read(path)):
            for text in forms(message.string):
                for edge in "\n" if message.context == "between parts" else "\n ":
                    assert text.startswith(edge) == forms(message.id)[0].startswith(edge), text
                    assert text.endswith(edge) == forms(message.id)[0].endswith(edge), text
