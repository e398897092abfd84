"""What Codex's usage answers say. Pure: JSON and headers in, windows out.

The answers are not documented by their vendor. Each field comes in snake case and in camel case, and numbers may be
text. ``used_percent`` is 0–100: 1.0 is one percent. Where the fields were seen:

- ``rate_limit``, ``additional_rate_limits``, ``code_review_rate_limit``: nikships/droidproxy;
  router-for-me/Cli-Proxy-API-Management-Center, src/utils/quota/builders.ts.
- ``individual_limit`` in its three places: steipete/CodexBar, CodexOAuthCreditLimitTests.
- ``credits``, ``rate_limit_reached_type``: moritzfl/llm-subscription-usage-intellij,
  OpenAiUsageResponseFixtures.kt; seakee/CPA-Manager-Plus, codexQuota.ts; seats without limits: openai/codex 45908.
- ``x-codex-*`` headers: robinebers/openusage; as a proxy keeps them: a public client, 2026-11.
- ``rate_limit_reset_credits``: router-for-me/Cli-Proxy-API-Management-Center,
  src/features/quota/providers/codex/data.ts.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.model import Credits, QuotaWindow, ResetCredits, Usage
from trayquota.providers.codex_titles import plan_title
from trayquota.providers.generic import guess_windows
from trayquota.providers.quota_windows import scoped_title, unique_windows, window_title
from trayquota.providers.values import after, fields, first, instant, items, number, percent, share, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

_SLOTS = (
    ("primary", "5-hour"),
    ("secondary", "Weekly"),
    ("tertiary", "Other"),
)
_MINUTE_S = 60
_MOST_CREDITS = 1e12
"""A balance beyond this, or a debt, is nonsense, and fills a menu with zeros."""


class _Slot(Struct, frozen=True):
    """What is said of one window, before it has a title."""

    used: float | None = None
    length_s: int | None = None
    resets_at: datetime | None = None
    resets_after_s: float | None = None

    @property
    def has_begun(self) -> bool:
        """Whether its time runs; until then the stated reset moves along with every answer."""
        if self.used != 0 or self.length_s is None or self.resets_after_s is None:
            return True
        return self.resets_after_s < self.length_s


def read_usage(
    data: object, headers: Mapping[str, str], received_at: datetime, *, monthly: QuotaWindow | None = None
) -> Usage | None:
    """Return the main, additional, code-review and spend limits, in this order; ``None`` when there are none.

    Where the provider itself says that the account is blocked, its tightest window has nothing left, whatever its
    percent; without a window one titled ``Credits`` says so. A seat that lives on credits has no windows.

    Args:
        data: The answer.
        headers: Its headers by lower-case name; ``x-codex-*`` stand in for windows that are missing.
        received_at: When it came, for resets that are stated as a distance.
        monthly: The month's limit of an education account, which another answer has.
    """
    answer = fields(data)
    limit = fields(_get(answer, "rate_limit"))
    has_windows = any(fields(_get(limit, f"{key}_window")) for key, _ in _SLOTS)
    is_seat = not has_windows and _lives_on_credits(answer)
    main = _with_verdict(_windows(limit, received_at, headers={} if is_seat else headers), limit)
    spend = _spend_limit(answer, limit, received_at) or monthly
    windows = [*main, *_additional(answer, received_at), *([spend] if spend else [])]
    if not isinstance(_get(answer, "rate_limit"), dict) and not is_seat and not any(map(_is_known, windows)):
        windows += guess_windows(data, received_at)
    if _is_out_of_money(answer, limit, is_seat=is_seat):
        windows = _blocked(windows, [spend] if spend else main)
    elif _is_blocked(limit) or _reached_type(answer, limit):
        windows = _blocked(windows, main or ([spend] if spend else windows))
    shown = unique_windows(filter(_is_known, windows))
    if not shown and not _lives_on_credits(answer):
        return None
    plan = plan_title(text(_get(answer, "plan_type")) or text(headers.get("x-codex-plan-type")))
    money = _credits(answer, headers) if is_seat or _has_credits(answer) else None
    return Usage(shown, plan, credits=money, reset_credits=_reset_credits(answer))


def read_monthly_usage(data: object) -> QuotaWindow | None:
    """Return the month's limit in the answer that education accounts have beside the usual one."""
    answer = fields(data)
    limit = _get(fields(_get(answer, "effective_monthly_limit")), "limit")
    used = share(_get(answer, "current_month_usage"), fields(limit).get("amount") if isinstance(limit, dict) else limit)
    return None if used is None else QuotaWindow("Monthly credits", used)


def has_monthly_usage(data: object) -> bool:
    """Whether a usage answer is one of those whose limit only the other answer has."""
    answer = fields(data)
    plan, control = text(_get(answer, "plan_type")), _get(answer, "spend_control")
    is_education = (plan or "").lower() in {"edu", "education"}
    return is_education and isinstance(control, dict) and _get(fields(control), "individual_limit") is None


def read_first_expiry(data: object, received_at: datetime) -> datetime | None:
    """Return when the first reset credit lapses after ``received_at``, out of the list of them."""
    moments = [
        instant(credit.get("expires_at"))
        for credit in map(fields, items(fields(data).get("credits")))
        if credit.get("reset_type") == "codex_rate_limits" and credit.get("status") == "available"
    ]
    return min((moment for moment in moments if moment is not None and moment > received_at), default=None)


def _get(source: Mapping[str, object], key: str) -> object:
    """Return the value of ``key``, in snake case or camel case; ``None`` when it is missing."""
    return first(source, key, _camel_case(key))


@cache
def _camel_case(key: str) -> str:
    head, *tail = key.split("_")
    return head + "".join(word.title() for word in tail)


def _windows(
    limit: Mapping[str, object],
    received_at: datetime,
    *,
    name: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> list[QuotaWindow]:
    """Return the windows of a limit, known or not.

    Headers fill in what the body leaves out of its windows, and stand in for all of them where it has none; beside a
    window in the body a missing one is none.
    """
    slots = {key: _slot(fields(_get(limit, f"{key}_window")), received_at) for key, _ in _SLOTS}
    stated = {key: _slot(_header_fields(headers or {}, key), received_at) for key, _ in _SLOTS}
    has_body = any(slots.values())
    windows = []
    for key, slot_title in _SLOTS:
        slot = _filled(slots[key], stated[key]) if slots[key] or not has_body else None
        if slot is None:
            continue
        resets_in_s = (slot.resets_at - received_at).total_seconds() if slot.resets_at else None
        title = window_title(slot.length_s, slot_title, resets_in_s)
        resets_at = slot.resets_at if slot.has_begun else None
        shown = scoped_title(title, name) if name else title
        windows.append(QuotaWindow(shown, slot.used, resets_at, slot.length_s, name))
    return windows


def _header_fields(headers: Mapping[str, str], key: str) -> Mapping[str, object]:
    names = ("used_percent", "window_minutes", "reset_at", "reset_after_seconds")
    found = {name: headers.get(f"x-codex-{key}-{name.replace('_', '-')}") for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _slot(window: Mapping[str, object], received_at: datetime) -> _Slot | None:
    if not window:
        return None
    minutes = number(_get(window, "window_minutes"))
    return _Slot(
        percent(_get(window, "used_percent")),
        whole(_get(window, "limit_window_seconds")) or whole(minutes and minutes * _MINUTE_S),
        _reset(window, received_at),
        number(_get(window, "reset_after_seconds")),
    )


def _filled(slot: _Slot | None, stated: _Slot | None) -> _Slot | None:
    if slot is None or stated is None:
        return slot or stated
    return _Slot(
        stated.used if slot.used is None else slot.used,
        slot.length_s or stated.length_s,
        slot.resets_at or stated.resets_at,
        stated.resets_after_s if slot.resets_after_s is None else slot.resets_after_s,
    )


def _reset(window: Mapping[str, object], received_at: datetime) -> datetime | None:
    """Return the reset: the stated moment, else the stated distance from the answer's arrival."""
    moments = (instant(_get(window, key)) for key in ("reset_at", "resets_at", "reset_timestamp"))
    stated = next((moment for moment in moments if moment is not None), None)
    return stated or after(_get(window, "reset_after_seconds"), received_at)


def _additional(answer: Mapping[str, object], received_at: datetime) -> Iterator[QuotaWindow]:
    for entry in items(_get(answer, "additional_rate_limits")):
        extra = fields(entry)
        name = text(_get(extra, "limit_name")) or text(_get(extra, "metered_feature")) or "Additional"
        limit = fields(_get(extra, "rate_limit"))
        yield from _with_verdict(_windows(limit, received_at, name=name), limit)
    review = fields(_get(answer, "code_review_rate_limit"))
    yield from _with_verdict(_windows(review, received_at, name="Code review"), review)


def _spend_limit(
    answer: Mapping[str, object], limit: Mapping[str, object], received_at: datetime
) -> QuotaWindow | None:
    """Return the person's own limit of money: the first that is known, else the first; it may be a bare number."""
    found = []
    for holder in (answer, limit, fields(_get(answer, "spend_control"))):
        value = _get(holder, "individual_limit")
        if number(value) is not None:
            value = {"limit": value, "used": _get(holder, "used")}
        if isinstance(value, dict) and value:
            spend = fields(value)
            found.append(QuotaWindow("Spend limit", _spent_percent(spend), _reset(spend, received_at)))
    return next(filter(_is_known, found), found[0] if found else None)


def _spent_percent(spend: Mapping[str, object]) -> float | None:
    used, left = percent(_get(spend, "used_percent")), percent(_get(spend, "remaining_percent"))
    if used is None and left is None:
        used, left = share(spend.get("used"), spend.get("limit")), share(spend.get("remaining"), spend.get("limit"))
    return 100.0 - left if used is None and left is not None else used


# What the provider says beside the percents.


def _with_verdict(windows: list[QuotaWindow], limit: Mapping[str, object]) -> list[QuotaWindow]:
    """Return a limit's windows with nothing left in the tightest when the limit says that it is reached."""
    return _blocked(windows, windows) if windows and _is_blocked(limit) else windows


def _is_blocked(limit: Mapping[str, object]) -> bool:
    return _get(limit, "limit_reached") is True or limit.get("allowed") is False


def _reached_type(answer: Mapping[str, object], limit: Mapping[str, object]) -> str:
    """Return which limit is reached: ``rate_limit_reached``, ``workspace_member_credits_depleted``; empty for none."""
    value = _get(answer, "rate_limit_reached_type") or _get(limit, "rate_limit_reached_type")
    return text(fields(value).get("type") if isinstance(value, dict) else value) or ""


def _is_out_of_money(answer: Mapping[str, object], limit: Mapping[str, object], *, is_seat: bool) -> bool:
    """Whether it is a budget or credits that have run out, not a window."""
    reached, money = _reached_type(answer, limit), fields(answer.get("credits"))
    if _get(fields(_get(answer, "spend_control")), "reached") is True or "credits" in reached or "usage" in reached:
        return True
    if not is_seat:
        return False
    is_empty = _get(money, "has_credits") is False and not _has_credits(answer)
    return is_empty or bool(reached) or _get(money, "overage_limit_reached") is True


def _blocked(windows: list[QuotaWindow], among: Iterable[QuotaWindow]) -> list[QuotaWindow]:
    """Return ``windows`` with nothing left in the tightest ``among`` them; one of unknown percent comes before any.

    Without a window there is one titled ``Credits``.
    """
    candidates = list(among) or windows
    if not candidates:
        return [QuotaWindow("Credits", 100.0)]
    if any(window.used_percent == 100 for window in candidates):
        return windows
    tightest = max(candidates, key=lambda window: math.inf if window.used_percent is None else window.used_percent)
    return [replace(window, used_percent=100.0) if window is tightest else window for window in windows]


def _is_known(window: QuotaWindow) -> bool:
    return window.used_percent is not None or window.resets_at is not None


# Credits.


def _lives_on_credits(answer: Mapping[str, object]) -> bool:
    """Whether credits carry on, by the plan, where there is no window."""
    return _has_credits(answer) or "usage_based" in (text(_get(answer, "plan_type")) or "").lower()


def _has_credits(answer: Mapping[str, object]) -> bool:
    money = fields(answer.get("credits"))
    return _get(money, "has_credits") is True or money.get("unlimited") is True


def _credits(answer: Mapping[str, object], headers: Mapping[str, str]) -> Credits:
    money = fields(answer.get("credits"))
    stated = (number(money.get("balance")), number(headers.get("x-codex-credits-balance")))
    balance = next((each for each in stated if each is not None and abs(each) <= _MOST_CREDITS), None)
    return Credits(balance, money.get("unlimited") is True)


def _reset_credits(answer: Mapping[str, object]) -> ResetCredits | None:
    count = whole(_get(fields(_get(answer, "rate_limit_reset_credits")), "available_count"))
    return ResetCredits(count) if count else None
