"""The questions under way: asked on a pool of threads, withdrawn, and given up when nothing can end them."""

from __future__ import annotations

import logging
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from trayquota.core.account_state import FetchResult
from trayquota.core.model import Failure, FailureKind
from trayquota.net.cancellation import CancelToken
from trayquota.system.log import error_location

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

    from trayquota.core.credential import Credential
    from trayquota.core.refresh_policy import RateLimitGate

WORKERS = 32
"""So many accounts are asked at the same time."""
_OVERDUE_S = 18.0
"""More than the transport's own limit: whoever takes longer hangs where no limit reaches, as in a name look-up."""
_RENEWAL_OVERDUE_S = 90.0
"""A renewal waits for other programs, and tries three times."""
_LEAST_WAIT_S = 0.5
_log = logging.getLogger(__name__)


class Fetch(Protocol):
    """Asks one account; blocks; runs on a pool thread."""

    def __call__(self, credential: Credential, cut: CancelToken) -> FetchResult:
        """Return the outcome. Raises nothing that a caller has to know."""


class FetchTask(Struct, eq=False):
    """One account being asked.

    Attributes:
        credential: What its file said when it was asked.
        gate: Its gate then, open.
        cancel_token: Withdraws it.
    """

    credential: Credential
    gate: RateLimitGate | None
    cancel_token: CancelToken = field(default_factory=CancelToken)
    future: Future[None] | None = None
    started_s: float = math.inf
    """Written by the pool's thread, once."""

    @property
    def account_id(self) -> str:
        """Whom it is about."""
        return self.credential.account.id

    @property
    def deadline_s(self) -> float:
        """When it is given up, on the clock that nobody sets; infinite while it waits for a thread."""
        return self.started_s + (_RENEWAL_OVERDUE_S if self.cancel_token.is_refreshing else _OVERDUE_S)


def thread_pool() -> Executor:
    """Return the pool that questions are asked on. Its threads start when they are needed."""
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="fetch")


class FetchPool:
    """All questions under way, at most one per account. For one thread, but for ``answered``."""

    def __init__(
        self,
        fetch: Fetch,
        answered: Callable[[FetchTask, FetchResult], None],
        monotonic: Callable[[], float],
        make_pool: Callable[[], Executor] = thread_pool,
    ) -> None:
        """Ask through ``fetch``; every answer, of withdrawn questions too, goes to ``answered`` on a pool thread."""
        self._fetch = fetch
        self._answered = answered
        self._monotonic = monotonic
        self._make_pool = make_pool
        self._pool: Executor | None = None
        self._open: dict[str, FetchTask] = {}

    def __contains__(self, account_id: object) -> bool:
        """Whether the account is being asked."""
        return account_id in self._open

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._open)

    def submit(self, credential: Credential, gate: RateLimitGate | None) -> None:
        """Ask an account; a question to it that is under way is withdrawn."""
        self.cancel(credential.account.id)
        question = self._open[credential.account.id] = FetchTask(credential, gate)
        self._submit(question)

    def cancel(self, account_id: str) -> bool:
        """End the question to an account: at once when it is under way, else before it begins.

        Return whether there was one.
        """
        question = self._open.pop(account_id, None)
        if question is None:
            return False
        if question.future is not None:
            question.future.cancel()
        question.cancel_token.cancel()
        return True

    def complete(self, question: FetchTask) -> bool:
        """Take an answered question off; return whether it was still under way, so that its answer counts."""
        counts = self._open.get(question.account_id) is question
        if counts:
            del self._open[question.account_id]
        if not self._open:
            self._end_pool()
        return counts

    def expire(self) -> list[FetchTask]:
        """Take off and return the questions that hang where nothing can end them.

        Their threads are left to themselves and the others get a fresh pool, so that nobody waits for a thread
        that may never come back.
        """
        now_s = self._monotonic()
        late = [each for each in self._open.values() if each.deadline_s <= now_s]
        for each in late:
            self.cancel(each.account_id)
        if late:
            self._replace_pool()
        return late

    def next_expiry_s(self) -> float:
        """Return after how many seconds to look for overdue questions; one that waits for a thread may start now."""
        now_s = self._monotonic()
        left_s = min((each.deadline_s - now_s for each in self._open.values()), default=_OVERDUE_S)
        return max(_LEAST_WAIT_S, min(left_s, _OVERDUE_S))

    def close(self) -> None:
        """Withdraw all and let the threads go; does not wait for them."""
        for account_id in list(self._open):
            self.cancel(account_id)
        self._end_pool()

    def _end_pool(self) -> None:
        """Let the threads go. While nobody is asked there is no need for them; new ones start in no time."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _submit(self, question: FetchTask) -> None:
        if self._pool is None:
            self._pool = self._make_pool()
        question.future = self._pool.submit(self._work, question)

    def _replace_pool(self) -> None:
        old, self._pool = self._pool, None
        for each in self._open.values():
            if each.future is not None and each.future.cancel():
                self._submit(each)
        if old is not None:
            old.shutdown(wait=False)

    def _work(self, question: FetchTask) -> None:
        """Ask one account, on a pool thread."""
        question.started_s = self._monotonic()
        try:
            outcome = self._fetch(question.credential, question.cancel_token)
        except Exception as error:  # noqa: BLE001 - one account's accident must not stop the others
            _log.error("a fetcher failed: %s", error_location(error))
            message = "Something went wrong inside trayquota. It will be tried again; please report it."
            outcome = FetchResult(error=Failure(FailureKind.BAD_ANSWER, message))
        self._answered(question, outcome)
