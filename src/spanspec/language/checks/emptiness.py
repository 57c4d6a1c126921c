"""Selectors that can select nothing, whatever the trace: `:nth(0)`, `:not(span[])`, `:root:has(< span[])`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.language.checks.conjuncts import conjuncts
from spanspec.language.dialect import Dialect
from spanspec.language.syntax import Combinator

if TYPE_CHECKING:
    from spanspec.language.checks.report import Report
    from spanspec.language.syntax import Chain, Pseudo, Selector, Step

_UP = (Combinator.PARENT, Combinator.ANCESTOR)
_DOWN = (Combinator.CHILD, Combinator.DESCENDANT)
_TOPS = ("root", "orphan")
_ONE = ("first", "last", "slowest", "fastest", "nth")
_WITHOUT_PARENT = {"root": "a root has no parent", "orphan": "an orphan's parent is not in the trace"}


def check_step(step: Step, report: Report) -> None:
    """A step whose pseudo-classes leave nothing."""
    for pseudo in step.pseudos:
        why = _alone(pseudo, step)
        if why:
            report.contradiction(why, pseudo.range, code="selects-nothing", help=_advice(pseudo))
            return
    _check_together(step, report)


def check_chain(chain: Chain, report: Report) -> None:
    """Steps that cannot stand in the relation between them."""
    for before, step in zip(chain.steps, chain.steps[1:], strict=False):
        combinator = step.combinator or Combinator.DESCENDANT
        why = _unrelated(before, combinator, step)
        if why:
            report.contradiction(f"this selects nothing: {why}", step.range, code="selects-nothing")
            return


def selects_every_span(step: Step) -> bool:
    """Whether a step is `span` or `span[]` and nothing more."""
    return step.predicate is None and step.group is None and not step.pseudos


def _alone(pseudo: Pseudo, step: Step) -> str:
    """Why a pseudo-class leaves nothing of its step."""
    if pseudo.name == "nth" and pseudo.number == 0:
        return "there is no span number 0: counting begins at 1"
    if pseudo.name == "not" and pseudo.selector is not None and _covers(pseudo.selector, step):
        return "this selects nothing: :not(…) takes away every span that the step selects"
    if pseudo.name == "has" and pseudo.selector is not None:
        return _has_nothing(pseudo.selector, step)
    return ""


def _advice(pseudo: Pseudo) -> str:
    if pseudo.name == "nth":
        return "write :nth(1), or :first"
    return "say in its brackets which spans are not wanted" if pseudo.name == "not" else ""


def _covers(selector: Selector, step: Step) -> bool:
    """Whether a selector selects at least the spans of a step."""
    if step.group is not None:
        return selector == step.group
    wanted = [] if step.predicate is None else list(conjuncts(step.predicate))
    for chain in selector.chains:
        only = chain.steps[0]
        if len(chain.steps) > 1 or only.combinator is not None or only.group is not None or only.pseudos:
            continue
        if only.predicate is None or all(part in wanted for part in conjuncts(only.predicate)):
            return True
    return False


def _has_nothing(selector: Selector, step: Step) -> str:
    reasons = [_unrelated(step, chain.steps[0].combinator, chain.steps[0]) for chain in selector.chains]
    return f"this selects nothing: {reasons[0]}" if reasons and all(reasons) else ""


def _unrelated(before: Step, combinator: Combinator | None, step: Step) -> str:
    """Why no span of `step` stands in the relation to one of `before`; empty when one may."""
    if combinator in _UP:
        if (top := _pseudo_of(before, _TOPS)) is not None:
            return _WITHOUT_PARENT[top]
        return "a leaf has no children" if _pseudo_of(step, ("leaf",)) else ""
    if combinator in _DOWN:
        if _pseudo_of(before, ("leaf",)):
            return "a leaf has no children"
        top = _pseudo_of(step, _TOPS)
        return _WITHOUT_PARENT[top] if top is not None else ""
    return ""


def _pseudo_of(step: Step, names: tuple[str, ...]) -> str | None:
    return next((pseudo.name for pseudo in step.pseudos if pseudo.name in names), None)


def _check_together(step: Step, report: Report) -> None:
    if report.dialect is Dialect.COMPAT:  # there the last pseudo-class counts alone
        return
    names = [pseudo.name for pseudo in step.pseudos]
    if "root" in names and "orphan" in names:
        where = step.pseudos[0].range.to(step.pseudos[-1].range)
        report.contradiction("this selects nothing: no span is a root and an orphan", where, code="selects-nothing")
        return
    narrowed = False
    for pseudo in step.pseudos:
        if narrowed and pseudo.name == "nth" and (pseudo.number or 0) > 1:
            message = f"this selects nothing: one span is left here, and none is number {pseudo.number}"
            report.contradiction(message, pseudo.range, code="selects-nothing")
            return
        narrowed = narrowed or pseudo.name in _ONE
