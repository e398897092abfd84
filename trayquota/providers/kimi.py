"""Kimi: the usage endpoint of Moonshot's coding plans, on kimi.com and on kimi.ai.

Fields seen in public clients (MoonshotAI/kimi-cli; steipete/CodexBar, KimiSettingsReader.swift; public clients of
2026-11): the endpoint is not documented. Two forms are answered, alone or together: counts, and since 2026-09-15
ratios. Where both state one window the ratio counts, except a zero ratio beside counts that are used: some accounts
get false zeros (MoonshotAI/kimi-code, issue 3908).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from trayquota.core.model import QuotaWindow, Usage
from trayquota.core.urls import scheme_and_host
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider, ProxySignIn
from trayquota.providers.json_requests import get_json
from trayquota.providers.quota_windows import unique_windows, window_title
from trayquota.providers.values import after, fields, first, instant, items, number, percent, share, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Response, Send

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_RATIOS = (
    (("limit_5h", "limit5h"), "5-hour", 5 * _HOUR_S),
    (("limit_7d", "limit7d"), "Weekly", 7 * _DAY_S),
    (("limit_month_total", "limitMonthTotal"), "Monthly", 30 * _DAY_S),
    (("limit_month_code", "limitMonthCode"), "Monthly (Code)", 30 * _DAY_S),
)
_UNITS_S = {"TIME_UNIT_MINUTE": 60, "TIME_UNIT_HOUR": _HOUR_S, "TIME_UNIT_DAY": _DAY_S}
_PLANS = {
    "LEVEL_FREE": "Adagio",
    "LEVEL_TRIAL": "Andante",
    "LEVEL_BASIC": "Moderato",
    "LEVEL_INTERMEDIATE": "Allegretto",
    "LEVEL_ADVANCED": "Allegro",
}
_SAME_RESET = timedelta(seconds=2)


class Kimi(Provider):
    """Moonshot's coding plans. The proxy that wrote the file refreshes its login."""

    name: ClassVar[str] = "kimi"
    title: ClassVar[str] = "Kimi"
    usage_page: ClassVar[str] = "https://www.kimi.com/code/console"
    sign_in: ClassVar[ProxySignIn | None] = ProxySignIn(
        "kimi", "kimi", ("kimi.com", "kimi.ai", "moonshot.cn", "moonshot.ai")
    )
    refreshed_by: ClassVar[str] = "CLIProxyAPI"

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return the device that the login was made for, and which of the two hosts it belongs to."""
        stated = (text(source.get(key), 200) or "" for key in ("domain", "base_url"))
        is_ai = text(source.get("type")) in {"kimi-ai", "kimi_ai"} or any(_is_kimi_ai(place) for place in stated)
        device = text(source.get("device_id"), 200) or ""
        return Identity(extra={"host": "api.kimi.ai" if is_ai else "api.kimi.com", "device_id": device})

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the windows; servers that do not know the newer path get the request at the older one."""
        base = f"https://{login.extra.get('host', 'api.kimi.com')}/coding/v1"
        device = login.extra.get("device_id")
        headers = {"User-Agent": "KimiCLI/1.6"} | ({"X-Msh-Device-Id": device} if device else {})
        response = send(get_json(f"{base}/usages", login, headers))
        if response.status == 404:
            response = send(get_json(f"{base}/usage", login, headers))
        return self.read(response)

    def read(self, response: Response) -> Usage:
        """Return the windows of an answer: 5-hour, weekly, monthly and monthly for code."""
        if (spent := spent_usage(response)) is not None:
            return spent
        root = fields(read_json(response, self.title))
        answer = fields(root.get("data")) or root
        ratios = list(_ratios(answer, response.received_at))
        counts = list(_counts(answer, response.received_at))
        windows = _merged(ratios, counts)
        if not windows:
            raise no_windows(self.title)
        return Usage(unique_windows(windows), _plan(answer))


PROVIDER = Kimi()


def _is_kimi_ai(address: str) -> bool:
    """Whether an address, or a bare domain, is one of kimi.ai."""
    _, host = scheme_and_host(address if "//" in address else f"//{address}")
    return host == "kimi.ai" or host.endswith(".kimi.ai")


def _ratios(answer: Mapping[str, object], received_at: datetime) -> Iterator[QuotaWindow]:
    pools = fields(answer.get("usages"))
    for keys, title, length_s in _RATIOS:
        pool = fields(first(pools, *keys))
        ratio = number(first(pool, "used_ratio", "usedRatio"))
        used = percent(ratio * 100) if ratio is not None and ratio >= 0 else None
        if used is not None:
            yield QuotaWindow(title, used, _reset(pool, received_at), length_s)


def _counts(answer: Mapping[str, object], received_at: datetime) -> Iterator[QuotaWindow]:
    for item in items(answer.get("limits")):
        limit = fields(item)
        window = fields(limit.get("window"))
        duration, unit_s = number(window.get("duration")), _UNITS_S.get(str(window.get("timeUnit")))
        length_s = whole(duration * unit_s) if duration is not None and unit_s is not None else None
        if length_s is None:
            continue
        title = "Daily" if length_s == _DAY_S else window_title(length_s, "Quota")
        yield from _count(fields(limit.get("detail")), title, length_s, received_at)
    yield from _count(fields(answer.get("usage")), "Weekly", 7 * _DAY_S, received_at)


def _count(detail: Mapping[str, object], title: str, length_s: int, received_at: datetime) -> Iterator[QuotaWindow]:
    """Yield the window of a pool that is stated in counts; a limit of 0 is none."""
    limit, used, remaining = (number(detail.get(key)) for key in ("limit", "used", "remaining"))
    if limit is None or limit <= 0:
        return
    if used is None and remaining is not None:
        used = limit - remaining
    yield QuotaWindow(title, share(used, limit), _reset(detail, received_at), length_s)


def _merged(ratios: list[QuotaWindow], counts: list[QuotaWindow]) -> list[QuotaWindow]:
    """Return one window per length: by its ratio, or by its counts where there is no ratio or a false zero."""
    has_month = any(window.title.startswith("Monthly") for window in ratios)
    merged = {window.title: window for window in ratios}
    for count in counts:
        ratio = merged.get(count.title)
        if ratio is None or (not has_month and _is_false_zero(ratio, count)):
            merged[count.title] = count
    return sorted(merged.values(), key=lambda window: (window.duration_s or 0, window.title))


def _is_false_zero(ratio: QuotaWindow, count: QuotaWindow) -> bool:
    """Whether a ratio says unused although the counts of the same window say otherwise."""
    if ratio.used_percent != 0 or not count.used_percent or ratio.resets_at is None or count.resets_at is None:
        return False
    return ratio.duration_s == count.duration_s and abs(ratio.resets_at - count.resets_at) <= _SAME_RESET


def _reset(pool: Mapping[str, object], received_at: datetime) -> datetime | None:
    moment = instant(first(pool, "resetTime", "resetAt", "reset_time", "reset_at"))
    return moment or after(first(pool, "resetIn", "reset_in", "ttl"), received_at)


def _plan(answer: Mapping[str, object]) -> str | None:
    """Return the plan by its musical name, which only goods of the first version have."""
    membership = fields(fields(answer.get("user")).get("membership"))
    # A tuple: whatever stands there in place of text may have no hash, as a set wants.
    if membership.get("version") not in (None, "GOODS_VERSION_V1"):
        return None
    return _PLANS.get(str(membership.get("level")))
