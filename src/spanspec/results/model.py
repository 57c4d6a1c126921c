"""What a run found: frozen values, written by the runner, read by every report and face.

`results.json` writes and reads them; `FORMAT_VERSION` counts incompatible changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spanspec.language.verdict import NearMiss
    from spanspec.model.context import TriggerResult
    from spanspec.model.ids import SpanId, TraceId
    from spanspec.model.trace import Trace
    from spanspec.results.build import Build

FORMAT_VERSION = 1


class Outcome(StrEnum):
    """How a check, a case or a run ended; `flaky` is a case that passed on a retry."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERRORED = "errored"
    SKIPPED = "skipped"
    FLAKY = "flaky"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlace:
    """A place in a user's file, with the line it stands on.

    Attributes:
        path: As the user gave it.
        line: From 1.
        column: From 1.
        length: Characters marked on that line.
        excerpt: The whole line.
    """

    path: str
    line: int
    column: int
    length: int = 1
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanResult:
    """One assertion of a spec on one span.

    Attributes:
        span_id: None when no span was selected.
        observed: The left side's value as text.
        expected: The right side's value as text.
        passed: Whether it held.
        error: Why it could not be evaluated, or empty.
    """

    span_id: SpanId | None
    observed: str = ""
    expected: str = ""
    passed: bool = True
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check: an expectation, or one assertion of a spec.

    Attributes:
        kind: `expect`, or `spec`.
        text: The statement or assertion as written.
        name: The item's name, or empty.
        selector: The spec's selector as written; empty for an expectation.
        group: Index of the spec or expectation in its list, from 0.
        place: Where it stands.
        outcome: Of the check.
        reason: Why it did not pass, one sentence.
        expected: Short.
        actual: Short.
        spans: The spans concerned, to be marked.
        looked_at: The spans looked at.
        span_results: For a spec: per span.
        near: Near misses when nothing matched.
        notes: Further facts for the reader.
        error: Why it could not be evaluated, or empty.
        early: Whether it was decided before the trace settled.
        lack: Whether it failed only for lack of spans.
        decided_ns: Nanoseconds from the trigger's end to the decision.
    """

    kind: str
    text: str
    outcome: Outcome
    name: str = ""
    selector: str = ""
    group: int = 0
    place: SourcePlace | None = None
    reason: str = ""
    expected: str = ""
    actual: str = ""
    spans: tuple[SpanId, ...] = ()
    looked_at: tuple[SpanId, ...] = ()
    span_results: tuple[SpanResult, ...] = ()
    near: tuple[NearMiss, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    early: bool = False
    lack: bool = False
    decided_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputResult:
    """One output: its value as text, or why it has none.

    Attributes:
        name: The variable.
        value: As text; empty when there is none.
        error: Why there is none, or empty.
        span_id: The span that it was taken from; None when it needed none.
    """

    name: str
    value: str = ""
    error: str = ""
    span_id: SpanId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where a case's time went, in nanoseconds.

    Attributes:
        total: The whole case.
        trigger: From firing to the answer.
        collect: From the answer to the end of collecting.
        last_span: From the trigger's end to the arrival of the last span; None when none arrived.
        verdict: From the trigger's end to the moment all checks were decided; None when they never were.
    """

    total: int = 0
    trigger: int = 0
    collect: int = 0
    last_span: int | None = None
    verdict: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How collecting ended.

    Attributes:
        how: `settled`, `decided`, `expired`, `stored` (a stored trace), or `skipped`.
        reason: In words: `settled: quiet for 250 ms; export lag bound 110 ms (declared)`.
        notes: Debts that expired, what was awaited, hints about exporters.
    """

    how: str = "settled"
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseError:
    """Why a case could not be carried out.

    Attributes:
        message: What happened, may have several lines.
        help: How to go on, one sentence, or empty.
        kind: `trigger`, `definition`, `store`, `setup`, `teardown`, `no-spans`, `timeout` (the run's),
            `environment` (the system under test is down) or `interrupted`.
    """

    message: str
    help: str = ""
    kind: str = "trigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A try of a case that did not pass and was repeated.

    Attributes:
        outcome: Of the try.
        reason: Of its first check that did not pass, or the error.
        checks: Those that did not pass.
        trace_id: The id that was sent, or empty.
        duration_ns: The whole try.
    """

    outcome: Outcome
    reason: str = ""
    checks: tuple[CheckResult, ...] = ()
    trace_id: TraceId | str = ""
    duration_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HookResult:
    """One item of `setup` or `teardown`.

    Attributes:
        phase: `setup` or `teardown`.
        name: The item's name, else what was sent.
        outcome: `passed`, `failed` (an answer that says so), `errored`, `skipped`.
        reason: Why it did not pass, or empty.
        outputs: What it kept.
        duration_ns: Of the item.
    """

    phase: str
    name: str
    outcome: Outcome
    reason: str = ""
    outputs: tuple[OutputResult, ...] = ()
    duration_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A required gate of the reference: `test-specs`, `analyzer-score` or `analyzer-rules`."""

    name: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExcerpt:
    """What a service wrote while a case ran, or log records of its trace.

    Attributes:
        source: The service, or `otlp` log records' service.
        text: The lines, cut at a bound.
        truncated: Whether it was cut.
    """

    source: str
    text: str
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One executed plan.

    Attributes:
        name: The definition's name.
        path: The file, as the user gave it.
        outcome: The worst of its checks, or `errored`.
        description: Of the definition.
        tags: Of the definition.
        checks: In the order of the file.
        outputs: In the order of the file.
        trace_id: The id that the trigger sent; empty when nothing was sent.
        trace: What had arrived in the end; None when nothing was collected.
        response: The trigger's answer; None without one.
        trigger: What was sent, for people: `POST http://127.0.0.1:8080/checkout`.
        settlement: How collecting ended.
        timings: Where the time went.
        late: Spans that arrived after the verdict.
        link: Where a person sees the whole trace; empty when nowhere.
        warnings: Diagnostics of the plan as text, and other remarks.
        error: Why it could not be carried out; None when it could.
        id: The definition's id, or empty.
        place: Where the definition stands; None when unknown.
        suite: Names of the suites around it, outermost first; empty for a test that stands alone.
        row: The row of `cases` for people (`country=DE`), or empty.
        repeat: Which of `--repeat`, from 0.
        attempts: The tries before this one, oldest first; a case that passed after some is `flaky`.
        hooks: What set-up and tear-down did, in order.
        gates: The required gates, where any was asked for.
        logs: What services wrote, for a case that did not pass.
        key: Which case it is, across runs: file, names, row, repeat.
        position: Its place among all cases of the whole plan, from 0; shards of one run share the count.
    """

    name: str
    path: str
    outcome: Outcome
    description: str = ""
    tags: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    outputs: tuple[OutputResult, ...] = ()
    trace_id: TraceId | str = ""
    trace: Trace | None = None
    response: TriggerResult | None = None
    trigger: str = ""
    settlement: Settlement = field(default_factory=Settlement)
    timings: Timings = field(default_factory=Timings)
    late: tuple[SpanId, ...] = ()
    link: str = ""
    warnings: tuple[str, ...] = ()
    error: CaseError | None = None
    id: str = ""
    place: SourcePlace | None = None
    suite: tuple[str, ...] = ()
    row: str = ""
    repeat: int = 0
    attempts: tuple[Attempt, ...] = ()
    hooks: tuple[HookResult, ...] = ()
    gates: tuple[Gate, ...] = ()
    logs: tuple[LogExcerpt, ...] = ()
    key: str = ""
    position: int = 0

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if check.outcome not in (Outcome.PASSED, Outcome.SKIPPED))


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """One suite; its cases stand in the run's list.

    Attributes:
        name: Of the suite.
        path: The file.
        outcome: The worst of its cases; skipped when none ran.
        parents: Names of the suites around it, outermost first.
        cases: Indices into the run's cases, those of inner suites included.
        id: The suite's id, or empty.
        description: Of the suite.
        outputs: The variables that its steps left.
        duration_ns: From its first step to its last.
    """

    name: str
    path: str
    outcome: Outcome
    parents: tuple[str, ...] = ()
    cases: tuple[int, ...] = ()
    id: str = ""
    description: str = ""
    outputs: tuple[OutputResult, ...] = ()
    duration_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """All cases of one command.

    Attributes:
        version: Of spanspec.
        started_ns: Unix time.
        duration_ns: Of the whole run.
        cases: In the order of the plan.
        seed: Of the generators.
        notes: Remarks about the run as a whole: a port that was taken, a long batch delay.
        suites: In the order of the plan, outer ones before inner ones.
        shard: `2/4` for a part of a run; empty for a whole one.
        build: The build of continuous integration that it belongs to; None elsewhere.
        planned: How many cases were chosen in all, those of the other shards included.
        plan: A short text that stands for them; shards of one run have the same. Empty for a run without shards.
    """

    version: str
    started_ns: int
    duration_ns: int
    cases: tuple[CaseResult, ...] = ()
    seed: int = 0
    notes: tuple[str, ...] = ()
    suites: tuple[SuiteResult, ...] = ()
    shard: str = ""
    build: Build | None = None
    planned: int = 0
    plan: str = ""

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many cases had each outcome; outcomes that did not occur are left out."""
        found: dict[Outcome, int] = {}
        for case in self.cases:
            found[case.outcome] = found.get(case.outcome, 0) + 1
        return MappingProxyType(found)

    @property
    def exit_code(self) -> int:
        """0 all passed, 1 a check failed or was inconclusive, 2 a definition fault, 3 another error; the largest."""
        return max((_exit_code(case) for case in self.cases), default=0)


def _exit_code(case: CaseResult) -> int:
    if case.outcome is Outcome.ERRORED:
        return 2 if case.error is not None and case.error.kind == "definition" else 3
    return 1 if case.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE) else 0


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a whole from those of its parts; passed when there are none or all others were skipped."""
    order = (Outcome.ERRORED, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.FLAKY, Outcome.PASSED, Outcome.SKIPPED)
    found = set(outcomes)
    return next((outcome for outcome in order if outcome in found), Outcome.PASSED)
