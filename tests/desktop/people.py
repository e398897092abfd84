"""The sample people whose accounts are shown, and how much each of them has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .standin import Accounts

SIX = (
    ("claude", "ada@example.com", (42, 80)),
    ("codex", "bob@example.org", (70, 57)),
    ("claude", "cyd@example.net", (64, 33)),
    ("codex", "dee@example.com", (90, 88)),
    ("claude", "eve@example.org", (77, 51)),
    ("codex", "fay@example.net", (55, 61)),
)
"""Provider, e-mail, and what is left of the session and of the week, in percent."""
HEADLINE = "33% left: Claude cyd@example.net, Weekly"
"""Of those six."""


def add_people(accounts: Accounts, amount: int = len(SIX)) -> list[str]:
    """Add the first of them, then others with more left than those; return their e-mails."""
    people = list(SIX[:amount])
    people += [
        ("claude" if number % 2 else "codex", f"person{number:02}@example.com", (60 + number, 95 - number))
        for number in range(len(SIX), amount)
    ]
    for provider, email, left in people:
        accounts.add(provider, email, left=left)
    return [email for _, email, _ in people]
