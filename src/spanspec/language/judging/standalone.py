"""Calls that are checks by themselves: `no_errors() no_orphans() no_n_plus_one() complete()`."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from spanspec.language.expressions import evaluate
from spanspec.language.judging import measures
from spanspec.language.judging.trouble import differences, error_text, on_the_way
from spanspec.language.judging.weighed import Evidence, Weighed, weighed
from spanspec.language.judging.wording import counted, enumeration, label, quoted, shortened, times
from spanspec.language.syntax import Selector
from spanspec.language.truth import OPEN, Outcome, outcome
from spanspec.language.verdict import EvaluationError
from spanspec.model.span import StatusCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.language.judging.judge import Judge
    from spanspec.language.syntax import Call, StandAlone
    from spanspec.model.span import Span

_THRESHOLD = 5
_MARKED = 50
_LISTED = 200


def stand_alone(judge: Judge, statement: StandAlone, node: int | None) -> Weighed:
    """Weigh a call that is a check by itself.

    Raises:
        EvaluationError: There is no such check, or an argument is wrong.
    """
    call = statement.call
    checks: dict[str, Callable[[Judge, Call, int | None], Weighed]] = {
        "no_errors": _no_errors,
        "no_orphans": _no_orphans,
        "no_n_plus_one": _no_n_plus_one,
        "complete": _complete,
    }
    check = checks.get(call.name)
    if check is None:
        raise EvaluationError(f"{call.name}() is no check by itself; compare its value, as in {call.name}(…) = 1")
    return check(judge, call, node)


# --- no_errors


def _no_errors(judge: Judge, call: Call, node: int | None) -> Weighed:
    picker = judge.picker
    failed = [index for index, span in enumerate(picker.given.trace.spans) if span.status is StatusCode.ERROR]
    excepted, possible, void = _excepted(judge, call, node)
    left = [index for index in failed if index not in excepted]
    now = Outcome.VOID if void and left else outcome(not left)
    may = Outcome.FAILS if any(index not in possible for index in left) else OPEN
    return weighed(now, may, lambda: _errors_evidence(judge, left, now))


def _excepted(judge: Judge, call: Call, node: int | None) -> tuple[frozenset[int], frozenset[int], bool]:
    """The nodes that are excepted now, those that still may be, and whether it could not be said of some."""
    selectors = [argument.value for argument in call.arguments if isinstance(argument.value, Selector)]
    now: set[int] = set()
    possible: set[int] = set()
    void = False
    for selector in selectors:
        picked = judge.picker.pick(selector, node)
        now.update(picked.now)
        void = void or picked.void
        possible |= frozenset(range(judge.picker.forest.own)) if selector.relative else judge.picker.possible(selector)
    return frozenset(now), frozenset(possible), void


def _errors_evidence(judge: Judge, left: list[int], now: Outcome) -> Evidence:
    spans = judge.picker.spans(left)
    return Evidence(
        reason=""
        if now is Outcome.HOLDS
        else f"{_ended(len(spans))}: {enumeration([_error(span) for span in _deepest(judge, left)])}",
        expected="no error",
        actual=counted(len(spans), "error"),
        spans=tuple(span.span_id for span in spans[:_MARKED]),
        looked_at=tuple(span.span_id for span in spans),
        notes=(*judge.notes(), *(note for note in on_the_way(judge.picker, left) if "was tried" in note)),
        error=judge.picker.first_error if now is Outcome.VOID else "",
    )


def _ended(count: int) -> str:
    return "1 span ended in error" if count == 1 else f"{count} spans ended in error"


def _deepest(judge: Judge, nodes: list[int]) -> list[Span]:
    """The spans with the deepest first, where errors mostly begin."""
    levels = judge.picker.forest.levels
    return list(judge.picker.spans(sorted(nodes, key=lambda node: (-levels[node], node))))


def _error(span: Span) -> str:
    text = error_text(span)
    return f"{label(span)} ({text})" if text else label(span)


# --- no_orphans and complete


def _no_orphans(judge: Judge, call: Call, node: int | None) -> Weighed:
    del call, node
    forest = judge.picker.forest
    orphans = [index for index in range(forest.own) if forest.is_orphan(index)]
    now = outcome(not orphans)
    return weighed(now, OPEN, lambda: _orphans_evidence(judge, orphans))


def _orphans_evidence(judge: Judge, orphans: list[int]) -> Evidence:
    spans = judge.picker.spans(orphans)
    names = enumeration([f"{label(span)} (parent {span.parent_id})" for span in spans])
    have = "has" if len(spans) == 1 else "have"
    return Evidence(
        reason=f"{counted(len(spans), 'span')} {have} a parent that is not in the trace: {names}" if spans else "",
        expected="no orphan",
        actual=counted(len(spans), "orphan"),
        spans=tuple(span.span_id for span in spans[:_MARKED]),
        looked_at=tuple(span.span_id for span in spans),
    )


def _complete(judge: Judge, call: Call, node: int | None) -> Weighed:
    whole = judge.given.whole
    if whole is None:
        return _no_orphans(judge, call, node)
    now = outcome(whole)
    reason = "" if whole else "settling ended with a debt, a drop or a partial answer, so spans may be missing"

    def explain() -> Evidence:
        return Evidence(reason=reason, expected="a whole trace", actual="whole" if whole else "not known to be whole")

    return weighed(now, OPEN, explain)


# --- no_n_plus_one


def _no_n_plus_one(judge: Judge, call: Call, node: int | None) -> Weighed:
    threshold = threshold_of(judge, call)
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    marks: dict[int, str] = {}
    for index, span in enumerate(judge.picker.given.trace.spans):
        if span.parent_id is not None and measures.is_outgoing(span):
            marks[index] = measures.fingerprint(span)
            groups[span.parent_id, marks[index]].append(index)
    worst = sorted((nodes for nodes in groups.values() if len(nodes) >= threshold), key=len, reverse=True)
    now = outcome(not worst)
    uncertain = judge.picker.forest.uncertain  # those hang under the trigger only until their parent comes
    stay = (sum(judge.picker.forest.spans[node].span_id not in uncertain for node in nodes) for nodes in worst)
    may = Outcome.FAILS if any(count >= threshold for count in stay) else OPEN
    most = max((len(nodes) for nodes in groups.values()), default=0)
    del node
    return weighed(now, may, lambda: _repeats_evidence(judge, worst, marks, threshold, most))


def threshold_of(judge: Judge, call: Call) -> int:
    """How many of the same call are too many; 5 where nothing is said.

    Raises:
        EvaluationError: It is no whole number.
    """
    for argument in call.arguments:
        if argument.name in ("threshold", "") and not isinstance(argument.value, Selector):
            value = evaluate(argument.value, judge.given)
            if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or value != int(value):
                raise EvaluationError("the threshold of no_n_plus_one() is a whole number")
            return max(1, int(value))
    return _THRESHOLD


def _repeats_evidence(
    judge: Judge, worst: list[list[int]], marks: dict[int, str], threshold: int, most: int
) -> Evidence:
    told = [_repeat(judge, nodes, marks[nodes[0]]) for nodes in worst[:3]]
    culprits = [node for nodes in worst[:_LISTED] for node in nodes][:_LISTED]
    ids = tuple(span.span_id for span in judge.picker.spans(culprits))
    actual = f"{most} of the same call" if most else "no outgoing call"
    return Evidence(
        reason="; ".join(told) + (f"; and {len(worst) - 3} more" if len(worst) > 3 else ""),
        expected=f"fewer than {threshold} of the same call under one parent",
        actual=actual,
        spans=ids[:_MARKED],
        looked_at=ids,
        notes=(*judge.notes(), *(differences(judge.picker, worst[0]) if worst else ())),
    )


def _repeat(judge: Judge, nodes: list[int], mark: str) -> str:
    """Who sends what how often under whom: `order-service sends "SELECT …" 12 times under "place order" of …`."""
    span = judge.picker.forest.spans[nodes[0]]
    parent = judge.picker.given.trace.parent(span)
    under = f"under {quoted(parent)}" if parent is not None else f"under the parent {span.parent_id}"
    return f'{span.service or "a service"} sends "{shortened(mark)}" {times(len(nodes))} {under}'
