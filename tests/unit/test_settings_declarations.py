"""One declaration a setting: the file, README and the errors say what it says, whatever shape the setting has."""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct, field

from trayquota.settings.config import Settings, setting
from trayquota.settings.declarations import declarations, explain
from trayquota.settings.edit import config_template, set_setting, toml_value

README = Path(__file__).parent.parent.parent / "README.md"


class Place(StrEnum):
    TOP = "top"
    BOTTOM = "bottom"


class Kept(Struct, frozen=True, forbid_unknown_fields=True):
    days: Annotated[int, Meta(ge=1, le=365), setting("How long it is kept.", unit="days")] = 30
    is_packed: Annotated[bool, setting("Whether it is packed.")] = True


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of every shape that there may be."""

    names: Annotated[dict[str, str], setting("Names of your own.", expected="a table of names")] = field(
        default_factory=dict
    )
    kept: Annotated[Kept, setting("What is kept, and how long.")] = field(default_factory=Kept)
    place: Annotated[Place, setting("Where it goes.")] = Place.TOP
    kinds: Annotated[tuple[Literal["a", "b"], ...], setting("The kinds.", expected='a list of kinds, as in ["a"]')] = (
        "b",
    )
    only: Annotated[Literal["one"], setting("There is one.")] = "one"


SAMPLE_TEMPLATE = """\
# Where it goes.
# place = "top"

# The kinds.
# kinds = ["b"]

# There is one.
# only = "one"

# Names of your own.
# [names]

# What is kept, and how long.
# [kept]

# How long it is kept.
# days = 30

# Whether it is packed.
# is_packed = true
"""


def test_every_setting_says_what_it_is_and_what_it_may_be() -> None:
    declared = declarations(Settings)
    assert list(declared) == list(Settings.__struct_fields__)
    for said in declared.values():
        assert said.description.endswith("."), said.key
        assert said.expected, said.key
        assert said.default == getattr(Settings(), said.key)


def test_the_table_in_readme_is_what_the_settings_declare() -> None:
    declared = declarations(Settings).values()
    rows = [f"| `{said.key}` | `{toml_value(said.default)}` | {said.description} |" for said in declared]
    table = "\n".join(["| key | default | |", "|---|---|---|", *rows])
    assert table in README.read_text("utf-8"), f"put this into README:\n{table}"


def test_the_numbers_in_a_description_are_the_bounds() -> None:
    for said in declarations(Settings).values():
        numbers = set(re.findall(r"(?<![.:\d])\d+(?![.:\d])", said.description))
        assert numbers <= set(re.findall(r"\d+", said.expected)), said.key


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("interval_minutes", "a number of minutes from 1 to 1440"),
        ("low_percent", "a number from 0 to 100"),
        ("icon_style", '"number", "ring", "bar" or "plain"'),
        ("notifications", "true or false"),
    ],
)
def test_what_is_expected_follows_from_the_type(key: str, expected: str) -> None:
    assert declarations(Settings)[key].expected == expected


def test_tables_enums_and_lists_are_declared_like_the_rest() -> None:
    assert {key: (said.expected, said.is_table) for key, said in declarations(Sample).items()} == {
        "names": ("a table of names", True),
        "kept": ("a table", True),
        "kept.days": ("a whole number of days from 1 to 365", False),
        "kept.is_packed": ("true or false", False),
        "place": ('"top" or "bottom"', False),
        "kinds": ('a list of kinds, as in ["a"]', False),
        "only": ('"one"', False),
    }


def test_tables_come_last_in_the_commented_file() -> None:
    _, _, body = config_template(Sample).partition("\n\n")
    assert body == SAMPLE_TEMPLATE


def test_the_commented_file_without_its_comments_is_all_defaults() -> None:
    lines = [line.removeprefix("# ") for line in SAMPLE_TEMPLATE.splitlines() if re.match(r"# [a-z\[]", line)]
    assert len(lines) == 7
    assert msgspec.convert(tomllib.loads("\n".join(lines)), Sample) == Sample()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"x": 1}, "x: there is no such setting. Expected one of names, kept, place, kinds, only."),
        ({"kept": {"x": 1}}, "kept.x: there is no such setting. Expected one of kept.days, kept.is_packed."),
        ({"kept": {"days": 0}}, "kept.days: expected a whole number of days from 1 to 365."),
        ({"kept": 5}, "kept: expected a table."),
        ({"names": {"a": 5}}, "names: expected a table of names."),
        ({"place": "left"}, 'place: expected "top" or "bottom".'),
        ({"kinds": ["c"]}, 'kinds: expected a list of kinds, as in ["a"].'),
        ({"a`b": 1}, "a`b: there is no such setting. Expected one of names, "),
    ],
)
def test_an_error_names_the_setting_in_its_table(value: object, message: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, Sample)
    assert explain(str(caught.value), Sample).startswith(message)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a b": "c", "n": {"m": [1]}}, '{"a b" = "c", n = {m = [1]}}'),
        (Kept(), "{days = 30, is_packed = true}"),
        (Place.TOP, '"top"'),
        (("a", "b"), '["a", "b"]'),
    ],
)
def test_a_value_of_any_shape_is_one_line_of_toml(value: object, text: str) -> None:
    assert toml_value(value) == text


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("[kept] # mine\ndays = 3 # short\n", "kept.days", "[kept] # mine\ndays = 30 # short\n"),
        ("# a\n", "kept.days", "# a\n\n[kept]\ndays = 30\n"),
        ("[names]\na = 'b'\n", "minutes", "minutes = 30\n\n[names]\na = 'b'\n"),
    ],
)
def test_a_choice_finds_its_place_among_tables(tmp_path: Path, before: str, key: str, after: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    set_setting(path, key, 30, lambda _: None)
    assert path.read_text() == after
