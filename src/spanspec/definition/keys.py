"""The keys of definitions: names, what they are, and whether this version acts on them.

Decoding, `did you mean`, the list of what is still to come and the JSON Schema read these tables and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from spanspec.definition.faults import Faults
    from spanspec.definition.yaml import Entry, Mapping


class Support(StrEnum):
    """What this version does with a key.

    `ACTS`: obeys it. `READ_ONLY`: the reference writes it into exports; it says nothing to a run. `LATER`: knows it and
    refuses it, for a verdict without it would be another one. `PASSED_OVER`: knows it, warns, and runs without it.
    """

    ACTS = "acts"
    READ_ONLY = "read-only"
    LATER = "later"
    PASSED_OVER = "passed-over"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its JSON Schema, what it means, and what is done with it."""

    schema: MappingOf[str, object]
    doc: str
    support: Support = Support.ACTS


def _schema(**parts: object) -> MappingOf[str, object]:
    return MappingProxyType(parts)


TEXT: Final = _schema(type="string")
SCALAR: Final = _schema(type=["string", "number", "boolean", "null"])
BOOLEAN: Final = _schema(type="boolean")
_DURATION_TEXT: Final = r"(\d+(\.\d+)?(ns|us|µs|μs|ms|s|m|h|d))+$"
DURATION: Final = _schema(anyOf=[{"const": 0}, {"type": "string", "pattern": rf"^{_DURATION_TEXT}|^0$"}])
LINGER: Final = _schema(anyOf=[{"const": 0}, {"type": "string", "pattern": rf"^{_DURATION_TEXT}|^0$|^auto$"}])
MAPPING: Final = _schema(type="object")
LIST: Final = _schema(type="array")
TEXTS: Final = _schema(type="array", items=dict(TEXT))
ANYTHING: Final = _schema()
OUTCOMES: Final = ("fail", "pass")
WAITS: Final = ("decided", "settled")
ON_INCONCLUSIVE: Final = _schema(enum=OUTCOMES)

SETTLE: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "timeout": Key(DURATION, "The deadline, from the trigger's end."),
        "quiet": Key(DURATION, "The least quiet after which a trace counts as whole."),
        "export_delay": Key(DURATION, "The batch delay of the exporters, if you know it."),
        "patience": Key(DURATION, "How long a failure for lack of spans is held back."),
        "async_patience": Key(DURATION, "How long a message without a consumer is waited for."),
        "clock_skew": Key(DURATION, "Differences between clocks up to this decide nothing."),
        "until": Key(TEXT, "A statement that must hold before the trace counts as whole."),
        "poll": Key(DURATION, "How often a store that can only be asked is asked."),
        "wait": Key(
            _schema(enum=WAITS), "Whether a case ends when all checks are decided, or when the trace has settled."
        ),
    }
)

SPEC: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "name": Key(TEXT, "The title in reports."),
        "selector": Key(TEXT, "Picks the spans; none means every span."),
        "assertions": Key(TEXTS, "What must hold on each of them."),
        "selectorParsed": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
    }
)

EXPECT: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "that": Key(TEXT, "The statement."),
        "name": Key(TEXT, "The title in reports."),
        "on_inconclusive": Key(ON_INCONCLUSIVE, "What an inconclusive verdict does to the run."),
    }
)

OUTPUT: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "name": Key(TEXT, "The variable's name."),
        "selector": Key(TEXT, "The value is taken from the first span that it picks."),
        "value": Key(TEXT, "An expression."),
        "selectorParsed": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
    }
)

TEST: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "name": Key(TEXT, "The test's name; else the file's stem."),
        "description": Key(TEXT, "What it is about."),
        "tags": Key(TEXTS, "Words to pick tests by."),
        "compat": Key(_schema(enum=("tracetest",)), "Keeps the reference's faults for `specs` and `outputs`."),
        "vars": Key(MAPPING, "Variables, evaluated top to bottom."),
        "endpoint": Key(TEXT, "The base of relative URLs."),
        "trigger": Key(MAPPING, "What starts the transaction; the kind is the key."),
        "specs": Key(_schema(type="array"), "Selectors with assertions."),
        "testSpec": Key(_schema(type="array"), "Another name of `specs`."),
        "expect": Key(_schema(type="array"), "Statements about the whole trace."),
        "outputs": Key(_schema(type="array"), "Values kept as variables."),
        "settle": Key(MAPPING, "When the trace counts as whole."),
        "timeout": Key(DURATION, "Bounds a whole try."),
        "skip": Key(SCALAR, "The reason why the test does not run."),
        "only_if": Key(SCALAR, "The test runs only if this is neither empty nor false."),
        "skipTraceCollection": Key(BOOLEAN, "No trace is collected; the answer is all there is."),
        "on_inconclusive": Key(ON_INCONCLUSIVE, "What an inconclusive verdict does to the run."),
        "semconv_aliases": Key(BOOLEAN, "Whether renamed semantic conventions are looked up under `expect`."),
        "store": Key(TEXT, "Where the trace is read from: a name of `stores`, or `embedded`, the receiver of the run."),
        "cases": Key(ANYTHING, "One run per row: rows inline, or a file of CSV, TSV, JSON, YAML or NDJSON."),
        "setup": Key(LIST, "Triggers and tests that run before, in order; their outputs are variables."),
        "teardown": Key(LIST, "Triggers and tests that run at the end, always."),
        "retries": Key(
            _schema(type=["integer", "string"], minimum=0), "How often a try that did not pass is repeated."
        ),
        "needs": Key(_schema(type=["string", "array"]), "Names, ids or paths of what must have passed before."),
        "id": Key(SCALAR, "The name by which steps and `needs` of other files know it."),
    }
)

RESOURCE_ONLY: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "version": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
        "createdAt": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
        "summary": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
        "pollingProfile": Key(TEXT, "A PollingProfile: a file, or an id."),
    }
)
RESOURCE: Final[MappingOf[str, Key]] = MappingProxyType({**TEST, **RESOURCE_ONLY})

SUITE: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "name": Key(TEXT, "The suite's name; else the file's stem."),
        "id": Key(SCALAR, "The name by which steps and `needs` of other files know it."),
        "description": Key(TEXT, "What it is about."),
        "tags": Key(TEXTS, "Words to pick suites by."),
        "vars": Key(MAPPING, "Variables of all steps, over those of their files."),
        "steps": Key(LIST, "Tests and suites: paths, ids, or written in place."),
        "needs": Key(_schema(type=["string", "array"]), "Names, ids or paths of what must have passed before."),
        "on_failure": Key(_schema(enum=("stop", "continue")), "Whether a step that did not pass ends the suite."),
        "parallel": Key(BOOLEAN, "Whether the steps run side by side."),
        "skip": Key(SCALAR, "The reason why the suite does not run."),
        "only_if": Key(SCALAR, "The suite runs only if this is neither empty nor false."),
    }
)
"""A suite in the short form."""

SUITE_RESOURCE_ONLY: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "fullSteps": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
        "version": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
        "createdAt": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
        "summary": Key(ANYTHING, "Written by exports.", Support.READ_ONLY),
    }
)
SUITE_RESOURCE: Final[MappingOf[str, Key]] = MappingProxyType({**SUITE, **SUITE_RESOURCE_ONLY})

STEP: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "test": Key(TEXT, "A test: a path, or an id."),
        "suite": Key(TEXT, "A suite: a path, or an id."),
        "only_if": Key(SCALAR, "The step runs only if this is neither empty nor false."),
        "name": Key(TEXT, "The title in reports."),
    }
)
"""A step that names what it runs."""

HOOK: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "name": Key(TEXT, "The title in reports."),
        "outputs": Key(LIST, "Values kept as variables for what comes after."),
        "test": Key(TEXT, "A test that is run as this item: a path, or an id."),
    }
)
"""An item of `setup` or `teardown`, besides the trigger's kind."""

RECEIVER: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "http": Key(TEXT, "HOST:PORT for OTLP/HTTP."),
        "grpc": Key(TEXT, "HOST:PORT for OTLP/gRPC."),
    }
)

CONFIG: Final[MappingOf[str, Key]] = MappingProxyType(
    {
        "endpoint": Key(TEXT, "The base of relative URLs."),
        "paths": Key(TEXTS, "What runs when no path is given, relative to this file."),
        "receiver": Key(MAPPING, "Where telemetry is received."),
        "settle": Key(MAPPING, "When a trace counts as whole."),
        "timeout": Key(DURATION, "Bounds a whole try."),
        "vars": Key(MAPPING, "Variables of all tests below."),
        "trace_url": Key(TEXT, "Where a person sees a trace; `{trace_id}` is filled in."),
        "linger": Key(LINGER, "How long late spans are waited for at the end of the run, or `auto`."),
        "secrets": Key(TEXTS, "Names whose values are masked; `*` stands for anything."),
        "on_inconclusive": Key(ON_INCONCLUSIVE, "What an inconclusive verdict does to the run."),
        "semconv_aliases": Key(BOOLEAN, "Whether renamed semantic conventions are looked up under `expect`."),
        "store": Key(TEXT, "Where traces are read from: a name of `stores`, or `embedded`, the receiver of the run."),
        "stores": Key(MAPPING, "Stores by name, each a mapping with its `type`."),
        "retries": Key(
            _schema(type=["integer", "string"], minimum=0), "How often a try that did not pass is repeated."
        ),
        "environment": Key(MAPPING, "Starts the system under test."),
        "reports": Key(MAPPING, "Reports to write: format and path, relative to this file."),
        "jobs": Key(
            _schema(type=["integer", "string"], minimum=1, maximum=1000, pattern=r"^(auto|\d+)$"),
            "How many cases are under way at once, or `auto`.",
        ),
        "forward": Key(_schema(type=["string", "array"]), "URLs to which everything received is passed on."),
    }
)


def known_entries(
    mapping: Mapping, table: MappingOf[str, Key], faults: Faults, *, what: str, strict: bool
) -> dict[str, Entry]:
    """The entries that this version acts on; every other key becomes a fault.

    Args:
        mapping: What the user wrote.
        table: The keys that may stand there.
        faults: Where to put faults.
        what: What the mapping is, for messages: `a test`.
        strict: Whether an unknown key is an error; in files of the reference it was passed over, so it warns.
    """
    found: dict[str, Entry] = {}
    for entry in mapping.entries:
        name = entry.key.text
        key = table.get(name)
        if key is None:
            _unknown(entry, table, faults, what, strict)
        elif key.support is Support.ACTS:
            found[name] = entry
        elif key.support is not Support.READ_ONLY:
            not_yet(entry, faults, f'the key "{name}"', verdict=key.support is Support.LATER)
    return found


def not_yet(entry: Entry, faults: Faults, what: str, *, verdict: bool) -> None:
    """Add that something is known but not supported: an error where the verdict would be another one."""
    if verdict:
        message = f"{what} is known but not supported by this version"
        faults.error("not-yet", message, entry.key.range, help="Remove it, or use a version that supports it.")
    else:
        faults.warn(
            "not-yet", f"{what} is known but not supported by this version, and is passed over", entry.key.range
        )


_ELSEWHERE: Final[MappingOf[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("environment", "stores", "jobs", "reports", "receiver", "linger", "secrets", "trace_url", "forward"), "Write it in spanspec.yaml."),
        **dict.fromkeys(("steps", "on_failure", "parallel"), "It belongs to a suite: a file with `steps`, whose tests have the triggers."),
    }
)  # fmt: skip
"""Keys that users write in the wrong file, with where they belong."""


def _unknown(entry: Entry, table: MappingOf[str, Key], faults: Faults, what: str, strict: bool) -> None:
    name = entry.key.text
    close = did_you_mean(name, table) if name not in _ELSEWHERE else ""
    names = ", ".join(name for name, key in table.items() if key.support is Support.ACTS)
    add = faults.error if strict else faults.warn
    add(
        "unknown-key",
        f'{what} has no key "{name}"',
        entry.key.range,
        label=close,
        help=_ELSEWHERE.get(name) or ("" if close else f"The keys are: {names}."),
    )
