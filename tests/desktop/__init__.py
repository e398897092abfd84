"""Tests on a real panel: a virtual screen, a window manager, a tray, and the program under test."""
