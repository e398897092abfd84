"""Signing a person in again by a proxy on this machine: the page is opened, and followed until that is done.

Loaded with the first click. Between two looks nothing runs: each is a job of the engine's scheduler.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message, _, marked, shown
from trayquota.core.urls import is_page_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.providers.base import ProxySignIn
    from trayquota.sources.proxy_api import ProxySource

LONGEST_S = 300.0
LOOK_S = 3.0
"""Between two looks at whether it is done."""


class SignInDelegate(Protocol):
    """What signing in needs of the rest of the program; all but :meth:`post` for the engine's thread."""

    def post(self, action: Callable[[], object]) -> None:
        """Have the engine's thread run ``action``. From any thread."""

    def call_after(self, name: str, delay_s: float, action: Callable[[], object]) -> None:
        """Have ``action`` run once after a delay."""

    def open_page(self, address: str) -> None:
        """Show a page in the browser."""

    def signed_in(self) -> None:
        """Have all accounts refreshed, for one has a new login."""

    def notify_problem(self, title: str, message: str) -> None:
        """Notify of what became of a click."""


class _SignIn(Struct):
    """One sign-in.

    Attributes:
        server: The address of the proxy.
        kind: The provider's.
        label: What is signed in, for people.
        page: Where; empty until the proxy has said it.
        state: By which it is followed.
        ends_s: When it is given up, on the monotonic clock.
    """

    server: str
    kind: ProxySignIn
    label: str
    page: str = ""
    state: str = ""
    ends_s: float = 0.0


def start_thread(action: Callable[[], None]) -> None:
    """Run ``action``, which may block, on a thread of its own, that nobody waits for."""
    threading.Thread(target=action, name="sign in", daemon=True).start()


class SignIns:
    """All sign-ins under way, one for each provider of a proxy. For the engine's thread."""

    def __init__(
        self,
        delegate: SignInDelegate,
        proxies: ProxySource,
        monotonic: Callable[[], float],
        run: Callable[[Callable[[], None]], None] = start_thread,
    ) -> None:
        """Begin none yet.

        Args:
            delegate: Opens pages, notifies, and runs what is posted to the engine.
            proxies: Those that sign people in.
            monotonic: The monotonic clock; seconds.
            run: Runs what may block.
        """
        self._delegate = delegate
        self._proxies = proxies
        self._monotonic = monotonic
        self._run = run
        self._under_way: dict[tuple[str, str], _SignIn] = {}

    def request(self, server: str, kind: ProxySignIn, label: str) -> None:
        """Sign somebody in at a provider; one that is under way there is taken up, its page shown once more."""
        key = (server, kind.call)
        found = self._under_way.get(key)
        if found is not None:
            if found.page:
                self._delegate.open_page(found.page)
            return
        sign_in = self._under_way[key] = _SignIn(server, kind, label, ends_s=self._monotonic() + LONGEST_S)
        self._start(partial(self._begin, sign_in), sign_in)

    # On threads that may block.

    def _begin(self, sign_in: _SignIn) -> None:
        try:
            page, state = self._proxies.begin_sign_in(sign_in.server, sign_in.kind.call)
        except FetchError as error:
            self._delegate.post(partial(self._end, sign_in, error.failure.message))
        else:
            self._delegate.post(partial(self._begun, sign_in, page, state))

    def _look(self, sign_in: _SignIn) -> None:
        try:
            is_done, problem = self._proxies.is_signed_in(sign_in.server, sign_in.state), ""
        except FetchError as error:
            is_away = error.failure.kind in {FailureKind.NETWORK, FailureKind.PROVIDER_DOWN}
            is_done, problem = False, "" if is_away else error.failure.message
        self._delegate.post(partial(self._looked, sign_in, is_done=is_done, problem=problem))

    # On the engine's thread.

    def _begun(self, sign_in: _SignIn, page: str, state: str) -> None:
        if not is_page_of(page, sign_in.kind.hosts):
            self._end(sign_in, Message("The proxy names a page that is not the provider's. It was not opened."))
            return
        sign_in.page, sign_in.state = page, state
        self._delegate.open_page(page)
        self._look_later(sign_in)

    def _looked(self, sign_in: _SignIn, *, is_done: bool, problem: str) -> None:
        if is_done:
            self._end(sign_in, "")
        elif problem:
            self._end(sign_in, problem)
        elif self._monotonic() >= sign_in.ends_s:
            self._end(sign_in, Message("It was not completed within five minutes. Click again for a new page."))
        else:
            self._look_later(sign_in)

    def _look_later(self, sign_in: _SignIn) -> None:
        name = f"sign in: {sign_in.server} {sign_in.kind.call}"
        self._delegate.call_after(name, LOOK_S, lambda: self._start(partial(self._look, sign_in), sign_in))

    def _end(self, sign_in: _SignIn, problem: str) -> None:
        self._under_way.pop((sign_in.server, sign_in.kind.call), None)
        if problem:
            text = _("{subject}: {text}").format(subject=sign_in.label, text=shown(problem))
            self._delegate.notify_problem(marked("Signing in has failed"), text)
        else:
            text = _("{account} is asked again.").format(account=sign_in.label)
            self._delegate.notify_problem(marked("Signed in again"), text)
            self._delegate.signed_in()

    def _start(self, action: Callable[[], None], sign_in: _SignIn) -> None:
        try:
            self._run(action)
        except RuntimeError:
            self._end(sign_in, Message("The system has no more threads for this program."))
