"""Renewing an expired login without ever losing it.

The tokens are single-use: whoever trades a refresh token in gets the only new one. So:

1. A renewal happens only when the access token in the file has ended, or the provider refused it in a way that
   a renewal can mend. Logins of providers that do not allow it are never touched.
2. One renewal per file at a time, across threads and processes: a lock file in the state folder.
3. With the lock held, a pair left over from a crash is put into the file first; then the file is read again.
   When somebody else has renewed or logged in meanwhile, theirs is used and nothing is sent. A token that was
   refused before its end was probably traded in by the proxy a moment ago, so the proxy is given a second to
   write its new pair.
4. A refresh token that was answered ``invalid_grant`` is dead: it is never sent again, also after a restart.
5. The new pair goes into a journal (:mod:`.journal`), one write and fsync, before anything else happens.
   Between the provider's answer and this write lies the only moment in which a crash loses a login; no
   program on this side of the network can close it.
6. Then it goes into the credential file (:mod:`.rewrite`), unless the file has another refresh token by now:
   then somebody has logged in anew, and that login wins.
7. Then the journal goes. Where the file cannot be written, the journal stays, the new pair is used from it,
   and the write is tried again with every refresh and at every start.

A renewal under way is never cut off: quitting waits for it, bounded by the request's own time-out.
"""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trayquota.core.model import Failure, FailureKind
from trayquota.credentials.files import UnreadableError, interpret, parse, read_bytes
from trayquota.credentials.journal import Entry, Journal, digest
from trayquota.credentials.rewrite import RewriteError, SupersededError, clear_leftovers, put
from trayquota.providers import providers
from trayquota.providers.base import SIGN_IN, FetchError, Login, RenewalError, failed
from trayquota.providers.values import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trayquota.credentials.files import Credential
    from trayquota.providers.base import Provider, Renewed, Request, Response

_LOCK_WAIT_S = 20.0
_SETTLE_S = 1.0
_ATTEMPTS = 3
_FIRST_WAIT_S = 300.0
_LONGEST_WAIT_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is remembered of a refresh token that could not be traded in.

    Attributes:
        final: It is dead.
        not_before: It is not tried again before.
        failures: How often in a row it failed.
    """

    final: bool
    not_before: datetime
    failures: int = 1


class Refusals(Protocol):
    """A memory of refusals by the token's fingerprint that survives restarts; safe from any thread."""

    def refusal(self, fingerprint: str) -> Refusal | None:
        """Return what is known of a token."""

    def remember_refusal(self, fingerprint: str, refusal: Refusal | None) -> None:
        """Note a refusal, or with ``None`` forget it."""


class Send(Protocol):
    """Sends a renewal so that nothing cuts it off."""

    def __call__(self, request: Request, *, proxy_url: str | None) -> Response:
        """Return the answer.

        Raises:
            FetchError: There was none.
        """


class LoginKeeper:
    """Renews logins for any number of threads."""

    def __init__(
        self,
        state_dir: Path,
        send: Send,
        refusals: Refusals,
        clock: Callable[[], datetime],
        closing: threading.Event,
    ) -> None:
        """Keep journals and locks in ``state_dir``; ``closing`` ends waits between tries."""
        self._journal = Journal(state_dir / "renewals")
        self._send = send
        self._refusals = refusals
        self._clock = clock
        self._closing = closing
        self._pending: dict[str, Entry] = {}
        self._outstanding = 0
        self._idle = threading.Condition()

    def recover(self) -> None:
        """Put pairs that a crash or an unwritable file has left in the journal where they belong."""
        for entry in self._journal.leftovers():
            with contextlib.suppress(FetchError), self._locked(entry.path):
                self._settle(entry.path)

    def current(self, credential: Credential) -> tuple[Login, Failure | None]:
        """Return the login to use: the file's, or the newer pair that could not be written into it yet.

        With the latter comes a failure that says so; the write is tried again first.
        """
        entry = self._pending.get(_real(credential.path))
        if entry is None:
            return credential.login, None
        problem: str | None = None
        with contextlib.suppress(FetchError), self._locked(entry.path, wait_s=0.0):
            problem = self._settle(entry.path)
        if digest(credential.login.refresh_token) != entry.base:
            return credential.login, None
        return _renewed_login(credential.login, entry), _unwritten(problem) if problem else None

    def renew(self, credential: Credential, refused: Login) -> Login:
        """Return a login newer than ``refused``, from the file or from the provider.

        Raises:
            FetchError: There is none: the failure says whether the user has to act or when it is tried again.
        """
        provider = providers()[credential.account.provider]
        path = _real(credential.path)
        with self._counted():
            if not refused.is_expired(self._clock()):
                self._closing.wait(_SETTLE_S)
            with self._locked(path):
                self._settle(path)
                login = self._reread(credential, path)
                if login.access_token != refused.access_token and not login.is_expired(self._clock()):
                    return login
                return self._trade(provider, login, path)

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

    @contextlib.contextmanager
    def _locked(self, path: str, *, wait_s: float = _LOCK_WAIT_S) -> Iterator[None]:
        from filelock import FileLock, Timeout  # noqa: PLC0415 - few runs ever renew a login

        place = self._journal.place(path, ".lock")
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(place, timeout=wait_s, mode=0o600)
            lock.acquire()
        except Timeout:
            raise failed(
                FailureKind.NETWORK, "Another program is renewing this login. It will be asked again."
            ) from None
        except OSError:
            raise _no_safe_place() from None
        try:
            yield
        finally:
            lock.release()

    def _settle(self, path: str) -> str | None:
        """Bring a journal's pair into its file; return why that is not possible yet. Needs the lock."""
        entry = self._journal.last(path)
        if entry is None:
            self._pending.pop(path, None)
            return None
        clear_leftovers(Path(path))
        try:
            put(entry)
        except SupersededError:
            pass
        except RewriteError as error:
            self._pending[path] = entry
            return str(error)
        self._pending.pop(path, None)
        with contextlib.suppress(OSError):
            self._journal.drop(path)
        return None

    def _reread(self, credential: Credential, path: str) -> Login:
        """Return the login as it stands now, or raise when the account is not to be renewed any more."""
        try:
            source = parse(read_bytes(Path(path)))
        except (UnreadableError, OSError):
            source = None
        if source is None:
            raise failed(FailureKind.UNREADABLE_FILE, "The file is being changed. It will be read again.")
        fresh = interpret(credential.path, source)
        if fresh.disabled or fresh.problem or fresh.account.provider != credential.account.provider:
            raise failed(FailureKind.UNREADABLE_FILE, "The file has been changed. It will be read again.")
        entry = self._pending.get(path)
        if entry is not None and digest(fresh.login.refresh_token) == entry.base:
            return _renewed_login(fresh.login, entry)
        return fresh.login

    def _trade(self, provider: Provider, login: Login, path: str) -> Login:
        """Trade the refresh token in and keep the new pair. Needs the lock."""
        if not login.refresh_token:
            raise _expired()
        fingerprint = digest(login.refresh_token)
        self._check_refusal(self._refusals.refusal(fingerprint))
        try:
            with self._journal.reserved(path) as room:
                renewed = self._ask(provider, login, fingerprint)
                entry = self._entry(renewed, login, path)
                # In use even if the disk fails now: the old pair is dead already.
                self._pending[path] = entry
                with contextlib.suppress(OSError):
                    room.keep(entry)
        except OSError:
            raise _no_safe_place() from None
        self._settle_new(entry)
        self._refusals.remember_refusal(fingerprint, None)
        return _renewed_login(login, entry)

    def _entry(self, renewed: Renewed, login: Login, path: str) -> Entry:
        now = self._clock()
        pending = self._pending.get(path)
        return Entry(
            path=path,
            base=pending.base if pending else digest(login.refresh_token),
            access_token=renewed.access_token,
            refresh_token=renewed.refresh_token or login.refresh_token,
            expired=_stamp(now + timedelta(seconds=renewed.lifetime_s)),
            last_refresh=_stamp(now),
        )

    def _settle_new(self, entry: Entry) -> None:
        try:
            put(entry)
        except RewriteError:
            return
        except SupersededError:
            pass
        self._pending.pop(entry.path, None)
        with contextlib.suppress(OSError):
            self._journal.drop(entry.path)

    def _check_refusal(self, known: Refusal | None) -> None:
        if known is None:
            return
        if known.final:
            raise _expired()
        if self._clock() < known.not_before:
            raise _later(known.not_before)

    def _ask(self, provider: Provider, login: Login, fingerprint: str) -> Renewed:
        request = provider.renewal_request(login.refresh_token)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return provider.read_renewal(self._send(request, proxy_url=login.proxy_url))
            except RenewalError as error:
                if error.final:
                    self._refusals.remember_refusal(fingerprint, Refusal(final=True, not_before=self._clock()))
                    raise _expired() from None
                problem = None if error.server_fault else self._refused(fingerprint, error.wait_s)
                passing = error.server_fault
            except FetchError as error:
                problem, passing = error, error.failure.kind is FailureKind.NETWORK
            if not passing or attempt == _ATTEMPTS or self._closing.wait(2.0 ** (attempt - 1)):
                break
        raise problem or failed(
            FailureKind.PROVIDER_DOWN,
            "The login has ended and the provider has trouble renewing it. It will be tried again.",
        )

    def _refused(self, fingerprint: str, wait_s: float | None) -> FetchError:
        known = self._refusals.refusal(fingerprint)
        failures = known.failures + 1 if known else 1
        if wait_s is None:
            wait_s = min(_FIRST_WAIT_S * 2.0 ** (failures - 1), _LONGEST_WAIT_S)
        not_before = self._clock() + timedelta(seconds=wait_s)
        self._refusals.remember_refusal(
            fingerprint, Refusal(final=False, not_before=not_before, failures=min(failures, 20))
        )
        return _later(not_before)


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _renewed_login(login: Login, entry: Entry) -> Login:
    return replace(
        login,
        access_token=entry.access_token,
        refresh_token=entry.refresh_token,
        expires_at=instant(entry.expired),
    )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _expired() -> FetchError:
    return failed(FailureKind.LOGIN_EXPIRED, f"Login expired. {SIGN_IN}")


def _later(moment: datetime) -> FetchError:
    message = "The login has ended and could not be renewed yet. It will be tried again."
    return FetchError(Failure(FailureKind.PROVIDER_DOWN, message, moment))


def _no_safe_place() -> FetchError:
    return failed(
        FailureKind.UNREADABLE_FILE,
        "The login has ended. It is not renewed, because the state folder cannot be written and the new login "
        "could be lost. Check the folder's permissions.",
    )


def _unwritten(reason: str) -> Failure:
    return Failure(
        FailureKind.UNREADABLE_FILE,
        f"The renewed login could not be written to its file ({reason}). It is kept safe in the state folder and "
        "the write is tried again.",
    )
