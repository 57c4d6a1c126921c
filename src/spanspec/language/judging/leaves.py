"""The leaves of a watched statement: what each kind keeps while spans come, and when it fires. See `watching`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from spanspec.language.aggregates import EMPTY_ALLOWED, arguments_of
from spanspec.language.grammar.walk import walk
from spanspec.language.judging import measures
from spanspec.language.judging.bounding import Bounding
from spanspec.language.judging.comparisons import calls_in, names_in
from spanspec.language.judging.counting import bounds_of
from spanspec.language.judging.pairs import Pairs
from spanspec.language.judging.standalone import threshold_of
from spanspec.language.picking.convert import as_predicate, has_negation
from spanspec.language.picking.growth import Grove, Members
from spanspec.language.picking.motion import SELECTED_SPANS
from spanspec.language.picking.own import Tests, of_span_alone
from spanspec.language.syntax import (
    And,
    Chain,
    Compare,
    Exists,
    Expect,
    Has,
    Implies,
    Name,
    Not,
    Or,
    Place,
    PredicateAnd,
    Relate,
    Selector,
    StandAlone,
)
from spanspec.language.truth import OPEN, Outcome, negate
from spanspec.language.verdict import EvaluationError
from spanspec.model.span import StatusCode

if TYPE_CHECKING:
    from spanspec.language.judging.counting import Bounds
    from spanspec.language.judging.judge import Judge
    from spanspec.language.picking.predicates import Predicates
    from spanspec.language.syntax import Call, Predicate, Statement
    from spanspec.language.verdict import Given
    from spanspec.model.span import Span

_SINGLE = (Outcome.HOLDS, Outcome.FAILS, Outcome.VOID, Outcome.CLOCK)


class Surroundings:
    """What all watches of one trace share: the spans, the tests on them, the selections.

    Attributes:
        grove: The spans.
        tests: The tests on them.
        hot: Whether what is kept says too little, since spans of other traces came or parents form a cycle.
    """

    def __init__(self, given: Given, predicates: Predicates, top: Span | None = None) -> None:
        self.given = given
        self.grove = Grove(top)
        self.tests = Tests(self.grove, predicates)
        self.hot = False
        self._known: WeakValueDictionary[Selector, Members] = WeakValueDictionary()
        self._used: list[Members] = []

    def members(self, selector: Selector) -> Members:
        """What a selector may surely pick, to be asked for before the first span; equal selectors share it."""
        found = self._known.get(selector)
        if found is None:
            found = self._known[selector] = Members(selector, self.grove, self.tests)
            self._used.append(found)
        return found

    def prune(self) -> None:
        """Follow no longer what no watch holds on to."""
        self._used.clear()
        self._used.extend(self._known.values())

    def add(self, span: Span) -> int:
        """Take in a span that has not come before."""
        node = self.grove.add(span)
        self.hot = self.hot or self.grove.cyclic
        for members in self._used:
            members.arrive(node)
        return node


class Leaf:
    """One leaf; by itself, one that fires at each span.

    Attributes:
        mask: What it may end with.
    """

    watched = True

    def __init__(self, statement: Statement, mask: Outcome) -> None:
        self.statement = statement
        self.mask = mask
        self._fired = False

    @property
    def final(self) -> bool:
        """Whether no span changes its mask any more."""
        return self.mask in _SINGLE

    def arrive(self, node: int, *, hot: bool) -> bool:
        """Take in the span that came last; whether it may have been decided by it."""
        if self.watched and not self.final and (self.fires(node) or hot):
            self._fired = True
        return self._fired

    def fires(self, node: int) -> bool:
        """Whether what is kept suffices for a decision that was not there before."""
        return True

    def rouse(self) -> None:
        """Have it weighed if it may still change."""
        self._fired = self.watched and not self.final

    def look(self, judge: Judge) -> None:
        """Weigh it if it fired."""
        if self._fired:
            self._fired = False
            self.mask = judge.weigh(self.statement).may


class Never(Leaf):
    """One that is decided now, or only when the trace closes."""

    watched = False

    def fires(self, node: int) -> bool:
        """Never."""
        return False


class WhenThere(Leaf):
    """Fires once each of some selections has enough members.

    Then it fires at each span, or, where the selections say all (`whole`) and are exact, at each new member.
    """

    def __init__(self, statement: Statement, mask: Outcome, *needed: tuple[Members, int], whole: bool = True) -> None:
        super().__init__(statement, mask)
        self._needed = needed
        self._exact = whole and all(members.exact for members, _ in needed)
        self._seen = 0

    def fires(self, node: int) -> bool:
        """Whether there are enough."""
        total = 0
        for members, count in self._needed:
            if len(members) < count:
                return False
            total += len(members)
        if self._exact and total == self._seen:
            return False
        self._seen = total
        return True


class Where(Leaf):
    """`quantifier S where C`, C about the span at hand alone: counts the members on which C does what decides."""

    def __init__(
        self, statement: Expect, mask: Outcome, members: Members, bounds: Bounds, around: Surroundings
    ) -> None:
        super().__init__(statement, mask)
        assert statement.where is not None
        predicate = as_predicate(statement.where)
        assert predicate is not None
        if bounds.every and has_negation(statement.where):
            predicate = _all_there(predicate)
        self._members = members
        self._test = around.tests.of(predicate)
        self._every = bounds.every
        self._enough = 1 if bounds.every else bounds.enough + 1
        self._taken = self._count = 0

    def fires(self, node: int) -> bool:
        """Whether enough members satisfy C, or one violates it."""
        log, added = self._members.log, False
        for member in log[self._taken :]:
            if self._test.at(member) is not self._every:
                self._count += 1
                added = True
        self._taken = len(log)
        return self._count >= self._enough and (added or not self._members.exact)


def _all_there(predicate: Predicate) -> Predicate:
    """The predicate, and that all it names is there: under `every` what is missing is no ground for `not`."""
    there = (Has(name=name, present=True) for name in walk(predicate) if isinstance(name, Name))
    return PredicateAnd(operands=(predicate, *there))


class Errors(Leaf):
    """`no_errors()`: an error that is not excepted, or that may come not to be."""

    def __init__(self, statement: Statement, mask: Outcome, around: Surroundings, *, excepting: bool) -> None:
        super().__init__(statement, mask)
        self._grove = around.grove
        self._excepting = excepting
        self._some = False

    def fires(self, node: int) -> bool:
        """Whether there is an error."""
        new = self._grove.spans[node].status is StatusCode.ERROR
        self._some = self._some or new
        return self._some if self._excepting else new


class Repeats(Leaf):
    """`no_n_plus_one()`: the largest group."""

    def __init__(self, statement: Statement, mask: Outcome, around: Surroundings, threshold: int) -> None:
        super().__init__(statement, mask)
        self._grove, self._threshold = around.grove, threshold
        self._groups: dict[tuple[str, str], int] = {}

    def fires(self, node: int) -> bool:
        """Whether a group is large enough."""
        span = self._grove.spans[node]
        if span.parent_id is None or not measures.is_outgoing(span):
            return False
        key = (span.parent_id, measures.fingerprint(span))
        self._groups[key] = self._groups.get(key, 0) + 1
        return self._groups[key] >= self._threshold


class Value(Leaf):
    """A comparison of values over sets: what the running bounds make of it."""

    def __init__(self, statement: Compare, mask: Outcome, bounding: Bounding) -> None:
        super().__init__(statement, mask)
        self._bounding = bounding

    def fires(self, node: int) -> bool:
        """Whether the bounds say something that was not known."""
        if not self._bounding.arrive(node):
            return False
        mask = self._bounding.mask()
        return mask not in (OPEN, self.mask)


class Related(Leaf):
    """A relation: enough pairs."""

    def __init__(self, statement: Relate, mask: Outcome, pairs: Pairs) -> None:
        super().__init__(statement, mask)
        self._pairs = pairs

    def fires(self, node: int) -> bool:
        """Whether there is a new pair, and enough of them."""
        return self._pairs.arrive(node)


# --- which leaf a statement is


def leaf_of(statement: Statement, around: Surroundings, judge: Judge) -> Leaf:
    """The leaf that watches a statement, weighed before the first span."""
    mask = judge.weigh(statement).may
    if mask in _SINGLE:
        return Never(statement, mask)
    try:
        return _leaf(statement, mask, around, judge)
    except EvaluationError:
        return Leaf(statement, mask)


def _leaf(statement: Statement, mask: Outcome, around: Surroundings, judge: Judge) -> Leaf:
    if isinstance(statement, Expect):
        return _of_expect(statement, mask, around, judge)
    if isinstance(statement, Relate):
        return _of_relate(statement, mask, around, judge)
    if isinstance(statement, StandAlone):
        return _of_call(statement, mask, around, judge)
    if isinstance(statement, Compare):
        return _of_compare(statement, mask, around, judge)
    if isinstance(statement, Exists) and statement.name.place in (Place.RESPONSE, Place.VAR, Place.ENV):
        return Never(statement, mask)
    return Leaf(statement, mask)


def _of_expect(statement: Expect, mask: Outcome, around: Surroundings, judge: Judge) -> Leaf:
    bounds = bounds_of(statement.quantifier, judge.given)
    members = around.members(statement.selector)
    if members.never:
        return Never(statement, mask)
    if statement.where is None:
        return WhenThere(statement, mask, (members, bounds.enough + 1))
    wanted = Outcome.FAILS | Outcome.VOID if bounds.every else Outcome.HOLDS
    if not decidable(statement.where, judge.given) & wanted:
        return Never(statement, mask)
    predicate = as_predicate(statement.where)
    if predicate is not None and of_span_alone(predicate, answered=judge.given.response is not None):
        return Where(statement, mask, members, bounds, around)
    if bounds.every and (composite := _composite(statement, around, judge)) is not None:
        return WhenThere(statement, mask, (members, 1), composite)
    return WhenThere(statement, mask, (members, 1 if bounds.every else bounds.enough + 1), whole=False)


def _composite(statement: Expect, around: Surroundings, judge: Judge) -> tuple[Members, int] | None:
    """For a condition `no > B`: the spans that stand so to a member, of which there must be some."""
    inner = statement.where
    if not isinstance(inner, Expect) or not inner.selector.relative or inner.where is not None:
        return None
    steps = [step for chain in statement.selector.chains for step in chain.steps]
    if not steps or any(step.group is not None for step in steps):
        return None
    chains = tuple(
        Chain(steps=(*upper.steps, *lower.steps))
        for upper in statement.selector.chains
        for lower in inner.selector.chains
    )
    members = around.members(Selector(chains=chains))
    return members, 1 if members.exact else 0


def decidable(statement: Statement, given: Given) -> Outcome:
    """What a condition on a span that is there may become before the trace closes; some that it cannot may be in it."""
    if isinstance(statement, Expect):
        if any(isinstance(part, Name) and part.key.startswith(SELECTED_SPANS) for part in walk(statement)):
            return OPEN
        bounds = bounds_of(statement.quantifier, given)
        if bounds.every and statement.where is not None:
            return Outcome.FAILS | Outcome.VOID
        return Outcome.HOLDS if bounds.high is None else Outcome.FAILS
    if isinstance(statement, Not):
        return negate(decidable(statement.operand, given))
    if isinstance(statement, (And, Or)):
        found = Outcome(0)
        for operand in statement.operands:
            found |= decidable(operand, given)
        return found
    if isinstance(statement, Implies):
        return negate(decidable(statement.left, given)) | decidable(statement.right, given)
    return OPEN


def _of_relate(statement: Relate, mask: Outcome, around: Surroundings, judge: Judge) -> Leaf:
    outer, inner = bounds_of(statement.quantifier, judge.given), bounds_of(statement.right_quantifier, judge.given)
    left, right = around.members(statement.left), around.members(statement.right)
    if left.never or (right.never and (inner.every or inner.low > 0 or inner.high is not None)):
        return Never(statement, mask)
    if outer.every and not inner.every and inner.high is None:
        return Never(statement, mask)
    if not outer.every and (inner.every or inner.high is not None):
        return Never(statement, mask)
    if inner.every or not (left.exact and right.exact):
        needed = 1 if inner.low or inner.every or inner.high is not None else 0
        return WhenThere(statement, mask, (left, 1), (right, needed), whole=inner.every)
    return Related(statement, mask, Pairs(statement, around, outer, inner))


def _of_call(statement: StandAlone, mask: Outcome, around: Surroundings, judge: Judge) -> Leaf:
    call: Call = statement.call
    if call.name in ("no_orphans", "complete"):
        return Never(statement, mask)
    if call.name == "no_errors":
        return Errors(statement, mask, around, excepting=bool(call.arguments))
    if call.name == "no_n_plus_one" and around.grove.top is None:
        return Repeats(statement, mask, around, threshold_of(judge, call))
    return Leaf(statement, mask)


def _of_compare(statement: Compare, mask: Outcome, around: Surroundings, judge: Judge) -> Leaf:
    sides = (statement.left, statement.right)
    calls = [call for side in sides for call in calls_in(side)]
    names = [name for side in sides for name in names_in(side)]
    if not calls and not any(name.place is Place.TRACE for name in names):
        return Never(statement, mask)
    bounding = Bounding(statement, around, judge)
    if bounding.free:
        return Never(statement, mask)
    if not bounding.followed:
        needed = [
            (around.members(selector), int(call.name not in EMPTY_ALLOWED))
            for call in calls
            for selector in arguments_of(call).selectors
        ]
        return WhenThere(statement, mask, *needed, whole=False)
    return Value(statement, mask, bounding)
