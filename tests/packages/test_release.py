"""A release writes version and changelog in one place each, and says what it bundles."""

from __future__ import annotations

import importlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from .tools import PACKAGING, ROOT, need_modules, run, run_python

if TYPE_CHECKING:
    from pathlib import Path

PERSON = {f"GIT_{role}_{field}": "ada@example.com" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
CHANGELOG = """# Changelog

## [Unreleased]

### Added

- A thing.

## [0.1.0] - 2026-01-02

- The first.
"""


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Any:
    return module("release", monkeypatch)


def module(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One of the commands that packages are built by."""
    monkeypatch.syspath_prepend(PACKAGING)
    return importlib.import_module(name)


def test_what_was_unreleased_becomes_the_section_of_the_version(release: Any) -> None:
    changelog = release.with_release(CHANGELOG, "0.2.0", date(2026, 3, 4))
    assert "## [Unreleased]\n\n## [0.2.0] - 2026-03-04\n\n### Added\n\n- A thing.\n" in changelog
    assert release.section(changelog, "0.2.0") == "### Added\n\n- A thing.\n"
    assert release.section(changelog, "0.1.0") == "- The first.\n"


def test_nothing_new_is_no_release(release: Any) -> None:
    released = release.with_release(CHANGELOG, "0.2.0", date(2026, 3, 4))
    with pytest.raises(SystemExit, match="nothing unreleased"):
        release.with_release(released, "0.3.0", date(2026, 3, 5))


def test_this_changelog_and_this_version_can_be_released(release: Any) -> None:
    changelog = release.with_release(release.CHANGELOG.read_text("utf-8"), "999.0.0", date(2026, 3, 4))
    assert release.section(changelog, "999.0.0").strip()
    assert '\n__version__ = "999.0.0"\n' in release.with_version(release.VERSION_FILE.read_text("utf-8"), "999.0.0")


@pytest.mark.parametrize("version", ["0.9.9", "1", "1.1", "v1.0.1", "1.0.1-1", "1.0.01", "1.0.0rc1", ""])
def test_a_version_that_cannot_follow_is_refused(version: str, release: Any) -> None:
    with pytest.raises(SystemExit, match=r"no version that may follow 1\.0\.0"):
        release.with_version('__version__ = "1.0.0"\n', version)


def test_the_bill_names_each_bundled_library_with_version_and_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = {
        "trayquota": "License-Expression: MIT",
        "dbus_fast": "License: MIT",
        "draw": "Classifier: License :: OSI Approved :: MIT License",
        "py.stray": "License: LGPLv3\n and",
        "unsaid": "Summary: none",
    }
    for name, licence in stated.items():
        folder = tmp_path / "lib" / f"{name}-1.2.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n{licence}\n")
    (tmp_path / "lib/runtime.json").write_text('{"cpython": "3.11.9"}')
    bill = json.loads(module("sbom", monkeypatch).sbom(tmp_path, 86400))
    assert (bill["bomFormat"], bill["metadata"]["timestamp"]) == ("CycloneDX", "1970-01-02T00:00:00Z")
    assert bill["metadata"]["component"]["licenses"] == [{"expression": "MIT"}]
    assert [(each["purl"], each.get("licenses")) for each in bill["components"]] == [
        ("pkg:pypi/dbus-fast@1.2", [{"license": {"name": "MIT"}}]),
        ("pkg:pypi/draw@1.2", [{"license": {"name": "MIT License"}}]),
        ("pkg:pypi/py-stray@1.2", [{"license": {"name": "LGPLv3"}}]),
        ("pkg:pypi/unsaid@1.2", None),
        ("pkg:generic/cpython@3.11.9", None),
    ]
    assert bill["dependencies"][0]["dependsOn"] == [each["purl"] for each in bill["components"]]


@pytest.fixture
def clone(complete: None, tmp_path: Path) -> Path:  # noqa: ARG001 - it only decides whether the test is run
    need_modules("build", "twine", "check_wheel_contents", "cyclonedx")
    run("git", "clone", "--quiet", ROOT, tmp_path / "clone")
    return tmp_path / "clone"


def test_a_release_in_one_command(clone: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    run_python(clone / ".packaging/release.py", "999.0.0", made, environment=PERSON)
    names = {path.name for path in made.iterdir()}
    assert names == {
        "SHA256SUMS",
        "trayquota-999.0.0-notes.md",
        "trayquota-999.0.0-py3-none-any.whl",
        "trayquota-999.0.0.tar.gz",
        "trayquota_999.0.0-1_amd64.deb",
        "trayquota_999.0.0-1_amd64.deb.cdx.json",
    }
    assert run("sha256sum", "--check", "SHA256SUMS", folder=made).count(": OK") == len(names) - 1
    bill = (made / "trayquota_999.0.0-1_amd64.deb.cdx.json").read_text("utf-8")
    assert schema_error(bill) is None
    bundled = {each["name"] for each in json.loads(bill)["components"]}
    assert bundled == {"dbus-fast", "drawsvg", "msgspec", "pystray"}
    assert run("git", "describe", folder=clone).strip() == "v999.0.0"
    assert run("git", "status", "--porcelain", folder=clone) == ""


def test_a_release_that_cannot_be_built_leaves_neither_commit_nor_tag(clone: Path, tmp_path: Path) -> None:
    (clone / "README.md").unlink()
    run("git", "commit", "--quiet", "--all", "--message", "No long description", folder=clone, environment=PERSON)
    before = run("git", "rev-parse", "HEAD", folder=clone)
    run_python(clone / ".packaging/release.py", "999.0.0", tmp_path / "made", environment=PERSON, codes=(1,))
    assert run("git", "rev-parse", "HEAD", folder=clone) == before
    assert run("git", "tag", "--list", "v999*", folder=clone) == ""
    assert run("git", "status", "--porcelain", folder=clone) == ""


def schema_error(bill: str) -> object:
    """What a bill has that the specification does not allow; None when it is valid."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill)
