"""The embedded receiver for Python programs: takes telemetry in, and gives the traces."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from spanspec.api.awaiting import awaited, id_of, seconds_of, settling
from spanspec.api.system import SystemClock
from spanspec.api.views import Trace
from spanspec.definition.plan import SettleSettings
from spanspec.errors import UsageError
from spanspec.receiver import serve
from spanspec.stores import memory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from spanspec.api.awaiting import Time
    from spanspec.runner.collect import Store


class Receiver:
    """An OTLP receiver for the length of an `async with`.

    Args:
        host: The address to listen on; loopback unless you say otherwise.
        port: Of OTLP/HTTP; 0 takes a free one. Left out it is 4318, or a free one where that is taken (see `notes`).
        grpc_port: Of OTLP/gRPC. Left out it is 4317, or a free one where `port` is given.
        export_delay: The batch delay of whoever exports here (`OTEL_BSP_SCHEDULE_DELAY`): seconds, or a text such as
            `100ms`. Left out, the SDKs' default of 5 s is assumed, and a trace is called whole no sooner.

    Attributes:
        notes: What a person should know, one line each, such as a port that was taken.
    """

    def __init__(
        self,
        *,
        host: str = serve.DEFAULT_HTTP[0],
        port: int | None = None,
        grpc_port: int | None = None,
        export_delay: Time | None = None,
    ) -> None:
        self._delay_s = None if export_delay is None else seconds_of(export_delay, "export_delay")
        self._clock = SystemClock()
        self._store = memory.Store(self._clock)
        self._stack = AsyncExitStack()
        chosen = port is not None
        self._server = serve.Receiver(
            self._store,
            http=(host, serve.DEFAULT_HTTP[1] if port is None else port),
            grpc=(host, grpc_port if grpc_port is not None else 0 if chosen else serve.DEFAULT_GRPC[1]),
            explicit=chosen or grpc_port is not None,
        )

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ReceiverError: An address cannot be listened on.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._server)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        await self._stack.aclose()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, one line each."""
        return tuple(self._server.notes)

    @property
    def endpoint(self) -> str:
        """The value for `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://127.0.0.1:4318`.

        Raises:
            UsageError: It does not listen yet.
        """
        found = self._server.endpoint
        if found is None:
            raise UsageError("the receiver does not listen yet", help="Use it inside `async with`.")
        return found

    @property
    def port(self) -> int:
        """The port of OTLP/HTTP."""
        return int(self.endpoint.rpartition(":")[2])

    @property
    def grpc_endpoint(self) -> str:
        """The value for `OTEL_EXPORTER_OTLP_ENDPOINT` with the protocol `grpc`."""
        host, _, _ = self.endpoint.rpartition(":")
        assert self._server.grpc_address is not None
        return f"{host}:{self._server.grpc_address[1]}"

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables to start a service with, so that its spans come here, and soon where `export_delay` was given."""
        found = {"OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
        if self._delay_s is not None:
            found["OTEL_BSP_SCHEDULE_DELAY"] = f"{self._delay_s * 1000:.0f}"
        return MappingProxyType(found)

    @property
    def received(self) -> int:
        """How many spans have come, of any trace."""
        return self._store.received

    async def wait_for_trace(
        self,
        trace_id: str | int,
        *,
        until: str = "",
        timeout: Time = 30.0,  # noqa: ASYNC109 - bounds more than an await: it is part of the settle rule
        wait: str = "settled",
    ) -> Trace:
        """The trace of an id, once it is whole.

        What has come before the call counts too. The time runs from the call on, so call it when whatever set the trace
        going has its answer.

        Args:
            trace_id: 32 hex digits, or a number as the OpenTelemetry SDK has it.
            until: A statement that must hold before the trace counts as whole, for work that nothing announces.
            timeout: How long at most: seconds, or a text such as `10s`.
            wait: `settled`, or `decided` to return as soon as `until` holds, with what has come by then.

        Raises:
            TraceError: It has not come, or was not whole, in time; says what was missing.
            DiagnosticsError: `until` is no statement.
        """
        settle = settling(SettleSettings(export_delay_s=self._delay_s), until=until, timeout=timeout, wait=wait)
        where = self.endpoint.partition("://")[2]
        return Trace(await awaited(id_of(trace_id), settle, self._store, self._clock, receiver=where))


async def wait_for_trace(
    trace_id: str | int,
    *,
    source: Receiver | Store | None = None,
    until: str = "",
    timeout: Time = 30.0,  # noqa: ASYNC109 - bounds more than an await: it is part of the settle rule
    export_delay: Time | None = None,
    wait: str = "settled",
) -> Trace:
    """The trace of an id, once it is whole, from wherever its spans come in.

    Args:
        trace_id: 32 hex digits, or a number as the OpenTelemetry SDK has it.
        source: A `Receiver`, or a store that can be awaited. Left out, a receiver listens on the usual ports for as long as
            this waits; what is exported before that is lost, unless the exporter sends it again.
        until: A statement that must hold before the trace counts as whole.
        timeout: How long at most.
        export_delay: The batch delay of whoever exports, where `source` is no `Receiver`.
        wait: `settled`, or `decided` to return as soon as `until` holds.

    Raises:
        TraceError: It has not come, or was not whole, in time.
        ReceiverError: The receiver could not listen.
        DiagnosticsError: `until` is no statement.
    """
    if source is None:
        async with Receiver(export_delay=export_delay) as receiver:
            return await receiver.wait_for_trace(trace_id, until=until, timeout=timeout, wait=wait)
    if isinstance(source, Receiver):
        return await source.wait_for_trace(trace_id, until=until, timeout=timeout, wait=wait)
    settle = settling(SettleSettings(), until=until, timeout=timeout, export_delay=export_delay, wait=wait)
    return Trace(await awaited(id_of(trace_id), settle, source, SystemClock()))
