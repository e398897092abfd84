"""Cline: the limits of a ClinePass.

Request and fields as public clients send and read them: steipete/CodexBar, Resources/Plugins/clinepass.ts;
nguyenphutrong/quotio, ClinePassQuotaFetcher.swift. Those send an API key. That the login of a file is taken as it
is has not been shown; where it is not, the account says that it was refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.core.translation import Message
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider
from trayquota.providers.json_requests import get_json
from trayquota.providers.values import exact_text, fields, instant, items, percent, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Response, Send

_URL = "https://api.cline.bot/api/v1/users/me/plan/usage-limits"
_TYPES = {
    "five_hour": ("5-hour", 5 * 3600),
    "weekly": ("Weekly", 7 * 86400),
    "monthly": ("Monthly", 30 * 86400),
}
_NOT_FOUND = 404


class Cline(Provider):
    """Cline's subscription. The program that wrote the file refreshes its login."""

    name: ClassVar[str] = "cline"
    title: ClassVar[str] = "Cline"
    usage_page: ClassVar[str] = "https://app.cline.bot/dashboard/usage"
    refreshed_by: ClassVar[str] = Message("Your proxy")

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return whose account it is, and the tokens under the names that forks write them with."""
        return Identity(
            account_id=text(source.get("userId"), 200),
            access_token=exact_text(source.get("accessToken")),
            expires_at=instant(source.get("expiresAt")),
        )

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the windows of the pass; an account without one has none, which is no error."""
        response = send(get_json(_URL, login))
        if response.status == _NOT_FOUND and not response.is_html:
            return Usage((), None)
        return self.read(response)

    def read(self, response: Response) -> Usage:
        """Return the windows of an answer; kinds that are not known are left out."""
        if (spent := spent_usage(response)) is not None:
            return spent
        answer = fields(read_json(response, self.title))
        if answer.get("success") is False:
            raise fetch_error(FailureKind.REFUSED, "Cline did not tell the limits of this account.")
        windows = tuple(_windows(fields(answer.get("data"))))
        if not windows:
            raise no_windows(self.title)
        return Usage(windows)


PROVIDER = Cline()


def _windows(data: Mapping[str, object]) -> Iterator[QuotaWindow]:
    for item in items(data.get("limits")):
        limit = fields(item)
        known = _TYPES.get(str(limit.get("type")))
        if known is not None:
            title, length_s = known
            yield QuotaWindow(title, percent(limit.get("percentUsed")), instant(limit.get("resetsAt")), length_s)
