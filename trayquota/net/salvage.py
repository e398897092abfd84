"""What has arrived of an answer that cannot be requested again, whatever is missing at its end."""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING

from trayquota.providers.base import Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LARGEST_BYTES = 1 << 20
_ANY_HEADER = zlib.MAX_WBITS | 32
_STATUS = rb"(?:HTTP/\d(?:\.\d)?|ICY) +(\d{3})"
_INTERIM_STATUS = rb"HTTP/\d(?:\.\d)? +1\d\d"
_PACKED = b"\x1f\x8b"
_PIECE_BYTES = 64
"""What is damaged costs no more than this of what comes before it."""


def salvage(received: bytes, now: datetime) -> Response | None:
    """Return the answer in the bytes of a connection, as far as it came; ``None`` without any body.

    It need not be one by the book: without a head, with one that a library refuses, or packed without a word of it.

    Args:
        received: All of them.
        now: When they came.
    """
    head, body = _final_answer(received)
    if _is_plain(received):
        return Response(200, {}, received[:LARGEST_BYTES], now)
    status = re.match(_STATUS, head)
    if status is None or not body:
        return None
    headers = _headers(head)
    if "chunked" in headers.get("transfer-encoding", "").lower() and not _is_plain(body):
        body = _joined(body) or b"".join(body.partition(b"{")[1:])
    if body.startswith(_PACKED) or (_is_coded(headers) and not _is_plain(body)):
        body = _unpacked(body)
    return Response(int(status[1]), headers, body[:LARGEST_BYTES], now) if body else None


def is_whole(received: bytes, now: datetime) -> bool:
    """Whether the answer in ``received`` is a JSON object to its end, so that nothing more needs to come."""
    answer = salvage(received, now)
    return answer is not None and is_object(answer.body)


def is_object(body: bytes) -> bool:
    """Whether a body is a JSON object, whole."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _final_answer(received: bytes) -> tuple[bytes, bytes]:
    """Return head and body of the first answer that is no interim one."""
    head, body = _parted(received)
    while re.match(_INTERIM_STATUS, head):
        head, body = _parted(body)
    return head, body


def _parted(received: bytes) -> tuple[bytes, bytes]:
    end = re.search(rb"\r?\n\r?\n", received)
    return (received[: end.start()], received[end.end() :]) if end else (received, b"")


def _headers(head: bytes) -> dict[str, str]:
    """Return the headers by lower-case name, however many and however long they are."""
    pairs = (line.partition(":") for line in head.decode("latin-1").splitlines()[1:])
    return {name.strip().lower(): value.strip() for name, mark, value in pairs if mark}


def _is_coded(headers: Mapping[str, str]) -> bool:
    return headers.get("content-encoding", "identity").lower() not in {"", "identity"}


def _is_plain(body: bytes) -> bool:
    """Whether a body has no coding, whatever its head says: no chunk and nothing packed begins like an object."""
    return body.lstrip().startswith(b"{")


def _joined(body: bytes) -> bytes:
    """Return what the chunks of a body hold, the last of them as far as it came."""
    joined = b""
    while size := re.match(rb"\s*([0-9a-fA-F]{1,8})[^\r\n]*\r?\n", body):
        length = int(size[1], 16)
        joined += body[size.end() : size.end() + length]
        body = body[size.end() + length :]
        if not length:
            break
    return joined


def _unpacked(body: bytes) -> bytes:
    """Return what a packed body holds, until it makes no sense."""
    unpacker, unpacked = zlib.decompressobj(_ANY_HEADER), b""
    for start in range(0, len(body), _PIECE_BYTES):
        try:
            unpacked += unpacker.decompress(body[start : start + _PIECE_BYTES], LARGEST_BYTES + 1 - len(unpacked))
        except zlib.error:
            break
        if unpacker.eof or len(unpacked) > LARGEST_BYTES:
            break
    return unpacked
