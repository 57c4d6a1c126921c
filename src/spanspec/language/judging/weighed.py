"""What weighing a statement yields: its outcome as if the trace ended now, all it may become, and its evidence on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spanspec.language.truth import Outcome, conjunction, disjunction, negate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spanspec.language.verdict import NearMiss
    from spanspec.model.ids import SpanId

_FAILING = Outcome.FAILS | Outcome.VOID


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a `Judgement` says beside its truth; see there."""

    reason: str = ""
    expected: str = ""
    actual: str = ""
    spans: tuple[SpanId, ...] = ()
    looked_at: tuple[SpanId, ...] = ()
    near: tuple[NearMiss, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


NOTHING = Evidence()


@dataclass(frozen=True, slots=True)
class Weighed:
    """One statement weighed.

    Attributes:
        now: Its outcome as if no further span came, one bit.
        may: All outcomes that it may end with while spans may come.
        loose: Whether its failure, though more spans could mend it, is not for lack of spans (an average too high).
        explain: Makes the evidence; called only for what is reported.
    """

    now: Outcome
    may: Outcome
    explain: Callable[[], Evidence] = lambda: NOTHING
    loose: bool = False

    @property
    def fails(self) -> bool:
        """Whether it would not hold if the trace ended now, clocks aside."""
        return bool(self.now & _FAILING)


def weighed(now: Outcome, may: Outcome, explain: Callable[[], Evidence], *, loose: bool = False) -> Weighed:
    """Make a `Weighed`; what is decided already is also what the trace would end with now."""
    if not now & may:
        now = next(single for single in (Outcome.FAILS, Outcome.VOID, Outcome.HOLDS, Outcome.CLOCK) if single & may)
    return Weighed(now, may, explain, loose)


def both(parts: Sequence[Weighed]) -> Weighed:
    """`a and b and …`."""
    now = conjunction(part.now for part in parts)
    may = conjunction(part.may for part in parts)
    loose = any(part.loose for part in parts if part.fails)
    return Weighed(now, may, lambda: _all_of(parts, now), loose)


def either(parts: Sequence[Weighed]) -> Weighed:
    """`a or b or …`."""
    now = disjunction(part.now for part in parts)
    may = disjunction(part.may for part in parts)
    loose = all(part.loose for part in parts if part.fails)
    return Weighed(now, may, lambda: _any_of(parts, now), loose)


def opposite(part: Weighed, text: str) -> Weighed:
    """`not a`, where `a` reads `text`."""

    def explain() -> Evidence:
        evidence = part.explain()
        if part.now is not Outcome.HOLDS:
            return evidence if part.now is Outcome.VOID else replace(evidence, reason="", near=())
        found = f" ({evidence.actual})" if evidence.actual else ""
        return replace(evidence, reason=f"{text} holds{found}, and must not", expected=f"not {evidence.expected}")

    return Weighed(negate(part.now), negate(part.may), explain, part.loose)


def implied(left: Weighed, right: Weighed, text: str) -> Weighed:
    """`a implies b`, where `a` reads `text`."""
    premise = opposite(left, text)
    whole = either((premise, right))

    def explain() -> Evidence:
        evidence = right.explain()
        if left.now is Outcome.HOLDS and right.now is not Outcome.HOLDS:
            return replace(evidence, reason=f"{text} holds, but {evidence.reason}")
        return evidence if left.now is Outcome.HOLDS else left.explain() if left.now is Outcome.VOID else NOTHING

    return Weighed(whole.now, whole.may, explain, right.loose)


def _all_of(parts: Sequence[Weighed], now: Outcome) -> Evidence:
    """What a conjunction shows: the parts that decide it."""
    return _merged([part.explain() for part in parts if part.now is now] or [part.explain() for part in parts])


def _any_of(parts: Sequence[Weighed], now: Outcome) -> Evidence:
    """What a disjunction shows: the part that holds, or all that do not."""
    if now is Outcome.HOLDS:
        return next(part.explain() for part in parts if part.now is now)
    return _merged([part.explain() for part in parts if part.now is not Outcome.HOLDS], " or ")


def _merged(evidences: Sequence[Evidence], joint: str = " and ") -> Evidence:
    if len(evidences) == 1:
        return evidences[0]
    return Evidence(
        reason="; ".join(filter(None, (evidence.reason for evidence in evidences))),
        expected=_joined(joint, (evidence.expected for evidence in evidences)),
        actual=_joined(" and ", (evidence.actual for evidence in evidences)),
        spans=_once(span for evidence in evidences for span in evidence.spans),
        looked_at=_once(span for evidence in evidences for span in evidence.looked_at),
        near=tuple(miss for evidence in evidences for miss in evidence.near),
        notes=tuple(dict.fromkeys(note for evidence in evidences for note in evidence.notes)),
        error=next((evidence.error for evidence in evidences if evidence.error), ""),
    )


def _joined(joint: str, texts: Iterable[str]) -> str:
    """Texts without empty ones, each once."""
    return joint.join(dict.fromkeys(filter(None, texts)))


def _once(spans: Iterable[SpanId]) -> tuple[SpanId, ...]:
    return tuple(dict.fromkeys(spans))
