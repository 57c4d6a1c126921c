"""Files of OTLP as exporters write them and people save them."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from spanspec.errors import OtlpError, StoreError
from spanspec.model.context import TimeWindow
from spanspec.model.ids import TraceId
from spanspec.stores.base import STORES
from spanspec.stores.file import Store, read
from tests.conformance.folder import folder
from tests.otlp.exports import A, B, document, export, raw_span

if TYPE_CHECKING:
    from spanspec.stores.base import Fetched

WINDOW = TimeWindow(start_ns=0, end_ns=1)
ONE = json.dumps(document(raw_span(1))).encode()
TWO = json.dumps(document(raw_span(2, "bb" * 16))).encode()
PRETTY = json.dumps(document(raw_span(1)), indent=2).encode()


ZIPKIN = json.dumps([{"traceId": "a" * 32, "id": f"{n}", "timestamp": 1, "duration": 1} for n in (1, 2)]).encode()


def prefixed(*bodies: bytes) -> bytes:
    """Bodies after their lengths, as the Collector's file exporter writes protobuf."""
    return b"".join(len(body).to_bytes(4) + body for body in bodies)


def delimited(*bodies: bytes) -> bytes:
    """Bodies after their lengths in varints of two bytes, as protobuf's own libraries write them."""
    return b"".join(bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) + body for body in bodies)


GOOD = [
    ("one", ONE, 1, 0),
    ("pretty", PRETTY, 1, 0),
    ("lines", ONE + b"\n" + TWO + b"\n", 2, 0),
    ("windows lines", ONE + b"\r\n\r\n" + TWO, 2, 0),
    ("pretty in a row", PRETTY + b"\n" + PRETTY, 2, 0),
    ("in a row", ONE + TWO, 2, 0),
    ("array", b"[" + ONE + b"," + TWO + b"]", 2, 0),
    ("empty array", b"[]", 0, 0),
    ("byte order mark", b"\xef\xbb\xbf" + ONE, 1, 0),
    ("cut last line", ONE + b"\n" + TWO[:40], 1, 1),
    ("cut last document", PRETTY + PRETTY[:90], 1, 1),
    ("bad line among good", ONE + b"\n{oops\n" + TWO, 2, 1),
    ("other signals", b'{"resourceMetrics": []}\n{"resourceLogs": []}', 0, 0),
    ("nothing", b" \n", 0, 0),
    ("empty request", b"{}", 0, 0),
    ("original names", b'{"resource_spans": []}', 0, 0),
    ("envelope", b'{"trace": ' + ONE + b"}", 1, 0),
    ("protobuf", export(A, B), 2, 0),
    ("prefixed protobuf", prefixed(export(A), export(B), b""), 2, 0),
    ("cut prefixed protobuf", prefixed(export(A), export(B))[:-5], 1, 1),
    ("gzip", gzip.compress(ONE), 1, 0),
    ("gzip members", gzip.compress(ONE + b"\n") + gzip.compress(TWO), 2, 0),
    ("gzip protobuf", gzip.compress(export(A)), 1, 0),
    ("zstd", zstandard.compress(ONE), 1, 0),
    ("zstd frames", zstandard.compress(ONE + b"\n") + zstandard.compress(TWO), 2, 0),
    ("prefixed zstd JSON", prefixed(zstandard.compress(ONE), zstandard.compress(TWO)), 2, 0),
    ("prefixed zstd protobuf", prefixed(zstandard.compress(export(A))), 1, 0),
    ("varint prefixed protobuf", delimited(export(A), export(B)), 2, 0),
    ("Zipkin", ZIPKIN, 2, 0),
    ("Zipkin's traces", b"[" + ZIPKIN + b"]", 2, 0),
]


@pytest.mark.parametrize(("label", "data", "spans", "problems"), GOOD, ids=[row[0] for row in GOOD])
def test_files_that_are_read(label: str, data: bytes, spans: int, problems: int, tmp_path: Path) -> None:
    """Each shape of a file gives its spans, and a problem for each part that is none."""
    path = tmp_path / "file.any"
    path.write_bytes(data)
    content = read(path)
    assert (len(content.spans), len(content.problems)) == (spans, problems), label
    assert all(str(path) in problem for problem in content.problems)


BAD = [
    ("UTF-16", ONE.decode().encode("utf-16"), "UTF-16"),
    ("zstd", b"\x28\xb5\x2f\xfd....", "zstd"),
    ("text", b"hello there", "begins with"),
    ("other JSON", b'{"data": [], "errors": null}', '"data", "errors" instead of resourceSpans'),
    ("list of numbers", b"[1]", "an object is expected"),
    ("wrong type", b'{"resourceSpans": {}}', "resourceSpans"),
    ("broken", b'{"resourceSpans": ', "incomplete|no JSON"),
    ("cut gzip", gzip.compress(os.urandom(99))[:9], "no gzip|cut|begins|no Span|byte"),
    ("noise", bytes(range(200, 250)), "byte"),
    ("not UTF-8", ONE.replace(b"op 1", b"\xff"), "not UTF-8"),
    ("key not UTF-8", b'{"\xff": 1}', "not UTF-8"),
    ("deep", b"[" * 100_000, "deep|no JSON"),
]


@pytest.mark.parametrize(("label", "data", "words"), BAD, ids=[row[0] for row in BAD])
def test_files_that_are_refused(label: str, data: bytes, words: str, tmp_path: Path) -> None:
    """What is no OTLP is refused in words that name the file."""
    path = tmp_path / "file.any"
    path.write_bytes(data)
    with pytest.raises(OtlpError, match=words) as caught:
        read(path)
    assert str(path) in str(caught.value), label


def test_a_growing_gzip_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """A writer that is at work has not closed its last member."""
    path = tmp_path / "traces.jsonl.gz"
    noise = json.dumps(document(*(raw_span(n, os.urandom(16).hex()) for n in range(1, 200)))).encode()
    path.write_bytes(gzip.compress(ONE + b"\n" + noise)[:-200])
    content = read(path)
    assert len(content.spans) == 1
    assert "incomplete" in content.problems[0]


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    """Files are read by name; one that is no OTLP is a problem, a folder of none an error."""
    (tmp_path / "b.json").write_bytes(ONE)
    (tmp_path / "a.pb").write_bytes(export(B))
    (tmp_path / "notes.txt").write_bytes(b"hello")
    (tmp_path / "c.json").write_bytes(b"[1]")
    content = read(tmp_path)
    assert [span.trace_id[:2] for span in content.spans] == ["bb", "aa"]
    assert len(content.problems) == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(OtlpError, match="no file with OTLP"):
        read(empty)


def fetched(store: Any, trace_id: str = "aa" * 16) -> Fetched:
    """What a store knows."""
    found: Fetched = asyncio.run(store.fetch(TraceId(trace_id), WINDOW))
    return found


def test_the_store_reads_again_what_has_changed(tmp_path: Path) -> None:
    """A file that grows is read again, by trace id."""
    path = tmp_path / "traces.jsonl"
    path.write_bytes(TWO + b"\n")
    store = STORES.load("file")(path=str(path))
    assert fetched(store).spans == ()
    path.write_bytes(TWO + b"\n" + ONE + b"\n")
    assert len(fetched(store).spans) == 1
    assert store.link(TraceId("aa" * 16)) is None


def test_a_missing_file_is_a_store_error(tmp_path: Path) -> None:
    """The path and the reason are in the message, and how to go on."""
    with pytest.raises(StoreError, match=r"nowhere\.json cannot be read: No such file") as caught:
        fetched(Store(path=str(tmp_path / "nowhere.json")))
    assert caught.value.help


CORPUS = folder().parent / "corpus" / "traces"
FOREIGN = ("README.md",)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus of traces beside the conformance cases")
def test_every_otlp_file_of_the_corpus_is_read() -> None:
    """Files that hold traces give spans, those of other signals none, those of other formats are refused."""
    files = [each for each in sorted((CORPUS / "otlp-json").rglob("*")) if each.is_file()]
    assert files
    for each in files:
        if each.name.endswith(FOREIGN):
            with pytest.raises(OtlpError, match="no OTLP"):
                read(each)
        else:
            assert bool(read(each).spans) is (each.name not in ("metrics.json", "logs.json", "events.json")), each


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus of traces beside the conformance cases")
def test_invalid_files_of_the_corpus_are_refused(tmp_path: Path) -> None:
    """Files that are no OTLP are refused; wrong types inside one as well."""
    files = [each for each in sorted((CORPUS / "otlp-json-invalid").rglob("*")) if each.is_file()]
    assert files
    for each in files:
        with pytest.raises(OtlpError):
            read(each)
    for each in (path for path in files if path.suffix == ".json"):
        for name, case in json.loads(each.read_text()).items():
            if "type" in name and name != "root_wrong_type":
                path = tmp_path / f"{name}.json"
                path.write_text(json.dumps(case["input"]))
                with pytest.raises(OtlpError):
                    read(path)
