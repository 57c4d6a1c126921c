"""A receiver that serves runners, in this process, and a way to it that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Any

from spanspec.api import SystemClock
from spanspec.model.context import TimeWindow
from spanspec.otlp.encode import encode_json
from spanspec.otlp.exchange import Encoding, Payload
from spanspec.receiver.access import Access
from spanspec.receiver.runners import Runners
from spanspec.receiver.serving import Serving
from spanspec.stores.spanspec import OpenSpanspec, Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from spanspec.model.ids import TraceId
    from spanspec.model.span import Span
    from spanspec.stores.base import Fetched

FREE = ("127.0.0.1", 0)
WINDOW = TimeWindow(start_ns=0, end_ns=1)
_numbers = itertools.count(1)


def new_name() -> str:
    """A name that no other has."""
    return f"name-{next(_numbers)}"


def runners(**keys: Any) -> Runners:
    """A buffer for runners on the machine's clocks."""
    return Runners(SystemClock(), new_name, **keys)


def sent(to: Runners, *spans: Span) -> None:
    """One export."""
    to.add(Payload(signal="traces", encoding=Encoding.JSON, body=encode_json(spans)), "10.0.0.1:5")


def store(url: str, **keys: Any) -> OpenSpanspec:
    """A runner's side."""
    return Store(url=url, **keys).open(SystemClock())


@contextlib.asynccontextmanager
async def served(found: Runners, where: tuple[str, int] = FREE, **access: Any) -> AsyncIterator[Serving]:
    """A server of these runners."""
    async with Serving(found, where, Access(**access)) as serving:
        yield serving


async def until(reader: OpenSpanspec, trace_id: TraceId, count: int) -> Fetched:
    """What a runner has of a trace once it has so many spans."""
    reader.expect(trace_id)
    while len((found := await reader.fetch(trace_id, WINDOW)).spans) < count:
        await reader.changed(trace_id)
    return found


class Way:
    """A TCP proxy whose connections can be cut, and which can be closed and opened again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked = asyncio.Event()
        self.connections = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._own = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._own}"

    async def open(self) -> None:
        """Take connections, on the port that it had before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._own)
        self._own = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Take no more, and cut all."""
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Cut every connection in the middle of what it carries."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers += [writer, back]
        with contextlib.suppress(OSError):
            await asyncio.gather(self._pump(reader, back, watched=True), self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, watched: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                if watched and b"/spans?" in data:
                    self.asked.set()
        writer.close()
