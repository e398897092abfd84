"""One credential file, read again while it is half written by a program that truncates it in place.

While it cannot be read it keeps its account's last state, and is read again within a second; only what stays broken is
reported.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.errors import FileInUseError, UnreadableError
from trayquota.core.translation import message_of, sentences
from trayquota.sources.credential_file import unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from trayquota.core.credential import Credential

WRITE_GRACE_S = 1.0
"""How long a broken file may be one that is being written."""
_RETRY_S = 0.25
_IN_USE_RETRY_S = 2.0
_SETTLED = timedelta(seconds=2)

Signature = tuple[int, ...]


class RetryingFile(Struct):
    """What is known of a file.

    Attributes:
        credential: Its account; ``None`` where it holds none, or cannot be read yet.
    """

    credential: Credential | None = None
    _signature: Signature | None = None
    _broken_since: datetime | None = None
    _is_in_use: bool = False

    def read(
        self,
        found: Signature | None,
        now: datetime,
        read: Callable[[], Credential | None],
        stand_in: Callable[[str], Credential],
        advice: str,
    ) -> None:
        """Read it, unless it is as it was.

        Args:
            found: Its signature, which begins with when it was written; ``None`` when it cannot be looked at.
            now: The time.
            read: Reads it; raises ``FileNotFoundError``, ``FileInUseError`` or ``UnreadableError``.
            stand_in: Makes the account of a file that never could be read, with what is said of it.
            advice: What to do about a broken file, as a sentence.

        Raises:
            FileNotFoundError: It is gone.
        """
        if found is not None and self._signature == found and self._broken_since is None and not self._is_in_use:
            return
        try:
            self.credential = read()
        except FileInUseError as error:
            # Nothing is wrong with it: what is known of it holds.
            self._is_in_use = True
            if self.credential is None:
                self._keep_or_report(str(error), now, stand_in)
            return
        except UnreadableError as error:
            self._is_in_use = False
            self._keep_or_report(sentences((message_of(error), advice)), now, stand_in)
            return
        self._broken_since, self._is_in_use = None, False
        # A file written a moment ago may be written again within the same tick of the file system's clock.
        is_settled = found is not None and abs(now.timestamp() - found[0] / 1e9) > _SETTLED.total_seconds()
        self._signature = found if is_settled else None

    def is_waiting(self, now: datetime) -> bool:
        """Whether it is broken, but for so short a time that it may be half written."""
        return self._broken_since is not None and now - self._broken_since < timedelta(seconds=WRITE_GRACE_S)

    @property
    def is_in_use(self) -> bool:
        """Whether another program keeps it to itself."""
        return self._is_in_use

    def _keep_or_report(self, message: str, now: datetime, stand_in: Callable[[str], Credential]) -> None:
        if self._broken_since is None or self._broken_since > now:
            self._broken_since = now
        if self.is_waiting(now):
            return
        if self.credential is None:
            self.credential = stand_in(message)
        else:
            self.credential = replace(self.credential, problem=unreadable(message))


def retry_s(files: Iterable[RetryingFile], now: datetime) -> float | None:
    """Return after how many seconds files are to be read again because one is half written or in use."""
    waits = [
        _RETRY_S if file.is_waiting(now) else _IN_USE_RETRY_S
        for file in files
        if file.is_waiting(now) or file.is_in_use
    ]
    return min(waits, default=None)
