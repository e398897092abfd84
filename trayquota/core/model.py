"""What the program knows: accounts, their quota windows, and how fresh that is.

Everything here is immutable. Instants are aware datetimes in UTC; percents are
numbers from 0 to 100; ``None`` always means unknown, never zero. The bounds in the annotations hold for
what is decoded from a file.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from trayquota.core.person import Person
from trayquota.core.redacted import RedactedRepr

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

Instant = Annotated[datetime, Meta(tz=True)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Seconds = Annotated[int, Meta(gt=0)]


class FailureKind(StrEnum):
    """Why an account has no fresh values; part of the public contract."""

    LOGIN_EXPIRED = "login_expired"
    SCOPE_MISSING = "scope_missing"
    RATE_LIMITED = "rate_limited"
    PROVIDER_DOWN = "provider_down"
    NETWORK = "network"
    BLOCKED = "blocked"
    BAD_ANSWER = "bad_answer"
    NO_WINDOWS = "no_windows"
    UNREADABLE_FILE = "unreadable_file"
    REFUSED = "refused"


class Failure(Struct, frozen=True):
    """Why something did not work, fit to show.

    Attributes:
        kind: The class of the failure.
        message: One or two sentences: what happened and what to do next. Never a secret, never an e-mail.
        retry_at: When it will be tried again, if a moment is known.
    """

    kind: FailureKind
    message: str
    retry_at: Instant | None = None


class AccountState(StrEnum):
    """How an account stands; all but ``PENDING`` are part of the public contract."""

    PENDING = "pending"
    """Its first answer is awaited: nothing known, nothing wrong."""
    OK = "ok"
    STALE = "stale"
    ERROR = "error"
    EXPIRED = "expired"
    DISABLED = "disabled"
    UNSUPPORTED = "unsupported"


NATIVE = "native"
"""The source of accounts that are other programs' own logins."""
NEVER_POLLED = frozenset({AccountState.DISABLED, AccountState.UNSUPPORTED})
"""The states of accounts that are not polled."""


class Account(RedactedRepr, Struct, frozen=True):
    """Who an account is. Holds no secret; its ``repr`` does not name the person.

    Attributes:
        id: The credential file's name; of two by the same name one has its folder's name before it.
        provider: Lower case: ``claude``, ``codex``, …
        name: For people: e-mail, else login, else the file's name.
        plan: The plan's name for people (``Plus``, ``Max 20x``), when known.
        folder: The path of its file's folder, when that is not the first of the credentials folders.
        organization: Whose seat it is, for people: an organization or a workspace, when known.
        subscription_ends_at: When the paid time ends, as far as the login says.
        person: Whose it is, to notice another login in the same place.
        source: Where it comes from: ``folder``, ``proxy``, ``native``.
        server: The address of the proxy that has it; empty for a file on this machine.
        note: What the person calls it at their proxy; empty for nothing.
        paused: Its owner has taken it out of its proxy's rotation.
        place: The path of its file's folder, to notice another file of that name; empty when not known.
    """

    repr_fields = ("provider", "plan")

    id: str
    provider: str
    name: str
    plan: str | None = None
    folder: str = ""
    organization: str | None = None
    subscription_ends_at: Instant | None = None
    person: Person = field(default_factory=Person)
    source: str = "folder"
    server: str = ""
    note: str = ""
    paused: bool = False
    place: str = ""

    @property
    def sort_key(self) -> tuple[str, str, str]:
        """Provider, then name without regard to case; the id settles ties."""
        return (self.provider, self.name.casefold(), self.id)

    def is_same_person(self, other: Account) -> bool:
        """Whether what is known of the one may be shown for the other.

        Where nothing says whose one of them is, it is not that of another place.
        """
        is_elsewhere = self.place != other.place and bool(self.place and other.place)
        if is_elsewhere and Person() in (self.person, other.person):
            return False
        return self.provider == other.provider and self.person.is_same(other.person)

    def completed(self, before: Account) -> Account:
        """Return this account with what was known before of the same person and is not now."""
        return replace(
            self,
            plan=self.plan or before.plan,
            organization=self.organization or before.organization,
            subscription_ends_at=self.subscription_ends_at or before.subscription_ends_at,
            person=self.person.merged(before.person),
        )


class Level(IntEnum):
    """How much is left: the higher, the less."""

    PLENTY = 0
    LOW = 1
    CRITICAL = 2
    EMPTY = 3


class QuotaWindow(Struct, frozen=True):
    """One limit of an account.

    Attributes:
        title: ``5-hour``, ``Weekly``, ``Weekly (Opus)``, …
        used_percent: 0–100, or ``None`` when the provider did not say.
        resets_at: When the window starts afresh; ``None`` when unknown or not started.
        duration_s: The window's length in seconds, when known.
        scope: What alone it limits, by name: a model, a group of models, a feature; ``None``: all work.
        is_extra: It is paid for on top, and used only where the plan's own windows are empty.
    """

    title: str
    used_percent: Percent | None
    resets_at: Instant | None = None
    duration_s: Seconds | None = None
    scope: str | None = None
    is_extra: bool = False

    @property
    def remaining_percent(self) -> float | None:
        """What is left, 0–100, without the noise of the arithmetic: with 99.2 used it is 0.8, and no less."""
        return None if self.used_percent is None else max(0.0, round(100.0 - self.used_percent, 9))

    def has_reset(self, now: datetime, answered_at: datetime | None) -> bool:
        """Whether it has reset since it was answered, so that the percent belongs to an earlier cycle.

        A reset that had passed already when the answer came says that one of the two clocks is wrong: then the window
        counts as it was stated, for as long as it is.
        """
        if self.resets_at is None or self.resets_at > now:
            return False
        if answered_at is None or answered_at < self.resets_at:
            return True
        return self.duration_s is not None and now - answered_at >= timedelta(seconds=self.duration_s)


class Credits(Struct, frozen=True):
    """Money or credits that an account lives on beside its windows, or instead of them.

    Attributes:
        balance: What is left, in the provider's unit; ``None`` when it does not say.
        is_unlimited: There is no end to them.
    """

    balance: float | None = None
    is_unlimited: bool = False


class ResetCredits(Struct, frozen=True):
    """How often a person may have windows reset before their time.

    Attributes:
        available: How many are left; at least 1.
        expires_at: When the first of them lapses.
    """

    available: int
    expires_at: Instant | None = None


class Usage(Struct, frozen=True):
    """What a provider says of an account.

    Attributes:
        windows: In the provider's order; none where the plan has none.
        plan: Its name for people; ``None`` when the answer does not name it.
        organization: Whose seat it is, for people; likewise.
        credits: What it lives on beside the windows.
        reset_credits: ``None`` when there are none.
    """

    windows: tuple[QuotaWindow, ...]
    plan: str | None = None
    organization: str | None = None
    credits: Credits | None = None
    reset_credits: ResetCredits | None = None


class AccountUsage(Struct, frozen=True):
    """An account with what is known of its quotas.

    Attributes:
        account: Who it is.
        state: How fresh ``windows`` are.
        windows: In the provider's order; the last good values when the last try failed.
        failure: Why the last try failed.
        updated_at: When ``windows`` were received.
        credits: What the account lives on beside the windows.
        reset_credits: ``None`` when there are none.
    """

    account: Account
    state: AccountState
    windows: tuple[QuotaWindow, ...] = ()
    failure: Failure | None = None
    updated_at: Instant | None = None
    credits: Credits | None = None
    reset_credits: ResetCredits | None = None

    @property
    def counts(self) -> bool:
        """Whether the windows may stand for the lowest remaining percent."""
        return self.state in {AccountState.OK, AccountState.STALE}

    def live_windows(self, now: datetime, ignored: Container[str] = ()) -> Iterator[LiveWindow]:
        """Every window that counts at ``now``: known, its reset not passed, and not among the ``ignored`` titles."""
        for window in self.windows if self.counts else ():
            remaining = window.remaining_percent
            if remaining is not None and not window.has_reset(now, self.updated_at) and window.title not in ignored:
                yield LiveWindow(self, window, remaining)

    def lowest(self, now: datetime, ignored: Container[str] = ()) -> LiveWindow | None:
        """Return the window with the least left of those that count; the first in order among equals."""
        return min(self.live_windows(now, ignored), key=lambda window: window.remaining_percent, default=None)


class LiveWindow(Struct, frozen=True):
    """A window that counts, with the account it belongs to."""

    usage: AccountUsage
    window: QuotaWindow
    remaining_percent: float


class Snapshot(Struct, frozen=True):
    """All accounts at one moment, sorted by provider, then name.

    Attributes:
        accounts: Every account that the sources have.
        refreshing: Whether answers are still awaited.
        notice: Something about a source as a whole that people should know, else ``None``.
        clock_offset: How far the providers' time, which resets are on, is ahead of this machine's clock.
    """

    accounts: tuple[AccountUsage, ...] = ()
    refreshing: bool = False
    notice: str | None = None
    clock_offset: timedelta = timedelta(0)

    def lowest(self, now: datetime, ignored: Container[str] = ()) -> LiveWindow | None:
        """Return the window with the least left of those that count for an account; the first in order among equals."""
        live = (window for usage in self.accounts for window in usage.live_windows(now, ignored))
        return min(live, key=lambda window: window.remaining_percent, default=None)

    @property
    def is_fresh(self) -> bool:
        """Whether every account that can be refreshed has fresh values."""
        return all(usage.state is AccountState.OK or usage.state in NEVER_POLLED for usage in self.accounts)

    @property
    def updated_at(self) -> datetime | None:
        """When the newest values were received."""
        return max((usage.updated_at for usage in self.accounts if usage.updated_at is not None), default=None)
