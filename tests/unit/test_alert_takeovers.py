"""An account that goes on in another place, under the id that it has there, is notified of once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayquota.core.person import Person

from .alert_samples import ADA, Notified, usage, window

SEAT = Person(account="seat", user="ada")
IN_THE_FOLDER, AS_A_LOGIN = replace(ADA, person=SEAT), replace(ADA, id="claude-code", person=SEAT)


def test_what_was_notified_of_is_not_again_when_another_place_takes_the_account_over() -> None:
    person = Notified()
    assert len(person.lines_for(usage(window(5), account=IN_THE_FOLDER))) == 1
    assert person.lines_for(usage(window(5), account=AS_A_LOGIN)) == []
    assert person.lines_for(usage(window(5), account=IN_THE_FOLDER)) == []


def test_an_account_that_was_there_before_keeps_what_it_was_notified_of() -> None:
    person = Notified()
    assert len(person.lines_for(usage(window(20), account=IN_THE_FOLDER), usage(window(5), account=AS_A_LOGIN))) == 2
    assert person.lines_for(usage(window(5), account=AS_A_LOGIN)) == []


@pytest.mark.parametrize("other", [Person(account="seat", user="bob"), Person(name="ada"), Person()])
def test_somebody_else_in_another_place_is_notified_of(other: Person) -> None:
    person = Notified()
    person.lines_for(usage(window(5), account=replace(ADA, person=replace(other, account=None))))
    assert len(person.lines_for(usage(window(5), account=replace(AS_A_LOGIN, person=other)))) == 1
