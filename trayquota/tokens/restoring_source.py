"""Accounts as a source discovers them, with files that have shown up with a spent token brought to the newest pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.sources.base import AccountSource, Discovery
    from trayquota.tokens.manager import TokenManager


class TokenRestoringSource:
    """Another source, and a write into the file of each account that it discovers with a spent token."""

    def __init__(self, source: AccountSource, token_manager: TokenManager) -> None:
        """Have ``token_manager`` check what ``source`` discovers."""
        self._source = source
        self._token_manager = token_manager
        self.start: Callable[[Callable[[], None]], None] = source.start
        self.close: Callable[[], None] = source.close

    @property
    def name(self) -> str:
        """The other source's."""
        return self._source.name

    def discover(self) -> Discovery:
        """Return what the other source discovers; a file that is written then is discovered anew as a changed one."""
        found = self._source.discover()
        self._token_manager.replace_spent(found.accounts)
        return found
