"""Everything received, passed on to other OTLP endpoints, without holding a sender or a test up.

An export is queued as it came, still encoded, once our own store has taken it; a worker for each target sends the queue
in order. What a target does not take is sent again as OTLP says (`otlp.reaction`). A queue is bounded in bytes and an export in
time: what exceeds either is counted as lost, and told at the end. Nothing here ever blocks the receiver.
"""

from __future__ import annotations

import asyncio
import gzip
import random
from collections import deque
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from spanspec.otlp.exchange import GRPC_METHODS, PATHS, Encoding, Payload
from spanspec.otlp.reaction import Reaction, reaction, reaction_grpc
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from spanspec.otlp.decoded import Decoded
    from spanspec.otlp.target import Target
    from spanspec.receiver.http import Sink

QUEUE_BYTES: Final = 32 * 1024 * 1024
"""How much may wait for one target."""

TRY_S: Final = 30.0
"""How long one export is tried."""

STOP_S: Final = 5.0
"""How long the rest may take at the end of a run."""

_TIMEOUT_S = 10.0
_FIRST_WAIT_S, _LAST_WAIT_S = 0.2, 5.0
_PACKED_FROM = 1024
_PATH_OF = {signal: path for path, signal in PATHS.items()}
_METHOD_OF = {signal: method for method, signal in GRPC_METHODS.items()}


@dataclass(slots=True)
class _Queue:
    """What waits for one target, and what became of the rest."""

    target: Target
    waiting: deque[Payload] = field(default_factory=deque)
    size: int = 0
    sent: int = 0
    lost: int = 0
    reason: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    empty: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, payload: Payload, limit: int) -> None:
        if self.size + len(payload.body) > limit:
            self.lose(f"more than {limit >> 20} MiB were waiting")
            return
        self.waiting.append(payload)
        self.size += len(payload.body)
        self.empty.clear()
        self.news.set()

    def done(self, payload: Payload) -> None:
        self.waiting.popleft()
        self.size -= len(payload.body)

    def lose(self, reason: str) -> None:
        self.lost += 1
        self.reason = self.reason or reason

    def told(self) -> str:
        total = self.sent + self.lost
        if not self.lost:
            return ""
        return f"forwarding to {self.target.shown}: {self.lost} of {total} exports were lost: {self.reason}"


class Forwarder:
    """A sink that hands on to another sink, and passes what that took to the targets.

    Args:
        sink: Takes exports in first; what it refuses is not passed on.
        targets: Where copies go.
        queue_bytes: How much may wait for one target.
        try_s: How long one export is tried.
        stop_s: How long the rest may take in `__aexit__`.
    """

    def __init__(
        self,
        sink: Sink,
        targets: Sequence[Target],
        *,
        queue_bytes: int = QUEUE_BYTES,
        try_s: float = TRY_S,
        stop_s: float = STOP_S,
    ) -> None:
        self._sink = sink
        self._queues = [_Queue(target) for target in targets]
        self._queue_bytes, self._try_s, self._stop_s = queue_bytes, try_s, stop_s
        self._workers: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    def add(self, payload: Payload, peer: str = "") -> Decoded:
        """Take an export in, and queue a copy for every target.

        Raises:
            OtlpError: It is broken; nothing of it was taken or passed on.
        """
        decoded = self._sink.add(payload, peer)
        for queue in self._queues:
            queue.put(payload, self._queue_bytes)
        return decoded

    @property
    def notes(self) -> tuple[str, ...]:
        """What was lost, one line a target that lost something."""
        return tuple(text for queue in self._queues if (text := queue.told()))

    @property
    def sent(self) -> int:
        """Exports that a target has taken."""
        return sum(queue.sent for queue in self._queues)

    async def drained(self) -> None:
        """Return when nothing waits: every export was taken by its targets, or is lost."""
        for queue in self._queues:
            if queue.waiting:
                await queue.empty.wait()

    async def __aenter__(self) -> Self:
        """Start a worker for each target; connections are made when there is something to send."""
        for queue in self._queues:
            sender = _sender(queue.target)
            await self._stack.enter_async_context(sender)
            self._workers.append(asyncio.ensure_future(self._work(queue, sender)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send the rest for at most `stop_s`; what is left then is lost, and counted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._stop_s):
                await self.drained()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for queue in self._queues:
            for _ in range(len(queue.waiting)):
                queue.lose(f"the run ended, and the rest took more than {self._stop_s:g} s")
            queue.waiting.clear()
        await self._stack.aclose()

    async def _work(self, queue: _Queue, sender: _Sender) -> None:
        while True:
            queue.news.clear()
            while queue.waiting:
                payload = queue.waiting[0]
                why = await self._deliver(payload, sender)
                queue.done(payload)
                if why:
                    queue.lose(why)
                else:
                    queue.sent += 1
            queue.empty.set()
            await queue.news.wait()

    async def _deliver(self, payload: Payload, sender: _Sender) -> str:
        """Send one export, again and again where that is allowed; why it was lost, or an empty text."""
        deadline = asyncio.get_running_loop().time() + self._try_s
        wait = _FIRST_WAIT_S
        while True:
            reacted = await sender.send(payload)
            if not reacted.retry:
                return reacted.report if refused(reacted) else ""
            pause = reacted.retry_after_s
            if pause is None:
                pause = wait * (0.8 + 0.4 * random.random())  # noqa: S311 - spreads retries, hides nothing
                wait = min(_LAST_WAIT_S, wait * 2)
            if asyncio.get_running_loop().time() + pause > deadline:
                return f"{reacted.report}; tried for {self._try_s:g} s"
            await asyncio.sleep(pause)


async def probe(target: Target) -> Reaction:
    """What a target's answer to an export without spans means: whether it is there, and takes our headers."""
    async with _sender(target) as sender:
        return await sender.send(Payload(signal="traces", encoding=Encoding.PROTOBUF, body=b""))


def refused(reacted: Reaction) -> bool:
    """Whether an answer was no success."""
    return reacted.retry or bool(reacted.rejected) or reacted.report.startswith(_FAILED)


_FAILED = ("HTTP ", "gRPC ")
"""How a report begins that is about an answer other than success."""


class _Sender:
    """Sends exports to one target."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def send(self, payload: Payload) -> Reaction:
        """What the target's answer, or its absence, means."""
        raise NotImplementedError


class _HttpSender(_Sender):
    """OTLP/HTTP, in the encoding in which the export came."""

    def __init__(self, target: Target) -> None:
        # Imported here: a run that forwards nothing should not pay for a client.
        import httpx2

        self._errors = httpx2.HTTPError
        self._target = target
        self._client = httpx2.AsyncClient(timeout=_TIMEOUT_S, headers=dict(target.headers))

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def send(self, payload: Payload) -> Reaction:
        body, headers = payload.body, {"content-type": payload.encoding.value}
        if len(body) >= _PACKED_FROM:
            body, headers["content-encoding"] = gzip.compress(body, compresslevel=1), "gzip"
        try:
            answer = await self._client.post(
                self._target.url.rstrip("/") + _PATH_OF[payload.signal], content=body, headers=headers
            )
        except self._errors as fault:
            return Reaction(retry=True, report=f"HTTP request failed: {visible(str(fault)) or type(fault).__name__}")
        return reaction(answer.status_code, list(answer.headers.items()), answer.content)


class _GrpcSender(_Sender):
    """OTLP/gRPC; an export that came as JSON is counted as lost, for the protocol has no JSON."""

    def __init__(self, target: Target) -> None:
        import grpc
        import grpc.aio

        parts = urlsplit(target.url)
        where = f"{parts.hostname}:{parts.port or 4317}"
        secure = parts.scheme == "grpcs"
        self._error = grpc.aio.AioRpcError
        self._metadata = [(key.lower(), value) for key, value in target.headers.items()]
        self._channel: Any = (
            grpc.aio.secure_channel(where, grpc.ssl_channel_credentials())
            if secure
            else grpc.aio.insecure_channel(where)
        )

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def send(self, payload: Payload) -> Reaction:
        if payload.encoding is Encoding.JSON:
            return Reaction(retry=False, rejected=1, report="gRPC carries no JSON; forward to an http:// endpoint")
        call = self._channel.unary_unary(_METHOD_OF[payload.signal])
        try:
            answer = await call(payload.body, timeout=_TIMEOUT_S, metadata=self._metadata)
        except self._error as fault:
            found = reaction_grpc(fault.code().name, details=fault.details() or "")
            return Reaction(retry=found.retry, report=f"gRPC {found.report}", retry_after_s=found.retry_after_s)
        return reaction_grpc("OK", message=answer)


def _sender(target: Target) -> _Sender:
    return _GrpcSender(target) if urlsplit(target.url).scheme.startswith("grpc") else _HttpSender(target)
