"""The machine's clocks, and a listener that shows nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanspec.results.progress import Progress


class SystemClock:
    """The machine's clocks."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Nanoseconds of the monotonic clock."""
        return time.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        """Return after that long."""
        await asyncio.sleep(seconds)


class Silent:
    """A listener that shows nothing."""

    def on(self, progress: Progress) -> None:
        """Take a message."""
