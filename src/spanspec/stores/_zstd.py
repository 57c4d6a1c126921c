"""Zstandard, unpacked within bounds; the library is an extra and is loaded when a file asks for it."""

from __future__ import annotations

from typing import Final

from spanspec.errors import OtlpError
from spanspec.otlp.compression import TooLargeError

MAGIC: Final = b"\x28\xb5\x2f\xfd"
"""What a packed file begins with (RFC 8878, section 3.1.1)."""

_PIECE = 1 << 20


def unpack_zstd(data: bytes, limit: int) -> bytes:
    """The content of a file, which may have several frames and be cut within the last, as one that is being written.

    Raises:
        TooLargeError: There are more than `limit` bytes of content.
        OtlpError: The data are broken, or the library is not installed.
    """
    try:
        import zstandard
    except ImportError as fault:
        raise OtlpError(
            "the file is packed with zstd, and the library for it is not installed",
            help='Install it with: pip install "spanspec[zstd]"',
        ) from fault
    pieces: list[bytes] = []
    size = 0
    try:
        with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
            while piece := reader.read(_PIECE):
                size += len(piece)
                if size > limit:
                    raise TooLargeError(f"the file has more than {limit >> 20} MiB unpacked")
                pieces.append(piece)
    except zstandard.ZstdError as fault:
        if not pieces:
            raise OtlpError(f"no zstd: {fault}") from fault
    return b"".join(pieces)
