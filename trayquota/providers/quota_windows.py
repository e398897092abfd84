"""What an answer's windows have to be to be shown: titled within bounds, distinct, not too many."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.text import TITLE_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.core.model import QuotaWindow

MOST_WINDOWS = 40
"""What an answer names beyond these nobody could read in a menu."""


def scoped_title(title: str, scope: str) -> str:
    """Return ``Weekly (Opus)``; a long scope is shortened within its parentheses."""
    return f"{title} ({clean(scope, TITLE_LIMIT - len(title) - len(' ()'))})"


def title_scope(title: str) -> str | None:
    """Return what stands in the parentheses of :func:`scoped_title`; ``None`` where there are none."""
    return title.removesuffix(")").partition(" (")[2] or None


def unique_windows(windows: Iterable[QuotaWindow]) -> tuple[QuotaWindow, ...]:
    """Return the first windows; a title that comes again is counted: ``Weekly``, ``Weekly 2``.

    A window is known by its title, in the lowest of ``status --json`` and in what has been notified.
    """
    seen: Counter[str] = Counter()
    result = []
    for window in islice(windows, MOST_WINDOWS):
        seen[window.title] += 1
        count = seen[window.title]
        title = window.title if count == 1 else f"{clean(window.title, TITLE_LIMIT - 3)} {count}"
        result.append(replace(window, title=title))
    return tuple(result)
