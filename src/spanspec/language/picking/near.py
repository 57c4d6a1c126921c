"""Why a selector picks nothing: the step and the predicate that empty it, and what is there instead."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.language.format import format_predicate, format_step
from spanspec.language.judging.wording import counted, shortened
from spanspec.language.names import look_up
from spanspec.language.picking.predicates import claims_of, flat, part_value
from spanspec.language.syntax import Combinator, Compares, Has, Name, Place, PredicateAnd, Text
from spanspec.language.truth import Outcome
from spanspec.language.values import show
from spanspec.language.verdict import NearMiss
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spanspec.language.picking.picker import Picker
    from spanspec.language.syntax import Chain, Predicate, Selector, Step
    from spanspec.model.span import Span

_MOST = 5
_MISSES = 4
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


def _of_chain(chain: Chain, picker: Picker, origin: int | None) -> Iterator[NearMiss]:
    """Find the first step that leaves nothing and say why."""
    before: tuple[int, ...] = () if origin is None else (origin,)
    previous: Step | None = None
    for index, step in enumerate(chain.steps):
        combinator = step.combinator
        if combinator is None and (index or origin is not None):
            combinator = Combinator.DESCENDANT
        test = picker.test_of(step)
        everywhere = [node for node in range(picker.forest.own) if test(node)[0] is Outcome.HOLDS]
        if combinator is None:
            left = everywhere
        else:
            related = picker.related(combinator, before)
            left = [node for node in everywhere if node in related]
        if not left:
            if everywhere and combinator is not None:
                yield _unrelated(step, combinator, previous, everywhere, len(before), picker)
            else:
                yield from _of_step(step, picker)
            return
        before, previous = tuple(left), step


def _unrelated(
    step: Step, combinator: Combinator, previous: Step | None, there: list[int], before: int, picker: Picker
) -> NearMiss:
    """The step's own brackets match, but nothing in the relation asked for."""
    own = _step_text(step, picker)
    upper = _step_text(previous, picker) if previous is not None else "the span at hand"
    spans = picker.spans(there[:_MOST])
    return NearMiss(
        predicate=f"{own} is {_RELATIVE[combinator]} {upper}",
        seen=((f"{counted(len(there), 'span')} elsewhere match{'es' if len(there) == 1 else ''} {own}", len(there)),),
        spans=tuple(span.span_id for span in spans),
        suggestion=_other_way(combinator, there, before),
    )


def _other_way(combinator: Combinator, there: list[int], before: int) -> str:
    if combinator is Combinator.CHILD and there and before:
        return 'a space instead of ">" also takes spans further down'
    return ""


def _step_text(step: Step, picker: Picker) -> str:
    return shortened(format_step(replace(step, combinator=None), picker.given.dialect))


def _of_step(step: Step, picker: Picker) -> Iterator[NearMiss]:
    """The conjuncts that fail on the spans that satisfy the most of them."""
    if step.group is not None:
        yield from explain_empty(step.group, picker)
        return
    predicate, _ = picker.stripped(step)
    conjuncts = list(_conjuncts(predicate))
    if not conjuncts:
        return
    best: list[tuple[Span, list[Predicate]]] = []
    fewest = len(conjuncts) + 1
    for node in range(picker.forest.own):
        span = picker.forest.spans[node]
        failing = [part for part in conjuncts if picker.predicates.worth(part, node, span)[0] is not Outcome.HOLDS]
        if len(failing) < fewest:
            best, fewest = [], len(failing)
        if len(failing) == fewest:
            best.append((span, failing))
    if fewest == 0:
        yield from _emptied_by_pseudo(step, [span for span, _ in best])
        return
    for part in conjuncts:
        spans = [span for span, failing in best if any(part is other for other in failing)]
        if spans:
            yield _miss(part, spans, picker, close=fewest < len(conjuncts))


def _emptied_by_pseudo(step: Step, spans: Sequence[Span]) -> Iterator[NearMiss]:
    for pseudo in step.pseudos[:1]:
        yield NearMiss(predicate=f":{pseudo.name}", spans=tuple(span.span_id for span in spans[:_MOST]))


def _conjuncts(predicate: Predicate | None) -> Iterator[Predicate]:
    """The parts that must all hold; what is said of one event or link is one part."""
    if not isinstance(predicate, PredicateAnd):
        if predicate is not None:
            yield predicate
        return
    claims, others = claims_of(predicate)
    yield from others
    for claim in claims:
        yield claim[0] if len(claim) == 1 else PredicateAnd(operands=tuple(claim))


def _miss(part: Predicate, spans: list[Span], picker: Picker, *, close: bool) -> NearMiss:
    """What is there instead; the spans are named when something else holds for them, else they are any spans."""
    seen: Counter[str] = Counter()
    missing = 0
    for span in spans:
        values = list(_values(part, span, picker))
        missing += not values
        seen.update(values)
    ranked = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    return NearMiss(
        predicate=format_predicate(part, picker.given.dialect),
        seen=tuple((shortened(text), count) for text, count in ranked[:_MOST]),
        spans=tuple(span.span_id for span in spans[:_MOST]) if close else (),
        suggestion=_suggestion(part, seen, spans),
    )


def _values(part: Predicate, span: Span, picker: Picker) -> Iterator[str]:
    """The values that the span has for the name a predicate is about."""
    for test in flat(part):
        if not isinstance(test, (Compares, Has)):
            continue
        name = test.name
        if name.place in (Place.EVENT, Place.LINK):
            parts = span.events if name.place is Place.EVENT else span.links
            values = (part_value(each, name.key) for each in parts)
            yield from (show(value) for value in values if isinstance(value, (str, int, float)))
        else:
            found = look_up(name, span, picker.given)
            if found.present:
                yield show(found.value)


def _suggestion(part: Predicate, seen: Counter[str], spans: Iterable[Span]) -> str:
    tests = [test for test in flat(part) if isinstance(test, (Compares, Has))]
    if len(tests) != 1:
        return ""
    test = tests[0]
    if seen:
        if isinstance(test, Compares) and isinstance(test.value, Text):
            return did_you_mean(test.value.value, seen)
        return ""
    return did_you_mean(test.name.key, _keys(test.name, spans))


def _keys(name: Name, spans: Iterable[Span]) -> set[str]:
    """The keys that a name might have meant."""
    keys: set[str] = set()
    for span in spans:
        if name.place is Place.RESOURCE:
            keys.update(span.resource.attributes)
        elif name.place is Place.SCOPE:
            keys.update(span.scope.attributes)
        elif name.place is Place.EVENT:
            keys.update(key for event in span.events for key in event.attributes)
        elif name.place in (Place.BARE, Place.ATTR):
            keys.update(span.attributes, span.scope.attributes, span.resource.attributes)
    return keys - {name.key}
