"""Which meaning a text has; the key in the definition chooses it."""

from __future__ import annotations

from enum import StrEnum


class Dialect(StrEnum):
    """The three meanings of one grammar.

    `EXPECT`: `expect:`, `query` and the Python API. `SPECS`: `specs:`, `outputs:` and `${…}`, the reference's language with its faults mended.
    `COMPAT`: the same with the faults kept, under `compat: tracetest`.
    """

    EXPECT = "expect"
    SPECS = "specs"
    COMPAT = "compat"
