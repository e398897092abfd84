"""The management API of one CLIProxyAPI: its list of credentials, and requests with the tokens that it holds.

Read in ``router-for-me/CLIProxyAPI``, ``internal/api/server_management.go`` and
``internal/api/handlers/management/{handler,api_tools,auth_files}.go`` at a7e3596b (``/v0``), and in the project's
documentation of version 8. It bans an address for half an hour after five wrong keys, so a key is tried once.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message
from trayquota.providers.base import Request, Response
from trayquota.providers.values import fields, items, parse_json, text
from trayquota.sources.management_failures import closed_failure, outer_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from trayquota.net.cancellation import CancelToken

_PATHS = (
    ("/v8/management/credentials", "/v8/management/requests/api-call"),
    ("/v0/management/auth-files", "/v0/management/api-call"),
)
"""The list, and requests with a credential's token: the newest version first."""
_ROOTS = ("/v8/management", "/v0/management")
"""Of what has the same name in both versions; what an earlier version 8 does not have is looked for in version 0."""
_VERSION_HEADER = "x-cpa-version"
_STATE = re.compile(r"[A-Za-z0-9._-]{1,128}")
"""What the proxy itself takes for the state of a sign-in."""
_PAGE_ENTRIES = 100
_MOST_PAGES = 50


class ServerSend(Protocol):
    """Sends one request to a server; see :meth:`trayquota.net.transport.Transport.send_to_server`."""

    def __call__(self, request: Request, *, cancel_token: CancelToken | None = None) -> Response:
        """Return the answer, or raise ``FetchError``."""


class RefusedKeys(Protocol):
    """How servers have refused this program, over restarts. For any thread."""

    def is_refused(self, address: str, key: str) -> bool:
        """Whether ``key`` is not to be sent to ``address`` again."""

    def refuse(self, address: str, key: str) -> None:
        """Record a refusal."""

    def closed_reason(self, address: str, now: datetime) -> str:
        """Return why nothing is to be sent to ``address`` at ``now``; empty when it may be."""

    def close(self, address: str, why: str, now: datetime) -> None:
        """Record that the server lets nobody in."""


class Clocks(Struct, frozen=True):
    """The time, aware, UTC; and the monotonic clock, in seconds."""

    utc: Callable[[], datetime]
    monotonic: Callable[[], float]


class ManagementApi:
    """One server. For any number of threads."""

    def __init__(
        self, address: str, find_key: Callable[[], str], send: ServerSend, refused: RefusedKeys, clocks: Clocks
    ) -> None:
        """Send nothing yet.

        Args:
            address: As :func:`trayquota.core.urls.server_url` writes it.
            find_key: Looks the management key up, empty for none; again only while the last one is of no use.
            send: Sends a request.
            refused: What is known of keys.
            clocks: To date answers, and to measure a ban.
        """
        self.address = address
        self.name = urlsplit(address).netloc
        """For people."""
        self._find_key = find_key
        self._key = ""
        self._send = send
        self._refused = refused
        self._clocks = clocks
        self._paths: tuple[str, str] | None = None

    def credentials(self, cancel_token: CancelToken | None = None) -> list[Mapping[str, object]]:
        """Return the entries of all pages.

        Raises:
            FetchError: There is no list: the server is away, no CLIProxyAPI, or does not take the key.
        """
        for paths in [self._paths] if self._paths else _PATHS:
            response = self._exchange("GET", self._page(paths[0], 1), None, cancel_token)
            if response.status == 404:
                self._paths = None
                continue
            entries = self._entries(response)
            self._paths = paths
            return [*entries, *self._further_pages(paths[0], len(entries), cancel_token)]
        message = Message(
            "{name} has no management API: it needs a management key of its own, or is no CLIProxyAPI.", name=self.name
        )
        raise fetch_error(FailureKind.REFUSED, message)

    def call(self, auth_index: str, request: Request, cancel_token: CancelToken | None = None) -> Response:
        """Return a provider's answer to ``request``, in whose headers the proxy puts the token of a credential.

        Raises:
            FetchError: There was none.
        """
        if urlsplit(request.url).scheme != "https":
            raise fetch_error(FailureKind.REFUSED, "Only HTTPS addresses are asked.")
        content: dict[str, object] = {
            "auth_index": auth_index,
            "method": request.method,
            "url": request.url,
            "header": dict(request.headers),
        }
        if request.body is not None:
            content["data"] = request.body.decode()
        _, path = self._paths or _PATHS[0]
        response = self._exchange("POST", path, json.dumps(content).encode(), cancel_token)
        self._check_status(response)
        answer = self._content(response)
        status, body = answer.get("status_code"), answer.get("body")
        if not isinstance(status, int) or not 100 <= status <= 599 or not isinstance(body, str):
            raise fetch_error(
                FailureKind.BAD_ANSWER,
                "The proxy at {name} gave an answer that makes no sense.",
                name=self.name,
            )
        headers = {
            name.lower(): ", ".join(value for value in items(values) if isinstance(value, str))
            for name, values in fields(answer.get("header")).items()
        }
        return Response(status, headers, body.encode("utf-8", "replace"), self._clocks.utc())

    def set_disabled(self, file: str, *, disabled: bool) -> None:
        """Have the proxy take a credential out of its rotation, or back. Blocks.

        Raises:
            FetchError: It does not.
        """
        body = json.dumps({"name": file, "disabled": disabled}).encode()
        response = self._first_known("PATCH", "auth-files/status", body)
        self._check_status(response)

    def begin_sign_in(self, call: str, cancel_token: CancelToken) -> tuple[str, str]:
        """Return the page where a person signs in, and the state by which that is followed.

        The proxy listens on its own localhost for what the provider's page sends the browser to.

        Raises:
            FetchError: There is none.
        """
        content = self._answer(f"{call}-auth-url?is_webui=true", cancel_token)
        page, state = text(content.get("url"), 8000), text(content.get("state"), 200)
        if page is None or state is None or not _STATE.fullmatch(state):
            raise fetch_error(
                FailureKind.BAD_ANSWER, "The proxy at {name} names no page to sign in on.", name=self.name
            )
        return page, state

    def is_signed_in(self, state: str, cancel_token: CancelToken) -> bool:
        """Return whether the person has signed in by now.

        Raises:
            FetchError: That has failed, or the proxy does not know of it any more.
        """
        content = self._answer(f"get-auth-status?{urlencode({'state': state})}", cancel_token)
        status, error = text(content.get("status")), text(content.get("error"), 200) or Message("nothing more")
        if status not in {"ok", "wait"}:
            raise fetch_error(FailureKind.REFUSED, "The proxy at {name} says: {reason}.", name=self.name, reason=error)
        return status == "ok"

    def _answer(self, leaf: str, cancel_token: CancelToken) -> Mapping[str, object]:
        response = self._first_known("GET", leaf, cancel_token=cancel_token)
        self._check_status(response)
        return self._content(response)

    def _check_status(self, response: Response) -> None:
        if response.status != 200:
            raise outer_failure(self.name, response.status, text(self._content(response).get("error")) or "")

    def _first_known(
        self, method: str, leaf: str, body: bytes | None = None, cancel_token: CancelToken | None = None
    ) -> Response:
        """Return the answer of the newest version that knows ``leaf``, the end of a path; else a 404 without a word."""
        for root in _ROOTS[1:] if self._paths == _PATHS[1] else _ROOTS:
            response = self._exchange(method, f"{root}/{leaf}", body, cancel_token)
            if response.status != 404 or self._content(response):
                break
        return response

    def _further_pages(self, path: str, found: int, cancel_token: CancelToken | None) -> list[Mapping[str, object]]:
        """Return what follows a full first page. Version 0 has no pages and gives the whole list each time."""
        entries: list[Mapping[str, object]] = []
        if found != _PAGE_ENTRIES or path != _PATHS[0][0]:
            return entries
        for number in range(2, _MOST_PAGES + 1):
            page = self._entries(self._exchange("GET", self._page(path, number), None, cancel_token))
            entries += page
            if len(page) < _PAGE_ENTRIES:
                break
        return entries

    def _page(self, path: str, number: int) -> str:
        is_paged = path == _PATHS[0][0]
        return f"{path}?{urlencode({'page': number, 'page_size': _PAGE_ENTRIES})}" if is_paged else path

    def _entries(self, response: Response) -> list[Mapping[str, object]]:
        self._check_status(response)
        files = self._content(response).get("files")
        if _VERSION_HEADER not in response.headers or not isinstance(files, list):
            raise fetch_error(FailureKind.BAD_ANSWER, "{name} is no CLIProxyAPI, by its answer.", name=self.name)
        return [fields(entry) for entry in files]

    def _exchange(self, method: str, path: str, body: bytes | None, cancel_token: CancelToken | None) -> Response:
        """Return the server's own answer; never any more with a key that it has refused.

        Raises:
            FetchError: There was none, or it does not let this program in.
        """
        self._check_key()
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json", "User-Agent": "trayquota"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._send(Request(method, self.address + path, headers, body), cancel_token=cancel_token)
        except FetchError as error:
            message = Message(
                "The proxy at {name} does not answer. {reason}", name=self.name, reason=error.failure.message
            )
            raise fetch_error(error.failure.kind, message) from None
        if response.status in {401, 403}:
            self._shut_out(response)
            self._check_key()
        return response

    def _check_key(self) -> None:
        """Raise ``FetchError`` unless there is a key to be sent now."""
        if not self._key or self._refused.is_refused(self.address, self._key):
            self._key = self._find_key()
        if not self._key:
            message = Message(
                "There is no key for {name}. Run: trayquota connect {address}", name=self.name, address=self.address
            )
            raise fetch_error(FailureKind.REFUSED, message)
        if self._refused.is_refused(self.address, self._key):
            message = Message(
                "{name} refused the key, which is not sent again. Run: trayquota connect {address}",
                name=self.name,
                address=self.address,
            )
            raise fetch_error(FailureKind.REFUSED, message)
        if why := self._refused.closed_reason(self.address, self._clocks.utc()):
            raise closed_failure(self.name, why)

    def _shut_out(self, response: Response) -> None:
        """Send nothing more: after a proxy's 401 with this key for good, else for half an hour."""
        error = (text(self._content(response).get("error"), 200) or "").lower()
        is_proxy = _VERSION_HEADER in response.headers
        if is_proxy and response.status == 401:
            self._refused.refuse(self.address, self._key)
            return
        why = next((words for words in ("banned", "not set") if words in error), "disabled")
        self._refused.close(self.address, why if is_proxy else "stranger", self._clocks.utc())

    def _content(self, response: Response) -> Mapping[str, object]:
        try:
            return fields(parse_json(response.body))
        except ValueError:
            return {}
