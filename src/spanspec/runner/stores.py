"""The stores of a run: each opened once, and given to the cases that read from it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.bind_store import bind_store
from spanspec.errors import DiagnosticsError, UsageError
from spanspec.model.assemble import assemble
from spanspec.model.context import TimeWindow
from spanspec.runner.polling import Polled, awaited, paced
from spanspec.stores.base import ForwardingStore, RemoteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from spanspec.definition.plan import Plan, StorePlan
    from spanspec.model.ids import TraceId
    from spanspec.model.trace import Trace
    from spanspec.otlp.target import Target
    from spanspec.runner.polling import AwaitedStore
    from spanspec.runner.session import Session
    from spanspec.source.diagnostics import Diagnostic
    from spanspec.stores.base import OpenStore


def is_read(plan: Plan) -> bool:
    """Whether the plan collects a trace at all."""
    return not plan.skip_trace and not plan.skip


@asynccontextmanager
async def opened(plans: Iterable[Plan], session: Session) -> AsyncIterator[Session]:
    """The session with every store open that a plan reads from, but the run's own receiver.

    Raises:
        DiagnosticsError: A store's keys are wrong, or a variable in them has no value; nothing was fired.
    """
    stores: dict[object, AwaitedStore] = {}
    connections: list[OpenStore] = []
    faults: list[Diagnostic] = []
    secrets: set[str] = set()
    copies = _Copies()
    for plan in plans:
        key = key_of(plan.store)
        if plan.store.name == "embedded" or not is_read(plan) or key in stores or key in copies.pages:
            continue
        bound = bind_store(plan.store, plan, environment=session.environment)
        faults.extend(each for each in bound.diagnostics if each not in faults)
        if isinstance(bound.store, ForwardingStore):
            secrets.update(bound.secrets)
            copies.add(key, bound.store)
        if isinstance(bound.store, RemoteStore):
            connection = bound.store.open(session.clock)
            connections.append(connection)
            secrets.update(bound.secrets)
            stores[key] = awaited(connection, session.clock, name=plan.store.name, lag_s=bound.store.store_lag)
    if faults:
        raise DiagnosticsError("a store cannot be used", faults)
    try:
        yield replace(
            session,
            stores=MappingProxyType(stores),
            hidden=frozenset(secrets),
            targets=tuple(copies.targets),
            pages=MappingProxyType(copies.pages),
        )
    finally:
        for store in stores.values():
            if isinstance(store, Polled):
                await store.close()
        for connection in connections:
            await connection.close()


class _Copies:
    """Where copies of what is received go, and where a person sees a trace there."""

    def __init__(self) -> None:
        self.targets: list[Target] = []
        self.pages: dict[object, str] = {}

    def add(self, key: object, store: ForwardingStore) -> None:
        """Take a store in.

        Raises:
            UsageError: It names what is no endpoint.
        """
        self.pages[key] = store.link()
        target = store.target()
        if target is not None and target not in self.targets:
            self.targets.append(target)


def key_of(store: StorePlan) -> object:
    """What two plans have in common that read from one store."""
    return store.name, store.kind, repr(store.fields)


def session_of(plan: Plan, session: Session) -> Session:
    """The session as a case sees it: with the store that its plan names."""
    if plan.store.receiving:
        return replace(session, trace_url=session.trace_url or session.pages.get(key_of(plan.store), ""))
    store = session.stores.get(key_of(plan.store)) if not plan.store.embedded else None
    if store is None:
        return session
    return replace(session, store=paced(store, plan.settle.poll_s), receiver="")


_PATIENCE_S = 5.0
"""How long a stored trace is looked for: one that was just sent may not be shown yet."""


async def fetched_trace(trace_id: TraceId, plans: Sequence[Plan], session: Session) -> Trace:
    """A trace of the store from which the plans read.

    Raises:
        UsageError: They read from none or from several, or there is no such trace.
        StoreError: The store cannot be read.
        DiagnosticsError: The store cannot be used.
    """
    stores = {key_of(plan.store): plan for plan in plans if not plan.store.embedded}
    if len(stores) != 1:
        names = ", ".join(plan.store.name for plan in stores.values())
        message = f"the tests read from several stores: {names}" if stores else "the tests read from no store"
        advice = "Name one with --store NAME, as spanspec.yaml has it under `stores:`; or give a file with the trace."
        raise UsageError(f"the trace {trace_id} is in no file, and {message}", help=advice)
    plan = next(iter(stores.values()))
    async with opened([replace(plan, skip="", skip_trace=False)], session) as ready:
        return await _found(trace_id, plan.store.name, ready.stores[key_of(plan.store)], session)


async def _found(trace_id: TraceId, name: str, store: AwaitedStore, session: Session) -> Trace:
    window = TimeWindow(start_ns=0, end_ns=session.clock.now_ns())
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while not (found := await store.fetch(trace_id, window)).spans:
                await store.changed(trace_id)
    except TimeoutError as fault:
        note = store.note(trace_id)
        raise UsageError(
            f'the store "{name}" has no trace {trace_id}{f": {note}" if note else ""}',
            help="Look at the id, and at what the services send to the store.",
        ) from fault
    spans = [each.span for each in found.spans if each.span.trace_id == trace_id]
    return assemble(spans, trace_id=trace_id)
