"""One call of a Python function in the project's folder."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import linecache
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AliasChoices, Field, field_validator

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.source.suggest import did_you_mean
from spanspec.triggers._exchange import MAX_BODY
from spanspec.triggers._propagation import carried
from spanspec.triggers._shell import command_line
from spanspec.triggers.base import LocalPath, Seconds, Text, TriggerFields

if TYPE_CHECKING:
    from spanspec.model.attributes import AttributeValue
    from spanspec.model.context import Clock, TraceContext

_ROOT_MARKS = ("spanspec.yaml", "pyproject.toml", ".git")
_SCALARS = (str, bool, int, float)
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a function is called with.

    Attributes:
        trace_id: Of the trace that is judged, 32 hex digits.
        span_id: The parent of the first span, 16 hex digits.
        traceparent: Both as W3C writes them.
        headers: The context as `propagate` says, to be put into requests and messages.
    """

    trace_id: str
    span_id: str
    traceparent: str
    headers: Mapping[str, str]


class Trigger(TriggerFields):
    """Calls a Python function, sync or async, and takes what it returns for the answer.

    The function is called as `function(start, **arguments)`; `start` has `traceparent`, `trace_id`, `span_id` and `headers`. Its
    module is looked for in the definition's folder and in the project's (the nearest one above with a `spanspec.yaml`, a
    `pyproject.toml` or `.git`). Where OpenTelemetry's API is loaded, the context is current while the function runs.

    A text or bytes become the body; a response of an HTTP client gives status, headers and body; anything else is written as JSON.
    """

    answers: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "response:body": "What the function returned.",
            "response:NAME": "An item of a returned mapping, if it is a text, a number or a boolean.",
            "response:status": "The status of a returned response.",
            "response:duration": "How long the call took.",
        }
    )

    call: Text = Field(
        validation_alias=AliasChoices("call", "function"), description="`module:function`, both may be dotted."
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="Passed by name; numbers stay numbers.")
    path: Annotated[Text, LocalPath()] = Field(default=".", description="The folder where the module is looked for.")
    timeout: Seconds = Field(default=60.0, gt=0, description="A duration, or seconds, for the call.")

    @field_validator("call")
    @classmethod
    def _two_names(cls, value: str) -> str:
        module, colon, function = value.partition(":")
        if "${" not in value and not (colon and module.strip() and function.strip()):
            raise ValueError('is written "module:function"')
        return value

    def describe(self) -> str:
        """The function."""
        return f"CALL {self.call}"

    def dry_run(self, context: TraceContext) -> str:
        """With Python's own command line."""
        module, _, function = self.call.partition(":")
        given = "".join(f", {key}={value!r}" for key, value in self.without_secrets().arguments.items())
        headers = dict(carried(context, self.propagate))
        start = (
            f"Start(trace_id={context.trace_id!r}, span_id={context.span_id!r}, "
            f"traceparent={context.traceparent!r}, headers={headers!r})"
        )
        code = f"from spanspec.triggers.python import Start; import {module}; {module}.{function}({start}{given})"
        return command_line(["env", f"PYTHONPATH={':'.join(_folders(Path(self.path)))}", "python", "-c", code])

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Call it.

        Raises:
            TriggerError: There is no such function, it raised, or did not return in time.
        """
        function = self._function()
        start = Start(
            trace_id=context.trace_id,
            span_id=context.span_id,
            traceparent=context.traceparent,
            headers=MappingProxyType(dict(carried(context, self.propagate))),
        )
        start_ns, started = clock.now_ns(), clock.monotonic_ns()
        try:
            async with asyncio.timeout(self.timeout) as limit:
                value = await _called(function, start, self.arguments)
        except (Exception, SystemExit) as fault:
            if isinstance(fault, TimeoutError) and limit.expired():
                raise TriggerError(
                    f"{self.describe()} did not return within its timeout of {self.timeout:g} s",
                    help="Raise `timeout` of the trigger, or look at what the function is waiting for.",
                ) from fault
            raise self._raised(fault) from fault
        end_ns = start_ns + clock.monotonic_ns() - started
        if isinstance(value, TriggerResult):
            return replace(value, request=value.request or self.describe())
        result = TriggerResult(kind="python", start_ns=start_ns, end_ns=end_ns, request=self.describe())
        return self._answered(result, value)

    def _function(self) -> Callable[..., Any]:
        module, _, names = self.call.partition(":")
        folders = _folders(Path(self.path))
        with _lock:
            for folder in reversed(folders):
                if folder not in sys.path:
                    sys.path.insert(0, folder)
        found: Any = self._module(module, folders)
        for name in names.split("."):
            around, found = found, getattr(found, name, None)
            if found is None:
                close = did_you_mean(name, dir(around))
                raise TriggerError(
                    f'{self.describe()}: "{module}" has no "{names}"{f"; {close}" if close else ""}',
                    help="Write `module:function`.",
                )
        if not callable(found):
            raise TriggerError(f"{self.describe()} is no function but {found!r:.100}", help="Write `module:function`.")
        return found  # type: ignore[no-any-return]  # whatever can be called

    def _module(self, module: str, folders: list[str]) -> object:
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as fault:
            if fault.name is None or not (module == fault.name or module.startswith(f"{fault.name}.")):
                raise self._raised(fault) from fault
            raise TriggerError(
                f'{self.describe()}: no module "{fault.name}" in {" or ".join(folders)}',
                help="Set `path` to the folder that the module is in, relative to the definition.",
            ) from fault
        except (Exception, SystemExit) as fault:  # a module may raise anything while it is imported
            raise self._raised(fault) from fault

    def _raised(self, fault: BaseException) -> TriggerError:
        """What the function raised, and where in the user's own code."""
        frame = _own_frame(fault, _folders(Path(self.path)))
        where = ""
        if frame is not None:
            text = linecache.getline(frame.filename, frame.lineno or 0).strip()
            where = f"\n  {frame.filename}:{frame.lineno} in {frame.name}: {text}"
        return TriggerError(
            f"{self.describe()} raised {type(fault).__name__}: {str(fault)[:1000]}{where}",
            help="Mend the function, or what it calls.",
        )

    def _answered(self, result: TriggerResult, value: object) -> TriggerResult:
        if isinstance(value, bytes | str):
            return _with_body(result, value)
        status = getattr(value, "status_code", None)
        if isinstance(status, int) and hasattr(value, "headers") and hasattr(value, "text"):
            headers = tuple((str(key), str(item)) for key, item in dict(value.headers).items())
            return _with_body(replace(result, status=status, headers=headers), str(value.text))
        attributes: dict[str, AttributeValue] = {}
        if isinstance(value, Mapping):
            attributes = {str(key): item for key, item in value.items() if isinstance(item, _SCALARS)}
        if value is None:
            return result
        try:
            body = json.dumps(value, ensure_ascii=False, default=str)
        except (TypeError, ValueError) as fault:
            message = f"{self.describe()} returned what JSON cannot write: {fault}"
            raise TriggerError(message, help="Return a text, a mapping, a list, or a number.") from fault
        return replace(_with_body(result, body), attributes=MappingProxyType(attributes))


def _with_body(result: TriggerResult, body: bytes | str) -> TriggerResult:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return replace(result, body=raw[:MAX_BODY].decode("utf-8", "replace"), body_truncated=len(raw) > MAX_BODY)


def _folders(path: Path) -> list[str]:
    """Where modules are looked for: the folder, then the project's."""
    folder = path.resolve()
    root = next(
        (each for each in (folder, *folder.parents) if any((each / mark).exists() for mark in _ROOT_MARKS)), folder
    )
    return list(dict.fromkeys((str(folder), str(root))))


def _own_frame(fault: BaseException, folders: list[str]) -> traceback.FrameSummary | None:
    """The innermost frame in the project's own files; else the innermost one outside of this package."""
    frames = list(traceback.extract_tb(fault.__traceback__))
    own = [
        f for f in frames if any(f.filename.startswith(each) for each in folders) and "site-packages" not in f.filename
    ]
    ours = str(Path(__file__).parent.parent)
    others = [f for f in frames if not f.filename.startswith((ours, "<frozen"))]
    mine = [f for f in own if not f.filename.startswith(ours)]
    found = mine or others
    return found[-1] if found else None


async def _called(function: Callable[..., Any], start: Start, arguments: Mapping[str, Any]) -> Any:
    """The function's value. A function that is not async runs in a thread of its own, which nobody waits for at the end."""
    with _current(start):
        if inspect.iscoroutinefunction(function):
            return await function(start, **arguments)
        value = await _in_thread(function, start, arguments)
        return await value if inspect.isawaitable(value) else value


async def _in_thread(function: Callable[..., Any], start: Start, arguments: Mapping[str, Any]) -> Any:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, fault: BaseException | None) -> None:
        if not done.done():
            done.set_exception(fault) if fault is not None else done.set_result(value)

    def work() -> None:
        value: Any = None
        fault: BaseException | None = None
        try:
            with _current(start):
                value = function(start, **arguments)
        except StopIteration as raised:  # a future cannot hold it
            fault = RuntimeError(f"StopIteration: {raised}")
        except (Exception, SystemExit) as raised:
            fault = raised
        try:
            loop.call_soon_threadsafe(settle, value, fault)
        except RuntimeError:  # the loop has ended: nobody waits for the answer any more
            return

    threading.Thread(target=work, name=f"spanspec {function!r:.60}", daemon=True).start()
    return await done


class _current:  # noqa: N801 - used as a function
    """The context as OpenTelemetry's current one, where its API has been loaded by anybody."""

    def __init__(self, start: Start) -> None:
        self._headers = dict(start.headers)
        self._token: Any = None

    def __enter__(self) -> None:
        if "opentelemetry.context" not in sys.modules:
            return
        from opentelemetry import context, propagate  # type: ignore[attr-defined,import-not-found,unused-ignore]

        self._token = context.attach(propagate.extract(self._headers))

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            from opentelemetry import context

            context.detach(self._token)
