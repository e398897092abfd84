"""A ``repr`` that names no secret and no person, for it ends up in logs and tracebacks."""

from __future__ import annotations

from typing import Any, ClassVar


class RedactedRepr:
    """Has a ``repr`` of the fields that ``repr_fields`` names, and of no other; to be put before ``Struct``."""

    __slots__ = ()
    repr_fields: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        """Return the fields that may be shown."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for rich, which would show all of the struct otherwise."""
        return [(name, getattr(self, name)) for name in self.repr_fields]
