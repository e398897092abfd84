"""Wheel and sdist: the same when they are built again, and what pipx and uv install of them works."""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from email.parser import Parser
from typing import TYPE_CHECKING

import pytest

from .tools import PACKAGING, ROOT, need_modules, run, run_python

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("complete")
PLACES = {"pipx": ("PIPX_HOME", "PIPX_BIN_DIR"), "uv": ("UV_TOOL_DIR", "UV_TOOL_BIN_DIR")}
"""The variables that say where an installer keeps environments and commands."""
INSTALL = {"pipx": ["install", "--python", sys.executable], "uv": ["tool", "install", "--python", sys.executable]}
UPDATE = {"pipx": ["install", "--force"], "uv": ["tool", "install", "--force", "--reinstall-package", "trayquota"]}
REMOVE = {"pipx": ["uninstall", "trayquota"], "uv": ["tool", "uninstall", "trayquota"]}


def test_wheel_and_sdist_are_built_the_same_again(wheels: Path, tmp_path: Path) -> None:
    run_python(PACKAGING / "build_wheel.py", tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in wheels.iterdir()
    }


def test_the_wheel_has_licence_long_description_and_the_extras_that_the_readme_names(wheels: Path) -> None:
    [wheel] = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        [folder] = {name.partition("/")[0] for name in files.namelist() if ".dist-info/" in name}
        metadata = Parser().parsestr(files.read(f"{folder}/METADATA").decode())
        assert files.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    readme = (ROOT / "README.md").read_text("utf-8")
    assert metadata.get_payload() == readme
    install = readme.partition("\n## Install\n")[2].partition("\n## ")[0]
    for_people = set(metadata.get_all("Provides-Extra") or []) - {"test", "lint", "packaging"}
    assert {extra for extra in for_people if f"`{extra}`" not in install} == set()


def test_the_sdist_has_what_its_tests_and_packages_are_made_of(wheels: Path) -> None:
    [sdist] = wheels.glob("*.tar.gz")
    with tarfile.open(sdist) as files:
        inside = {name.partition("/")[2] for name in files.getnames()}
    assert {"CHANGELOG.md", ".packaging/manual.py", "icons/trayquota.svg", "tests/conftest.py"} <= inside


@pytest.mark.parametrize("installer", ["pipx", "uv"])
def test_it_is_installed_used_updated_and_removed(installer: str, wheels: Path, tmp_path: Path) -> None:
    need_modules(installer)
    [wheel] = wheels.glob("*.whl")
    tools = [sys.executable, "-m", installer]
    places = {name: str(tmp_path / name) for name in PLACES[installer]}
    command = tmp_path / PLACES[installer][1] / "trayquota"
    (tmp_path / "home").mkdir()
    home = {"HOME": str(tmp_path / "home")}

    run(*tools, *INSTALL[installer], older(wheels, tmp_path), environment=places)
    assert run(command, "--version", environment=home) == "trayquota 0.0.1\n"
    run(*tools, *UPDATE[installer], wheel, environment=places)
    assert run(command, "--version", environment=home) == f"trayquota {wheel.name.split('-')[1]}\n"
    # Some of the samples have failed, so that it ends with 1.
    assert "ada@example.com" in run(command, "demo", "--once", environment=home, codes=(0, 1))
    run(*tools, *REMOVE[installer], environment=places)
    assert not command.exists()


def older(wheels: Path, work: Path) -> Path:
    """What is in the sdist, as an earlier version."""
    [sdist] = wheels.glob("*.tar.gz")
    run("tar", "--extract", "--file", sdist, folder=work)
    folder = work / sdist.name.removesuffix(".tar.gz")
    module = folder / "trayquota/__init__.py"
    module.write_text(re.sub('__version__ = ".*"', '__version__ = "0.0.1"', module.read_text("utf-8")), "utf-8")
    return folder
