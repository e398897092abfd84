"""Taking an account out of its proxy's rotation, and putting it back: at the proxy, else in its credential file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from trayquota.core.errors import FetchError, PauseError, TokenWriteError
from trayquota.core.model import NATIVE
from trayquota.core.translation import Message
from trayquota.sources.proxy_api import SOURCE as PROXY
from trayquota.tokens.disabling import set_disabled

if TYPE_CHECKING:
    from trayquota.core.credential import Credential
    from trayquota.sources.proxy_api import ProxySource
    from trayquota.tokens.manager import TokenManager

_log = logging.getLogger(__name__)


class Pauser:
    """Pauses and resumes accounts. Blocks; for any thread."""

    def __init__(self, proxies: ProxySource, token_manager: TokenManager) -> None:
        """Change accounts at ``proxies``, and files with the locks of ``token_manager``."""
        self._proxies = proxies
        self._token_manager = token_manager

    def set_paused(self, credential: Credential, *, paused: bool) -> bool:
        """Pause or resume an account.

        One that a connected proxy has is changed there, which may write the same file; a file on this machine that
        does not say so by then is written.

        Returns:
            Whether the file on this machine was written: then a proxy may write an old copy back for a minute.

        Raises:
            PauseError: It was not changed.
        """
        account = credential.account
        if account.source == NATIVE:
            message = Message(
                "It is the login of another program, which takes no turns with others: there is nothing to pause."
            )
            raise PauseError(message)
        try:
            if account.source == PROXY:
                self._proxies.set_disabled(credential, disabled=paused)
                return False
            self._change_at_proxies(credential, paused=paused)
        except FetchError as error:
            raise PauseError(error.failure.message) from None
        return self.write(credential, paused=paused)

    def write(self, credential: Credential, *, paused: bool) -> bool:
        """Have the account's file say whether it is paused; return whether it said something else.

        Raises:
            PauseError: It cannot be written.
        """
        try:
            return set_disabled(self._token_manager, credential.path, disabled=paused)
        except TokenWriteError as error:
            message = Message("Its file cannot be written: {reason}.", reason=error)
        except FetchError:
            message = Message(
                "Its file was not written, for another program is refreshing its login. Try again in a moment."
            )
        raise PauseError(message)

    def _change_at_proxies(self, credential: Credential, *, paused: bool) -> None:
        """Change a folder's account at each proxy that has it, too. Where one refuses, the file counts."""
        for copy in self._proxies.copies_of(credential):
            try:
                self._proxies.set_disabled(copy, disabled=paused)
            except FetchError as error:
                _log.warning("a proxy did not change an account of the folder: %s", error.failure.kind)
