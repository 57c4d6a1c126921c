"""Whatever stands under whichever key: faults are told, nothing is raised, and a loaded plan can be bound."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanspec.definition.bind import bind
from spanspec.definition.document import RESOURCES
from spanspec.definition.keys import CONFIG, EXPECT, HOOK, OUTPUT, RESOURCE, SETTLE, SPEC, STEP, SUITE
from spanspec.definition.load import load
from spanspec.definition.plan import Options
from spanspec.definition.shapes import SHAPES
from spanspec.language.verdict import Generators
from spanspec.source.codes import CODES
from spanspec.source.render import render_all

KEYS = sorted({*RESOURCE, *SETTLE, *SPEC, *EXPECT, *OUTPUT, *CONFIG, *SUITE, *STEP, *HOOK, "type", "spec", "http", "httpRequest", "url", "headers", "body",
               "auth", "basic", "user", "key", "value", "Key", "Value", "query", "file", "linger", "timeout", "unknown"})  # fmt: skip
TEXTS = ["", "x", "Test", "http", "grpc", "${var:X}", "${env:HOME", "span[name = 'a']", "no_errors()", "attr:x = 1", "5s", "./x", "/x",
         "http://h/x", "${HOME}", "${NO:-1}", "tracetest", "\x7f\u202e", "a\nb", "*x", "response:status = 200"]  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(TEXTS), st.text(max_size=6))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)
TESTS = st.fixed_dictionaries(
    {},
    optional={
        "trigger": st.one_of(
            VALUES, st.fixed_dictionaries({"http": st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)})
        ),
        "vars": VALUES,
        "specs": st.one_of(VALUES, st.lists(st.dictionaries(st.sampled_from(sorted(SPEC)), VALUES), max_size=2)),
        "expect": VALUES,
        "outputs": VALUES,
        "settle": st.one_of(VALUES, st.dictionaries(st.sampled_from(sorted(SETTLE)), VALUES)),
        "cases": VALUES,
        "setup": st.one_of(
            VALUES, st.lists(st.dictionaries(st.sampled_from([*sorted(HOOK), "http"]), VALUES, max_size=3), max_size=2)
        ),
        "teardown": VALUES,
        "retries": VALUES,
        "needs": VALUES,
        "store": VALUES,
        "skip": VALUES,
        "only_if": VALUES,
        "compat": VALUES,
        "description": VALUES,
    },
)
SUITES = st.fixed_dictionaries(
    {"steps": st.one_of(VALUES, st.lists(st.one_of(VALUES, TESTS, st.sampled_from(["t.yaml", "x", "./t.yaml"])), max_size=3))},
    optional=dict.fromkeys(("name", "needs", "parallel", "on_failure", "vars", "only_if", "skip"), VALUES),
)  # fmt: skip
INSIDE = sorted(
    {name for shape in SHAPES.values() for name in (*shape["properties"], "values", "periodic", "plugins", "rules")}
)
RESOURCE_DOCUMENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(RESOURCES), "spec": st.dictionaries(st.sampled_from(INSIDE), VALUES, max_size=5)}
)
DOCUMENTS = st.one_of(
    SUITES,
    RESOURCE_DOCUMENTS,
    SUITES.map(lambda spec: {"type": "TestSuite", "spec": spec}),
    TESTS,
    TESTS.map(lambda spec: {"type": "Test", "spec": spec}),
    VALUES,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(
    document=DOCUMENTS, config=st.one_of(st.just({}), VALUES, st.dictionaries(st.sampled_from(sorted(CONFIG)), VALUES))
)
def test_any_document_gives_plans_or_faults(document: object, config: object) -> None:
    """No shape of a document or of settings raises; every fault has a known code and can be shown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".git").mkdir()
        (folder / "t.yaml").write_text(json.dumps(document), encoding="utf-8")
        (folder / "spanspec.yaml").write_text(json.dumps(config), encoding="utf-8")
        loaded = load(["t.yaml"], Options(), cwd=folder, environment={"HOME": "h"})
        render_all(loaded.diagnostics)
        assert {fault.code for fault in loaded.diagnostics} <= set(CODES)
        assert loaded.items or loaded.diagnostics
        for plan in loaded.plans:
            bound = bind(plan, {}, environment={}, generators=Generators(rng=random.Random(1), now_ns=0))
            render_all(bound.diagnostics)
            assert bound.diagnostics or bound.trigger is not None
