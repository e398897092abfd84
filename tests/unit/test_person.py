"""Whether two logins are one person's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import Account
from trayquota.core.person import Person, person

IDS = st.none() | st.sampled_from(("1", "2"))
PERSONS = st.builds(person, account=IDS, organization=IDS, user=IDS, name=IDS)
ADA = person(account="acc-1", organization="org-1", user="user-1", name="ada@example.com")


@pytest.mark.parametrize(
    "other",
    [
        person(account="acc-1", organization="org-1", user="user-1", name="ada@example.com"),
        person(account="acc-1", organization="org-1", user="user-1", name="countess@example.com"),
        person(account="acc-1", organization="org-1", user="user-1"),
        person(account="acc-1", name=" ADA@example.com "),
        person(account="acc-1"),
        person(name="ada@example.com"),
        Person(),
    ],
)
def test_one_person_is_recognised_by_what_is_known(other: Person) -> None:
    assert ADA.is_same(other)
    assert other.is_same(ADA)


@pytest.mark.parametrize(
    "other",
    [
        person(account="acc-2", organization="org-1", user="user-1", name="ada@example.com"),
        person(account="acc-1", organization="org-2", user="user-1", name="ada@example.com"),
        person(account="acc-1", organization="org-1", user="user-2", name="ada@example.com"),
        person(account="acc-1", organization="org-1", name="bob@example.com"),
        person(organization="org-2", name="ada@example.com"),
        person(name="bob@example.com"),
    ],
)
def test_another_workspace_organization_or_person_is_another_identity(other: Person) -> None:
    assert not ADA.is_same(other)
    assert not other.is_same(ADA)


@pytest.mark.parametrize(("place", "is_same"), [("/home/ada/auth", True), ("", True), ("/home/bob/auth", False)])
def test_an_account_of_which_nothing_is_known_is_shown_with_what_is_known_of_another_place(
    place: str, *, is_same: bool
) -> None:
    known = Account("1.json", "claude", "ada@example.com", person=ADA, place="/home/ada/auth")
    unknown = Account("1.json", "claude", "1.json", place=place)
    assert known.is_same_person(unknown) is is_same
    assert unknown.is_same_person(known) is is_same
    assert replace(unknown, person=ADA).is_same_person(known)


def test_two_logins_with_nothing_in_common_are_two_persons() -> None:
    assert not person(name="ada@example.com").is_same(person(user="user-1"))
    assert not person(account="acc-1").is_same(person(organization="org-1"))


def test_the_last_identity_still_distinguishes_the_next_one() -> None:
    without_organization = person(account="acc-1", name="ada@example.com")
    merged = without_organization.merged(ADA)
    assert merged == ADA
    assert not merged.is_same(person(organization="org-2", name="ada@example.com"))


@given(PERSONS, PERSONS)
def test_being_the_same_is_mutual(one: Person, other: Person) -> None:
    assert one.is_same(one)
    assert one.is_same(other) == other.is_same(one)
    if one.is_same(other):
        assert other.merged(one).is_same(one)


def test_a_person_s_tag_is_another_for_another_person() -> None:
    others = [
        person(account="acc-1"),
        person(organization="acc-1"),
        person(user="acc-1"),
        person(name="ada@example.com"),
    ]
    assert len({other.tag for other in (ADA, *others)}) == 5
    assert person(user="user-1", name="a@example.com").tag == person(user="user-1", name="b@example.com").tag


def test_nothing_of_a_person_is_in_its_repr_or_stored_as_it_is() -> None:
    assert "acc-1" not in "".join(filter(None, (ADA.account, ADA.organization, ADA.user, ADA.name)))
    assert repr(ADA) == "Person()"
