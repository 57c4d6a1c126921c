"""A gRPC call by hand, for what no client library lets one send: an unknown compression.

Just enough of HTTP/2 (RFC 9113) and HPACK (RFC 7541): one request without indexing or Huffman codes; of the answer only
the value of `grpc-status` is looked for, in the trailers as the server writes them.
"""

from __future__ import annotations

import asyncio
import re
import struct
from typing import Any

import grpc
import grpc.aio

Address = tuple[str, int]

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS, _HEADERS, _DATA, _GOAWAY = 4, 1, 0, 7
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1


async def unary(address: Address, method: str, message: bytes, compression: str | None = None) -> str:
    """The name of the status of one call."""
    if compression in (None, "gzip"):
        return await _by_library(address, method, message, compression)
    return await _by_hand(address, method, message, compression or "")


async def _by_library(address: Address, method: str, message: bytes, compression: str | None) -> str:
    options = [("grpc.max_send_message_length", -1)]
    packed: Any = grpc.Compression.Gzip if compression else None
    async with grpc.aio.insecure_channel(f"{address[0]}:{address[1]}", options=options) as channel:
        try:
            await channel.unary_unary(method)(message, timeout=10, compression=packed)
        except grpc.aio.AioRpcError as fault:
            return str(fault.code().name)
    return "OK"


async def _by_hand(address: Address, method: str, message: bytes, compression: str) -> str:
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(_PREFACE + _frame(_SETTINGS, 0, 0, b""))
        writer.write(_frame(_HEADERS, _END_HEADERS, 1, _headers(method, compression)))
        writer.write(_frame(_DATA, _END_STREAM, 1, b"\x01" + struct.pack(">I", len(message)) + message))
        async with asyncio.timeout(10):
            return await _status(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def _status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    while True:
        head = await reader.readexactly(9)
        size, kind, flags = int.from_bytes(head[:3]), head[3], head[4]
        payload = await reader.readexactly(size)
        if kind == _SETTINGS and not flags & _ACK:
            writer.write(_frame(_SETTINGS, _ACK, 0, b""))
        if kind == _HEADERS and flags & _END_STREAM:
            found = re.search(rb"grpc-status.(\d+)", payload, re.DOTALL)
            assert found is not None, payload
            return next(code.name for code in grpc.StatusCode if code.value[0] == int(found[1]))
        assert kind != _GOAWAY, payload


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _headers(method: str, compression: str) -> bytes:
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": method,
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
        "grpc-encoding": compression,
    }
    return b"".join(b"\x00" + _text(key) + _text(value) for key, value in fields.items())


def _text(value: str) -> bytes:
    data = value.encode()
    assert len(data) < 127
    return bytes([len(data)]) + data
