"""Suites: what their steps name, in which order, what each step knows, and what goes in a circle."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spanspec.definition.plan import Loaded, Plan, SuitePlan
from spanspec.source.diagnostics import Severity
from spanspec.source.render import render_all

Loads = Callable[..., Loaded]
URL = "http://127.0.0.1:8080"
TEST = f"trigger: {{ http: {{ url: {URL}/x }} }}\nexpect: [ no_errors() ]\n"
LOGIN = TEST + "name: login\noutputs: [ { name: TOKEN, value: 'response:body' } ]\n"
BUY = "name: buy\ntrigger: { http: { url: 'http://h/${var:TOKEN}' } }\nexpect: [ no_errors() ]\n"


def errors(loaded: Loaded) -> list[str]:
    """The codes of the errors."""
    return [fault.code for fault in loaded.diagnostics if fault.severity is Severity.ERROR]


def only(loaded: Loaded) -> SuitePlan:
    """The one suite, with no error."""
    assert errors(loaded) == [], render_all(loaded.diagnostics)
    (suite,) = loaded.items
    assert isinstance(suite, SuitePlan)
    return suite


def test_steps_are_paths_ids_names_tests_and_suites(loads: Loads) -> None:
    """A step is found by path, id or name, or written in place; the order is that of the file."""
    files = {
        "login.yaml": LOGIN,
        "by-id.yaml": f"type: Test\nspec: {{ id: pay-1, name: pays, trigger: {{ type: http, httpRequest: {{ url: {URL} }} }} }}\n",
        "sub/named.yaml": TEST + "name: ships\n",
        "s.yaml": """\
name: whole
on_failure: continue
steps:
  - login.yaml
  - pay-1
  - ships
  - trigger: { http: { url: "http://h/${var:TOKEN}" } }
    expect: [ no_errors() ]
  - name: side by side
    parallel: true
    steps: [ login.yaml, { test: pay-1, only_if: "${var:TOKEN}", name: paid again } ]
""",
    }
    suite = only(loads(files, "s.yaml"))
    assert (suite.name, suite.stop, suite.parallel) == ("whole", False, False)
    assert [step.name for step in suite.steps] == ["login", "pays", "ships", "whole #4", "side by side"]
    inner = suite.steps[-1].suite
    assert inner is not None
    assert inner.parallel
    assert [(step.name, step.only_if) for step in inner.steps] == [("login", ""), ("paid again", "${var:TOKEN}")]
    assert [plan.path for plan in suite.plans] == [
        "login.yaml", "by-id.yaml", "sub/named.yaml", "s.yaml", "login.yaml", "by-id.yaml",
    ]  # fmt: skip


def test_what_is_a_step_does_not_run_by_itself(loads: Loads) -> None:
    """In a folder a suite's steps run in the suite only; a file that the user names runs by itself too."""
    files = {"a.yaml": LOGIN, "b.yaml": BUY, "s.yaml": "steps: [ a.yaml, b.yaml ]\n", "c.yaml": TEST}
    loaded = loads(files)
    assert errors(loaded) == []
    assert [item.name for item in loaded.items] == ["c", "s"]
    assert [item.name for item in loads(files, "a.yaml", "s.yaml").items] == ["login", "s"]


def test_a_step_knows_the_outputs_before_it(loads: Loads) -> None:
    """An output of an earlier step is a variable; of a later one, or of a parallel one, it is not."""
    files = {"a.yaml": LOGIN, "b.yaml": BUY}
    assert errors(loads({**files, "s.yaml": "steps: [ a.yaml, b.yaml ]\n"}, "s.yaml")) == []
    for text in ("steps: [ b.yaml, a.yaml ]\n", "parallel: true\nsteps: [ a.yaml, b.yaml ]\n"):
        loaded = loads({**files, "s.yaml": text}, "s.yaml")
        assert errors(loaded) == ["missing-variable"]
        assert loaded.missing == ("TOKEN",)
    after = "steps: [ { parallel: true, steps: [ a.yaml ] }, b.yaml ]\n"
    assert errors(loads({**files, "s.yaml": after}, "s.yaml")) == []


def test_variables_of_a_suite_win_over_the_file(loads: Loads) -> None:
    """`vars` of a suite win over those of a step's file, and lose to its row and to `--var`."""
    case = TEST + "vars: { A: file, B: file, C: '${var:A}!' }\ncases: [ { B: row } ]\n"
    suite = only(loads({"a.yaml": case, "s.yaml": "vars: { A: suite, B: suite }\nsteps: [ a.yaml ]\n"}, "s.yaml"))
    (plan,) = suite.plans
    assert dict(plan.variables) == {"A": "suite", "B": "row", "C": "${var:A}!"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.yaml": "steps: [ b.yaml ]\n", "b.yaml": "steps: [ a.yaml ]\n"}, "a.yaml → b.yaml → a.yaml"),
        ({"a.yaml": "steps: [ a.yaml ]\n"}, "a.yaml → a.yaml"),
        ({"a.yaml": TEST + "setup: [ b.yaml ]\n", "b.yaml": TEST + "setup: [ { test: a.yaml } ]\n"}, "a.yaml → b.yaml → a.yaml"),
    ],
)  # fmt: skip
def test_circles_of_steps_are_shown(files: dict[str, str], said: str, loads: Loads) -> None:
    """A suite that is a step of its own step, or a set-up of its own set-up, is a fault that shows the way round."""
    loaded = loads(files, "a.yaml")
    assert errors(loaded) == ["circular-steps"]
    assert said in loaded.diagnostics[0].message


def test_circles_of_needs_are_shown(loads: Loads) -> None:
    """Definitions that need each other are a fault that shows the way round, once."""
    files = {"a.yaml": TEST + "needs: b\n", "b.yaml": TEST + "needs: [ c.yaml ]\n", "c.yaml": TEST + "needs: a\n"}
    loaded = loads(files)
    assert errors(loaded) == ["circular-needs"]
    assert any("a → b → c → a" in fault.message for fault in loaded.diagnostics)


def test_what_is_needed_comes_first(loads: Loads) -> None:
    """A need that is not among the paths is loaded, before whoever needs it, and named as the runner compares it."""
    files = {
        "a.yaml": TEST + "needs: [ ./z.yaml, second ]\n",
        "z.yaml": TEST + "name: first\n",
        "y.yaml": TEST + "name: second\n",
    }
    loaded = loads(files, "a.yaml")
    assert errors(loaded) == []
    assert [item.name for item in loaded.items] == ["first", "second", "a"]
    assert loaded.items[-1].needs == ("z.yaml", "second")


def test_suites_of_the_reference(loads: Loads) -> None:
    """`TestSuite` and `Transaction` take paths and ids; `${NAME}` is filled in there too."""
    test = "type: Test\nspec: {{ id: {0}, name: N{0}, trigger: {{ type: http, httpRequest: {{ url: http://h }} }} }}\n"
    files = {"a.yaml": test.format("one"), "b.yaml": test.format("two")}
    for kind in ("TestSuite", "Transaction"):
        text = f"type: {kind}\nspec: {{ id: s, name: all, steps: [ ./a.yaml, '${{SECOND}}' ] }}\n"
        loaded = loads({**files, "s.yaml": text}, "s.yaml", environment={"SECOND": "two"})
        assert [plan.id for plan in only(loaded).plans] == ["one", "two"]


def test_a_step_that_names_nothing(loads: Loads) -> None:
    """A misspelt id is told with the nearest, a missing path with the nearest file, two of one id with both."""
    files = {"checkout.yaml": TEST, "s.yaml": "steps: [ chekout, ./chekout.yaml ]\n"}
    loaded = loads(files, "s.yaml")
    assert errors(loaded) == ["unknown-test", "no-file"]
    assert [fault.label for fault in loaded.diagnostics] == [
        'did you mean "checkout"?',
        'did you mean "checkout.yaml"?',
    ]
    twice = {"a.yaml": TEST + "id: x\n", "b.yaml": TEST + "id: x\n", "s.yaml": "steps: [ x ]\n"}
    assert errors(loads(twice, "s.yaml")) == ["ambiguous-name"]


def test_set_up_and_tear_down(loads: Loads) -> None:
    """Items are triggers with outputs, or tests by path; each knows what those before it gave."""
    text = """\
vars: { BASE: http://h }
setup:
  - http: { url: "${var:BASE}/login" }
    name: log in
    outputs: [ { name: TOKEN, value: "response:body" } ]
  - http: { url: "${var:BASE}/${var:TOKEN}" }
  - basket.yaml
trigger: { http: { url: "${var:BASE}/${var:TOKEN}/${var:BASKET}" } }
outputs: [ { name: ORDER, value: "response:body" } ]
expect: [ no_errors() ]
teardown:
  - http: { method: DELETE, url: "${var:BASE}/${var:ORDER}" }
"""
    basket = TEST + "outputs: [ { name: BASKET, value: 'var:TOKEN' } ]\n"
    loaded = loads({"a.yaml": text, "basket.yaml": basket}, "a.yaml")
    assert errors(loaded) == [], render_all(loaded.diagnostics)
    (plan,) = loaded.items
    assert isinstance(plan, Plan)
    assert [(hook.name, hook.trigger is None) for hook in plan.setup] == [
        ("log in", False),
        ("", False),
        ("basket", True),
    ]
    assert [hook.trigger.fields["method"] for hook in plan.teardown if hook.trigger] == ["DELETE"]
    wrong = text.replace("${var:BASE}/login", "${var:BASE}/${var:ORDER}")
    assert errors(loads({"a.yaml": wrong, "basket.yaml": basket}, "a.yaml")) == ["missing-variable"]


def test_a_step_keeps_the_warnings_of_its_test(loads: Loads) -> None:
    """A test that runs by itself and as a step has its warnings in both places, and they are told once."""
    files = {"a.yaml": "trigger: { http: { url: http://h } }\n", "s.yaml": "steps: [ a.yaml ]\n"}
    loaded = loads(files, "a.yaml", "s.yaml")
    assert [[each.code for each in plan.warnings] for plan in loaded.plans] == [["no-checks"], ["no-checks"]]
    assert [fault.code for fault in loaded.diagnostics] == ["no-checks"]
