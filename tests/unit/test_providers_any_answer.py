"""Every provider against every answer: a usage or a failure in words, and no number out of nothing."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provider_list import provider_names

from trayquota.core.credential import Tokens
from trayquota.core.errors import FetchError
from trayquota.providers import find_provider

from . import facts
from .provider_answers import FOLDER, login_of, provider

if TYPE_CHECKING:
    from trayquota.core.model import Usage
    from trayquota.providers.base import Response

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
NAMES = provider_names()
SAMPLES = [
    (facts_2["provider"], answer)
    for path in sorted(FOLDER.glob("*.json"))
    if (facts_2 := json.loads(path.read_bytes())).get("provider") in {*NAMES, "xai", "github-copilot"}
    for answer in ([facts_2["answer"]] if "answer" in facts_2 else [])
]


class Always:
    """Gives the same answer to whatever is sent."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def __call__(self, request: object) -> Response:
        return self.response

    def rarely(self, request: object) -> Response:
        return self.response


def outcome(name: str, response: Response) -> Usage | None:
    """Return what a provider makes of an answer; ``None`` when that is a failure."""
    try:
        return provider(name).fetch(Tokens("token", extra=login_of(name).extra), Always(response))
    except FetchError as error:
        failure = error.failure
    assert failure.message
    return None


@pytest.mark.parametrize("name", NAMES)
@given(answer=JSON, status=st.sampled_from([200, 201, 204, 301, 400, 401, 402, 403, 404, 429, 500, 503]))
def test_any_json_gives_a_usage_or_a_failure(name: str, answer: object, status: int) -> None:
    found = outcome(name, facts.answer(answer, status))
    for window in found.windows if found else ():
        assert window.used_percent is None or 0 <= window.used_percent <= 100
        assert window.title


@pytest.mark.parametrize("name", NAMES)
@given(body=st.binary(max_size=64))
def test_any_bytes_give_a_usage_or_a_failure(name: str, body: bytes) -> None:
    outcome(name, facts.answer(body))


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to everything in a JSON value."""
    found = [here]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += paths(inner, (*here, key))
    return found


@given(data=st.data())
def test_any_mutation_of_a_sample_gives_a_usage_or_a_failure(data: st.DataObject) -> None:
    name, answer = data.draw(st.sampled_from(SAMPLES))
    name = {"xai": "grok", "github-copilot": "copilot"}.get(name, name)
    mutated = copy.deepcopy(answer)
    for _ in range(data.draw(st.integers(1, 3))):
        ways = [way for way in paths(mutated) if way]
        if not ways:
            break
        way = data.draw(st.sampled_from(ways))
        holder = mutated
        for key in way[:-1]:
            holder = holder[key]
        holder[way[-1]] = data.draw(JSON)
    found = outcome(name, facts.answer(mutated))
    for window in found.windows if found else ():
        assert window.used_percent is None or 0 <= window.used_percent <= 100


def used_with(name: str, answer: Any, way: tuple[Any, ...], value: object) -> dict[str, float | None]:
    """Return the used percents, by title, that ``answer`` has with another value at ``way``."""
    mutated = copy.deepcopy(answer)
    holder = mutated
    for key in way[:-1]:
        holder = holder[key]
    holder[way[-1]] = value
    found = outcome(name, facts.answer(mutated))
    return {window.title: window.used_percent for window in found.windows} if found else {}


@pytest.mark.parametrize("absurd", [1e308, -1e308, 1e18])
@pytest.mark.parametrize(("name", "answer"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_an_absurd_number_never_makes_more_quota_left(name: str, answer: Any, absurd: float) -> None:
    name = {"xai": "grok", "github-copilot": "copilot"}.get(name, name)
    sound = outcome(name, facts.answer(answer))
    for window in sound.windows if sound else ():
        for way in paths(answer)[1:]:
            used = used_with(name, answer, way, absurd).get(window.title)
            # A percent that is stated beside the amounts is a rounded one.
            assert used is None or window.used_percent is None or used > window.used_percent - 0.1, way


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_answer_makes_no_number(name: str) -> None:
    found = outcome(name, facts.answer({}))
    assert found is None or all(window.used_percent is None for window in found.windows)


@pytest.mark.parametrize("name", NAMES)
def test_a_provider_is_named_as_its_module(name: str) -> None:
    found = find_provider(name)
    assert found is not None
    assert found.name == name
    assert found.title
    assert found.usage_page.startswith("https://")
