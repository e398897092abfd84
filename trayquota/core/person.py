"""Whose numbers they are: what is known of one person is never shown for another."""

from __future__ import annotations

from msgspec import Struct

from trayquota.core.redacted import RedactedRepr


class Person(RedactedRepr, Struct, frozen=True, omit_defaults=True):
    """Whose an account is, by fingerprints only; ``None`` is unknown. Its ``repr`` has none of them.

    Attributes:
        account: The provider's own id of the account or workspace.
        organization: The id of the organization.
        user: The provider's own id of the person.
        name: The e-mail or login name.
    """

    repr_fields = ()

    account: str | None = None
    organization: str | None = None
    user: str | None = None
    name: str | None = None

    @property
    def tag(self) -> str:
        """A short text that is another for another person."""
        known = (self.account, self.organization, self.user or self.name)
        return _fingerprint("\n".join(part or "" for part in known))[:8]

    def is_same(self, other: Person) -> bool:
        """Whether both can be one person in one organization.

        What is unknown on either side does not make them two. An e-mail may change: where both know the provider's
        own id of the person, only that counts. When each side knows something, they have to have something in common.
        """
        nobody = Person()
        if nobody in (self, other):
            return True
        pairs = [(self.account, other.account), (self.organization, other.organization)]
        pairs.append((self.user, other.user) if self.user and other.user else (self.name, other.name))
        known = [mine == theirs for mine, theirs in pairs if mine and theirs]
        return bool(known) and all(known)

    def is_known_same(self, other: Person) -> bool:
        """Whether both are known to be one person in one organization, so that nothing has to be assumed.

        An e-mail alone does not say that: one person may have a seat in several organizations.
        """
        place = (self.account, self.organization)
        if place == (None, None) or place != (other.account, other.organization):
            return False
        if self.user and other.user:
            return self.user == other.user
        return self.name is not None and self.name == other.name

    def merged(self, older: Person) -> Person:
        """Return this person with what was known before and is not now."""
        return Person(
            self.account or older.account,
            self.organization or older.organization,
            self.user or older.user,
            self.name or older.name,
        )


def person(
    *, account: str | None = None, organization: str | None = None, user: str | None = None, name: str | None = None
) -> Person:
    """Return the person with these ids, each of which may be unknown or empty."""
    return Person(
        _fingerprint(account) if account else None,
        _fingerprint(organization) if organization else None,
        _fingerprint(user) if user else None,
        _fingerprint(name.strip().casefold()) if name else None,
    )


def _fingerprint(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
