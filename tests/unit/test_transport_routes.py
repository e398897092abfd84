"""The ways out: proxies of all kinds, and none."""

from __future__ import annotations

import logging
import ssl
import sys
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.net import exchange as exchange_module

from .loopback_servers import CERTIFICATE, Server, answer, get, transport_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.core.model import Failure
    from trayquota.net.transport import Transport

    from .loopback_servers import Visit

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(autouse=True)
def _no_proxies_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def _trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))


def failure_of(transport: Transport, url: str, proxy_url: str | None = None) -> Failure:
    with pytest.raises(FetchError) as caught:
        transport.send(get(url), proxy_url=proxy_url)
    return caught.value.failure


# Proxies.


def connecting(visit: Visit) -> None:
    """Do what a proxy does: connect to where it is told, here always the port behind it."""
    port = int(visit.server.requests[-1].split()[1].rpartition(b":")[2])
    visit.send(b"HTTP/1.1 200 Connected\r\n\r\n")
    visit.relay(port)


def test_certificates_are_verified_through_a_proxy_too() -> None:
    with Server(answer(), tls=True) as server, Server(connecting) as proxy, transport_to() as transport:
        failure = failure_of(transport, f"https://localhost:{server.port}/", proxy.url)
    assert "certificate" in failure.message
    assert server.requests == []


@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize("source", ["environment", "settings", "account", "account over settings"])
def test_a_proxy_is_used_wherever_it_is_named(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    with Server(answer(b"fine"), tls=True) as server, Server(connecting) as proxy:
        if source == "environment":
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        settings = {"settings": proxy.url, "account over settings": "http://127.0.0.1:1"}.get(source, "")
        account = proxy.url if source.startswith("account") else None
        with transport_to(proxy=settings) as transport:
            url = f"https://localhost:{server.port}/"
            assert transport.send(get(url), proxy_url=account).body == b"fine"
    assert proxy.requests[0].startswith(b"CONNECT localhost:%d " % server.port)
    assert b"Bearer" not in b"".join(proxy.requests)
    assert b"Bearer secret" in server.requests[0]


@pytest.mark.usefixtures("_trusting")
def test_no_proxy_of_the_environment_is_used_for_a_host_that_is_exempted(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answer(b"fine"), tls=True) as server, Server() as proxy, transport_to() as transport:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert transport.send(get(f"https://localhost:{server.port}/")).body == b"fine"
    assert proxy.visitors == 0


@pytest.mark.usefixtures("_trusting")
def test_each_account_has_its_own_proxy_and_keeps_its_own_connection() -> None:
    fine = [answer(b"fine")] * 4
    with (
        Server(*fine, tls=True) as server,
        Server(connecting) as one,
        Server(connecting) as two,
        transport_to() as transport,
    ):
        for proxy in (one, two, one, two):
            assert transport.send(get(f"https://localhost:{server.port}/"), proxy_url=proxy.url).body == b"fine"
    assert (one.visitors, two.visitors, server.visitors) == (1, 1, 2)


def test_no_proxy_is_used_for_a_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with Server(answer(b"fine")) as server, transport_to(server, proxy="http://127.0.0.1:1") as transport:
        assert transport.send(get(), proxy_url="http://127.0.0.1:1").body == b"fine"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:3128",
        "ftp://127.0.0.1",
        "http://",
        "http://[",
        "http://[::1",
        "http://host:port",
        "http://host:99999",
        "http://host:0",
        "file:///etc/passwd",
        "\x00",
        "http://\N{SNOWMAN}:x",
    ],
)
def test_an_unusable_proxy_address_is_refused_in_words(address: str) -> None:
    with transport_to() as transport:
        failure = failure_of(transport, "https://localhost/", address)
    assert failure.kind is FailureKind.REFUSED
    assert "http://HOST:PORT" in failure.message


@pytest.mark.parametrize(
    "address", ["http://[", "ftp://127.0.0.1", "http://host:port", "http://", "a b", "http://127.0.0.1:1"]
)
@pytest.mark.parametrize(
    "variable",
    [
        "HTTPS_PROXY",
        pytest.param("https_proxy", marks=pytest.mark.skipif(sys.platform == "win32", reason="names have no case")),
        "ALL_PROXY",
    ],
)
def test_a_proxy_of_the_environment_that_does_not_work_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, address: str
) -> None:
    monkeypatch.setenv(variable, address)
    with transport_to() as transport:
        failure = failure_of(transport, "https://localhost:1/")
    assert failure.kind is FailureKind.NETWORK
    assert f"The proxy that {variable} names" in failure.message
    assert "login" not in failure.message


@pytest.mark.usefixtures("_trusting")
def test_a_proxy_of_the_environment_may_come_without_its_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answer(b"fine"), tls=True) as server, Server(connecting) as proxy, transport_to() as transport:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.removeprefix("http://"))
        assert transport.send(get(f"https://localhost:{server.port}/")).body == b"fine"
    assert proxy.visitors == 1


@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize("word", ["direct", "Direct", " DIRECT ", "none", "None"])
@pytest.mark.parametrize("source", ["settings", "account"])
def test_words_for_no_proxy_are_understood_in_any_case(monkeypatch: pytest.MonkeyPatch, word: str, source: str) -> None:
    with Server(answer(b"fine"), tls=True) as server, Server() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with transport_to(proxy=word if source == "settings" else "") as transport:
            url = f"https://localhost:{server.port}/"
            assert transport.send(get(url), proxy_url=word if source == "account" else None).body == b"fine"
    assert proxy.visitors == 0


SECRET = "ada:canary%40x"


@pytest.mark.parametrize("scheme", ["http", "https", "socks4", "socks5", "socks5h"])
@pytest.mark.parametrize("kind", ["gone", "deaf", "rude", "wants a login", "odd"])
def test_a_proxy_that_fails_is_named_without_its_password(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, scheme: str, kind: str
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(exchange_module, "DEADLINE_S", 0.3)
    monkeypatch.setattr(exchange_module, "_CONNECT_S", 0.3)
    behaviours: dict[str, Callable[[Visit], object]] = {
        "gone": lambda visit: visit.leave(),
        "deaf": lambda visit: visit.wait(),
        "rude": lambda visit: visit.hear() and visit.reset(),
        "wants a login": lambda visit: visit.send(answer(b"canary", "407 Who are you")) and visit.leave(),
        "odd": lambda visit: visit.send(bytes(range(256))) and visit.leave(),
    }

    with Server(raw=behaviours[kind]) as proxy, transport_to() as transport, pytest.raises(FetchError) as caught:
        transport.send(get("https://localhost:1/"), proxy_url=f"{scheme}://{SECRET}@127.0.0.1:{proxy.port}")
    error = caught.value
    assert error.failure.kind is FailureKind.NETWORK
    assert "canary" not in f"{error}{error.args}{error.failure}{caplog.text}"
    assert "localhost" not in error.failure.message


@pytest.mark.usefixtures("_trusting")
def test_a_proxy_s_password_is_sent_to_the_proxy_alone() -> None:
    with Server(answer(b"fine"), tls=True) as server, Server(connecting) as proxy, transport_to() as transport:
        way = proxy.url.replace("//", f"//{SECRET}@")
        assert transport.send(get(f"https://localhost:{server.port}/"), proxy_url=way).body == b"fine"
    assert b"Proxy-Authorization: Basic " in proxy.requests[0]
    assert b"Proxy-Authorization" not in server.requests[0]


def test_a_slow_proxy_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "DEADLINE_S", 0.3)
    slow = b"HTTP/1.1 200 Connected\r\n" + b"X: y\r\n" * 10000
    with Server(lambda visit: visit.drip(slow)) as proxy, transport_to() as transport:
        assert failure_of(transport, "https://localhost:1/", proxy.url).kind is FailureKind.NETWORK


def test_the_certificate_in_the_fixtures_is_what_it_should_be() -> None:
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    (certificate,) = context.get_ca_certs()
    assert certificate["subjectAltName"] == (("DNS", "localhost"),)
