"""A service for tests of running: answers as a function says, keeps what it was asked, and can be made to wait."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from spanspec.api import SystemClock
from spanspec.definition.plan import HookPlan, OutputPlan, Plan, Reference, StepPlan, SuitePlan, TriggerPlan
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_expression, parse_selector
from spanspec.results.model import RunResult
from spanspec.runner.session import Session
from spanspec.source.text import SourceText
from spanspec.testing import FixedIds
from tests.runner.simulated import PLACE, Log, expectation

Answer = Callable[["Asked"], tuple[int, Any]]


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    body: str
    count: int


@dataclass
class Service:
    """Where it is, and what it was asked, in order."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def paths(self) -> list[str]:
        """The paths in the order of the requests."""
        return [each.path for each in self.asked]


@contextmanager
def service(answer: Answer = lambda asked: (200, {})) -> Iterator[Service]:
    """Serve on a free port; the answer is a status and a body that becomes JSON."""
    state = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            with state.came:
                asked = Asked(self.path, body, 1 + sum(1 for each in state.asked if each.path == self.path))
                state.asked.append(asked)
                state.came.notify_all()
            status, value = answer(asked)
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # whoever asked may have been cut off
                self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 512
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def output(name: str, value: str, selector: str = "") -> OutputPlan:
    """One output."""
    picked, parsed = parse_selector(selector, Dialect.SPECS), parse_expression(value, Dialect.SPECS)
    assert picked.node is not None, picked.diagnostics
    assert parsed.node is not None, parsed.diagnostics
    return OutputPlan(name=name, selector=picked.node, value=parsed.node, place=PLACE, has_selector=bool(selector))


def post(url: str, body: str = "") -> TriggerPlan:
    """An HTTP trigger."""
    return TriggerPlan(kind="http", fields={"method": "POST", "url": url, "body": body})


def hook(url: str, *outputs: OutputPlan, name: str = "") -> HookPlan:
    """An item of set-up or tear-down."""
    return HookPlan(name=name, trigger=post(url), outputs=outputs)


def case(name: str, url: str, *checks: str, outputs: tuple[OutputPlan, ...] = (), body: str = "", **more: Any) -> Plan:
    """A test without a trace; it expects status 200 unless told what else."""
    texts = checks or ("response:status = 200",)
    reads = tuple(Reference(prefix="var", name=each, where="trigger.body") for each in more.pop("reads", ()))
    base = Plan(
        name=name,
        path=f"{name}.yaml",
        source=SourceText(f"{name}.yaml", ""),
        trigger=post(url, body),
        checks=tuple(expectation(text) for text in texts),
        outputs=outputs,
        skip_trace=True,
        references=reads,
    )
    return replace(base, **more)


def step(*plans: Plan, only_if: str = "") -> StepPlan:
    """A step of tests: the rows of one."""
    return StepPlan(name=plans[0].name, plans=plans, only_if=only_if)


def suite(name: str, *steps: StepPlan | Plan | SuitePlan, **more: Any) -> SuitePlan:
    """A suite."""
    path = f"{name}.yaml"
    made = tuple(
        each
        if isinstance(each, StepPlan)
        else StepPlan(name=each.name, suite=each)
        if isinstance(each, SuitePlan)
        else step(each)
        for each in steps
    )
    return SuitePlan(name=name, path=path, source=SourceText(path, ""), steps=made, **more)


def session(**more: Any) -> Session:
    """A session on the machine's clock, without a store."""
    return Session(clock=SystemClock(), ids=FixedIds(), listener=Log(), **more)


def outcomes(run: RunResult) -> dict[str, str]:
    """Names to outcomes; a row stands in brackets."""
    return {f"{each.name}{f'[{each.row}]' if each.row else ''}": each.outcome.value for each in run.cases}
