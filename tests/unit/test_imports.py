"""Imports point one way: nothing below reaches up."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import trayquota

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(trayquota.__file__).parent
FILES = {
    path.relative_to(ROOT.parent).with_suffix("").as_posix().replace("/", "."): path for path in ROOT.rglob("*.py")
}
LAYERS = (
    {"core", "system"},
    {"views", "providers"},
    {"sources", "net", "settings", "render"},
    {"tokens", "tray"},
    {"store"},
    {"engine"},
    {"services"},
    {"app"},
    {"cli", "__main__"},
)
"""From the bottom up; what is in one layer may know each other, except packages in a circle."""
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
OWNERS = {
    "requests": {"trayquota.net.requests_import"},
    "rich": {
        "trayquota.cli.history",
        "trayquota.cli.status",
        "trayquota.cli.watch",
        "trayquota.views.history_chart",
        "trayquota.views.table",
    },
    "drawsvg": {"trayquota.views.history_pictures"},
    "jinja2": {"trayquota.views.history_page"},
    "sqlite3": {
        "trayquota.sources.native_database",
        "trayquota.store.history",
        "trayquota.store.history_accounts",
        "trayquota.store.history_reader",
        "trayquota.store.history_schema",
        "trayquota.store.history_writer",
    },
}
"""Libraries that only some may import."""


LONGEST_LINES = 300


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in FILES.items()}
    assert not {name: length for name, length in lengths.items() if length > LONGEST_LINES}


def rank(part: str) -> int:
    """Return a part's layer; fails on one that no layer names."""
    assert part in RANK, f"{part} is in no layer: give it a place in LAYERS"
    return RANK[part]


def room(module: str) -> str | None:
    """Return the part of the program that a module belongs to; ``None`` for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__init__" else None


def imported(module: str) -> Iterator[str]:
    """Yield the full names of all that a module imports, for types and within functions as well."""
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(FILES[module].read_bytes())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            yield source
            # ``from trayquota import app`` names a module as well.
            yield from (f"{source}.{each.name}" for each in node.names if source == "trayquota")


def test_every_package_has_a_layer() -> None:
    parts = {name for module in FILES if (name := room(module))}
    assert parts == RANK.keys()


def test_the_program_is_seen() -> None:
    assert {"trayquota.core.model", "trayquota.net.transport", "trayquota.cli.main"} <= FILES.keys()
    assert "trayquota.core.model" in set(imported("trayquota.views.json_document"))
    assert "trayquota.tray.pystray_import" in set(imported("trayquota.tray.base"))


@pytest.mark.parametrize("module", sorted(FILES))
def test_nothing_reaches_up(module: str) -> None:
    mine = room(module)
    for each in imported(module):
        theirs = room(each) if each.split(".")[0] == "trayquota" else None
        if theirs is not None and ((ROOT / f"{theirs}.py").exists() or (ROOT / theirs).is_dir()):
            assert mine is not None, f"the package itself must not know {each}"
            assert rank(theirs) <= rank(mine), f"{module} must not know {each}"


@pytest.mark.parametrize("module", sorted(each for each in FILES if room(each) == "core"))
def test_the_core_needs_only_python_and_structs(module: str) -> None:
    tops = {each.split(".")[0] for each in imported(module)}
    assert tops - sys.stdlib_module_names <= {"trayquota", "msgspec"}


@pytest.mark.parametrize("module", sorted(each for each in FILES if room(each) == "core"))
def test_the_core_has_no_clock_no_thread_and_no_io(module: str) -> None:
    tops = {each.split(".")[0] for each in imported(module)}
    assert tops.isdisjoint({"time", "os", "io", "pathlib", "socket", "subprocess", "threading", "asyncio", "random"})
    names = {node.attr for node in ast.walk(ast.parse(FILES[module].read_bytes())) if isinstance(node, ast.Attribute)}
    assert names.isdisjoint({"now", "utcnow", "today"})


@pytest.mark.parametrize("library", OWNERS)
def test_some_libraries_have_one_importer(library: str) -> None:
    importers = {each for each in FILES if library in {name.split(".")[0] for name in imported(each)}}
    assert importers
    assert importers <= OWNERS[library]


@pytest.mark.parametrize("module", sorted(each for each in FILES if room(each) == "providers"))
def test_providers_send_nothing(module: str) -> None:
    tops = {each.split(".")[0] for each in imported(module)}
    assert tops.isdisjoint({"requests", "http", "socket", "urllib3", "asyncio", "threading", "os", "pathlib"})
