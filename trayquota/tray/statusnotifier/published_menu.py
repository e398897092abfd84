"""The menu as hosts have been told of it."""

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
        self._ids = count(1)
        self._waiting: tuple[MenuEntry, ...] | None = None

    def update(self, entries: tuple[MenuEntry, ...]) -> Changes:
        """Take in what the menu says now.

        Returns:
            What hosts have to be told. A new revision has begun if it names parents.
        """
        new = assign_ids(self.root, entries, self._ids)
        changes = diff_menus(self.root, new)
        if changes.parents and self.is_open:
            self._waiting = entries
            new = with_same_shape(self.root, nodes_of(new))
            changes = diff_menus(self.root, new)
        else:
            self._waiting = None
        self.root, self.nodes = new, nodes_of(new)
        if changes.parents:
            self.revision += 1
        return changes

    def opened(self) -> None:
        """A person looks at the menu from now on."""
        self.is_open = True

    def closed(self) -> Changes:
        """Nobody looks any more: what has waited comes into force.

        Returns:
            What hosts have to be told.
        """
        self.is_open = False
        waiting = self._waiting
        return Changes() if waiting is None else self.update(waiting)
