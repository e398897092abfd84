"""The sample files of the providers' answers and of logins, as their producers write them."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

FACTS = Path(__file__).parent / "fixtures" / "facts"
_PLACEHOLDER = re.compile(rb"\{\{JWT:([\w.]+)\}\}")


def fact(name: str) -> Any:
    """Return what a sample file says."""
    return json.loads(fact_bytes(name))


def fact_text(name: str) -> str:
    """Return a sample file's text."""
    return fact_bytes(name).decode()


def fact_bytes(name: str) -> bytes:
    """Return a sample file; a placeholder in it becomes the web token that it stands for."""
    return _PLACEHOLDER.sub(lambda found: web_token(fact(found[1].decode())).encode(), (FACTS / name).read_bytes())


def web_token(claims: object) -> str:
    """Return an unsigned JSON web token."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims)]
    return ".".join([*(part.decode() for part in parts), "x"])
