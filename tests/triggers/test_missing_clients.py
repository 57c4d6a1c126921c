"""What a user is told whose installation lacks a trigger's client library."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, importlib, json, sys
kind, absent, fields = sys.argv[1:]
sys.modules[absent] = None  # as if it were not installed
from spanspec.api import SystemClock
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext
trigger = importlib.import_module("spanspec.triggers." + kind).Trigger.model_validate(json.loads(fields))
try:
    asyncio.run(trigger.fire(TraceContext(trace_id="ab" * 16, span_id="cd" * 8), SystemClock()))
except TriggerError as fault:
    print(fault.message, "|", fault.help)
"""


@pytest.mark.parametrize(
    ("kind", "absent", "fields"),
    [
        ("kafka", "aiokafka", '{"brokerUrls": "h:1", "topic": "t", "messageValue": "v"}'),
        ("rabbitmq", "aio_pika", '{"url": "amqp://h", "routingKey": "q"}'),
    ],
)
def test_the_line_that_installs_it_is_told(kind: str, absent: str, fields: str) -> None:
    """Exactly, and before anything is tried."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, kind, absent, fields], capture_output=True, text=True, timeout=60, check=True
    )
    assert f'Install it: pip install "spanspec[{kind}]"' in done.stdout, done.stderr


IMPORTS = """
import sys, spanspec.api
from spanspec.triggers.base import TRIGGERS
for kind in ("grpc", "kafka", "rabbitmq"):
    TRIGGERS.load(kind)
print(sorted({"aiokafka", "aio_pika", "grpc_tools", "grpc_reflection"} & set(sys.modules)))
"""


def test_a_client_library_is_imported_when_it_is_used() -> None:
    """Loading the triggers' classes, as `lint` does, imports none of them."""
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
