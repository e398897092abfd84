"""Numbers, percents, JSON and texts out of anything."""

from __future__ import annotations

import base64
import contextlib
import math
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_files import web_token

from trayquota.core.model import QuotaWindow
from trayquota.core.text import TITLE_LIMIT
from trayquota.providers.quota_windows import MOST_WINDOWS, scoped_title, unique_windows
from trayquota.providers.values import (
    fields,
    first,
    fraction,
    items,
    jwt_claims,
    number,
    parse_json,
    percent,
    text,
    whole,
)

from . import facts

if TYPE_CHECKING:
    from decimal import Decimal


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (42, 42.0),
        (42.5, 42.5),
        ("42", 42.0),
        (" 37 ", 37.0),
        ("+1", 1.0),
        ("-1", -1.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("0E-10", 0.0),
        ("1e2", 100.0),
    ],
)
def test_numbers(value: object, result: float) -> None:
    assert number(value) == result


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        "%",
        "4%2",
        "%4%2%",
        "42%%",
        "%42",
        "\u0664\u0662",
        "\u096a\u0968",
        "\uff14\uff12",
        "4\u00b2",
        ".",
        "nan",
        "inf",
        "-Infinity",
        "1_000",
        "0x10",
        "1,5",
        "4 2",
        "1" * 81,
        "1e9999",
        math.nan,
        math.inf,
        10**400,
        [],
        {},
    ],
)
def test_no_numbers(value: object) -> None:
    assert number(value) is None
    assert percent(value) is None
    assert whole(value) is None


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (1, 1),
        (0.5, 0.5),
        (100, 100),
        (100.1, 100),
        (250, 100),
        (-5, 0),
        ("-0.0", 0),
        ("42.5%", 42.5),
        ("42.5 %", 42.5),
        (" 7% ", 7),
        ("250%", 100),
    ],
)
def test_percents_are_limited_to_the_scale(value: object, result: float) -> None:
    assert percent(value) == result


@pytest.mark.parametrize("value", [-1e308, 1e308, "1e5", "-1e9%", -101, 10_001])
def test_an_absurd_percent_is_unknown(value: object) -> None:
    assert percent(value) is None


@pytest.mark.parametrize(("value", "left"), [(0.35, 0.35), ("0.35", 0.35), (-0.33, 0), (1.0000001, 1), (0, 0)])
def test_fractions_are_limited_to_the_whole(value: object, left: float) -> None:
    assert fraction(value) == left


@pytest.mark.parametrize("value", [1e308, -1e308, 85, "1e5", True, "85%", None])
def test_what_is_no_fraction_is_unknown(value: object) -> None:
    assert fraction(value) is None


@given(st.decimals(-100, 10_000, allow_nan=False, places=4), st.sampled_from(("", "%", " %", "% ")))
def test_a_percent_is_read_as_it_is_written(value: Decimal, sign: str) -> None:
    assert percent(f"{value:f}{sign}") == min(100.0, max(0.0, float(value)))


@given(st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_being_written(value: float) -> None:
    assert number(value) == number(str(value)) == float(value)


@given(st.text(st.sampled_from("0123456789.+-eE% x\u0664\u00b2"), max_size=12))
def test_only_text_that_is_one_number_is_read_as_one(line: str) -> None:
    found = number(line)
    plain = re.fullmatch(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", line)
    if found is not None:
        assert plain is not None
        assert found == float(line)
    elif plain is not None:
        assert math.isinf(float(line)) or len((plain[2] or "").strip("eE+-")) > 4


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": NaN}', {"a": None}),
        (b"[Infinity, -Infinity]", [None, None]),
        (b"\xef\xbb\xbf{}", {}),
        ('{"a": "\u00e4"}'.encode("utf-16"), {"a": "\u00e4"}),
    ],
)
def test_json(body: bytes, value: object) -> None:
    assert parse_json(body) == value


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b"\0", b"\0" * 64, b"1" * 5000, b"{'a': 1}"])
def test_no_json(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_json(body)


@given(st.binary())
def test_any_bytes_are_json_or_not(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse_json(body)


def test_objects_and_arrays() -> None:
    assert fields({"a": 1}) == {"a": 1}
    assert items([1]) == [1]
    for each in (None, 7, "text", True):
        assert fields(each) == {}
        assert items(each) == []
    assert fields([1]) == {}
    assert items({"a": 1}) == []


def test_the_first_of_several_keys() -> None:
    assert first({"a": None, "b": 0, "c": 1}, "a", "b", "c") == 0
    assert first({"a": None}, "a", "b") is None


@pytest.mark.parametrize("value", [None, "", " \n", "\u200b\u202e", 7, True, ["a"]])
def test_no_text(value: object) -> None:
    assert text(value) is None


def test_claims_are_read_without_padding_and_without_trust() -> None:
    claims = facts.load("codex_id_token_claims.json")
    assert jwt_claims(web_token(claims)) == claims
    padded = base64.urlsafe_b64encode(b'{"a": "\xc3\xa4?>"}').decode()
    assert jwt_claims(f"x.{padded}.y") == {"a": "\u00e4?>"}


@pytest.mark.parametrize(
    "token",
    [None, "", "opaque", "a.b", "a.b.c.d", "..", "a.!.c", "a.\u00e4.c", "a.e30", "a.W10.c", "a.e30.c" + "x" * 65536],
)
def test_no_claims(token: object) -> None:
    assert jwt_claims(token) == {}


def test_titles_are_shortened_within_their_parentheses() -> None:
    assert scoped_title("Weekly", "Opus") == "Weekly (Opus)"
    shortened = scoped_title("Weekly", "x" * 100)
    assert (len(shortened), shortened[-2:]) == (TITLE_LIMIT, "…)")


def test_titles_that_come_again_are_counted() -> None:
    windows = [QuotaWindow(title, 1.0) for title in ("Weekly", "5-hour", "Weekly", "Weekly", "x" * 60, "x" * 60)]
    found = [each.title for each in unique_windows(windows)]
    assert found == ["Weekly", "5-hour", "Weekly 2", "Weekly 3", "x" * 60, "x" * 56 + "… 2"]
    assert len(unique_windows(windows * 100)) == MOST_WINDOWS
