"""What is likely a slip: a text without quotes, a number without its unit, a key nearly like one that everyone knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spanspec.language.checks.conjuncts import constant, quantity
from spanspec.language.checks.static_types import Static, static_type
from spanspec.language.conventions import known_keys
from spanspec.language.dialect import Dialect
from spanspec.language.grammar.words import BARE_FIELDS, RESPONSE_FIELDS, SPAN_FIELDS, TRACE_FIELDS
from spanspec.language.syntax import Comparator, Name, Number, Place
from spanspec.source.suggest import nearest

if TYPE_CHECKING:
    from spanspec.language.checks.report import Report
    from spanspec.language.syntax import Expression

_SHORTEST = 100_000
"""Nanoseconds: a bound below this, written without a unit, was hardly meant as nanoseconds."""

ENUMERATIONS = {
    "kind": ("unspecified", "internal", "server", "client", "producer", "consumer"),
    "status": ("unset", "ok", "error"),
}
"""The values that fields of a span may have."""

_PREFIXED = {"span": SPAN_FIELDS, "trace": TRACE_FIELDS, "response": RESPONSE_FIELDS}
_MORE_KEYS = (
    "service.name", "service.version", "service.namespace", "service.instance.id", "deployment.environment.name",
    "host.name", "http.route", "url.path", "url.query", "error.type", "server.address", "messaging.system",
    "messaging.operation.type", "messaging.operation.name", "rpc.service", "rpc.method", "exception.type",
    "exception.message",
)  # fmt: skip
_SIMILAR = 0.88
_SEPARATORS = re.compile(r"[._-]")


def check_values(left: Expression, comparator: Comparator, right: Expression, report: Report) -> None:
    """The sides of a comparison under `expect:`, where names may stand bare."""
    if report.dialect is not Dialect.EXPECT:
        return
    _unquoted(left, right, report)
    for duration, number in ((left, right), (right, left)):
        _without_unit(duration, comparator, number, report)


def check_name(node: Name, report: Report) -> None:
    """A bare key that is nearly one of the well-known ones."""
    if report.dialect is not Dialect.EXPECT or node.place is not Place.BARE or node.quoted:
        return
    advice = dotted_prefix(node) or _known_key(node.key)
    if advice:
        report.warn(
            "likely-name",
            f'"{node.key}" is read as the key of an attribute',
            node.range,
            label=f"did you mean {advice}?",
            help=f"write attr:{node.key} when the attribute is called so",
        )


def dotted_prefix(node: Name) -> str:
    """`span:kind` for `span.kind`: a prefix of ours is parted by a colon; empty when it is none."""
    head, _, rest = node.key.partition(".")
    if head == "resource" and rest:
        return f"resource:{rest}"
    if head in ("attr", "attribute", "attributes") and rest:
        return f"attr:{rest}"
    if head == "span" and rest.startswith(("attributes.", "attr.")):
        return f"attr:{rest.partition('.')[2]}"
    fields = _PREFIXED.get(head, ())
    is_header = head == "response" and rest.startswith("header.")
    return f"{head}:{rest}" if rest in fields or is_header else ""


def _known_key(key: str) -> str:
    """The well-known key or field that a key differs from by a slip; empty for a key that is known or like none."""
    known = {*_MORE_KEYS, *known_keys()}
    if key in known or key in BARE_FIELDS:
        return ""
    joined = _SEPARATORS.sub("", key).casefold()
    same = [each for each in sorted(known) if _SEPARATORS.sub("", each) == joined]
    if same:
        return same[0]
    if joined in ("spanname", "spankind"):
        return joined.removeprefix("span")
    if "." in key:
        namespaces = {each.rpartition(".")[0] for each in known}
        near = nearest(key, known, cutoff=_SIMILAR)
        return near if near is not None and key.rpartition(".")[0] not in namespaces else ""
    return nearest(key, BARE_FIELDS, cutoff=_SIMILAR) or ""


def _unquoted(left: Expression, right: Expression, report: Report) -> None:
    """`name = shipping`: the right side is a name too, and a word alone is hardly one."""
    if not isinstance(right, Name) or right.place is not Place.BARE or right.quoted or "." in right.key:
        return
    if not isinstance(left, Name) or right.key in BARE_FIELDS:
        return
    known = ENUMERATIONS.get(left.key, ())
    meant = nearest(right.key, known) or right.key
    report.warn(
        "unquoted-text",
        f'"{right.key}" is read as the name of an attribute',
        right.range,
        label=f'did you mean "{meant}" in quotes?',
        help=f"write attr:{right.key} when the attribute is meant",
    )


def _without_unit(duration: Expression, comparator: Comparator, number: Expression, report: Report) -> None:
    if comparator is Comparator.IN or not isinstance(number, Number):
        return
    value = quantity(constant(number)[1])
    if value is None or not 0 < value < _SHORTEST or static_type(duration, Dialect.EXPECT) is not Static.DURATION:
        return
    report.warn(
        "missing-unit",
        f"a plain number beside a duration counts nanoseconds: {number.text} is {number.text}ns",
        number.range,
        label=f"did you mean {number.text}ms?",
        help=f"write the unit, {number.text}ns too when that is meant",
    )
