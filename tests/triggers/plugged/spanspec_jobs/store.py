"""A store that knows no trace."""

from __future__ import annotations

from spanspec.ext import Fetched, TimeWindow, TraceId


class Store:
    """Has nothing yet, for ever."""

    async def fetch(self, trace_id: TraceId, window: TimeWindow) -> Fetched:
        """Nothing."""
        return Fetched()

    def link(self, trace_id: TraceId) -> str | None:
        """Where it would be."""
        return f"https://jobs.test/{trace_id}"
