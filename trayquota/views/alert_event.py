"""An alert for programs: the JSON that ``notify_command`` gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trayquota.views.alert import AlertKind
from trayquota.views.json_document import instant_text, number

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.views.alert import Alert, AlertLine

_SCHEMA = 1


def alert_event(alert: Alert, now: datetime) -> str:
    """Return the document, one line.

    ``{"schema", "at", "title", "body", "needs_user", "events": [{"kind", "account", "provider", "subject", "window",
    "text", "remaining_percent", "ends_at"}]}``; instants are UTC with ``Z``, percents 0–100 of what remains, and
    null is unknown.
    """
    document = {
        "schema": _SCHEMA,
        "at": instant_text(now),
        "title": alert.title,
        "body": alert.body,
        "needs_user": alert.needs_user,
        "events": [_event(line) for line in alert.lines],
    }
    return json.dumps(document, ensure_ascii=False) + "\n"


def _event(line: AlertLine) -> dict[str, object]:
    return {
        "kind": line.kind.value,
        "account": line.key.account_id,
        "provider": line.provider,
        "subject": line.subject,
        "window": line.key.window if line.kind is not AlertKind.LAPSE else None,
        "text": line.text,
        "remaining_percent": number(line.remaining_percent),
        "ends_at": instant_text(line.ends_at),
    }
