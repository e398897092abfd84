"""A strict stand-in for a CLIProxyAPI with its management API, versions 8 and 0, as the facts describe it.

Strict: a request that the real one would not understand, or that this program must never send, is recorded as a
violation. Bans an address after five wrong keys; knows pages, unknown indexes, and a provider behind it.
"""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

from .loopback_servers import CERTIFICATE

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND_CERTIFICATE = CERTIFICATE.with_name("second-loopback.pem")
"""Of the address 127.0.0.2, with its key; signed by :data:`AUTHORITY`."""
AUTHORITY = CERTIFICATE.with_name("authority.pem")
KEY = "management-key-of-a-test"
TRIES_BEFORE_BAN = 5
LISTS = {8: "/v8/management/credentials", 0: "/v0/management/auth-files"}
CALLS = {8: "/v8/management/requests/api-call", 0: "/v0/management/api-call"}
STATUS, SIGN_INS = "/auth-files/status", ("anthropic", "codex", "antigravity", "kimi", "xai")
"""The end of a path by which an account is paused, and who can be signed in at."""
AGENTS = {"claude": "claude-code/", "codex": "codex-cli"}
"""What a request for a provider has to bring itself, for Go's own agent gets refused."""
CLAUDE = {"five_hour": {"utilization": 58.0, "resets_at": "2099-09-22T14:13:00Z"}}


def entry(name: str, index: str | None = None, **more: Any) -> dict[str, Any]:
    """An entry of the list, as version 8 has it."""
    provider = name.partition("-")[0]
    found: dict[str, Any] = {"id": name, "name": name, "provider": provider, "type": provider, "status": "active"}
    found |= {"disabled": False, "unavailable": False, "runtime_only": False, "source": "file"}
    return found | {"auth_index": index or f"index-of-{name}"} | more


class ProxyStandIn:
    """A server on loopback."""

    def __init__(
        self,
        *entries: dict[str, Any],
        versions: tuple[int, ...] = (8, 0),
        tls: bool = False,
        host: str = "",
        port: int = 0,
    ) -> None:
        """Serve ``entries``; with ``tls`` as localhost, by its own certificate, or as ``host`` by an authority's."""
        self.entries = list(entries)
        self.versions = versions
        self.key: str | None = KEY
        self.is_proxy = True
        self.remote_allowed = True
        self.wrong_keys = 0
        self.requests: list[tuple[str, str]] = []
        self.asked: list[dict[str, Any]] = []
        """The content of each request with a token."""
        self.violations: list[str] = []
        self.outer: tuple[int, dict[str, Any]] | None = None
        self.inner: Callable[[dict[str, Any]], tuple[int, dict[str, list[str]], str]] = _claude
        self.changes: list[dict[str, Any]] = []
        """The content of each request to pause or resume an account."""
        self.undone_changes = 0
        """So many of them are lost, as to an old copy of the file that is written back."""
        self.sign_ins: dict[str, list[dict[str, Any]]] = {}
        """What is answered of each sign-in by its state; the last answer stays."""
        self.sign_in_url = "https://claude.ai/oauth/authorize?code=true&state={state}"
        self.unknown = b""
        """What is said of a path that it does not have."""
        self.versions_with_changes = versions
        """Early ones of version 8 have no call that changes anything."""
        self.hold: threading.Event | None = None
        """Requests with a token wait for it."""
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stand_in._handle(self)

            do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - names of http.server

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - likewise
                """Say nothing."""

        self._server = ThreadingHTTPServer((host or "127.0.0.1", port), Handler)
        self._server.daemon_threads = False
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(SECOND_CERTIFICATE if host else CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"https://{host or 'localhost'}:{self.port}" if tls else f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.hold is not None:
            self.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def lists(self) -> int:
        """How often the list was asked for."""
        return sum(path.split("?")[0] in LISTS.values() for _, path in self.requests)

    def _handle(self, visit: BaseHTTPRequestHandler) -> None:
        body = visit.rfile.read(int(visit.headers.get("Content-Length") or 0))
        with self._lock:
            self.requests.append((visit.command, visit.path))
        status, answer = self._answer(visit, body)
        data = self.unknown if answer is None else json.dumps(answer).encode()
        visit.send_response(status)
        if self.is_proxy and answer is not None:
            visit.send_header("X-CPA-VERSION", "8.0.48" if 8 in self.versions else "7.2.10")
        visit.send_header("Content-Type", "application/json")
        visit.send_header("Content-Length", str(len(data)))
        visit.send_header("Connection", "close")
        visit.close_connection = True
        visit.end_headers()
        visit.wfile.write(data)

    def _answer(self, visit: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Any]:
        parts = urlsplit(visit.path)
        version = next((version for version in self.versions if parts.path.startswith(f"/v{version}/")), None)
        if version is None or self.key is None:
            return 404, None
        if refusal := self._refusal(visit):
            return refusal
        self._check_headers(visit, body)
        if (visit.command, parts.path) == ("GET", LISTS[version]):
            return 200, {"files": self._page(version, dict(parse_qsl(parts.query)))}
        if (visit.command, parts.path) == ("POST", CALLS[version]):
            return self._call(json.loads(body))
        if version in self.versions_with_changes:
            leaf = parts.path.removeprefix(f"/v{version}/management")
            if (visit.command, leaf) == ("PATCH", STATUS):
                return self._change(json.loads(body))
            if visit.command == "GET" and (answer := self._sign_in(leaf, dict(parse_qsl(parts.query)))):
                return answer
        elif version == 8:
            return 404, None
        self.violations.append(f"{visit.command} {parts.path}")
        return 404, {"error": "not found"}

    def _refusal(self, visit: BaseHTTPRequestHandler) -> tuple[int, Any] | None:
        if not self.remote_allowed:
            return 403, {"error": "remote management disabled"}
        with self._lock:
            if self.wrong_keys >= TRIES_BEFORE_BAN:
                return 403, {"error": "IP banned due to too many failed attempts. Try again in 30m0s"}
            given = visit.headers.get("Authorization", "").removeprefix("Bearer ")
            if given == self.key:
                self.wrong_keys = 0
                return None
            self.wrong_keys += 1
        return 401, {"error": "invalid management key" if given else "missing management key"}

    def _check_headers(self, visit: BaseHTTPRequestHandler, body: bytes) -> None:
        allowed = {"host", "authorization", "accept", "accept-encoding", "user-agent", "content-length", "content-type"}
        for name in {name.lower() for name in visit.headers} - allowed:
            self.violations.append(f"header {name}")
        if body and visit.headers.get("Content-Type") != "application/json":
            self.violations.append("a body that is not called JSON")

    def _page(self, version: int, query: dict[str, str]) -> list[dict[str, Any]]:
        if version == 0:
            if query:
                self.violations.append("a query for version 0")
            return self.entries
        size, number = int(query["page_size"]), int(query["page"])
        return self.entries[(number - 1) * size : number * size]

    def _change(self, content: dict[str, Any]) -> tuple[int, Any]:
        if content.keys() != {"name", "disabled"} or not isinstance(content["disabled"], bool):
            self.violations.append(f"fields {sorted(content)}")
        found = next((each for each in self.entries if each["name"] == content["name"]), None)
        if self.outer is not None:
            return self.outer
        if found is None:
            return 404, {"error": "auth file not found"}
        self.changes.append(content)
        if self.undone_changes:
            self.undone_changes -= 1
        else:
            found["disabled"] = content["disabled"]
        return 200, {"status": "ok", "disabled": content["disabled"]}

    def _sign_in(self, leaf: str, query: dict[str, str]) -> tuple[int, Any] | None:
        if leaf == "/get-auth-status":
            answers = self.sign_ins.get(query.get("state", ""))
            if answers is None:
                return 200, {"status": "error", "error": "unknown or expired state"}
            return 200, answers.pop(0) if len(answers) > 1 else answers[0]
        name = leaf.removeprefix("/").removesuffix("-auth-url")
        if not leaf.endswith("-auth-url") or name not in SIGN_INS:
            return None
        if query != {"is_webui": "true"}:
            self.violations.append(f"a sign-in with {query}")
        if self.outer is not None:
            return self.outer
        state = f"state-{len(self.sign_ins)}"
        self.sign_ins[state] = [{"status": "wait"}]
        flow = {"flow": "device"} if name in {"kimi", "xai"} else {}
        return 200, {"status": "ok", "url": self.sign_in_url.format(state=state), "state": state, **flow}

    def _call(self, content: dict[str, Any]) -> tuple[int, Any]:
        if not content.keys() <= {"auth_index", "method", "url", "header", "data"}:
            self.violations.append(f"fields {sorted(content)}")
        with self._lock:
            self.asked.append(content)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if self.hold is not None:
            self.hold.wait(20)
        with self._lock:
            self.at_once -= 1
        found = next((each for each in self.entries if each.get("auth_index") == content["auth_index"]), None)
        if "$TOKEN$" not in str(content["header"]):
            self.violations.append("a request without $TOKEN$")
        agent = AGENTS.get(found["provider"], "") if found else ""
        if not str(content["header"].get("User-Agent", "")).startswith(agent):
            self.violations.append(f"the agent {content['header'].get('User-Agent')}")
        if self.outer is not None:
            return self.outer
        # An index that nobody knows: the token's place goes out as it is, and the provider refuses it.
        status, headers, text = self.inner(content) if found else (401, {}, '{"error": "bad token"}')
        return 200, {"status_code": status, "header": headers, "body": text}


def _claude(_content: dict[str, Any]) -> tuple[int, dict[str, list[str]], str]:
    return 200, {"Content-Type": ["application/json"]}, json.dumps(CLAUDE)
