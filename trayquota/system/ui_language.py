"""The language that the system shows its own windows in, where no environment variable says so."""

from __future__ import annotations

import contextlib
import sys


def ui_language() -> str:
    """Return a locale such as ``de_DE`` or ``zh-Hant-TW``; empty where the system has no word of its own on it."""
    name = ""
    if sys.platform == "win32":
        import ctypes
        import locale

        # https://learn.microsoft.com/windows/win32/api/winnls/nf-winnls-getuserdefaultuilanguage
        name = locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    elif sys.platform == "darwin":
        from importlib import import_module

        # pystray brings it; https://developer.apple.com/documentation/foundation/nslocale/preferredlanguages
        with contextlib.suppress(ImportError, AttributeError, LookupError):
            name = str(import_module("Foundation").NSLocale.preferredLanguages()[0])
    return name
