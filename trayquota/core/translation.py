"""Texts in the person's language: English as it stands in the code, unless a catalogue is in force.

Where a text is shown it is translated, by :func:`_`, :func:`ngettext` and, where a word alone has several meanings, by
:func:`pgettext`. Texts of tables and constants are only marked where they stand, by :func:`marked`, and given to ``_``
when they are shown.

A text that is made in one place and shown in another, as those of exceptions and failures are, is a :class:`Message`.
It *is* the English text, which logs, the state and JSON keep; :func:`shown` returns it in the person's language. So
what is raised is translated by whoever shows it. A text that was read back from the state is a plain one again: if
fields were filled in, it is English until the next answer.

Catalogues are found and read in :mod:`trayquota.settings.language`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from gettext import NullTranslations


class _InForce:
    """One reference, so that every thread sees either the old catalogue or the new one."""

    catalogue: NullTranslations | None = None
    language = "en"


_in_force = _InForce()


def use_catalogue(catalogue: NullTranslations | None, language: str = "en") -> None:
    """Translate by ``catalogue``, which is in ``language``, from now on, in all threads; ``None`` is English."""
    _in_force.catalogue, _in_force.language = catalogue, language


def language_in_force() -> str:
    """Return the code of the language that texts are shown in, as in ``pt_BR``."""
    return _in_force.language


def writing_direction() -> str:
    """Return ``rtl`` where the language in force is written from right to left, else ``ltr``."""
    return "rtl" if _in_force.language == "ar" else "ltr"


def _(text: str) -> str:
    """Return ``text`` in the person's language."""
    catalogue = _in_force.catalogue
    # The empty text stands for a catalogue's own heading.
    return text if catalogue is None or not text else catalogue.gettext(text)


def pgettext(context: str, text: str) -> str:
    """Return ``text`` in the person's language; ``context`` says to translators which meaning it has."""
    catalogue = _in_force.catalogue
    return text if catalogue is None else catalogue.pgettext(context, text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form for ``count`` in the person's language, with ``{count}`` still to be filled in."""
    catalogue = _in_force.catalogue
    if catalogue is None:
        return singular if count == 1 else plural
    return catalogue.ngettext(singular, plural, count)


def marked(text: str) -> str:
    """Return ``text`` as it is: it is found here for the catalogues, and translated where it is shown."""
    return text


class Message(str):
    """An English text that can be shown in another language.

    Attributes:
        template: The text with its ``{fields}``.
        fields: What they are filled with: names and amounts as they are, or messages and exceptions in turn.
    """

    __slots__ = ("fields", "template")

    template: str
    fields: Mapping[str, object]

    def __new__(cls, template: str, /, **fields: object) -> Self:
        """Return the text of ``template`` with its fields filled in; without any it is taken as it is."""
        message = super().__new__(cls, template.format(**fields) if fields else template)
        message.template, message.fields = template, fields
        return message

    def with_fields(self, **fields: object) -> Message:
        """Return the message with some of its fields changed."""
        return Message(self.template, **{**self.fields, **fields})


def sentences(texts: Iterable[str]) -> str:
    """Return messages one after the other; empty of none."""
    first, *rest = (*texts, "")
    return Message("{first} {rest}", first=first, rest=sentences(rest[:-1])) if any(rest) else first


def message_of(error: Exception) -> str:
    """Return what an exception says, as the message that it was raised with: ``str`` of it is English for good."""
    return error.args[0] if len(error.args) == 1 and isinstance(error.args[0], Message) else str(error)


def shown(text: str | Exception) -> str:
    """Return a message, or an exception's, in the person's language."""
    if isinstance(text, Exception):
        text = message_of(text)
    if not isinstance(text, Message) or not text.fields:
        return _(str(text))
    return _(text.template).format(**{name: _shown_field(value) for name, value in text.fields.items()})


def _shown_field(value: object) -> object:
    # Any other text is a name or an amount, and only by chance the same as one of a catalogue.
    return shown(value) if isinstance(value, Message | Exception) else value
