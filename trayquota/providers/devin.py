"""Devin: the plan status that Windsurf's editor reads.

Request, fields and those of the file (router-for-me/CLIProxyAPI, internal/auth/devin/record.go) as seen in public
clients, 2026-11. The answer is protobuf's JSON: 64-bit integers are text, and a
value of 0 is left out. So a window that has a reset and no percent has nothing left; programs differ here, some drop
the row instead.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from trayquota.core.model import QuotaWindow, Usage
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider, Request
from trayquota.providers.values import exact_text, fields, instant, percent, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Response, Send

_URL = "https://server.codeium.com/exa.seat_management_pb.SeatManagementService/GetUserStatus"
_CLIENT = {"ideName": "windsurf", "ideVersion": "0.0.0", "extensionName": "windsurf", "extensionVersion": "1.0.0"}
"""The versions have to be there; which they are is not looked at."""
_WINDOWS = (("daily", "Daily", 86400), ("weekly", "Weekly", 7 * 86400))


class Devin(Provider):
    """Cognition's Devin. Its session token does not end."""

    name: ClassVar[str] = "devin"
    title: ClassVar[str] = "Devin"
    usage_page: ClassVar[str] = "https://app.devin.ai/settings/usage"

    is_reached_by_proxy: ClassVar[bool] = False

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return whose account it is, and the token under the names that only these files have."""
        return Identity(
            email=text(source.get("user_name"), 100),
            plan=text(source.get("plan")),
            account_id=text(source.get("user_id"), 200),
            access_token=exact_text(source.get("session_token")) or exact_text(source.get("api_key")),
        )

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the daily and the weekly window. The token goes in the body, and there alone."""
        body = json.dumps({"metadata": {"apiKey": login.access_token, **_CLIENT}}).encode()
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Connect-Protocol-Version": "1",
        }
        return self.read(send(Request("POST", _URL, headers, body)))

    def read(self, response: Response) -> Usage:
        """Return the windows of an answer; hidden ones are none."""
        if (spent := spent_usage(response)) is not None:
            return spent
        status = fields(fields(read_json(response, self.title)).get("userStatus"))
        plan = fields(status.get("planStatus"))
        info = fields(plan.get("planInfo"))
        windows = tuple(_windows(plan, info))
        if not windows:
            raise no_windows(self.title)
        return Usage(windows, text(info.get("planName")))


PROVIDER = Devin()


def _windows(plan: Mapping[str, object], info: Mapping[str, object]) -> Iterator[QuotaWindow]:
    for key, title, length_s in _WINDOWS:
        resets_at = instant(plan.get(f"{key}QuotaResetAtUnix"))
        if resets_at is None or info.get(f"hide{title}Quota") is True:
            continue
        stated = plan.get(f"{key}QuotaRemainingPercent")
        left = 0.0 if stated is None else percent(stated)
        yield QuotaWindow(title, None if left is None else 100 - left, resets_at, length_s)
