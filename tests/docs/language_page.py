"""The language page's examples: read from its tables, asked of the page's trace."""

from __future__ import annotations

import random
import re
from pathlib import Path
from types import MappingProxyType

from spanspec.api import stored_traces
from spanspec.language.asking import ask, read
from spanspec.language.syntax import Selector
from spanspec.language.values import show
from spanspec.language.verdict import EvaluationError, Generators, Given
from spanspec.model.context import TriggerResult

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "language.md"
TRACE = ROOT / "examples" / "language" / "trace.json"
RESPONSE = TriggerResult(
    kind="http",
    start_ns=0,
    end_ns=401_000_000,
    status=201,
    headers=(("X-Id", "a7"),),
    body='{"id": 7, "items": ["tea", "pot"], "sum": "9.994"}',
)
ROWS_WITHOUT = ("where the text stands",)
"""The heads of tables that need no example."""
VARIABLES = MappingProxyType({"SERVICE": "payment-service", "LIMIT": "200ms"})


def rows() -> list[tuple[str, str, str, str]]:
    """Every row with an example: what it is about, what it means, the example, what the page says that it gives."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").split("\n"):
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
        if line.startswith("|") and len(cells) == 6 and cells[3] not in ("example", "---"):
            found.append((cells[1], cells[2], cells[3].strip("`"), cells[4]))
    return found


def gives(text: str) -> str:
    """What an example gives, as the page writes it."""
    node, faults = read(text)
    assert node is not None, (text, faults)
    generators = Generators(rng=random.Random(1), now_ns=1_700_000_000_000_000_000)
    (trace,) = stored_traces(str(TRACE))
    given = Given(trace=trace, response=RESPONSE, variables=VARIABLES, generators=generators)
    try:
        answer = ask(node, given)
    except EvaluationError as fault:
        return f"error: {fault}"
    if isinstance(node, Selector):
        return ", ".join(span.name for span in answer.spans) or "no span"
    if answer.judgement is not None:
        if answer.holds:
            return "holds"
        return f"fails: {answer.judgement.reason or answer.judgement.error}"
    return f"`{show(answer.value)}`"
