"""The Debian package, installed, used, updated and purged on a clean Debian 13."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from contract.fake_host import FakeHost
from needs import need
from session_bus import SessionBus

from .debian_root import APT, DebianRoot, debian_root
from .tools import PACKAGING, need_modules, run, run_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGIN = "/root/.cli-proxy-api/claude-ada@example.com.json"
OF_A_PERSON = ("/root/.config/", "/root/.local/", "/root/.cache/", LOGIN)
INSTALLED = (
    "/usr/bin/trayquota",
    "/usr/share/applications/trayquota.desktop",
    "/usr/share/metainfo/io.github.trayquota.metainfo.xml",
    "/usr/share/icons/hicolor/48x48/apps/trayquota.png",
    "/usr/share/icons/hicolor/scalable/apps/trayquota.svg",
    "/usr/share/man/man1/trayquota.1.gz",
    "/usr/share/bash-completion/completions/trayquota",
    "/usr/share/zsh/vendor-completions/_trayquota",
    "/usr/share/fish/vendor_completions.d/trayquota.fish",
)


@pytest.fixture(scope="module")
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    request.getfixturevalue("complete")
    need_modules("build", "twine", "check_wheel_contents", "packaging", "pip")
    need("dpkg-deb")
    folder = tmp_path_factory.mktemp("deb")
    run_python(PACKAGING / "build_deb.py", folder)
    [found] = folder.glob("*.deb")
    return found


def test_each_requirement_is_a_package_of_debian_or_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PACKAGING)
    build_deb: Any = import_module("build_deb")
    depends = build_deb.depends()
    assert {"python3 (>= 3.13)", "python3-pil (>= 10)", "python3-socks", "python3-xlib"} <= set(depends)
    assert [each for each in depends if re.search("dbus|pystray|truststore|msgspec", each)] == []
    monkeypatch.setattr(build_deb, "bundled", lambda: {"msgspec": "0.19"})
    with pytest.raises(SystemExit, match=r"bundled.txt has msgspec 0\.19, but msgspec>="):
        build_deb.depends()


def test_lintian_and_the_validators_find_no_error(package: Path, tmp_path: Path) -> None:
    run("dpkg-deb", "--extract", package, tmp_path)
    share = tmp_path / "usr/share"
    run(need("lintian"), "--fail-on", "error", "--allow-root", package)
    run(need("appstreamcli"), "validate", "--no-net", share / "metainfo/io.github.trayquota.metainfo.xml")
    run(need("desktop-file-validate"), share / "applications/trayquota.desktop")


def test_nothing_of_the_package_starts_with_the_session(package: Path) -> None:
    assert "/autostart/" not in run("dpkg-deb", "--contents", package)


def test_it_is_built_the_same_again(package: Path, tmp_path: Path) -> None:
    run_python(PACKAGING / "build_deb.py", tmp_path)
    assert (tmp_path / package.name).read_bytes() == package.read_bytes()


def test_it_is_installed_used_updated_and_purged_on_a_clean_debian(package: Path, tmp_path: Path) -> None:
    with debian_root(tmp_path / "debian-13") as root:
        before = root.files()
        shutil.copy(package, root.path("new.deb"))
        make_older(package, root.path("old.deb"), tmp_path / "older")
        root.run(*APT, "update")
        root.run(*APT, "install", "/old.deb")
        assert version_in(root) == "0.0.1-1"
        root.path(LOGIN).parent.mkdir()
        root.path(LOGIN).write_text('{"type": "claude", "email": "ada@example.com"}')

        root.run(*APT, "install", "/new.deb")
        assert version_in(root) == package.name.split("_")[1]
        assert not root.path("/usr/lib/trayquota/of_the_older").exists()
        use(root)
        show_in_a_panel(root)

        root.run(*APT, "purge", "trayquota")
        left = {path for path in root.files() - before if "trayquota" in path}
        assert {path for path in left if not path.startswith(OF_A_PERSON)} == set()
        assert root.path(LOGIN).exists()
        assert root.path("/root/.config/autostart/trayquota.desktop").exists()


def use(root: DebianRoot) -> None:
    """Run what a person would; fails where anything is missing."""
    assert [path for path in INSTALLED if not root.path(path).is_file()] == []
    assert list(root.path("/usr/lib/trayquota/trayquota/__pycache__").glob("*.pyc"))
    assert root.run("trayquota", "--version").startswith("trayquota ")
    # The login has no token in it, and some of the demo's samples have failed.
    shown = json.loads(root.run("trayquota", "status", "--json", codes=(1,)))
    assert [account["name"] for account in shown["accounts"]] == ["ada@example.com"]
    assert "ada@example.com" in root.run("trayquota", "demo", "--once", codes=(0, 1))
    # No desktop there, which is what it has to say; that all libraries are there, too.
    report = root.run("trayquota", "doctor", codes=(0, 1))
    assert re.search(r"msgspec 0\.2\d.*dbus-fast 5|dbus-fast 5.*msgspec 0\.2\d", report, re.DOTALL), report
    assert "is not installed" not in report, report
    root.run("python3", "-Ic", "import sys; sys.path.insert(0, '/usr/lib/trayquota'); import drawsvg")
    root.run("trayquota", "autostart", "on")
    assert "Exec=/usr/bin/trayquota\n" in root.path("/root/.config/autostart/trayquota.desktop").read_text()


def show_in_a_panel(root: DebianRoot) -> None:
    """Have the demo's icon in the panel of a session, and quit it by its menu."""
    session = root.path("/root/session")
    session.mkdir()
    with running_bus(session) as bus, closing(FakeHost(bus.address)) as panel:
        applet = root.start("trayquota", "demo", DBUS_SESSION_BUS_ADDRESS="unix:path=/root/session/bus")
        try:
            panel.registrations.until_there_are(1)
            assert panel.properties()["IconPixmap"]
            panel.click("Quit")
            said, _ = applet.communicate(timeout=120)
        finally:
            applet.kill()
            applet.communicate()
    assert (applet.returncode, "Traceback" in said) == (0, False), said


@contextmanager
def running_bus(folder: Path) -> Iterator[SessionBus]:
    bus = SessionBus(folder)
    bus.start()
    try:
        yield bus
    finally:
        bus.kill()


def make_older(package: Path, target: Path, work: Path) -> None:
    """Make a package of an earlier version, with a file that the newer one does not have."""
    run("dpkg-deb", "--raw-extract", package, work)
    control = work / "DEBIAN/control"
    fields = re.sub("^Version: .*$", "Version: 0.0.1-1", control.read_text("utf-8"), flags=re.MULTILINE)
    control.write_text(fields, "utf-8")
    (work / "usr/lib/trayquota/of_the_older").write_text("")
    run("dpkg-deb", "--build", "--root-owner-group", work, target)


def version_in(root: DebianRoot) -> str:
    return root.run("dpkg-query", "--show", "--showformat=${Version}", "trayquota")
