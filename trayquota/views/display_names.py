"""The names that are shown: the person's, else the accounts' own, or numbers in their place.

What the person calls an account is in the settings, else it is the note that their proxy keeps with it. Names that are
equal are made different.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.text import clean
from trayquota.core.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trayquota.core.model import Account, AccountUsage, Snapshot
    from trayquota.views.labels import DisplayOptions

SEPARATOR = " · "
_PART_CHARS = 36
"""As long as the id of an organization, which a file's name may have in it."""


def with_display_names(snapshot: Snapshot, options: DisplayOptions) -> Snapshot:
    """Return the snapshot with the names that are to be shown."""
    accounts = [usage.account for usage in snapshot.accounts]
    aliases = {account.id: alias for account in accounts if (alias := _alias(account, options))}
    if options.hide_names:
        names = {**_numbered(accounts), **aliases}
    else:
        named = [replace(account, name=aliases.get(account.id, account.name)) for account in accounts]
        names = {**aliases, **_distinct(named)}
    usages = (
        replace(usage, account=replace(usage.account, name=names[usage.account.id]))
        if usage.account.id in names
        else usage
        for usage in snapshot.accounts
    )
    return replace(snapshot, accounts=tuple(usages))


def is_named(wanted: str, shown: Account, name: str) -> bool:
    """Whether a person who writes ``wanted`` means an account: by its id, its display name or its own, in any case.

    Args:
        wanted: What was written.
        shown: The account with its display name.
        name: Its own.
    """
    return wanted.casefold() in {shown.id.casefold(), shown.name.casefold(), name.casefold()}


def named_usages(wanted: str | None, snapshot: Snapshot, options: DisplayOptions) -> list[tuple[Account, AccountUsage]]:
    """Return the accounts that a person who writes ``wanted`` can mean: each as it is, and as it is shown.

    Args:
        wanted: What was written; ``None`` means all.
        snapshot: The accounts.
        options: How they are shown.
    """
    shown = with_display_names(snapshot, options).accounts
    return [
        (own.account, usage)
        for own, usage in zip(snapshot.accounts, shown, strict=True)
        if wanted is None or is_named(wanted, usage.account, own.account.name)
    ]


def header_parts(account: Account) -> tuple[str, ...]:
    """Return an account's display name and its plan, unless the name has that already."""
    is_named = account.plan is None or account.plan in account.name.split(SEPARATOR)
    return (account.name,) if is_named else (account.name, str(account.plan))


def _alias(account: Account, options: DisplayOptions) -> str:
    """Return what the person calls an account; empty for nothing, or where it is an e-mail and those are hidden."""
    file = account.id.rpartition("/")[2]
    alias = clean(options.names.get(account.id) or options.names.get(file) or account.note)
    return "" if options.hide_names and "@" in alias else alias


def _numbered(accounts: Iterable[Account]) -> Mapping[str, str]:
    """Return numbers for names, for when others can see the screen."""
    counts: Counter[str] = Counter()
    names = {}
    for account in accounts:
        counts[account.provider] += 1
        names[account.id] = _("account {number}").format(number=counts[account.provider])
    return names


def _distinct(accounts: Iterable[Account]) -> Mapping[str, str]:
    """Return names for the accounts that would have the same one otherwise, by account id.

    What is added is the organization or workspace, else the plan, else what differs in the files' names; each
    only where what comes before it does not do.
    """
    groups: defaultdict[tuple[str, str], list[Account]] = defaultdict(list)
    for account in accounts:
        groups[account.provider, account.name.casefold()].append(account)
    names: dict[str, str] = {}
    for group in groups.values():
        if len(group) > 1:
            names |= _names_within(group)
    return names


def _names_within(group: list[Account]) -> Mapping[str, str]:
    names = {account.id: account.name for account in group}
    for parts_of in (_organizations, _plans, _differences, _numbers):
        equal: defaultdict[str, list[Account]] = defaultdict(list)
        for account in group:
            equal[names[account.id].casefold()].append(account)
        for accounts in equal.values():
            parts = parts_of(accounts)
            if len(set(parts.values())) > 1:
                names |= {key: f"{names[key]}{SEPARATOR}{part}" for key, part in parts.items() if part}
    return names


def _organizations(accounts: list[Account]) -> Mapping[str, str]:
    """Return the organizations; one that is called after the person says nothing."""
    return {
        account.id: ""
        if account.organization is None or account.name.casefold() in account.organization.casefold()
        else clean(account.organization, _PART_CHARS)
        for account in accounts
    }


def _plans(accounts: list[Account]) -> Mapping[str, str]:
    return {account.id: account.plan or "" for account in accounts}


def _differences(accounts: list[Account]) -> Mapping[str, str]:
    """Return the part of each file's name that is not common to all."""
    stems = {account.id: account.id.removesuffix(".json") for account in accounts}
    start = _common_length(list(stems.values()))
    end = _common_length([stem[start:][::-1] for stem in stems.values()])
    return {key: clean(stem[start : len(stem) - end].strip("-_./ "), _PART_CHARS) for key, stem in stems.items()}


def _numbers(accounts: list[Account]) -> Mapping[str, str]:
    ids = sorted(account.id for account in accounts)
    return {key: _("file {number}").format(number=number) for number, key in enumerate(ids, 1)}


def _common_length(texts: list[str]) -> int:
    """Return how far all texts begin alike, up to the end of a word."""
    alike = len(list(takewhile(lambda letters: len(set(letters)) == 1, zip(*texts, strict=False))))
    shortest = min(texts, key=len)
    while 0 < alike < len(shortest) and shortest[alike - 1].isalnum():
        alike -= 1
    return alike
