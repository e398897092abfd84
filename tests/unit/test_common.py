"""What the commands share."""

from __future__ import annotations

import io
import sys
from argparse import ArgumentTypeError

import pytest

from trayquota.cli.common import day_count, say, snooze_end


@pytest.mark.parametrize(("text", "days"), [("1", 1), ("36500", 36_500), ("007", 7)])
def test_days_are_counted(text: str, days: int) -> None:
    assert day_count(text) == days


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.5", "36501", "000000001999999999", "٣", "²", "9" * 5000, "0" * 5000]
)
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="from 1 to 36500"):
        day_count(text)


def test_a_snooze_of_more_than_its_most_is_refused() -> None:
    assert snooze_end("0090m") == "90"
    with pytest.raises(ArgumentTypeError):
        snooze_end("000000001999999999h")


class Nobody(io.StringIO):
    """Whoever read it has gone."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_message_that_nobody_takes_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", Nobody())
        say("is not read")
