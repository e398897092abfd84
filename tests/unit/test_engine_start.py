"""The applet's start: what was found for the first picture is fetched at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insides import begin_ticking, discoverer

from .engine_rig import Rig, credential

if TYPE_CHECKING:
    import pytest

ADA = "claude-ada.json"


def test_the_accounts_of_the_first_picture_are_fetched_without_another_discovery() -> None:
    rig = Rig(credential("ada"))
    rig.engine.prepare()
    begin_ticking(rig.engine)
    rig.engine.post(rig.engine.fetch_prepared)
    rig.step()
    assert (rig.fetching, rig.scans) == ([ADA], 1)
    assert rig.snapshot.refreshing


def test_the_accounts_of_a_source_that_was_too_slow_for_the_first_picture_are_fetched_once_they_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(credential("ada"))
    rig.is_slow = True
    with monkeypatch.context() as patched:
        patched.setattr(discoverer(rig.engine), "take", lambda _timeout_s: None)
        rig.engine.prepare()
    begin_ticking(rig.engine)
    rig.engine.post(rig.engine.fetch_prepared)
    rig.step()
    assert rig.fetching == []
    while rig.discoveries:
        rig.discoveries.pop(0)()
        rig.step()
    assert rig.fetching == [ADA]
