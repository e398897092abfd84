"""The fetches under way: run on a pool of threads, cancelled, and given up when nothing can end them."""

from __future__ import annotations

import contextlib
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from trayquota.core.account_state import FetchResult
from trayquota.core.model import Failure, FailureKind
from trayquota.core.translation import Message
from trayquota.net.cancellation import CancelToken
from trayquota.system.log import LoggedErrors

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

    from trayquota.core.credential import Credential
    from trayquota.core.refresh_policy import RateLimitGate

WORKERS = 32
"""So many accounts are fetched at the same time."""
REQUEST_S = 18.0
"""More than the transport's own limit: what takes longer hangs where no limit reaches, as in a name lookup."""
SENDER_S = 120.0
"""Through a proxy a request waits for its turn, and may take several requests to the proxy itself."""
TOKEN_REFRESH_S = 150.0
"""A token refresh waits for other programs, and the answer to it may take 90 s."""
_LEAST_WAIT_S = 0.5
_NO_THREAD = Message(
    "The account was not asked: the system has no more threads for this program. It will be tried again."
)
_INTERNAL_ERROR = Message("Something went wrong inside trayquota. It will be tried again; please report it.")
_log = logging.getLogger(__name__)


class Fetch(Protocol):
    """Fetches one account; blocks; runs on a pool thread."""

    def __call__(
        self, credential: Credential, cancel_token: CancelToken, allow_s: Callable[[float], None]
    ) -> FetchResult:
        """Return the result. Raises nothing that a caller has to know.

        Args:
            credential: Of the account.
            cancel_token: Cancels it.
            allow_s: Called before each step that may block, with the seconds after which it counts as hanging.
        """


class FetchTask(Struct, eq=False):
    """A fetch of one account.

    Attributes:
        credential: As it was when it was submitted.
        gate: The account's gate then, open.
        cancel_token: Cancels it.
        future: Its place on the pool.
        deadline_s: When it is given up, by the monotonic clock; infinite while it waits for a thread, whose to write
            it is.
    """

    credential: Credential
    gate: RateLimitGate | None
    cancel_token: CancelToken = field(default_factory=CancelToken)
    future: Future[None] | None = None
    deadline_s: float = math.inf

    @property
    def account_id(self) -> str:
        """Whose usage it fetches."""
        return self.credential.account.id


def overdue_result() -> FetchResult:
    """Return what counts for an account whose fetch was given up."""
    return FetchResult(error=Failure(FailureKind.NETWORK, Message("No answer in time. Check the network connection.")))


def thread_pool() -> Executor:
    """Return the pool that fetches run on. Its threads start when they are needed."""
    # All of them need it at once: imported before they start, it is there sooner. What is wrong, the transport says.
    with contextlib.suppress(ImportError, OSError):
        import_module("trayquota.net.exchange")
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="fetch")


class FetchPool:
    """All fetches under way, at most one per account. For one thread; the pool's own only call ``done``."""

    def __init__(
        self,
        fetch: Fetch,
        done: Callable[[FetchTask, FetchResult], None],
        monotonic: Callable[[], float],
        make_pool: Callable[[], Executor] = thread_pool,
    ) -> None:
        """Start no thread yet.

        Args:
            fetch: Fetches one account.
            done: Takes every result, of cancelled fetches too, on a pool thread; is to have :meth:`complete` called.
            monotonic: The monotonic clock; seconds.
            make_pool: Makes what fetches run on.
        """
        self._fetch = fetch
        self._done = done
        self._monotonic = monotonic
        self._make_pool = make_pool
        self._pool: Executor | None = None
        self._has_threads = False
        self._tasks: dict[str, FetchTask] = {}

    def __contains__(self, account_id: object) -> bool:
        """Whether an account is being fetched."""
        return account_id in self._tasks

    def __len__(self) -> int:
        """How many fetches are under way."""
        return len(self._tasks)

    def submit(self, credential: Credential, gate: RateLimitGate | None) -> None:
        """Fetch an account; a fetch of it that is under way is cancelled."""
        self.cancel(credential.account.id)
        task = self._tasks[credential.account.id] = FetchTask(credential, gate)
        self._start(task)

    def cancel(self, account_id: str) -> None:
        """Cancel the fetch of an account, if there is one: at once when it runs, else before it starts."""
        task = self._tasks.pop(account_id, None)
        if task is not None:
            if task.future is not None:
                task.future.cancel()
            task.cancel_token.cancel()

    def complete(self, task: FetchTask) -> bool:
        """Take a finished task off; return whether it was not cancelled, so that its result counts."""
        counts = self._tasks.get(task.account_id) is task
        if counts:
            del self._tasks[task.account_id]
        if not self._tasks:
            self._end_pool()
        return counts

    def expire(self) -> list[FetchTask]:
        """Take off and return the tasks that hang where nothing can end them.

        Their threads are left to themselves and the others get a fresh pool, so that none waits for a thread that
        may never come back.
        """
        now_s = self._monotonic()
        overdue = [task for task in self._tasks.values() if task.deadline_s <= now_s]
        for task in overdue:
            self.cancel(task.account_id)
        if overdue:
            self._replace_pool()
        return overdue

    def next_expiry_s(self) -> float:
        """Return after how many seconds to look for overdue tasks; one that waits for a thread may start now."""
        now_s = self._monotonic()
        left_s = min((task.deadline_s - now_s for task in self._tasks.values()), default=REQUEST_S)
        return max(_LEAST_WAIT_S, min(left_s, REQUEST_S))

    def close(self) -> None:
        """Cancel all and let the threads go; does not wait for them."""
        for account_id in list(self._tasks):
            self.cancel(account_id)
        self._end_pool()

    def _end_pool(self) -> None:
        """Let the threads go. While nothing is fetched there is no need for them; new ones start in no time."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _start(self, task: FetchTask) -> None:
        if self._pool is None:
            self._pool, self._has_threads = self._make_pool(), False
        try:
            task.future = self._pool.submit(self._work, task)
            self._has_threads = True
        except RuntimeError:
            # No further thread is to be had. Those that are there get to it; without any nobody does.
            if not self._has_threads:
                self._done(task, FetchResult(error=Failure(FailureKind.NETWORK, _NO_THREAD)))

    def _replace_pool(self) -> None:
        old, self._pool = self._pool, None
        for task in self._tasks.values():
            if task.future is not None and task.future.cancel():
                self._start(task)
        if old is not None:
            old.shutdown(wait=False)

    def _work(self, task: FetchTask) -> None:
        """Fetch one account, on a pool thread."""

        def allow_s(seconds: float) -> None:
            task.deadline_s = self._monotonic() + seconds

        allow_s(REQUEST_S)
        result = FetchResult(error=Failure(FailureKind.BAD_ANSWER, _INTERNAL_ERROR))
        with LoggedErrors(_log, "a fetch"):
            result = self._fetch(task.credential, task.cancel_token, allow_s)
        self._done(task, result)
