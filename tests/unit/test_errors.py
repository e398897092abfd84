"""The tree of exceptions: whole, drawn, and in one place."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import trayquota
from trayquota.core import errors

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(trayquota.__file__).parent


def exceptions_of(module: ModuleType) -> dict[str, type[BaseException]]:
    kinds = {name: value for name, value in vars(module).items() if inspect.isclass(value)}
    return {name: kind for name, kind in kinds.items() if issubclass(kind, BaseException)}


PYTHON, OWN = exceptions_of(builtins), exceptions_of(errors)


def drawn() -> dict[str, str | None]:
    """Return each name of the drawing with the one that it stands below."""
    found: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for indent, name in re.findall(r"^    ([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE):
        above = [(depth, parent) for depth, parent in above if depth < len(indent)]
        found[name] = above[-1][1] if above else None
        above.append((len(indent), name))
    return found


def test_the_drawing_names_every_exception_below_the_class_it_is_derived_from() -> None:
    tree = drawn()
    assert tree.keys() - PYTHON.keys() == OWN.keys()
    bases = {name: kind.__bases__[0].__name__ for name, kind in (PYTHON | OWN).items()}
    assert tree == {**{name: bases[name] for name in tree}, "BaseException": None}


def test_no_other_module_makes_an_exception_of_its_own() -> None:
    kinds = {
        name for name, value in vars(builtins).items() if inspect.isclass(value) and issubclass(value, BaseException)
    }
    kinds |= OWN.keys()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            bases = (
                {base.id for base in node.bases if isinstance(base, ast.Name)}
                if isinstance(node, ast.ClassDef)
                else set()
            )
            assert not bases & kinds or path == Path(errors.__file__), f"{path.name} has an exception of its own"


def test_all_but_the_signal_are_caught_as_one() -> None:
    assert {name for name, kind in OWN.items() if not issubclass(kind, errors.TrayquotaError)} == {"Interrupted"}
