"""Selectors: which spans of a trace a text picks, which of them for good, and why it picks none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.picking.near import explain_empty
from spanspec.language.picking.picker import Picker
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from spanspec.language.picking.picker import Picked
    from spanspec.language.syntax import Selector
    from spanspec.language.verdict import Given, NearMiss
    from spanspec.model.span import Span


def select(selector: Selector, given: Given, *, origin: Span | None = None) -> tuple[Span, ...]:
    """The spans that a selector picks as if no further span came.

    Args:
        selector: The selector.
        given: What to look at. Under `SPECS` and `COMPAT` the trigger's span is the root of the trace.
        origin: The span from which a relative selector is read.

    Returns:
        Spans in trace order, each once; under `COMPAT` in the reference's order, with its duplicates.

    Raises:
        EvaluationError: Types did not compare, or a relative selector has no span to start from.
    """
    picker = Picker(given)
    picked = _picked(selector, picker, origin)
    if picked.void:
        raise EvaluationError(picker.first_error)
    return picker.spans(picked.now)


def sure(selector: Selector, given: Given, *, origin: Span | None = None) -> tuple[Span, ...]:
    """The spans picked now that no further span can revoke, in trace order; of a closed trace all that are picked.

    Raises:
        EvaluationError: A relative selector has no span to start from.
    """
    picker = Picker(given)
    picked = _picked(selector, picker, origin)
    nodes = picked.now if given.closed else [node for node in picked.now if node in picked.sure]
    return picker.spans(nodes)


def near_misses(selector: Selector, given: Given) -> tuple[NearMiss, ...]:
    """Why a selector picks nothing: per predicate that empties it the values that are there, or the step that does."""
    return explain_empty(selector, Picker(given))


def _picked(selector: Selector, picker: Picker, origin: Span | None) -> Picked:
    return picker.pick(selector, None if origin is None else picker.node(origin))
