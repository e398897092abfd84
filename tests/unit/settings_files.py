"""What is in force with a text in the config file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import ConfigError
from trayquota.settings.load import Config, load_config

if TYPE_CHECKING:
    from pathlib import Path


def configured(tmp_path: Path, text: str | bytes, **environment: str) -> Config:
    """Return what is in force with ``text`` in the config file."""
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(config=str(path), environment=environment)


def refused(tmp_path: Path, text: str | bytes, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, text, **environment)
    return str(caught.value)
