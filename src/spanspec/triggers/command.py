"""One program, started with the trace context in its environment.

OpenTelemetry's "Environment Variables as Context Propagation Carriers": `TRACEPARENT`, `TRACESTATE`, `BAGGAGE`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AliasChoices, Field, field_validator

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.model.ids import TraceId
from spanspec.triggers._propagation import environment
from spanspec.triggers._shell import command_line
from spanspec.triggers._traceid import checked_trace_id
from spanspec.triggers.base import LocalPath, Seconds, Text, TriggerFields

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TraceContext

MAX_OUTPUT = 1 << 20
"""Bytes of each stream that are kept; what comes after is read past."""
_GRACE_S = 2.0
"""How long a program has between the request to end and the end."""
_OWN_ID = re.compile(r"\btrace_?id[\"']?\s*[=:]\s*[\"']?([0-9a-f]{32})\b", re.IGNORECASE)


class Trigger(TriggerFields):
    """Runs a program with the trace context in its environment, and keeps its output and exit code.

    Any exit code is an answer: `response:exit_code = 0` checks it. Each stream is kept up to its first MiB. What the program has
    started ends with it, and all of it at the time limit. A program that makes a trace id of its own can tell it: a line
    `trace_id=…` of its output, or what `trace_id` finds in it, names the trace that is judged then.
    """

    answers: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "response:exit_code": "The exit code; minus the signal's number for a program that a signal ended.",
            "response:status": "The same.",
            "response:body": "What it wrote to its standard output.",
            "response:stderr": "What it wrote to its standard error.",
            "response:duration": "From start to end.",
        }
    )

    run: Text | list[Text] = Field(
        validation_alias=AliasChoices("run", "command"),
        description="A text is a line for `/bin/sh`; a list is the program with its arguments, without a shell.",
    )
    env: dict[str, Text] = Field(default_factory=dict, description="Added to spanspec's own environment.")
    cwd: Annotated[Text, LocalPath()] = Field(default=".", description="The folder it runs in.")
    stdin: Text = Field(default="", description="What it reads from its standard input.")
    timeout: Seconds = Field(default=60.0, gt=0, description="A duration, or seconds; then it is ended.")
    trace_id: Text = Field(
        default="",
        description="A regular expression whose first group (or whole match) in the output is the id of the trace to judge.",
    )
    otlp: bool = Field(
        default=True,
        description="Whether `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_PROTOCOL` name the run's receiver, where nobody else has set the endpoint.",
    )

    @field_validator("trace_id")
    @classmethod
    def _pattern(cls, value: str) -> str:
        if "${" not in value:
            _compiled(value)
        return value

    @field_validator("run")
    @classmethod
    def _something(cls, value: str | list[str]) -> str | list[str]:
        if not value or not value[0].strip():
            raise ValueError("names no program")
        return value

    def describe(self) -> str:
        """The line."""
        shown = self.without_secrets().run
        line = shown if isinstance(shown, str) else command_line(shown)
        return f"RUN {' '.join(line.split())[:200]}"

    def dry_run(self, context: TraceContext) -> str:
        """The line with its environment and folder."""
        shown = self.without_secrets()
        variables = {**self._context(context, os.environ), **shown.env}
        words = ["env", *(f"{key}={value}" for key, value in variables.items())]
        words += ["/bin/sh", "-c", shown.run] if isinstance(shown.run, str) else shown.run
        line = f"cd {shlex.quote(self.cwd)} && {command_line(words)}"
        return f"{line} <<< {shlex.quote(self.stdin)}" if self.stdin else line

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Run it to its end.

        Raises:
            TriggerError: It cannot be started, does not end in time, or tells no trace id where it must.
        """
        start_ns, started = clock.now_ns(), clock.monotonic_ns()
        program = await self._started(context)
        output, errors = program.output, program.errors
        try:
            async with asyncio.timeout(self.timeout):
                program.feed(self.stdin.encode())
                await program.exited.wait()
                program.signal(signal.SIGKILL)  # what it left behind would hold its output open
                await program.drained.wait()
        except TimeoutError as fault:
            raise TriggerError(
                f"{self.describe()} did not end within its timeout of {self.timeout:g} s and was stopped{_last(output, errors)}",
                help="Raise `timeout` of the trigger, or look at what the program is waiting for.",
            ) from fault
        finally:
            await program.end()
        code = program.code
        return TriggerResult(
            kind="command",
            start_ns=start_ns,
            end_ns=start_ns + clock.monotonic_ns() - started,
            status=code,
            body=output.text,
            body_truncated=output.cut,
            request=self.describe(),
            attributes=MappingProxyType({"exit_code": code, "stderr": errors.text}),
            trace_id=self._own_trace(output, errors),
        )

    async def _started(self, context: TraceContext) -> _Program:
        variables = {**os.environ, **self._context(context, os.environ), **self.env}
        words = ["/bin/sh", "-c", self.run] if isinstance(self.run, str) else self.run
        pipe = asyncio.subprocess.PIPE
        try:
            _, program = await asyncio.get_running_loop().subprocess_exec(
                _Program,
                *words,
                stdin=pipe if self.stdin else asyncio.subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                env=variables,
                cwd=self.cwd,
                start_new_session=True,
            )
        except (OSError, ValueError) as fault:
            reason = getattr(fault, "strerror", None) or str(fault)
            raise TriggerError(
                f"{self.describe()} cannot be started in {self.cwd}: {reason}",
                help="Name a program that is on PATH, or give its path relative to `cwd`.",
            ) from fault
        return program

    def _context(self, context: TraceContext, own: Mapping[str, str]) -> dict[str, str]:
        """The variables that carry the context, and where to send spans."""
        out = environment(context, self.propagate)
        endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
        if self.otlp and context.otlp_endpoint and not any(name in own or name in self.env for name in endpoints):
            out["OTEL_EXPORTER_OTLP_ENDPOINT"] = context.otlp_endpoint
            out.setdefault("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        return out

    def _own_trace(self, output: _Kept, errors: _Kept) -> TraceId | None:
        """The trace that the program says it made; None for the one that was injected."""
        if not self.trace_id:
            found = _OWN_ID.findall(output.text) or _OWN_ID.findall(errors.text)
            return TraceId(found[-1].lower()) if found else None
        pattern = _compiled(self.trace_id)
        match = pattern.search(output.text) or pattern.search(errors.text)
        if match is None:
            raise TriggerError(
                f"{self.describe()}: nothing in its output is what `trace_id` looks for ({self.trace_id}){_last(output, errors)}",
                help="Let the program print the id of its trace, or mend the expression.",
            )
        return checked_trace_id(
            match[1] if pattern.groups else match[0], f"{self.describe()} told a trace id that is none"
        )


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.MULTILINE)
    except re.error as fault:
        raise ValueError(f"is no regular expression: {fault}") from fault


@dataclass
class _Kept:
    """What came of a stream, up to the bound."""

    chunks: list[bytes] = field(default_factory=list)
    size: int = 0

    @property
    def text(self) -> str:
        """As text."""
        return b"".join(self.chunks).decode("utf-8", "replace")

    @property
    def cut(self) -> bool:
        """Whether more came than was kept."""
        return self.size > MAX_OUTPUT

    def take(self, chunk: bytes) -> None:
        """Keep what fits."""
        if self.size < MAX_OUTPUT:
            self.chunks.append(chunk[: MAX_OUTPUT - self.size])
        self.size += len(chunk)


class _Program(asyncio.SubprocessProtocol):
    """A running program with all that it has started: its process group.

    asyncio's own `Process.wait` ends only when the pipes are closed, which a process left behind may never do; here the
    program's exit and the end of its output are two events.
    """

    def __init__(self) -> None:
        self.output, self.errors = _Kept(), _Kept()
        self.exited, self.drained = asyncio.Event(), asyncio.Event()
        self._open = {1, 2}
        self._transport: asyncio.SubprocessTransport | None = None

    @property
    def code(self) -> int:
        """The exit code, once it has exited."""
        found = self._transport.get_returncode() if self._transport is not None else None
        assert found is not None
        return found

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It has started."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It has written."""
        (self.output if fd == 1 else self.errors).take(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Nobody will write to this stream any more; for standard input: it reads no more."""
        self._open.discard(fd)
        if not self._open:
            self.drained.set()

    def process_exited(self) -> None:
        """The program itself has ended."""
        self.exited.set()

    def feed(self, content: bytes) -> None:
        """Give it its input; it need not read it."""
        pipe = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if isinstance(pipe, asyncio.WriteTransport):
            pipe.write(content)
            pipe.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of it."""
        assert self._transport is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._transport.get_pid(), number)

    async def end(self) -> None:
        """End all of it: first asked, then not."""
        if not self.exited.is_set():
            self.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.exited.wait(), _GRACE_S)
        self.signal(signal.SIGKILL)
        await self.exited.wait()
        with contextlib.suppress(TimeoutError):  # a process that left the group may keep the output open
            await asyncio.wait_for(self.drained.wait(), _GRACE_S)
        assert self._transport is not None
        self._transport.close()


def _last(*streams: _Kept) -> str:
    """The last line that was written, for a message."""
    lines = [line for each in streams for line in each.text.strip().splitlines()[-1:] if line.strip()]
    return f'; its last words: "{lines[-1][:200]}"' if lines else ""
