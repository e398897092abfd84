"""``python -m tests.unit.make_texts`` writes ``trayquota/locale/trayquota.pot`` anew, of all texts that people read."""

from __future__ import annotations

import ast
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "trayquota" / "locale" / "trayquota.pot"
HEADER = """\
Texts of trayquota in English, made by `python -m tests.unit.make_texts`.
What a word means, and what to keep as it is: GLOSSARY.md."""
_ONE_TEXT = {"_", "marked", "Message", "fetch_error", "setting"}
_IN_HTML = re.compile(r'\b_\("((?:[^"\\]|\\.)*)"\)')


class Text(NamedTuple):
    """One text as the code has it.

    Attributes:
        place: The file, relative to the checkout.
        context: Which of several meanings it has; empty for one.
        texts: The text, or its singular and its plural.
        comment: What translators have to know.
    """

    place: str
    context: str
    texts: tuple[str, ...]
    comment: str = ""


def template() -> bytes:
    """Return what the template has to be."""
    catalog = Catalog(
        project="trayquota",
        version="",
        msgid_bugs_address="",
        copyright_holder="the trayquota contributors",
        header_comment="\n".join(f"# {line}" for line in HEADER.splitlines()),
        creation_date=datetime(2026, 11, 26, tzinfo=UTC),  # the same texts are the same file
        fuzzy=False,
    )
    for text in all_texts():
        ident = text.texts if len(text.texts) > 1 else text.texts[0]
        comments = [text.comment] if text.comment else []
        catalog.add(ident, locations=[(text.place, 1)], context=text.context or None, auto_comments=comments)
    out = io.BytesIO()
    write_po(out, catalog, width=110, sort_by_file=True, include_lineno=False)
    return out.getvalue()


def all_texts() -> Iterator[Text]:
    """Yield all texts of the package, in the order of files and lines."""
    for path in sorted((ROOT / "trayquota").rglob("*.py")):
        place, source = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
        calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
        for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
            for context, texts in _texts_of(call):
                yield Text(place, context, texts, _comment(source.splitlines(), call.lineno))
    for path in sorted((ROOT / "trayquota").rglob("*.html")):
        for literal in _IN_HTML.findall(path.read_text("utf-8")):
            yield Text(path.relative_to(ROOT).as_posix(), "", (ast.literal_eval(f'"{literal}"'),))


def _texts_of(call: ast.Call) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield context and texts of a call that translates or marks."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    literals = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if name == "ngettext" and len(literals) == 2:
        yield "", tuple(literals)
    elif name == "pgettext" and len(literals) == 2:
        yield literals[0], (literals[1],)
    elif name in _ONE_TEXT and literals and literals[0]:
        if name == "Message" and not isinstance(call.args[0], ast.Constant):
            # One of the bus, whose first argument is a name.
            return
        yield "", (literals[0],)
        if name == "setting":
            named = {word.arg: word.value for word in call.keywords}
            for each in (named.get("expected"), named.get("unit")):
                if isinstance(each, ast.Constant) and each.value:
                    yield "", (str(each.value),)


def _comment(lines: list[str], number: int) -> str:
    """Return what stands in lines of comment right above line ``number``, behind ``Translators:``."""
    found: list[str] = []
    for line in reversed(lines[: number - 1]):
        text = line.strip()
        if not text.startswith("# "):
            break
        found.insert(0, text.removeprefix("# "))
        if found[0].startswith("Translators: "):
            return " ".join(found).removeprefix("Translators: ")
    return ""


if __name__ == "__main__":
    TEMPLATE.write_bytes(template())
