"""Having a credential file say whether its account is ``disabled``, while other programs may refresh its login."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.errors import TokenWriteError
from trayquota.core.translation import Message
from trayquota.sources.credential_file import read_refresh_token

if TYPE_CHECKING:
    from trayquota.tokens.manager import TokenManager

_ROUNDS = 5
"""So often the file may get another login while its token's lock is waited for."""


def set_disabled(token_manager: TokenManager, path: str, *, disabled: bool) -> bool:
    """Write ``disabled`` into the file at ``path`` with the lock of the refresh token in it; blocks.

    A refresh of that token by this program ends first, so that its new pair is in the file already.

    Returns:
        Whether the file said something else before.

    Raises:
        FetchError: Another process refreshes the token, and does not come to an end.
        TokenWriteError: The file cannot be read or written now; it is as it was.
    """
    place = Path(path)
    for _ in range(_ROUNDS):
        token = read_refresh_token(place)
        with token_manager.holding(token or path):
            if read_refresh_token(place) == token:
                return token_manager.files.write_disabled(place, disabled=disabled)
    message = Message("another program keeps writing it")
    raise TokenWriteError(message)
