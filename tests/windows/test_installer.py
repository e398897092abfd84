"""The installer, silent as an administrator's script has it: with a stand-in for the program, and with the program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from needs import need

from trayquota.core.model import Level
from trayquota.render import render
from trayquota.views.tray_view import IconSpec

from .applet import Applet
from .waiting import wait_until
from .wine import ROOT, windows_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from .providers import Providers
    from .wine import Wine

UNINSTALL_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\trayquota"
RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
PLENTY = IconSpec(percent=42, level=Level.PLENTY)
INSTALL_S = 300.0
"""Some thousand files, on a busy machine."""


@dataclass(frozen=True)
class Places:
    """What one person's profile has of the program."""

    local: Path
    start_menu: Path
    temporary: Path

    @property
    def program(self) -> Path:
        return self.local / "Programs/trayquota"

    @property
    def records(self) -> Path:
        return self.local / "trayquota"


@pytest.fixture
def places(wine: Wine) -> Iterator[Places]:
    """Those of the tests' own Windows, where nothing is installed, and in the end nothing is again."""
    [person] = [path for path in (wine.drive_c / "users").iterdir() if path.name != "Public"]
    found = Places(
        local=person / "AppData/Local",
        start_menu=person / "AppData/Roaming/Microsoft/Windows/Start Menu/Programs",
        temporary=person / "Temp",
    )
    assert not found.program.exists()
    yield found
    shutil.rmtree(found.program, ignore_errors=True)
    shutil.rmtree(found.records, ignore_errors=True)


def test_a_stand_in_for_the_program_is_installed_updated_and_removed(
    wine: Wine, places: Places, tmp_path: Path
) -> None:
    older, newer = stand_in(tmp_path / "older", "gone.txt"), stand_in(tmp_path / "newer", "new.txt")
    install(wine, installer(older, tmp_path, "0.0.1"), "/STARTATLOGIN")
    assert {path.name for path in places.program.iterdir()} == {"Uninstall.exe", "_internal", "trayquota.exe"}
    assert (places.start_menu / "trayquota.lnk").exists()
    assert value(wine, UNINSTALL_KEY, "DisplayVersion") == "0.0.1"
    assert value(wine, RUN_KEY, "trayquota") == windows_name(places.program / "trayquota.exe", wine)

    wine.run("reg", "add", RUN_KEY, "/v", "trayquota", "/d", "as the person wants it", "/f")
    own = [places.program / "notes of a person.txt", places.records / "config.toml"]
    own.append(places.records / "renewals/0a.journal")
    names = ("state.json", "history.sqlite3", "history.html", "pauses.json", "refused-keys.json", "instance.json")
    recorded = [places.records / name for name in (*names, "renewals/0b.spent", "Logs/a.log")]
    for path in [*own, *recorded]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("here")
    install(wine, installer(newer, tmp_path, "0.0.2"))
    assert value(wine, UNINSTALL_KEY, "DisplayVersion") == "0.0.2"
    assert [path.name for path in (places.program / "_internal").iterdir()] == ["new.txt"]
    assert value(wine, RUN_KEY, "trayquota") == "as the person wants it"
    assert [path for path in [*own, *recorded] if not path.exists()] == []

    remove(wine, places)
    assert files(places.program, places.records) == set(own)
    assert not (places.start_menu / "trayquota.lnk").exists()
    assert value(wine, UNINSTALL_KEY, "DisplayVersion") is None
    assert value(wine, RUN_KEY, "trayquota") is None


def test_the_program_is_installed_used_updated_while_it_runs_and_removed(
    program: Path, wine: Wine, providers: Providers, places: Places, tmp_path: Path
) -> None:
    applet = Applet(wine, providers, tmp_path, command=(windows_path(places.program / "trayquota.exe"),))
    del applet.environment["WIN_PD_OVERRIDE_LOCAL_APPDATA"]  # the installer knows the usual place alone
    providers.add(applet.accounts, "ada", 42)
    install(wine, installer(program.parent, tmp_path, "0.0.1"))
    assert value(wine, RUN_KEY, "trayquota") is None, "it starts with the session without having been asked to"
    assert applet.run("config", "--init").code == 0
    status = applet.run("status", "--json")
    assert (status.code, json.loads(status.out)["lowest"]["remaining_percent"]) == (0, 42)

    newer = installer(program.parent, tmp_path, "0.0.2")
    with applet:
        applet.icon(render(PLENTY, 16))
        polls = providers.polls
        # In a real session its environment is the person's own, too.
        install(wine, newer, "/STARTATLOGIN", environment=applet.environment)
        assert applet.exit_code() == 0
    wait_until(lambda: providers.polls > polls, "start after the update")
    applet.icon(render(PLENTY, 16))
    assert value(wine, RUN_KEY, "trayquota") == windows_name(places.program / "trayquota.exe", wine)

    remove(wine, places)
    assert files(places.program, places.records) == {places.records / "config.toml"}
    assert value(wine, RUN_KEY, "trayquota") is None


def stand_in(folder: Path, module: str) -> Path:
    """A build with that one module in it."""
    (folder / "_internal").mkdir(parents=True)
    (folder / "_internal" / module).write_text(module)
    script = ROOT / "tests/windows/stand_in.nsi"
    command = [need("makensis"), "-V2", f"-DOUTPUT={folder / 'trayquota.exe'}", str(script)]
    subprocess.run(command, check=True)
    return folder


def installer(of: Path, work: Path, version: str) -> Path:
    """The installer of a build, which says that it is of that version."""
    need("makensis")
    target = work / version
    command = [sys.executable, str(ROOT / ".packaging/build_installer.py"), "--quick", "--of", str(of)]
    subprocess.run([*command, "--version", version, str(target)], check=True, stdout=subprocess.DEVNULL)
    [made] = target.iterdir()
    return made


def install(wine: Wine, setup: Path, *words: str, environment: Mapping[str, str] | None = None) -> None:
    """Run an installer; under Wine the applet that it starts again keeps its pipes, so nobody waits for their end."""
    process = wine.start(windows_path(setup), "/S", *words, environment=environment)
    try:
        assert process.wait(INSTALL_S) == 0
    finally:
        process.kill()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def remove(wine: Wine, places: Places) -> None:
    """Uninstall; what does it goes on after the command has ended."""
    wine.run(windows_path(places.program / "Uninstall.exe"), "/S")
    wait_until(lambda: value(wine, UNINSTALL_KEY, "DisplayVersion") is None, "end of the removal")
    wait_until(lambda: not (places.program / "Uninstall.exe").exists(), "end of the removal")


def value(wine: Wine, key: str, name: str) -> str | None:
    """A text of the registry."""
    done = wine.run("reg", "query", key, "/v", name)
    return done.out.partition("REG_SZ")[2].strip() if done.code == 0 else None


def windows_name(path: Path, wine: Wine) -> str:
    return "C:\\" + str(path.relative_to(wine.drive_c)).replace("/", "\\")


def files(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()}
