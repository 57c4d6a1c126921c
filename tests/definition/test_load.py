"""From files to plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from spanspec.definition.plan import ExpectPlan, Loaded, Options, Plan, SpecPlan, Wait
from spanspec.language.dialect import Dialect
from spanspec.source.diagnostics import Severity

Loads = Callable[..., Loaded]
TRIGGER = "trigger: { http: { url: http://127.0.0.1:8080/x } }\n"
CHECKED = TRIGGER + "expect: [ no_errors() ]\n"


def errors(loaded: Loaded) -> list[str]:
    """The codes of the errors."""
    return [fault.code for fault in loaded.diagnostics if fault.severity is Severity.ERROR]


def only(loaded: Loaded) -> Plan:
    """The one plan, with no error."""
    assert errors(loaded) == []
    (plan,) = loaded.plans
    return plan


WHOLE = """\
name: checkout ships once
description: about it
tags: [checkout, slow]
vars: { ORDER: 42 }
trigger:
  http:
    method: POST
    url: http://127.0.0.1:8080/checkout
    headers: { content-type: application/json, x-number: 7 }
    body: { order: "${var:ORDER}", price: 1.5, tags: [a], nothing: null }
specs:
  - name: payment is fast
    selector: span[name = "process payment"]
    assertions: [ "attr:tracetest.span.duration < 200ms" ]
expect:
  - exactly 1 span[service.name = "shipping-service" kind = "server"]
  - name: stock is taken
    that: every span[name = "update inventory"] where inventory.update.status = "success"
    on_inconclusive: pass
outputs:
  - { name: ORDER_ID, value: "response:body | json_path '$.id'" }
settle: { timeout: 20s, quiet: 100ms, export_delay: 50ms, patience: 1s, async_patience: 2s, clock_skew: 1ms,
          until: 'some span[name = "mail sent"]', wait: settled }
timeout: 45s
on_inconclusive: pass
semconv_aliases: false
"""


def test_the_short_form_says_all_of_it(loads: Loads) -> None:
    """Every key of a test arrives in its plan."""
    plan = only(loads({"t.yaml": WHOLE}, "t.yaml"))
    assert (plan.name, plan.description, plan.tags) == ("checkout ships once", "about it", ("checkout", "slow"))
    assert plan.trigger is not None
    assert plan.trigger.kind == "http"
    assert plan.trigger.fields == {
        "method": "POST",
        "url": "http://127.0.0.1:8080/checkout",
        "headers": {"content-type": "application/json", "x-number": "7"},
        "body": {"order": "${var:ORDER}", "price": 1.5, "tags": ["a"], "nothing": None},
    }
    spec, first, second = plan.checks
    assert isinstance(spec, SpecPlan)
    assert (spec.name, spec.dialect, len(spec.assertions)) == ("payment is fast", Dialect.SPECS, 1)
    assert isinstance(first, ExpectPlan)
    assert isinstance(second, ExpectPlan)
    assert (second.name, second.on_inconclusive) == ("stock is taken", "pass")
    assert plan.outputs[0].name == "ORDER_ID"
    settle = plan.settle
    assert (settle.timeout_s, settle.quiet_s, settle.export_delay_s) == (20.0, 0.1, 0.05)
    assert (settle.patience_s, settle.async_patience_s, settle.clock_skew_s) == (1.0, 2.0, 0.001)
    assert settle.wait is Wait.SETTLED
    assert settle.until is not None
    assert (plan.timeout_s, plan.on_inconclusive, plan.aliases) == (45.0, "pass", False)


def test_places_are_exact(loads: Loads) -> None:
    """A check's place is the line, column and length of its text, without quotes."""
    plan = only(loads({"t.yaml": WHOLE}, "t.yaml"))
    spec, first, _ = plan.checks
    assert isinstance(spec, SpecPlan)
    place = spec.assertions[0].place
    assert place.excerpt[place.column - 1 :][: place.length] == "attr:tracetest.span.duration < 200ms"
    assert isinstance(first, ExpectPlan)
    assert (first.place.line, first.place.column) == (16, 5)
    assert first.place.excerpt.strip() == f"- {first.text}"


REFERENCE = """\
type: Test
spec:
  id: x1
  name: Get example
  trigger:
    type: http
    httpRequest:
      url: http://test.com/list
      method: GET
      headers: [ { key: Accept, value: "*/*" } ]
      auth: { type: basic, basic: { username: u, password: p } }
      sslVerification: true
  specs:
  - selector: span[name = "Tracetest trigger"]
    name: answers
    assertions:
    - attr:tracetest.response.status = 200
  outputs:
  - { name: ID, selector: "span[]", value: attr:x }
  skipTraceCollection: true
  pollingProfile: fast
"""


def test_a_test_of_the_reference_is_the_same_plan(loads: Loads) -> None:
    """A `type: Test` file gives a plan like any other; what only its server used is passed over with a warning."""
    loaded = loads({"t.yaml": REFERENCE}, "t.yaml")
    plan = only(loaded)
    assert [fault.code for fault in loaded.diagnostics] == ["no-file"]
    assert plan.trigger is not None
    assert plan.trigger.fields["sslVerification"] is True
    assert plan.skip_trace
    assert plan.outputs[0].has_selector
    assert not plan.strict


@pytest.mark.parametrize(
    "trigger",
    [
        "{ type: http, httpRequest: { url: http://h/x } }",
        "{ type: http, http: { url: http://h/x } }",
        "{ http: { url: http://h/x } }",
        "{ httpRequest: { url: http://h/x } }",
        "{ triggerType: http, http: { url: http://h/x }, grpc: null, traceid: null }",
        "{ Type: http, HTTP: { url: http://h/x }, GRPC: null, TraceID: null }",
        "http\nhttpRequest: { url: http://h/x }",
        "http\nhttp: { url: http://h/x }",
    ],
)
@pytest.mark.parametrize("kind", ["short", "resource"])
def test_all_spellings_of_a_trigger(kind: str, trigger: str, loads: Loads) -> None:
    """The kind as the key, the reference's `type`, its older exports, and the block beside the name are one thing."""
    body = f"trigger: {trigger}\nspecs: [ {{ selector: 'span[]', assertions: [ 'attr:x = 1' ] }} ]\n"
    if kind == "resource":
        body = "type: Test\nspec:\n" + "".join(f"  {line}\n" for line in body.splitlines())
    plan = only(loads({"t.yaml": body}, "t.yaml"))
    assert plan.trigger is not None
    assert (plan.trigger.kind, plan.trigger.fields) == ("http", {"url": "http://h/x"})


def test_older_exports_of_specs_and_outputs(loads: Loads) -> None:
    """`Key` and `Value` pairs and selectors as `{query}` are what they mean."""
    text = """\
type: Test
spec:
  trigger: { type: http, httpRequest: { url: http://h/x } }
  specs:
  - Key: span[name = "a"]
    Value: { Name: my check, Assertions: [ "attr:x = 1" ] }
  - selector: { query: 'span[name = "b"]', parsedSelector: {} }
    assertions: [ "attr:x = 2" ]
  - Key: ""
    Value: { Name: "", Assertions: [ "attr:x = 3" ] }
  outputs:
  - Key: ID
    Value: { selector: 'span[name = "c"]', value: attr:x }
  - { name: OTHER, selectorParsed: { query: 'span[name = "d"]' }, value: attr:y }
"""
    plan = only(loads({"t.yaml": text}, "t.yaml"))
    specs = [check for check in plan.checks if isinstance(check, SpecPlan)]
    assert [spec.selector_text for spec in specs] == ['span[name = "a"]', 'span[name = "b"]', ""]
    assert specs[0].name == "my check"
    assert [output.name for output in plan.outputs] == ["ID", "OTHER"]
    assert all(output.has_selector for output in plan.outputs)


def test_several_documents_have_names_of_their_own(loads: Loads) -> None:
    """Without a name the file's stem is the name; further documents are numbered."""
    loaded = loads({"shop.spanspec.yaml": f"{CHECKED}---\nname: second\n{CHECKED}---\n{CHECKED}"}, ".")
    assert [plan.name for plan in loaded.plans] == ["shop #1", "second", "shop #3"]
    assert only(loads({"other/one.yaml": CHECKED}, "other")).name == "one"


def test_json_is_yaml(loads: Loads) -> None:
    """A definition may be written as JSON."""
    text = '{"trigger": {"http": {"url": "http:\\/\\/h\\/x"}},\n\t"expect": ["no_errors()"]}'
    plan = only(loads({"t.json": text}, "t.json"))
    assert plan.trigger is not None
    assert plan.trigger.fields["url"] == "http://h/x"


# --- collecting --------------------------------------------------------------------------------------------------


def test_folders_are_searched_as_users_expect(loads: Loads) -> None:
    """Hidden, ignored and foreign folders, settings and documents that are not ours are passed over."""
    files = {
        "b.yaml": CHECKED,
        "a/z.yml": CHECKED,
        "a/y.json": '{"trigger": {"http": {"url": "http://h"}}, "expect": ["no_errors()"]}',
        "c.txt": CHECKED,
        ".hidden/x.yaml": CHECKED,
        ".x.yaml": CHECKED,
        "node_modules/x.yaml": CHECKED,
        "env/pyvenv.cfg": "",
        "env/x.yaml": CHECKED,
        "out/x.yaml": CHECKED,
        ".gitignore": "out/\n",
        "compose.yaml": "services: {}\n",
        "broken.yaml": "a: [\n",
        "typed.yaml": "type: object\nproperties: {}\n",
        "config.yaml": "type: Config\nspec: { analyticsEnabled: true }\n",
        "spanspec.yaml": "vars: { A: 1 }\n",
    }
    loaded = loads(files)
    assert errors(loaded) == []
    assert [plan.path for plan in loaded.plans] == ["a/y.json", "a/z.yml", "b.yaml"]
    passed = " ".join(loaded.passed_over)
    assert "compose.yaml" in passed
    assert "config.yaml: a Config has no effect here" in passed


def test_a_file_that_begins_like_ours_must_be_yaml(loads: Loads) -> None:
    """In a folder a file that is no YAML is an error only where a line begins with one of our keys."""
    assert errors(loads({"a.yaml": "x: [\n", "b.yaml": CHECKED})) == []
    assert errors(loads({"c.yaml": "trigger: [\n"})) == ["yaml-syntax"]


def test_named_files_must_be_ours(loads: Loads) -> None:
    """A file on the command line, or of a name that is ours, holds a test or is a fault."""
    assert errors(loads({"a.yaml": "a: 1\n"}, "a.yaml")) == ["not-ours"]
    assert errors(loads({"b.spanspec.yaml": "a: 1\n"}, ".")) == ["not-ours"]
    assert errors(loads({}, "nowhere.yaml")) == ["no-file"]
    assert errors(loads({"spanspec.yaml": "vars: {}\n"}, "spanspec.yaml")) == ["not-ours"]


def test_nothing_found_is_a_fault(loads: Loads) -> None:
    """A run without tests would prove nothing."""
    assert errors(loads({"a.yaml": "a: 1\n"})) == ["nothing-found"]


def test_each_file_once_in_the_order_of_the_paths(loads: Loads) -> None:
    """A file that two paths name is run once, where it came first."""
    files = {"a/1.yaml": CHECKED, "b/2.yaml": CHECKED}
    assert [plan.path for plan in loads(files, "b", "a/1.yaml", "a", "b/2.yaml").plans] == ["b/2.yaml", "a/1.yaml"]


def test_a_file_named_as_data_is_no_test(loads: Loads) -> None:
    """A JSON body that looks like a definition is what another definition sends."""
    files = {
        "a.yaml": "trigger: { http: { url: http://h/x, body: { file: body.json } } }\nexpect: [ no_errors() ]\n",
        "body.json": '{"steps": [1]}',
    }
    plan = only(loads(files))
    assert plan.trigger is not None
    assert plan.trigger.fields["body"] == b'{"steps": [1]}'


def test_no_text_and_too_big_files(loads: Loads, tmp_path: Path) -> None:
    """What cannot be read is a fault where it was named, and passed over in a folder."""
    (tmp_path / "bad.yaml").write_bytes(b"trigger: \xff\xfe\n")
    (tmp_path / "utf16.yaml").write_bytes(CHECKED.encode("utf-16"))
    assert errors(loads({}, "bad.yaml")) == ["unreadable"]
    assert [plan.path for plan in loads({}).plans] == ["utf16.yaml"]


def test_a_file_with_a_fault_gives_no_plan_and_others_do(loads: Loads) -> None:
    """All faults are told, and the plans of sound files are there."""
    loaded = loads({"a.yaml": "expects: []\n" + TRIGGER + "---\n" + CHECKED, "b.yaml": CHECKED})
    assert errors(loaded) == ["unknown-key"]
    assert [plan.path for plan in loaded.plans] == ["b.yaml"]


# --- bodies from files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "sent"),
    [("./b.json", '{"a": 1}'), ("b.json", '{"a": 1}'), ("plain text", "plain text"), ("../t/b.json", '{"a": 1}')],
)
def test_a_body_of_the_reference_may_name_a_file(body: str, sent: str, loads: Loads) -> None:
    """The file lies beside the definition, wherever the command runs."""
    text = f"type: Test\nspec:\n  trigger: {{ type: http, httpRequest: {{ url: http://h/x, body: {body} }} }}\n  specs: []\n"
    plan = only(loads({"t/a.yaml": text, "t/b.json": '{"a": 1}'}, "t/a.yaml"))
    assert plan.trigger is not None
    assert plan.trigger.fields["body"] == sent


def test_a_body_that_must_be_a_file_and_is_none(loads: Loads) -> None:
    """`./x` and `{file: x}` must be there."""
    text = (
        "type: Test\nspec: { trigger: { type: http, httpRequest: { url: http://h/x, body: ./no.json } }, specs: [] }\n"
    )
    assert errors(loads({"a.yaml": text}, "a.yaml")) == ["no-file"]


# --- settings ------------------------------------------------------------------------------------------------------


def test_inner_settings_override_outer_ones(loads: Loads) -> None:
    """`spanspec.yaml` of the folders above hold, the inner one's keys win, and the file's own win over both."""
    files = {
        "spanspec.yaml": "endpoint: http://outer/api\nsettle: { quiet: 1s, patience: 2s }\nvars: { A: 1, B: 1 }\n",
        "in/spanspec.yaml": "settle: { quiet: 3s }\nvars: { B: 2 }\n",
        "in/a.yaml": CHECKED + "settle: { timeout: 9s }\nvars: { C: 3 }\n",
    }
    plan = only(loads(files))
    assert (plan.settle.quiet_s, plan.settle.patience_s, plan.settle.timeout_s) == (3.0, 2.0, 9.0)
    assert plan.endpoint == "http://outer/api"
    assert not plan.replace_origin
    assert dict(plan.variables) == {"A": 1, "B": 2, "C": 3}


def test_variables_and_options_win(loads: Loads) -> None:
    """`SPANSPEC_*` win over files, options over those; an endpoint from outside replaces origins."""
    files = {"spanspec.yaml": "endpoint: http://file\nsettle: { quiet: 1s }\n", "a.yaml": CHECKED + "timeout: 5s\n"}
    environment = {"SPANSPEC_SETTLE_QUIET": "2s", "SPANSPEC_ENDPOINT": "http://env", "SPANSPEC_TIMEOUT": "6s"}
    plan = only(loads(files, environment=environment))
    assert (plan.settle.quiet_s, plan.endpoint, plan.timeout_s) == (2.0, "http://env", 6.0)
    assert (plan.replace_origin, plan.origin) == (True, "http://file")
    options = Options(endpoint="http://option", timeout_s=7.0, wait=Wait.SETTLED, on_inconclusive="pass")
    plan = only(loads(files, environment=environment, options=options))
    assert (plan.endpoint, plan.timeout_s, plan.settle.wait) == ("http://option", 7.0, Wait.SETTLED)
    assert plan.on_inconclusive == "pass"


@pytest.mark.parametrize(
    ("config", "receiver", "expected"),
    [
        ("", (), ("127.0.0.1:4318", "127.0.0.1:4317", False)),
        ("receiver: { http: 127.0.0.1:9 }\n", (), ("127.0.0.1:9", "127.0.0.1:4317", True)),
        ("receiver: 0.0.0.0\n", (), ("0.0.0.0:4318", "0.0.0.0:4317", False)),
        ("", ("0.0.0.0",), ("0.0.0.0:4318", "0.0.0.0:4317", False)),
        ("", ("h:5000",), ("h:5000", "h:0", True)),
        ("", ("http=h:1", "grpc=g:2"), ("h:1", "g:2", True)),
        ("", ("[::1]:7",), ("[::1]:7", "[::1]:0", True)),
        ("", ("::1",), ("[::1]:4318", "[::1]:4317", False)),
        ("receiver: { grpc: g:2 }\n", ("http=h:1",), ("h:1", "g:2", True)),
    ],
)
def test_where_the_receiver_listens(
    config: str, receiver: tuple[str, ...], expected: tuple[str, str, bool], loads: Loads
) -> None:
    """A host takes the default ports; a bare address is HTTP's; a port that was asked for is explicit."""
    settings = loads({"spanspec.yaml": config, "a.yaml": CHECKED}, options=Options(receiver=receiver)).settings
    assert (settings.receiver_http, settings.receiver_grpc, settings.receiver_explicit) == expected


def test_what_concerns_the_run(loads: Loads) -> None:
    """Link, linger and secrets come from the settings of the first path; `paths` says what runs by default."""
    config = "trace_url: https://t/{trace_id}\nlinger: 3s\nsecrets: [CARD]\npaths: [deep]\n"
    loaded = loads({"spanspec.yaml": config, "deep/a.yaml": CHECKED, "b.yaml": CHECKED, "sub/x.txt": ""}, cwd="sub")
    assert [plan.path for plan in loaded.plans] == ["../deep/a.yaml"]
    settings = loaded.settings
    assert (settings.trace_url, settings.linger_s, settings.secrets) == ("https://t/{trace_id}", 3.0, ("CARD",))


@pytest.mark.parametrize(
    ("files", "environment", "options", "code"),
    [
        ({"spanspec.yaml": "endpont: x\n"}, {}, Options(), "unknown-key"),
        ({"spanspec.yaml": "- a\n"}, {}, Options(), "wrong-type"),
        ({"spanspec.yaml": "receiver: { http: h:99999 }\n"}, {}, Options(), "bad-value"),
        ({"spanspec.yaml": "stores: { embedded: { type: otlp } }\n"}, {}, Options(), "bad-value"),
        ({"spanspec.yaml": "reports: { junti: x.xml }\n"}, {}, Options(), "bad-value"),
        ({"spanspec.yaml": "jobs: 0\n"}, {}, Options(), "bad-value"),
        ({}, {"SPANSPEC_RETRIES": "two"}, Options(), "bad-value"),
        ({}, {}, Options(forward=("localhost",)), "bad-value"),
        ({}, {"SPANSPEC_SETTLE_QUIET": "soon"}, Options(), "bad-duration"),
        ({}, {"SPANSPEC_RECEIVER": "x=h"}, Options(), "bad-value"),
        ({}, {}, Options(receiver=("h:x",)), "bad-value"),
        ({}, {}, Options(variable_files=("no.yaml",)), "no-file"),
    ],
)
def test_faults_in_settings(
    files: Mapping[str, str], environment: Mapping[str, str], options: Options, code: str, loads: Loads
) -> None:
    """A setting that does not fit is told once, wherever it came from."""
    both = {"a.yaml": CHECKED, "b.yaml": CHECKED}
    assert errors(loads({**both, **files}, environment=environment, options=options)) == [code]


# --- variables -----------------------------------------------------------------------------------------------------


def test_variables_from_all_sides(loads: Loads) -> None:
    """`--var` wins over `--vars`, that over the file, that over `spanspec.yaml`; values from outside are literal."""
    files = {
        "spanspec.yaml": "vars: { A: config, B: config, C: config, D: config }\n",
        "a.yaml": CHECKED + "vars: { B: file, C: file, D: file }\n",
        "set.yaml": "type: VariableSet\nspec: { name: n, values: [ { key: C, value: 007 }, { key: D, value: s } ] }\n",
        "plain.env": 'export E="x ${y}"\n# note\nF=1 # one\n',
    }
    options = Options(variables={"D": "${var:A}"}, variable_files=("set.yaml", "plain.env"))
    plan = only(loads(files, "a.yaml", options=options))
    assert dict(plan.variables) == {
        "C": "7", "D": "$${var:A}", "E": "x $${y}", "F": "1", "A": "config", "B": "file",
    }  # fmt: skip


def test_dotenv_lies_under_the_environment(loads: Loads) -> None:
    """`env:X` finds what `.env` says, unless the process says otherwise."""
    text = TRIGGER + "expect: [ 'response:body = env:A' ]\n"
    loaded = loads({".env": "A=1\nB=2\n", "a.yaml": text}, environment={"B": "3"})
    assert only(loaded)
    assert dict(loaded.environment) == {"A": "1", "B": "3"}


@pytest.mark.parametrize(
    ("condition", "skipped"),
    [('"${env:CI}"', True), ('"${env:YES}"', False), ("false", True), ("true", False), ('"${var:A}"', False)],
)
def test_only_if(condition: str, skipped: bool, loads: Loads) -> None:
    """The test is skipped where the condition is empty, false or names nothing."""
    plan = only(loads({"a.yaml": f"{CHECKED}vars: {{ A: 1 }}\nonly_if: {condition}\n"}, environment={"YES": "1"}))
    assert bool(plan.skip) is skipped


@pytest.mark.parametrize(
    ("skip", "reason"), [("flaky, see the log", "flaky, see the log"), ("false", ""), ("true", "skip is set")]
)
def test_skip(skip: str, reason: str, loads: Loads) -> None:
    """`skip` gives the reason."""
    assert only(loads({"a.yaml": f"{CHECKED}skip: {skip}\n"})).skip == reason


def test_compat_is_a_key_or_an_option(loads: Loads) -> None:
    """`compat: tracetest` beside `type:` or in the short form, or the option, chooses the dialect of specs."""
    spec = "specs: [ { selector: 'span[]', assertions: [ 'attr:x = 1' ] } ]\n"
    assert only(loads({"a.yaml": TRIGGER + spec + "compat: tracetest\n"}, "a.yaml")).dialect is Dialect.COMPAT
    assert only(loads({"b.yaml": TRIGGER + spec}, "b.yaml", options=Options(compat=True))).dialect is Dialect.COMPAT
    assert only(loads({"c.yaml": f"compat: tracetest\n{REFERENCE}"}, "c.yaml")).dialect is Dialect.COMPAT


def test_a_stored_trace_needs_no_trigger(loads: Loads) -> None:
    """Without a trigger a test runs on a stored trace only."""
    files = {"a.yaml": "expect: [ no_errors() ]\n"}
    assert errors(loads(files)) == ["no-trigger"]
    assert only(loads(files, options=Options(stored=True))).trigger is None
