"""What evaluation is given and what it says: three truths, a judgement with its evidence."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from spanspec.language.dialect import Dialect
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from spanspec.model.context import TriggerResult
    from spanspec.model.ids import SpanId
    from spanspec.model.trace import Trace

Value: TypeAlias = "str | bool | int | float | Decimal | bytes | Duration | tuple[Value, ...] | Mapping[str, Value] | frozenset[str] | None"
"""What an expression yields. Number literals and exact arithmetic are `Decimal`; an integer or double attribute keeps
its type; a frozenset is what `services()` and `edges()` give."""


class Truth(StrEnum):
    """Kleene's three values; the first two mean that no further span can change it."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """Why a selection is empty: one predicate that no span satisfied while the others held, or a step of the chain.

    Attributes:
        predicate: The predicate as written: `service.name = "shiping"`.
        seen: Values actually there for that name with how many spans have each, most frequent first, at most 5.
        spans: Spans that satisfy all else, at most 5.
        suggestion: `did you mean "shipping"?` or empty.
        sentence: What to say in place of "no span has …", where the selection is empty for another reason.
        alone: How many of the spans looked at satisfy the predicate by itself.
        others: How many satisfy all predicates but this one; 0 also where none satisfies all but one.
        looked_at: How many spans were looked at, where the trace has more; else 0.
    """

    predicate: str
    seen: tuple[tuple[str, int], ...] = ()
    spans: tuple[SpanId, ...] = ()
    suggestion: str = ""
    sentence: str = ""
    alone: int = 0
    others: int = 0
    looked_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A truth and its evidence.

    Attributes:
        truth: On the spans at hand.
        reason: Why it fails or is undecided, one sentence for a reader who knows the system, naming services and spans.
        expected: What was to hold, short: `exactly 1`, `< 200ms`.
        actual: What was found, short: `2 spans`, `412ms`.
        spans: The spans concerned (the culprits), to be marked in a drawing.
        looked_at: The spans looked at.
        near: Near misses when nothing matched.
        notes: Further facts: retries, repeats and errors on the way, renamed keys used, negative durations.
        lack: Whether it fails, or would fail if the trace ended now, only for lack of spans (settling waits before
            reporting such).
        clocks: Whether it is undecided for clocks alone, which no further span mends.
        error: Set when it could not be evaluated (types that do not compare); then `truth` is `FAILS`.
    """

    truth: Truth
    reason: str = ""
    expected: str = ""
    actual: str = ""
    spans: tuple[SpanId, ...] = ()
    looked_at: tuple[SpanId, ...] = ()
    near: tuple[NearMiss, ...] = ()
    notes: tuple[str, ...] = ()
    lack: bool = False
    clocks: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generators:
    """Where generated values come from: a seeded generator and the current Unix time.

    Attributes:
        rng: The generator.
        now_ns: Unix time.
        seed: What generators of single fields are made from; empty where all fields share `rng`.
    """

    rng: random.Random
    now_ns: int
    seed: str = ""

    def of_field(self, field: str) -> Generators:
        """Those of one field: what is generated there is the same whatever else is generated, and in which order."""
        if not self.seed:
            return self
        return replace(self, rng=random.Random(f"{self.seed}\0{field}"))  # noqa: S311 - test data, no secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """All that evaluation may look at.

    Attributes:
        trace: What has arrived; `trace.trigger` is the trigger's span.
        dialect: The meaning of the text.
        response: The trigger's answer, None on a stored trace.
        variables: `var:NAME` and `env:NAME` look here first.
        environment: Then `env:NAME` looks here.
        closed: No further span will come.
        whole: What `complete()` says once closed; None when there is no settling (a stored trace).
        clock_skew_ns: Differences between clocks up to this are undecided.
        aliases: Whether renamed conventions are looked up (EXPECT only).
        generators: None where no generator may be called.
    """

    trace: Trace
    dialect: Dialect = Dialect.EXPECT
    response: TriggerResult | None = None
    variables: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    closed: bool = True
    whole: bool | None = None
    clock_skew_ns: int = 5_000_000
    aliases: bool = True
    generators: Generators | None = None


class EvaluationError(Exception):
    """An expression that cannot be evaluated, or two values that do not compare; the text is for the user.

    Raised and caught inside the language; a `Judgement` or a definition's diagnostic carries it out.
    """
