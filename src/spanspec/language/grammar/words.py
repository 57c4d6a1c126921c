"""The words that the language knows: functions, filters, pseudo-classes, the fields behind prefixes.

What they compute is written elsewhere; here is what a parser and a checker must know of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Parameter(StrEnum):
    """What an argument may be."""

    VALUE = "value"
    SELECTOR = "selector"
    EACH = "expression"


class Sort(StrEnum):
    """What a call gives."""

    GENERATED = "generated"
    AGGREGATE = "aggregate"
    EXPECTATION = "expectation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """How a function is called.

    Attributes:
        sort: What it gives.
        parameters: What its positional arguments are, in order.
        required: How many of them must be there, not counting a selector that a spec's own selection can stand for.
        named: Names that are written with `=`, and what they take.
        text: The call as a reader should see it.
    """

    sort: Sort
    text: str
    parameters: tuple[Parameter, ...] = ()
    required: int = 0
    named: tuple[tuple[str, Parameter], ...] = ()


_V, _S, _E = Parameter.VALUE, Parameter.SELECTOR, Parameter.EACH


def _generators() -> dict[str, Signature]:
    plain = [
        "uuid",
        "firstName",
        "lastName",
        "fullName",
        "email",
        "phone",
        "creditCard",
        "creditCardCvv",
        "creditCardExpDate",
    ]
    table = {name: Signature(sort=Sort.GENERATED, text=f"{name}()") for name in plain}
    for name in ("date", "dateTime"):
        table[name] = Signature(sort=Sort.GENERATED, text=f"{name}([format])", parameters=(_V,))
    table["randomInt"] = Signature(sort=Sort.GENERATED, text="randomInt(min, max)", parameters=(_V, _V), required=2)
    return table


def _aggregates() -> dict[str, Signature]:
    def over(text: str, *parameters: Parameter, required: int = 0) -> Signature:
        return Signature(sort=Sort.AGGREGATE, text=text, parameters=parameters, required=required)

    plain = ["count", "total_time", "busy_time", "self_time", "critical_time", "services", "depth", "concurrency"]
    table = {name: over(f"{name}(selector)", _S) for name in plain}
    folds = ["sum", "min", "max", "avg", "median", *(f"p{rank}" for rank in range(50, 100))]
    table.update({name: over(f"{name}(selector, expression)", _S, _E) for name in folds})
    table["gap"] = over("gap(selector, selector)", _S, _S, required=2)
    for name in ("distinct", "values", "first", "last"):
        table[name] = over(f"{name}(selector, expression)", _S, _E, required=1)
    table["repeats"] = over("repeats(selector, expression)", _S, _E)
    table["edges"] = over("edges()")
    return table


def _expectations() -> dict[str, Signature]:
    sort = Sort.EXPECTATION
    return {
        "no_errors": Signature(sort=sort, text="no_errors(except=selector)", named=(("except", _S),)),
        "no_orphans": Signature(sort=sort, text="no_orphans()"),
        "no_n_plus_one": Signature(sort=sort, text="no_n_plus_one(threshold=5)", named=(("threshold", _V),)),
        "complete": Signature(sort=sort, text="complete()"),
    }


FUNCTIONS: dict[str, Signature] = {**_generators(), **_aggregates(), **_expectations()}
"""Every function by its name."""

FILTERS: dict[str, tuple[int, int]] = {
    "json_path": (1, 1),
    "regex": (1, 1),
    "regex_group": (1, 1),
    "get_index": (1, 1),
    "length": (0, 0),
    "type": (0, 0),
    "lower": (0, 0),
    "upper": (0, 0),
    "trim": (0, 1),
    "split": (0, 1),
    "join": (0, 1),
    "replace": (2, 2),
    "default": (1, 1),
    "round": (0, 1),
}
"""Every filter with the least and the greatest number of its arguments."""

REFERENCE_FILTERS = frozenset({"json_path", "regex", "regex_group", "get_index", "length", "type"})
"""The filters that the reference has."""

PLAIN_PSEUDOS = ("first", "last", "slowest", "fastest", "root", "leaf", "orphan", "entry", "exit")
"""Pseudo-classes without an argument."""

PSEUDOS = (*PLAIN_PSEUDOS, "nth", "nth_child", "not", "has")
"""Every pseudo-class."""

SPAN_FIELDS = (
    "name",
    "kind",
    "status",
    "status_message",
    "duration",
    "start",
    "end",
    "id",
    "parent_id",
    "depth",
    "self_time",
    "child_count",
)
"""What `span:` may be followed by."""

BARE_FIELDS = ("name", "kind", "status", "duration", "service")
"""Fields of the span that may stand without a prefix."""

TRACE_FIELDS = ("duration", "span_count", "service_count", "error_count", "depth")
"""What `trace:` may be followed by."""

RESPONSE_FIELDS = ("status", "body", "headers", "duration")
"""What `response:` may be followed by, besides `header.NAME`."""

RESERVED = frozenset(
    [
        "and",
        "or",
        "implies",
        "not",
        "where",
        "within",
        "some",
        "no",
        "every",
        "exactly",
        "between",
        "span",
        "contains",
        "starts-with",
        "ends-with",
        "matches",
        "in",
        "exists",
        "missing",
        "true",
        "false",
        "null",
        "not-contains",
        "not-matches",
        "not-in",
        "then",
        "calls",
        "overlaps",
        "inside",
        "followed",
        "preceded",
        "leads",
        "at",
    ]
)
"""Words of the grammar: never the name of a function."""
