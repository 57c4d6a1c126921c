"""Traces in files: OTLP as the Collector's file exporter writes it, and as people save it, or the JSON of other tools.

JSON: one request in a file, several one after another, or one per line
(https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/#json-lines-file). Protobuf: one request in a file, or several, each
after its length in four bytes, most significant first, as the Collector's file exporter writes them, or in a varint. Both may be
packed with gzip or zstd. What else is read is told by what is in it (`otlp.decode_any`). A path that names a folder stands for the files in it, not in folders below.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from spanspec.errors import OtlpError, StoreError
from spanspec.otlp.compression import unpack
from spanspec.otlp.decode_any import FORMATS, decode_binary, decode_document, decode_many
from spanspec.source.render import visible
from spanspec.stores._zstd import MAGIC, unpack_zstd
from spanspec.stores.base import Arrived, Fetched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spanspec.model.context import TimeWindow
    from spanspec.model.ids import TraceId
    from spanspec.model.span import Span
    from spanspec.otlp.decoded import Decoded

MAX_FILE: Final = 1 << 30
"""Bytes of one file, unpacked."""

_MAX_FILES = 10_000
_MAX_PROBLEMS = 100
_SMALLEST_GZIP = 20
_CONTROL = re.compile(rb"[\x00-\x08]")
_BOM = b"\xef\xbb\xbf"
_SUFFIXES = {".json", ".jsonl", ".ndjson", ".pb", ".binpb", ".bin", ".proto", ".otlp", ".gz", ".zst", ".zstd"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """What files hold.

    Attributes:
        spans: In the order of the files, by name, and in each as written.
        problems: What was left out and why, with the file and its line or record.
    """

    spans: tuple[Span, ...] = ()
    problems: tuple[str, ...] = ()


def read(path: str | Path) -> ReadFile:
    """Read the spans of a file or of the files in a folder.

    A file that grows may end within a line; that line is a problem, not an error, and so is any line that is no OTLP when
    another is. In a folder the same holds for files.

    Raises:
        StoreError: The file cannot be opened.
        OtlpError: Nothing in it is OTLP; says what it looks like instead.
    """
    place = Path(path)
    try:
        if place.is_dir():
            return _read_folder(place)
        return _read_file(place)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise StoreError(
            f"{visible(str(place))} cannot be read: {reason}", help="Give the path of a file with OTLP traces."
        ) from fault


class Store(BaseModel):
    """Traces read from a file or folder, again whenever it has changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    type: Literal["file"] = "file"
    path: str = Field(description="A file with OTLP as JSON or protobuf, or a folder of such files.")

    _known: tuple[object, ReadFile] | None = PrivateAttr(default=None)

    @staticmethod
    def read(path: str | Path) -> ReadFile:
        """All spans of a file or folder: `read`, for callers that load this store by its name."""
        return read(path)

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """The file's spans of a trace. The window is not looked at: a file holds what it holds.

        Raises:
            StoreError: The file cannot be read or is no OTLP.
        """
        try:
            content = await asyncio.to_thread(self._content)
        except OtlpError as fault:
            raise StoreError(str(fault), help=fault.help) from fault
        spans = tuple(Arrived(span=span, exporter=self.path) for span in content.spans if span.trace_id == trace_id)
        return Fetched(spans=spans, note="; ".join(content.problems[:3]))

    def link(self, trace_id: TraceId) -> str | None:
        """None: a file has no page."""
        return None

    def _content(self) -> ReadFile:
        state = _state(Path(self.path))
        if self._known is None or self._known[0] != state:
            self._known = (state, read(self.path))
        return self._known[1]


def _state(path: Path) -> object:
    """What changes when the file or a file in the folder does."""
    try:
        files = _candidates(path) if path.is_dir() else [path]
        return [(str(each), each.stat().st_mtime_ns, each.stat().st_size) for each in files]
    except OSError:
        return object()  # `read` will say why


def _candidates(folder: Path) -> list[Path]:
    files = [each for each in sorted(folder.iterdir()) if each.suffix.lower() in _SUFFIXES and each.is_file()]
    return files[:_MAX_FILES]


def _read_folder(folder: Path) -> ReadFile:
    spans: list[Span] = []
    problems: list[str] = []
    files = _candidates(folder)
    good = 0
    for each in files:
        try:
            content = _read_file(each)
        except OtlpError as fault:
            problems.append(str(fault))
            continue
        good += 1
        spans.extend(content.spans)
        problems.extend(content.problems)
    if not good:
        seen = f": {problems[0]}" if problems else f" among {len(files)} files"
        raise OtlpError(
            f"{visible(str(folder))} has no file with OTLP{seen}", help="Give a folder with .json, .jsonl or .pb files."
        )
    return ReadFile(spans=tuple(spans), problems=tuple(problems[:_MAX_PROBLEMS]))


def _read_file(path: Path) -> ReadFile:
    name = visible(str(path))
    if path.stat().st_size > MAX_FILE:
        raise OtlpError(f"{name} is larger than {MAX_FILE >> 20} MiB", help="Split it by trace or by time.")
    try:
        return _read_bytes(_unpacked(path.read_bytes()), name)
    except OtlpError as fault:
        if fault.message.startswith(name):
            raise
        raise OtlpError(f"{name}: {fault.message}", offset=fault.offset, help=fault.help) from fault


def _unpacked(data: bytes) -> bytes:
    if data.startswith(MAGIC):
        return unpack_zstd(data, MAX_FILE)
    if not data.startswith(b"\x1f\x8b"):
        return data
    # A writer that is still at work has not closed its last member.
    content = unpack(data, "gzip", MAX_FILE, cut=True)
    if not content and len(data) < _SMALLEST_GZIP:
        raise OtlpError("the gzip file is cut")
    return content


def _read_bytes(data: bytes, name: str) -> ReadFile:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise OtlpError("the file is UTF-16", help="Save it as UTF-8.")
    text = data.removeprefix(_BOM)
    reader = _Reader(name)
    if text[:4096].lstrip()[:1] in (b"{", b"["):
        _read_json(text, reader)
    elif not text.strip():
        return ReadFile()
    elif text.isascii() and not _CONTROL.search(text):
        raise OtlpError(f'this is no OTLP, it begins with "{visible(text[:40].decode().strip())}"', help=FORMATS)
    else:
        _read_protobuf(data, reader)
    return reader.result()


@dataclass(slots=True)
class _Reader:
    """Collects the spans of a file's parts, and what was wrong with the others."""

    name: str
    spans: list[Span] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    good: int = 0
    fault: OtlpError | None = None

    def part(self, data: bytes, label: str, decode: Callable[[bytes], Decoded]) -> None:
        """Read one part; a fault of it is kept."""
        try:
            decoded = decode(data)
        except OtlpError as fault:
            self.fail(label, fault)
            return
        self.good += 1
        self.spans.extend(decoded.spans)
        where = f"{self.name}, {label}: " if label else f"{self.name}: "
        self.problems.extend(where + each for each in decoded.problems)

    def fail(self, label: str, fault: OtlpError) -> None:
        """Keep what is wrong with a part."""
        where = f"{self.name}, {label}" if label else self.name
        self.problems.append(f"{where}: {fault.message}")
        if self.fault is None:
            self.fault = OtlpError(f"{where}: {fault.message}", offset=fault.offset, help=fault.help or FORMATS)

    def result(self) -> ReadFile:
        """What was read.

        Raises:
            OtlpError: No part could be; the first one's fault.
        """
        if not self.good and self.fault is not None:
            raise self.fault
        problems = self.problems[:_MAX_PROBLEMS]
        if len(self.problems) > _MAX_PROBLEMS:
            problems.append(f"{self.name}: {len(self.problems) - _MAX_PROBLEMS} more problems")
        return ReadFile(spans=tuple(self.spans), problems=tuple(problems))


def _read_json(text: bytes, reader: _Reader) -> None:
    """One document, or one per line, or several one after another."""
    try:
        single = _documents(text)
    except msgspec.DecodeError as fault:
        _read_several(text, reader, fault)
        return
    except RecursionError:
        reader.fail("", OtlpError("the JSON nests too deep"))
        return
    if not single:
        reader.good += 1
    if text.lstrip()[:1] == b"[" and _read_together(single, "", reader):
        return
    for index, each in enumerate(single):
        reader.part(each, f"item {index + 1}" if len(single) > 1 else "", decode_document)


def _documents(text: bytes) -> list[bytes]:
    """The text itself when it is one object, its items when it is an array of requests."""
    if text.lstrip()[:1] == b"{":
        msgspec.json.decode(text, type=msgspec.Raw)
        return [text]
    return [bytes(each) for each in msgspec.json.decode(text, type=list[msgspec.Raw])]


def _read_several(text: bytes, reader: _Reader, fault: msgspec.DecodeError) -> None:
    lines = text.split(b"\n")
    if _one_per_line(lines):
        whole = [line for line in lines if _is_json(line)]
        if _read_together(whole, "", reader):
            whole = []
        last = max(index for index, line in enumerate(lines) if line.strip())
        for index, line in enumerate(lines):
            if line.strip() and (whole or not _is_json(line)):
                _read_line(line, index, reader, ended=index < last or text.endswith(b"\n"))
        return
    for index, part in enumerate(_sequence(text, reader)):
        reader.part(part, f"document {index + 1}", decode_document)
    if not reader.good and reader.fault is None:
        reader.fail("", OtlpError(f"no JSON: {visible(str(fault))}"))


def _one_per_line(lines: list[bytes]) -> bool:
    """Whether the first line that says anything is a document of its own."""
    return _is_json(next((line for line in lines if line.strip()), b""))


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _read_together(parts: list[bytes], label: str, reader: _Reader) -> bool:
    """Read parts whose spans belong together, such as Zipkin's; whether they are that.

    A span may be told apart only by the others: one that shares its id, an error that belongs to it.
    """
    first = next((part.strip() for part in parts if part.strip()), b"")
    if first.startswith(b"{") and b'"resourceSpans"' in first[:200]:
        return False
    try:
        documents = [msgspec.json.decode(part) for part in parts]
        decoded = decode_many(documents)
    except OtlpError as fault:
        reader.fail(label, fault)
        return True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if decoded is None:
        return False
    reader.part(b"", label, lambda _: decoded)
    return True


def _read_line(line: bytes, index: int, reader: _Reader, *, ended: bool) -> None:
    label = f"line {index + 1}"
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except msgspec.DecodeError as fault:
        what = f"no JSON: {visible(str(fault))}" if ended else "the line is incomplete"
        reader.fail(label, OtlpError(what))
        return
    reader.part(line, label, decode_document)


def _sequence(text: bytes, reader: _Reader) -> Iterator[bytes]:
    """Documents that follow each other with nothing or white space between them."""
    try:
        whole = text.decode()
    except UnicodeDecodeError as fault:
        reader.fail("", OtlpError(f"byte {fault.start}: not UTF-8", offset=fault.start))
        return
    scanner = json.JSONDecoder()
    pos = _blank(whole, 0)
    number = 0
    while pos < len(whole):
        number += 1
        try:
            _, end = scanner.raw_decode(whole, pos)
        except json.JSONDecodeError as fault:
            cut = fault.pos >= len(whole.rstrip())
            line = whole.count("\n", 0, pos) + 1
            what = "it is incomplete" if cut else f"no JSON at line {fault.lineno}, column {fault.colno}: {fault.msg}"
            reader.fail(f"document {number} (from line {line})", OtlpError(what))
            return
        except RecursionError:
            reader.fail(f"document {number}", OtlpError("the JSON nests too deep"))
            return
        yield whole[pos:end].encode("utf-8", "surrogatepass")
        pos = _blank(whole, end)


def _blank(text: str, pos: int) -> int:
    while pos < len(text) and text[pos] in " \t\r\n":
        pos += 1
    return pos


def _read_protobuf(data: bytes, reader: _Reader) -> None:
    frames = _frames(data)
    for index, frame in enumerate(frames):
        reader.part(frame, f"record {index + 1}", decode_binary)
    lengths = None if frames else _lengths(data)
    if lengths is None:
        if not frames:
            reader.part(data, "", decode_binary)
        return
    pos = 0
    for index, size in enumerate(lengths):
        pos += 4
        label = f"record {index + 1}"
        if pos + size > len(data):
            reader.fail(label, OtlpError("the record is incomplete"))
            return
        reader.part(data[pos : pos + size], label, _decode_record)
        pos += size


def _decode_record(data: bytes) -> Decoded:
    """One record; with `compression: zstd` the Collector packs each by itself, JSON too."""
    content = unpack_zstd(data, MAX_FILE) if data.startswith(MAGIC) else data
    return decode_document(content) if content.startswith(b"{") else decode_binary(content)


def _lengths(data: bytes) -> list[int] | None:
    """The lengths before each record, or None when the file has none.

    A request begins with `0A`, which would be a length of at least 160 MiB, and a record after its length with `0A` too, or
    as a packed one does.
    """
    if len(data) < 4 or data[0] == 0x0A:
        return None
    sizes = []
    pos = 0
    while pos + 4 <= len(data):
        size = int.from_bytes(data[pos : pos + 4])
        sizes.append(size)
        if size and data[pos + 4 : pos + 5] not in (b"\x0a", b"") and data[pos + 4 : pos + 8] != MAGIC:
            return None
        pos += 4 + size
    return sizes


def _frames(data: bytes) -> list[bytes]:
    """The records that follow each other, each after its length in a varint; none where the file is not made like that.

    Every record begins with `0A`; a message without a length does too, and what would be its length then leads beyond it.
    """
    frames: list[bytes] = []
    pos = 0
    while pos < len(data):
        size, shift = 0, 0
        while pos < len(data) and shift < 35:
            byte = data[pos]
            size |= (byte & 0x7F) << shift
            pos, shift = pos + 1, shift + 7
            if byte < 0x80:
                break
        frame = data[pos : pos + size]
        if len(frame) != size or (size and frame[0] != 0x0A):
            return []
        frames.append(frame)
        pos += size
    return frames
