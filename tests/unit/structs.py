"""Values for hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def structs(
    made: Callable[..., T], /, *values: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]
) -> st.SearchStrategy[T]:
    """``st.builds`` for a struct: that would look at its signature, which has names that only type checkers know."""
    drawn = st.tuples(st.tuples(*values), st.fixed_dictionaries(named))
    return drawn.map(lambda each: made(*each[0], **each[1]))
