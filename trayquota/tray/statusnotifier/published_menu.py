"""The menu as it was published to hosts."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from .layout import EMPTY, Changes, Node, assign_ids, diff_menus, nodes_of, with_same_shape

if TYPE_CHECKING:
    from .layout import MenuEntry


class PublishedMenu:
    """The tree that hosts know, its revision, and whether someone is looking at it.

    While the menu is open only what entries say changes; an entry that comes or goes would move what is under
    the pointer. Such a change waits until the menu is closed. Outlives connections, so that ids and
    revisions stay unique for the life of the icon.
    """

    def __init__(self) -> None:
        """Start without entries."""
        self.root: Node = EMPTY
        self.nodes: dict[int, Node] = nodes_of(EMPTY)
        self.revision = 1
        self.is_open = False
        self._fetched = self.root
        self._ids = count(1)
        self._entries: tuple[MenuEntry, ...] | None = None
        self._pending: tuple[MenuEntry, ...] | None = None

    def update(self, entries: tuple[MenuEntry, ...]) -> Changes:
        """Publish new entries; the very same ones again are none.

        Returns:
            What hosts have to be sent. A new revision has begun if it names parents.
        """
        if entries is self._entries:
            return Changes()
        self._entries = entries
        new = assign_ids(self.root, entries, self._ids)
        changes = diff_menus(self.root, new)
        self._pending = entries if changes.parents and self.is_open else None
        if self._pending is not None:
            new = with_same_shape(self.root, nodes_of(new))
            changes = diff_menus(self.root, new)
        elif changes.parents:
            # Some hosts fetch a layout only when the menu opens, and then go on from the one they fetched before.
            new = assign_ids(self._fetched, entries, self._ids)
            changes = diff_menus(self.root, new, self._fetched)
            self.revision += 1
        self.root, self.nodes = new, nodes_of(new)
        return changes

    def fetched(self) -> None:
        """Take in that a host has fetched the whole layout as it is now."""
        self._fetched = self.root

    def opened(self) -> None:
        """Hold back, from now on, what would move rows."""
        self.is_open = True

    def closed(self) -> Changes:
        """Publish what was held back while the menu was open.

        Returns:
            What hosts have to be sent.
        """
        self.is_open = False
        pending = self._pending
        if pending is None:
            return Changes()
        self._entries = None
        return self.update(pending)
