"""The seam of all trace stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from spanspec.errors import StoreError
from spanspec.plugins import Family

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from spanspec.model.context import Clock, TimeWindow
    from spanspec.model.ids import TraceId
    from spanspec.model.span import Span
    from spanspec.otlp.target import Target

STORES = Family("store", "spanspec.stores", "spanspec.stores", "Store")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A span with what is known of its coming.

    Attributes:
        span: The span.
        arrived_ns: Monotonic time (of the clock that the store was given) at which it was received.
        wall_ns: Unix time of the same moment, to be set against the span's end.
        exporter: Who sent it: resource and transport peer as one opaque text; two are equal for one exporter.
        batch: A number that all spans of one export request share.
    """

    span: Span
    arrived_ns: int = 0
    wall_ns: int = 0
    exporter: str = ""
    batch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a store knows of a trace now.

    Attributes:
        spans: All that it has, in any order, repeats included. A store that can also gives the spans of other traces that
            have a link into this one; their own trace id tells them apart.
        partial: The store says that it has not given everything.
        dropped: Spans that are known to be lost.
        note: What a reader should know, or empty.
    """

    spans: tuple[Arrived, ...] = ()
    partial: bool = False
    dropped: int = 0
    note: str = ""


class TraceStore(Protocol):
    """Where spans can be read. An empty answer means "nothing yet", never an error."""

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """What is known of a trace now.

        Raises:
            StoreError: The store cannot be read.
        """
        ...

    def link(self, trace_id: TraceId) -> str | None:
        """Where a person sees the whole trace."""
        ...


@runtime_checkable
class AwaitableStore(Protocol):
    """A store that says when something came, such as the receiver's buffer."""

    def expect(self, trace_id: TraceId) -> None:
        """Keep this trace from now on, and decode it; called before the trigger fires."""
        ...

    def release(self, trace_id: TraceId) -> None:
        """Nobody waits for this trace any more."""
        ...

    async def changed(self, trace_id: TraceId) -> None:
        """Return when spans of the trace have arrived since the last `fetch` of it; at once if they already have."""
        ...


class UnreachableError(StoreError):
    """Nothing answers at the store's address; asking again will not help."""


class DeniedError(StoreError):
    """The store does not take our credentials."""


class PassingError(StoreError):
    """The store could not answer this time, and the protocol allows to ask again.

    Args:
        message: As for every error.
        wait_s: How long the store asks to wait; None where it does not say.
        help: One imperative sentence.
    """

    def __init__(self, message: str, *, wait_s: float | None = None, help: str = "") -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a test of a store.

    Attributes:
        name: What was tried: `port`, `answer`, `authentication`, `query`.
        passed: Whether it did.
        text: What was seen.
        help: How to go on; empty where it passed.
    """

    name: str
    passed: bool
    text: str
    help: str = ""


class OpenStore(TraceStore, Protocol):
    """A store with its connections, for as long as a run needs it."""

    async def close(self) -> None:
        """Give the connections back."""
        ...

    def check(self) -> AsyncIterator[Step]:
        """Try the way to the store step by step; ends after the first that fails."""
        ...


@runtime_checkable
class RemoteStore(Protocol):
    """A store's class whose traces lie elsewhere: it is opened once a run, and asked again and again.

    Attributes:
        store_lag: Seconds that the store may take to show a span after it has it.
    """

    store_lag: float

    def open(self, clock: Clock) -> OpenStore:
        """The store with connections of its own; nothing is sent yet."""
        ...


@runtime_checkable
class ForwardingStore(Protocol):
    """A store's class whose traces are awaited at the receiver of the run, and which may get a copy of what comes there.

    Attributes:
        forwards: True.
        product: What people call it.
    """

    forwards: bool
    product: str

    def target(self) -> Target | None:
        """Where copies go; None where nothing is forwarded.

        Raises:
            UsageError: It names what is no endpoint.
        """
        ...

    def link(self) -> str:
        """Where a person sees a trace, with `{trace_id}`; empty where nowhere."""
        ...
