"""How locales write moments: one line each of a table that is made of Unicode's CLDR.

Babel knows the same and more, but its first moment takes 32 ms of processor time and 4.6 MiB of memory, and it takes
33 MiB on the disk, twice as much as any other library here; the table takes 2.5 ms, 0.4 MiB and 68 KB. So it stays
now that texts have languages, too (a catalogue takes 5 ms and 0.3 MiB). Its price is the 45 lines here and the 94 that
make it. It is made with Babel, and the tests compare the two.
"""

from __future__ import annotations

from pathlib import Path

from trayquota.views.clock_format import BRITISH, ClockFormat

TABLE = Path(__file__).with_name("locales.tsv")
"""Per line: the locales, the five fields of :class:`ClockFormat`; lists are separated by ``|``."""
_HOURS = 24


def time_format(locale: str) -> ClockFormat:
    """Return how ``locale`` writes moments.

    Args:
        locale: ``de_DE``, ``en-US``, ``fr_FR.UTF-8@euro``, …; of one that is unknown its language counts, and an
            unknown language is British English.
    """
    name = locale.split(".", 1)[0].split("@", 1)[0].replace("-", "_").lower()
    # As bytes: to decode and part all lines for the sake of one took 1 ms of each start.
    lines = TABLE.read_bytes().splitlines()
    line_by_name = {known: line for line in lines for known in line.partition(b"\t")[0].split(b" ")}
    while name:
        if line := line_by_name.get(name.encode("ascii", "replace")):
            return _clock_format(*line.decode("utf-8").split("\t")[1:])
        name = name.rpartition("_")[0]
        if name == "en":
            # Only who says so reads the American way.
            break
    return BRITISH


def _clock_format(time: str, date: str, days: str, months: str, parts: str) -> ClockFormat:
    names = parts.split("|") if parts else []
    # Most locales have two parts of the day, of twelve hours each.
    hours = [name for name in names for _ in range(_HOURS // len(names))]
    return ClockFormat(time, date, tuple(days.split("|")), tuple(months.split("|")), tuple(hours))
