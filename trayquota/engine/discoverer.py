"""Discovering accounts: each source on a thread of its own, so that one that blocks holds nobody up."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING

from msgspec import Struct, field

from trayquota.core.account_merge import merge_accounts
from trayquota.core.refresh_policy import Reason
from trayquota.core.translation import sentences
from trayquota.sources.base import Discovery, with_unique_ids
from trayquota.system.log import LoggedErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trayquota.core.credential import Credential
    from trayquota.sources.base import AccountSource

_log = logging.getLogger(__name__)


def start_thread(action: Callable[[], None]) -> None:
    """Run ``action`` on a new thread, that nobody waits for.

    Not on the pool that fetches: there, a file that is new would wait until all accounts have been fetched. Without a
    thread to be had it runs here.
    """
    try:
        threading.Thread(target=action, name="discover", daemon=True).start()
    except RuntimeError:
        action()


def discover_once(sources: Iterable[AccountSource]) -> list[Credential]:
    """Return all accounts that the sources have now, with one id each; blocks as long as they do."""
    sources = list(sources)
    discoverer = Discoverer(sources, lambda: None, lambda action: action())
    for source in sources:
        discoverer.submit(source, None)
        discoverer.take()
    return discoverer.accounts


class _State(Struct):
    """Where a source stands.

    Attributes:
        found: What was discovered last.
        is_known: Something was.
        is_running: A discovery is under way.
        reasons: Why it is, or was.
        next_reasons: Why another one has to follow it: what was requested meanwhile may be newer than what it sees.
    """

    found: Discovery = Discovery()
    is_known: bool = False
    is_running: bool = False
    reasons: set[Reason] = field(default_factory=set)
    next_reasons: set[Reason] = field(default_factory=set)

    @property
    def is_awaited(self) -> bool:
        """Whether accounts are to be fetched that a discovery under way may not know yet."""
        return bool((self.reasons | self.next_reasons) - {Reason.CHANGED})


class Discovered(Struct, frozen=True):
    """A discovery that is done: of which source, for which reasons, and what it found, ``None`` when it failed."""

    source: AccountSource
    reasons: set[Reason]
    found: Discovery | None


class Discoverer:
    """All sources and what they have discovered. For one thread; what others find comes through a queue."""

    def __init__(
        self,
        sources: Iterable[AccountSource],
        done: Callable[[], None],
        run: Callable[[Callable[[], None]], None] = start_thread,
    ) -> None:
        """Discover nothing yet.

        Args:
            sources: In the order in which they are preferred.
            done: Called on the thread of each discovery at its end; is to have :meth:`take` called.
            run: Runs an action that may block.
        """
        self._states = {source.name: _State() for source in sources}
        self._done = done
        self._run = run
        self._results: queue.SimpleQueue[tuple[AccountSource, Discovery | None]] = queue.SimpleQueue()

    def submit(self, source: AccountSource, reason: Reason | None) -> None:
        """Have ``source`` discovered, after a discovery that is under way."""
        state = self._states[source.name]
        state.next_reasons |= {reason} if reason else set()
        if not state.is_running:
            self._start(source, state)

    def take(self, timeout_s: float = 0.0) -> Discovered | None:
        """Return the next discovery that is done, ``None`` when there is none within ``timeout_s``."""
        try:
            source, found = self._results.get(timeout=timeout_s) if timeout_s > 0 else self._results.get_nowait()
        except queue.Empty:
            return None
        state = self._states[source.name]
        reasons, state.reasons, state.is_running = state.reasons, set(), False
        state.found, state.is_known = found or state.found, state.is_known or found is not None
        if state.next_reasons:
            self._start(source, state)
        return Discovered(source, reasons, found)

    def pass_over(self, source: AccountSource) -> set[Reason]:
        """Wait no longer for a source that does not answer; return the reasons to wait for it, if there are any.

        What it discovers in the end counts as a change.
        """
        state = self._states[source.name]
        if not state.is_awaited:
            return set()
        reasons = state.reasons | state.next_reasons
        state.reasons, state.next_reasons = {Reason.CHANGED}, state.next_reasons and {Reason.CHANGED}
        return reasons

    def is_discovering(self, source: AccountSource) -> bool:
        """Whether a discovery of ``source`` is under way."""
        return self._states[source.name].is_running

    @property
    def is_running(self) -> bool:
        """Whether any discovery is under way."""
        return any(state.is_running for state in self._states.values())

    @property
    def is_awaited(self) -> bool:
        """Whether accounts are to be fetched once a discovery under way is done."""
        return any(state.is_awaited for state in self._states.values())

    @property
    def accounts(self) -> list[Credential]:
        """All accounts discovered, each once and with one id."""
        # Whether a fallback is needed only the first source can say.
        has_first = next((state.is_known for state in self._states.values()), False)
        found = (state.found.accounts for state in self._states.values())
        wanted = [[each for each in accounts if has_first or not each.is_fallback] for accounts in found]
        unique = with_unique_ids(zip(self._states, merge_accounts(wanted), strict=True))
        return [credential for credentials in unique for credential in credentials]

    @property
    def notice(self) -> str | None:
        """What is wrong with the sources, for people."""
        found = [state.found for state in self._states.values()]
        has_accounts = any(each.accounts for each in found)
        return sentences(each.notice for each in found if each.notice and not (each.is_hint and has_accounts)) or None

    def _start(self, source: AccountSource, state: _State) -> None:
        state.reasons, state.next_reasons, state.is_running = state.next_reasons, set(), True
        self._run(lambda: self._discover(source))

    def _discover(self, source: AccountSource) -> None:
        """Discover, on another thread."""
        found: Discovery | None = None
        with LoggedErrors(_log, f"the source {source.name}"):
            found = source.discover()
        self._results.put((source, found))
        self._done()
