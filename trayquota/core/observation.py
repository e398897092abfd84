"""What another program saw of an account's quotas, taken into its record: numbers that cost no request."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.account_state import AccountRecord
    from trayquota.core.model import Instant, Usage

LONGEST_WITHOUT_ANSWER = timedelta(hours=1)
"""So long after an answer of the provider itself observations put the next poll off: it may have further windows."""


class Observation(Struct, frozen=True):
    """Quotas that another program has seen while it worked with an account.

    Attributes:
        at: When.
        usage: What it saw; windows whose reset had passed by then are left out.
    """

    at: Instant
    usage: Usage


def with_observation(
    record: AccountRecord, observation: Observation, answered_at: datetime | None, now: datetime
) -> AccountRecord:
    """Return ``record`` with what was observed, where that is newer and says all that the record does.

    Args:
        record: Until now.
        observation: What another program saw.
        answered_at: When this process had an answer of the provider itself; an account without one is still polled.
        now: An observation that claims to be of a later moment is of this one.
    """
    at = min(observation.at, now)
    usage = observation.usage
    titles = {window.title for window in usage.windows}
    live = {window.title for window in record.windows if not window.has_reset(now, record.updated_at)}
    if not titles or not live <= titles or (record.updated_at is not None and at <= record.updated_at):
        return record
    account = record.account
    seen = replace(
        record,
        account=replace(account, plan=usage.plan or account.plan),
        windows=usage.windows,
        credits=usage.credits or record.credits,
        updated_at=at,
    )
    if record.polled_at is not None and at <= record.polled_at:
        # What failed, failed after this was seen.
        return seen
    puts_off = answered_at is not None and at - answered_at < LONGEST_WITHOUT_ANSWER
    return replace(seen, failure=None, expired_since=None, polled_at=at if puts_off else record.polled_at)
