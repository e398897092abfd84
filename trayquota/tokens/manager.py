"""Refreshing an expired login without ever losing it.

Refresh tokens are single-use: whoever sends one gets the only new one. So everything is keyed by the token's
fingerprint, whatever files it is in, and the irreversible step comes last:

1. A token is refreshed only when the access token beside it has ended, or the provider refused that in a way that a
   new one can mend; not in files of other users, and not for providers that do not allow it.
2. One refresh per token at a time, across threads, processes and folders (:mod:`.lock`). Whoever is quitting does not
   begin one.
3. With the lock held, the file and the journal are read again. Where somebody else has refreshed or signed in
   meanwhile, theirs is used and nothing is sent. An access token that was refused before its end was probably replaced
   by the proxy a moment ago, so the proxy is given a second to write its new pair.
4. A refresh token that was answered ``invalid_grant`` is dead, unless its file gets another one within three seconds:
   it is never sent again, also after a restart (:mod:`.refresher`).
5. Before anything is sent, the file has been made ready for the new pair (:mod:`.prepared_file`) and room for it
   reserved in the journal (:mod:`.journal`). What comes back goes into the journal, in one write and synced, before
   it is judged. Between the provider's answer and this write lies the only moment in which a crash loses a login; no
   program on this side of the network can close it.
6. Then it goes into every file of the known folders that holds the spent token (:mod:`.writer`). A file with another
   token holds a login of its own, and that wins.
7. What follows a spent token is known for 30 days: a file that shows up with one gets the newest pair of its chain.

A refresh under way is never cancelled: quitting waits for it, bounded by the request's own time-out.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.errors import FetchError, SupersededError, TokenWriteError, UnreadableError, fetch_error
from trayquota.core.model import Failure, FailureKind
from trayquota.core.translation import Message, marked
from trayquota.providers import find_provider
from trayquota.providers.base import SIGN_IN
from trayquota.sources.credential_file import parse_fields, read_account, read_bytes
from trayquota.system.files import real_path
from trayquota.tokens.files import TokenFiles
from trayquota.tokens.journal import Journal
from trayquota.tokens.lock import WAIT_S, cancelled, refresh_lock, state_folder_unusable
from trayquota.tokens.pending_tokens import PendingTokens, fingerprint
from trayquota.tokens.prepared_file import PreparedFile, ready_file
from trayquota.tokens.refresher import BackoffStore, Send, TokenRefresher, login_expired
from trayquota.tokens.writer import can_write_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from trayquota.core.credential import Credential, Tokens
    from trayquota.providers.base import Provider


_SETTLE_S = 1.0
_ROUNDS = 5
"""So often the file may change while its token's lock is waited for."""


class TokenManager:
    """Refreshes tokens for any number of threads."""

    def __init__(
        self,
        state_dir: Path,
        send: Send,
        backoffs: BackoffStore,
        clock: Callable[[], datetime],
        closing: threading.Event,
    ) -> None:
        """Keep journals and locks in ``state_dir``; ``closing`` ends waits, and no refresh begins any more."""
        self._journal = Journal(state_dir / "renewals")
        self.files = TokenFiles(self._journal)
        """The known files. The folders may be changed at any time."""
        self._refresher = TokenRefresher(send, backoffs, clock, closing)
        self._clock = clock
        self._closing = closing
        self._outstanding = 0
        self._idle = threading.Condition()

    def recover(self) -> None:
        """Put pairs that a crash or an unwritable file has left in the journal where they belong."""
        self.files.recover()
        for entry in self._journal.pending():
            # Who holds the lock puts it there, too.
            with contextlib.suppress(FetchError), self._locked(entry.base, wait_s=0.0):
                self.files.flush(entry, Path(entry.path))
        for spent in self._journal.empty():
            with contextlib.suppress(FetchError), self._locked(spent, wait_s=0.0):
                self._journal.discard_empty(spent)
        self._journal.purge()

    def replace_spent(self, credentials: Iterable[Credential]) -> bool:
        """Bring files that have shown up with a spent token to the newest pair of its chain. Raises nothing.

        Returns whether one of them cannot be written yet.
        """
        warnings = [
            self.current_tokens(credential)[1]
            for credential in credentials
            if credential.login.refresh_token and credential.writable
        ]
        return any(warnings)

    def current_tokens(self, credential: Credential) -> tuple[Tokens, Failure | None]:
        """Return the login to use: the file's, or the newer pair that follows a spent token in it.

        With a pair that could not be written into the file yet comes a failure that says so; the write is tried again
        first.
        """
        login = credential.login
        entry = None
        with contextlib.suppress(OSError):
            # Nobody can say now whether one follows; a refresh will say why.
            entry = self.files.successor(login.refresh_token, login.access_token)
        if entry is None:
            return login, None
        problem: str | None = None
        with self._counted(), contextlib.suppress(FetchError), self._locked(entry.base, wait_s=0.0):
            problem = self.files.flush(entry, real_path(credential.path))
        warning = _unwritten(problem, is_safe=not self._journal.is_unsaved(entry)) if problem else None
        return entry.applied_to(login), warning

    def refresh(self, credential: Credential, refused: Tokens) -> Tokens:
        """Return a login newer than ``refused``, from the file, the journal or the provider.

        Raises:
            FetchError: There is none: the failure says whether the user has to act or when it is tried again.
        """
        provider = find_provider(credential.account.provider)
        if provider is None or not provider.can_refresh:
            raise login_expired()
        with self._counted():
            was_refused = not refused.is_expired(self._clock())
            if was_refused:
                self._closing.wait(_SETTLE_S)
            for _ in range(_ROUNDS):
                login = self._current(credential)
                with contextlib.suppress(SupersededError), self._locked(fingerprint(login.refresh_token)):
                    if self._current(credential).refresh_token != login.refresh_token:
                        continue
                    login, _ = self.current_tokens(replace(credential, login=self._reread(credential)))
                    is_other = login.access_token != refused.access_token
                    if (is_other or not was_refused) and not login.is_expired(self._clock()):
                        return login
                    return self._exchange(provider, credential, login)
        raise _is_changing()

    def is_ineffective(self, login: Tokens) -> bool:
        """Whether ``login`` was refreshed because its access token was refused, which was no use."""
        return self._refresher.is_ineffective(login.refresh_token)

    def set_ineffective(self, login: Tokens, *, is_ineffective: bool) -> None:
        """Record whether the refresh that ``login`` came of was of use."""
        self._refresher.set_ineffective(login.refresh_token, is_ineffective=is_ineffective)

    @contextlib.contextmanager
    def holding(self, refresh_token: str) -> Iterator[None]:
        """Hold a token's lock: nobody refreshes it meanwhile, and the program's end waits. Raises ``FetchError``."""
        with self._counted(), self._locked(fingerprint(refresh_token)):
            yield

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until no token is refreshed or written; return whether that came true in time."""
        with self._idle:
            return self._idle.wait_for(lambda: self._outstanding == 0, timeout_s)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._idle:
            self._outstanding += 1
        try:
            yield
        finally:
            with self._idle:
                self._outstanding -= 1
                self._idle.notify_all()

    def _locked(self, spent: str, *, wait_s: float = WAIT_S) -> contextlib.AbstractContextManager[None]:
        return refresh_lock(self._journal.path_for(spent, ".lock"), self._closing, wait_s=wait_s)

    def _current(self, credential: Credential) -> Tokens:
        """Return the login in the file as it is now, or the pair that follows it.

        Raises:
            FetchError: It is not to be refreshed any more, or nobody knows what follows it.
        """
        login = self._reread(credential)
        try:
            entry = self.files.successor(login.refresh_token, login.access_token)
        except OSError as error:
            raise state_folder_unusable(error) from None
        return entry.applied_to(login) if entry is not None else login

    def _reread(self, credential: Credential) -> Tokens:
        """Return the login in the file as it is now.

        Raises:
            FetchError: It is not to be refreshed any more.
        """
        path = Path(credential.path)
        try:
            source = parse_fields(read_bytes(path))
        except (UnreadableError, OSError):
            source = None
        if source is None:
            raise _is_changing()
        fresh = read_account(path, source)
        if fresh.disabled or fresh.problem or not fresh.account.is_same_person(credential.account):
            raise fetch_error(FailureKind.UNREADABLE_FILE, "The file has been changed. It will be read again.")
        if not fresh.login.refresh_token:
            raise login_expired()
        if not can_write_tokens(source, fresh.login.refresh_token):
            raise fetch_error(
                FailureKind.LOGIN_EXPIRED,
                "Login expired. It is not refreshed, because the file's form is not known well enough. {sign_in}",
                sign_in=SIGN_IN,
            )
        return fresh.login

    def _is_superseded(self, credential: Credential, sent: Tokens) -> bool:
        """Whether the file holds another login by now than the one that was sent."""
        with contextlib.suppress(FetchError):
            return self._current(credential).refresh_token != sent.refresh_token
        return False

    def _exchange(self, provider: Provider, credential: Credential, login: Tokens) -> Tokens:
        """Send the refresh token and keep the new pair. Needs the token's lock.

        Raises:
            FetchError: There is no new pair, or nothing was sent.
            SupersededError: Another program has sent it.
        """
        spent = fingerprint(login.refresh_token)
        self._refresher.check_allowed(login.refresh_token)
        if self._journal.is_dead(spent):
            raise login_expired()
        if self._closing.is_set():
            raise cancelled()
        path = real_path(credential.path)
        with contextlib.ExitStack() as stack:
            prepared = self._ready(path, stack)
            try:
                room = stack.enter_context(self._journal.reserved(spent))
            except OSError as error:
                raise state_folder_unusable(error) from None
            try:
                tokens = self._refresher.refresh(provider, login, lambda: self._is_superseded(credential, login))
            except FetchError as error:
                if error.failure.kind is FailureKind.LOGIN_EXPIRED:
                    self._journal.set_dead(spent)
                raise
            entry = PendingTokens.of(path, login, tokens, self._clock())
            self._journal.keep(entry, room)
            self.files.flush(entry, path, prepared)
        self._refresher.succeeded(login.refresh_token, entry.refresh_token)
        if not entry.access_token:
            raise self._refresher.back_off(entry.refresh_token)
        return entry.applied_to(login)

    def _ready(self, path: Path, stack: contextlib.ExitStack) -> PreparedFile:
        try:
            return stack.enter_context(ready_file(path))
        except TokenWriteError as error:
            raise fetch_error(
                FailureKind.UNREADABLE_FILE,
                "Login expired, and the file cannot take a new one: {reason}. Your proxy has to refresh it.",
                reason=error,
            ) from None


def _is_changing() -> FetchError:
    return fetch_error(FailureKind.UNREADABLE_FILE, "The file is being changed. It will be read again.")


def _unwritten(reason: str, *, is_safe: bool) -> Failure:
    safe = marked(
        "The refreshed login could not be written to its file ({reason}). It is kept safe in the state folder and the "
        "write is tried again."
    )
    lost = marked(
        "The refreshed login could not be written to its file ({reason}). The state folder does not take it either: "
        "without help it is lost when the program ends."
    )
    return Failure(FailureKind.UNREADABLE_FILE, Message(safe if is_safe else lost, reason=reason))
