"""One person's account that several sources have, shown once: in a credentials folder, at a proxy, as a native login.

The order of sources is that in which they are preferred. Where nothing says that two accounts are one, both are shown:
two Teams of one e-mail are never taken for one.
"""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trayquota.core.credential import Credential

_FOLDER = "folder"


def is_one_account(one: Credential, other: Credential) -> bool:
    """Whether two credentials are known to be of one account, whose quotas are the same.

    Its provider is the same, and either all that identifies its person and organization is known and equal, or e-mail
    and file name are, and nothing that is known speaks against it.
    """
    mine, theirs = one.account, other.account
    if not mine.is_same_person(theirs):
        return False
    if mine.person.is_known_same(theirs.person):
        return True
    is_name_equal = mine.person.name is not None and mine.person.name == theirs.person.name
    return is_name_equal and _file_name(one) == _file_name(other)


def _file_name(credential: Credential) -> str:
    """Return the name of its file, on this machine or another one."""
    return credential.path.replace("\\", "/").rpartition("/")[2]


def _keys(credential: Credential) -> list[tuple[str | None, ...]]:
    """Return what one of has to be equal for two accounts to be one, so that not each is compared with each."""
    who, provider = credential.account.person, credential.account.provider
    place = (provider, who.account, who.organization)
    keys: list[tuple[str | None, ...]] = []
    if who.user is not None:
        keys.append((*place, "user", who.user))
    if who.name is not None:
        keys += [(*place, "name", who.name), (provider, "file", who.name, _file_name(credential))]
    return keys


def merge_accounts(sources: Sequence[Iterable[Credential]]) -> list[tuple[Credential, ...]]:
    """Return the accounts of each source that are to be shown.

    Of an account that several places have, the first place without a problem is shown, with what any of them has seen
    of its quotas last. A fallback is left out where a folder holds an account of its provider.

    Args:
        sources: The accounts of each, the preferred source first.
    """
    given = [tuple(credentials) for credentials in sources]
    held = {each.account.provider for credentials in given for each in credentials if each.source == _FOLDER}
    needed = (each for each in chain.from_iterable(given) if not (each.is_fallback and each.account.provider in held))
    groups: list[list[Credential]] = []
    by_key: dict[tuple[str | None, ...], list[list[Credential]]] = {}
    for _, credentials in groupby(needed, _place):
        new: list[tuple[tuple[str | None, ...], list[Credential]]] = []
        for credential in credentials:
            keys = _keys(credential)
            near = (group for key in keys for group in by_key.get(key, ()))
            group = next((group for group in near if _belongs(credential, group)), None)
            if group is None:
                groups.append(group := [])
            group.append(credential)
            new += [(key, group) for key in keys]
        # Only now: accounts of one place are never one, however many are alike.
        for key, group in new:
            by_key.setdefault(key, []).append(group)
    shown = {id(head): replaced for head, replaced in map(_shown, groups)}
    return [tuple(shown[id(each)] for each in credentials if id(each) in shown) for credentials in given]


def moved_ids(before: Mapping[str, Credential], found: Mapping[str, Credential]) -> dict[str, str]:
    """Return the ids that accounts have now, and those that they had before, where these are others.

    Args:
        before: The accounts that there were, by id.
        found: Those that there are.
    """
    new = [
        key
        for key, credential in found.items()
        if key not in before or not before[key].account.is_same_person(credential.account)
    ]
    left = {key: credential for key, credential in before.items() if key not in found or key in new}
    moves: dict[str, str] = {}
    for key in new:
        old = next((old for old, credential in left.items() if is_one_account(credential, found[key])), key)
        if old != key:
            moves[key] = old
            del left[old]
    return moves


def _belongs(credential: Credential, group: Sequence[Credential]) -> bool:
    """Whether an account is one with a group's, none of which may be another person's, or of the same place."""
    return any(is_one_account(credential, each) for each in group) and all(
        _place(each) != _place(credential) and each.account.is_same_person(credential.account) for each in group
    )


def _place(credential: Credential) -> tuple[str, str]:
    return credential.source, credential.account.server


def _shown(group: Sequence[Credential]) -> tuple[Credential, Credential]:
    """Return which of a group is shown, and as what."""
    head = next((each for each in group if each.problem is None), group[0])
    seen = max((each.observed for each in group if each.observed), key=lambda observed: observed.at, default=None)
    return head, replace(head, observed=seen) if seen != head.observed else head
