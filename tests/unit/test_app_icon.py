"""The application's icon, as shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from trayquota.render import APP_ICON_SIZES, app_icon
from trayquota.system import assets
from trayquota.system.assets import asset

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", APP_ICON_SIZES)
def test_the_application_icon_comes_in_its_sizes(size: int) -> None:
    image = app_icon(size)
    assert (image.size, image.mode) == ((size, size), "RGBA")
    assert image.getchannel("A").getextrema() == (0, 255)


def test_an_application_icon_of_another_size_is_missed_by_name() -> None:
    with pytest.raises(FileNotFoundError, match=r"trayquota-17\.png"):
        app_icon(17)


def test_the_drawing_of_the_application_icon_is_square_xml() -> None:
    root = ET.fromstring(asset("trayquota.svg").read_bytes())  # noqa: S314 - our own file
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == "0 0 64 64"


def test_artwork_is_found_in_the_package_of_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "trayquota"
    (package / "icons").mkdir(parents=True)
    (package / "icons" / "trayquota.svg").write_text("<svg/>")
    monkeypatch.setattr(assets, "_PACKAGE", package)
    assert asset("trayquota.svg") == package / "icons" / "trayquota.svg"
