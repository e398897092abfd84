"""Compiles the catalogues as the wheel is built, and in place where the checkout itself is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueBuildHook(BuildHookInterface[Any]):
    """What hatchling calls."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Compile all; the same catalogue makes the same bytes."""
        for source in sorted(Path(self.root, "trayquota", "locale").glob("*.po")):
            target = source.with_suffix(".mo")
            with source.open("rb") as texts, target.open("wb") as compiled:
                write_mo(compiled, read_po(texts, locale=source.stem, abort_invalid=True))
            build_data["artifacts"].append(f"/{target.relative_to(self.root).as_posix()}")
