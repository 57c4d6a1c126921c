"""What opened stores share: answers as `Fetched`, faults of a body in words, and the steps of a test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from spanspec.errors import OtlpError, StoreError
from spanspec.model.context import TimeWindow
from spanspec.model.ids import TraceId
from spanspec.stores._http import port_open
from spanspec.stores.base import Arrived, DeniedError, Fetched, PassingError, Step, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from spanspec.model.context import Clock
    from spanspec.otlp.decoded import Decoded

PROBE: Final = TraceId("0badc0ffee0badc0ffee0badc0ffee00")
"""An id of no trace, to ask for in a test of a store."""

_PORT_S: Final = 3.0


class Opened(ABC):
    """A store with its connections.

    Args:
        product: What it is, for messages: `Jaeger`.
        clock: Time.
    """

    def __init__(self, product: str, clock: Clock) -> None:
        self.product, self.clock = product, clock

    @abstractmethod
    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """What is known of a trace now.

        Raises:
            PassingError: Not this time; ask again.
            StoreError: The store cannot be read.
        """

    @abstractmethod
    def link(self, trace_id: TraceId) -> str | None:
        """Where a person sees the whole trace."""

    @abstractmethod
    async def close(self) -> None:
        """Give the connections back."""

    @property
    @abstractmethod
    def address(self) -> tuple[str, int]:
        """Host and port, for the first step of a test.

        Raises:
            StoreError: There is none in the configuration.
        """

    @property
    @abstractmethod
    def where(self) -> str:
        """The address for people."""

    def decoded(
        self, decode: Callable[[], Decoded], trace_id: TraceId, *, lost: str = "", partial: bool = False
    ) -> Fetched:
        """An answer's spans of a trace.

        Raises:
            PassingError: The answer is no such document: cut, or of something that stands between.
        """
        try:
            found = decode()
        except OtlpError as fault:
            raise PassingError(
                f"{self.product} at {self.where} gave an answer that cannot be read: {fault.message}",
                help=fault.help or "Look at what answers at the store's address.",
            ) from fault
        spans = tuple(Arrived(span=each, exporter=self.where) for each in found.spans if each.trace_id == trace_id)
        problems = "; ".join(found.problems[:3])
        note = "; ".join(part for part in (lost if spans else "", problems) if part)
        return Fetched(spans=spans, partial=partial, dropped=found.rejected, note=note)

    async def check(self) -> AsyncIterator[Step]:
        """Try the way to the store step by step; ends after the first that fails."""
        try:
            host, port = self.address
            await port_open(host, port, _PORT_S)
        except StoreError as fault:
            yield Step(name="port", passed=False, text=fault.message, help=fault.help)
            return
        yield Step(name="port", passed=True, text=f"{host}:{port} takes connections")
        try:
            found = await self.fetch(PROBE, TimeWindow(start_ns=self.clock.now_ns(), end_ns=self.clock.now_ns()))
        except StoreError as fault:
            for step in _told(fault, self.product):
                yield step
            return
        yield Step(name="answer", passed=True, text=f"{self.product} answers at {self.where}")
        yield Step(name="authentication", passed=True, text="the credentials are taken, or none are wanted")
        count = len(found.spans)
        yield Step(
            name="query",
            passed=not count,
            text=f"a trace by its id: {count} spans for an id that nobody has"
            if count
            else "a trace can be asked for by its id",
            help="Look at what answers at the store's address: it gives the same for every id." if count else "",
        )


def _told(fault: StoreError, product: str) -> list[Step]:
    """The steps up to a failed one."""
    answers = Step(name="answer", passed=True, text=f"{product} answers")
    if isinstance(fault, UnreachableError):
        return [Step(name="answer", passed=False, text=fault.message, help=fault.help)]
    if isinstance(fault, DeniedError):
        return [answers, Step(name="authentication", passed=False, text=fault.message, help=fault.help)]
    if isinstance(fault, PassingError):
        return [Step(name="answer", passed=False, text=fault.message, help=fault.help)]
    return [answers, Step(name="query", passed=False, text=fault.message, help=fault.help)]
