"""A service for benchmarks and tests, a process of its own: answers after a while, exports spans in shared batches, late.

`python -m bench._stub OTLP_URL [ANSWER_MS] [BATCH_MS]` prints its port. Every request makes three spans of two services;
`/twice` a fourth, `/broken` one with an error. The spans of all requests lie in one buffer, are shuffled, and leave in
batches, each child one batch after its parent.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from urllib.parse import urlsplit

NAMES = ("GET /", "query", "ship")


class Stub:
    """The service with its exporter."""

    def __init__(self, otlp: str, answer_s: float, batch_s: float) -> None:
        self._otlp, self._answer_s, self._batch_s = urlsplit(otlp), answer_s, batch_s
        self._now: list[dict] = []
        self._later: list[dict] = []
        self._rng = random.Random(1)
        self._writer: asyncio.StreamWriter | None = None

    async def serve(self) -> None:
        """Until the process is ended."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=2048)
        print(server.sockets[0].getsockname()[1], flush=True)
        await self._export_for_ever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:]) if k}
                await reader.readexactly(int(headers.get("content-length", 0)))
                await asyncio.sleep(self._answer_s)
                self._traced(lines[0].split(" ")[1], headers.get("traceparent", ""))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _traced(self, path: str, traceparent: str) -> None:
        _, trace, parent, _ = traceparent.split("-")
        now = time.time_ns()
        names = [*NAMES, *(["ship"] if "twice" in path else [])]
        ids = [f"{self._rng.getrandbits(64) | 1:016x}" for _ in names]
        for at, name in enumerate(names):
            span = {
                "traceId": trace, "spanId": ids[at], "parentSpanId": ids[0] if at else parent, "name": name,
                "kind": 2 if not at else 1, "startTimeUnixNano": str(now - 9_000_000 + at), "endTimeUnixNano": str(now - at),
                "status": {"code": 2} if "broken" in path and name == "query" else {},
            }  # fmt: skip
            (self._later if at else self._now).append(span)

    async def _export_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._batch_s)
            batch, self._now, self._later = self._now, self._later, []
            if batch:
                self._rng.shuffle(batch)
                await self._send(batch)

    async def _send(self, spans: list[dict]) -> None:
        """One request with the spans of many tests and of both services."""
        groups = [[span for span in spans if (span["name"] == "ship") == shipping] for shipping in (False, True)]
        body = json.dumps(
            {
                "resourceSpans": [
                    {
                        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                        "scopeSpans": [{"spans": group}],
                    }
                    for service, group in zip(("shop", "shipping"), groups, strict=True)
                    if group
                ]
            }
        ).encode()
        try:
            reader, writer = await asyncio.open_connection(self._otlp.hostname, self._otlp.port)
            head = f"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
            await reader.read()
            writer.close()
        except OSError:
            pass  # nobody listens (any more), which an exporter learns the same way


def main(arguments: list[str]) -> None:
    """Serve."""
    answer, batch = (float(each) / 1000 for each in (*arguments[1:3], "20", "100")[:2])
    asyncio.run(Stub(arguments[0], answer, batch).serve())


if __name__ == "__main__":
    main(sys.argv[1:])
