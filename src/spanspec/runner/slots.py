"""How many cases are under way at once."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


class Slots:
    """`jobs` slots. A unit holds one from its start to its end, so that with one slot units run one after the other.

    What runs side by side inside a unit takes turns in the unit's own slot, and further slots as they come free.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._free = asyncio.Semaphore(jobs)

    async def __aenter__(self) -> None:
        await self._free.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._free.release()

    async def side_by_side(self, works: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Run all, from inside a slot; returns when the last has ended."""
        waiting = deque(works)
        at_work: set[asyncio.Task[None] | None] = set()

        async def lane() -> None:
            while waiting:
                await waiting.popleft()()

        async def helper() -> None:
            async with self:
                at_work.add(asyncio.current_task())
                await lane()

        helpers = [asyncio.create_task(helper()) for _ in range(min(len(works), self._jobs) - 1)]
        try:
            await lane()
        except BaseException:
            at_work.clear()  # a bug, or the end of the run: nothing goes on
            raise
        finally:
            for each in helpers:
                if each not in at_work:
                    each.cancel()
            done = await asyncio.gather(*helpers, return_exceptions=True)
        for fault in done:
            if isinstance(fault, BaseException) and not isinstance(fault, asyncio.CancelledError):
                raise fault
