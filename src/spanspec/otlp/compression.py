"""Request bodies unpacked within bounds.

A few kilobytes of gzip can stand for gigabytes, so nothing is unpacked at once: output is asked for in bounded pieces and the
reading ends at the limit. A gzip body may have several members (RFC 1952, section 2.2), whose contents follow each other;
their number is bounded too, for each costs time whatever it holds.
"""

from __future__ import annotations

import zlib
from typing import Final

from spanspec.errors import OtlpError

_GZIP = zlib.MAX_WBITS + 16
_ZLIB = zlib.MAX_WBITS
ENCODINGS: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
"""What a `Content-Encoding` may name besides `identity`, and zlib's window parameter for it."""

MAX_MEMBERS: Final = 4096
_PIECE = 1 << 16


class TooLargeError(OtlpError):
    """A body exceeds the limit, as sent or unpacked."""


def unpack(data: bytes, encoding: str, limit: int, *, cut: bool = False) -> bytes:
    """The content of a body packed as `encoding`, one of `ENCODINGS`; an empty body is empty.

    Args:
        data: The body.
        encoding: How it is packed.
        limit: Bytes of content that there may be.
        cut: Whether the data may end within a member, as a file does that is being written; what is there is given.

    Raises:
        TooLargeError: There are more than `limit` bytes of content.
        OtlpError: The data are broken or cut.
    """
    out = bytearray()
    pos = members = 0
    while pos < len(data):
        if members and not any(data[pos : pos + 1]) and not data[pos:].strip(b"\0"):
            break  # gzip files may be padded with zeros
        members += 1
        if members > MAX_MEMBERS:
            raise OtlpError(f"the {encoding} body has more than {MAX_MEMBERS} members")
        pos = _member(data, pos, encoding, limit, out, cut=cut)
    return bytes(out)


def _member(data: bytes, pos: int, encoding: str, limit: int, out: bytearray, *, cut: bool) -> int:
    """Unpack one member onto `out`; where it ends."""
    unpacker = zlib.decompressobj(ENCODINGS[encoding])
    view = memoryview(data)
    while not unpacker.eof:
        pending: bytes | memoryview = unpacker.unconsumed_tail
        if not pending:
            pending = view[pos : pos + _PIECE]
            pos += len(pending)
            if not pending and cut:
                return pos
            if not pending:
                raise OtlpError(f"the {encoding} body is cut", offset=pos)
        try:
            out += unpacker.decompress(pending, limit + 1 - len(out))
        except zlib.error as fault:
            raise OtlpError(f"the body is no {encoding}: {fault}") from fault
        if len(out) > limit:
            raise TooLargeError(f"the body is more than {limit} bytes when unpacked")
    return pos - len(unpacker.unused_data)
