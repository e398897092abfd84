"""Renewing an expired login without ever losing it.

The tokens are single-use: whoever trades a refresh token in gets the only new one. So:

1. A renewal happens only when the access token in the file has ended, or the provider refused it in a way that
   a renewal can mend. Logins of providers that do not allow it are never touched, and neither are files that the
   new pair could not be written into as it should.
2. One renewal per file at a time, across threads and processes (:mod:`.lock`). Whoever is quitting does not
   begin one.
3. With the lock held, a pair left over from a crash is put into the file first; then the file is read again.
   When somebody else has renewed or logged in meanwhile, theirs is used and nothing is sent. A token that was
   refused before its end was probably traded in by the proxy a moment ago, so the proxy is given a second to
   write its new pair.
4. A refresh token that was answered ``invalid_grant`` is dead: it is never sent again, also after a restart
   (:mod:`.trade`).
5. Room for the new pair is made in a journal (:mod:`.journal`) before the old one is sent; where that fails,
   nothing is sent. The new pair goes in there, one write and fsync, before anything else happens. Between the
   provider's answer and this write lies the only moment in which a crash loses a login; no program on this side
   of the network can close it.
6. Then it goes into the credential file (:mod:`.rewrite`), unless the file has another refresh token by now:
   then somebody has logged in anew, and that login wins.
7. Then the journal goes. Where the file cannot be written, the journal stays, the new pair is used from it,
   and the write is tried again with every refresh and at every start.
8. A program that writes the old pair back later, out of its memory, has put a dead login into the file. As long
   as this process lives it knows the pair that follows, and puts that back.

A renewal under way is never cut off: quitting waits for it, bounded by the request's own time-out.
"""

from __future__ import annotations

import contextlib
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.errors import FetchError, SupersededError, TokenWriteError, UnreadableError, fetch_error
from trayquota.core.model import Failure, FailureKind
from trayquota.providers import find_provider
from trayquota.providers.base import SIGN_IN
from trayquota.providers.values import instant
from trayquota.sources.credential_file import parse_fields, read_account, read_bytes
from trayquota.tokens.journal import Journal, PendingTokens, fingerprint
from trayquota.tokens.lock import WAIT_S, cancelled, refresh_lock, state_folder_unusable
from trayquota.tokens.refresher import BackoffStore, Send, TokenRefresher, login_expired
from trayquota.tokens.writer import can_write_tokens, remove_temporary_files, write_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trayquota.core.credential import Credential, Tokens
    from trayquota.providers.base import Provider


_SETTLE_S = 1.0


class TokenManager:
    """Renews logins for any number of threads."""

    def __init__(
        self,
        state_dir: Path,
        send: Send,
        refusals: BackoffStore,
        clock: Callable[[], datetime],
        closing: threading.Event,
    ) -> None:
        """Keep journals and locks in ``state_dir``; ``closing`` ends waits and begins no renewal any more."""
        self._journal = Journal(state_dir / "renewals")
        self._trader = TokenRefresher(send, refusals, clock, closing)
        self._clock = clock
        self._closing = closing
        self._pairs: dict[str, PendingTokens] = {}
        """By file, the newest pair that this process knows of; changed with the file's lock held."""
        self._unsaved: set[str] = set()
        """Files whose pair is in no journal, because the state folder failed."""
        self._outstanding = 0
        self._idle = threading.Condition()

    def recover(self) -> None:
        """Put pairs that a crash or an unwritable file has left in the journal where they belong."""
        for entry in self._journal.pending():
            # Who holds the lock puts it there, too.
            with contextlib.suppress(FetchError), self._locked(entry.path, wait_s=0.0):
                self._settle(entry.path)

    def current_tokens(self, credential: Credential) -> tuple[Tokens, Failure | None]:
        """Return the login to use: the file's, or the newer pair that could not be written into it yet.

        With the latter comes a failure that says so; the write is tried again first.
        """
        if not self._pairs:
            return credential.login, None
        path = os.path.realpath(credential.path)
        entry = self._pairs.get(path)
        if entry is None or fingerprint(credential.login.refresh_token) != entry.base:
            return credential.login, None
        problem: str | None = None
        with contextlib.suppress(FetchError), self._locked(path, wait_s=0.0):
            problem = self._settle(path)
        warning = _unwritten(problem, is_safe=path not in self._unsaved) if problem else None
        return _renewed_login(credential.login, self._pairs.get(path, entry)), warning

    def refresh(self, credential: Credential, refused: Tokens) -> Tokens:
        """Return a login newer than ``refused``, from the file or from the provider.

        Raises:
            FetchError: There is none: the failure says whether the user has to act or when it is tried again.
        """
        provider = find_provider(credential.account.provider)
        if provider is None or not provider.can_refresh:
            raise login_expired()
        path = os.path.realpath(credential.path)
        with self._counted():
            was_refused = not refused.is_expired(self._clock())
            if was_refused:
                self._closing.wait(_SETTLE_S)
            with self._locked(path):
                self._settle(path)
                in_file = self._reread(credential, path)
                login = self._in_use(path, in_file)
                is_other = login.access_token != refused.access_token
                if (is_other or not was_refused) and not login.is_expired(self._clock()):
                    return login
                return self._trade(provider, login, in_file, path)

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until no renewal is under way; return whether that came true in time."""
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

    def _locked(self, path: str, *, wait_s: float = WAIT_S) -> contextlib.AbstractContextManager[None]:
        return refresh_lock(self._journal.path_for(path, ".lock"), self._closing, wait_s=wait_s)

    def _settle(self, path: str) -> str | None:
        """Bring the newest pair into its file; return why that is not possible yet. Needs the lock."""
        entry = self._newest(path)
        if entry is None:
            return None
        self._pairs[path] = entry
        remove_temporary_files(Path(path))
        try:
            write_tokens(entry)
        except TokenWriteError as error:
            self._save(entry)
            return str(error)
        except SupersededError:
            pass
        self._unsaved.discard(path)
        if not entry.is_rotated:
            # The old refresh token still works, so nobody who writes it back does any harm.
            del self._pairs[path]
        with contextlib.suppress(OSError):
            self._journal.drop(path)
        return None

    def _newest(self, path: str) -> PendingTokens | None:
        """Return the newest pair for a file, of which a journal may know that another process has written."""
        if path in self._unsaved:
            return self._pairs[path]
        try:
            return self._journal.newest(path) or self._pairs.get(path)
        except OSError:
            raise state_folder_unusable() from None

    def _save(self, entry: PendingTokens) -> None:
        """Put a pair into the journal again that is in none."""
        if entry.path not in self._unsaved:
            return
        with contextlib.suppress(OSError), self._journal.reserved(entry.path) as room:
            room.write(entry)
            self._unsaved.discard(entry.path)

    def _reread(self, credential: Credential, path: str) -> Tokens:
        """Return the login in the file as it stands now, or raise when it is not to be renewed any more."""
        try:
            source = parse_fields(read_bytes(Path(path)))
        except (UnreadableError, OSError):
            source = None
        if source is None:
            raise fetch_error(FailureKind.UNREADABLE_FILE, "The file is being changed. It will be read again.")
        fresh = read_account(Path(credential.path), source)
        if fresh.disabled or fresh.problem or fresh.account.provider != credential.account.provider:
            raise fetch_error(FailureKind.UNREADABLE_FILE, "The file has been changed. It will be read again.")
        if fresh.login.refresh_token and not can_write_tokens(source, fresh.login.refresh_token):
            raise fetch_error(
                FailureKind.LOGIN_EXPIRED,
                f"Login expired. It is not renewed, because the file's form is not known well enough. {SIGN_IN}",
            )
        return fresh.login

    def _in_use(self, path: str, in_file: Tokens) -> Tokens:
        """Return the login in the file, or the pair that follows it and could not be written yet."""
        entry = self._pairs.get(path)
        if entry is None or fingerprint(in_file.refresh_token) != entry.base:
            return in_file
        return _renewed_login(in_file, entry)

    def _trade(self, provider: Provider, login: Tokens, in_file: Tokens, path: str) -> Tokens:
        """Trade the refresh token in and keep the new pair. Needs the lock."""
        if not login.refresh_token:
            raise login_expired()
        self._trader.check_allowed(login.refresh_token)
        if self._closing.is_set():
            raise cancelled()
        with contextlib.ExitStack() as stack:
            try:
                room = stack.enter_context(self._journal.reserved(path))
            except OSError:
                raise state_folder_unusable() from None
            renewed = self._trader.refresh(provider, login)
            now = self._clock()
            entry = PendingTokens(
                path=path,
                base=fingerprint(in_file.refresh_token),
                replaces=fingerprint(in_file.access_token),
                access_token=renewed.access_token,
                refresh_token=renewed.refresh_token or login.refresh_token,
                expired=_stamp(now + timedelta(seconds=renewed.lifetime_s)),
                last_refresh=_stamp(now),
            )
            # In use even if the disk fails now: the old pair is dead already.
            self._pairs[path] = entry
            self._unsaved.add(path)
            with contextlib.suppress(OSError):
                room.write(entry)
                self._unsaved.discard(path)
        self._settle(path)
        self._trader.forget(login.refresh_token)
        return _renewed_login(login, entry)


def _renewed_login(login: Tokens, entry: PendingTokens) -> Tokens:
    return replace(
        login,
        access_token=entry.access_token,
        refresh_token=entry.refresh_token,
        expires_at=instant(entry.expired),
    )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _unwritten(reason: str, *, is_safe: bool) -> Failure:
    whereabouts = (
        "It is kept safe in the state folder and the write is tried again."
        if is_safe
        else "The state folder does not take it either: without help it is lost when the program ends."
    )
    return Failure(
        FailureKind.UNREADABLE_FILE, f"The renewed login could not be written to its file ({reason}). {whereabouts}"
    )
