"""The one place that imports requests, without the library that guesses the encoding of texts.

That takes 3 MiB, and no answer here is anything but bytes until it is JSON. requests itself does without where it is
not installed.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["requests"]


@contextmanager
def _hidden(*modules: str) -> Iterator[None]:
    """Have modules that nobody has imported yet pass for not installed."""
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None is how Python marks such a module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for module in hidden:
            del sys.modules[module]


with _hidden("chardet", "charset_normalizer"):
    import requests
    import requests.adapters
    import requests.structures
    import requests.utils
