"""Files loaded and run: what every face stands on."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec import __version__
from spanspec.api.system import Silent, SystemClock
from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options
from spanspec.environment.start import Around, running
from spanspec.environment.telemetry import Telemetry
from spanspec.errors import DiagnosticsError, UsageError
from spanspec.model.assemble import assemble
from spanspec.model.ids import RandomIds, trace_id
from spanspec.otlp.target import Target
from spanspec.receiver.forward import Forwarder
from spanspec.receiver.serve import Receiver
from spanspec.results.progress import SystemChanged
from spanspec.runner.arrange import arrange, hold
from spanspec.runner.run import DEFAULT_JOBS, Manner, run_all_stored, run_arranged
from spanspec.runner.select import Selection, choose
from spanspec.runner.session import Session
from spanspec.runner.stores import fetched_trace, is_read, opened
from spanspec.source.diagnostics import has_errors
from spanspec.stores import memory
from spanspec.stores.base import STORES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from spanspec.archive.outcomes import Remembered
    from spanspec.definition.plan import RunSettings
    from spanspec.model.span import Span
    from spanspec.model.trace import Trace
    from spanspec.results.model import RunResult
    from spanspec.results.progress import Listener
    from spanspec.runner.arrange import Arrangement
    from spanspec.runner.session import Surroundings


def run(
    *paths: str | os.PathLike[str],
    endpoint: str = "",
    variables: Mapping[str, str] | None = None,
    receiver: Sequence[str] = (),
    linger_s: float | None = 0.0,
    seed: int | None = None,
) -> RunResult:
    """Run the tests in files and folders, and return what they found.

    Args:
        paths: Files and folders; none means what `spanspec.yaml` names, else the working folder.
        endpoint: Base of relative trigger URLs, and in place of their origin.
        variables: Values for `${var:NAME}`.
        receiver: Where to take telemetry in: `HOST`, `HOST:PORT`, `http=HOST:PORT`, `grpc=HOST:PORT`.
        linger_s: Seconds to wait for late spans at the end; None for the rule that the command line uses.
        seed: Of the generators; random when left out.

    Raises:
        DiagnosticsError: A file has faults; nothing was fired.
        ReceiverError: The receiver could not listen.
    """
    options = Options(endpoint=endpoint, variables=dict(variables or {}), receiver=tuple(receiver), linger_s=linger_s)
    loaded = load([os.fspath(path) for path in paths], options, cwd=Path.cwd(), environment=os.environ)
    if has_errors(loaded.diagnostics):
        raise DiagnosticsError("the definitions have faults", loaded.diagnostics)
    return asyncio.run(execute(loaded, seed=seed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was chosen of what was loaded, and how it is run."""

    arrangement: Arrangement
    manner: Manner


def seed_of(seed: int | None) -> int:
    """The seed, or a new one."""
    return random.SystemRandom().getrandbits(32) if seed is None else seed


def prepare(
    loaded: Loaded,
    selection: Selection | None = None,
    *,
    seed: int = 0,
    ids: Sequence[str] = (),
    repeat: int = 1,
    fail_fast: bool = False,
    timeout_s: float | None = None,
    remembered: Mapping[str, Remembered] = MappingProxyType({}),
) -> Prepared:
    """Choose what runs.

    Args:
        loaded: What was loaded.
        selection: What is asked for; all by default.
        seed: Of the run.
        ids: Only items of these ids; empty for all.
        repeat: How often each is run.
        fail_fast: Whether nothing new starts once a case has not passed.
        timeout_s: Of the whole run.
        remembered: Earlier outcomes and durations.

    Raises:
        UsageError: Nothing is chosen, or a `needs` names nothing.
    """
    every = arrange(loaded.items, repeat=repeat)
    hold(every)
    chosen = choose(every, replace(selection or Selection(), seed=seed, ids=tuple(ids)), remembered)
    shard = selection.shard if selection is not None else None
    manner = Manner(
        jobs=loaded.settings.jobs or DEFAULT_JOBS,
        fail_fast=fail_fast,
        timeout_s=timeout_s,
        linger_s=loaded.settings.linger_s,
        shard=f"{shard[0]}/{shard[1]}" if shard is not None else "",
        planned=chosen.planned,
        plan=chosen.plan,
        notes=chosen.notes,
    )
    return Prepared(arrangement=chosen.arrangement, manner=manner)


async def execute(
    loaded: Loaded,
    *,
    listener: Listener | None = None,
    seed: int | None = None,
    prepared: Prepared | None = None,
    surroundings: Callable[[Session], AbstractAsyncContextManager[Surroundings]] | None = None,
) -> RunResult:
    """Run what was loaded against a live system, with a receiver of its own where a case awaits its trace there.

    Args:
        loaded: What was loaded.
        listener: Takes progress.
        seed: Of the generators; random when left out.
        prepared: What was chosen of it; all by default.
        surroundings: Starts the system under test, given the session with the receiver's address, and stops it after the
            last tear-down; what its services write is attached to cases that do not pass. By default what
            `environment:` of `spanspec.yaml` describes.

    Raises:
        ReceiverError: The receiver could not listen.
        DiagnosticsError: A store that a plan names cannot be used.
        UsageError: A `needs` names nothing.
    """
    seed = seed_of(seed)
    session = new_session(loaded, seed, listener)
    prepared = prepared or prepare(loaded, seed=seed)
    arrangement, manner = prepared.arrangement, prepared.manner
    read = [case.plan for case in arrangement.cases if is_read(case.plan)]
    remarks: list[str] = []
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(opened(read, session))
        if any(plan.store.embedded for plan in read):
            session = await stack.enter_async_context(listening(session, loaded.settings, remarks))
        manner = manner if read else replace(manner, linger_s=0.0)
        surroundings = surroundings or started_by(loaded.settings)
        started = None
        if surroundings is not None and read_or_fired(arrangement):
            started = await stack.enter_async_context(surroundings(session))
            session = replace(session, surroundings=started, hidden=session.hidden | started.hidden)
        run = await run_arranged(arrangement, session, manner, version=__version__)
    return replace(run, notes=(*run.notes, *remarks, *(started.notes if started is not None else ())))


def read_or_fired(arrangement: Arrangement) -> bool:
    """Whether there is a case that is not skipped."""
    return any(not case.plan.skip for case in arrangement.cases)


def started_by(settings: RunSettings) -> Callable[[Session], AbstractAsyncContextManager[Surroundings]] | None:
    """What starts the system under test that `spanspec.yaml` describes; None where it describes none.

    Args:
        settings: Of the run.
    """
    plan = settings.environment
    if plan is None or not (plan.services or plan.compose):
        return None

    def start(session: Session) -> AbstractAsyncContextManager[Surroundings]:
        around = Around(
            clock=session.clock,
            environment=session.environment,
            telemetry=Telemetry(
                http=_reachable(session.receiver),
                grpc=_reachable(session.receiver_grpc),
                run_id=session.run_id,
                host=socket.gethostname(),
                open=_reachable(session.receiver) != session.receiver,
            ),
            secrets=settings.secrets,
            seen=session.store if isinstance(session.store, memory.Store) else None,
            say=lambda text: session.listener.on(SystemChanged(text=text)),
        )
        return running(plan, around)

    return start


def _reachable(where: str) -> str:
    """The address at which a process of this machine reaches the receiver."""
    return where.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")  # noqa: S104 - told, not bound


@asynccontextmanager
async def listening(
    session: Session, settings: RunSettings, remarks: list[str] | None = None
) -> AsyncIterator[Session]:
    """The session with a receiver that listens where the settings say; its `receiver` is the HTTP address.

    Args:
        session: Without a store.
        settings: Where to listen, and where everything received is passed on to.
        remarks: Takes what is known only at the end, such as exports that could not be passed on.

    Raises:
        ReceiverError: The receiver could not listen.
        UsageError: `forward` names what is no endpoint.
    """
    store = memory.Store(session.clock)
    targets = (*session.targets, *(Target(url=url, headers=settings.forward_headers) for url in settings.forward))
    forwarder = Forwarder(store, targets)
    receiver = Receiver(
        forwarder if targets else store,
        http=address(settings.receiver_http),
        grpc=address(settings.receiver_grpc),
        explicit=settings.receiver_explicit,
    )
    async with forwarder, receiver:  # the receiver ends first, so that what it still takes is passed on
        where = shown(receiver.http_address)
        grpc = shown(receiver.grpc_address)
        yield replace(session, store=store, receiver=where, receiver_grpc=grpc, notes=tuple(receiver.notes))
    if remarks is not None:
        remarks.extend(forwarder.notes)


def execute_stored(loaded: Loaded, path: str, *, seed: int = 0) -> RunResult:
    """Judge loaded plans on a trace in a file (`FILE#TRACE_ID` chooses one of several), or on one of their store by its id.

    Raises:
        OtlpError: The file holds no OTLP.
        StoreError: The store cannot be read.
        DiagnosticsError: The store that the plans name cannot be used.
        UsageError: There is no such trace, or several and none is chosen.
    """
    session = new_session(loaded, seed)
    wanted = trace_id(path.rjust(32, "0")) if len(path) in (16, 32) and not Path(path).exists() else None
    if wanted is None:
        return run_all_stored(loaded.items, _chosen(path), session, version=__version__)
    trace = asyncio.run(fetched_trace(wanted, loaded.plans, session))
    return run_all_stored(loaded.items, trace, session, version=__version__)


def stored_traces(path: str) -> list[Trace]:
    """All traces of a file or folder, in the order of their first spans.

    Raises:
        OtlpError: The file holds no OTLP.
        UsageError: It does not exist.
    """
    if not Path(path).exists():
        raise UsageError(f"{path}: no such file or folder", help="Name a file of OTLP JSON or protobuf.")
    grouped: dict[str, list[Span]] = {}
    for span in STORES.load("file").read(path).spans:
        grouped.setdefault(span.trace_id, []).append(span)
    return [assemble(spans) for spans in grouped.values()]


def _chosen(path: str) -> Trace:
    file, mark, wanted = path.rpartition("#")
    if not mark or Path(path).exists():
        file, wanted = path, ""
    traces = stored_traces(file)
    if wanted:
        traces = [trace for trace in traces if trace.trace_id == wanted.lower()]
        if not traces:
            raise UsageError(
                f"{file}: no trace {wanted}", help="Run `spanspec query 'span[]' FILE` to see what is there."
            )
    if not traces:
        raise UsageError(f"{file}: no span in it", help="Name a file of OTLP traces.")
    if len(traces) > 1:
        ids = "\n".join(f"  {trace.trace_id}  {len(trace)} spans" for trace in traces[:20])
        raise UsageError(
            f"{file}: {len(traces)} traces in it:\n{ids}", help=f"Choose one: --trace {file}#{traces[0].trace_id}"
        )
    return traces[0]


def new_session(loaded: Loaded, seed: int, listener: Listener | None = None) -> Session:
    """A session on the machine's clocks, without a store."""
    ids = RandomIds(random.SystemRandom())
    return Session(
        clock=SystemClock(),
        ids=ids,
        listener=listener or Silent(),
        seed=seed,
        environment=loaded.environment,
        run_id=ids.span_id(),
        trace_url=loaded.settings.trace_url,
        secrets=loaded.settings.secrets,
    )


def address(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`; an IPv6 host stands in brackets."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def shown(where: tuple[str, int] | None) -> str:
    """`HOST:PORT` for people; empty for none."""
    if where is None:
        return ""
    host, port = where
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
