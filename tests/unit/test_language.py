"""The language of texts: which one is chosen, and how it is switched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from trayquota.core.translation import Message, _, language_in_force, marked, ngettext, pgettext, shown
from trayquota.settings import language
from trayquota.settings.language import choose_language, clock_format, known_language, languages, use_language
from trayquota.views.clock_format import BRITISH
from trayquota.views.language_menu import language_menu
from trayquota.views.tray_view import SetSetting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAILED = "The proxy at {name} answered HTTP {status}."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with catalogues of its own; English is in force before and after."""
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    for code in ("de", "pt_BR", "zh_CN", "zh_TW"):
        catalog = Catalog(locale=code)
        catalog.add("Quit", "Beenden")
        catalog.add("Plain", "Schlicht", context="style")
        catalog.add(("{count} minute", "{count} minutes"), ("{count} Minute", "{count} Minuten")[: catalog.num_plurals])
        catalog.add(FAILED, "HTTP {status} von {name}.")
        catalog.add("Sign in again.", "Neu anmelden.")
        with (tmp_path / f"{code}.mo").open("wb") as file:
            write_mo(file, catalog)
    languages.cache_clear()
    yield tmp_path
    use_language("en")
    languages.cache_clear()


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("de_AT.UTF-8@euro", "de"),
        ("de-CH", "de"),
        ("pt_PT", "pt_BR"),
        ("zh", "zh_CN"),
        ("zh_TW.UTF-8", "zh_TW"),
        ("zh_HK", "zh_TW"),
        ("zh-Hant-MO", "zh_TW"),
        ("zh-Hans-TW", "zh_CN"),
        ("en_US", "en"),
        ("sv_SE", ""),
        ("", ""),
    ],
)
def test_a_locale_is_served_by_the_nearest_language(locale: str, code: str) -> None:
    assert known_language(locale) == code


@pytest.mark.parametrize(
    ("locale", "environment", "code"),
    [
        ("de_DE", {"LANG": "pt_BR"}, "de"),
        ("sv_SE", {"LANG": "de_DE"}, "en"),
        ("", {"LANGUAGE": "sv:de:pt", "LANG": "en_GB"}, "de"),
        ("", {"LANGUAGE": "de", "LANG": "C.UTF-8"}, "en"),
        ("", {"LC_ALL": "de_DE", "LC_MESSAGES": "pt_BR"}, "de"),
        ("", {"LC_ALL": "", "LC_MESSAGES": "pt_BR", "LANG": "de_DE"}, "pt_BR"),
        ("", {"LC_TIME": "de_DE", "LANG": "en_US"}, "en"),
    ],
)
def test_the_setting_comes_before_the_environment(locale: str, environment: dict[str, str], code: str) -> None:
    assert choose_language(locale, environment) == code


def test_the_system_is_asked_where_the_environment_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trayquota.system.ui_language.ui_language", lambda: "zh-Hant-TW")
    assert choose_language("", {}) == "zh_TW"


def test_texts_are_in_the_language_in_force() -> None:
    style, message = marked("Quit"), Message(FAILED, name="proxy", status=502)
    assert (_(style), ngettext("{count} minute", "{count} minutes", 1)) == ("Quit", "{count} minute")
    use_language("de")
    assert language_in_force() == "de"
    assert (_(style), _("unknown there"), _("")) == ("Beenden", "unknown there", "")
    assert (pgettext("style", "Plain"), _("Plain")) == ("Schlicht", "Plain")
    assert ngettext("{count} minute", "{count} minutes", 5) == "{count} Minuten"
    assert shown(message) == "HTTP 502 von proxy."
    use_language("en")
    assert (_(style), shown(message)) == ("Quit", "The proxy at proxy answered HTTP 502.")


def test_what_is_raised_is_english_until_it_is_shown() -> None:
    use_language("de")
    cause = ValueError(Message("Sign in again."))
    error = RuntimeError(Message("{cause} {name}", cause=cause, name="Quit"))
    assert str(error) == "Sign in again. Quit"
    assert shown(error) == "Neu anmelden. Quit", "a name is not translated, a cause is"
    assert shown(RuntimeError("Quit")) == "Beenden"


def test_a_field_of_a_message_can_be_changed() -> None:
    message = Message(FAILED, name="proxy", status=502).with_fields(status=503)
    use_language("de")
    assert (message, shown(message)) == ("The proxy at proxy answered HTTP 503.", "HTTP 503 von proxy.")


def test_a_broken_catalogue_leaves_texts_in_english(folder: Path) -> None:
    (folder / "de.mo").write_bytes(b"broken")
    use_language("de")
    assert (_("Quit"), language_in_force()) == ("Quit", "en")


def test_moments_are_in_the_language_of_the_texts() -> None:
    assert clock_format("sv_SE") == BRITISH
    assert clock_format("en_US").parts
    use_language("de")
    assert clock_format("en_US").days[3] == "Do."
    assert clock_format("de_AT").months[0] == "Jän."


def test_the_menu_names_each_language_in_its_own_words() -> None:
    rows = language_menu(languages(), "de", max_rows=20)
    assert [row.label for row in rows] == [
        "The system's language",
        "English",
        "Deutsch",
        "Português (Brasil)",
        "简体中文",
        "繁體中文",
    ]
    assert [row.label for row in rows if row.checked] == ["Deutsch"]
    assert (rows[0].action, rows[2].action) == (SetSetting("locale", ""), SetSetting("locale", "de"))
    assert language_menu({"en": "English"}, "", max_rows=20) == ()
