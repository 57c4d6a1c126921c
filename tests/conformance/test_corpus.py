"""The corpus of traces that other projects have written: every file is read, and those that hold the same spans agree."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from spanspec.errors import OtlpError
from spanspec.model.span import Link, Resource, Scope, Span
from spanspec.stores.file import read
from tests.conformance.folder import ROOT

CORPUS = Path(os.environ.get("SPANSPEC_CORPUS") or ROOT.parent / "shared" / "corpus")
TRACES = CORPUS / "traces" / "otlp-json"
INVALID = CORPUS / "traces" / "otlp-json-invalid"
OTHER_SIGNALS = {"metrics.json", "logs.json", "events.json"}

if not TRACES.is_dir():
    pytest.skip(f"no {TRACES}: set SPANSPEC_CORPUS to the folder of the corpus", allow_module_level=True)

STORAGE = "jaeger-storage-v2/internal__storage__v2__{}__tracestore__fixtures__{}.json"
MICROS = 1000


def files(folder: Path) -> list[Path]:
    """The JSON files below a folder."""
    found = sorted(folder.rglob("*.json"))
    assert found
    return found


def names(paths: list[Path]) -> list[str]:
    """How tests of files are called."""
    return [f"{path.parent.name}/{path.name}" for path in paths]


@pytest.mark.parametrize("path", files(TRACES), ids=names(files(TRACES)))
def test_every_file_is_read(path: Path) -> None:
    """Files with traces give spans, those of other signals none."""
    assert bool(read(path).spans) is (path.name not in OTHER_SIGNALS)


@pytest.mark.parametrize("path", files(INVALID), ids=names(files(INVALID)))
def test_every_invalid_file_is_refused(path: Path) -> None:
    """What is no trace is refused in words that name the file."""
    with pytest.raises(OtlpError) as caught:
        read(path)
    assert str(path) in str(caught.value)


def bare(span: Span) -> Span:
    """What Jaeger's model can hold of a span: microseconds, no schema URL."""
    cut = span.end_ns - (span.end_ns - span.start_ns) % MICROS
    return replace(
        span,
        end_ns=cut,
        resource=Resource(attributes=span.resource.attributes),
        scope=Scope(name=span.scope.name, version=span.scope.version),
    )


def spans(name: str) -> list[Span]:
    """The spans of a file, as far as both formats can hold them; none may have a problem."""
    content = read(TRACES / name)
    assert content.problems == ()
    return [bare(span) for span in content.spans]


PAIRS = [
    (STORAGE.format("elasticsearch", "es_01"), STORAGE.format("elasticsearch", "otel_traces_01")),
    (STORAGE.format("elasticsearch", "es_01_string_tags"), STORAGE.format("elasticsearch", "otel_traces_01")),
    (STORAGE.format("cassandra", "cas_01"), STORAGE.format("cassandra", "otel_traces_01")),
    ("jaeger-otlp2jaeger/otlp2jaeger-out.json", "jaeger-otlp2jaeger/otlp2jaeger-in.json"),
    ("jaeger-ui-otlp2jaeger/otlp2jaeger-out.json", "jaeger-ui-otlp2jaeger/otlp2jaeger-in.json"),
    ("jaeger-ui-otlp2jaeger/oltp2jaeger-multi-out.json", "jaeger-ui-otlp2jaeger/otlp2jaeger-multi-in-combined.json"),
]


@pytest.mark.parametrize(("jaeger", "otlp"), PAIRS)
def test_jaeger_and_otlp_give_the_same_spans(jaeger: str, otlp: str) -> None:
    """A span is the same with every field, whether it is read from OTLP or from what Jaeger made of it."""
    assert spans(jaeger) == spans(otlp)


def test_the_compared_files_have_every_part_of_a_span() -> None:
    """The comparison is of something: the spans have a parent, attributes, events, links and a status."""
    (span,) = spans(PAIRS[0][0])
    assert span.parent_id == "0000000000000003"
    assert (span.status.value, span.trace_state, span.scope) == (
        "error",
        "",
        Scope(name="testing-library", version="1.1.1"),
    )
    assert span.attributes["blob"] == bytes.fromhex("00003039")
    assert [event.name for event in span.events] == ["testing-event", ""]
    assert all(isinstance(link, Link) for link in span.links)
    assert [link.span_id[-2:] for link in span.links] == ["04", "ff"]
