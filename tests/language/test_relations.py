"""Relations of two spans: by time, by tree, by cause; clocks and bounds."""

from __future__ import annotations

import random

import pytest

from spanspec.language.picking.forest import Forest
from spanspec.language.relations import Partners, Relation, same_clock
from spanspec.language.syntax import RelationWord
from spanspec.language.truth import Outcome
from spanspec.model.assemble import assemble
from spanspec.testing import span, trace
from tests.language.reading import HOST

MS = 1_000_000
H, F, C = Outcome.HOLDS, Outcome.FAILS, Outcome.CLOCK


@pytest.mark.parametrize(
    ("word", "a", "b", "expected"),
    [
        ("followed by", (0, 5), (0, 1), H),
        ("followed by", (0, 5), (3, 4), H),
        ("followed by", (3, 4), (2, 9), F),
        ("preceded by", (3, 4), (2, 9), H),
        ("preceded by", (2, 9), (3, 4), F),
        ("then", (0, 5), (5, 6), H),
        ("then", (0, 5), (4, 6), F),
        ("overlaps", (0, 5), (4, 6), H),
        ("overlaps", (0, 5), (5, 6), H),
        ("overlaps", (0, 5), (6, 7), F),
        ("inside", (2, 3), (1, 4), H),
        ("inside", (1, 4), (1, 4), H),
        ("inside", (1, 4), (2, 3), F),
        ("calls", (0, 5), (1, 2), F),
        ("leads to", (0, 5), (1, 2), F),
    ],
)
def test_by_time(word: str, a: tuple[int, int], b: tuple[int, int], expected: Outcome) -> None:
    """Times of one clock compare exactly."""
    first = span("a", start=a[0], end=a[1], resource=HOST)
    second = span("b", start=b[0], end=b[1], resource=HOST)
    forest = Forest(trace(first, second))
    relation = Relation(RelationWord(word), forest, 5 * MS)
    assert relation.pair(forest.number[first.span_id], forest.number[second.span_id]) is expected
    assert relation.pair(0, 0) is F


@pytest.mark.parametrize(
    ("gap_ms", "within_ms", "expected"),
    [(6, None, H), (5, None, C), (0, None, C), (-5, None, C), (-6, None, F), (20, 10, F), (14, 10, C), (6, 20, H)],
)
def test_between_clocks(gap_ms: int, within_ms: int | None, expected: Outcome) -> None:
    """Between clocks not known to agree a difference within the skew of the border is undecided."""
    first, second = span("a", start=100), span("b", start=100 + gap_ms)
    forest = Forest(trace(first, second))
    within = None if within_ms is None else within_ms * MS
    relation = Relation(RelationWord.FOLLOWED_BY, forest, 5 * MS, within)
    assert relation.pair(forest.number[first.span_id], forest.number[second.span_id]) is expected


def test_ancestry_and_links_beat_clocks() -> None:
    """An ancestor is followed by its descendants, and a span by what links to it, whatever the clocks say."""
    a = span("a", start=10)
    below = span("b", parent=a, start=0)
    linking = span("c", start=0, links=[a])
    forest = Forest(trace(a, below, linking))
    number = forest.number
    relation = Relation(RelationWord.FOLLOWED_BY, forest, 5 * MS)
    assert relation.pair(number[a.span_id], number[below.span_id]) is H
    assert relation.pair(number[a.span_id], number[linking.span_id]) is H
    assert relation.pair(number[below.span_id], number[a.span_id]) is H
    assert relation.pair(number[below.span_id], number[linking.span_id]) is C


def test_calls_stays_within_two_services() -> None:
    """`calls` allows spans of the caller's and the callee's service between, and no third one."""
    a = span("a", service="one")
    client = span("client", parent=a)
    b = span("b", parent=client, service="two")
    c = span("c", parent=b, service="three")
    forest = Forest(trace(a, client, b, c))
    pair = Relation(RelationWord.CALLS, forest, 0).pair
    number = forest.number
    assert pair(number[a.span_id], number[b.span_id]) is H
    assert pair(number[b.span_id], number[c.span_id]) is H
    assert pair(number[a.span_id], number[c.span_id]) is F
    assert pair(number[b.span_id], number[a.span_id]) is F


def test_leads_to_follows_links() -> None:
    """What carries, itself or on an ancestor, a link to a span or below it, is caused by it."""
    a = span("a")
    send = span("send", parent=a)
    receive = span("receive", links=[send], start=5)
    work = span("work", parent=receive, start=6)
    forest = Forest(trace(a, send, receive, work))
    pair = Relation(RelationWord.LEADS_TO, forest, 0).pair
    number = forest.number
    for effect in (send, receive, work):
        assert pair(number[a.span_id], number[effect.span_id]) is H
    assert pair(number[send.span_id], number[work.span_id]) is H
    assert pair(number[receive.span_id], number[send.span_id]) is F


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({"host.id": "1", "host.name": "x"}, {"host.id": "1", "host.name": "y"}, True),
        ({"host.id": "1", "host.name": "x"}, {"host.id": "2", "host.name": "x"}, False),
        ({"host.name": "x"}, {"host.id": "2", "host.name": "x"}, True),
        ({"service.instance.id": "i"}, {"service.instance.id": "i"}, True),
        ({}, {}, False),
        ({"host.name": "x"}, {}, False),
    ],
)
def test_same_clock(left: dict[str, str], right: dict[str, str], expected: bool) -> None:
    """The first key that both resources have tells whether their clock is one."""
    assert same_clock(span("a", resource=left), span("b", resource=right)) is expected


@pytest.mark.parametrize("word", list(RelationWord))
@pytest.mark.parametrize("within", [None, 3 * MS])
def test_partners_miss_no_pair(word: RelationWord, within: int | None) -> None:
    """Candidates found by bisection are all that hold or are undecided, each once."""
    rng = random.Random(7)
    for _ in range(60):
        spans = []
        for index in range(12):
            start = rng.randrange(12)
            spans.append(
                span(
                    "x", id=f"p{index}", service=rng.choice("ab"), start=start, end=start + rng.randrange(5),
                    parent=rng.choice([None, "gone", *(f"p{other}" for other in range(12) if other != index)]),
                    resource=rng.choice([HOST, {}, {"host.name": "two"}]),
                    links=[rng.choice(spans)] if spans and rng.random() < 0.3 else [],
                )
            )  # fmt: skip
        forest = Forest(assemble(spans))
        relation = Relation(word, forest, MS, within)
        nodes = sorted(rng.sample(range(12), 8))
        partners = Partners(relation, nodes)
        for a in range(12):
            wanted = {b for b in nodes if relation.pair(a, b) is not F}
            found = [b for b in partners.candidates(a) if relation.pair(a, b) is not F]
            assert sorted(found) == sorted(wanted)
            assert partners.counts(a, 99) == (
                sum(relation.pair(a, b) is H for b in nodes),
                sum(relation.pair(a, b) is C for b in nodes),
            )


def test_closures_agree_with_pairs() -> None:
    """Descendants, ancestors, causes and effects of sets are what the pairs say, in trees, cycles and across links."""
    rng = random.Random(3)
    for _ in range(150):
        spans = []
        for index in range(9):
            parent = rng.choice([None, "gone", *(f"p{other}" for other in range(9))])
            links = rng.sample(spans, min(len(spans), rng.choice([0, 0, 1, 2])))
            spans.append(span("x", id=f"p{index}", parent=parent, start=rng.randrange(9), links=links))
        whole = assemble(spans)
        forest = Forest(whole)
        some = set(rng.sample(range(9), 3))
        every = range(9)
        pairs = {(a, b) for a in every for b in every if whole.is_ancestor(forest.spans[a], forest.spans[b])}
        assert pairs == {(a, b) for a in every for b in every if forest.is_ancestor(a, b)}
        assert forest.below(some) == {b for a, b in pairs if a in some}
        assert forest.above(some) == {a for a, b in pairs if b in some}
        causes = {(a, b) for a in every for b in every if forest.causes(a, b)}
        assert forest.caused_by_any(some) == {b for a, b in causes if a in some}
        assert forest.causing_any(some) == {a for a, b in causes if b in some}
        for node in every:
            assert sorted(forest.descendants(node)) == sorted(b for a, b in pairs if a == node)
            assert sorted(forest.caused(node)) == sorted(b for a, b in causes if a == node)
            assert forest.levels[node] == whole.depth(forest.spans[node])
