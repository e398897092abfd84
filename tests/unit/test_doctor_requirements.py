"""The libraries that ``doctor`` looks for are those that the installed program requires on its platform."""

from __future__ import annotations

import sys
from importlib import metadata

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from trayquota.cli.doctor import holds_here, required_distributions


@pytest.mark.skipif(not list(metadata.distributions(name="trayquota")), reason="runs from a checkout, not installed")
@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_the_libraries_are_those_that_an_installer_would_take(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = [Requirement(text) for text in metadata.requires("trayquota") or ()]
    environment = {"sys_platform": platform, "extra": ""}
    expected = [each.name for each in requirements if each.marker is None or each.marker.evaluate(environment)]
    monkeypatch.setattr(sys, "platform", platform)
    assert required_distributions() == expected
    assert {"pystray", "msgspec", "tomlkit"} <= set(expected)
    assert ("dbus-fast" in expected) == (platform == "linux")


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("", True),
        ("sys_platform == 'linux'", True),
        ('sys_platform == "win32"', False),
        ("sys_platform != 'win32'", True),
        ("sys_platform != 'linux'", False),
        ("sys_platform == 'win32' or sys_platform == 'linux'", True),
        ("sys_platform == 'win32' or sys_platform == 'darwin'", False),
        ("python_version < '4'", True),
        ("extra == 'test'", False),
        ("sys_platform == 'linux' and extra == 'test'", False),
    ],
)
def test_a_marker_holds_where_an_installer_says_so(
    marker: str,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert holds_here(marker) is expected
    assert not marker or Marker(marker).evaluate({"sys_platform": "linux", "extra": ""}) is expected


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("pillow>=10", "pillow"),
        ("requests[socks]>=2.32", "requests"),
        ("zope.interface", "zope.interface"),
        ("a-b (>=1)", "a-b"),
        ("x @ https://example.com/x.whl", "x"),
        ("x; python_version < '4'", "x"),
    ],
)
def test_a_library_is_known_by_its_name_alone(requirement: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _name: [requirement])
    assert required_distributions() == [name]


def test_a_program_that_is_not_installed_requires_nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", missing)
    assert required_distributions() == []
