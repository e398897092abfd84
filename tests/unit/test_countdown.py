"""An empty quota counts down to its reset in the icon: what it says, for which window, and whether it can be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops, ImageFilter

from trayquota.core.model import AccountUsage, Level
from trayquota.core.text import format_short_duration
from trayquota.render import SIZES, palette, render
from trayquota.render.countdown import countdown_mask
from trayquota.views.tray import tray_view
from trayquota.views.tray_view import IconSpec

from .facts import NOW
from .samples import ADA, BOB, OPTIONS, five_hours, opus, passed, snapshot, span, usage, weekly

EMPTY_ADA = usage(ADA, five_hours(0, "47m 30s"), weekly(60))
TEXTS = [
    f"{number}{unit}"
    for unit, numbers in (("m", (1, 8, 10, 47, 59)), ("h", (1, 23)), ("d", (2, 30, 99)))
    for number in numbers
]


def icon(*usages: AccountUsage, **options: object) -> IconSpec:
    return tray_view(snapshot(*usages), NOW, replace(OPTIONS, **options)).icon


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("0s", "1m"),
        ("59s", "1m"),
        ("47m 59s", "47m"),
        ("59m 59s", "59m"),
        ("60m", "1h"),
        ("23h 59m", "23h"),
        ("24h", "1d"),
        ("2d 23h", "2d"),
        ("200d", "99d"),
    ],
)
def test_a_time_is_in_its_largest_unit(time: str, text: str) -> None:
    assert format_short_duration(span(time).total_seconds()) == text


def test_an_empty_quota_shows_the_time_to_its_reset_unless_it_is_switched_off() -> None:
    assert icon(EMPTY_ADA) == IconSpec(0, level=Level.EMPTY, countdown="47m")
    assert icon(EMPTY_ADA, icon_counts_down=False) == IconSpec(0, level=Level.EMPTY)


@pytest.mark.parametrize("window", [five_hours(0, None), five_hours(0.4, "47m")])
def test_a_number_stays_where_a_rest_is_left_or_no_reset_is_known(window: object) -> None:
    assert icon(replace(EMPTY_ADA, windows=(window,))).countdown == ""


def test_a_reset_that_has_passed_is_not_counted_down_to() -> None:
    answered_late = replace(usage(ADA, passed(five_hours(0))), updated_at=NOW)
    assert icon(answered_late) == IconSpec(0, level=Level.EMPTY)


def test_of_several_empty_windows_the_one_that_holds_the_account_up_counts() -> None:
    both = usage(ADA, five_hours(0, "47m"), weekly(0, "2d 3h"), opus(0, "6d"))
    assert icon(both).countdown == "2d"
    assert icon(both, icon_shows=f"{ADA.id} / 5-hour").countdown == "47m"
    assert icon(both, ignored_windows=frozenset({"Weekly"})).countdown == "47m"


def test_the_next_account_is_shown_while_one_has_room_and_else_who_is_back_first() -> None:
    bob = usage(BOB, weekly(30))
    assert icon(EMPTY_ADA, bob, icon_shows="next") == IconSpec(30, level=Level.PLENTY)
    assert icon(EMPTY_ADA, usage(BOB, weekly(0, "5m")), icon_shows="next").countdown == "5m"


def test_the_picture_is_another_one_only_when_its_text_is() -> None:
    seen = [tray_view(snapshot(EMPTY_ADA), NOW + timedelta(seconds=second), OPTIONS).icon for second in range(91)]
    assert [spec.countdown for spec in dict.fromkeys(seen)] == ["47m", "46m"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_time_stands_whole_and_clear_on_its_ground(size: int, text: str) -> None:
    rim = max(1, round(size / 17))
    for badge in (False, True):
        spec = IconSpec(0, level=Level.EMPTY, countdown=text, attention=badge)
        across = (5 if size < 20 else 2 * round(0.17 * size)) if badge else 0
        mask = countdown_mask(text, size, rim, across)
        box = mask.getbbox()
        assert box is not None
        left, top, right, low = box
        assert min(left, top) > rim
        assert max(right, low) < size - rim
        assert low - top >= 0.36 * size
        picture = render(spec, size).convert("RGB")
        touched = mask.point(lambda cover: 255 * (cover > 0))
        ground = ImageChops.subtract(touched.filter(ImageFilter.MaxFilter(3)), touched)
        around = [pixel for pixel, is_ground in zip(_pixels(picture), ground.tobytes(), strict=True) if is_ground]
        white = palette.LEVELS[Level.EMPTY].rest
        # The corners of the tile and of the ground of its badge are round.
        assert around.count(white) >= 0.95 * len(around), (text, size)


@pytest.mark.parametrize("size", SIZES)
def test_times_are_told_apart(size: int) -> None:
    pictures = {render(IconSpec(0, level=Level.EMPTY, countdown=text), size).tobytes() for text in TEXTS}
    assert len(pictures) == len(TEXTS)


def test_two_bars_stay_two_bars() -> None:
    spec = IconSpec(0, level=Level.EMPTY, bars=(0, 70), style="bar")
    assert render(replace(spec, countdown="47m"), 22).tobytes() == render(spec, 22).tobytes()


def _pixels(image: Image.Image) -> list[tuple[int, ...]]:
    data = image.tobytes()
    return list(zip(data[0::3], data[1::3], data[2::3], strict=True))
