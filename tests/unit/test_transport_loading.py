"""What the transport costs before its first request, and how it is set up anew."""

from __future__ import annotations

import builtins
import subprocess
import sys
from typing import Any

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.net.transport import Transport

from .loopback_servers import NOW, Server, answer, get

HEAVY = ("requests", "urllib3", "ssl", "http.client", "truststore", "socks")


pytestmark = pytest.mark.usefixtures("nothing_is_left")


def test_nothing_heavy_is_imported_before_the_first_request() -> None:
    source = f"""
import sys
from trayquota.net.transport import Transport
Transport(None, gateway="http://127.0.0.1:1").close()
print(*sorted(sys.modules.keys() & {set(HEAVY)}))
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_next_request_goes_by_the_new_settings() -> None:
    with Server(answer(b"1")) as old, Server(answer(b"2")) as new:
        transport = Transport(lambda: NOW, gateway=old.url)
        assert transport.send(get()).body == b"1"
        transport.configure(gateway=new.url, proxy="")
        assert transport.send(get()).body == b"2"
        transport.close()


def test_what_cannot_be_loaded_is_a_failure_in_words_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *more: Any) -> Any:
        if name == "trayquota.net.exchange":
            raise OSError(24, "Too many open files")
        return real(name, *more)

    with Server(answer(b"1")) as server:
        transport = Transport(lambda: NOW, gateway=server.url)
        with monkeypatch.context() as patched:
            patched.setattr(builtins, "__import__", refuse)
            with pytest.raises(FetchError) as caught:
                transport.send(get())
        assert caught.value.failure.kind is FailureKind.NETWORK
        assert transport.send(get()).body == b"1"
        transport.close()
