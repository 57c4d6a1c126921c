"""The generators of `arriving` leave nothing of the language out."""

from __future__ import annotations

from typing import get_args

from spanspec.language.aggregates import MOTIONS
from spanspec.language.grammar.walk import walk
from spanspec.language.grammar.words import PLAIN_PSEUDOS
from spanspec.language.syntax import (
    Arithmetic,
    Call,
    Combinator,
    Comparator,
    Compare,
    Compares,
    Expect,
    Expression,
    Name,
    Node,
    Operator,
    Place,
    Predicate,
    Pseudo,
    QuantifierWord,
    Relate,
    RelationWord,
    Statement,
    Step,
)
from tests.language import arriving
from tests.language.reading import statement


def produced() -> list[Node]:
    """Every node of a text for each template, in each of its places."""
    texts = [f"some {selector}" for selector in arriving.SELECTORS]
    texts += [f"({quantifier} span[])" for quantifier in arriving.QUANTIFIERS]
    texts += [f"(every span[] where {condition})" for condition in arriving.CONDITIONS]
    texts += [f"some span[] {relation} some span[]" for relation in arriving.RELATIONS]
    texts += ["some span[] then some span[] within 2ms", "not (no_errors())"]
    texts += [f"({joint}) {word} ({joint})" for joint in ("no_errors()",) for word in ("and", "or", "implies")]
    texts += [f"{value.format('span[]')} {word} 1" for value in arriving.VALUES for word in arriving.COMPARATORS]
    texts += arriving.PLAIN
    return [node for text in texts for node in walk(statement(text))]


def test_every_kind_of_node_is_produced() -> None:
    """No kind of statement, predicate or expression is missing."""
    kinds = {type(node) for node in produced()}
    wanted = {*get_args(Statement), *get_args(Predicate), *get_args(Expression), Pseudo, Step}
    assert sorted(kind.__name__ for kind in wanted - kinds) == []


def test_every_word_is_produced() -> None:
    """No comparator, combinator, quantifier, relation, operator, place, pseudo-class or call is missing."""
    nodes = produced()
    words: set[object] = set()
    for node in nodes:
        if isinstance(node, (Compare, Compares)):
            words.add(node.comparator)
        elif isinstance(node, Step):
            words.add(node.combinator)
        elif isinstance(node, Expect):
            words.add(node.quantifier.word)
        elif isinstance(node, Relate):
            words.add(node.relation)
        elif isinstance(node, Arithmetic):
            words.add(node.operator)
        elif isinstance(node, Name):
            words.update((node.place, node.via))
        elif isinstance(node, (Pseudo, Call)):
            words.add(node.name)
    calls = {name for name in MOTIONS if not name[1:].isdigit()}
    checks = {"no_errors", "no_orphans", "no_n_plus_one", "complete"}
    wanted = {*Comparator, *Combinator, *QuantifierWord, *RelationWord, *Operator, *Place, *calls, *checks}
    wanted |= {"parent", "root", "not", "has", "nth", *PLAIN_PSEUDOS}
    assert sorted(str(word) for word in wanted - words) == []
