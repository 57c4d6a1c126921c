"""Expectations about how many spans there are, and what holds on each: `exactly 1 span[…]`, `every span[…] where …`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spanspec.language.grammar.walk import walk
from spanspec.language.judging.counting import Bounds, bounds_of, words_of
from spanspec.language.judging.trouble import differences, distinctions, in_the_trace, on_the_way
from spanspec.language.judging.weighed import Evidence, Weighed, weighed
from spanspec.language.judging.wording import counted, enumeration, gathered, label
from spanspec.language.picking.convert import as_predicate, has_negation
from spanspec.language.picking.near import explain_empty
from spanspec.language.syntax import Name
from spanspec.language.truth import OPEN, Outcome, conjunction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spanspec.language.judging.judge import Judge
    from spanspec.language.picking.picker import Picked
    from spanspec.language.syntax import Expect, Selector, Statement
    from spanspec.language.verdict import NearMiss
    from spanspec.model.ids import SpanId

_MARKED = 50
_TOLD = 1_000
"""Spans of a selection that are told; the rest is counted."""

_NEAR_LIMIT = 2_000


@dataclass
class _Tally:
    """How the picked spans stand to the condition.

    Attributes:
        by_outcome: The picked nodes by the outcome of the condition on each.
        sure_holds: How many sure spans hold for good.
        sure_fails: What the sure violations make of `every`; `OPEN` when there is none.
    """

    by_outcome: dict[Outcome, list[int]] = field(default_factory=dict)
    sure_holds: int = 0
    sure_fails: Outcome = OPEN

    def of(self, outcome: Outcome) -> list[int]:
        """The nodes with an outcome."""
        return self.by_outcome.get(outcome, [])


def expect(judge: Judge, statement: Expect, node: int | None) -> Weighed:
    """Weigh `quantifier selector [where condition]`."""
    bounds = bounds_of(statement.quantifier, judge.given)
    picked = judge.picker.pick(statement.selector, node)
    tally = _tally(judge, statement, picked)
    if bounds.every:
        now, may = _every(tally, picked)
        may = may if statement.where is not None else bounds.decide_early(tally.sure_holds)
    else:
        void = picked.void or bool(tally.of(Outcome.VOID))
        now = bounds.decide(len(tally.of(Outcome.HOLDS)), len(tally.of(Outcome.CLOCK)), void=void)
        may = bounds.decide_early(tally.sure_holds)
    return weighed(now, may, lambda: _evidence(judge, statement, node, picked, tally, bounds, now))


def _every(tally: _Tally, picked: Picked) -> tuple[Outcome, Outcome]:
    outcomes = [outcome for outcome, nodes in tally.by_outcome.items() if nodes]
    if not picked.now:
        return (Outcome.VOID if picked.void else Outcome.FAILS), OPEN
    now = conjunction([*outcomes, Outcome.VOID] if picked.void else outcomes)
    return now, tally.sure_fails


def _tally(judge: Judge, statement: Expect, picked: Picked) -> _Tally:
    if statement.where is None:
        return _Tally({Outcome.HOLDS: list(picked.now)}, len(picked.sure))
    worth = _condition(judge, statement)
    tally = _Tally()
    for node in picked.now:
        now, may = worth(node)
        tally.by_outcome.setdefault(now, []).append(node)
        if node not in picked.sure:
            continue
        if may == Outcome.HOLDS:
            tally.sure_holds += 1
        elif not may & (Outcome.HOLDS | Outcome.CLOCK):
            violated = Outcome.FAILS if Outcome.FAILS in (may, tally.sure_fails) else Outcome.FAILS | Outcome.VOID
            tally.sure_fails = violated  # one that fails outright outweighs those that cannot be read
    return tally


def _condition(judge: Judge, statement: Expect) -> Callable[[int], tuple[Outcome, Outcome]]:
    """What the condition is worth on a node; read as a predicate where that says the same."""
    where = statement.where
    assert where is not None
    lenient = statement.quantifier.word.value != "every"
    predicate = as_predicate(where) if lenient or not has_negation(where) else None
    if predicate is not None and lenient:
        spans, worth = judge.picker.forest.spans, judge.picker.predicates.worth
        return lambda node: worth(predicate, node, spans[node])

    def test(node: int) -> tuple[Outcome, Outcome]:
        if predicate is not None:
            quick = judge.picker.predicates.worth(predicate, node, judge.picker.forest.spans[node])
            if quick[0] is Outcome.HOLDS:
                return quick
        found = judge.weigh(where, node, lenient=lenient)  # tells a missing attribute from a wrong one
        return found.now, found.may

    return test


def near(judge: Judge, selector: Selector, origin: int | None = None) -> tuple[NearMiss, ...]:
    """Near misses; on a trace that is still growing and large already, none, for they cost a walk."""
    if judge.growing and len(judge.picker.forest.spans) > _NEAR_LIMIT:
        return ()
    return explain_empty(selector, judge.picker, origin)


# --- evidence


def _evidence(
    judge: Judge, statement: Expect, node: int | None, picked: Picked, tally: _Tally, bounds: Bounds, now: Outcome
) -> Evidence:
    expected = words_of(statement.quantifier, judge.given)
    spans, total = judge.picker.spans(picked.now[:_TOLD]), len(picked.now)
    looked = tuple(span.span_id for span in spans)
    if statement.where is not None:
        condition = judge.text(statement.where)
        expected = f"every: {condition}" if bounds.every else f"{expected} where {condition}"
    if not spans:
        return _nothing(judge, statement, node, expected, picked)
    if statement.where is not None:
        return _conditional(judge, statement, tally, bounds, now, expected, looked)
    matched = f"{counted(total, 'span')} match{'es' if total == 1 else ''}"
    reason = f"{matched}: {gathered(spans, judge.given.trace, total=total)}" if now is not Outcome.HOLDS else ""
    short = now is Outcome.FAILS and total < bounds.low
    return Evidence(
        reason=reason or (_error(judge) if now is Outcome.VOID else ""),
        expected=expected,
        actual=counted(total, "span"),
        spans=looked[:_MARKED],
        looked_at=looked,
        notes=(
            *judge.notes(),
            *(_of_too_many(judge, picked.now) if now is not Outcome.HOLDS and not short else ()),
        ),
        error=_error(judge) if now is Outcome.VOID else "",
    )


def _of_too_many(judge: Judge, nodes: Sequence[int]) -> tuple[str, ...]:
    return (*differences(judge.picker, nodes), *on_the_way(judge.picker, nodes))


def _of_some(judge: Judge, where: Statement, shown: Sequence[int], held: Sequence[int]) -> tuple[str, ...]:
    """What the spans that fail have in common, and what happened around them."""
    known = {node.key for node in walk(where) if isinstance(node, Name)}
    apart = distinctions(judge.picker, shown, held, known) if held and shown is not held else ()
    return (*apart, *on_the_way(judge.picker, shown[:3]))


def _error(judge: Judge) -> str:
    return judge.picker.first_error


def _nothing(judge: Judge, statement: Expect, node: int | None, expected: str, picked: Picked) -> Evidence:
    error = _error(judge) if picked.void else ""
    misses = judge.near(statement.selector, node)
    where = (
        f" from {label(judge.picker.forest.spans[node])}" if node is not None and statement.selector.relative else ""
    )
    reason = error or f"no span matches {judge.text(statement.selector)}{where}{hint(misses)}"
    notes = (*judge.notes(), *in_the_trace(judge.picker)) if bounds_of(statement.quantifier, judge.given).low else ()
    return Evidence(
        reason=reason, expected=expected, actual="no span", near=misses, notes=notes or judge.notes(), error=error
    )


def hint(misses: Sequence[NearMiss]) -> str:
    """The first near miss in a half-sentence."""
    if not misses:
        return ""
    first = misses[0]
    if first.sentence:
        return f": {first.sentence}{f'; {first.suggestion}' if first.suggestion else ''}"
    if first.alone and first.others:
        both = f"{counted(first.alone, 'span')} {'has' if first.alone == 1 else 'have'} {first.predicate}"
        rest = f"{counted(first.others, 'span')} {'satisfies' if first.others == 1 else 'satisfy'} the rest"
        return f": {both} and {rest}, but no span does both"
    if first.suggestion:
        return f": nothing satisfies {first.predicate}, {first.suggestion}"
    if first.seen and not first.predicate.startswith(":"):
        values = enumeration([text for text, _ in first.seen], 3)
        return f": nothing satisfies {first.predicate}; seen: {values}"
    return f": nothing satisfies {first.predicate}"


def _conditional(
    judge: Judge,
    statement: Expect,
    tally: _Tally,
    bounds: Bounds,
    now: Outcome,
    expected: str,
    looked: tuple[SpanId, ...],
) -> Evidence:
    """Evidence of `… where …` when spans were picked."""
    assert statement.where is not None
    held = tally.of(Outcome.HOLDS)
    failed = [*tally.of(Outcome.VOID), *tally.of(Outcome.FAILS), *tally.of(Outcome.CLOCK)]
    total = len(held) + len(failed)
    too_many = bounds.high is not None and len(held) > bounds.high
    shown = held if too_many or (now is Outcome.HOLDS and not bounds.every) else failed
    details = [judge.weigh(statement.where, node, lenient=not bounds.every).explain() for node in shown[:3]]
    actual = f"{len(held)} of {counted(total, 'span')}"
    reason = ""
    if now is not Outcome.HOLDS and too_many:
        reason = f"{actual} {'satisfies' if len(held) == 1 else 'satisfy'} {judge.text(statement.where)}: {gathered(judge.picker.spans(held[:_TOLD]), judge.given.trace, total=len(held))}"
    elif now is not Outcome.HOLDS:
        why = [_why(judge, node, detail) for node, detail in zip(shown, details, strict=False)]
        more = f"; and {len(shown) - len(why)} more" if len(shown) > len(why) else ""
        reason = f"{_share(len(held), total)} {judge.text(statement.where)}: {'; '.join(why)}{more}"
    return Evidence(
        reason=reason,
        expected=expected,
        actual=actual if too_many else _actual(details, shown, actual, now),
        spans=tuple(span.span_id for span in judge.picker.spans(shown[:_MARKED])),
        looked_at=looked,
        near=next((detail.near for detail in details if detail.near), ()) if now is not Outcome.HOLDS else (),
        notes=(*judge.notes(), *(_of_some(judge, statement.where, shown, held) if now is not Outcome.HOLDS else ())),
        error=next((detail.error for detail in details if detail.error), "") if now is Outcome.VOID else "",
    )


def _actual(details: Sequence[Evidence], shown: Sequence[int], fallback: str, now: Outcome) -> str:
    """The value found, when there is one span only to speak of."""
    if now is not Outcome.HOLDS and len(shown) == 1 and details and details[0].actual:
        return details[0].actual
    return fallback


def _why(judge: Judge, node: int, detail: Evidence) -> str:
    name = label(judge.picker.forest.spans[node])
    if not detail.reason:
        return name
    return detail.reason if f" on {name}" in detail.reason else f"{name}: {detail.reason}"


def _share(held: int, total: int) -> str:
    if total == 1:
        return "the span that matches does not satisfy"
    if held == 0:
        return f"none of {counted(total, 'span')} satisfies"
    return f"only {held} of {counted(total, 'span')} {'satisfies' if held == 1 else 'satisfy'}"
