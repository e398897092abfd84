"""What the transport sends, and what it makes of good answers."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from trayquota.core.credential import Tokens
from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.net.exchange import LARGEST_BYTES

from . import facts
from .loopback_servers import (
    NOW,
    Server,
    Visit,
    answer,
    chunked,
    failure_of,
    get,
    packed,
    post,
    transport_to,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("nothing_is_left")


def head(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """A request's first line, its headers and its body."""
    top, _, body = request.partition(b"\r\n\r\n")
    line, *rest = top.decode("latin-1").split("\r\n")
    return line, dict(each.split(": ", 1) for each in rest), body


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://api.example.com/usage", "/api.example.com/usage"),
        ("https://api.example.com/a/b?c=d&e=%20%2F", "/api.example.com/a/b?c=d&e=%20%2F"),
        ("https://api.example.com:8443/", "/api.example.com:8443/"),
        ("https://api.example.com/%7Eada/?q", "/api.example.com/%7Eada/?q"),
    ],
)
def test_the_gateway_gets_host_path_and_query(url: str, path: str) -> None:
    with Server(answer()) as server, transport_to(server) as transport:
        transport.send(get(url))
    assert head(server.requests[0])[0].split("?")[0] == f"GET {path} HTTP/1.1".split("?")[0]
    assert head(server.requests[0])[0].split("?")[1:] == f"GET {path} HTTP/1.1".split("?")[1:]


def test_headers_are_sent_unchanged_and_none_are_added() -> None:
    headers = {"Authorization": "Bearer secret", "User-Agent": "claude-code/2.1.69", "X-Odd": 'a, b; c="d"'}
    with Server(answer()) as server, transport_to(server) as transport:
        transport.send(get(headers=headers))
    sent = head(server.requests[0])[1]
    assert sent == headers | {"Host": f"127.0.0.1:{server.port}", "Accept-Encoding": "gzip"}


def test_the_libraries_name_does_not_go_with_a_request_that_has_no_user_agent() -> None:
    with Server(answer()) as server, transport_to(server) as transport:
        transport.send(get(headers={"X-Odd": "1"}))
    assert set(head(server.requests[0])[1]) == {"Host", "Accept-Encoding", "X-Odd"}


def test_a_body_is_sent_unchanged() -> None:
    body = bytes(range(256))
    with Server(answer()) as server, transport_to(server) as transport:
        transport.send(post(body))
    line, sent, received = head(server.requests[0])
    assert line == "POST /login.example.com/token HTTP/1.1"
    assert (received, sent["Content-Length"]) == (body, "256")
    assert "Content-Type" not in sent


@pytest.mark.parametrize("name", sorted(facts.PROVIDERS))
def test_the_providers_requests_are_sent_unchanged(name: str) -> None:
    login = Tokens("access", "refresh", account_id="00000000-0000-4000-8000-000000000000")
    request = facts.requests(facts.PROVIDERS[name], login)[0]
    with Server(answer()) as server, transport_to(server) as transport:
        transport.send(request)
    sent = head(server.requests[0])[1]
    assert request.headers.items() <= sent.items()
    own = {"Host", "Accept-Encoding"} | ({"Content-Length"} if request.body is not None else set())
    assert set(sent) - set(request.headers) == own


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/usage",
        "ftp://api.example.com/",
        "file:///etc/passwd",
        "//api.example.com/",
        "api.example.com",
        "",
    ],
)
def test_addresses_other_than_https_are_refused(url: str) -> None:
    with Server(answer()) as server, transport_to(server) as transport:
        assert failure_of(transport, get(url)).failure.kind is FailureKind.REFUSED
    assert server.visitors == 0


@pytest.mark.parametrize("value", ["two\r\nlines", "fold\r\n ed", "fold\n\ted", "line\n", "\rline", "snow \N{SNOWMAN}"])
def test_a_header_with_a_line_break_or_no_latin_text_is_refused(value: str) -> None:
    with Server(answer()) as server, transport_to(server) as transport:
        failure = failure_of(transport, get(headers={"Authorization": f"Bearer {value}"})).failure
    assert failure.kind is FailureKind.REFUSED
    assert server.requests == []


def test_a_line_in_netrc_does_not_replace_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login mallory password secret\ndefault login m password s\n")
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Server(answer(), answer()) as server, transport_to(server) as transport:
        transport.send(get())
        transport.send(post())
    assert head(server.requests[0])[1]["Authorization"] == "Bearer secret"
    assert "Authorization" not in head(server.requests[1])[1]


def test_cookies_are_not_kept() -> None:
    cookie = answer(b"{}", "200 OK", "Set-Cookie: session=ada; Path=/")
    with Server(cookie, answer()) as server, transport_to(server) as transport:
        transport.send(get())
        transport.send(get())
    assert "Cookie" not in head(server.requests[1])[1]


# Answers.


@pytest.mark.parametrize(
    "sent",
    [
        answer(b'{"a": 1}'),
        packed(b'{"a": 1}'),
        packed(b'{"a": 1}', "GZIP"),
        packed(b'{"a": 1}', "x-gzip"),
        chunked(b'{"a"', b": 1}"),
        lambda visit: visit.send(b'HTTP/1.0 200 OK\r\n\r\n{"a": 1}') and visit.leave(),
        b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}',
        answer(b'{"a": 1}', "200 OK", "Content-Encoding: identity"),
    ],
)
def test_an_answer_is_read_whole(sent: bytes | Callable[[Visit], object]) -> None:
    with Server(sent) as server, transport_to(server) as transport:
        response = transport.send(get())
    assert (response.status, response.received_at) == (200, NOW)
    assert json.loads(response.body) == {"a": 1}


@pytest.mark.parametrize("status", [204, 401, 403, 429, 500, 529])
def test_an_answer_of_any_status_is_returned(status: int) -> None:
    with Server(answer(b"", f"{status} Whatever", "Retry-After: 30")) as server, transport_to(server) as transport:
        response = transport.send(get())
    assert (response.status, response.body, response.headers["retry-after"]) == (status, b"", "30")


def test_an_empty_gzip_answer_is_empty() -> None:
    with (
        Server(answer(b"", "429 Slow down", "Content-Encoding: gzip")) as server,
        transport_to(server) as transport,
    ):
        assert transport.send(get()).body == b""


@pytest.mark.parametrize("make", [answer, packed, chunked])
def test_a_mebibyte_is_read_and_a_byte_more_is_not(make: object) -> None:
    assert callable(make)
    with (
        Server(make(b"x" * LARGEST_BYTES), make(b"x" * (LARGEST_BYTES + 1))) as server,
        transport_to(server) as transport,
    ):
        assert len(transport.send(get()).body) == LARGEST_BYTES
        assert failure_of(transport, get()).failure.kind is FailureKind.BAD_ANSWER


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["{url}/elsewhere", "http://[", "//", "javascript:x", "\xff\xfe", ""])
def test_a_redirect_is_not_followed(status: int, target: str) -> None:
    with Server(answer()) as elsewhere:
        location = f"Location: {target.format(url=elsewhere.url)}".encode("latin-1")
        sent = answer(b"moved", f"{status} Moved").replace(b"\r\n\r\n", b"\r\n" + location + b"\r\n\r\n", 1)
        with Server(sent) as server, transport_to(server) as transport:
            response = transport.send(get())
        assert (response.status, response.body) == (status, b"moved")
        with pytest.raises(FetchError) as caught:
            facts.fetched(facts.PROVIDERS["claude"], response)
    assert caught.value.failure.kind is FailureKind.BLOCKED
    assert (server.visitors, elsewhere.visitors) == (1, 0)


def test_the_body_of_a_redirect_is_limited_too() -> None:
    large = answer(gzip.compress(bytes(64 << 20)), "302 Moved", "Location: /x", "Content-Encoding: gzip")
    with Server(large) as server, transport_to(server) as transport:
        assert failure_of(transport, get()).failure.kind is FailureKind.BAD_ANSWER


@pytest.mark.parametrize("name", sorted(facts.PROVIDERS))
def test_deeply_nested_json_is_a_bad_answer(name: str) -> None:
    with Server(answer(b"[" * 500000)) as server, transport_to(server) as transport:
        response = transport.send(get())
    with pytest.raises(FetchError) as caught:
        facts.fetched(facts.PROVIDERS[name], response)
    assert caught.value.failure.kind is FailureKind.BAD_ANSWER


def test_concurrent_requests_get_their_own_answers() -> None:
    answers = [answer(b"mine")] * 40
    with Server(*answers) as server, transport_to(server) as transport, ThreadPoolExecutor(20) as pool:
        bodies = list(pool.map(lambda _: transport.send(get()).body, range(40)))
    assert bodies == [b"mine"] * 40
    assert len(server.requests) == 40
    assert server.visitors <= 20
