"""Why a selector picks nothing: the step and the conditions that empty it, and what is there instead.

The cost is bounded: of a large trace some spans of each name and others, spread evenly, are looked at (`sampling`), and that is told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spanspec.language.format import format_predicate, format_step
from spanspec.language.judging.wording import counted, gathered, shortened
from spanspec.language.picking.forest import NONE
from spanspec.language.picking.predicates import claims_of
from spanspec.language.picking.sampling import bounded, sample_of
from spanspec.language.picking.suggestions import suggestion, values_of
from spanspec.language.syntax import Combinator, PredicateAnd, Selector
from spanspec.language.truth import Outcome
from spanspec.language.verdict import NearMiss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spanspec.language.picking.picker import Picker
    from spanspec.language.syntax import Chain, Predicate, Step
    from spanspec.model.span import Span

MISSING = "(missing)"
"""What stands among the values seen for spans without the attribute."""

_MOST = 5
_MISSES = 4
_FEW = 50
_RELATIVE = {
    Combinator.DESCENDANT: "a descendant of",
    Combinator.CHILD: "a child of",
    Combinator.ANCESTOR: "an ancestor of",
    Combinator.PARENT: "the parent of",
    Combinator.SIBLING: "a sibling of",
    Combinator.CAUSED: "caused by",
}


def explain_empty(selector: Selector, picker: Picker, origin: int | None = None) -> tuple[NearMiss, ...]:
    """The near misses of a selector that picks nothing; of one that picks something, none."""
    if not selector.chains or not len(picker.forest.spans):
        return ()
    if picker.pick(selector, origin).now:
        return ()
    tests = picker.count_tests(selector)
    found: list[NearMiss] = []
    if tests:
        found.extend(_counts(selector, picker))
    for chain in selector.chains if not found else ():
        found.extend(_of_chain(chain, picker, origin))
    return tuple(found[:_MISSES])


def _counts(selector: Selector, picker: Picker) -> Iterator[NearMiss]:
    """The selection would not be empty but for the constraint on its size."""
    without = _without_counts(selector, picker)
    picked = picker.pick(without)
    if not picked.now:
        return
    spans = tuple(span.span_id for span in picker.spans(picked.now[:_MOST]))
    for test in picker.count_tests(selector):
        predicate = format_predicate(test, picker.given.dialect)
        wanted = predicate.removeprefix(test.name.key).strip()
        yield NearMiss(
            predicate=predicate,
            spans=spans,
            sentence=f"{counted(len(picked.now), 'span')} would be selected, and the selector asks for a count {wanted}",
        )


def _without_counts(selector: Selector, picker: Picker) -> Selector:
    """The selector without constraints on its own size."""
    chains = tuple(
        replace(chain, steps=tuple(replace(step, predicate=picker.stripped(step)[0]) for step in chain.steps))
        for chain in selector.chains
    )
    return replace(selector, chains=chains)


# --- the step that leaves nothing


def _of_chain(chain: Chain, picker: Picker, origin: int | None) -> Iterator[NearMiss]:
    """Find the first step that leaves nothing and say why."""
    before: tuple[int, ...] = () if origin is None else (origin,)
    previous: Step | None = None
    for index, step in enumerate(chain.steps):
        combinator = step.combinator
        if combinator is None and (index or origin is not None):
            combinator = Combinator.DESCENDANT
        left = _picked(chain, index, picker, origin)
        if not left:
            yield from _of_failing(step, combinator, previous, before, picker)
            return
        before, previous = left, step


def _picked(chain: Chain, index: int, picker: Picker, origin: int | None) -> tuple[int, ...]:
    """What the steps up to `index` pick; the whole chain is known to pick nothing."""
    if index == len(chain.steps) - 1:
        return ()
    return picker.pick(Selector(chains=(replace(chain, steps=chain.steps[: index + 1]),)), origin).now


def _of_failing(
    step: Step, combinator: Combinator | None, previous: Step | None, before: tuple[int, ...], picker: Picker
) -> Iterator[NearMiss]:
    sample = sample_of(picker.forest)
    if combinator is None:
        yield from _of_step(step, picker, sample)
        return
    test = picker.test_of(step)
    elsewhere = [node for node in sample if test(node)[0] is Outcome.HOLDS]
    if elsewhere:
        yield _unrelated(step, combinator, previous, elsewhere, before, picker)
        return
    related = bounded(sorted(picker.related(combinator, before)))
    yield from _of_step(step, picker, related or sample)


def _unrelated(
    step: Step, combinator: Combinator, previous: Step | None, there: list[int], before: tuple[int, ...], picker: Picker
) -> NearMiss:
    """The step's own brackets match, but nothing in the relation asked for: where they really are."""
    own = _step_text(step, picker)
    upper = _step_text(previous, picker) if previous is not None else "the span at hand"
    spans = picker.spans(there[:_MOST])
    match = "matches" if len(there) == 1 else "match"
    is_ = "it is not" if len(there) == 1 else "none is"
    sentence = f"{counted(len(there), 'span')} elsewhere {match} {own}, but {is_} {_RELATIVE[combinator]} {upper}"
    return NearMiss(
        predicate=f"{own} is {_RELATIVE[combinator]} {upper}",
        spans=tuple(span.span_id for span in spans),
        sentence=f"{sentence}: {_where(there, picker)}",
        suggestion=_other_way(combinator, there[:_FEW], before[:_FEW], picker),
        looked_at=_looked_at(picker, sample_of(picker.forest)),
    )


def _where(nodes: Sequence[int], picker: Picker) -> str:
    """Spans with their parents; the parent that did not arrive, for an orphan."""
    first = nodes[0]
    said = gathered(picker.spans(nodes[:_FEW]), picker.given.trace)
    if picker.forest.parent[first] == NONE:
        span = picker.forest.spans[first]
        why = f"its parent {span.parent_id} is not in the trace" if picker.forest.is_orphan(first) else "it is a root"
        return f"{said}, {why}" if len(nodes) == 1 else said
    return said


def _other_way(combinator: Combinator, there: Sequence[int], before: Sequence[int], picker: Picker) -> str:
    """What to write to find the spans where they are."""
    pairs = [(a, b) for a in before for b in there]
    forest = picker.forest
    if any(forest.is_ancestor(a, b) for a, b in pairs):
        return 'a space instead of ">" also takes spans further down' if combinator is Combinator.CHILD else ""
    if any(forest.is_ancestor(b, a) for a, b in pairs) and combinator in (Combinator.DESCENDANT, Combinator.CHILD):
        return 'it is above and not below: "<<" takes ancestors'
    if combinator is not Combinator.CAUSED and any(forest.causes(a, b) for a, b in pairs):
        return 'it is caused by way of a link: "->" follows links'
    if any(a != b and forest.parent[a] == forest.parent[b] != NONE for a, b in pairs):
        return 'they have the same parent: "~" takes siblings'
    return ""


def _step_text(step: Step, picker: Picker) -> str:
    return shortened(format_step(replace(step, combinator=None), picker.given.dialect))


def _looked_at(picker: Picker, pool: Sequence[int]) -> int:
    """How many spans were looked at where the trace has more; else 0."""
    return len(pool) if picker.forest.own > len(sample_of(picker.forest)) else 0


# --- the conditions of a step


@dataclass(frozen=True, slots=True)
class _Looked:
    """The conditions on the spans looked at.

    Attributes:
        conditions: The conjuncts.
        best: The spans that miss the fewest, each with those it misses.
        fewest: How many these miss.
        alone: How many spans satisfy each condition by itself.
    """

    conditions: list[Predicate]
    best: list[tuple[Span, list[int]]]
    fewest: int
    alone: list[int]


def _of_step(step: Step, picker: Picker, pool: Sequence[int]) -> Iterator[NearMiss]:
    """The conditions that fail on the spans that satisfy the most of them."""
    if step.group is not None:
        yield from explain_empty(step.group, picker)
        return
    predicate, _ = picker.stripped(step)
    conditions = list(_conditions(predicate))
    if not conditions or not pool:
        return
    looked = _look(conditions, picker, pool)
    if looked.fewest == 0:
        yield from _emptied_by_pseudo(step, [span for span, _ in looked.best])
        return
    for index in range(len(conditions)):
        spans = [span for span, failing in looked.best if index in failing]
        if spans:
            yield _miss(looked, index, spans, picker, pool)


def _look(conditions: list[Predicate], picker: Picker, pool: Sequence[int]) -> _Looked:
    best: list[tuple[Span, list[int]]] = []
    fewest, alone = len(conditions) + 1, [0] * len(conditions)
    for node in pool:
        span = picker.forest.spans[node]
        failing = []
        for index, condition in enumerate(conditions):
            if picker.predicates.worth(condition, node, span)[0] is Outcome.HOLDS:
                alone[index] += 1
            else:
                failing.append(index)
        if len(failing) < fewest:
            best, fewest = [], len(failing)
        if len(failing) == fewest:
            best.append((span, failing))
    return _Looked(conditions, best, fewest, alone)


def _emptied_by_pseudo(step: Step, spans: Sequence[Span]) -> Iterator[NearMiss]:
    for pseudo in step.pseudos[:1]:
        yield NearMiss(predicate=f":{pseudo.name}", spans=tuple(span.span_id for span in spans[:_MOST]))


def _conditions(predicate: Predicate | None) -> Iterator[Predicate]:
    """The parts that must all hold; what is said of one event or link is one part."""
    if not isinstance(predicate, PredicateAnd):
        if predicate is not None:
            yield predicate
        return
    claims, others = claims_of(predicate)
    yield from others
    for claim in claims:
        yield claim[0] if len(claim) == 1 else PredicateAnd(operands=tuple(claim))


def _miss(looked: _Looked, index: int, spans: list[Span], picker: Picker, pool: Sequence[int]) -> NearMiss:
    """What is there instead; the spans are named when something else holds for them, else they are any spans."""
    part = looked.conditions[index]
    seen: Counter[str] = Counter()
    for span in spans:
        seen.update(list(values_of(part, span, picker.given)) or [MISSING])
    ranked = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    close = looked.fewest < len(looked.conditions)
    meant = suggestion(part, spans, picker, pool)
    likely = [
        span for span in spans[:_FEW] if any(f'"{text}"' in meant for text in values_of(part, span, picker.given))
    ]
    return NearMiss(
        predicate=shortened(format_predicate(part, picker.given.dialect)),
        seen=tuple((shortened(text), count) for text, count in ranked[:_MOST]),
        spans=tuple(dict.fromkeys(span.span_id for span in (*likely, *spans[:_MOST])))[:_MOST] if close else (),
        suggestion=meant,
        alone=looked.alone[index],
        others=len(spans) if looked.fewest == 1 and len(looked.conditions) > 1 else 0,
        looked_at=_looked_at(picker, pool),
    )
