"""A trigger whose client library is not installed says how to install it."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import asyncio, sys
sys.modules[{module!r}] = None
from spanspec.api import SystemClock
from spanspec.definition.validate import validated
from spanspec.errors import TriggerError
from spanspec.ext import SpanId, TraceContext, TraceId
found, problems = validated({kind!r}, {fields!r})
assert not problems
try:
    asyncio.run(found.fire(TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8)), SystemClock()))
except TriggerError as fault:
    print(fault.help)
"""


@pytest.mark.parametrize(
    ("kind", "module", "fields", "extra"),
    [
        ("graphql", "graphql", {"url": "http://127.0.0.1:1", "query": "{ a }"}, "graphql"),
        ("http", "h2", {"url": "http://127.0.0.1:1", "http2": True}, "http2"),
    ],
)
def test_the_line_to_install_it_is_exact(kind: str, module: str, fields: dict[str, object], extra: str) -> None:
    """Nothing is sent, and no traceback is shown."""
    code = CODE.format(module=module, kind=kind, fields=fields)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert f'pip install "spanspec[{extra}]"' in done.stdout
