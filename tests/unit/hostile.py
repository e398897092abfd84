"""Answers and files that nobody would write, and what must hold whatever they say."""

from __future__ import annotations

import json
import math
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from trayquota.core.text import TITLE_LIMIT
from trayquota.providers.quota_windows import MOST_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.core.model import QuotaWindow

ANY_TEXT = st.text(st.characters(codec=None), max_size=30)
_ODD_TEXTS = (
    "",
    "%",
    "42.5%",
    "-7",
    "1e999",
    "NaN",
    "Infinity",
    "0E-10",
    "1790089954",
    "1790089954000",
    "99999999999999999999",
    "2026-09-22T14:30:00.885429+00:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "2026-09-22 14:30",
    "tomorrow",
    "5h weekly full",
    "Bearer x\r\nHost: elsewhere",
    "\u202eabc\ud800\0",
    "x" * 5000,
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from((0, -1, 1, 50, 101, 10**30, 10**400, 18000, 604800, 1790089954, 1790089954000))
    | st.floats()
    | ANY_TEXT
    | st.sampled_from(_ODD_TEXTS)
)


def values(*keys: str) -> st.SearchStrategy[object]:
    """Return any JSON, made of objects with ``keys`` and others."""
    names = st.sampled_from(keys) | ANY_TEXT if keys else ANY_TEXT
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
        max_leaves=24,
    )


def objects(**parts: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Return objects with any of ``parts``, each of which may be anything else as well."""
    return st.fixed_dictionaries({}, optional={key: each | values() for key, each in parts.items()})


def written(value: object) -> bytes:
    """Return a value as JSON with all that Python's encoder lets through."""
    return json.dumps(value).encode()


def assert_fit_to_show(windows: Iterable[QuotaWindow]) -> None:
    """Hold windows to what may be shown, whatever was sent."""
    windows = list(windows)
    assert len(windows) <= MOST_WINDOWS
    for each in windows:
        assert_clean(each.title, TITLE_LIMIT)
        if each.used_percent is not None:
            assert math.isfinite(each.used_percent)
            assert 0 <= each.used_percent <= 100
        if each.resets_at is not None:
            assert each.resets_at.utcoffset() == timedelta(0)
            assert datetime(2000, 1, 1, tzinfo=UTC) <= each.resets_at <= datetime(2200, 1, 1, tzinfo=UTC)
        assert each.duration_s is None or each.duration_s > 0


def assert_clean(text: str, limit: int) -> None:
    """Hold text to one harmless line of at most ``limit`` characters."""
    assert text
    assert len(text) <= limit
    assert text == " ".join(text.split())
    kinds = [unicodedata.category(each)[0] for each in text]
    assert "C" not in kinds
    assert "MMMM" not in "".join(kinds)
    assert not set(text) & set("\u034f\u115f\u1160\u2800\u3164\uffa0")
