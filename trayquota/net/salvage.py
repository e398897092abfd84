"""What has arrived of an answer that cannot be requested again, whatever is missing at its end."""

from __future__ import annotations

import http.client
import io
import json
import re
import zlib
from typing import TYPE_CHECKING

from trayquota.providers.base import Response

if TYPE_CHECKING:
    from datetime import datetime

LARGEST_BYTES = 1 << 20
_ANY_HEADER = zlib.MAX_WBITS | 32
_PIECE_BYTES = 64
"""What is damaged costs no more than this of what comes before it."""


def salvage(received: bytes, now: datetime) -> Response | None:
    """Return the answer in the bytes of a connection, as far as it came; ``None`` without any body.

    Args:
        received: All of them.
        now: When they came.
    """
    head, body = _final_answer(received)
    status = re.match(rb"HTTP/\d\.\d (\d{3})", head)
    if status is None or not body:
        return None
    lines = io.BytesIO(head.partition(b"\n")[2] + b"\r\n\r\n")
    headers = {name.lower(): value for name, value in http.client.parse_headers(lines).items()}
    if "chunked" in headers.get("transfer-encoding", "").lower() and not _is_plain(body):
        body = _joined(body)
    if headers.get("content-encoding", "identity").lower() not in {"", "identity"} and not _is_plain(body):
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
    head, _, body = received.partition(b"\r\n\r\n")
    while re.match(rb"HTTP/\d\.\d 1\d\d", head):
        head, _, body = body.partition(b"\r\n\r\n")
    return head, body


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
