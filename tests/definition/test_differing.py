"""Where a file from Tracetest means something else here, loading tells it, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.definition.conftest import Loads

FILE = """type: Test
spec:
  name: a
  trigger:
    type: http
    httpRequest: { method: POST, url: "/a%20b/${var:ID}", body: "it's" }
  specs:
    - selector: span[error=false]
      assertions: [ "attr:a = 1" ]
    - selector: span[error=false]
      assertions: [ "attr:tracetest.span.duration < '200ms'" ]
"""
SHORT = """
trigger: { http: { method: POST, url: "/a%20b/${var:ID}", body: "it's" } }
specs:
  - selector: span[]
    assertions: [ "attr:a = 1.0" ]
"""


def _told(loads: Loads, text: str) -> list[str]:
    found = loads({"a.yaml": f"{text}variables: {{ ID: 1 }}\n" if text is SHORT else text}).diagnostics
    return [each.code for each in found if each.code.startswith("differs-")]


def test_every_text_of_an_old_file_is_looked_at(loads: Loads) -> None:
    """Fields, selectors, assertions and specs of one selector are told, and none stops the test."""
    assert sorted(_told(loads, FILE)) == [
        "differs-duration", "differs-escape", "differs-false", "differs-false", "differs-percent", "differs-twice",
    ]  # fmt: skip


def test_nothing_is_told_where_the_reference_is_followed(loads: Loads) -> None:
    """Under `compat: tracetest` there is no difference to tell."""
    assert _told(loads, f"compat: tracetest\n{FILE}") == []


@pytest.mark.parametrize(("text", "told"), [(SHORT, ["differs-number"])])
def test_fields_of_a_new_file_are_nobody_s_old_ones(text: str, told: list[str], loads: Loads) -> None:
    """A file without `type:` was never sent by Tracetest; its specs are in its language all the same."""
    assert _told(loads, text) == told
