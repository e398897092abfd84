"""Messages where they go as what they are, texts: into the state, JSON, other processes and sets."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING

import pytest

from trayquota.core.account_state import AccountRecord
from trayquota.core.errors import UnusableFileError
from trayquota.core.model import Failure, FailureKind
from trayquota.core.translation import Message, message_of, shown
from trayquota.store.records import StoredState, decode, encode

from .samples import ADA

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = "The proxy at 10.0.0.1 answered HTTP 502."
CAUSE = Message("{name} answered HTTP {status}.", name="The proxy at 10.0.0.1", status=502)


def test_a_message_is_its_english_text() -> None:
    assert (CAUSE, hash(CAUSE), json.dumps(CAUSE)) == (TEXT, hash(TEXT), json.dumps(TEXT))
    assert {CAUSE, TEXT} == {TEXT}
    assert Failure(FailureKind.NETWORK, CAUSE) == Failure(FailureKind.NETWORK, TEXT)


def pickled(message: Message) -> object:
    return pickle.loads(pickle.dumps(message))  # noqa: S301 - our own


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_a_copied_message_can_still_be_translated(copied: Callable[[Message], Message]) -> None:
    found = copied(CAUSE)
    assert (found, found.template, found.fields) == (CAUSE, CAUSE.template, CAUSE.fields)


def test_a_failure_with_a_message_is_kept_in_the_state() -> None:
    record = AccountRecord(account=ADA, failure=Failure(FailureKind.NETWORK, CAUSE))
    read = decode(encode(StoredState({ADA.id: record}))).accounts[ADA.id]
    assert read.failure == Failure(FailureKind.NETWORK, TEXT)


def test_braces_of_a_name_are_no_fields() -> None:
    message = Message("{name}: there is no such file.", name="{home}/a{0}")
    assert message == "{home}/a{0}: there is no such file."
    assert shown(message) == message
    assert shown(Message("an answer with {braces} of its own")) == "an answer with {braces} of its own"


def test_the_reason_of_an_error_of_the_system_is_still_a_message() -> None:
    error = UnusableFileError(27, Message("larger than {size} MiB", size="1"))
    assert isinstance(error.strerror, Message)
    assert isinstance(message_of(ValueError(CAUSE)), Message)
