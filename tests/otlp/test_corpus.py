"""Every recorded document of a format that is read gives the spans of its OTLP twin, and every one that is not is refused in words."""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from spanspec.errors import OtlpError
from spanspec.stores.file import read
from tests.conformance.folder import folder

if TYPE_CHECKING:
    from pathlib import Path

    from spanspec.model.attributes import Attributes, AttributeValue
    from spanspec.model.span import Link, Scope, Span

CORPUS = folder().parent / "corpus" / "traces"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus of traces beside the conformance cases")

REWRITTEN = ("code.filepath", "exception.stacktrace")
"""What the recordings were cleaned of."""


def answers(server: str) -> list[Path]:
    """The recorded answers that hold a trace, of all APIs but those that give no OTLP or Jaeger JSON."""
    found = [each for each in sorted((CORPUS / "backends" / server).iterdir()) if not each.name.endswith(".meta.json")]
    found = [each for each in found if ".sent-" not in each.name and not each.name.startswith(("unknown", "malformed"))]
    return [each for each in found if not any(part in each.name for part in (".v2-llm.", ".grpc-v2."))]


def sent(answer: Path) -> dict[str, Span]:
    """What had been sent, by span id."""
    case = answer.name.partition(".")[0].partition("-")[0]
    files = sorted(answer.parent.glob(f"{case}.sent-*.otlp.pb"))
    assert files
    return {span.span_id: span for file in files for span in read(file).spans}


def cleaned(attributes: Attributes) -> Attributes:
    """Attributes without those that the recordings were cleaned of."""
    return {key: value for key, value in attributes.items() if key not in REWRITTEN}


def plain(span: Span, *, aged: bool = False) -> Span:
    """A span without what both servers drop, schema URLs, and what Tempo changes in old blocks: flags and the order of links."""
    return replace(
        span,
        flags=0 if aged else span.flags,
        links=tuple(sorted(span.links, key=lambda each: each.span_id)) if aged else span.links,
        resource=replace(span.resource, schema_url=""),
        scope=replace(span.scope, schema_url=""),
        events=tuple(replace(each, attributes=cleaned(each.attributes)) for each in span.events),
    )


def as_jaeger(value: AttributeValue) -> AttributeValue:
    """A value as Jaeger's own model keeps it: lists are JSON in a text, whole doubles without a fraction."""
    if isinstance(value, tuple):
        whole = [int(each) if isinstance(each, float) and each.is_integer() else each for each in value]
        return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    return value


def in_jaeger(span: Span) -> Span:
    """A span as Jaeger's own model keeps it: microseconds, no attributes of scopes and links, no flags."""

    def attributes(found: Attributes) -> Attributes:
        return {key: as_jaeger(value) for key, value in found.items()}

    def link(each: Link) -> Link:
        return replace(each, attributes=MappingProxyType({"opentracing.ref_type": "follows_from"}), trace_state="")

    def scope(found: Scope) -> Scope:
        return replace(found, attributes={}, schema_url="")

    start = span.start_ns // 1000
    return replace(
        span,
        flags=0,
        start_ns=start * 1000,
        end_ns=(start + (span.end_ns - span.start_ns) // 1000) * 1000,
        attributes=attributes(span.attributes),
        resource=replace(span.resource, attributes=attributes(span.resource.attributes), schema_url=""),
        scope=scope(span.scope),
        links=tuple(link(each) for each in span.links),
        events=tuple(
            replace(each, time_ns=each.time_ns // 1000 * 1000, attributes=attributes(cleaned(each.attributes)))
            for each in span.events
        ),
    )


def test_answers_of_tempo_and_jaeger_give_what_was_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """Every recorded answer, of each API and in each encoding, has all spans as they were sent, but for what is documented as lost."""
    compared = {"tempo": 0, "jaeger": 0}
    for server in compared:
        for answer in answers(server):
            twins, spans = sent(answer), read(answer).spans
            old = server == "jaeger" and ".v1" in answer.name
            aged = "aged" in answer.name
            assert {each.span_id for each in spans} == set(twins), answer.name
            for span in spans:
                found, twin = plain(span, aged=aged), plain(twins[span.span_id], aged=aged)
                assert (in_jaeger(found) if old else found) == (in_jaeger(twin) if old else twin), answer.name
            compared[server] += 1
    with capsys.disabled():
        print(f" compared {compared['tempo']} answers of Tempo and {compared['jaeger']} of Jaeger with what was sent")
    assert compared == {server: len(answers(server)) for server in compared}
    assert min(compared.values()) > 20


def pairs() -> list[tuple[Path, Path]]:
    """A trace in Jaeger's JSON and the same in OTLP."""
    home = CORPUS / "perses-pairs"
    named = {each.name.removesuffix("_jaeger.json"): each for each in sorted(home.glob("*_jaeger.json"))}
    return [(each, home / f"{name}_otlp.json") for name, each in named.items() if (home / f"{name}_otlp.json").exists()]


def test_pairs_are_the_same_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """Jaeger's JSON of a trace has the spans of the OTLP beside it: ids, parents, names, kinds, services, times, states, events."""
    for jaeger, otlp in pairs():
        ours, theirs = ({span.span_id: span for span in read(each).spans} for each in (jaeger, otlp))
        assert set(ours) == set(theirs), jaeger.name
        for key, span in ours.items():
            twin = in_jaeger(theirs[key])
            for name in ("trace_id", "parent_id", "name", "kind", "service", "status", "start_ns", "end_ns"):
                assert getattr(span, name) == getattr(twin, name), (jaeger.name, key, name)
            assert [each.name for each in span.events] == [each.name for each in twin.events], (jaeger.name, key)
    with capsys.disabled():
        print(f" compared {len(pairs())} pairs")
    assert len(pairs()) >= 2


NO_IDS = (
    "claude-code",
    "custom-env",
    "error-status",
    "genai",
    "generic-name",
    "http-",
    "open",
    "plain",
    "trace-group",
    "test-",
)
"""Templates of another project's tests, with words where ids or times belong; each says so."""

COUNTS = {
    "zipkin": {"README.md": None, "zipkin_v1_error_batch.json": 1},
    "opensearch": {"standard_span.json": None, "otel-v1-apm-span-000001.json": 500, "traces-samples.json": 10},
    "elasticapm": {"transactions_spans.ndjson": 9},
    "tempo": {},
}


@pytest.mark.parametrize("name", COUNTS)
def test_every_file_of_a_format_is_read_or_refused_with_its_place(name: str) -> None:
    """A file gives spans; where it does not, the file, the span and the reason are told."""
    files = [each for each in sorted((CORPUS / name).rglob("*")) if each.is_file() and "mapping" not in each.name]
    assert files
    for each in files:
        expected = COUNTS[name].get(each.name, -1)
        if expected is None:
            with pytest.raises(OtlpError, match=each.name.replace(".", r"\.")):
                read(each)
            continue
        content = read(each)
        assert all(str(each) in problem for problem in content.problems)
        assert content.spans or content.problems, each
        assert expected in (-1, len(content.spans)), each
        if not content.spans:
            assert "left out: " in content.problems[0], each


def test_only_documents_without_ids_give_no_span() -> None:
    """The files of OpenSearch and Elastic APM that give nothing are those in which no id or time is one."""
    for each in sorted((CORPUS / "opensearch").rglob("*.json")):
        if "mapping" in each.name or each.name == "standard_span.json":
            continue
        assert bool(read(each).spans) is not each.name.startswith(NO_IDS), each
    for each in sorted((CORPUS / "zipkin").rglob("*.json")):
        assert read(each).spans, each


def found(path: Path) -> tuple[Span, ...]:
    """The spans of a file; none where it is refused with its name."""
    try:
        return read(path).spans
    except OtlpError as fault:
        return () if path.name in str(fault) else pytest.fail(f"{path} is not named in: {fault}")


def test_unknown_ids_are_no_trace_and_malformed_ones_an_error() -> None:
    """What servers answer for an unknown id holds no span, and for a malformed one no answer passes for a trace."""
    for each in sorted((CORPUS / "backends").rglob("*")):
        if each.name.endswith(".meta.json") or not each.name.startswith(("unknown.", "malformed.")):
            continue
        assert found(each) == (), each
