"""``python -m tests.unit.make_locales`` writes the table of times anew, of what Babel knows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global
from babel.dates import format_datetime, match_skeleton

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
    for name, locale in sorted(known().items()):
        rows.setdefault(row(str(locale)), []).append(name.lower())
    return "".join("\t".join((" ".join(names), *fields)) + "\n" for fields, names in rows.items())


def known() -> dict[str, Locale]:
    """Return all locales by all their names; one with a script is known without it where that is the usual one."""
    found = {}
    for name in localedata.locale_identifiers():
        found[name] = locale = Locale.parse(name)
        if locale.script is not None:
            short = "_".join(each for each in (locale.language, locale.territory, locale.variant) if each)
            try:
                found.setdefault(short, Locale.parse(short))
            except UnknownLocaleError:
                continue
    # Codes of former days, which systems still use.
    former = {old: found[new] for old, new in get_global("language_aliases").items() if new in found}
    return former | found


def alone(name: str) -> Locale:
    """Return a locale as it is for a program that uses no other: what Babel keeps of one gets into the next."""
    localedata._cache.clear()
    return Locale.parse(name)


@cache
def row(name: str) -> tuple[str, ...]:
    """Return how a locale writes moments."""
    locale = alone(name)
    time = locale.time_formats["short"].pattern
    skeletons = locale.datetime_skeletons
    date = skeletons["MMMd" if "MMMd" in skeletons else match_skeleton("MMMd", skeletons)].pattern
    month = next(each[0] for each in PIECES.finditer(date) if FIELDS.get(each[0]) == "{M}")
    days = [format_datetime(MONDAY + timedelta(days=each), "EEE", locale=locale) for each in range(7)]
    months = [format_datetime(datetime(2026, each, 1, tzinfo=UTC), month, locale=locale) for each in range(1, 13)]
    parts = []
    if part := next((each[0] for each in PIECES.finditer(time) if FIELDS.get(each[0]) == "{p}"), None):
        parts = [format_datetime(MONDAY.replace(hour=each, minute=30), part, locale=locale) for each in range(24)]
        if parts == [parts[0]] * 12 + [parts[12]] * 12:
            parts = [parts[0], parts[12]]
    return template(time), template(date), "|".join(days), "|".join(months), "|".join(parts)


def template(pattern: str) -> str:
    """Return a pattern of CLDR as ``str.format`` wants it."""
    return PIECES.sub(lambda each: FIELDS[each[0]] if each[1] is None else each[1] or "'", pattern)


if __name__ == "__main__":
    main()
