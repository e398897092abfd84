"""Text shortened to what a field of Windows holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trayquota.views.utf16_text import fit_lines, fit_text, utf16_units

LINES = "one account\ntwo accounts\nthree accounts"


def test_what_fits_is_left_alone() -> None:
    assert fit_lines(LINES, len(LINES)) == LINES


def test_whole_lines_are_kept_and_the_others_counted() -> None:
    assert fit_lines(LINES, len(LINES) - 1) == "one account\ntwo accounts\n+1 more"
    assert fit_lines(LINES, 24) == "one account\n+2 more"


def test_lines_that_were_left_out_before_are_counted_in() -> None:
    assert fit_lines(f"{LINES}\n+7 more", len(LINES)) == "one account\ntwo accounts\n+8 more"


def test_a_first_line_that_is_too_long_is_shortened() -> None:
    assert fit_lines(f"{'x' * 50}\nrest", 20) == f"{'x' * 19}…"
    assert fit_lines("x" * 50, 20) == f"{'x' * 19}…"


def test_a_character_of_two_units_counts_twice_and_is_not_halved() -> None:
    assert fit_text("😀" * 4, 6) == "😀😀…"


@given(st.text(alphabet="ab 😀\n", max_size=80), st.integers(0, 60))
def test_the_limit_is_kept(text: str, limit: int) -> None:
    assert utf16_units(fit_lines(text, limit)) <= limit
