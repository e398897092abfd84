"""All exceptions of this program, as one tree.

::

    BaseException
    ├── Interrupted                     a signal ends the program
    └── Exception
        └── TrayquotaError              all others
            ├── FetchError              an account's quotas could not be fetched
            ├── TokenRefreshError       the provider refused to refresh a token
            ├── TokenWriteError         a credential file does not take its new tokens
            ├── SupersededError         another program has refreshed a token
            ├── UnreadableError         a file is no usable credential file
            │   └── FileInUseError      another program keeps it to itself
            ├── ConfigError             the settings cannot be used
            ├── PauseError              an account was not paused or resumed
            ├── AutostartError          starting with the session cannot be switched
            ├── TrayUnavailableError    no tray can be shown
            ├── HistoryError            the history can be neither written nor read
            │   └── BrokenHistoryError  its file is no database, or none of ours
            ├── ForeignError            the state was written by another version; a ValueError
            └── UnusableFileError       no regular file, or too large to be read; an OSError

The text of those that a person may see is fit to show: it holds no token, no address and no body. Errors of the
libraries are turned into one of these where the library is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.translation import Message

if TYPE_CHECKING:
    from trayquota.core.model import Failure, FailureKind


_SIGINT = 2
"""On every system; to import ``signal`` for it takes a prompt's line too long."""


class Interrupted(BaseException):
    """A signal ends the program."""

    def __init__(self, number: int) -> None:
        """Keep the signal's number."""
        super().__init__(number)
        self.exit_code = 128 + number
        self.is_by_keyboard = number == _SIGINT


class TrayquotaError(Exception):
    """What this program raises for itself, and catches."""


class FetchError(TrayquotaError):
    """An account's quotas could not be fetched.

    Attributes:
        failure: What to show.
        may_refresh: The provider did not take the access token, and a new one may help.
        retry_after_s: The provider wants a pause of so many seconds.
    """

    def __init__(self, failure: Failure, *, may_refresh: bool = False, retry_after_s: float = 0.0) -> None:
        """Keep what is known."""
        super().__init__(failure.kind.value)
        self.failure = failure
        self.may_refresh = may_refresh
        self.retry_after_s = retry_after_s


def fetch_error(
    kind: FailureKind, text: str, *, may_refresh: bool = False, retry_after_s: float = 0.0, **fields: object
) -> FetchError:
    """Return the error for a failure of ``kind``; ``text`` is for people, with ``{fields}`` as a message has them."""
    # ``--version`` needs the tree, and no model.
    from trayquota.core.model import Failure

    message = text if isinstance(text, Message) else Message(text, **fields)
    return FetchError(Failure(kind, message), may_refresh=may_refresh, retry_after_s=retry_after_s)


class TokenRefreshError(TrayquotaError):
    """The provider refused to refresh a token.

    Attributes:
        final: The refresh token is dead: only a new login helps.
        wait_s: Seconds to wait before the next try; ``None`` leaves it to the back-off.
        server_fault: The provider itself is in trouble; a try a second later may work.
    """

    def __init__(self, *, final: bool = False, wait_s: float | None = None, server_fault: bool = False) -> None:
        """Keep what is known."""
        super().__init__("final" if final else "transient")
        self.final = final
        self.wait_s = wait_s
        self.server_fault = server_fault


class TokenWriteError(TrayquotaError):
    """A credential file cannot take new tokens now. The text says why, fit for the middle of a sentence.

    Attributes:
        is_in_use: Another program has it open, as Windows alone minds: soon the file may take them.
    """

    def __init__(self, message: str, *, is_in_use: bool = False) -> None:
        """Keep what is known."""
        super().__init__(message)
        self.is_in_use = is_in_use


class SupersededError(TrayquotaError):
    """Another program has refreshed the token, and its file holds the new one by now."""


class UnreadableError(TrayquotaError):
    """A file cannot be read as a credential file. The text says why."""


class FileInUseError(UnreadableError):
    """Another program keeps a file to itself for now, as can be on Windows."""


class ConfigError(TrayquotaError):
    """The settings cannot be used. The text names the place, what is wrong and what was expected."""


class PauseError(TrayquotaError):
    """An account was not paused or resumed. The text says why, in one or two sentences."""


class AutostartError(TrayquotaError):
    """Starting with the session cannot be switched on or off. The text says why."""


class TrayUnavailableError(TrayquotaError):
    """No tray can be shown here. The text says what is missing, in one or two sentences."""


class ForeignError(TrayquotaError, ValueError):
    """The state was written by another version."""


class HistoryError(TrayquotaError):
    """The history can be neither written nor read now. The text says why, fit for the middle of a sentence."""


class BrokenHistoryError(HistoryError):
    """The history's file is no database, or not one of ours."""

    def __init__(self) -> None:
        """Say no more: where it is broken is of no use to anybody."""
        super().__init__(Message("its file is broken"))


class UnusableFileError(TrayquotaError, OSError):
    """A path leads to something that is not read or written: no regular file, or a larger one than its reader takes.

    It has an ``errno``, and a ``strerror`` that says why.
    """
