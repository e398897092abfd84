"""Each setting's declaration read: for the commented file, for README and for the texts of errors."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, get_origin

from msgspec import NODEFAULT, Meta, Struct, structs

from trayquota.core.translation import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Declaration(Struct, frozen=True):
    """One setting, or a table of settings.

    Attributes:
        key: Its name, after those of the tables it is in: ``interval_minutes``, ``table.name``.
        default: The value that holds where the file has none.
        description: One or two sentences for people.
        expected: What a value may be.
        is_table: Written with a heading of its own.
        is_secret: The value is never shown.
    """

    key: str
    default: object
    description: str
    expected: str
    is_table: bool = False
    is_secret: bool = False

    @property
    def name(self) -> str:
        """The key within its table."""
        return self.key.rpartition(".")[2]


def declarations(kind: type[Struct]) -> dict[str, Declaration]:
    """Return what is declared of each setting of ``kind``, by key and in order; a table comes before what is in it."""
    return {declaration.key: declaration for declaration in _declarations(kind)}


def explain(complaint: str, kind: type[Struct]) -> str:
    """Say which setting of ``kind`` is wrong and what it may be, in place of msgspec's own text."""
    declared = declarations(kind)
    unknown = re.search(r"unknown field `(.*?)`(?: - at `\$\.([\w.]+)`)?$", complaint)
    if unknown:
        table = unknown[2] or ""
        keys = [key for key in declared if key.rpartition(".")[0] == table]
        key = f"{table}.{unknown[1]}" if table else unknown[1]
        return Message("{key}: there is no such setting. Expected one of {keys}.", key=key, keys=", ".join(keys))
    place = re.search(r"`\$\.([\w.]+)", complaint)
    key = place[1] if place else ""
    return (
        Message("{key}: expected {expected}.", key=key, expected=declared[key].expected)
        if key in declared
        else f"{complaint}."
    )


def _declarations(kind: type[Struct], table: str = "") -> Iterator[Declaration]:
    for field in structs.fields(kind):
        # Not by msgspec.inspect, which sorts the values of a Literal.
        annotation, *metas = get_args(field.type)
        extra: dict[str, Any] = next((meta.extra for meta in metas if meta.extra), {})
        table_kind = annotation if _is_class(annotation, Struct) else None
        yield Declaration(
            table + field.name,
            field.default if field.default is not NODEFAULT else field.default_factory(),
            next((meta.description for meta in metas if meta.description), ""),
            Message(extra["expected"])
            if extra.get("expected")
            else _expected(annotation, metas, extra.get("unit", "")),
            is_table=table_kind is not None or get_origin(annotation) is dict,
            is_secret=extra.get("is_secret", False),
        )
        if table_kind is not None:
            yield from _declarations(table_kind, f"{table}{field.name}.")


def _expected(annotation: object, metas: Sequence[Meta], unit: str) -> str:
    """Return what a value of a type may be."""
    if annotation is bool:
        return Message("true or false")
    if get_origin(annotation) is Literal:
        return _one_of(get_args(annotation))
    if _is_class(annotation, Enum):
        return _one_of([member.value for member in cast("type[Enum]", annotation)])
    if annotation in {int, float}:
        bounds = {name: bound for meta in metas for name in ("ge", "le") if (bound := getattr(meta, name)) is not None}
        return _number(unit, f"{bounds['ge']:g}", f"{bounds['le']:g}", is_whole=annotation is int)
    return Message("a table") if _is_class(annotation, Struct) else ""


def _number(unit: str, least: str, most: str, *, is_whole: bool) -> Message:
    if not unit:
        if is_whole:
            return Message("a whole number from {least} to {most}", least=least, most=most)
        return Message("a number from {least} to {most}", least=least, most=most)
    if is_whole:
        # Translators: {unit} is "minutes" or the like
        return Message("a whole number of {unit} from {least} to {most}", unit=Message(unit), least=least, most=most)
    # Translators: {unit} is "minutes" or the like
    return Message("a number of {unit} from {least} to {most}", unit=Message(unit), least=least, most=most)


def _is_class(annotation: object, base: type) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, base)


def _one_of(values: Sequence[object]) -> str:
    *others, last = (f'"{value}"' for value in values)
    return Message("{others} or {last}", others=", ".join(others), last=last) if others else last
