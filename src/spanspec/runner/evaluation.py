"""A plan's checks followed while spans come: `Evaluation.advance(batch)`, a value like `evaluate`'s result.

`evaluate` is the reference: after any batches the truth of each check is what `evaluate` says of all their spans together
while the trace is open. It is reached without evaluating at each batch:

- spans go into an `Assembly`, which shares what a batch does not touch; the trace is made when someone asks for it;
- each undecided check has a watch (`language.judging.watching`), which takes in each new span once, in about constant
  time, and says whether the span may have decided it; only then is the check judged, by the language's own judge;
- a decided check is let go: it is not looked at again.

Spans of another trace, cycles of parents and `compat: tracetest` are not followed; their checks are judged at each batch.

Another copy of a span that is there already may take its place (the greater end, then the greater content). What rested on
the copy before is then followed anew, from the beginning, for the checks that are undecided. A decision given before stays
given, and is the late-span rule's: where the whole trace says something else, `reconciled` makes the check inconclusive and
names the span.

The watches are changed in place, and the newest `Evaluation` owns them; an older one that is advanced again makes its own
from its spans. So each is a value, and a chain of them costs what the last one holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spanspec.definition.plan import ExpectPlan
from spanspec.language.dialect import Dialect
from spanspec.language.judging.leaves import Surroundings
from spanspec.language.judging.spec_watching import SpecWatch
from spanspec.language.judging.watching import Watch
from spanspec.language.picking.picker import Picker
from spanspec.language.verdict import Truth
from spanspec.model.assembly import Assembly
from spanspec.runner.evaluate import Evaluated, awaiting_outputs, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.definition.plan import Plan, SpecPlan
    from spanspec.language.syntax import Statement
    from spanspec.language.verdict import Given
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """What is known of a plan's checks on what has come.

    Attributes:
        plan: The plan.
        given: The response, variables and so on, open; its trace has no spans.
        assembly: The spans.
        truths: Of each check, in the order of `Evaluated.checks`.
        until: What is known of the `until` statement; None without one.
        revised: Ids of spans whose copy was replaced by another after a decision, in order, each once.
    """

    plan: Plan
    given: Given
    assembly: Assembly
    truths: tuple[Truth, ...]
    until: Truth | None = None
    revised: tuple[SpanId, ...] = ()
    _watches: _Watches
    _step: int = field(default=0)

    @classmethod
    def begin(cls, plan: Plan, given: Given) -> Evaluation:
        """Before the first span.

        Args:
            plan: The plan.
            given: What to look at; its trace gives the id, the trigger's span and the injected id, and has no spans.
        """
        given = replace(given, closed=False, whole=None)
        trace = given.trace
        assembly = Assembly(trace_id=trace.trace_id, injected=trace.injected, trigger=trace.trigger)
        watches = _Watches(plan, given)
        return cls(
            plan=plan, given=given, assembly=assembly, truths=watches.truths(), until=watches.until, _watches=watches
        )

    @property
    def trace(self) -> Trace:
        """All that has come; made when it is first asked for."""
        return self.assembly.trace

    @property
    def undecided(self) -> int:
        """How many checks may still change."""
        return self.truths.count(Truth.UNDECIDED)

    @property
    def failed(self) -> bool:
        """Whether a check fails for good."""
        return Truth.FAILS in self.truths

    def advance(self, batch: Iterable[Span]) -> tuple[Evaluation, tuple[int, ...]]:
        """Take in more spans.

        Args:
            batch: Spans in any order, of the awaited trace and of traces linked with it; some may be known already.

        Returns:
            The evaluation with them, and the indices of the checks that they decided.
        """
        awaited = self.given.trace.trace_id
        own: list[Span] = []
        linked: list[Span] = []
        for span in batch:
            (own if span.trace_id == (awaited or span.trace_id) else linked).append(span)
        assembly = self.assembly.add(own, linked=linked)
        watches = self._watches
        if watches.step != self._step or assembly.changed:
            watches = _Watches(self.plan, self.given)
            watches.take(assembly.trace.spans, linked=bool(assembly.trace.linked))
        else:
            watches.take(assembly.fresh, linked=bool(linked))
        watches.look(assembly)
        truths = tuple(
            old if old is not Truth.UNDECIDED else new for old, new in zip(self.truths, watches.truths(), strict=True)
        )
        decided = tuple(index for index, truth in enumerate(truths) if truth is not self.truths[index])
        revised = [span.span_id for span in assembly.changed] if self.undecided < len(self.truths) else []
        made = replace(
            self, assembly=assembly, truths=truths, until=watches.until, _watches=watches, _step=watches.step,
            revised=tuple(dict.fromkeys((*self.revised, *revised))),
        )  # fmt: skip
        return made, decided

    def evaluated(self, *, closed: bool = False, whole: bool | None = None) -> Evaluated:
        """Every check judged on what has come, with its evidence; what was decided otherwise before is inconclusive.

        Args:
            closed: Whether no further span will come.
            whole: What `complete()` says then.
        """
        found = evaluate(self.plan, replace(self.given, trace=self.trace, closed=closed, whole=whole))
        return self.reconciled(found)

    def reconciled(self, found: Evaluated) -> Evaluated:
        """The judgements, a check that was decided otherwise before a span's copy was replaced made inconclusive."""
        checks = list(found.checks)
        for index, (check, truth) in enumerate(zip(found.checks, self.truths, strict=True)):
            if not self.revised or truth is Truth.UNDECIDED or check.judgement.truth is truth:
                continue
            copies = ", ".join(self.revised[:3])
            reason = f"it was decided ({truth}) before another copy of span {copies} came, with which it is not"
            judgement = replace(check.judgement, truth=Truth.UNDECIDED, reason=reason, lack=False, error="")
            checks[index] = replace(check, judgement=judgement)
        return replace(found, checks=tuple(checks))


class _Watches:
    """The watches of a plan's undecided checks.

    Attributes:
        step: Counts the batches taken in.
        until: What is known of the `until` statement; None without one.
    """

    def __init__(self, plan: Plan, given: Given) -> None:
        self.step = 0
        self._given = given
        self._around: dict[Dialect, Surroundings] = {}
        self._truths: list[list[Truth]] = []
        self._live: dict[int, Watch | SpecWatch] = {}
        self._asked: set[int] = set()
        for index, check in enumerate(plan.checks):
            if isinstance(check, ExpectPlan):
                self._truths.append([Truth.UNDECIDED])
                if not awaiting_outputs(plan, check.statement):
                    self._live[index] = self._statement(check.statement)
            else:
                self._truths.append([Truth.UNDECIDED] * len(check.assertions))
                self._live[index] = self._spec(check)
        self._until = None if plan.settle.until is None else self._statement(plan.settle.until)
        self._plan = plan
        for index in list(self._live):
            self._note(index)

    def _statement(self, statement: Statement) -> Watch:
        given = replace(self._given, dialect=Dialect.EXPECT)
        return Watch(statement, self._surroundings(Dialect.EXPECT), given)

    def _spec(self, check: SpecPlan) -> SpecWatch:
        statements = [assertion.statement for assertion in check.assertions]
        given = replace(self._given, dialect=check.dialect)
        return SpecWatch(check.selector, statements, self._surroundings(check.dialect), given)

    def _surroundings(self, dialect: Dialect) -> Surroundings:
        found = self._around.get(dialect)
        if found is None:
            picker = Picker(replace(self._given, dialect=dialect))
            top = None if dialect is Dialect.EXPECT else next(iter(picker.given.trace.spans), None)
            found = self._around[dialect] = Surroundings(picker.given, picker.predicates, top)
        return found

    @property
    def until(self) -> Truth | None:
        """What is known of the `until` statement; None without one."""
        return None if self._until is None else self._until.truth

    def truths(self) -> tuple[Truth, ...]:
        """Of each check, in the order of `Evaluated.checks`."""
        return tuple(truth for group in self._truths for truth in group)

    def take(self, spans: Iterable[Span], *, linked: bool) -> None:
        """Take in spans that have not come before."""
        for around in self._around.values():
            around.hot = around.hot or linked
        for span in spans:
            nodes = {dialect: around.add(span) for dialect, around in self._around.items()}
            node = next(iter(nodes.values()), 0)
            for index, watch in self._live.items():
                if watch.arrive(node):
                    self._asked.add(index)
            if self._until is not None and self._until.truth is Truth.UNDECIDED and self._until.arrive(node):
                self._asked.add(-1)
        if linked:
            self._rouse()
        self.step += 1

    def _rouse(self) -> None:
        """Ask for every check, since something has come that is not followed."""
        for index, watch in self._live.items():
            watch.rouse()
            self._asked.add(index)
        if self._until is not None:
            self._until.rouse()
            self._asked.add(-1)

    def look(self, assembly: Assembly) -> None:
        """Judge the checks that may have been decided."""
        asked, self._asked = sorted(self._asked), set()
        if not asked:
            return
        given = replace(self._given, trace=assembly.trace)
        for index in asked:
            if index < 0:
                assert self._until is not None
                self._until.look(replace(given, dialect=Dialect.EXPECT))
                continue
            check = self._plan.checks[index]
            dialect = Dialect.EXPECT if isinstance(check, ExpectPlan) else check.dialect
            self._live[index].look(replace(given, dialect=dialect))
            self._note(index)
        for around in self._around.values():
            around.prune()

    def _note(self, index: int) -> None:
        """Keep what is known of a check, and let go of it once all of that is decided."""
        watch, check = self._live[index], self._plan.checks[index]
        if isinstance(watch, Watch):
            self._truths[index] = [watch.truth]
        else:
            assert not isinstance(check, ExpectPlan)
            self._truths[index] = [
                Truth.UNDECIDED if awaiting_outputs(self._plan, assertion.statement) else truth
                for assertion, truth in zip(check.assertions, watch.truths, strict=True)
            ]
        if Truth.UNDECIDED not in self._truths[index]:
            del self._live[index]
