"""Published schemas that reports are held to, from packages with exact versions."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from tests.servers.needed import need

_SARIF = Path(__file__).parent / "schemas/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


def sarif_schema() -> dict[str, Any]:
    """The JSON schema of SARIF 2.1.0; the test is skipped where it is not installed."""
    need(_SARIF.is_file(), "the schema of SARIF")
    return _read(_SARIF)


@cache
def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
