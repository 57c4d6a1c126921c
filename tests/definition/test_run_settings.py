"""Settings of the run: stores, reports, jobs, forwarding, the environment; each with its precedence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spanspec.definition.blocks import Setting
from spanspec.definition.effects import store_of
from spanspec.definition.faults import Faults
from spanspec.definition.plan import Loaded, Options, StorePlan
from spanspec.definition.texts import Reader
from spanspec.source.diagnostics import Severity
from spanspec.source.render import render_all
from spanspec.source.text import SourceText

Loads = Callable[..., Loaded]
TEST = "trigger: { http: { url: http://h } }\nexpect: [ no_errors() ]\n"


def errors(loaded: Loaded) -> list[str]:
    """The codes of the errors."""
    return [fault.code for fault in loaded.diagnostics if fault.severity is Severity.ERROR]


def sound(loaded: Loaded) -> Loaded:
    """The same, without errors."""
    assert errors(loaded) == [], render_all(loaded.diagnostics)
    return loaded


def test_stores_are_merged_by_name(loads: Loads) -> None:
    """An inner file adds a store and replaces one of the same name; `otlp` and vendors' names are the receiver."""
    files = {
        "spanspec.yaml": "store: here\nstores: { here: { type: otlp }, there: { type: honeycomb } }\n",
        "in/spanspec.yaml": "stores: { more: { type: agent } }\n",
        "in/t.yaml": TEST + "store: more\n",
        "u.yaml": TEST,
    }
    loaded = sound(loads(files, "in/t.yaml"))
    assert sorted(loaded.settings.stores) == ["here", "more", "there"]
    assert all(plan.store.embedded for plan in loads(files).plans)


@pytest.mark.parametrize(
    ("config", "test", "options", "code"),
    [
        ("stores: { x: { url: http://h } }\n", "", Options(), "missing-key"),
        ("stores: { x: { type: jager } }\n", "", Options(), "bad-value"),
        ("stores: { x: 1 }\n", "", Options(), "wrong-type"),
        ("stores: [ x ]\n", "", Options(), "wrong-type"),
        ("", "store: x\n", Options(), "unknown-store"),
        ("store: x\n", "", Options(), "unknown-store"),
        ("", "", Options(store="x"), "unknown-store"),
        ("reports: [ junit ]\n", "", Options(), "wrong-type"),
        ("reports: { junit: }\n", "", Options(), "wrong-type"),
        ("retries: -1\n", "", Options(), "bad-value"),
        ("", "retries: 5000\n", Options(), "bad-value"),
        ("jobs: many\n", "", Options(), "bad-value"),
        ("forward: [ h ]\n", "", Options(), "bad-value"),
        ("", "environment: {}\n", Options(), "unknown-key"),
    ],
)
def test_faults(config: str, test: str, options: Options, code: str, loads: Loads) -> None:
    """What does not fit is told once."""
    assert errors(loads({"spanspec.yaml": config, "t.yaml": TEST + test}, options=options)) == [code]


def test_jobs_retries_reports_and_forwarding(loads: Loads) -> None:
    """Each has its precedence; report paths and the environment's folder are those of the file that says them."""
    files = {
        "spanspec.yaml": "jobs: 4\nretries: 1\nreports: { junit: out/j.xml, json: out/r.json }\nforward: http://a\n",
        "in/spanspec.yaml": "jobs: auto\nreports: { junit: mine.xml }\nforward: [ http://b, http://c ]\n",
        "in/t.yaml": TEST,
    }
    found = sound(loads(files, "in/t.yaml")).settings
    assert (found.jobs, found.forward) == (None, ("http://b", "http://c"))
    assert dict(found.reports) == {"junit": "in/mine.xml", "json": "out/r.json"}
    assert sound(loads(files, "in/t.yaml")).plans[0].retries == 1
    loaded = sound(
        loads(files, "in/t.yaml", options=Options(jobs="7", retries=3), environment={"SPANSPEC_FORWARD": "http://d"})
    )
    assert (loaded.settings.jobs, loaded.settings.forward, loaded.plans[0].retries) == (7, ("http://d",), 3)


def test_the_environment_is_kept_with_its_places(loads: Loads) -> None:
    """`environment` comes as plain values with the place of each, for whoever starts the system."""
    files = {
        "spanspec.yaml": "environment:\n  services:\n    - name: order\n      run: python -m order\n",
        "t.yaml": TEST,
    }
    environment = sound(loads(files)).settings.environment
    assert environment is not None
    assert environment.value == {"services": [{"name": "order", "run": "python -m order"}]}
    place = environment.places[("services", 0, "run")]
    assert (place.path, place.line, place.column, place.length) == ("spanspec.yaml", 4, 12, 15)


def test_a_variable_that_a_store_names_is_looked_for() -> None:
    """Texts of the store in use are among those that are searched for undefined variables."""
    reader = Reader(faults=Faults(SourceText("t.yaml", "")), path="t.yaml")
    store = StorePlan(name="s", kind="jaeger", fields={"url": "${var:WHERE}/x", "headers": {"a": ["${env:TOKEN}"]}})
    assert store_of({"store": Setting("s", "--store"), "stores.s": Setting(store, "spanspec.yaml:1")}, reader) is store
    assert [(each.prefix, each.name, each.where) for each in reader.references] == [
        ("var", "WHERE", "stores.s.url"), ("env", "TOKEN", "stores.s.headers.a.0"),
    ]  # fmt: skip
