"""Meta Muse: the subscription's windows, stated beside a fresh key.

Request and fields seen in public clients, 2026-11 (one reading says GET instead of POST); those of the file in
router-for-me/CLIProxyAPI, internal/auth/meta/meta.go. A request mints a key, so
none is sent unless ``providers_on`` names this provider, and then at most every 15 minutes. The answer holds that
key and the person's name: nothing but the fields read here is kept, logged or shown, and no error quotes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trayquota.core.model import QuotaWindow, Usage
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider
from trayquota.providers.json_requests import post_json
from trayquota.providers.quota_windows import unique_windows, window_title
from trayquota.providers.values import exact_text, fields, instant, percent, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Response, Send

_URL = "https://api.meta.ai/muse-code/key"
_WEEK_S = 7 * 86400


class Meta(Provider):
    """Meta's Muse. Its token lasts; there is nothing to refresh."""

    name: ClassVar[str] = "meta"
    title: ClassVar[str] = "Meta Muse"
    usage_page: ClassVar[str] = "https://muse.meta.ai/settings"
    is_off_by_default: ClassVar[bool] = True
    min_interval_s: ClassVar[float] = 900.0

    is_reached_by_proxy: ClassVar[bool] = False

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return the lasting token; the minted key beside it is never used."""
        return Identity(
            access_token=exact_text(source.get("dca_token")),
            expires_at=instant(source.get("dca_expired")) or instant(source.get("dca_expires_at")),
        )

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the windows of the subscription."""
        return self.read(send(post_json(_URL, login, {}, {"x-api-version": "1.0.0"})))

    def read(self, response: Response) -> Usage:
        """Return the windows of an answer; before the first use there are none, which is no error."""
        if (spent := spent_usage(response)) is not None:
            return spent
        answer = fields(read_json(response, self.title))
        usage = fields(answer.get("subs_usage"))
        windows = unique_windows(_windows(usage))
        if not windows and "is_subs_active" not in answer:
            raise no_windows(self.title)
        return Usage(windows, text(answer.get("subs_tier_name")))


PROVIDER = Meta()


def _windows(usage: Mapping[str, object]) -> Iterator[QuotaWindow]:
    short, week = fields(usage.get("window")), fields(usage.get("weekly"))
    minutes = whole(short.get("window_duration_mins"))
    if short:
        length_s = minutes * 60 if minutes else None
        title = window_title(length_s, "Session")
        yield QuotaWindow(title, percent(short.get("used_percent")), instant(short.get("resets_at")), length_s)
    if week:
        yield QuotaWindow("Weekly", percent(week.get("used_percent")), instant(week.get("resets_at")), _WEEK_S)
