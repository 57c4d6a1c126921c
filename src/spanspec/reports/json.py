"""The run as JSON: what machines read, and what `show` renders again. The shape is described in `results.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.results import json as documents

if TYPE_CHECKING:
    from spanspec.results.model import RunResult


class Report:
    """One document, without options."""

    def render(self, run: RunResult) -> bytes:
        """The run in UTF-8, one line, with a final line break."""
        return documents.encode(run) + b"\n"
