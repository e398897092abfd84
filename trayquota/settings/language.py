"""Which language texts are in, and its catalogue.

A catalogue is ``trayquota/locale/CODE.po``, compiled to ``CODE.mo`` when the program is built or installed
(``.packaging/hatch_build.py``). None is read for English; of the others one, by what Python itself has for that.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.translation import language_in_force, use_catalogue
from trayquota.settings.load import FALLBACK_LOCALE
from trayquota.settings.locales import time_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.settings.load import Config
    from trayquota.views.clock_format import ClockFormat

NAMES = {
    "en": "English",
    "ar": "العربية",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "pl": "Polski",
    "pt_BR": "Português (Brasil)",
    "ru": "Русский",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh_CN": "简体中文",
    "zh_TW": "繁體中文",
}
"""What each language calls itself."""
FOLDER = Path(__file__).parents[1] / "locale"
ENGLISH = "en"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_PLAIN = {"C", "POSIX"}
_SCRIPTS = {"hans": "zh_cn", "hant": "zh_tw", "sg": "zh_cn", "hk": "zh_tw", "mo": "zh_tw"}
"""Which Chinese is read where the locale names a script, or another place."""
_log = logging.getLogger(__name__)


@cache
def languages() -> dict[str, str]:
    """Return what each language that there is a catalogue of calls itself, and English, by code."""
    try:
        found = {path.stem for path in FOLDER.iterdir() if path.suffix == ".mo"}
    except OSError:
        found = set()
    return {code: name for code, name in NAMES.items() if code == ENGLISH or code in found}


def choose_language(locale: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the code of the language that texts are shown in.

    Args:
        locale: As the settings have it; empty for none.
        environment: What else is asked, by POSIX's order; the system itself after that.
    """
    for wanted in _wanted(locale, environment):
        code = known_language(wanted)
        if code:
            return code
    return ENGLISH


def use_language(code: str) -> None:
    """Show texts in the language ``code`` from now on; where it has no catalogue to be read, in English."""
    if code == language_in_force():
        return
    if code == ENGLISH:
        use_catalogue(None)
        return
    from gettext import GNUTranslations  # nothing is imported for English

    try:
        with (FOLDER / f"{code}.mo").open("rb") as file:
            use_catalogue(GNUTranslations(file), code)
    except (OSError, ValueError, LookupError):
        _log.warning("the catalogue of a language cannot be read: texts are in English")
        use_catalogue(None)


def use_language_of(config: Config) -> None:
    """Show texts in the language that the settings name, else in the environment's."""
    use_language(choose_language(config.settings.locale))


def clock_format(locale: str) -> ClockFormat:
    """Return how ``locale`` writes moments; as these stand among texts, one in another language than those has no say.

    Args:
        locale: For dates and times, as the settings or the environment have it.
    """
    language = language_in_force()
    if known_language(locale) == language:
        return time_format(locale)
    return time_format(FALLBACK_LOCALE if language == ENGLISH else language)


def _wanted(locale: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield locales, the one that is wanted most first."""
    if locale:
        yield locale
        return
    named = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    if named.partition(".")[0] in _PLAIN:
        # By gettext's rule a list of languages does not count there.
        return
    yield from filter(None, environment.get("LANGUAGE", "").split(":"))
    if named:
        yield named
        return
    from trayquota.system.ui_language import ui_language

    if system := ui_language():
        yield system


def known_language(locale: str) -> str:
    """Return the code of the language that is shown for a locale such as ``de_AT.UTF-8``; empty where there is none."""
    codes = {code.lower(): code for code in languages()}
    parts = locale.partition(".")[0].partition("@")[0].replace("-", "_").lower().split("_")
    language, *more = parts
    if language == "zh":
        found = next((_SCRIPTS[part] for part in more if part in _SCRIPTS), "zh_tw" if "tw" in more else "zh_cn")
        return codes.get(found, "")
    exact = codes.get("_".join(parts[:2])) or codes.get(language)
    # One who reads Portuguese, from wherever, reads Brazilian rather than English.
    return exact or next((code for low, code in codes.items() if low.partition("_")[0] == language), "")
