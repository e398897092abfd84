"""Runs on Windows: whatever others do there to the program and its files, as a test says.

Run as a script, with this tree and its ``tests`` in ``PYTHONPATH``: ``actor_process.py GATEWAY``. Each line on
standard input is a JSON array of a number, an act and its arguments; each act has a thread of its own, and what came of
it is a line with the number again, the result, and what went wrong. Programs are named by the number that their start
was given.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from ctypes import wintypes
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from token_rounds import now, refresh

from trayquota.net.transport import Transport
from trayquota.providers import find_provider
from trayquota.system import windows_files

assert sys.platform == "win32"  # elsewhere it is not run, nor checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
THREADS = 48
GRACE_S = 20.0
"""So long a console's handler and a window at the session's end are waited for. Windows waits five seconds, of a
machine that does nothing else."""
RETRY_S, RETRIES = 0.05, 400
WM_CLOSE, WM_QUERYENDSESSION, WM_ENDSESSION = 0x10, 0x11, 0x16
WM_RBUTTONUP, WM_KEYDOWN, VK_UP, VK_RETURN, NOTIFY = 0x205, 0x100, 0x26, 0x0D, 0x400 + 11
SMTO_ABORTIFHUNG = 2
READ, DACL = 0x80000000, 4

kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
user32, advapi32 = ctypes.WinDLL("user32"), ctypes.WinDLL("advapi32")
kernel32.GetModuleHandleW.restype = wintypes.HMODULE
kernel32.GetProcAddress.restype = ctypes.c_void_p
kernel32.GetProcAddress.argtypes = (wintypes.HMODULE, ctypes.c_char_p)
kernel32.CreateRemoteThread.restype = wintypes.HANDLE
kernel32.CreateRemoteThread.argtypes = (
    *(wintypes.HANDLE, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p),
    *(ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p),
)
kernel32.WaitForMultipleObjects.argtypes = (
    *(wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE), wintypes.BOOL, wintypes.DWORD),
)
user32.SendMessageTimeoutW.argtypes = (
    *(wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM),
    *(wintypes.UINT, wintypes.UINT, ctypes.POINTER(ctypes.c_size_t)),
)
user32.PostMessageW.argtypes = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
visitor = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)


class Actor:
    """Acts of others, each named by its method."""

    def __init__(self, gateway: str) -> None:
        self._transport = Transport(now, gateway=gateway)
        self._programs: dict[int, subprocess.Popen[str]] = {}

    # Programs.

    def start(self, number: int, arguments: Sequence[str], environment: dict[str, str]) -> None:
        """Start the program; its standard streams are pipes, for CPython starts with nothing else under Wine."""
        self._programs[number] = subprocess.Popen(
            [sys.executable, "-m", "trayquota", *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
        )

    def end(self, number: int, timeout_s: float) -> tuple[int, str, str]:
        """Wait for its end; return its exit code and what it has printed."""
        process = self._programs[number]
        try:
            out, err = process.communicate(timeout=timeout_s)
        finally:
            process.kill()
        return process.returncode, out, err

    def kill(self, number: int) -> None:
        self._programs[number].kill()

    def quit(self, number: int) -> None:
        """Close its windows, as ``taskkill`` without ``/F`` does."""
        for window in windows_of(self._programs[number].pid):
            user32.PostMessageW(window, WM_CLOSE, 0, 0)

    def close_console(self, number: int, event: int) -> None:
        """End a program as Windows does when its console is closed or its session ends.

        Windows begins a thread in the program that runs its handlers, and ends it when that returns or has taken too
        long. Wine makes no such event of its own, but has the routine that the thread is begun at.
        """
        process = self._programs[number]
        handle = int(process._handle)  # type: ignore[attr-defined]
        routine = kernel32.GetProcAddress(kernel32.GetModuleHandleW("kernelbase"), b"CtrlRoutine")
        thread = kernel32.CreateRemoteThread(handle, None, 0, routine, event, 0, None)
        if thread:
            both = (wintypes.HANDLE * 2)(handle, thread)
            kernel32.WaitForMultipleObjects(2, both, False, int(GRACE_S * 1000))
            kernel32.CloseHandle(wintypes.HANDLE(thread))
        process.kill()

    def end_session(self, number: int) -> bool:
        """Say to each window of a program that the session ends, and end it then; return whether one has refused."""
        process = self._programs[number]
        windows = windows_of(process.pid)
        answers = [answer(window, WM_QUERYENDSESSION, 0) for window in windows]
        for window in windows:
            answer(window, WM_ENDSESSION, 1)
        process.kill()
        return 0 in answers

    def has_windows(self, number: int) -> bool:
        return bool(windows_of(self._programs[number].pid))

    def choose_last(self, number: int) -> None:
        """Open the menu of a program's icon and choose its last entry, with the keyboard."""
        for window in windows_of(self._programs[number].pid):
            user32.PostMessageW(window, NOTIFY, 0, WM_RBUTTONUP)
        menu = 0
        while not menu:
            time.sleep(RETRY_S)
            menu = user32.FindWindowW("#32768", None)
        for key in (VK_UP, VK_RETURN):
            user32.PostMessageW(menu, WM_KEYDOWN, key, 0)

    # Files.

    def restrict(self, path: str) -> None:
        """Leave a file or folder, and what is made in it, to its owner and administrators."""
        descriptor = ctypes.c_void_p()
        text = "D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;BA)"
        assert advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(text, 1, ctypes.byref(descriptor), None)
        assert advapi32.SetFileSecurityW(path, DACL, descriptor)

    def make_folder(self, path: str) -> None:
        Path(path).mkdir()

    def access_list(self, path: str) -> str:
        """Return the access list of a file or folder, as Windows stores it."""
        size = wintypes.DWORD()
        advapi32.GetFileSecurityW(path, DACL, None, 0, ctypes.byref(size))
        found = ctypes.create_string_buffer(size.value)
        assert advapi32.GetFileSecurityW(path, DACL, found, size, ctypes.byref(size))
        return found.raw.hex()

    def hold(self, path: str, sharing: int, after_s: float, for_s: float) -> None:
        """Have a file open for a while, as a scanner does, and share it with nobody (0) or readers (1)."""
        time.sleep(after_s)
        handle = patiently(lambda: windows_files._open(Path(path), READ, sharing))
        time.sleep(for_s)
        windows_files._kernel32.CloseHandle(handle)

    def write(self, path: str, text: str, way: str, after_s: float) -> None:
        """Write a file, in place or by another that is moved there; again for as long as somebody keeps it."""
        time.sleep(after_s)
        other = Path(f"{path}.theirs")
        if way == "moved":
            other.write_text(text)
            patiently(lambda: other.replace(path))
        else:
            patiently(lambda: Path(path).write_text(text))

    def refresh(self, folder: str, own: str, after_s: float) -> int:
        """Do what a start of the program does, in this process."""
        time.sleep(after_s)
        return refresh(Path(folder), Path(own), self._transport)


def patiently(act: Callable[[], T]) -> T:
    for _ in range(RETRIES):
        try:
            return act()
        except PermissionError:
            time.sleep(RETRY_S)
    return act()


def windows_of(process: int) -> list[int]:
    """The top-level windows of a process."""
    found = []

    @visitor  # type: ignore[untyped-decorator] # of ctypes
    def visit(window: int, _: int) -> bool:
        owner = wintypes.DWORD()
        user32.GetWindowThreadProcessId(wintypes.HWND(window), ctypes.byref(owner))
        if owner.value == process:
            found.append(window)
        return True

    user32.EnumWindows(visit, 0)
    return found


def answer(window: int, message: int, word: int) -> int | None:
    """Send a message, with Windows' patience; return the answer, or ``None`` when there was none."""
    result = ctypes.c_size_t()
    timeout = int(GRACE_S * 1000)
    sent = user32.SendMessageTimeoutW(window, message, word, 0, SMTO_ABORTIFHUNG, timeout, ctypes.byref(result))
    return result.value if sent else None


def main(gateway: str) -> None:
    find_provider("claude")
    actor, lock = Actor(gateway), threading.Lock()

    def act(number: int, name: str, arguments: list[object]) -> None:
        try:
            result = [number, getattr(actor, name)(*arguments), ""]
        except Exception as error:  # noqa: BLE001 - it is the test's to judge
            result = [number, None, f"{name}: {type(error).__name__}: {error}"]
        with lock:
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()

    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            number, name, *arguments = json.loads(line)
            pool.submit(act, number, name, arguments)


if __name__ == "__main__":
    main(sys.argv[1])
