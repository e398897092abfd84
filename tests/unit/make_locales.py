"""``python -m tests.unit.make_locales`` writes the table of times anew, of what Babel knows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global
from babel.dates import format_datetime, match_skeleton
from insides import forget_locales

from trayquota.settings.locales import TABLE

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
FIELDS = {
    "HH": "{H:02}",
    "H": "{H}",
    "hh": "{h:02}",
    "h": "{h}",
    "mm": "{m:02}",
    "m": "{m}",
    "a": "{p}",
    "B": "{p}",
    "dd": "{d:02}",
    "d": "{d}",
    "MMM": "{M}",
    "LLL": "{M}",
    "MM": "{M}",
    "M": "{M}",
}
PIECES = re.compile(r"'([^']*)'|([A-Za-z])\2*")


def main() -> None:
    TABLE.write_text(table(), "utf-8", newline="\n")


def table() -> str:
    """Return the content of the table."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for name, locale in sorted(all_locales().items()):
        rows.setdefault(table_row(str(locale)), []).append(name.lower())
    return "".join("\t".join((" ".join(names), *fields)) + "\n" for fields, names in rows.items())


def all_locales() -> dict[str, Locale]:
    """Return all locales by all their names; one with a script is known without it where that is the usual one."""
    found = {}
    for name in localedata.locale_identifiers():
        found[name] = locale = Locale.parse(name)
        if locale.script is not None:
            short = "_".join(part for part in (locale.language, locale.territory, locale.variant) if part)
            try:
                found.setdefault(short, Locale.parse(short))
            except UnknownLocaleError:
                continue
    # Codes of former days, which systems still use.
    former = {old: found[new] for old, new in get_global("language_aliases").items() if new in found}
    return former | found


def alone(name: str) -> Locale:
    """Return a locale as it is for a program that uses no other: what Babel keeps of one gets into the next."""
    forget_locales()
    return Locale.parse(name)


@cache
def table_row(name: str) -> tuple[str, ...]:
    """Return how a locale writes moments."""
    locale = alone(name)
    time = locale.time_formats["short"].pattern
    skeletons = locale.datetime_skeletons
    date = skeletons["MMMd" if "MMMd" in skeletons else match_skeleton("MMMd", skeletons)].pattern
    month = next(piece[0] for piece in PIECES.finditer(date) if FIELDS.get(piece[0]) == "{M}")
    days = [format_datetime(MONDAY + timedelta(days=day), "EEE", locale=locale) for day in range(7)]
    months = [format_datetime(datetime(2026, number, 1, tzinfo=UTC), month, locale=locale) for number in range(1, 13)]
    parts = []
    if part := next((piece[0] for piece in PIECES.finditer(time) if FIELDS.get(piece[0]) == "{p}"), None):
        parts = [format_datetime(MONDAY.replace(hour=hour, minute=30), part, locale=locale) for hour in range(24)]
        if parts == [parts[0]] * 12 + [parts[12]] * 12:
            parts = [parts[0], parts[12]]
    return template(time), template(date), "|".join(days), "|".join(months), "|".join(parts)


def template(pattern: str) -> str:
    """Return a pattern of CLDR as ``str.format`` wants it."""
    return PIECES.sub(lambda piece: FIELDS[piece[0]] if piece[1] is None else piece[1] or "'", pattern)


if __name__ == "__main__":
    main()
