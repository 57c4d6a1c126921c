"""A spec's assertions over its selection: each must hold on every span selected.

While spans are still to come an assertion fails as soon as a span that stays selected violates it, and is undecided
else; an assertion about sets of spans is decided as soon as bounds over the sure ones decide it. When nothing is
selected only assertions about sets of spans are evaluated (row 21); under `COMPAT` all are, once, without a span.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from spanspec.language.comparing.forms import as_number, shortened
from spanspec.language.dialect import Dialect
from spanspec.language.expressions import SELECTED_SPANS, evaluate
from spanspec.language.format import format as written
from spanspec.language.functions import FUNCTIONS
from spanspec.language.grammar.walk import walk
from spanspec.language.judging.early_specs import early, of_whole
from spanspec.language.judging.judge import Judge
from spanspec.language.judging.outputs import OutputVerdict, evaluate_output
from spanspec.language.judging.span_checks import (
    Seen,
    SpanVerdict,
    counts,
    is_fixed,
    look_at,
    names_in,
    parts_of,
)
from spanspec.language.judging.trouble import in_the_trace, on_the_way
from spanspec.language.judging.wording import label
from spanspec.language.parser import parse_selector, parse_statement
from spanspec.language.picking.motion import Motion, decide
from spanspec.language.picking.picker import Picker
from spanspec.language.reference.filters import FILTERS as REFERENCE_FILTERS
from spanspec.language.selectors import near_misses, select, sure
from spanspec.language.statements import judge
from spanspec.language.syntax import Call, Comparator, Compare, Expect, Filter, Name, Relate, StandAlone
from spanspec.language.truth import OPEN, Outcome
from spanspec.language.verdict import EvaluationError, Given, Judgement, Truth
from spanspec.model.assemble import with_trigger_root
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.syntax import Selector, Statement
    from spanspec.language.verdict import NearMiss
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span

_MAX_CULPRITS = 100
_TOLD = 3
_MIRRORED = {
    Comparator.LT: Comparator.GT,
    Comparator.LE: Comparator.GE,
    Comparator.GT: Comparator.LT,
    Comparator.GE: Comparator.LE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionVerdict:
    """One assertion of a spec: its judgement, and the verdict on each span in the order of the selection."""

    judgement: Judgement
    span_results: tuple[SpanVerdict, ...] = ()


def judge_spec(selector: Selector, assertions: Sequence[Statement], given: Given) -> tuple[AssertionVerdict, ...]:
    """Judge each assertion over the spans that the selector picks.

    Args:
        selector: The spec's selector.
        assertions: Its assertions, in order.
        given: What has arrived; under `SPECS` and `COMPAT` the trigger's span is joined as the root.
    """
    try:
        spec = _Spec(selector, given)
    except EvaluationError as error:
        return tuple(AssertionVerdict(judgement=_broken(str(error))) for _ in assertions)
    return tuple(_judged(spec, assertion) for assertion in assertions)


def _judged(spec: _Spec, assertion: Statement) -> AssertionVerdict:
    try:
        return spec.judge(assertion)
    except EvaluationError as error:
        return AssertionVerdict(judgement=_broken(str(error)))


def _broken(error: str) -> Judgement:
    return Judgement(truth=Truth.FAILS, reason=error, error=error)


class _Spec:
    """A selector on a trace."""

    def __init__(self, selector: Selector, given: Given) -> None:
        self.selector = selector
        self._apart = given  # the trigger's span not joined: that tells who hangs under it for want of a parent
        self.given = given
        if given.dialect is not Dialect.EXPECT:
            self.given = replace(given, trace=with_trigger_root(given.trace))
        self.spans = select(selector, given)
        self.sure = self.spans if given.closed else sure(selector, given)
        self._near: tuple[NearMiss, ...] | None = None

    @property
    def near(self) -> tuple[NearMiss, ...]:
        """Why nothing is selected; computed once, when asked for."""
        if self._near is None:
            self._near = near_misses(self.selector, self._apart)
        return self._near

    def judge(self, statement: Statement) -> AssertionVerdict:
        """Judge one assertion."""
        if any(isinstance(part, (Expect, Relate, StandAlone)) for part in parts_of(statement)):
            return AssertionVerdict(judgement=judge(statement, self._apart))
        seen = self._seen(statement)
        now = self._closed(statement, seen)
        results = tuple(one.verdict for one in seen)
        if self.given.closed:
            note = differs(self.selector, statement, now.truth, self.given)
            now = replace(now, notes=(*now.notes, note)) if note else now
        else:
            now = self._open(statement, seen, now)
        return AssertionVerdict(judgement=now, span_results=results)

    def _seen(self, statement: Statement) -> list[Seen]:
        if self.spans:
            return [look_at(statement, self.given, span, self.spans) for span in self.spans]
        if self.given.dialect is Dialect.COMPAT or counts(statement):
            return [look_at(statement, self.given, None, ())]
        verdict = SpanVerdict(span_id=None, passed=False, error="no span matched")
        return [Seen(verdict=verdict, missing=True)]

    # --- as if the trace had ended

    def _closed(self, statement: Statement, seen: list[Seen]) -> Judgement:
        failed = [one for one in seen if not one.verdict.passed]
        looked_at = tuple(span.span_id for span in self.spans)
        notes = tuple(dict.fromkeys(note for one in seen for note in one.notes))
        expected = self._expected(statement, (failed or seen)[0])
        actual = (failed or seen)[0].verdict.observed
        if not failed:
            return Judgement(truth=Truth.HOLDS, expected=expected, actual=actual, looked_at=looked_at, notes=notes)
        culprits = tuple(one.verdict.span_id for one in failed if one.verdict.span_id is not None)
        lack = self._lacks(statement, failed[0])
        return Judgement(
            truth=Truth.FAILS,
            reason=visible(self._reason(statement, failed)),
            expected=expected,
            actual=actual,
            spans=culprits[:_MAX_CULPRITS],
            looked_at=looked_at,
            near=() if self.spans else self.near,
            notes=tuple(visible(note) for note in (*notes, *self._around(culprits))),
            lack=lack,
            error=next((one.verdict.error for one in failed if self._is_error(one)), ""),
        )

    def _around(self, culprits: Sequence[SpanId]) -> tuple[str, ...]:
        """Errors and retries around the spans that fail; of a spec that selects nothing, the errors of the trace."""
        if self.given.dialect is Dialect.COMPAT:
            return ()
        picker = Picker(self.given)
        if not self.spans:
            return in_the_trace(picker)
        return on_the_way(
            picker, [picker.forest.number[each] for each in culprits[:_TOLD] if each in picker.forest.number]
        )

    def _is_error(self, one: Seen) -> bool:
        if self.given.dialect is Dialect.COMPAT:
            return bool(one.verdict.error)
        return bool(one.verdict.error) and not one.missing

    def _expected(self, statement: Statement, one: Seen) -> str:
        if isinstance(statement, Compare) and one.verdict.expected:
            return f"{statement.comparator} {one.verdict.expected}"
        return one.verdict.expected

    def _reason(self, statement: Statement, failed: list[Seen]) -> str:
        """One sentence: what was found on the first spans that fail, and how many do."""
        if not self.spans:
            first = failed[0].verdict
            if counts(statement) and not first.error:
                return f"no span matched: {first.observed} is not {self._expected(statement, failed[0])}"
            return first.error or "no span matched"
        told = [self._told(statement, one) for one in failed[:_TOLD]]
        more = f", and {len(failed) - _TOLD} more" if len(failed) > _TOLD else ""
        share = f"{len(failed)} of {len(self.spans)} spans: " if len(self.spans) > 1 else ""
        return f"{share}{'; '.join(told)}{more}"

    def _told(self, statement: Statement, one: Seen) -> str:
        span = next((span for span in self.spans if span.span_id == one.verdict.span_id), None)
        where = label(span) if span is not None else "the trace"
        if one.verdict.error and (one.missing or self.given.dialect is not Dialect.COMPAT):
            return f"{where}: {one.verdict.error}"
        return f"{where}: {shortened(one.verdict.observed, 80)} is not {self._expected(statement, one)}"

    def _lacks(self, statement: Statement, one: Seen) -> bool:
        """Whether it fails only for want of spans: none was selected, or fewer than asked for."""
        if not self.spans and not counts(statement):
            return True
        if not isinstance(statement, Compare) or not _is_count(statement.left):
            return not self.spans and bool(one.verdict.error)
        wanted = as_number(one.verdict.expected)
        upward = statement.comparator in (Comparator.EQ, Comparator.GE, Comparator.GT, Comparator.NE)
        return upward and wanted is not None and len(self.spans) <= wanted

    # --- while spans are still to come

    def _open(self, statement: Statement, seen: list[Seen], now: Judgement) -> Judgement:
        decided = self._early(statement, seen)
        if decided is Truth.HOLDS and now.truth is Truth.HOLDS:
            return now
        if decided is Truth.FAILS and now.truth is Truth.FAILS:
            return replace(now, lack=False)
        lack = now.truth is Truth.FAILS and now.lack
        reason = now.reason if now.truth is Truth.FAILS else "more spans may come"
        return replace(now, truth=Truth.UNDECIDED, reason=reason, lack=lack, error="")

    def _early(self, statement: Statement, seen: list[Seen]) -> Truth:
        """What no further span can change."""
        counting = self._count_outcome(statement)
        if counting is not None:
            return {Outcome.HOLDS: Truth.HOLDS, Outcome.FAILS: Truth.FAILS}.get(counting, Truth.UNDECIDED)
        if not is_fixed(statement):
            whole = of_whole(statement, self.selector, self.given.dialect)
            return Truth.UNDECIDED if whole is None else early(statement, whole, self._judge, self._sure_nodes())
        stays = {span.span_id for span in self.sure}
        violated = {
            one.verdict.span_id
            for one in seen
            if one.verdict.span_id in stays and not one.verdict.passed and not one.undecided
        }
        elsewhere = [name for name in names_in(statement) if name.via]
        if elsewhere:  # where the trigger's id is only guessed, who has a parent is not known yet
            violated.difference_update(span.span_id for span in self.sure if self._moves(elsewhere, span))
        return Truth.FAILS if violated else Truth.UNDECIDED

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._apart)

    def _sure_nodes(self) -> list[int]:
        return [self._judge.picker.node(span) for span in self.sure]

    def _moves(self, names: Sequence[Name], span: Span) -> bool:
        look = self._judge.picker.predicates.look
        try:
            return any(look(name, span).undecided for name in names)
        except EvaluationError:  # a name that cannot stand here never can
            return False

    def _count_outcome(self, statement: Statement) -> Outcome | None:
        """What a comparison of the number of selected spans may become; None when it is another statement."""
        if not isinstance(statement, Compare):
            return None
        left, comparator, right = statement.left, statement.comparator, statement.right
        if _is_count(right) and not _is_count(left):
            left, comparator, right = right, _MIRRORED.get(comparator, comparator), left
        if not _is_count(left) or any(
            not _is_variable(name) for name in names_in(Compare(left=right, comparator=comparator, right=right))
        ):
            return None
        try:
            bound = evaluate(right, self.given)
            return decide(len(self.sure), comparator, bound, Motion.GROW, self.given.dialect)
        except EvaluationError:
            return OPEN


def differs(selector: Selector, statement: Statement, truth: Truth, given: Given) -> str:
    """The note for a check whose verdict the reference would turn round; empty for any other.

    What the reference cannot read has no verdict there, and no note.

    Args:
        selector: The spec's selector.
        statement: The assertion.
        truth: Its verdict under `SPECS`, the trace being whole.
        given: What it was judged on, the trigger's span joined.
    """
    if given.dialect is not Dialect.SPECS or not isinstance(statement, Compare):
        return ""
    old_statement = parse_statement(written(statement, Dialect.SPECS), Dialect.COMPAT).node
    old_selector = parse_selector(written(selector, Dialect.SPECS), Dialect.COMPAT).node
    if old_statement is None or old_selector is None or not _is_known(old_statement):
        return ""
    try:
        spec = _Spec(old_selector, replace(given, dialect=Dialect.COMPAT))
    except EvaluationError:
        return ""
    old = spec.judge(old_statement).judgement.truth
    if old is truth:
        return ""
    verdict = "passes" if old is Truth.HOLDS else "fails"
    return f"verdict-differs: this check {verdict} under compat: tracetest"


def _is_known(statement: Statement) -> bool:
    """Whether the reference has every filter and function that the statement names."""
    for part in walk(statement):
        if isinstance(part, Filter) and part.name not in REFERENCE_FILTERS:
            return False
        if isinstance(part, Call) and part.name not in FUNCTIONS:
            return False
    return True


def _is_count(node: object) -> bool:
    return isinstance(node, Name) and node.key == f"{SELECTED_SPANS}count"


def _is_variable(name: Name) -> bool:
    return name.place.value in ("var", "env")


__all__ = ["AssertionVerdict", "OutputVerdict", "SpanVerdict", "differs", "evaluate_output", "judge_spec"]
