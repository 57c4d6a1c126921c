"""Hypothesis strategies for every node of the language, as the parser can yield them."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from spanspec.language.dialect import Dialect
from spanspec.language.grammar.words import PLAIN_PSEUDOS, RESERVED
from spanspec.language.syntax import (
    And,
    Argument,
    Arithmetic,
    Boolean,
    Call,
    Chain,
    Combinator,
    Comparator,
    Compare,
    Compares,
    DurationLiteral,
    Exists,
    Expect,
    Filter,
    Filtered,
    Has,
    Implies,
    ListLiteral,
    Name,
    Negate,
    Not,
    Null,
    Number,
    Operator,
    Or,
    Place,
    PredicateAnd,
    PredicateNot,
    PredicateOr,
    Pseudo,
    Quantifier,
    QuantifierWord,
    Relate,
    RelationWord,
    Selector,
    StandAlone,
    Step,
    Template,
    Text,
)
from spanspec.model.time import Duration

_WORDS = RESERVED | {"count", "at"}
_CHARACTERS = st.sampled_from("ab Z09_.-/:'\"\\${}[]|\n\té✓nu0")
_TIMED = (RelationWord.FOLLOWED_BY, RelationWord.PRECEDED_BY, RelationWord.THEN, RelationWord.LEADS_TO)
_SPAN_PLACES = (Place.ATTR, Place.RESOURCE, Place.SCOPE, Place.EVENT, Place.LINK, Place.SPAN)

keys = st.text("abcxyz_19.-", min_size=1, max_size=8).filter(
    lambda key: re.fullmatch(r"[^\W\d]\w*(?:[.-]\w+)*", key) is not None and key not in _WORDS
)
texts = st.text(_CHARACTERS, max_size=10)
odd_keys = st.text(_CHARACTERS, min_size=1, max_size=6)
numbers = st.builds(Number, text=st.from_regex(r"\A-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,3})?([eE][+-]?[0-9])?\Z"))
durations = st.builds(DurationLiteral, value=st.builds(Duration, st.integers(-(10**18), 10**18)))
bare_names = st.builds(Name, place=st.just(Place.BARE), key=keys)


def _prefixed(places: tuple[Place, ...]) -> st.SearchStrategy[Name]:
    plain = st.builds(Name, place=st.sampled_from(places), key=keys | odd_keys)
    via = st.builds(
        Name,
        place=st.sampled_from((Place.BARE, *_SPAN_PLACES)),
        key=keys | odd_keys,
        via=st.sampled_from(("parent", "root")),
    )
    return plain | via


prefixed_names = _prefixed(tuple(place for place in Place if place))
left_names = bare_names | prefixed_names | st.builds(Name, place=st.just(Place.BARE), key=odd_keys)
names = bare_names | prefixed_names


def text_nodes(dialect: Dialect, *, brackets: bool = False) -> st.SearchStrategy[Text]:
    """Texts; the values of `SPECS` have no spelling for a backslash at the end."""
    found = texts
    if dialect is Dialect.SPECS and not brackets:
        found = texts.filter(lambda text: not text.endswith("\\"))
    return st.builds(Text, value=found)


def expressions(dialect: Dialect, *, selectors: bool = True) -> st.SearchStrategy:
    """Values of every kind."""
    plain = text_nodes(dialect)
    leaves = st.one_of(numbers, durations, plain, names, st.builds(Boolean, value=st.booleans()), st.builds(Null))
    values = st.recursive(leaves, lambda inner: _composed(dialect, inner), max_leaves=6)
    if not selectors:
        return values
    calls = st.builds(
        Call,
        name=keys.filter(str.isidentifier),
        arguments=st.lists(
            st.builds(
                Argument, value=values | _single(selector_trees(dialect, relative=True)), name=st.just("") | keys
            ),
            max_size=3,
        ).map(tuple),
    )
    return values | calls


def _single(selectors: st.SearchStrategy[Selector]) -> st.SearchStrategy[Selector]:
    return selectors.map(lambda selector: Selector(chains=selector.chains[:1]))


def _composed(dialect: Dialect, inner: st.SearchStrategy) -> st.SearchStrategy:
    filters = st.builds(
        Filter,
        name=st.sampled_from(("lower", "json_path", "get_index")),
        arguments=st.lists(inner, max_size=2).map(tuple),
    )
    return st.one_of(
        st.builds(ListLiteral, items=st.lists(inner, max_size=3).map(tuple)),
        st.builds(Arithmetic, operator=st.sampled_from(Operator), left=inner, right=inner),
        st.builds(Negate, operand=inner),
        st.builds(Filtered, operand=inner, filters=st.lists(filters, min_size=1, max_size=2).map(tuple)),
        templates(dialect, inner),
        st.builds(
            Call,
            name=st.sampled_from(("uuid", "count", "foo")),
            arguments=st.lists(st.builds(Argument, value=inner), max_size=2).map(tuple),
        ),
    )


def templates(dialect: Dialect, inner: st.SearchStrategy, *, quote: str = '"') -> st.SearchStrategy[Template]:
    """Texts with at least one value in them; texts in them are one with what stands around."""
    parts = st.lists(texts | inner.filter(lambda node: not isinstance(node, Text)), min_size=1, max_size=4)

    def build(found: list[object]) -> Template:
        joined: list[object] = []
        for part in found:
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            elif part != "":
                joined.append(part)
        return Template(parts=tuple(joined), quote=quote)

    def fits(node: Template) -> bool:
        last = node.parts[-1] if node.parts else ""
        sound = dialect is Dialect.EXPECT or not (isinstance(last, str) and last.endswith("\\"))
        return sound and any(not isinstance(part, str) for part in node.parts)

    return parts.map(build).filter(fits)


# --- selectors ---------------------------------------------------------------------------------------------------


def predicates(dialect: Dialect) -> st.SearchStrategy:
    """What stands in brackets."""
    literals = st.one_of(
        numbers, durations, text_nodes(dialect, brackets=True), st.builds(Boolean, value=st.booleans()), st.builds(Null)
    )
    values = literals | names | st.builds(ListLiteral, items=st.lists(literals, max_size=3).map(tuple))
    leaves = st.builds(Compares, name=left_names, comparator=st.sampled_from(Comparator), value=values) | st.builds(
        Has, name=left_names, present=st.booleans()
    )

    def grown(inner: st.SearchStrategy) -> st.SearchStrategy:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            st.builds(PredicateNot, operand=inner),
            st.builds(PredicateAnd, operands=several),
            st.builds(PredicateOr, operands=several),
        )

    return st.recursive(leaves, grown, max_leaves=5)


def selector_trees(dialect: Dialect, *, relative: bool = False) -> st.SearchStrategy[Selector]:
    """Selectors, relative ones too where asked."""
    flat = _selectors(dialect, st.nothing(), relative=False)
    absolute = st.recursive(flat, lambda inner: _selectors(dialect, inner, relative=False), max_leaves=3)
    return absolute | _selectors(dialect, flat, relative=True) if relative else absolute


def _selectors(dialect: Dialect, inner: st.SearchStrategy[Selector], *, relative: bool) -> st.SearchStrategy[Selector]:
    plain = st.builds(Pseudo, name=st.sampled_from(PLAIN_PSEUDOS)) | st.builds(
        Pseudo, name=st.just("nth"), number=st.integers(0, 9)
    )
    pseudos = plain | st.builds(Pseudo, name=st.just("not"), selector=inner)
    if not inner.is_empty:
        pseudos = pseudos | st.builds(
            Pseudo, name=st.just("has"), selector=_selectors(dialect, st.nothing(), relative=True)
        )
    listed = st.lists(pseudos, max_size=2).map(tuple)
    bracketed = st.builds(Step, predicate=st.none() | predicates(dialect), pseudos=listed)
    steps = st.one_of(
        bracketed, st.just(Step(bare=True)), *([] if inner.is_empty else [st.builds(Step, group=inner, pseudos=listed)])
    )

    def chained(found: list[tuple[Combinator, Step]]) -> Chain:
        return Chain(
            steps=tuple(
                Step(
                    predicate=step.predicate,
                    group=step.group,
                    pseudos=step.pseudos,
                    bare=step.bare,
                    combinator=combinator if index or relative else None,
                )
                for index, (combinator, step) in enumerate(found)
            )
        )

    chains = st.lists(st.tuples(st.sampled_from(Combinator), steps), min_size=1, max_size=3).map(chained)
    return st.builds(Selector, chains=st.lists(chains, min_size=1, max_size=2).map(tuple))


# --- statements --------------------------------------------------------------------------------------------------

_bounds = st.integers(0, 99).map(lambda n: Number(text=str(n))) | st.builds(
    Name, place=st.sampled_from((Place.VAR, Place.ENV)), key=keys | odd_keys
)
quantifiers = st.one_of(
    st.builds(Quantifier, word=st.sampled_from((QuantifierWord.SOME, QuantifierWord.NO, QuantifierWord.EVERY))),
    st.builds(Quantifier, word=st.sampled_from((QuantifierWord.EXACTLY, QuantifierWord.AT_LEAST)), low=_bounds),
    st.builds(Quantifier, word=st.just(QuantifierWord.AT_MOST), high=_bounds),
    st.builds(Quantifier, word=st.just(QuantifierWord.BETWEEN), low=_bounds, high=_bounds),
)


def _relations(selectors: st.SearchStrategy[Selector]) -> st.SearchStrategy[Relate]:
    def build(relation: RelationWord, within: DurationLiteral | None, **rest: object) -> Relate:
        return Relate(relation=relation, within=within if relation in _TIMED else None, **rest)

    bounds = st.none() | st.integers(0, 10**12).map(lambda ns: DurationLiteral(value=Duration(ns)))
    return st.builds(
        build,
        relation=st.sampled_from(RelationWord),
        within=bounds,
        quantifier=quantifiers,
        left=selectors,
        right_quantifier=quantifiers,
        right=selectors,
    )


def statements(dialect: Dialect, *, relative: bool = False) -> st.SearchStrategy:
    """Statements of every kind."""
    values = expressions(dialect)
    selectors = selector_trees(dialect, relative=relative)
    checks = st.builds(
        StandAlone, call=st.builds(Call, name=st.sampled_from(("no_errors", "no_orphans", "complete", "mine")))
    )
    comparisons = st.builds(Compare, left=values, comparator=st.sampled_from(Comparator), right=values)
    leaves = st.one_of(
        comparisons,
        st.builds(Exists, name=names, present=st.booleans()),
        checks,
        st.builds(Expect, quantifier=quantifiers, selector=selectors),
        _relations(selectors),
    )
    if not relative:
        leaves = leaves | st.builds(
            Expect, quantifier=quantifiers, selector=selectors, where=statements(dialect, relative=True)
        )

    def grown(inner: st.SearchStrategy) -> st.SearchStrategy:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            st.builds(Not, operand=inner),
            st.builds(And, operands=several),
            st.builds(Or, operands=several),
            st.builds(Implies, left=inner, right=inner),
        )

    return st.recursive(leaves, grown, max_leaves=4)
