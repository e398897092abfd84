"""What ends up in logs and tracebacks tells no secret and no person."""

from __future__ import annotations

from typing import Any, ClassVar


class Discreet:
    """Has a ``repr`` of the fields that ``tells`` names, and of no other; to be put before ``Struct``."""

    __slots__ = ()
    tells: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        """Return what may be told."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for rich, which would ask the struct else."""
        return [(name, getattr(self, name)) for name in self.tells]
