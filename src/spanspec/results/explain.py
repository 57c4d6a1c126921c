"""Results in words: what several reports say alike. Pure; texts from outside come back escaped, on one line, bounded."""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from spanspec.model.time import format_duration, short_duration
from spanspec.results.columns import cells, one_line, pad, plural, wrap
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spanspec.language.verdict import NearMiss
    from spanspec.model.ids import SpanId
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace
    from spanspec.results.model import CaseResult, CheckResult, RunResult, SourcePlace, SpanResult

SYMBOLS: dict[Outcome, str] = {
    Outcome.PASSED: "✔",
    Outcome.FAILED: "✘",
    Outcome.INCONCLUSIVE: "?",
    Outcome.ERRORED: "!",
    Outcome.SKIPPED: "○",
    Outcome.FLAKY: "↻",
}

EXIT_MEANINGS: dict[int, str] = {
    0: "all passed",
    1: "a check failed or was inconclusive",
    2: "a definition or the command line is at fault",
    3: "a trigger, store or receiver error",
    130: "interrupted",
}

SKIPPED = "skipped: "
"""How the warning of a case begins that was not run: the reason follows."""

_LEAD = re.compile(r" *(?:\d+\. |[-*•] )?")

_SEVERITY = (
    Outcome.ERRORED,
    Outcome.FAILED,
    Outcome.INCONCLUSIVE,
    Outcome.FLAKY,
    Outcome.PASSED,
    Outcome.SKIPPED,
)


class Mark(StrEnum):
    """How a span is marked in a drawing: a failed check is about it, or something else is."""

    FAILED = "failed"
    CONCERNED = "concerned"


def describe_span(span: Span) -> str:
    """`POST /ship · shipping-service`."""
    name = one_line(span.name, 80) or "(span without a name)"
    return f"{name} · {one_line(span.service, 40)}" if span.service else name


def describe_span_id(span_id: SpanId | None, trace: Trace | None) -> str:
    """The span of an id in words; the id itself where the trace does not have it."""
    if span_id is None:
        return "(no span)"
    return describe_span(found) if (found := find_span(span_id, trace)) is not None else f"span {one_line(span_id, 40)}"


def find_span(span_id: SpanId, trace: Trace | None) -> Span | None:
    """The span of an id: of the trace, the trigger's, or one of a linked trace."""
    if trace is None:
        return None
    if span_id in trace.by_id:
        return trace.by_id[span_id]
    if trace.trigger is not None and trace.trigger.span_id == span_id:
        return trace.trigger
    return next((span for span in trace.linked if span.span_id == span_id), None)


def title(check: CheckResult, limit: int = 200) -> str:
    """What a check is called: its name, else its text; an assertion is put under the selector it is about."""
    text = one_line(check.text, limit)
    if check.kind != "spec":
        return one_line(check.name, limit) or text
    head = one_line(check.name or check.selector, limit) or "every span"
    return one_line(f"{head}: {text}", limit) if text else head


def headline(check: CheckResult, limit: int = 300) -> str:
    """One sentence that suffices alone: what the check is called, and why it did not pass."""
    why = reason(check, limit)
    return one_line(f"{title(check, limit)}: {why}", limit) if why else title(check, limit)


def reason(check: CheckResult, limit: int = 400) -> str:
    """Why a check did not pass; empty for one that did."""
    if check.outcome is Outcome.PASSED:
        return ""
    if check.error:
        return f"cannot be evaluated: {one_line(check.error, limit)}"
    return one_line(check.reason, limit) or _contrast(check, limit)


def summary(check: CheckResult, limit: int = 400) -> str:
    """The reason for a headline: what was expected is in it, even where the reason leaves it out."""
    return reason(check, limit) or title(check, limit)


def expected_and_actual(check: CheckResult, limit: int = 300) -> tuple[tuple[str, str], ...]:
    """The pairs `expected` and `actual`, without those that have nothing to say."""
    results = failing(check.span_results)
    expected = check.expected or next((result.expected for result in results), "")
    actual = check.actual or _values([result.observed for result in results])
    pairs = (("expected", expected), ("actual", actual))
    return tuple((label, one_line(text, limit)) for label, text in pairs if text)


def aligned(pairs: Iterable[tuple[str, str]], *, width: int = 80, column: int = 0) -> list[str]:
    """Labels and texts in two columns, long texts wrapped under their own beginning."""
    listed = list(pairs)
    column = column or max((cells(label) for label, _ in listed), default=0) + 2
    lines = []
    for label, text in listed:
        first, *rest = wrap(text, width - column)
        lines.append(f"{pad(label, column)}{first}".rstrip())
        lines.extend(f"{' ' * column}{line}" for line in rest)
    return lines


def location(place: SourcePlace) -> str:
    """`tests/checkout.yaml:14:5`, as editors and CI systems make links of it."""
    return f"{one_line(place.path, 300)}:{place.line}:{place.column}"


def excerpt(place: SourcePlace, width: int = 80) -> tuple[str, str]:
    """The line of a place and the pointer under it, both at most `width` cells; empty texts without an excerpt.

    A long line is cut around the place.
    """
    if not place.excerpt.strip():
        return "", ""
    line, column = place.excerpt, min(max(0, place.column - 1), len(place.excerpt))
    marked_end = min(len(line), column + max(1, place.length))
    start = 0 if len(line) <= width else max(0, min(column - width // 4, len(line) - width))
    before, marked, after = line[start:column], line[column:marked_end][:width], line[marked_end : start + width * 2]
    lead = ("…" if start else "") + one_line(before[1 if start else 0 :].replace("\t", "  "), width * 8)
    lead = _tail(lead, width // 2) if cells(lead) >= width else lead
    middle = one_line(marked.replace("\t", "  "), max(1, width - cells(lead)))
    shown = one_line(f"{lead}{middle}{after.replace(chr(9), '  ')}", width)
    return shown, " " * cells(lead) + "^" * max(1, cells(middle))


def failing(results: Sequence[SpanResult]) -> tuple[SpanResult, ...]:
    """The span results that did not hold, in trace order."""
    return tuple(result for result in results if not result.passed)


def observed(check: CheckResult, limit: int = 60) -> str:
    """What a check found, in few words: its actual value, or the values of its spans, most frequent first."""
    if check.actual:
        return one_line(check.actual, limit)
    return one_line(_values([result.observed for result in check.span_results]), limit)


def hanging(text: str, width: int) -> list[str]:
    """A line wrapped under its own beginning: its indent, and the number of a list's item, are kept clear."""
    lead = _LEAD.match(text)
    assert lead is not None
    hang = " " * cells(lead[0])
    first, *rest = wrap(text[lead.end() :], width - len(hang))
    return [lead[0] + first, *(hang + line for line in rest)]


def near_miss(near: NearMiss, trace: Trace | None = None) -> str:
    """One near miss as a sentence."""
    return "; ".join(near_miss_parts(near, trace))


def near_miss_parts(near: NearMiss, trace: Trace | None = None) -> list[str]:
    """What no span satisfied, what is there instead, which spans came closest, what may have been meant."""
    names = Counter(describe_span_id(each, trace) for each in near.spans)
    named = _listed([f"{name} × {count}" if count > 1 else name for name, count in names.items()], 3) if names else ""
    parts = [one_line(near.sentence, 400)] if near.sentence else [_unmet(near)]
    if near.seen and not near.sentence:
        parts.append("seen: " + ", ".join(f"{one_line(value, 40)} × {count:,}" for value, count in near.seen[:5]))
    if named:
        parts.append(named if near.sentence else f"all else holds for {named}" if near.others else f"closest: {named}")
    if near.suggestion:
        parts.append(one_line(near.suggestion, 200))
    if near.looked_at:
        parts.append(
            f"of this large trace {near.looked_at:,} spans were looked at, some of each name and others spread evenly"
        )
    return parts


def _unmet(near: NearMiss) -> str:
    """That no span satisfies a predicate, or none of those that satisfy the rest."""
    predicate = one_line(near.predicate, 160)
    if near.alone and near.others:
        have = "1 span has" if near.alone == 1 else f"{near.alone:,} spans have"
        rest = (
            "the span that satisfies the rest does not" if near.others == 1 else "none of those that satisfy the rest"
        )
        return f"{have} {predicate}, but {rest}"
    return f"no span has {predicate}"


def marks(checks: Iterable[CheckResult]) -> Mapping[SpanId, Mark]:
    """How spans are to be marked for these checks: what a failed one is about, and what others and near misses name."""
    found: dict[SpanId, Mark] = {}
    for check in checks:
        if check.outcome in (Outcome.PASSED, Outcome.SKIPPED):
            continue
        failed = check.outcome is Outcome.FAILED
        for each in (*check.spans, *(result.span_id for result in failing(check.span_results))):
            if each is not None and (failed or each not in found):
                found[each] = Mark.FAILED if failed else Mark.CONCERNED
        for near in check.near:
            for each in near.spans:
                found.setdefault(each, Mark.CONCERNED)
    return found


def by_severity(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """Errored, failed, inconclusive, then what passed; in the order of the file among equals."""
    return sorted(checks, key=lambda check: _SEVERITY.index(check.outcome))


def case_reason(case: CaseResult) -> str:
    """Why a case as a whole ended as it did, on one line, for a case without a check that says so."""
    if case.error is not None:
        return one_line(case.error.message.partition("\n")[0], 1000)
    said = next((each for each in case.warnings if each.startswith(SKIPPED)), "")
    return one_line(case.settlement.reason or said.removeprefix(SKIPPED) or next(iter(case.warnings), ""), 400)


def why(case: CaseResult, limit: int = 400) -> str:
    """Why a case did not pass, on one line: its error, else its first check that did not pass."""
    failed = by_severity(case.failed_checks)
    return summary(failed[0], limit) if case.error is None and failed else one_line(case_reason(case), limit)


def count_line(run: RunResult) -> str:
    """`2 passed, 1 failed, 1 inconclusive`; `no cases` for an empty run."""
    order = (Outcome.PASSED, Outcome.FLAKY, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERRORED, Outcome.SKIPPED)
    counts = run.counts
    return ", ".join(f"{counts[each]:,} {each}" for each in order if each in counts) or "no cases"


def seconds(ns: int) -> str:
    """A case's time, aligned: `0.31s`, `12.0s`, `2m3s`."""
    if ns >= 60_000_000_000:
        return format_duration(ns // 1_000_000_000 * 1_000_000_000)
    return f"{ns / 1e9:.2f}s" if ns < 10_000_000_000 else f"{ns / 1e9:.1f}s"


def trace_line(trace: Trace) -> str:
    """`15 spans · 5 services · 412ms`."""
    services = {span.service for span in trace.spans if span.service}
    parts = [plural(len(trace), "span"), plural(len(services), "service")]
    starts = [span.start_ns for span in trace.spans if span.start_ns]
    if starts:
        parts.append(short_duration(max(0, max(span.end_ns for span in trace.spans) - min(starts))))
    return " · ".join(parts)


def no_spans(
    trigger: str, trace_id: str, receiver: str, meanwhile: Sequence[tuple[str, int, int]], waited_s: float
) -> str:
    """Why no span of a trace may have come, likeliest cause first; one line each, to be wrapped by the reader's width.

    Args:
        trigger: What was sent: `POST http://127.0.0.1:8080/checkout`.
        trace_id: The id that was sent with it.
        receiver: Where spans are awaited: `127.0.0.1:4318`; empty where they are read from a store.
        meanwhile: What did arrive of other traces: service, number of spans, number of traces.
        waited_s: How long it was waited.
    """
    sent = one_line(trigger, 200) or "the trigger"
    waited = short_duration(max(0, round(waited_s * 1e9)))
    lines = [f"no span of trace {one_line(trace_id, 40)} arrived within {waited} of {sent}"]
    lines.append(_arrived_meanwhile(receiver, meanwhile))
    lines.append("likely causes, the likeliest first:")
    for number, cause in enumerate(_causes(receiver, meanwhile, waited_s), start=1):
        lines.append(f"  {number}. {cause}")
    return "\n".join(lines)


def _arrived_meanwhile(receiver: str, meanwhile: Sequence[tuple[str, int, int]]) -> str:
    where = f" at {one_line(receiver, 80)}" if receiver else ""
    if not meanwhile:
        return f"nothing else arrived{where} meanwhile either"
    named = [
        f"{_service(name)} ({plural(spans, 'span')}, {plural(traces, 'trace')})" for name, spans, traces in meanwhile
    ]
    return f"spans of other traces did arrive{where}: {_listed(named, 5)}"


def _causes(receiver: str, meanwhile: Sequence[tuple[str, int, int]], waited_s: float) -> list[str]:
    endpoint = _endpoint_cause(receiver)
    sampling = (
        "Sampling: the service drops the trace. Unset OTEL_TRACES_SAMPLER, or set it to parentbased_always_on; "
        "the trigger sends the sampled flag."
    )
    batch = (
        "Batching: the exporter still holds the spans; its default delay is 5 s"
        + (f", and only {short_duration(round(waited_s * 1e9))} were waited" if waited_s < 5 else "")
        + ". Set OTEL_BSP_SCHEDULE_DELAY=100 in the services, or raise `settle.timeout`."
    )
    propagation = (
        "Propagation: the service that was called starts a trace of its own, for it does not read `traceparent`. "
        "Instrument its server side, and let OTEL_PROPAGATORS contain tracecontext"
    )
    if not meanwhile:
        return [endpoint, sampling, f"{propagation}.", batch]
    names = _listed([_service(name) for name, _, _ in meanwhile], 5)
    return [f"{propagation}; look at {names}, whose spans came under other trace ids.", sampling, batch, endpoint]


def _endpoint_cause(receiver: str) -> str:
    if not receiver:
        return (
            "Export: the services do not send to what the store reads. Set OTEL_EXPORTER_OTLP_ENDPOINT in them to the "
            "collector or back end behind the store."
        )
    url = receiver if "://" in receiver else f"http://{receiver}"
    url = url.replace("://0.0.0.0", "://127.0.0.1").replace("://[::]", "://[::1]")
    return (
        f"Export: the services send their spans elsewhere, or nowhere. Set OTEL_EXPORTER_OTLP_ENDPOINT={one_line(url, 120)} "
        "in them (from a container, host.docker.internal instead of 127.0.0.1) and start them again."
    )


def _values(values: Sequence[str]) -> str:
    """Values with how often each occurs, most frequent first, at most three."""
    counts: dict[str, int] = {}
    for value in values:
        if value:
            counts[value] = counts.get(value, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    parts = [one_line(value, 60) + (f" × {count:,}" if count > 1 else "") for value, count in ordered[:3]]
    return ", ".join(parts) + (", …" if len(ordered) > 3 else "")


def _tail(text: str, width: int) -> str:
    """The end of a text that is too long, at most `width` cells."""
    kept = text[-(width - 1) :]
    while cells(kept) > width - 1:
        kept = kept[1:]
    return "…" + kept


def _service(name: str) -> str:
    return one_line(name, 40) or "a service without a name"


def _listed(items: Sequence[str], limit: int) -> str:
    """`a, b and c`, or the first ones and how many more."""
    shown = list(items[:limit])
    if len(items) > limit:
        return f"{', '.join(shown)} and {len(items) - limit:,} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def _contrast(check: CheckResult, limit: int) -> str:
    results = failing(check.span_results)
    if len(check.span_results) <= 1 or not results:
        found = dict(expected_and_actual(check, limit))
        if len(found) == 2:
            return one_line(f"expected {found['expected']}, found {found['actual']}", limit)
    if results:
        return f"does not hold for {len(results):,} of {plural(len(check.span_results), 'span')}"
    return ""
