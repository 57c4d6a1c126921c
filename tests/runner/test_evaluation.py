"""`Evaluation.advance`: at every prefix of every order what `evaluate` says, and a value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from spanspec.definition.plan import ExpectPlan, Plan, SettleSettings
from spanspec.language.dialect import Dialect
from spanspec.language.verdict import Given, Truth
from spanspec.model.assemble import assemble
from spanspec.model.context import TriggerResult
from spanspec.results.model import SourcePlace
from spanspec.runner.evaluate import evaluate
from spanspec.runner.evaluation import Evaluation
from spanspec.source.text import SourceText
from spanspec.testing import span, trigger_span
from tests.fuzzing import thorough
from tests.language.arriving import INJECTED, VARIABLES, arrivals, assertions, selectors, statements
from tests.language.reading import HOST, statement
from tests.runner.simulated import spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.definition.plan import SpecPlan
    from spanspec.model.span import Span

SKEW_NS = 1_000_000


def plan_of(*checks: ExpectPlan | SpecPlan, until: str = "") -> Plan:
    """A plan with checks and no trigger."""
    return Plan(
        name="plan",
        path="plan.yaml",
        source=SourceText("plan.yaml", ""),
        checks=checks,
        settle=SettleSettings(until=statement(until) if until else None),
    )


def expected(text: str) -> ExpectPlan:
    """An expectation."""
    return ExpectPlan(statement=statement(text), text=text, place=SourcePlace(path="", line=1, column=1))


def begun(plan: Plan, *, triggered: bool) -> Evaluation:
    """Before the first span."""
    trigger = trigger_span() if triggered else None
    empty = assemble((), trace_id=span("x").trace_id, injected=INJECTED if triggered else None, trigger=trigger)
    response = TriggerResult(kind="http", start_ns=0, end_ns=1, status=200) if triggered else None
    return Evaluation.begin(
        plan,
        Given(trace=empty, clock_skew_ns=SKEW_NS, variables=VARIABLES, environment={"ONE": "1"}, response=response),
    )


def reference(evaluation: Evaluation, spans: Sequence[Span]) -> tuple[Truth, ...]:
    """What `evaluate` says of spans while the trace is open."""
    first = evaluation.given.trace
    whole = assemble(spans, trace_id=first.trace_id, injected=first.injected, trigger=first.trigger)
    found = evaluate(evaluation.plan, replace(evaluation.given, trace=whole))
    return tuple(check.judgement.truth for check in found.checks)


def batches_of(draw: st.DrawFn, order: list[Span]) -> list[list[Span]]:
    """The spans in batches, some of which bring known ones again."""
    found: list[list[Span]] = []
    rest = list(order)
    while rest:
        size = draw(st.integers(1, 3))
        again = draw(st.lists(st.sampled_from(order[: len(order) - len(rest)] or order[:1]), max_size=1))
        found.append([*rest[:size], *(each for each in again if each not in rest)])
        rest = rest[size:]
    return found


@thorough(500)
@given(st.lists(statements(), min_size=1, max_size=3), arrivals(), st.booleans(), st.data())
def test_advance_says_what_evaluate_says(
    texts: list[str], order: list[Span], triggered: bool, data: st.DataObject
) -> None:
    """At each prefix, whatever the batches, the truths are those of the whole evaluation of what has come."""
    evaluation = begun(plan_of(*map(expected, texts)), triggered=triggered)
    assert evaluation.truths == reference(evaluation, ())
    come: list[Span] = []
    for batch in data.draw(st.composite(batches_of)(order)):
        come += batch
        before = evaluation.truths
        evaluation, decided = evaluation.advance(batch)
        assert evaluation.truths == reference(evaluation, come), (texts, [each.span_id for each in come])
        assert decided == tuple(i for i, truth in enumerate(evaluation.truths) if truth is not before[i])
        assert evaluation.trace.spans == assemble(come, injected=evaluation.given.trace.injected).spans


@thorough(300)
@given(
    st.sampled_from([Dialect.SPECS, Dialect.SPECS, Dialect.COMPAT]),
    selectors(),
    st.lists(assertions(), min_size=1, max_size=2),
    arrivals(),
    st.booleans(),
)
def test_specs_advance_likewise(
    dialect: Dialect, selector: str, texts: list[str], order: list[Span], triggered: bool
) -> None:
    """The same of specs, in both dialects; and what is decided early is the verdict on the whole trace."""
    evaluation = begun(plan_of(replace(spec(selector, *texts), dialect=dialect)), triggered=triggered)
    first = evaluation.given.trace
    closed = evaluate(
        evaluation.plan,
        replace(
            evaluation.given,
            trace=assemble(order, trace_id=first.trace_id, injected=first.injected, trigger=first.trigger),
            closed=True,
        ),
    )
    final = [check.judgement.truth for check in closed.checks]
    for index in range(len(order)):
        evaluation, _ = evaluation.advance(order[index : index + 1])
        said = reference(evaluation, order[: index + 1])
        assert evaluation.truths == said, (selector, texts, index)
        assert all(truth in (Truth.UNDECIDED, final[at]) for at, truth in enumerate(said)), (selector, texts, index)


def test_an_evaluation_is_a_value() -> None:
    """An older evaluation can be advanced again, another way, and neither knows of the other."""
    first = begun(plan_of(expected('exactly 1 span[name = "a"]'), expected('some span[name = "b"]')), triggered=True)
    a, again, b = span("a", id="1"), span("a", id="2"), span("b", id="3")
    one, decided = first.advance([a])
    assert (one.truths, decided) == ((Truth.UNDECIDED, Truth.UNDECIDED), ())
    twice, decided = one.advance([again])
    assert (twice.truths, decided) == ((Truth.FAILS, Truth.UNDECIDED), (0,))
    other, decided = one.advance([b])
    assert (other.truths, decided) == ((Truth.UNDECIDED, Truth.HOLDS), (1,))
    assert first.truths == one.truths == (Truth.UNDECIDED, Truth.UNDECIDED)
    assert [len(each.trace) for each in (first, one, twice, other)] == [0, 1, 2, 2]


def test_until_is_followed_like_a_check() -> None:
    """The `until` statement has a truth of its own."""
    evaluation = begun(plan_of(until='some span[name = "mail sent"]'), triggered=True)
    assert evaluation.until is Truth.UNDECIDED
    evaluation, _ = evaluation.advance([span("mail sent")])
    assert evaluation.until is Truth.HOLDS


def test_a_copy_before_the_decision_counts_like_any_other() -> None:
    """Of two copies the greater end is kept, and what rested on the other is forgotten."""
    text = 'every span[name = "a"] where duration < 10ms'
    short = span("a", id="1", start=0, end=5, resource=HOST)
    evaluation = begun(plan_of(expected(text), expected('busy_time(span[name = "a"]) < 50ms')), triggered=True)
    evaluation, decided = evaluation.advance([short])
    assert decided == ()
    evaluation, decided = evaluation.advance([replace(short, end_ns=short.end_ns + 20_000_000)])
    assert (decided, evaluation.truths) == ((0,), (Truth.FAILS, Truth.UNDECIDED))
    evaluation, decided = evaluation.advance([short])
    assert decided == ()


def test_a_copy_after_the_decision_makes_it_inconclusive() -> None:
    """A decision stays as it was given; where the whole trace says something else, the check says which span."""
    early = span("a", id="1", start=0, end=5, x=1)
    evaluation = begun(plan_of(expected('no span[name = "a" x = 1]')), triggered=True)
    evaluation, decided = evaluation.advance([early])
    assert (decided, evaluation.truths) == ((0,), (Truth.FAILS,))
    later = replace(early, end_ns=early.end_ns + 1, attributes={})
    evaluation, decided = evaluation.advance([later])
    assert (decided, evaluation.truths, evaluation.revised) == ((), (Truth.FAILS,), (early.span_id,))
    for closed in (False, True):
        (check,) = evaluation.evaluated(closed=closed).checks
        assert check.judgement.truth is Truth.UNDECIDED
        assert check.judgement.reason == (
            f"it was decided (fails) before another copy of span {early.span_id} came, with which it is not"
        )


def test_a_copy_that_changes_nothing_leaves_the_verdict() -> None:
    """Another copy with which the check comes out the same is no contradiction."""
    early = span("a", id="1", start=0, end=5)
    evaluation = begun(plan_of(expected('no span[name = "a"]')), triggered=True)
    evaluation, _ = evaluation.advance([early])
    evaluation, _ = evaluation.advance([replace(early, end_ns=early.end_ns + 1)])
    (check,) = evaluation.evaluated(closed=True).checks
    assert check.judgement.truth is Truth.FAILS


def test_linked_traces_are_looked_at() -> None:
    """A span of another trace that links into this one can decide a check."""
    cause = span("send", id="1", resource=HOST)
    effect = replace(span("take", id="2", links=[cause], resource=HOST), trace_id="2" * 32)
    text = 'some span[name = "send"] leads to span[name = "take"]'
    evaluation = begun(plan_of(expected(text)), triggered=True)
    evaluation, _ = evaluation.advance([cause])
    assert evaluation.truths == (Truth.UNDECIDED,)
    evaluation, decided = evaluation.advance([effect])
    assert (evaluation.truths, decided) == ((Truth.HOLDS,), (0,))
