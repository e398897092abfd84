"""What runs under Wine is what the program asks for."""

from __future__ import annotations

import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .windows_python import REQUIREMENTS

PROJECT = tomllib.loads((REQUIREMENTS.parents[2] / "pyproject.toml").read_text("utf-8"))["project"]


def test_each_requirement_of_windows_is_pinned_at_a_version_that_the_project_allows() -> None:
    pins = {}
    for line in REQUIREMENTS.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            pins[canonicalize_name(name)] = version
    wanted = map(Requirement, PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"])
    on_windows = [each for each in wanted if each.marker is None or each.marker.evaluate({"sys_platform": "win32"})]
    assert on_windows
    for requirement in on_windows:
        assert pins.get(canonicalize_name(requirement.name), "0") in requirement.specifier, requirement
