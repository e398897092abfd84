"""A day's samples in four bytes each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trayquota.store.packed_samples import DAY_S, LAST_DAY, hourly, last_sample, packed, series_of, until

SAMPLES = st.tuples(st.integers(0, DAY_S - 1), st.integers(0, 10_000))
DAYS = st.dictionaries(st.integers(0, LAST_DAY), st.lists(SAMPLES, max_size=5).map(sorted), max_size=5)


@given(DAYS)
def test_what_is_packed_comes_back_in_the_order_of_its_time(days: dict[int, list[tuple[int, int]]]) -> None:
    ordered = [(day * DAY_S, days[day]) for day in sorted(days)]
    content = [
        (begin_s // DAY_S, b"".join(packed(begin_s + second, used) for second, used in samples))
        for begin_s, samples in ordered
    ]
    expected = [(begin_s + second, used) for begin_s, samples in ordered for second, used in samples]
    series = series_of(content)
    assert list(zip(series.at_s, series.used, strict=True)) == expected
    for (day, packed_day), (begin_s, samples) in zip(content, ordered, strict=True):
        if samples:
            assert last_sample(day, packed_day) == (begin_s + samples[-1][0], samples[-1][1])


def test_of_each_hour_the_last_is_kept_and_of_a_day_all_up_to_a_second() -> None:
    content = packed(0, 100) + packed(3599, 200) + packed(7200, 300)
    assert hourly(content) == packed(3599, 200) + packed(7200, 300)
    assert until(content, 3599) == packed(0, 100) + packed(3599, 200)
