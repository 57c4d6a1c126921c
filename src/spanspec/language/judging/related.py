"""Expectations that relate two selections: `every span[…] leads to exactly 1 span[…] within 2s`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spanspec.language.judging.closest import closest_pair, pair_in_words
from spanspec.language.judging.counting import Bounds, bounds_of, words_of
from spanspec.language.judging.quantified import hint
from spanspec.language.judging.trouble import in_the_trace, on_the_way
from spanspec.language.judging.weighed import Evidence, Weighed, weighed
from spanspec.language.judging.wording import counted, gathered, label
from spanspec.language.relations import Partners, Relation
from spanspec.language.syntax import QuantifierWord, RelationWord
from spanspec.language.truth import OPEN, Outcome, conjunction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.judging.judge import Judge
    from spanspec.language.picking.picker import Picked
    from spanspec.language.syntax import Relate, Selector
    from spanspec.model.ids import SpanId

_MARKED = 50
_LISTED = 200


@dataclass
class _Sides:
    """Both selections, with what the left ones come to."""

    left: Picked
    right: Picked
    relation: Relation
    bounds: Bounds
    inner: Bounds
    by_outcome: dict[Outcome, list[int]] = field(default_factory=dict)
    found: dict[int, tuple[int, int]] = field(default_factory=dict)

    def of(self, outcome: Outcome) -> list[int]:
        """The left nodes with an outcome."""
        return self.by_outcome.get(outcome, [])


def relate(judge: Judge, statement: Relate, node: int | None) -> Weighed:
    """Weigh `quantifier A relation [quantifier] B [within D]`."""
    sides = _sides(judge, statement, node)
    partners = Partners(sides.relation, sides.right.now)
    for a in sides.left.now:
        sides.by_outcome.setdefault(_outcome_of(a, partners, sides), []).append(a)
    now = _now(sides)
    may = _may(sides, partners)
    return weighed(now, may, lambda: _evidence(judge, statement, node, sides, partners, now))


def _sides(judge: Judge, statement: Relate, node: int | None) -> _Sides:
    picker = judge.picker
    left = picker.pick(statement.left, node)
    right = picker.pick(statement.right, node)
    if statement.relation is RelationWord.LEADS_TO and not statement.right.relative:
        right = picker.pick_anywhere(statement.right)
    within = None if statement.within is None else statement.within.value.ns
    relation = Relation(statement.relation, picker.forest, judge.given.clock_skew_ns, within)
    bounds = bounds_of(statement.quantifier, judge.given)
    return _Sides(left, right, relation, bounds, bounds_of(statement.right_quantifier, judge.given))


def _outcome_of(a: int, partners: Partners, sides: _Sides) -> Outcome:
    """What the right quantifier comes to for one left node, as if the trace had ended."""
    if sides.inner.every:
        others = [b for b in partners.nodes if b != a]
        if not others:
            return Outcome.VOID if sides.right.void else Outcome.FAILS
        found = Outcome.HOLDS
        for b in others:
            found = conjunction((found, sides.relation.pair(a, b)))
            if found is Outcome.FAILS:
                break
        return Outcome.VOID if sides.right.void and found is not Outcome.FAILS else found
    sure, undecided = sides.found[a] = partners.counts(a, sides.inner.enough)
    return sides.inner.decide(sure, undecided, void=sides.right.void)


def _now(sides: _Sides) -> Outcome:
    if sides.bounds.every:
        if not sides.left.now:
            return Outcome.VOID if sides.left.void else Outcome.FAILS
        outcomes = [outcome for outcome, nodes in sides.by_outcome.items() if nodes]
        return conjunction([*outcomes, Outcome.VOID] if sides.left.void else outcomes)
    void = sides.left.void or bool(sides.of(Outcome.VOID))
    return sides.bounds.decide(len(sides.of(Outcome.HOLDS)), len(sides.of(Outcome.CLOCK)), void=void)


def _may(sides: _Sides, all_partners: Partners) -> Outcome:
    """What the sure spans of both sides decide already."""
    if sides.bounds.low == 0 and sides.bounds.high is None:
        return Outcome.HOLDS
    same = len(sides.right.sure) == len(sides.right.now)
    certain = sides.relation.on(sides.relation.forest.certain)
    if certain is not sides.relation:
        sides = replace(sides, relation=certain, found={})
        same = False
    partners = all_partners if same else Partners(sides.relation, sorted(sides.right.sure))
    holding = 0
    for a in sides.left.now:
        if a not in sides.left.sure:
            continue
        early = _early_of(a, partners, sides)
        if sides.bounds.every and early == Outcome.FAILS:
            return Outcome.FAILS
        holding += early == Outcome.HOLDS
        if not sides.bounds.every and holding > sides.bounds.enough:
            break
    return OPEN if sides.bounds.every else sides.bounds.decide_early(holding)


def _early_of(a: int, partners: Partners, sides: _Sides) -> Outcome:
    if sides.inner.every:
        never = any(sides.relation.never(a, b) for b in partners.nodes if b != a)
        return Outcome.FAILS if never else OPEN
    known = sides.found.get(a) if partners.nodes is sides.right.now else None
    sure, _ = known if known is not None else partners.counts(a, sides.inner.enough)
    return sides.inner.decide_early(sure)


# --- evidence


def _evidence(
    judge: Judge, statement: Relate, node: int | None, sides: _Sides, partners: Partners, now: Outcome
) -> Evidence:
    expected = _expected(judge, statement)
    both = dict.fromkeys((*sides.left.now[:_LISTED], *sides.right.now[:_LISTED]))
    looked = judge.picker.spans(both)
    looked_at = tuple(span.span_id for span in looked)
    if not sides.left.now or (not sides.right.now and now is not Outcome.HOLDS):
        return _one_side_empty(judge, statement, node, sides, expected, now)
    held, failed = sides.of(Outcome.HOLDS), [*sides.of(Outcome.FAILS), *sides.of(Outcome.VOID)]
    doubtful = sides.of(Outcome.CLOCK)
    actual = f"{len(held)} of {counted(len(sides.left.now), 'span')}"
    if now is Outcome.HOLDS:
        return Evidence(
            expected=expected, actual=actual, spans=_ids(judge, held), looked_at=looked_at, notes=judge.notes()
        )
    error = judge.picker.first_error if now is Outcome.VOID else ""
    too_many = sides.bounds.high is not None and len(held) > sides.bounds.high
    culprits = held if too_many else [*failed, *doubtful] or held
    if now is Outcome.CLOCK:
        culprits = doubtful or culprits
    reason, pair = _reason(judge, statement, sides, partners, culprits[0], too_many=too_many)
    share = f"{actual} {_does(len(held))}: " if too_many else _share(len(culprits), len(sides.left.now), now)
    return Evidence(
        reason=error or f"{share}{reason}",
        expected=expected,
        actual=actual,
        spans=tuple(dict.fromkeys((*_ids(judge, culprits), *_ids(judge, pair)))),
        looked_at=looked_at,
        notes=(*judge.notes(), *on_the_way(judge.picker, [*culprits[:3], *pair])),
        error=error,
    )


def _does(count: int) -> str:
    return "does" if count == 1 else "do"


def _share(culprits: int, total: int, now: Outcome) -> str:
    """How many of several do not satisfy, before the first of them is told."""
    if total == 1:
        return ""
    if now is Outcome.CLOCK:
        return f"for {culprits} of {total} spans it cannot be told: "
    if culprits == total:
        return f"none of {total} spans does: "
    return f"{culprits} of {total} spans {'does' if culprits == 1 else 'do'} not: "


def _expected(judge: Judge, statement: Relate) -> str:
    inner = statement.right_quantifier
    right = judge.text(statement.right)
    count = "" if inner.word is QuantifierWord.SOME else f"{words_of(inner, judge.given)} "
    within = f" within {statement.within.value}" if statement.within is not None else ""
    left = judge.text(statement.left)
    return f"{words_of(statement.quantifier, judge.given)} {left} {statement.relation.value} {count}{right}{within}"


def _ids(judge: Judge, nodes: Sequence[int]) -> tuple[SpanId, ...]:
    return tuple(span.span_id for span in judge.picker.spans(nodes[:_MARKED]))


def _one_side_empty(
    judge: Judge, statement: Relate, node: int | None, sides: _Sides, expected: str, now: Outcome
) -> Evidence:
    empty: Selector = statement.left if not sides.left.now else statement.right
    there = sides.right.now if not sides.left.now else sides.left.now
    misses = judge.near(empty, node) if now is not Outcome.HOLDS else ()
    side = "left" if not sides.left.now else "right"
    reason = f"no span matches the {side} side, {judge.text(empty)}{hint(misses)}" if now is not Outcome.HOLDS else ""
    return Evidence(
        reason=reason,
        expected=expected,
        actual=f"no span on the {side}",
        spans=_ids(judge, there),
        looked_at=_ids(judge, there),
        near=misses,
        notes=(*judge.notes(), *(in_the_trace(judge.picker) if now is not Outcome.HOLDS else ())),
        error=judge.picker.first_error if now is Outcome.VOID else "",
    )


def _reason(
    judge: Judge, statement: Relate, sides: _Sides, partners: Partners, a: int, *, too_many: bool
) -> tuple[str, list[int]]:
    """Why one left span does not (or, when too many do, does) satisfy, with the right spans to be marked."""
    name = label(judge.picker.forest.spans[a])
    if not sides.inner.every:
        related = [b for b in partners.candidates(a) if sides.relation.pair(a, b) is Outcome.HOLDS]
        surplus = sides.inner.high is not None and len(related) > sides.inner.high
        if related and (too_many or surplus or sides.inner.low > 1):
            what = gathered(judge.picker.spans(related), judge.given.trace)
            wanted = f", not {words_of(statement.right_quantifier, judge.given)}" if not too_many else ""
            return (
                f" {name} {statement.relation.value} {counted(len(related), 'span')}{wanted}: {what}".strip(),
                related,
            )
    right = sides.right.now
    if sides.inner.every:
        right = tuple(b for b in right if sides.relation.pair(a, b) is not Outcome.HOLDS)
    pair = closest_pair(sides.relation, [a], right)
    if pair is None:
        return f"{name} has no other span to be related to", []
    return f"{pair_in_words(sides.relation, pair, judge.given)}", [pair[1]]
