"""Plans with their variables."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from spanspec.definition.bind import Bound, bind
from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.language.verdict import Generators, Value
from spanspec.source.render import render_all

Binds = Callable[..., Bound]


@pytest.fixture
def binds(tmp_path: Path) -> Binds:
    """Loads a test from its text and binds it."""

    def do(
        text: str,
        variables: Mapping[str, Value] | None = None,
        *,
        options: Options | None = None,
        environment: Mapping[str, str] | None = None,
        config: str = "",
    ) -> Bound:
        (tmp_path / ".git").mkdir(exist_ok=True)
        (tmp_path / "t.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "spanspec.yaml").write_text(config, encoding="utf-8")
        loaded = load(["t.yaml"], options or Options(), cwd=tmp_path, environment=environment or {})
        assert loaded.plans, render_all(loaded.diagnostics)
        generators = Generators(rng=random.Random(1), now_ns=0)
        return bind(loaded.plans[0], variables or {}, environment=environment or {}, generators=generators)

    return do


def fired(bound: Bound) -> Any:
    """The trigger, with no fault."""
    assert not bound.diagnostics, render_all(bound.diagnostics)
    return bound.trigger


def a_test(fields: str, more: str = "") -> str:
    """A test's text with some fields of its trigger."""
    return f"trigger: {{ http: {{ {fields} }} }}\nexpect: [ no_errors() ]\n{more}"


def test_a_field_that_is_one_placeholder_keeps_its_type_in_a_body(binds: Binds) -> None:
    """`ORDER: 42` is sent as 42; with text around it, it is text; from `--var` it is text."""
    body = 'body: { a: "${var:N}", b: "n ${var:N}", c: ["${var:B}", "${var:L}"], d: "${var:T}", e: "${var:M}" }'
    text = a_test(f"url: http://h/x, {body}", "vars: { N: 42, B: true, L: [1, 2.5], T: x, M: { k: null } }\n")
    trigger = fired(binds(text, options=Options(variables={"T": "7"})))
    assert json.loads(trigger.body) == {"a": 42, "b": "n 42", "c": [True, [1, 2.5]], "d": "7", "e": {"k": None}}
    assert trigger.headers == [("content-type", "application/json")]


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ("body: { a: 1 }, headers: { Content-Type: x/y }", [("Content-Type", "x/y")]),
        ("body: [1], headers: [ { key: content-TYPE, value: x/y } ]", [("content-TYPE", "x/y")]),
        ("body: [1], headers: [ { key: A, value: b } ]", [("A", "b"), ("content-type", "application/json")]),
        ("body: text", []),
        ('body: "{}"', []),
    ],
)
def test_a_structured_body_has_a_content_type_unless_given(
    fields: str, headers: list[tuple[str, str]], binds: Binds
) -> None:
    """A mapping or list is JSON and says so; a text is sent as it is."""
    assert fired(binds(a_test(f"url: http://h/x, {fields}"))).headers == headers


def test_templates_everywhere(binds: Binds) -> None:
    """URL, method, header names and values, authentication and numbers may hold `${…}`."""
    text = """\
vars: { HOST: h, METHOD: put, NAME: x-a, T: 5s, TOKEN: "${env:SECRET}" }
trigger:
  http:
    method: ${var:METHOD}
    url: http://${var:HOST}/50%25/it's/"q"
    headers: { "${var:NAME}": "a\\"${var:HOST}\\"" }
    auth: { bearer: { token: "${var:TOKEN}" } }
    timeout: ${var:T}
    body: $${HOME} ${uuid()} 100%d '${var:HOST}'
expect: [ no_errors() ]
"""
    trigger = fired(binds(text, environment={"SECRET": "s"}))
    assert (trigger.method, trigger.url) == ("put", 'http://h/50%25/it\'s/"q"')
    assert trigger.headers == [("x-a", 'a"h"')]
    assert trigger.auth.bearer.token == "s"
    assert trigger.timeout == 5.0
    assert trigger.body.startswith("${HOME} ")
    assert trigger.body.endswith(" 100%d 'h'")


def test_variables_are_evaluated_top_to_bottom_under_what_is_given(binds: Binds) -> None:
    """A variable may use those above; one that is given is not evaluated."""
    text = a_test('url: "http://h/${var:C}"', 'vars: { A: 1, B: "${var:A}2", C: "${var:B}3" }\n')
    assert fired(binds(text)).url == "http://h/123"
    bound = binds(text, {"A": "9", "C": "z"})
    assert fired(bound).url == "http://h/z"
    assert dict(bound.variables) == {"A": "9", "B": "92", "C": "z"}


def test_values_from_outside_are_not_interpolated(binds: Binds) -> None:
    """`--var` values may hold `${…}` and are sent as they are."""
    text = a_test("url: http://h/x, headers: { a: '${var:V}' }")
    bound = binds(text, options=Options(variables={"V": "${env:HOME} $${x}"}))
    assert fired(bound).headers == [("a", "${env:HOME} $${x}")]


@pytest.mark.parametrize(
    ("url", "config", "option", "whole"),
    [
        ("/x", "endpoint: http://file/api\n", "", "http://file/api/x"),
        ("/x", "endpoint: http://file/api\n", "http://out:1/v2", "http://out:1/v2/x"),
        ("http://file/x", "endpoint: http://file\n", "http://out:1", "http://out:1/x"),
        ("http://other/x", "endpoint: http://file\n", "http://out:1", "http://other/x"),
        ("http://any/x", "", "http://out:1", "http://out:1/x"),
        ("http://file/x", "endpoint: http://elsewhere\n", "", "http://file/x"),
        ("${var:ENDPOINT}/y", "endpoint: http://file\n", "", "http://file/y"),
        ("/x", "endpoint: http://${var:H}\nvars: { H: h }\n", "", "http://h/x"),
        ("x.com/list", "endpoint: http://file\n", "", "x.com/list"),
    ],
)
def test_the_endpoint_rules(url: str, config: str, option: str, whole: str, binds: Binds) -> None:
    """Relative URLs are appended; only an endpoint from outside replaces origins; `var:ENDPOINT` names it."""
    assert fired(binds(a_test(f'url: "{url}"'), options=Options(endpoint=option), config=config)).url == whole


def test_a_value_that_does_not_fit_is_told_at_its_place(binds: Binds) -> None:
    """What the class refuses once the templates are filled in points at the field in the file."""
    bound = binds(a_test('url: http://h/x, timeout: "${var:T}"', "vars: { T: soon }\n"))
    assert bound.trigger is None
    assert [fault.code for fault in bound.diagnostics] == ["wrong-type"]
    assert "t.yaml:1:47" in render_all(bound.diagnostics)


def test_what_cannot_be_evaluated_sends_nothing(binds: Binds) -> None:
    """A filter that fails is a fault that names field and cause."""
    fields = "url: http://h/x, body: { a: { b: \"${var:T | get_index 'x'}\" } }"
    bound = binds(a_test(fields, "vars: { T: text }\n"))
    assert bound.trigger is None
    assert [fault.code for fault in bound.diagnostics] == ["unbound"]
    assert "`trigger.body.a.b`" in bound.diagnostics[0].message


def test_generators_are_seeded(binds: Binds) -> None:
    """The same generators give the same request."""
    text = a_test('url: "http://h/${uuid()}"')
    assert fired(binds(text)).url == fired(binds(text)).url
