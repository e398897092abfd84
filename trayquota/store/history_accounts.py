"""Which account of the history is which: known by fingerprints, named by whoever shows it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from trayquota.core.errors import BrokenHistoryError
from trayquota.core.person import Person

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from trayquota.core.model import Account


class AccountRow(Struct):
    """One account of the history.

    Attributes:
        id: Its row.
        provider: Lower case.
        place: The fingerprint of its credential file's name.
        person: Whose it is.
    """

    id: int
    provider: str
    place: str
    person: Person

    def is_of(self, account: Account) -> bool:
        """Whether it is this account, by its place and as far as is known by its person."""
        is_place = (self.provider, self.place) == (account.provider, place_of(account))
        return is_place and self.person.is_same(account.person)

    def is_moved(self, account: Account) -> bool:
        """Whether it is this account under another file name, or of another source: known to be, not assumed."""
        return self.provider == account.provider and self.person.is_known_same(account.person)


class AccountRows:
    """The accounts of a history."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Read them.

        Raises:
            BrokenHistoryError: The content is.
        """
        self._database = database
        self.rows = [
            AccountRow(row, provider, place, _decoded(person))
            for row, provider, place, person in database.execute(
                # The newest is the one that is in use, should there be several.
                "SELECT id, provider, place, person FROM account ORDER BY id DESC"
            )
        ]

    def find(self, account: Account, present: Iterable[Account]) -> AccountRow | None:
        """Return an account's row.

        Args:
            account: Whose row it is.
            present: All accounts there are; the row of none of the others is taken.
        """
        if found := next((row for row in self.rows if row.is_of(account)), None):
            return found
        taken = {place_of(other) for other in present}
        return next((row for row in self.rows if row.is_moved(account) and row.place not in taken), None)

    def find_or_add(self, account: Account, present: Sequence[Account]) -> int:
        """Return the id of an account's row; what is new about the account is written."""
        row, place = self.find(account, present), place_of(account)
        if row is None:
            cursor = self._database.execute(
                "INSERT INTO account (provider, place, person) VALUES (?, ?, ?)",
                (account.provider, place, msgspec.json.encode(account.person)),
            )
            self.rows.insert(0, AccountRow(int(cursor.lastrowid or 0), account.provider, place, account.person))
            return self.rows[0].id
        person = account.person.merged(row.person)
        if (place, person) != (row.place, row.person):
            row.place, row.person = place, person
            self._database.execute(
                "UPDATE account SET place = ?, person = ? WHERE id = ?", (place, msgspec.json.encode(person), row.id)
            )
        return row.id


def _decoded(person: bytes) -> Person:
    try:
        return msgspec.json.decode(person, type=Person)
    except (TypeError, ValueError, msgspec.MsgspecError):
        raise BrokenHistoryError from None


def place_of(account: Account) -> str:
    """Return the fingerprint of an account's place, which does not say what the file is called."""
    return hashlib.sha256(f"{account.provider}\n{account.id}".encode("utf-8", "backslashreplace")).hexdigest()[:16]
