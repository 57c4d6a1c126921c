"""Variables that nothing defines."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.definition.undefined import missing
from spanspec.definition.variables import of_dotenv

EVERYWHERE = """\
vars: { V: "${var:IN_VARS}" }
trigger:
  http:
    url: "http://${var:IN_URL}/x"
    headers: { "${var:IN_KEY}": "it's ${env:IN_VALUE}" }
    body: { deep: [ "${var:IN_BODY}" ] }
specs:
  - selector: span[name = "${var:IN_SELECTOR}"]
    assertions: [ "attr:x = var:IN_ASSERTION" ]
expect:
  - exactly var:IN_COUNT span[name = var:IN_PREDICATE]
  - response:body = var:OUT
  - response:body = (var:DEFAULTED | default "x")
outputs:
  - { name: OUT, selector: "span[]", value: "var:IN_OUTPUT" }
  - { name: OUT2, selector: "span[]", value: "var:OUT" }
settle: { until: "response:body = var:IN_UNTIL" }
"""


def named(text: str, tmp_path: Path, *, environment: dict[str, str] | None = None) -> list[str]:
    """The variables that loading a test misses, in the order told."""
    (tmp_path / "t.yaml").write_text(text, encoding="utf-8")
    loaded = load(["t.yaml"], Options(), cwd=tmp_path, environment=environment or {})
    assert {fault.code for fault in loaded.diagnostics} <= {"missing-variable"}
    return [fault.message.split('"')[1] for fault in loaded.diagnostics]


def test_every_text_is_looked_at(tmp_path: Path) -> None:
    """Trigger, variables, selectors, assertions, expectations, outputs and settings; own outputs count in checks only."""
    assert set(named(EVERYWHERE, tmp_path)) == {
        "IN_VARS", "IN_URL", "IN_KEY", "IN_VALUE", "IN_BODY", "IN_SELECTOR", "IN_ASSERTION", "IN_COUNT",
        "IN_PREDICATE", "IN_OUTPUT", "IN_UNTIL", "OUT",
    }  # fmt: skip


def test_the_environment_answers_env_only(tmp_path: Path) -> None:
    """`env:X` looks in the environment, `var:X` does not."""
    text = 'trigger: { http: { url: "http://${env:A}/${var:B}" } }\nexpect: [ no_errors() ]\n'
    assert named(text, tmp_path, environment={"A": "1", "B": "2"}) == ["B"]


def test_each_name_once_and_what_is_given_counts(tmp_path: Path) -> None:
    """A name is told at its first use; values given besides the plan's own define it."""
    text = 'trigger: { http: { url: "http://${var:A}/${var:A}" } }\nexpect: [ "response:body = var:A" ]\n'
    (tmp_path / "t.yaml").write_text(text)
    assert named(text, tmp_path) == ["A"]
    loaded = load(["t.yaml"], Options(variables={"A": "1"}), cwd=tmp_path, environment={})
    assert missing(loaded.plans, {"A": "x"}) == ()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("A=1", {"A": "1"}),
        ("export A = 1 # c", {"A": "1"}),
        ("A='x # y'", {"A": "x # y"}),
        ('A="x\\ny"', {"A": "x\ny"}),
        ("A='x\\ny'", {"A": "x\\ny"}),
        ("A=", {"A": ""}),
        ("# A=1", {}),
        ("nonsense", {}),
        ("A=b=c", {"A": "b=c"}),
    ],
)
def test_dotenv_lines(line: str, found: dict[str, str]) -> None:
    """`.env` files are read as shells and other tools do."""
    assert of_dotenv(line) == found
