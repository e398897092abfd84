"""Which glyphs the font of Windows' menus has."""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes

assert sys.platform == "win32"

_SPI_GETNONCLIENTMETRICS = 0x0029
_GGI_MARK_NONEXISTING_GLYPHS = 1
_NO_GLYPH = 0xFFFF


class _LogFont(ctypes.Structure):
    _fields_ = (
        *((name, wintypes.LONG) for name in ("lfHeight", "lfWidth", "lfEscapement", "lfOrientation", "lfWeight")),
        *((f"lfByte{number}", wintypes.BYTE) for number in range(8)),
        ("lfFaceName", wintypes.WCHAR * 32),
    )


class _NonClientMetrics(ctypes.Structure):
    _fields_ = (
        ("cbSize", wintypes.UINT),
        *((name, ctypes.c_int) for name in ("iBorderWidth", "iScrollWidth", "iScrollHeight")),
        *((name, ctypes.c_int) for name in ("iCaptionWidth", "iCaptionHeight")),
        ("lfCaptionFont", _LogFont),
        *((name, ctypes.c_int) for name in ("iSmCaptionWidth", "iSmCaptionHeight")),
        ("lfSmCaptionFont", _LogFont),
        *((name, ctypes.c_int) for name in ("iMenuWidth", "iMenuHeight")),
        ("lfMenuFont", _LogFont),
        ("lfStatusFont", _LogFont),
        ("lfMessageFont", _LogFont),
        ("iPaddedBorderWidth", ctypes.c_int),
    )


_user32, _gdi32 = ctypes.WinDLL("user32"), ctypes.WinDLL("gdi32")
_user32.GetDC.restype = wintypes.HDC
_user32.ReleaseDC.argtypes = (wintypes.HWND, wintypes.HDC)
_gdi32.CreateFontIndirectW.restype = wintypes.HFONT
_gdi32.SelectObject.argtypes, _gdi32.SelectObject.restype = (wintypes.HDC, wintypes.HGDIOBJ), wintypes.HGDIOBJ
_gdi32.DeleteObject.argtypes = (wintypes.HGDIOBJ,)
_gdi32.GetGlyphIndicesW.argtypes = (
    *(wintypes.HDC, wintypes.LPCWSTR, ctypes.c_int, ctypes.c_void_p),
    wintypes.DWORD,
)


def menu_font_has(text: str) -> bool:
    """Return whether the font of menus has a glyph for each of these characters of the basic plane."""
    metrics = _NonClientMetrics(cbSize=ctypes.sizeof(_NonClientMetrics))
    if not _user32.SystemParametersInfoW(_SPI_GETNONCLIENTMETRICS, metrics.cbSize, ctypes.byref(metrics), 0):
        return True
    screen, font = _user32.GetDC(None), _gdi32.CreateFontIndirectW(ctypes.byref(metrics.lfMenuFont))
    before = _gdi32.SelectObject(screen, font)
    glyphs = (wintypes.WORD * len(text))()
    _gdi32.GetGlyphIndicesW(screen, text, len(text), glyphs, _GGI_MARK_NONEXISTING_GLYPHS)
    _gdi32.SelectObject(screen, before)
    _gdi32.DeleteObject(font)
    _user32.ReleaseDC(None, screen)
    return _NO_GLYPH not in glyphs
