"""Accounts as a source discovers them, with files that have shown up with a spent token brought to the newest pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.sources.base import AccountSource, Discovery
    from trayquota.tokens.manager import TokenManager


_RETRY_S = 5.0


class TokenRestoringSource:
    """Another source, and a write into the file of each account that it discovers with a spent token."""

    def __init__(self, source: AccountSource, token_manager: TokenManager) -> None:
        """Have ``token_manager`` check what ``source`` discovers."""
        self._source = source
        self._token_manager = token_manager
        self._changed: Callable[[], None] = lambda: None
        self._is_discovering = self._is_in_use = self._is_waiting = False
        token_manager.files.on_in_use = self._note_in_use
        self.close: Callable[[], None] = source.close

    @property
    def name(self) -> str:
        """The other source's."""
        return self._source.name

    def start(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` when the other source does, and when a file could not be written because it is in use."""
        self._changed = changed
        self._source.start(changed)

    def discover(self) -> Discovery:
        """Return what the other source discovers; a file that is written then is discovered anew as a changed one.

        With a file in use comes a moment to try again: nothing says when it is let go.
        """
        found = self._source.discover()
        self._is_discovering, self._is_in_use = True, False
        self._is_waiting = self._token_manager.replace_spent(found.accounts)
        self._is_discovering = False
        return replace(found, retry_s=min(found.retry_s or _RETRY_S, _RETRY_S)) if self._is_in_use else found

    def is_scan_due(self) -> bool:
        """Whether one of the other source is due, or a pair of tokens waits for its file."""
        return self._is_waiting or self._source.is_scan_due()

    def _note_in_use(self) -> None:
        self._is_in_use = True
        if not self._is_discovering:
            self._changed()
