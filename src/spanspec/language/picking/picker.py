"""Selection on one trace: which spans a selector picks, which of them for good, and which others it still may.

Steps are walked as sets: descendants, ancestors and causes of many spans cost one walk over the trace; of few spans,
only what lies around them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from spanspec.language.dialect import Dialect
from spanspec.language.picking.forest import NONE, Forest
from spanspec.language.picking.predicates import Predicates, Worth, counts_selection, flat, joined
from spanspec.language.picking.pseudos import ORDERING, by_order, fixed_pseudo
from spanspec.language.reference import selectors as reference_selectors
from spanspec.language.syntax import Combinator, Compares, PredicateAnd
from spanspec.language.truth import OPEN, Outcome, conjunction
from spanspec.language.values import compare
from spanspec.language.verdict import EvaluationError, Given
from spanspec.model.assemble import with_trigger_root

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from spanspec.language.picking.columns import Split
    from spanspec.language.syntax import Chain, Predicate, Pseudo, Selector, Step
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace

_FEW = 16
_INVERSE = {
    Combinator.DESCENDANT: Combinator.ANCESTOR,
    Combinator.ANCESTOR: Combinator.DESCENDANT,
    Combinator.CHILD: Combinator.PARENT,
    Combinator.PARENT: Combinator.CHILD,
    Combinator.SIBLING: Combinator.SIBLING,
}


@dataclass(frozen=True, slots=True)
class Picked:
    """What a selector picks.

    Attributes:
        now: Node numbers in trace order, as if the trace had ended; duplicates only under `COMPAT`.
        sure: Those that no further span can revoke.
        void: Whether for some span it could not be said, since types did not compare.
    """

    now: tuple[int, ...] = ()
    sure: frozenset[int] = field(default_factory=frozenset)
    void: bool = False


class Picker:
    """Evaluates selectors over one `Given`, remembering what does not depend on a span at hand.

    Attributes:
        given: What is evaluated on, the trigger's span joined where the dialect has it in the trace.
        open_given: The same as if it were open; an injected id that is only a guess is left out.
        forest: The trace as nodes.
        predicates: The evaluator of brackets.
    """

    def __init__(self, given: Given) -> None:
        trace = given.trace
        uncertain: tuple[tuple[SpanId, SpanId | None], ...] = ()
        if given.dialect is not Dialect.EXPECT and trace.trigger is not None:
            uncertain = tuple((span.span_id, span.parent_id) for span in trace.orphans)
            given = replace(given, trace=_with_root(trace))
        self.given = given
        explicit = _injection_is_explicit(given, trace)
        self.open_given = replace(given, closed=False)
        if not explicit:
            self.open_given = replace(self.open_given, trace=replace(given.trace, injected=None))
        self.forest = _forest_of(given.trace, uncertain, explicit)
        self.predicates = Predicates(given, self.open_given, self.forest.uncertain.keys())
        self._whole: dict[int, Picked] = {}
        self._possible: dict[int, frozenset[int]] = {}
        self._having: dict[int, tuple[frozenset[int], frozenset[int], bool] | None] = {}
        self._stripped: dict[int, tuple[Predicate | None, list[Compares]]] = {}
        self._splits: dict[int, Split | None] = {}
        self._kept: list[object] = []

    # --- from spans to nodes and back

    def spans(self, nodes: Iterable[int]) -> tuple[Span, ...]:
        """The spans of nodes."""
        return tuple(self.forest.spans[node] for node in nodes)

    def node(self, span: Span) -> int:
        """The number of a span of the trace."""
        return self.forest.number[span.span_id]

    def picked_now(self, selector: Selector, span: Span | None) -> tuple[int, ...]:
        """The nodes that a selector picks as if the trace had ended, read from a span if it is relative."""
        return self.pick(selector, None if span is None else self.node(span)).now

    @property
    def first_error(self) -> str:
        """The first comparison that could not be made, in words."""
        return next(iter(self.predicates.errors), "a comparison could not be made")

    # --- selecting

    def pick(self, selector: Selector, origin: int | None = None) -> Picked:
        """Select; relative selectors are read from `origin`.

        Raises:
            EvaluationError: The selector is relative and there is no span at hand.
        """
        if not selector.relative:
            known = self._whole.get(id(selector))
            if known is None:
                self._kept.append(selector)
                known = self._whole[id(selector)] = self._pick(selector, None)
            return known
        if origin is None:
            raise EvaluationError("a selector that begins with a combinator needs a span to start from")
        return self._pick(selector, origin)

    def pick_anywhere(self, selector: Selector) -> Picked:
        """Select, first steps taking spans of linked traces too."""
        if self.forest.own == len(self.forest.spans):
            return self.pick(selector)
        return self._pick(selector, None, range(len(self.forest.spans)))

    def _pick(self, selector: Selector, origin: int | None, scope: range | None = None) -> Picked:
        if self.given.dialect is Dialect.COMPAT and reference_selectors.is_classic(selector):
            nodes, sure = reference_selectors.pick(selector, self)
            return Picked(tuple(nodes), sure)
        if not selector.chains:
            every = scope or range(self.forest.own)
            return Picked(tuple(every), frozenset(every))
        parts = [self._chain(chain, origin, scope or range(self.forest.own)) for chain in selector.chains]
        now: set[int] = set().union(*(part.now for part in parts))
        sure = frozenset().union(*(part.sure for part in parts))
        picked = Picked(tuple(sorted(now)), sure, any(part.void for part in parts))
        return self._counted(selector, picked)

    def _counted(self, selector: Selector, picked: Picked) -> Picked:
        """Apply the constraints on the selection's own size."""
        tests = self.count_tests(selector)
        if not tests:
            return picked
        held = all(self._count_holds(test, len(picked.now)) for test in tests)
        return Picked(picked.now if held else (), frozenset(), picked.void)

    def count_tests(self, selector: Selector) -> list[Compares]:
        """The constraints on the selection's own size in a selector's brackets."""
        steps = (step for chain in selector.chains for step in chain.steps)
        return [test for step in steps for test in self.stripped(step)[1]]

    def _count_holds(self, test: Compares, count: int) -> bool:
        right = self.predicates.side(test.value, None)
        return not right.missing and compare(count, test.comparator, right.value, self.given.dialect)

    def stripped(self, step: Step) -> tuple[Predicate | None, list[Compares]]:
        """A step's predicate without the constraints on the selection's size, and those."""
        known = self._stripped.get(id(step))
        if known is None:
            self._kept.append(step)
            operands = list(flat(step.predicate))
            tests = [test for test in operands if isinstance(test, Compares) and counts_selection(test)]
            rest = [operand for operand in operands if not counts_selection(operand)]
            whole = rest[0] if len(rest) == 1 else PredicateAnd(operands=tuple(rest)) if rest else None
            known = self._stripped[id(step)] = (whole if tests else step.predicate, tests)
        return known

    def _chain(self, chain: Chain, origin: int | None, scope: range) -> Picked:
        current: Picked | None = None
        if origin is not None:
            current = Picked((origin,), frozenset((origin,)))
        for index, step in enumerate(chain.steps):
            combinator = step.combinator
            if combinator is None and (index or origin is not None):
                combinator = Combinator.DESCENDANT
            current = self._step(step, combinator, current, scope)
        assert current is not None
        return current

    def _step(self, step: Step, combinator: Combinator | None, before: Picked | None, scope: range) -> Picked:
        reachable: Sequence[int] | set[int] = scope
        surely: set[int] | None = None
        if combinator is not None and before is not None:
            reachable = self.related(combinator, before.now)
            surely = self._surely_related(combinator, before)
        passing, sure, void = self._passing(step, reachable, surely)
        if any(pseudo.name in ORDERING for pseudo in step.pseudos):
            passing, sure = self._ordered(step, combinator, before, passing), set()
        inherited = before.void if before is not None else False
        return Picked(tuple(passing), frozenset(sure), void or inherited)

    def _surely_related(self, combinator: Combinator, before: Picked) -> set[int] | None:
        """The nodes related to a sure one; None when they are all that are related."""
        if self.forest.uncertain:
            return self.related(combinator, before.sure, self.forest.certain)
        return None if len(before.sure) == len(before.now) else self.related(combinator, before.sure)

    def _passing(
        self, step: Step, reachable: Sequence[int] | set[int], surely: set[int] | None
    ) -> tuple[list[int], Collection[int], bool]:
        """The nodes that pass a step's brackets and its pseudo-classes up to the first that orders."""
        split = self._split(step)
        if split is not None:
            whole = isinstance(reachable, range) and len(reachable) == len(self.forest.spans)
            passing = split.holds if whole else [node for node in split.holds if node in reachable]
            unknown = bool(split.voids) and any(node in split.voids for node in reachable)
            return passing, (passing if surely is None else surely.intersection(passing)), unknown
        return self._passing_one_by_one(step, reachable, surely)

    def _split(self, step: Step) -> Split | None:
        """What the brackets say of all nodes at once, when they are all that the step says."""
        predicate, _ = self.stripped(step)
        if predicate is None or step.group is not None or (step.pseudos and step.pseudos[0].name not in ORDERING):
            return None
        if id(step) not in self._splits:
            self._kept.append(step)
            self._splits[id(step)] = self.forest.columns.split(predicate, self.predicates)
        return self._splits[id(step)]

    def _passing_one_by_one(
        self, step: Step, reachable: Sequence[int] | set[int], surely: set[int] | None
    ) -> tuple[list[int], set[int], bool]:
        test = self.test_of(step)
        passing: list[int] = []
        sure: set[int] = set()
        void = False
        for node in sorted(reachable) if isinstance(reachable, set) else reachable:
            now, may = test(node)
            if now is Outcome.HOLDS:
                passing.append(node)
                if may == Outcome.HOLDS and (surely is None or node in surely):
                    sure.add(node)
            elif now is Outcome.VOID:
                void = True
        return passing, sure, void

    def test_of(self, step: Step) -> Callable[[int], Worth]:
        """What brackets, group and pseudo-classes, up to the first that orders, say of a node."""
        predicate, _ = self.stripped(step)
        spans = self.forest.spans
        worth = self.predicates.worth
        tests: list[Callable[[int], Worth]] = []
        if step.group is not None:
            tests.append(self._member_test(step.group))
        elif predicate is not None:
            tests.append(lambda node: worth(predicate, node, spans[node]))
        for pseudo in step.pseudos:
            if pseudo.name in ORDERING:
                break
            tests.append(self._pseudo_test(pseudo))
        return _all(tests)

    def _member_test(self, group: Selector) -> Callable[[int], Worth]:
        picked = self.pick(group)
        now = frozenset(picked.now)
        possible = self.possible

        def test(node: int) -> Worth:
            if node in picked.sure:
                return Outcome.HOLDS, Outcome.HOLDS
            if node in now:
                return Outcome.HOLDS, OPEN
            return (Outcome.VOID if picked.void else Outcome.FAILS), OPEN if node in possible(group) else Outcome.FAILS

        return test

    def _pseudo_test(self, pseudo: Pseudo) -> Callable[[int], Worth]:
        if pseudo.name == "not":
            assert pseudo.selector is not None
            member = self._member_test(pseudo.selector)

            def inverted(node: int) -> Worth:
                now, may = member(node)
                turned = {Outcome.HOLDS: Outcome.FAILS, Outcome.FAILS: Outcome.HOLDS}
                return turned.get(now, now), turned.get(may, may)

            return inverted
        if pseudo.name == "has":
            return self._has_test(pseudo)
        return fixed_pseudo(pseudo.name, self.forest)

    # --- pseudo-classes that order

    def _ordered(
        self, step: Step, combinator: Combinator | None, before: Picked | None, passing: list[int]
    ) -> list[int]:
        """Apply the rest of the pseudo-classes, for each span of the step before, or for the whole trace."""
        rest = list(step.pseudos)
        while rest[0].name not in ORDERING:
            rest.pop(0)
        if combinator is None or before is None or step.group is not None:
            return self._narrow(passing, rest)
        passed = set(passing)
        found: set[int] = set()
        for node in before.now:
            mine = sorted(other for other in self.related(combinator, (node,)) if other in passed)
            found.update(self._narrow(mine, rest))
        return sorted(found)

    def _narrow(self, nodes: list[int], pseudos: list[Pseudo]) -> list[int]:
        for pseudo in pseudos:
            if pseudo.name in ORDERING:
                nodes = by_order(pseudo, nodes, self.forest)
            else:
                test = self._pseudo_test(pseudo)
                nodes = [node for node in nodes if test(node)[0] is Outcome.HOLDS]
        return nodes

    # --- :has

    def _has_test(self, pseudo: Pseudo) -> Callable[[int], Worth]:
        assert pseudo.selector is not None
        selector = pseudo.selector
        known = self.having(selector)
        if known is not None:
            now, sure, void = known
            return lambda node: (
                (Outcome.HOLDS, Outcome.HOLDS if node in sure else OPEN)
                if node in now
                else (Outcome.VOID if void else Outcome.FAILS, OPEN)
            )

        def test(node: int) -> Worth:
            found = self._pick(selector, node)
            held = Outcome.HOLDS if found.now else Outcome.VOID if found.void else Outcome.FAILS
            return held, Outcome.HOLDS if found.sure else OPEN

        return test

    def having(self, selector: Selector) -> tuple[frozenset[int], frozenset[int], bool] | None:
        """The nodes from which a relative selector selects something, now and surely, walking it backwards.

        None when it must be read from each node by itself, since one of its steps orders.
        """
        if id(selector) not in self._having:
            self._kept.append(selector)
            self._having[id(selector)] = self._backwards(selector)
        return self._having[id(selector)]

    def _backwards(self, selector: Selector) -> tuple[frozenset[int], frozenset[int], bool] | None:
        steps = [step for chain in selector.chains for step in chain.steps]
        if any(pseudo.name in ORDERING for step in steps for pseudo in step.pseudos) or self.count_tests(selector):
            return None
        now: set[int] = set()
        sure: set[int] = set()
        void = False
        for chain in selector.chains:
            chain_now, chain_sure, chain_void = self._chain_backwards(chain)
            now |= chain_now
            sure |= chain_sure
            void = void or chain_void
        return frozenset(now), frozenset(sure), void

    def _chain_backwards(self, chain: Chain) -> tuple[set[int], set[int], bool]:
        everything: Sequence[int] = range(len(self.forest.spans))
        reaching: set[int] | None = None
        reaching_surely: set[int] | None = None
        void = False
        for step in reversed(chain.steps):
            passing, sure, step_void = self._passing(step, everything, None)
            void = void or step_void
            ends = set(passing) if reaching is None else reaching.intersection(passing)
            ends_surely = set(sure) if reaching_surely is None else reaching_surely.intersection(sure)
            combinator = step.combinator or Combinator.DESCENDANT
            reaching = self._origins(combinator, ends)
            reaching_surely = self._origins(combinator, ends_surely, self.forest.certain)
        assert reaching is not None
        assert reaching_surely is not None
        return reaching, reaching_surely, void

    def _origins(self, combinator: Combinator, ends: set[int], forest: Forest | None = None) -> set[int]:
        if combinator is Combinator.CAUSED:
            return (forest or self.forest).causing_any(ends)
        return self.related(_INVERSE[combinator], ends, forest)

    # --- relations of sets

    def related(self, combinator: Combinator, nodes: Iterable[int], forest: Forest | None = None) -> set[int]:
        """All nodes that stand in a combinator's relation to at least one of `nodes`, in the forest of this trace."""
        forest = forest or self.forest
        given = nodes if isinstance(nodes, (set, frozenset, tuple)) else tuple(nodes)
        if not given:
            return set()
        if combinator is Combinator.CHILD:
            return {child for node in given for child in forest.children[node]}
        if combinator is Combinator.PARENT:
            return {forest.parent[node] for node in given} - {NONE}
        if combinator is Combinator.SIBLING:
            return forest.siblings_of_any(given)
        if combinator is Combinator.DESCENDANT:
            if (
                sum(forest.exit[node] - forest.entry[node] for node in given) * 4 <= len(forest.spans)
                or len(given) == 1
            ):
                return {below for node in given for below in forest.descendants(node)}
            return forest.below(set(given))
        if combinator is Combinator.ANCESTOR:
            if len(given) <= _FEW:
                return {above for node in given for above in forest.ancestors(node)}
            return forest.above(set(given))
        if len(given) == 1:
            return {effect for node in given for effect in forest.caused(node)}
        return forest.caused_by_any(set(given))

    # --- what may still be selected

    def possible(self, selector: Selector) -> frozenset[int]:
        """Nodes already there that may be selected in the end; may contain too many, never too few."""
        known = self._possible.get(id(selector))
        if known is None:
            self._kept.append(selector)
            if not selector.chains:
                known = frozenset(range(self.forest.own))
            elif self.given.dialect is Dialect.COMPAT:
                known = frozenset(range(len(self.forest.spans)))
            else:
                known = frozenset().union(*(self._possible_of(chain) for chain in selector.chains))
            self._possible[id(selector)] = known
        return known

    def _possible_of(self, chain: Chain) -> set[int]:
        before: set[int] | None = None
        for step in chain.steps:
            test = self.test_of(step)
            absolute = before is None and step.combinator is None
            everything = range(self.forest.own) if absolute else range(len(self.forest.spans))
            passing = {node for node in everything if test(node)[1] & (Outcome.HOLDS | Outcome.VOID)}
            if before is not None:
                passing = self._still_related(step.combinator or Combinator.DESCENDANT, before, passing)
            before = passing
        return before or set()

    def _still_related(self, combinator: Combinator, before: set[int], passing: set[int]) -> set[int]:
        """The nodes that stand, or may come to stand, in the relation to one that is possible before them."""
        forest = self.forest
        if combinator in (Combinator.DESCENDANT, Combinator.CHILD):
            related = self.related(combinator, before)
            doubtful = forest.unfinished.__getitem__ if combinator is Combinator.DESCENDANT else forest.parent_may_come
            return {node for node in passing if node in related or doubtful(node)}
        if combinator is Combinator.SIBLING:
            return {node for node in passing if forest.spans[node].parent_id is not None}
        return passing


@lru_cache(maxsize=4)
def _with_root(trace: Trace) -> Trace:
    """Remembered, for all checks of one moment look at the same trace."""
    return with_trigger_root(trace)


@lru_cache(maxsize=4)
def _forest_of(trace: Trace, uncertain: tuple[tuple[SpanId, SpanId | None], ...], explicit: bool) -> Forest:
    """Remembered likewise."""
    awaited = {span_id: parent for span_id, parent in uncertain if parent is not None}
    return Forest(trace, uncertain=awaited, explicit_injection=explicit)


def _all(tests: list[Callable[[int], Worth]]) -> Callable[[int], Worth]:
    if not tests:
        return lambda _node: (Outcome.HOLDS, Outcome.HOLDS)
    if len(tests) == 1:
        return tests[0]

    def test(node: int) -> Worth:
        worths = []
        for part in tests:
            worth = part(node)
            if worth[1] == Outcome.FAILS:
                return worth
            worths.append(worth)
        return joined(worths, conjunction)

    return test


def _injection_is_explicit(given: Given, trace: Trace) -> bool:
    """Whether the injected span id was sent by a trigger for certain, not guessed from what has arrived."""
    if trace.trigger is not None or given.response is not None:
        return True
    if trace.injected is None:
        return False
    if any(span.parent_id is None for span in trace.spans):
        return True
    return {span.parent_id for span in trace.spans} - trace.by_id.keys() != {trace.injected}
