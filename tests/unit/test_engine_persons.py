"""The engine when a file gets another person's login: nothing of the one before is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import (
    AccountState,
    AccountUsage,
    Credits,
    Failure,
    FailureKind,
    QuotaWindow,
    ResetCredits,
)
from trayquota.core.person import person

from .engine_rig import START, Rig, answer, credential

if TYPE_CHECKING:
    from trayquota.core.credential import Credential

ADA = "claude-ada.json"
PERSONS = [
    ({}, {"name": "somebody@example.com"}),
    ({"organization": "org-1"}, {"organization": "org-2"}),
    ({"account": "acc-1"}, {"account": "acc-2"}),
    ({"user": "user-1"}, {"user": "user-2"}),
]


def as_person(name: str, ids: dict[str, str]) -> Credential:
    """Return what a file of one name says of a person with these ids."""
    found = credential(name)
    return replace(found, account=replace(found.account, person=person(**{"name": found.account.name} | ids)))


@pytest.mark.parametrize(("before", "after"), PERSONS)
def test_a_restart_shows_nothing_of_somebody_else_in_the_same_file(
    before: dict[str, str], after: dict[str, str]
) -> None:
    account = as_person("ada", before).account
    known = AccountRecord(
        replace(account, plan="Max", organization="Example Corp"),
        updated_at=START,
        windows=(QuotaWindow("5-hour", 1.0),),
        failure=Failure(FailureKind.LOGIN_EXPIRED, "Login expired."),
        credits=Credits(5.0),
        reset_credits=ResetCredits(1),
    )
    rig = Rig(as_person("ada", after), records={ADA: known})
    rig.engine.prepare()
    assert rig.usage(ADA) == AccountUsage(as_person("ada", after).account, AccountState.PENDING)


@pytest.mark.parametrize(("before", "after"), PERSONS)
def test_a_change_shows_nothing_of_somebody_else_in_the_same_file(
    before: dict[str, str], after: dict[str, str]
) -> None:
    rig = Rig(as_person("ada", before))
    rig.begin_run()
    rig.answer(ADA, answer(1.0, plan="Max"))
    rig.refresh()
    late = rig.begin(ADA)
    rig.change(as_person("ada", after))
    rig.pass_time(0.5)
    assert rig.usage(ADA) == AccountUsage(as_person("ada", after).account, AccountState.PENDING)
    rig.finish(late, answer(2.0, plan="Max"))
    rig.pass_time(1)
    assert rig.usage(ADA).windows == (), "an answer to the one before is none for the one after"
    rig.answer(ADA, answer(3.0))
    assert [window.used_percent for window in rig.usage(ADA).windows] == [3.0]
    assert rig.usage(ADA).account.plan is None


def test_what_a_file_did_not_say_for_a_while_still_tells_the_next_person_apart() -> None:
    rig = Rig(as_person("ada", {"organization": "org-1"}))
    rig.begin_run()
    rig.answer(ADA, answer(1.0))
    rig.change(as_person("ada", {}))
    assert rig.state(ADA) is AccountState.OK
    rig.change(as_person("ada", {"organization": "org-2"}))
    assert rig.usage(ADA).windows == ()
