"""Watching a spec's assertions while spans come; see `watching`. The word on each is `judge_spec`'s."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.language.assertions import judge_spec
from spanspec.language.dialect import Dialect
from spanspec.language.grammar.walk import walk
from spanspec.language.judging.early_specs import of_sets_alone, of_whole
from spanspec.language.judging.span_checks import is_fixed, look_at
from spanspec.language.judging.watching import Watch
from spanspec.language.picking.own import of_span_alone
from spanspec.language.syntax import Expect, Relate, StandAlone
from spanspec.language.verdict import Truth
from spanspec.model.assemble import TEMPORARY_NAME, TRIGGER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spanspec.language.judging.leaves import Surroundings
    from spanspec.language.picking.growth import Members
    from spanspec.language.syntax import Selector, Statement
    from spanspec.language.verdict import Given
    from spanspec.model.span import Span


class _Violations:
    """Whether a member may have been found to violate an assertion that is about a member alone."""

    def __init__(self, assertion: Statement, given: Given, members: Members, top: Span | None) -> None:
        self._assertion, self._given = assertion, given
        self._exact = members.exact
        self._some = top is not None and members.top and self._violates(top)

    def _violates(self, span: Span) -> bool:
        return not look_at(self._assertion, self._given, span, (span,)).verdict.passed

    def __call__(self, new: list[Span]) -> bool:
        """Take new members in; whether one violates it, or an older one may be sure only now."""
        found = any(self._violates(span) for span in new)
        self._some = self._some or found
        return found if self._exact else self._some


class SpecWatch:
    """The assertions of one spec.

    Attributes:
        truths: What is known of each on the spans taken in.
    """

    def __init__(self, selector: Selector, assertions: Sequence[Statement], around: Surroundings, given: Given) -> None:
        """Begin before the first span; `given` is open and has the spec's dialect."""
        self._selector, self._assertions = selector, tuple(assertions)
        self._around, self._given = around, given
        self._compat = given.dialect is Dialect.COMPAT
        self._members = around.members(selector)
        self._gates = [self._gate(assertion) for assertion in assertions]
        self._taken = 0
        self.truths = [Truth.UNDECIDED] * len(self._assertions)
        self._asked = set(range(len(self._assertions)))
        self.look(given)

    def _gate(self, assertion: Statement) -> Watch | Callable[[list[Span]], bool]:
        """What says whether an assertion may have been decided: another watch, or a function of the new members."""
        if any(isinstance(part, (Expect, Relate, StandAlone)) for part in walk(assertion)):
            return Watch(assertion, self._around, self._given)
        if self._compat:
            return lambda _new: True
        if is_fixed(assertion):
            if of_span_alone(assertion, answered=self._given.response is not None):
                given = replace(self._around.given, closed=True)
                return _Violations(assertion, given, self._members, self._around.grove.top)
        else:
            whole = of_whole(assertion, self._selector, self._given.dialect)
            if whole is not None and of_sets_alone(whole):
                return Watch(whole, self._around, self._given)
        return lambda _new: len(self._members) > 0

    def arrive(self, node: int) -> bool:
        """Take in the span that came last; whether an assertion may have been decided by it."""
        around = self._around
        around.hot = around.hot or around.grove.spans[node].name in (TRIGGER_NAME, TEMPORARY_NAME)
        log = self._members.log
        new = [around.grove.spans[member] for member in log[self._taken :]]
        self._taken = len(log)
        for index, gate in enumerate(self._gates):
            if self.truths[index] is not Truth.UNDECIDED:
                continue
            if isinstance(gate, Watch):  # what is not about sets waits for a span too
                fired = gate.arrive(node) or (gate.truth is not Truth.UNDECIDED and len(self._members) > 0)
            else:
                fired = gate(new)
            if fired or around.hot:
                self._asked.add(index)
        return bool(self._asked)

    def rouse(self) -> None:
        """Have every assertion judged that may still change."""
        self._asked.update(index for index, truth in enumerate(self.truths) if truth is Truth.UNDECIDED)

    def look(self, given: Given) -> list[Truth]:
        """Judge the assertions that were asked for on the trace at hand."""
        asked, self._asked = sorted(self._asked), set()
        if asked:
            verdicts = judge_spec(self._selector, [self._assertions[index] for index in asked], given)
            for index, verdict in zip(asked, verdicts, strict=True):
                self.truths[index] = verdict.judgement.truth
                gate = self._gates[index]
                if isinstance(gate, Watch):
                    gate.look(given)
        return self.truths
