"""No secret in a result."""

from __future__ import annotations

import pytest

from spanspec.results.json import encode
from spanspec.results.mask import is_secret, masked
from spanspec.results.model import CaseResult, CheckResult, Outcome, RunResult
from spanspec.testing import span, trace


@pytest.mark.parametrize(
    ("name", "secret"), [("API_TOKEN", True), ("password", True), ("CARD", True), ("ORDER", False)]
)
def test_names_say_what_is_secret(name: str, secret: bool) -> None:
    """The usual names, and those that the settings add."""
    assert is_secret(name, ["CARD"]) is secret


def test_every_text_of_a_run_is_masked() -> None:
    """Checks, attributes of spans and of shared resources, events in the drawing."""
    top = span("GET", http__url="http://x/?key=s3cret", resource={"note": "s3cret"})
    check = CheckResult(kind="expect", text="t", outcome=Outcome.FAILED, actual="got s3cret", reason="s3cret!")
    case = CaseResult(name="t", path="t.yaml", outcome=Outcome.FAILED, checks=(check,), trace=trace(top))
    run = RunResult(version="0", started_ns=0, duration_ns=0, cases=(case,))
    assert b"s3cret" in encode(run)
    clean = masked(run, ["s3cret"])
    assert b"s3cret" not in encode(clean)
    assert clean.cases[0].checks[0].actual == "got ***"
    assert clean.cases[0].trace is not None
    assert clean.cases[0].trace.spans[0].attributes["http.url"] == "http://x/?key=***"


def test_what_holds_no_secret_is_the_same_object() -> None:
    """Masking costs nothing where there is nothing to mask."""
    found = trace(span("a"))
    assert masked(found, ["other"]) is found
    assert masked(found, []) is found


def test_short_values_are_left() -> None:
    """They would blot out the report."""
    assert masked("a1 is 1", ["1"]) == "a1 is 1"
