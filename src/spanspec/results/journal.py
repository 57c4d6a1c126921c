"""A run that is still going on, or was killed: a head, then a line for each case that has ended, in that order.

Each line is one JSON object in the shape of `results.json`. `read` takes both forms; of the last line a part may lack.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from spanspec.errors import UsageError
from spanspec.results.json import decode, decode_case, encode, encode_case
from spanspec.results.model import CaseResult, RunResult

MARK = b'{"partial":true,'
"""How a journal begins that is not whole yet."""


def head(run: RunResult) -> bytes:
    """The first line: a run without cases."""
    return MARK + encode(replace(run, cases=(), suites=())).removeprefix(b"{")


def line(case: CaseResult) -> bytes:
    """The line of a case."""
    return encode_case(case)


def read(data: bytes) -> RunResult:
    """The run in a document, whole or partial; a partial one says in its notes how far it had come.

    Raises:
        UsageError: It is no run of ours.
    """
    if not data.startswith(MARK):
        return decode(data)
    first, _, rest = data.partition(b"\n")
    run = decode(b"{" + first.removeprefix(MARK))
    cases = [case for each in rest.split(b"\n") if each and (case := _case(each)) is not None]
    cases.sort(key=lambda case: case.position)
    spent = max((case.timings.total for case in cases), default=0)
    note = f"the run was cut off: {len(cases)} of {run.planned} cases had ended"
    return replace(run, cases=tuple(cases), notes=(*run.notes, note), duration_ns=max(run.duration_ns, spent))


def _case(data: bytes) -> CaseResult | None:
    """A case; None for a line that was cut off."""
    try:
        return decode_case(msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, UsageError):
        return None
