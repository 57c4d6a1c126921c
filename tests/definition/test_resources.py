"""Resources of the reference: what each sets, where it holds, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spanspec.definition.plan import Loaded, Options, Plan
from spanspec.definition.shapes import SHAPES
from spanspec.source.diagnostics import Severity
from spanspec.source.render import render_all

Loads = Callable[..., Loaded]
TEST = "type: Test\nspec: { name: t, trigger: { type: http, httpRequest: { url: http://h } }, specs: [ { assertions: [ 'attr:x = 1' ] } ]%s }\n"
PLAIN = TEST % ""
PROFILE = """\
type: PollingProfile
spec: { id: %s, name: p, strategy: periodic, periodic: { retryDelay: 2s, timeout: 90s, selectorMatchRetries: 4 } }
"""
RUNNER = "type: TestRunner\nspec: { id: current, name: r, requiredGates: [ %s ] }\n"
STORE = "type: DataStore\nspec: { id: current, name: s, type: %s%s }\n"


def errors(loaded: Loaded) -> list[str]:
    """The codes of the errors."""
    return [fault.code for fault in loaded.diagnostics if fault.severity is Severity.ERROR]


def only(loaded: Loaded) -> Plan:
    """The one test, with no error."""
    assert errors(loaded) == [], render_all(loaded.diagnostics)
    (plan,) = loaded.items
    assert isinstance(plan, Plan)
    return plan


def test_a_profile_in_the_same_file_holds(loads: Loads) -> None:
    """Timeout, pace and patience come from the profile; the time of a whole try grows with the timeout."""
    plan = only(loads({"t.yaml": f"{PROFILE % 'mine'}---\n{PLAIN}"}, "t.yaml"))
    assert (plan.settle.timeout_s, plan.settle.poll_s, plan.settle.patience_s, plan.timeout_s) == (
        90.0,
        2.0,
        8.0,
        120.0,
    )


@pytest.mark.parametrize("named", ["./p.yaml", "p.yaml", "slow"])
def test_a_profile_that_is_named_holds(named: str, loads: Loads) -> None:
    """`pollingProfile` takes a path or an id; what is not named, and not current, holds nowhere."""
    files = {"p.yaml": PROFILE % "slow", "t.yaml": TEST % f", pollingProfile: {named}", "u.yaml": PLAIN}
    assert only(loads(files, "t.yaml")).settle.timeout_s == 90.0
    assert only(loads(files, "u.yaml")).settle.timeout_s == 30.0


def test_the_only_current_resource_of_a_kind_holds(loads: Loads) -> None:
    """`id: current` holds for the run as the only one of its kind; of two none does, with a warning. The test's own wins."""
    files = {"t.yaml": PLAIN, "p.yaml": PROFILE % "current"}
    assert only(loads(files)).settle.timeout_s == 90.0
    own = {**files, "t.yaml": TEST % ", settle: { timeout: 7s }"}
    assert only(loads(own)).settle.timeout_s == 7.0
    over = loads(files, options=Options(), environment={"SPANSPEC_SETTLE_TIMEOUT": "5s"})
    assert only(over).settle.timeout_s == 5.0
    loaded = loads({**files, "q.yaml": PROFILE % "current"})
    assert only(loaded).settle.timeout_s == 30.0
    assert {fault.code for fault in loaded.diagnostics} == {"ambiguous-name"}


def test_required_gates(loads: Loads) -> None:
    """A TestRunner and the option give gates; a gate of the analyzer is refused while there is none."""
    assert only(loads({"t.yaml": PLAIN})).gates == ()
    assert only(loads({"t.yaml": PLAIN, "r.yaml": RUNNER % "test-specs"})).gates == ("test-specs",)
    assert errors(loads({"t.yaml": PLAIN, "r.yaml": RUNNER % "test-specs, analyzer-score"})) == ["no-analyzer"]
    assert errors(loads({"t.yaml": PLAIN, "r.yaml": RUNNER % "analyser-score"})) == ["bad-value"]
    asked = loads({"t.yaml": PLAIN, "r.yaml": RUNNER % ""}, options=Options(gates=("analyzer-rules",)))
    assert errors(asked) == ["no-analyzer"]


@pytest.mark.parametrize(
    ("kind", "block"),
    [("otlp", ""), ("datadog", ", datadog: {}"), ("agent", ""), ("azureappinsights", ", azureappinsights: { connectionType: collector }")],
)  # fmt: skip
def test_stores_that_forward_are_the_receiver(kind: str, block: str, loads: Loads) -> None:
    """Where the reference's collector forwards to it, spans come to the receiver of the run."""
    plan = only(loads({"t.yaml": PLAIN, "s.yaml": STORE % (kind, block)}))
    assert plan.store.embedded


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (STORE % ("jaeger", ""), "missing-key"),
        (STORE % ("jager", ", jaeger: {}"), "bad-value"),
        (STORE % ("signalfx", ", signalfx: []"), "wrong-type"),
        ("type: DataStore\nspec: { id: current, type: otlp }\n", "missing-key"),
        ("type: PollingProfile\nspec: { periodic: { timeout: soon } }\n", "bad-duration"),
        ("type: PollingProfile\nspec: { periodic: { selectorMatchRetries: -1 } }\n", "bad-value"),
        ("type: PollingProfile\nspec: { strategy: no-polling }\n", "not-yet"),
        ("type: VariableSet\nspec: { values: [] }\n", "missing-key"),
        ("type: VariableSet\nspec: { name: v, values: [ { value: x } ] }\n", "missing-key"),
        ("type: VariableSet\nspec: { name: v, values: { a: b } }\n", "wrong-type"),
        ("type: VariableSet\nspec: { name: v, values: [ { key: a, value: x, type: hidden } ] }\n", "bad-value"),
        ("type: Analyzer\nspec: { name: a, minimumScore: 101 }\n", "bad-value"),
        ("type: Analyzer\nspec: { name: a, enabled: maybe }\n", "wrong-type"),
        ("type: Analyzer\nspec: { name: a, plugins: [ { id: standard } ] }\n", "bad-value"),
        ("type: Analyzer\nspec: { name: a, plugins: [ { id: common, rules: [ { id: prefer-dsn } ] } ] }\n", "bad-value"),
        ("type: Analyzer\nspec: { name: a, plugins: [ { id: common, rules: [ { id: prefer-dns, errorLevel: fatal } ] } ] }\n", "bad-value"),
        ("type: Config\nspec: { analyticsEnabled: 1 }\n", "wrong-type"),
        ("type: Demo\nspec: { type: shop }\n", "bad-value"),
    ],
)  # fmt: skip
def test_wrong_values_are_errors(text: str, code: str, loads: Loads) -> None:
    """A resource with a wrong value is refused, whether it would hold or not."""
    assert errors(loads({"t.yaml": PLAIN, "r.yaml": text})) == [code]


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_unknown_keys_warn(kind: str, loads: Loads) -> None:
    """The reference passed unknown keys over, so they only warn, with a suggestion."""
    more = {"DataStore": ", type: otlp", "VariableSet": ", values: []", "Environment": ", values: []"}.get(kind, "")
    loaded = loads({"t.yaml": PLAIN, "r.yaml": f"type: {kind}\nspec: {{ name: n{more}, nmae: x }}\n"})
    assert errors(loaded) == []
    assert [(fault.code, fault.label) for fault in loaded.diagnostics] == [("unknown-key", 'did you mean "name"?')]


@pytest.mark.parametrize(
    "kind", ["Monitor", "Organization", "EnvironmentToken", "Invite", "RunGroup", "Environment", "Config", "Demo"]
)
def test_what_has_no_effect_is_said(kind: str, loads: Loads) -> None:
    """Kinds of the reference's cloud are recognised, and said to have no effect."""
    loaded = loads({"t.yaml": PLAIN, "r.yaml": f"type: {kind}\nspec: {{ name: n }}\n"})
    assert only(loaded)
    assert len([note for note in loaded.passed_over if f"{kind} has no effect" in note]) == 1


def test_variable_sets_by_file_and_by_id(loads: Loads) -> None:
    """`--vars` takes either; values are literal texts, `${NAME}` of the system is filled in, secrets are known by name."""
    values = "[ { key: A, value: 1.50 }, { key: B, value: '${HOME_URL}' }, { key: C, value: xyz, type: secret } ]"
    files = {"t.yaml": PLAIN, "sub/v.yaml": f"type: VariableSet\nspec: {{ id: dev, name: v, values: {values} }}\n"}
    for named in ("sub/v.yaml", "dev"):
        loaded = loads(files, options=Options(variable_files=(named,)), environment={"HOME_URL": "http://h"})
        assert dict(only(loaded).variables) == {"A": "1.5", "B": "http://h", "C": "xyz"}
        assert "C" in loaded.settings.secrets
    old = {
        "t.yaml": PLAIN,
        "e.yaml": "type: Environment\nspec: { id: old, name: e, values: [ { key: A, value: x } ] }\n",
    }
    found = loads(old, options=Options(variable_files=("old",)), environment={"HOME_URL": "x"})
    assert dict(only(found).variables) == {"A": "x"}
    wrong = loads(files, options=Options(variable_files=("dve",)), environment={"HOME_URL": "x"})
    assert errors(wrong) == ["no-file"]
    assert wrong.diagnostics[0].help == 'Did you mean "dev"?'


def test_resources_alone_are_enough_to_check_and_not_to_run(loads: Loads) -> None:
    """`lint` of resources finds them; a run that would run nothing is an error."""
    assert errors(loads({"p.yaml": PROFILE % "x"}, "p.yaml")) == ["nothing-found"]
    assert errors(loads({"p.yaml": PROFILE % "x"}, "p.yaml", options=Options(checking=True))) == []
