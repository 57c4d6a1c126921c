"""Which module replays which file.

A new kind of file is one module in `kinds` with a function that makes `Replay`s, and one line here. A file of the folder
that is in neither table is told at the end of the run.
"""

from __future__ import annotations

from tests.conformance.kinds import (
    comparators,
    evaluation,
    filters,
    functions,
    otlp_values,
    selectors,
    specs,
    templates,
    traces,
    trees,
    variables,
)
from tests.conformance.model import Replayer

REPLAYERS: dict[str, Replayer] = {
    "assertions": specs.specs,
    "comparators": comparators.comparators,
    "corpus_parse": trees.corpus,
    "doc_examples": evaluation.statements,
    "durations": comparators.durations,
    "expressions": evaluation.expressions,
    "expressions_ast": trees.trees,
    "expressions_tokens": trees.tokens,
    "filters": filters.filters,
    "functions": functions.functions,
    "missing_variables": variables.objects,
    "selectors": selectors.selectors,
    "traces": traces.traces,
    "recorded/assertions": specs.specs,
    "recorded/comparators": comparators.comparators,
    "recorded/durations": comparators.durations,
    "recorded/filters": filters.filters,
    "recorded/missing_variables": variables.tests,
    "recorded/otlp": otlp_values.values,
    "recorded/outputs": specs.outputs,
    "recorded/selectors": selectors.selectors,
    "recorded/span_types": comparators.span_types,
    "recorded/statements": evaluation.statements,
    "recorded/templates": templates.templates,
    "recorded/trigger_root": traces.trigger_roots,
    "recorded/types": comparators.types,
}
"""By the file's path in the folder, without its suffix."""

ELSEWHERE: dict[str, str] = {
    "cli": "test_commands",
    "cli_output": "test_results",
    "definitions": "test_definitions",
    "junit": "test_junit",
    "linter": "",
    "otlp-edge-cases": "test_otlp",
    "polling": "",
    "required_gates": "test_suites",
    "run_times": "test_results",
    "test_suites": "test_suites",
    "triggers": "test_triggers",
    "variable_sets": "test_suites",
    "recorded/definition_json": "test_definitions",
    "recorded/linter": "",
    "recorded/yaml_scalars": "test_definitions",
}
"""Files that are not about the language, and the module of this folder that replays them, where there is one."""
