"""Accounts from everywhere on one real panel: a folder, two proxies, one of them on another address, native logins."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from unit.proxy_stand_in import AUTHORITY, KEY, ProxyStandIn, entry

from .hosts import XFCE, on
from .standin import Accounts, Providers, claude_usage, codex_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .applet import Applet
    from .host import Host

BEA, CAROL, ADA = (f"claude-{name}@example.com.json" for name in ("bea", "carol", "ada"))
NATIVE_TOKEN = "fake-access-native"


def answers(left: float) -> Callable[[dict[str, Any]], tuple[int, dict[str, list[str]], str]]:
    """What the provider answers through a proxy."""
    return lambda _request: (200, {}, json.dumps(claude_usage(left, 90)))


@pytest.fixture
def accounts(folder: Path) -> Iterator[Accounts]:
    """Ada's in the folder, Jo's of Codex CLI."""
    with Providers() as providers:
        accounts = Accounts(folder / "accounts", providers)
        accounts.add("claude", "ada@example.com", left=(42, 80))
        providers.set_usage(NATIVE_TOKEN, codex_usage(70, 57))
        yield accounts


@pytest.fixture
def near() -> Iterator[ProxyStandIn]:
    """A proxy of version 0 on this machine, which works with the folder, too."""
    proxy = ProxyStandIn(entry(BEA, email="bea@example.com"), entry(ADA, email="ada@example.com"), versions=(0,))
    proxy.inner = answers(64)
    with proxy:
        yield proxy


@pytest.fixture
def far() -> Iterator[ProxyStandIn]:
    """A proxy of version 8 on another address, by a certificate of its owner's authority."""
    proxy = ProxyStandIn(entry(CAROL, email="carol@example.com"), tls=True, host="127.0.0.2")
    proxy.inner = answers(51)
    with proxy:
        yield proxy


def connect(applet: Applet, *proxies: ProxyStandIn) -> None:
    """Have proxies connected, and Codex CLI signed in."""
    addresses = json.dumps([proxy.url for proxy in proxies])
    applet.configure(f"notifications = false\nconnected_proxies = {addresses}\n")
    keys = applet.home / ".config/trayquota/management-key"
    keys.write_text(json.dumps({proxy.url: KEY for proxy in proxies}))
    login = applet.home / ".codex/auth.json"
    login.parent.mkdir(parents=True)
    login.write_text(json.dumps({"tokens": {"access_token": NATIVE_TOKEN, "account_id": "acc-1"}}))


@on(XFCE)
def test_a_folder_two_proxies_and_native_logins_are_shown_together(
    host: Host, applet: Applet, near: ProxyStandIn, far: ProxyStandIn
) -> None:
    connect(applet, near, far)
    applet.start(SSL_CERT_FILE=str(AUTHORITY))
    for words in ("ada@example.com: 5-hour 42%", "bea@example.com: 5-hour 64%", "carol@example.com: 5-hour 51%", "70%"):
        applet.wait_for_tooltip(words)
    assert applet.tooltip().count("ada@example.com: ") == 1, "it is one account, in the folder and at a proxy"
    said = host.hover(applet.find_icon()).text()
    host.desk.screenshot("sources-tooltip")
    for name in ("ada@", "bea@", "carol@", "Codex"):
        assert name in said, said
    host.leave()
    far.outer = (502, {"error": "request failed"})
    applet.refresh()
    applet.wait_for_tooltip("no connection")
    assert "carol@example.com: 5-hour 51%" in applet.tooltip(), "the last values stay"
    assert near.violations + far.violations == []
    assert {request["auth_index"] for request in near.asked} == {f"index-of-{BEA}"}, "the folder's is asked directly"
    assert {path.name for path in (applet.home / ".codex").iterdir()} == {"auth.json"}
