"""The run as SARIF 2.1.0 (OASIS), for code scanning: each fault a result at the line of the definition."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from spanspec.results import telling
from spanspec.results.columns import one_line
from spanspec.results.model import Outcome

if TYPE_CHECKING:
    from spanspec.results.model import RunResult, SourcePlace
    from spanspec.results.telling import Fault

_RULES = {
    Outcome.FAILED: ("failed", "A check does not hold", "What the test says of the trace is not so."),
    Outcome.INCONCLUSIVE: (
        "inconclusive",
        "A check has no verdict",
        "What arrived neither proves nor refutes the check.",
    ),
    Outcome.ERRORED: ("errored", "A test could not be carried out", "The trigger, the store or the definition failed."),
}
_INDEX = {outcome: index for index, outcome in enumerate(_RULES)}
_ROOT = "SRCROOT"


class Report:
    """The document, without options."""

    def render(self, run: RunResult) -> str:
        """One JSON document, with a final line break."""
        return json.dumps(_document(run), indent=2, ensure_ascii=True) + "\n"


def _document(run: RunResult) -> dict[str, Any]:
    driver = {
        "name": "spanspec",
        "version": one_line(run.version, 40) or "0",
        "rules": [_rule(*texts) for texts in _RULES.values()],
    }
    result: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": run.exit_code in (0, 1), "exitCode": run.exit_code}],
        "results": [_result(fault) for fault in telling.faults(run)],
    }
    if run.build is not None and run.build.commit:
        result["properties"] = {"commit": one_line(run.build.commit, 80), "branch": one_line(run.build.branch, 200)}
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return {"$schema": schema, "version": "2.1.0", "runs": [result]}


def _rule(name: str, short: str, full: str) -> dict[str, Any]:
    return {
        "id": f"spanspec/{name}",
        "name": name.capitalize(),
        "shortDescription": {"text": short},
        "fullDescription": {"text": full},
        "defaultConfiguration": {"level": "error"},
    }


def _result(fault: Fault) -> dict[str, Any]:
    outcome = fault.outcome if fault.outcome in _RULES else Outcome.FAILED
    services = f" Services: {fault.whose}." if fault.whose else ""
    hints = "".join(f"\n{hint}" for hint in fault.hints)
    found: dict[str, Any] = {
        "ruleId": f"spanspec/{_RULES[outcome][0]}",
        "ruleIndex": _INDEX[outcome],
        "level": "error",
        "message": {"text": f"{telling.title(fault.case)}: {fault.what}: {fault.sentence}.{services}{hints}"},
        "partialFingerprints": {"spanspec/v1": _fingerprint(fault)},
        "properties": {key: text for key, text in _properties(fault).items() if text},
    }
    if fault.place is not None:
        found["locations"] = [_location(fault.place)]
    return found


def _properties(fault: Fault) -> dict[str, str]:
    return {
        "test": telling.title(fault.case),
        "traceId": one_line(fault.case.trace_id, 40),
        "link": one_line(fault.case.link, 400),
        "expected": fault.expected,
        "actual": fault.actual,
    }


def _location(place: SourcePlace) -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": max(1, place.line),
        "startColumn": max(1, place.column),
        "endColumn": max(1, place.column) + max(1, place.length),
    }
    if place.excerpt:
        region["snippet"] = {"text": one_line(place.excerpt, 400)}
    path = one_line(place.path, 400).replace("\\", "/")
    artifact: dict[str, Any] = {"uri": quote(path)}
    if not path.startswith("/"):
        artifact["uriBaseId"] = _ROOT
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _fingerprint(fault: Fault) -> str:
    """The same for the same check of the same test in another run, wherever it has moved in its file."""
    path = fault.place.path if fault.place is not None else fault.case.path
    text = "\0".join((path, telling.title(fault.case), fault.what))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
