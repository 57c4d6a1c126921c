"""What the cases of a run share, and what each leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from spanspec.results.model import CaseError
from spanspec.runner.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spanspec.definition.plan import Plan
    from spanspec.language.verdict import Given, Value
    from spanspec.model.context import Clock
    from spanspec.model.ids import IdSource
    from spanspec.otlp.target import Target
    from spanspec.results.model import CaseResult, LogExcerpt
    from spanspec.results.progress import Listener
    from spanspec.runner.collect import Collected, Store
    from spanspec.runner.polling import AwaitedStore


class Surroundings(Protocol):
    """The system under test, where it is started for a run: it is up before the first case and down after the last."""

    @property
    def variables(self) -> Mapping[str, Value]:
        """What tests can name of it, below all that they define themselves: `order.port`."""
        ...

    @property
    def hidden(self) -> frozenset[str]:
        """Values that no report may show."""
        ...

    @property
    def export_delay_s(self) -> float | None:
        """The batch delay that its processes were given; None where that cannot be told."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What to say of it at the end."""
        ...

    def fault(self, case: str) -> CaseError | None:
        """Why nothing can be tested any more; None while it is whole. In full for the first case that asks."""
        ...

    async def fallen(self) -> None:
        """Return when a part of it has ended by itself."""
        ...

    def logs(self, start_ns: int, end_ns: int) -> tuple[LogExcerpt, ...]:
        """What the services wrote between two points of Unix time; bounded. Attached to cases that did not pass."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What all cases of a run share; every source of time, chance and I/O is in here.

    Attributes:
        store: Where spans come in; None when every case runs on a stored trace or without one.
        clock: Time.
        ids: New trace and span ids.
        seed: Of the generators; with file, case, repeat and try it gives each case generators of its own.
        environment: The process's environment.
        listener: Takes progress.
        run_id: Told to the system under test in the baggage.
        receiver: Where spans are awaited, for messages.
        trace_url: Template with `{trace_id}`, or empty.
        notes: Remarks about the run as a whole, such as a port that was taken.
        secrets: Patterns of the names of variables that are secrets, besides the usual ones.
        surroundings: The system under test, where this run started it.
        reach: Which addresses nobody answers at.
        stores: The stores that are asked for traces, by what `runner.stores.key_of` makes of their plans.
        targets: OTLP endpoints that get a copy of what the receiver takes in.
        pages: Where a person sees a trace, by what `runner.stores.key_of` makes of a forwarding store's plan.
        hidden: Values that no report may show, such as the stores' passwords.
        receiver_grpc: Where OTLP over gRPC is taken in; empty for nowhere.
    """

    clock: Clock
    ids: IdSource
    listener: Listener
    store: Store | None = None
    seed: int = 0
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    run_id: str = ""
    receiver: str = ""
    trace_url: str = ""
    notes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    surroundings: Surroundings | None = None
    reach: Reach = field(default_factory=Reach)
    stores: Mapping[object, AwaitedStore] = field(default_factory=lambda: MappingProxyType({}))
    targets: tuple[Target, ...] = ()
    pages: Mapping[object, str] = field(default_factory=lambda: MappingProxyType({}))
    hidden: frozenset[str] = frozenset()
    receiver_grpc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A case's result, with what is needed to judge it again when late spans come, and what no report may show.

    Attributes:
        result: As it stands.
        plan: What was carried out.
        given: What its checks looked at; None where it never came to that.
        collected: What was collected; None likewise.
        values: Its outputs that have a value.
        secrets: Values that no report may show.
        cut: Whether it was cut off before its end.
    """

    result: CaseResult
    plan: Plan
    given: Given | None = None
    collected: Collected | None = None
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    secrets: frozenset[str] = frozenset()
    cut: bool = False


INTERRUPTED = CaseError(message="interrupted before it had ended", kind="interrupted")
"""Of a case that was under way when the user stopped the run."""
