"""Connecting a proxy: the key is tried once, kept privately, and shown nowhere."""

from __future__ import annotations

import io
import stat
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from trayquota.cli import connect as command
from trayquota.cli.common import Options
from trayquota.core.errors import ConfigError
from trayquota.settings import management_keys
from trayquota.settings.config import Settings, decode
from trayquota.settings.load import Config
from trayquota.settings.management_keys import VARIABLE, ManagementKeys
from trayquota.settings.paths import Paths

from .proxy_stand_in import KEY, ProxyStandIn, entry

if TYPE_CHECKING:
    from pathlib import Path

REMOTE = "http://proxy.example.com:8317"


class ConnectRig:
    """A person at a terminal, with settings of their own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        own = folder / "own"
        self.paths = Paths(own / "config.toml", own / "state", own / "data", own / "log")
        self.folder = folder
        self.monkeypatch = monkeypatch
        monkeypatch.delenv(VARIABLE, raising=False)
        monkeypatch.setattr(command, "load", lambda _options: self.config)
        monkeypatch.setattr(management_keys, "_keyring", lambda: None)
        self.type("")

    @property
    def config(self) -> Config:
        path = self.paths.config
        settings = decode(path.read_bytes(), path)[0] if path.exists() else Settings()
        return Config(settings, (self.folder,), self.paths)

    def connected(self) -> tuple[str, ...]:
        return self.config.settings.connected_proxies

    @property
    def keys(self) -> ManagementKeys:
        return ManagementKeys(self.paths.management_key, {})

    def type(self, text: str) -> None:
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    def connect(self, url: str, *, insecure: bool = False) -> int:
        options = Options()
        options.url, options.insecure = url, insecure
        return command.connect(options)

    def disconnect(self, url: str = "") -> int:
        options = Options()
        options.url = url
        return command.disconnect(options)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConnectRig:
    return ConnectRig(tmp_path, monkeypatch)


def test_a_key_that_is_taken_is_kept_with_the_address(rig: ConnectRig, capsys: pytest.CaptureFixture[str]) -> None:
    with ProxyStandIn(entry("claude-ada@example.com.json")) as stand_in:
        rig.type(f"{KEY}\n")
        assert rig.connect(stand_in.url + "/") == 0
    output = capsys.readouterr()
    assert "1 account." in output.out
    assert KEY not in output.out + output.err
    assert rig.connected() == (stand_in.url,)
    assert rig.keys.find(stand_in.url) == KEY
    assert KEY not in rig.paths.config.read_text("utf-8")
    if sys.platform != "win32":
        assert stat.S_IMODE(rig.paths.management_key.stat().st_mode) == 0o600


def test_a_key_that_is_refused_is_tried_once_and_not_kept(rig: ConnectRig, capsys: pytest.CaptureFixture[str]) -> None:
    with ProxyStandIn() as stand_in:
        for _ in range(3):
            rig.type("wrong\n")
            assert rig.connect(stand_in.url) == 1
        assert stand_in.wrong_keys == 1
        assert rig.connected() == ()
        assert rig.keys.find(stand_in.url) == ""
        # Disconnecting makes a fresh start.
        assert rig.disconnect(stand_in.url) == 0
        rig.type("wrong\n")
        assert rig.connect(stand_in.url) == 1
        assert stand_in.wrong_keys == 2
    assert "refused the key" in capsys.readouterr().err


def test_the_environment_may_hold_the_key(rig: ConnectRig) -> None:
    rig.monkeypatch.setenv(VARIABLE, KEY)
    with ProxyStandIn() as stand_in:
        assert rig.connect(stand_in.url) == 0
    assert ManagementKeys(rig.folder / "nothing", {VARIABLE: "from there"}).find(stand_in.url) == "from there"


@pytest.mark.parametrize("url", [REMOTE, "proxy.example.com:8317", "http://[fe80::1]:8317"])
def test_no_key_goes_over_plain_http_to_another_machine(rig: ConnectRig, url: str) -> None:
    rig.type(f"{KEY}\n")
    with pytest.raises(ConfigError, match="--insecure"):
        rig.connect(url)


@pytest.mark.parametrize("key", ["\n", "key-\udcff\n"])
def test_what_is_no_key_is_sent(rig: ConnectRig, key: str) -> None:
    rig.type(key)
    with ProxyStandIn() as stand_in:
        with pytest.raises(ConfigError, match=r"expected a management key\. Nothing was sent"):
            rig.connect(stand_in.url)
        assert stand_in.wrong_keys == 0


def test_insecure_is_done_with_a_warning(rig: ConnectRig, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="expected a management key"):
        rig.connect(REMOTE, insecure=True)
    assert "can be read on their way" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["ftp://example.com", "https://me:secret@example.com", "https://example.com/?a", "//"])
def test_what_is_no_address_is_not_sent_to(rig: ConnectRig, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rig.connect(url)
    assert "secret" not in str(caught.value)


def test_disconnecting_forgets_address_and_key(rig: ConnectRig) -> None:
    with ProxyStandIn() as one, ProxyStandIn() as two:
        for stand_in in (one, two):
            rig.type(f"{KEY}\n")
            rig.connect(stand_in.url)
    with pytest.raises(ConfigError, match="one of"):
        rig.disconnect()
    rig.disconnect(one.url)
    assert rig.connected() == (two.url,)
    assert (rig.keys.find(one.url), rig.keys.find(two.url)) == ("", KEY)
    rig.disconnect()
    assert rig.connected() == ()
    assert not rig.paths.management_key.exists()
    with pytest.raises(ConfigError, match="none is"):
        rig.disconnect()


class _Ring:
    """A keyring of the system."""

    def __init__(self, priority: float = 5) -> None:
        self.priority = priority
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_the_systems_keyring_comes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = _Ring()
    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_keyring=lambda: ring))
    keys = ManagementKeys(tmp_path / "management-key", {})
    assert "keyring" in keys.keep(REMOTE, KEY)
    assert (keys.find(REMOTE), list(ring.kept.values())) == (KEY, [KEY])
    assert not (tmp_path / "management-key").exists()
    keys.remove(REMOTE)
    assert (keys.find(REMOTE), ring.kept) == ("", {})


def test_a_keyring_that_keeps_nothing_safe_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = _Ring(priority=0)
    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_keyring=lambda: ring))
    keys = ManagementKeys(tmp_path / "management-key", {})
    keys.keep(REMOTE, KEY)
    assert (keys.find(REMOTE), ring.kept) == (KEY, {})


@pytest.mark.parametrize(
    ("address", "key"),
    [(REMOTE, ""), ("https://proxy.example.com:8317", KEY), ("http://127.0.0.1:8317", KEY), ("http://[::1]:8317", KEY)],
)
def test_the_environments_key_never_goes_unprotected_to_another_machine(tmp_path: Path, address: str, key: str) -> None:
    """An address in the config file was not asked about, as ``connect`` does."""
    keys = ManagementKeys(tmp_path / "management-key", {VARIABLE: KEY})
    assert keys.find(address) == key
    keys.keep(address, "kept")
    assert keys.find(address) == "kept", "by connect --insecure"


@pytest.mark.parametrize(("change", "requests"), [({"remote_allowed": False}, 3), ({"wrong_keys": 5}, 1)])
def test_connecting_asks_again_what_the_owner_may_have_allowed_but_not_during_a_ban(
    rig: ConnectRig, change: dict[str, object], requests: int
) -> None:
    with ProxyStandIn() as stand_in:
        for name, value in change.items():
            setattr(stand_in, name, value)
        for _ in range(3):
            rig.type(f"{KEY}\n")
            assert rig.connect(stand_in.url) == 1
        assert len(stand_in.requests) == requests
