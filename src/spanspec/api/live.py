"""Triggers fired and traces awaited from a Python test: the asynchronous core, and a synchronous front over it.

`Live` and `LiveRun` are the core. Their coroutines run at one place (`Home`), and may be awaited from any loop. `Run` is the
front: each of its methods is the core's, waited for.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from spanspec.api.awaiting import awaited, collected, id_of, not_whole, plan_of, settling
from spanspec.api.expecting import Holder
from spanspec.api.response import Response
from spanspec.api.views import Trace
from spanspec.definition.called import called, has_verbs
from spanspec.language.verdict import Given
from spanspec.model.assemble import assemble
from spanspec.model.context import TimeWindow
from spanspec.results.mask import is_secret, masked
from spanspec.results.model import CaseError, CaseResult, Outcome, Timings, worst
from spanspec.runner.firing import context_of, fire, judged, trigger_span
from spanspec.runner.outcome import checks_of, judge_again, link_of
from spanspec.runner.session import Ended
from spanspec.runner.stores import opened, session_of
from spanspec.source.suggest import did_you_mean
from spanspec.triggers.base import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from spanspec.api.awaiting import Time
    from spanspec.api.home import Home
    from spanspec.definition.plan import Plan, SettleSettings
    from spanspec.language.verdict import Value
    from spanspec.model import trace as traces
    from spanspec.model.context import TraceContext, TriggerResult
    from spanspec.model.ids import TraceId
    from spanspec.runner.collect import Collected, Store
    from spanspec.runner.session import Session
    from spanspec.triggers.base import Trigger

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")

R = TypeVar("R")


class Member(Generic[R]):
    """One kind of trigger: called with its fields, it fires. `http` also has a method for each verb: `http.post(url, …)`."""

    def __init__(self, kind: str, send: Callable[[str, tuple[Any, ...], dict[str, Any]], R]) -> None:
        self._kind, self._send = kind, send

    def __call__(self, *required: Any, **fields: Any) -> R:
        """Fire it.

        Args:
            required: The fields that the kind requires, in their order.
            fields: The others by name, as a definition has them; `json` for the body that is a structure.

        Raises:
            UsageError: A field is unknown, missing or wrong.
            TriggerError: No answer.
        """
        return self._send(self._kind, required, fields)

    def __getattr__(self, verb: str) -> Callable[..., R]:
        if verb not in VERBS or not has_verbs(self._kind):
            raise AttributeError(f'the {self._kind} trigger has no "{verb}"')
        return lambda *required, **fields: self(*required, method=verb.upper(), **fields)

    def request(self, method: str, *required: Any, **fields: Any) -> R:
        """Fire it with a method of any name."""
        return self(*required, method=method, **fields)


class Triggers(Generic[R]):
    """A member for each kind of trigger there is: `.http`, `.grpc`, `.kafka`, `.command`, and those that packages bring."""

    def __init__(self, send: Callable[[str, tuple[Any, ...], dict[str, Any]], R]) -> None:
        self._send = send

    def __getattr__(self, kind: str) -> Member[R]:
        if kind.startswith("_") or kind not in TRIGGERS.names():
            close = did_you_mean(kind, TRIGGERS.names())
            raise AttributeError(f'no trigger "{kind}"{f"; {close}" if close else ""}')
        return Member(kind, self._send)


class Live:
    """Fires triggers and collects their traces.

    Args:
        home: Where its coroutines run.
        plan: The settings of every test, without trigger and checks.
        session: On the machine's clocks, without a store.
        source: Gives the session with the store in which spans come in; entered when it is first needed.
    """

    def __init__(
        self,
        home: Home,
        plan: Plan,
        session: Session,
        source: Callable[[Session], AbstractAsyncContextManager[Session]],
    ) -> None:
        self.home, self.plan = home, plan
        self.name = plan.name
        self.ended: list[Ended] = []
        self._bare, self._source = session, source
        self._stack = AsyncExitStack()
        self._ready: Session | None = None
        self._named: Session | None = None

    async def session(self, *, embedded: bool = True) -> Session:
        """The session; with the store in which spans come in, where that is wanted.

        Raises:
            ReceiverError: The receiver could not listen.
        """
        return await self.home.run(self._open()) if embedded else self._bare

    async def _open(self) -> Session:
        if self._ready is None:
            self._ready = await self._stack.enter_async_context(self._source(self._bare))
        return self._ready

    async def _of_plan(self) -> Session:
        if self.plan.store.embedded:
            return await self._open()
        if self._named is None:
            self._named = await self._stack.enter_async_context(opened([self.plan], self._bare))
        return session_of(self.plan, self._named)

    async def close(self) -> None:
        """Stop listening."""
        await self.home.run(self._stack.aclose())

    async def fire(self, kind: str, required: Sequence[Any], fields: Mapping[str, Any]) -> LiveRun:
        """Fire a trigger, and return with its answer.

        Raises:
            UsageError: A field is unknown, missing or wrong.
            TriggerError: No answer.
            ReceiverError: The receiver could not listen.
        """
        return await self.home.run(self._fire(called(kind, self.plan, required, fields)))

    async def _fire(self, trigger: Trigger) -> LiveRun:
        session, plan = await self._of_plan(), replace(self.plan, name=self.name)
        assert session.store is not None
        context = context_of(plan, session)
        session.store.expect(context.trace_id)
        response = await fire(trigger, context, session, self.name)
        start = session.clock.monotonic_ns()
        context = judged(context, response, session, awaited=True)
        secrets = frozenset({*trigger.secrets(), *session.hidden, *_secret_values(session)})
        return LiveRun(self, plan, session, Sent(context=context, response=response, start_ns=start, secrets=secrets))

    async def wait_for_trace(self, trace_id: str | int, *, until: str = "", timeout: Time | None = None) -> Trace:  # noqa: ASYNC109
        """The trace of an id that something else sent, once it is whole.

        Raises:
            TraceError: It has not come, or was not whole, in time.
        """
        settle = settling(self.plan.settle, until=until, timeout=timeout)
        return await self.home.run(self._awaited(id_of(trace_id), settle))

    async def _awaited(self, trace: TraceId, settle: SettleSettings) -> Trace:
        session = await self._of_plan()
        assert session.store is not None
        return Trace(await awaited(trace, settle, session.store, session.clock, receiver=session.receiver))

    async def late(self) -> list[CaseResult]:
        """The cases whose verdict spans that came after it contradict, as they would be judged now."""
        return await self.home.run(self._late())

    async def _late(self) -> list[CaseResult]:
        found = []
        for each in self.ended:
            again = await judge_again(each, self._ready or self._bare)
            if again.outcome is not each.result.outcome:
                found.append(masked(again, each.secrets))
        return found


def _secret_values(session: Session) -> set[str]:
    return {value for name, value in session.environment.items() if is_secret(name, session.secrets)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A trigger that had its answer.

    Attributes:
        context: Of the trace to be judged.
        response: The answer.
        start_ns: Monotonic time of the answer.
        secrets: Values that no message may show.
    """

    context: TraceContext
    response: TriggerResult
    start_ns: int
    secrets: frozenset[str]


class LiveRun(Holder):
    """A trigger that was fired: its answer, its trace, and what must hold of them."""

    def __init__(self, live: Live, plan: Plan, session: Session, sent: Sent) -> None:
        super().__init__()
        self._live, self._plan, self._session, self._sent = live, plan, session, sent

    @property
    def response(self) -> Response:
        """The answer."""
        return Response(self._sent.response)

    @property
    def trace_id(self) -> str:
        """The id of its trace."""
        return self._sent.context.trace_id

    @property
    def sent(self) -> str:
        """What was sent, in one line, without a secret: `POST http://127.0.0.1:8080/checkout`."""
        return self._sent.response.request

    @property
    def link(self) -> str:
        """Where a person sees the whole trace; empty for nowhere."""
        return link_of(self.trace_id, self._session)

    async def trace(self, *, until: str = "", timeout: Time | None = None) -> Trace:  # noqa: ASYNC109 - part of the settle rule
        """The trace, once it has settled.

        Args:
            until: A statement that must hold before that.
            timeout: How long at most, from the answer on; else as configured.

        Raises:
            TraceError: It has not come, or was not whole, in time.
        """
        settle = settling(self._plan.settle, until=until, timeout=timeout)
        found, _ = await self._live.home.run(self._collected((), settle, None))
        if found.settlement.how == "expired":
            where, store, clock = self._session.receiver, self._store, self._session.clock
            raise not_whole(found, store, clock, self._sent.start_ns, what=self.sent, receiver=where)
        return Trace(found.trace)

    async def expect(
        self,
        *statements: str,
        until: str = "",
        timeout: Time | None = None,  # noqa: ASYNC109 - part of the settle rule
        variables: Mapping[str, Value] | None = None,
    ) -> None:
        """Hold that statements are true of the trace and the answer; returns as soon as all are decided.

        Args:
            statements: Of the language. Several are judged together, and those that fail are told together.
            until: A statement that must hold before the trace counts as whole.
            timeout: How long at most, from the answer on; else as configured.
            variables: What `var:` names look at.

        Raises:
            ExpectationError: One does not hold, or is inconclusive.
            DiagnosticsError: One does not parse, or names what does not exist.
        """
        settle = settling(self._plan.settle, until=until, timeout=timeout)
        self.hold(await self._live.home.run(self._judged(statements, settle, variables)))

    async def seen(self) -> Trace:
        """What has come of the trace by now, without waiting."""
        return Trace(await self._live.home.run(self._seen()))

    async def _seen(self) -> traces.Trace:
        window = TimeWindow(start_ns=self._sent.response.first_ns, end_ns=self._session.clock.now_ns())
        fetched = await self._store.fetch(self._sent.context.trace_id, window)
        spans = [each.span for each in fetched.spans]
        own = [span for span in spans if span.trace_id == self.trace_id]
        linked = [span for span in spans if span.trace_id != self.trace_id]
        context = self._sent.context
        trigger = trigger_span(context, self._sent.response)
        return assemble(own, trace_id=context.trace_id, injected=context.span_id, trigger=trigger, linked=linked)

    @property
    def _store(self) -> Store:
        assert self._session.store is not None
        return self._session.store

    async def _collected(
        self, statements: Sequence[str], settle: SettleSettings, variables: Mapping[str, Value] | None
    ) -> tuple[Collected, Ended]:
        sent, session = self._sent, self._session
        plan = replace(
            plan_of(statements, settle, name=self._plan.name),
            aliases=self._plan.aliases,
            on_inconclusive=self._plan.on_inconclusive,
        )
        context, response = sent.context, sent.response
        trigger = trigger_span(context, response)
        nothing = assemble((), trace_id=context.trace_id, injected=context.span_id, trigger=trigger)
        given = Given(
            trace=nothing,
            response=response,
            variables=MappingProxyType(dict(variables or {})),
            environment=session.environment,
            clock_skew_ns=round(settle.clock_skew_s * 1e9),
            aliases=plan.aliases,
        )
        found = await collected(plan, given, self._store, session.clock, start_ns=sent.start_ns)
        result = self._case(plan, found)
        return found, Ended(plan=plan, result=result, given=given, collected=found, secrets=sent.secrets)

    async def _judged(
        self, statements: Sequence[str], settle: SettleSettings, variables: Mapping[str, Value] | None
    ) -> CaseResult:
        _, ended = await self._collected(statements, settle, variables)
        if ended.result.outcome is Outcome.PASSED:
            self._live.ended.append(ended)
        return masked(ended.result, ended.secrets)

    def _case(self, plan: Plan, found: Collected) -> CaseResult:
        session, sent = self._session, self._sent
        now = session.clock.monotonic_ns()
        checks = tuple(
            replace(check, place=None) for check in checks_of(plan, found.evaluated, found.early, found.decided_ns)
        )
        error = None
        if found.settlement.how == "expired" and not found.trace.spans:
            told = not_whole(
                found, self._store, session.clock, sent.start_ns, what=self.sent, receiver=session.receiver
            )
            error = CaseError(message=told.message, kind="no-spans")
        return CaseResult(
            name=plan.name,
            path="",
            outcome=worst(check.outcome for check in checks),
            checks=checks,
            trace_id=found.trace.trace_id,
            trace=found.trace,
            response=sent.response,
            trigger=self.sent,
            settlement=found.settlement,
            timings=Timings(total=now - sent.start_ns + sent.response.duration_ns),
            link=self.link,
            error=error,
        )

    def __repr__(self) -> str:
        return f"<Run {self.sent} · trace {self.trace_id}>"


class Run:
    """A trigger that was fired, for a test without `await`."""

    def __init__(self, core: LiveRun, home: Home) -> None:
        self.aio, self._home = core, home

    @property
    def response(self) -> Response:
        """The answer."""
        return self.aio.response

    @property
    def trace_id(self) -> str:
        """The id of its trace."""
        return self.aio.trace_id

    @property
    def sent(self) -> str:
        """What was sent, in one line, without a secret."""
        return self.aio.sent

    @property
    def link(self) -> str:
        """Where a person sees the whole trace; empty for nowhere."""
        return self.aio.link

    @property
    def trace(self) -> Trace:
        """The trace, once it has settled; see `LiveRun.trace`."""
        return self._home.wait(self.aio.trace())

    def wait_for(self, until: str, *, timeout: Time | None = None) -> Trace:
        """The trace, once a statement holds of it and it has settled."""
        return self._home.wait(self.aio.trace(until=until, timeout=timeout))

    def seen(self) -> Trace:
        """What has come of the trace by now, without waiting."""
        return self._home.wait(self.aio.seen())

    def expect(
        self,
        *statements: str,
        until: str = "",
        timeout: Time | None = None,
        variables: Mapping[str, Value] | None = None,
    ) -> None:
        """Hold that statements are true of the trace and the answer; see `LiveRun.expect`."""
        self._home.wait(self.aio.expect(*statements, until=until, timeout=timeout, variables=variables))

    def checks(self) -> AbstractContextManager[None]:
        """Collect what does not hold inside of the block, and tell all of it at its end."""
        return self.aio.checks()

    def __repr__(self) -> str:
        return repr(self.aio)
