"""The sample files of the providers' answers and of logins, as their producers write them."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

FACTS = Path(__file__).parent / "fixtures" / "facts"
_PLACEHOLDER = re.compile(r"\{\{JWT:([\w.]+)\}\}")


def fact(name: str) -> Any:
    """Return what a sample file says."""
    return json.loads(fact_text(name))


def fact_text(name: str) -> str:
    """Return a sample file's text; a placeholder in it becomes the web token that it stands for."""
    text = (FACTS / name).read_text(encoding="utf-8")
    return _PLACEHOLDER.sub(lambda found: web_token(fact(found[1])), text)


def web_token(claims: object) -> str:
    """Return an unsigned JSON web token."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims)]
    return ".".join([*(part.decode() for part in parts), "x"])
