"""What `spanspec receive` does with what arrives: prints it, saves it, counts it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from spanspec.cli.options import counted
from spanspec.model.time import short_duration
from spanspec.otlp.decode import Decoded, decode_json, decode_protobuf
from spanspec.otlp.encode import encode_json
from spanspec.otlp.exchange import Encoding
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spanspec.model.span import Span
    from spanspec.otlp.exchange import Payload
    from spanspec.receiver.http import Sink

_MOST_TRACES = 1_000_000
"""Trace ids that are counted apart; past that the count stands still."""


class Both:
    """A sink in front of another: what the first refuses does not reach the second."""

    def __init__(self, first: Sink, second: Sink) -> None:
        self._first, self._second = first, second

    def add(self, payload: Payload, peer: str = "") -> Decoded:
        """Take in one export.

        Raises:
            OtlpError: It is broken; nothing of it was taken.
        """
        decoded = self._first.add(payload, peer)
        self._second.add(payload, peer)
        return decoded


class Printer:
    """Prints and saves; counts what it saw."""

    def __init__(self, folder: Path | None, *, quiet: bool) -> None:
        self.failed = ""
        self._folder, self._quiet = folder, quiet
        self._spans = 0
        self._traces: set[str] = set()
        self._others: dict[str, int] = {}

    def add(self, payload: Payload, peer: str = "") -> Decoded:
        """Take in one export; metrics and logs are counted.

        Raises:
            OtlpError: It is broken; nothing of it was taken.
        """
        if payload.signal != "traces":
            self._others[payload.signal] = self._others.get(payload.signal, 0) + 1
            return Decoded()
        decode = decode_json if payload.encoding is Encoding.JSON else decode_protobuf
        decoded = decode(payload.body)
        self._take(decoded.spans)
        return decoded

    def _take(self, spans: Sequence[Span]) -> None:
        self._spans += len(spans)
        by_trace: dict[str, list[Span]] = {}
        for span in spans:
            by_trace.setdefault(span.trace_id, []).append(span)
            if not self._quiet:
                click.echo(_line(span))
        if len(self._traces) < _MOST_TRACES:
            self._traces.update(by_trace)
        if self._folder is not None:
            for trace_id, group in by_trace.items():
                self._append(self._folder / f"{trace_id}.jsonl", group)

    def summary(self) -> str:
        """What was seen."""
        others = "".join(f", {counted(count, 'export')} of {signal}" for signal, count in sorted(self._others.items()))
        failed = f"; {self.failed}" if self.failed else ""
        return f"{counted(self._spans, 'span')} of {counted(len(self._traces), 'trace')}{others}{failed}"

    def _append(self, path: Path, group: list[Span]) -> None:
        try:
            with path.open("ab") as file:
                file.write(encode_json(group).replace(b"\n", b" ") + b"\n")
        except OSError as fault:
            self.failed = f"not all saved: {path}: {fault.strerror}"


def _line(span: Span) -> str:
    status = " error" if span.status == "error" else ""
    service = span.service or "?"
    text = f"{span.trace_id[:8]}… {span.span_id}  {service}  {span.kind}  {span.name}  {short_duration(span.duration_ns)}{status}"
    return re.sub(r"\s*\n\s*", " ", visible(text))
