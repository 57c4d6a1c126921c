"""What a selector of `specs:` and `outputs:` selects here and not in the reference, as far as its text says."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from spanspec.language.checks.conjuncts import claims_of
from spanspec.language.dialect import Dialect
from spanspec.language.grammar.walk import walk
from spanspec.language.syntax import Boolean, Comparator, Compares, Number, Selector, Text

if TYPE_CHECKING:
    from spanspec.language.checks.conjuncts import Claim
    from spanspec.language.checks.report import Report
    from spanspec.language.syntax import Chain

_ALWAYS_THERE = ("name", "kind")
_MOST = 50
"""Parts of a list that are held against one another."""


def check_selector(node: Selector, report: Report) -> None:
    """Rows 6, 7, 16, 17 and 18."""
    for part in walk(node):
        if isinstance(part, Compares):
            _predicate(part, report)
    for chain in node.chains:
        _pseudo_classes(chain, report)
    _union(node, report)


def _predicate(node: Compares, report: Report) -> None:
    value = node.value
    if isinstance(value, Boolean) and not value.value:
        report.warn(
            "differs-false",
            "false in a selector means true in Tracetest; here it means false",
            value.range,
            help=f"write {node.name.key}=true if Tracetest's selection was the one meant",
        )
    elif isinstance(value, Text) and not value.value and node.name.key not in _ALWAYS_THERE:
        report.warn(
            "differs-empty",
            f"a span without {node.name.key} matches this in Tracetest, and not here",
            node.range,
            help=f"write {node.name.key} missing for spans without it",
        )
    elif isinstance(value, Number) and "." in value.text:
        report.warn(
            "differs-number",
            f"Tracetest looks for the text {float(value.text):.2f}; here {value.text} is compared as a number",
            value.range,
            help="put it in quotes to compare a text",
        )


def _pseudo_classes(chain: Chain, report: Report) -> None:
    for index, step in enumerate(chain.steps):
        if not step.pseudos:
            continue
        before = chain.steps[index - 1] if index else None
        if index < len(chain.steps) - 1:
            said = f":{step.pseudos[-1].name} filters what is found below in Tracetest; here it narrows its own step"
        elif before is not None and before.predicate == step.predicate:
            said = f":{step.pseudos[-1].name} may take the span above in Tracetest, and then drops it; here it takes one below"
        else:
            continue
        report.warn("differs-pseudo-class", said, step.pseudos[-1].range, help="look at which spans it is to select")


def _union(node: Selector, report: Report) -> None:
    """A list whose parts may select the same span."""
    claims = [_equalities(chain) for chain in node.chains[:_MOST]]
    if any(not _apart(one, other) for one, other in combinations(claims, 2)):
        report.warn(
            "differs-union",
            "a span that several parts of this list select counts once here, and several times in Tracetest",
            node.range,
            help="look at assertions on tracetest.selected_spans.count",
        )


def _equalities(chain: Chain) -> list[Claim]:
    predicate = chain.steps[-1].predicate
    if predicate is None:
        return []
    return [claim for claim in claims_of(predicate, Dialect.SPECS) if claim.comparator is Comparator.EQ]


def _apart(one: list[Claim], other: list[Claim]) -> bool:
    """Whether no span satisfies both."""
    return any(a.subject == b.subject and a.constants != b.constants for a in one for b in other)
