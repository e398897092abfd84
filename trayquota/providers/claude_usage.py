"""What Claude's usage and profile answers say. Pure: JSON in, windows and names out.

Neither answer is documented by its vendor. All percents are 0–100: 1.0 is one percent. Where the fields were seen:

- ``limits[]``: nesszer/Win-CodexBar, rust/src/providers/claude/oauth/tests.rs, issues 210 and 279; tontinton/maki 456.
- The buckets beside it (``five_hour``, ``seven_day``, …): nikships/droidproxy; the names of the routines' bucket in
  steipete/CodexBar, ClaudeOAuthUsageFetcher.swift; what has no meaning, in tests of public clients, 2026-11.
- ``spend`` and its older twin ``extra_usage``: tddworks/ClaudeBar 225; minor units: steipete/CodexBar 1111; members of
  an organization: anthropics/claude-code 84443.
- ``cedar_ember`` (reset credits): steipete/CodexBar 3895; robinebers/openusage 1290 and 1291.
- The profile's plan: router-for-me/Cli-Proxy-API-Management-Center, src/features/quota/providers/claude/data.ts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.model import QuotaWindow, ResetCredits
from trayquota.providers.quota_windows import scoped_title, title_scope
from trayquota.providers.values import amount, fields, first, instant, items, number, percent, share, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_SESSION = ("5-hour", 5 * _HOUR_S)
_WEEK = ("Weekly", 7 * _DAY_S)
_ROUTINES = ("Weekly (Routines)", 7 * _DAY_S)
_BUCKETS: dict[str, tuple[str, int | None]] = {
    "five_hour": _SESSION,
    "seven_day": _WEEK,
    "seven_day_opus": ("Weekly (Opus)", 7 * _DAY_S),
    "seven_day_sonnet": ("Weekly (Sonnet)", 7 * _DAY_S),
    "seven_day_oauth_apps": ("Weekly (OAuth Apps)", 7 * _DAY_S),
    "seven_day_cowork": ("Weekly (Cowork)", 7 * _DAY_S),
    "seven_day_omelette": ("Weekly (Omelette)", 7 * _DAY_S),
}
"""Titles and lengths in seconds of the buckets that are known longest; shown in this order."""
_RANKS = {title: rank for rank, (title, _) in enumerate(_BUCKETS.values())}
_BUCKETS |= {
    "seven_day_routines": _ROUTINES,
    "seven_day_claude_routines": _ROUTINES,
    "claude_routines": _ROUTINES,
    "routines": _ROUTINES,
    "routine": _ROUTINES,
    "cowork": _ROUTINES,
    "iguana_necktie": ("Weekly (Fable)", 7 * _DAY_S),
}
_NO_BUCKETS = frozenset(
    {
        "amber_ladder",
        "cedar_ember",
        "extra_usage",
        "member_dashboard_available",
        "nimbus_quill",
        "omelette_promotional",
        "seven_day_breakdown",
        "seven_day_omelette_promotional",
        "spend",
        "tangelo",
    }
)
"""Entries that are read otherwise, or known to mean nothing."""
_SPANS: dict[str, tuple[str, int | None]] = {
    "session": _SESSION,
    "five": _SESSION,
    "daily": ("24-hour", _DAY_S),
    "weekly": _WEEK,
    "seven": _WEEK,
    "monthly": ("Monthly", None),
}
"""By the first word of a limit's kind or group."""
_CREDIT_POOLS = {"iguana_necktie": "Cloud session credits"}
"""Titles of buckets that become another thing when they have dollars."""
_ORGANIZATIONS = {"claude_team": "Team", "claude_enterprise": "Enterprise", "claude_max": "Max", "claude_pro": "Pro"}
_EXPONENTS = range(7)
_TIER = re.compile(r"(?:claude_(max|pro|team|enterprise))?(?:_([0-9]{1,3}x))?$")


class Profile(Struct, frozen=True):
    """Whose login it is, for people.

    Attributes:
        plan: ``Max 20x``, ``Pro``, ``Team``, …
        organization: The organization's name.
    """

    plan: str | None = None
    organization: str | None = None


def read_windows(answer: Mapping[str, object], received_at: datetime) -> list[QuotaWindow]:
    """Return all windows in a usage answer: the well-known ones first, then the others as they come.

    ``limits[]`` is the first source. A bucket counts where ``limits[]`` has no such window, and names the reset where
    the limit has none. Right after a reset a bucket may still describe the window before, so beside ``limits[]`` one
    whose reset has passed at ``received_at`` does not count.
    """
    windows = _limits(answer)
    has_limits = bool(windows)
    for bucket in _buckets(answer):
        slug, limit = _slug(bucket.title), windows.get(_slug(bucket.title))
        is_over = bucket.resets_at is not None and bucket.resets_at <= received_at
        if limit is None:
            if not (has_limits and is_over):
                windows[slug] = bucket
        elif limit.resets_at is None and not is_over:
            windows[slug] = replace(limit, resets_at=bucket.resets_at)
    ordered = sorted(windows.values(), key=lambda window: _RANKS.get(window.title, len(_RANKS)))
    return [*ordered, *_extra_usage(answer)]


def read_reset_credits(answer: Mapping[str, object], received_at: datetime) -> ResetCredits | None:
    """Return how often the person may reset a limit by hand, when the answer has it. Only read, never redeemed.

    What has lapsed by ``received_at`` does not count.
    """
    offer = fields(answer.get("cedar_ember"))
    if offer.get("eligible") is not True:
        return None
    grants = [fields(entry) for entry in items(offer.get("grants"))]
    stated = [(left, instant(grant.get("ends_at"))) for grant in grants if (left := whole(grant.get("resets_left")))]
    usable = [(left, end) for left, end in stated if end is None or end > received_at]
    ends = [end for _, end in usable if end is not None]
    return ResetCredits(sum(left for left, _ in usable), min(ends, default=None)) if usable else None


def read_profile(answer: Mapping[str, object]) -> Profile:
    """Return the plan and the organization of a profile answer.

    The login belongs to the organization, the flags ``has_claude_max`` and ``has_claude_pro`` to the person, so an
    active team comes first. A rate limit's tier (``default_claude_max_20x``) names the plan where nothing else does.
    """
    account, organization = fields(answer.get("account")), fields(answer.get("organization"))
    tier = _TIER.search(text(organization.get("rate_limit_tier")) or "")
    kind = _ORGANIZATIONS.get(str(organization.get("organization_type")))
    plan: str | None
    # A tuple: whatever stands there in place of text may have no hash, as a set wants.
    if kind in {"Team", "Enterprise"} and organization.get("subscription_status") in ("active", None):
        plan = kind
    elif account.get("has_claude_max") is True:
        plan = "Max"
    elif account.get("has_claude_pro") is True:
        plan = "Pro"
    else:
        is_free = account.get("has_claude_max") is False and account.get("has_claude_pro") is False
        named = tier[1].capitalize() if tier and tier[1] else None
        plan = kind or named or ("Free" if is_free else None)
    if plan and tier and tier[2]:
        plan = f"{plan} {tier[2]}"
    return Profile(plan, text(organization.get("name")))


def _limits(answer: Mapping[str, object]) -> dict[str, QuotaWindow]:
    """Return the limits with a percent, by their titles' slugs.

    ``is_active`` marks the limit that binds at the moment. Most valid limits are not active, so it decides only
    between two entries of one title.
    """
    windows: dict[str, QuotaWindow] = {}
    active: set[str] = set()
    for entry in items(answer.get("limits")):
        limit = fields(entry)
        used, kind = percent(limit.get("percent")), text(limit.get("kind")) or text(limit.get("group"))
        if used is None or kind is None:
            continue
        (title, length_s), name = _limit_title(kind, limit)
        # By the whole name: two long ones may be shortened to the same title.
        slug, is_active = _slug(title + (name or "")), limit.get("is_active") is True
        if slug not in windows or (is_active and slug not in active):
            title = scoped_title(title, name) if name else title
            windows[slug] = QuotaWindow(title, used, instant(limit.get("resets_at")), length_s, name)
        if is_active:
            active.add(slug)
    return windows


def _limit_title(kind: str, limit: Mapping[str, object]) -> tuple[tuple[str, int | None], str | None]:
    """Return an entry's span, as title and seconds, and what it is limited to; an unknown kind names itself."""
    scope = fields(limit.get("scope"))
    model = fields(scope.get("model"))
    name = text(model.get("display_name")) or text(model.get("id")) or text(scope.get("surface"))
    if name is not None and _slug(name) == "allmodels":
        name = None
    elif name is None and "scoped" in kind:
        name = "Other"
    first_word, *rest = kind.split("_")
    span = _SPANS.get(first_word)
    if span is None:
        span, rest = _SPANS.get(str(limit.get("group"))), kind.split("_")
    rest = [word for word in rest if word not in {"", "all", "scoped", "hour", "day"}]
    if span is None:
        return (_in_words(rest), None), name
    return span, name or (_in_words(rest) if rest else None)


def _buckets(answer: Mapping[str, object]) -> Iterator[QuotaWindow]:
    """Yield the buckets; an unknown one counts when it has a percent, and a reset or a known prefix."""
    for key, value in answer.items():
        bucket = fields(value)
        if not bucket or key in _NO_BUCKETS:
            continue
        used, resets_at = percent(first(bucket, "utilization", "percent")), instant(bucket.get("resets_at"))
        limit = amount(bucket.get("limit_dollars"))
        if limit:
            used = _pool_share(bucket, limit, used)
        if used is None:
            continue
        if limit and key in _CREDIT_POOLS:
            yield QuotaWindow(_CREDIT_POOLS[key], used, resets_at, is_extra=True)
            continue
        title, length_s = _bucket_title(key)
        if length_s is not None or resets_at is not None:
            yield QuotaWindow(title, used, resets_at, length_s, title_scope(title))


def _bucket_title(key: str) -> tuple[str, int | None]:
    known = _BUCKETS.get(key)
    if known is not None:
        return known
    for prefix, (title, length_s) in (("five_hour_", _SESSION), ("seven_day_", _WEEK)):
        if key.startswith(prefix) and key != prefix:
            return scoped_title(title, _in_words(key.removeprefix(prefix).split("_"))), length_s
    return _in_words(key.split("_")), None


def _pool_share(bucket: Mapping[str, object], limit: float, stated: float | None) -> float | None:
    used = share(bucket.get("used_dollars"), limit)
    left = share(bucket.get("remaining_dollars"), limit)
    if used is None and left is not None:
        used = 100.0 - left
    return stated if used is None else used


def _in_words(words: list[str]) -> str:
    """Return the words of a key for people."""
    return text(" ".join(word[:1].upper() + word[1:] for word in words)) or "Other"


def _extra_usage(answer: Mapping[str, object]) -> Iterator[QuotaWindow]:
    """Yield paid extra usage as one window when it has a limit; ``spend`` is newer than ``extra_usage``.

    Amounts are in minor units, both by the same factor, unless ``exponent`` says otherwise. The members of an
    organization may see a percent and no amounts.
    """
    spend, extra = fields(answer.get("spend")), fields(answer.get("extra_usage"))
    limit, stated = _major(spend.get("limit")), percent(spend.get("percent"))
    if spend.get("enabled") is True:
        if limit:
            spent = _major(spend.get("used"))
            used = share(spent, limit) if _has_amount(spend.get("used")) else _positive(spend.get("percent"))
            yield QuotaWindow("Extra usage", used, instant(spend.get("resets_at")), is_extra=True)
            return
        if stated and not _has_amount(spend.get("limit")):
            yield QuotaWindow("Extra usage", stated, instant(spend.get("resets_at")), is_extra=True)
            return
    limit = amount(extra.get("monthly_limit"))
    if extra.get("is_enabled") is True and limit:
        spent_credits = extra.get("used_credits")
        used = _positive(extra.get("utilization"))
        if spent_credits is not None and (used is None or amount(spent_credits) is None):
            used = share(spent_credits, limit)
        yield QuotaWindow("Extra usage", used, instant(extra.get("resets_at")), is_extra=True)


def _positive(value: object) -> float | None:
    """Return a percent of money; a negative one is nonsense, and must not read as a whole budget left."""
    text_value = value.strip().removesuffix("%") if isinstance(value, str) else value
    return percent(value) if amount(text_value) is not None else None


def _has_amount(money: object) -> bool:
    return fields(money).get("amount_minor") is not None


def _major(value: object) -> float | None:
    """Return money out of {amount_minor, exponent} in major units; ``None`` when it is negative or absurd."""
    money = fields(value)
    minor, stated = amount(money.get("amount_minor")), first(money, "exponent", "decimal_places")
    exponent = 2 if stated is None else number(stated)
    if minor is None or exponent is None or exponent not in _EXPONENTS:
        return None
    return minor / 10**exponent


def _slug(title: str) -> str:
    return "".join(letter for letter in title.casefold() if letter.isalnum())
