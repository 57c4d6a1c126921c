"""Which row of the reference's list of quirks (docs/guides/migrate-from-tracetest.md) a difference belongs to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.conformance.model import Answer, Replay

TAGS: dict[str, int] = {
    "invalid-selector-selects-everything": 1,
    "textual-durations-compare-as-zero": 2,
    "duration-rounding": 3,
    "negative-duration-clamped": 4,
    "json-contains-stops-after-nested-object": 5,
    "false-means-true": 6,
    "missing-equals-empty": 7,
    "duplicate-selector-erases-results": 8,
    "duplicate-output-erases-earlier": 8,
    "failed-output-reported-resolved": 9,
    "double-attributes-rounded": 10,
    "composite-attributes-lost": 10,
    "resource-attributes-override-span-attributes": 11,
    "scope-name-as-service-name": 11,
    "span-type-nondeterministic": 12,
    "integer-only-ordering": 13,
    "number-equality-is-textual": 14,
    "not-contains-is-textual": 15,
    "parent-pseudo-class-filters-children": 16,
    "pseudo-class-picks-parent-then-drops-it": 16,
    "comma-keeps-duplicates": 17,
    "float-rendered-with-two-decimals": 18,
    "octal-integers": 18,
    "percent-in-interpolated-string": 22,
    "template-escapes-leak": 23,
    "quotes-inside-template": 24,
    "shell-style-placeholder-fails": 25,
    "foreign-placeholder-fails": 25,
    "json-path-object-not-json": 26,
    "escapes-kept-in-output": 34,
    "backslash-not-unescaped": 34,
    "no-negative-literals": 35,
    "no-precedence": 35,
    "no-scalar-duration-arithmetic": 36,
    "length-counts-bytes": 42,
}
"""What stands after `bug:` in a case's tag, and the row."""


def unknown_tags(replay: Replay) -> list[str]:
    """The `bug:` tags that no row has."""
    bugs = [tag.removeprefix("bug:") for tag in replay.tags if tag.startswith("bug:")]
    return [bug for bug in bugs if bug not in TAGS]


def reason(replay: Replay, found: Answer) -> str:
    """Why the default may differ here; empty when nothing says so."""
    bugs = [tag.removeprefix("bug:") for tag in replay.tags if tag.startswith("bug:")]
    if bugs:
        return ", ".join(f"row {TAGS[bug]}" if bug in TAGS else f"the tag {bug}" for bug in bugs)
    if replay.documented and found.good:
        return "9.7: the documentation promises it"
    recorded = replay.recorded[0]
    return next((name for name, rule in _RULES if rule(recorded, found)), "")


# --- rules: differences of one form, which need no entry each ------------------------------------------------------


def _new_syntax(recorded: Answer, found: Answer) -> bool:
    return recorded.verdict == "syntax" and found.verdict != "syntax"


def _crash(recorded: Answer, found: Answer) -> bool:
    return recorded.verdict == "crash" and not found.good


_NUMERIC = re.compile(r"[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?|[0-9].*(ns|us|ms|s|m|h)")


def _no_integer(recorded: Answer, found: Answer) -> bool:
    """`<` and its like on a decimal or a duration."""
    texts = [re.fullmatch(r'cannot parse "(.*)" as integer', error, re.DOTALL) for error in _errors(recorded)]
    return any(text is not None and _NUMERIC.fullmatch(text[1]) is not None for text in texts)


def _errors(answer: Answer) -> list[str]:
    """The error, or those of each span."""
    if isinstance(answer.shown, list) and all(isinstance(one, dict) for one in answer.shown):
        return [one.get("error", "") for one in answer.shown]
    return [answer.message or ""]


def _zeros(recorded: Answer, found: Answer) -> bool:
    """Two texts that the reference takes for durations of 0."""
    shown = recorded.shown
    if isinstance(shown, list) and shown and all(isinstance(one, dict) for one in shown):
        return all(one.get("observed_value") == "0ns" for one in shown)
    return isinstance(shown, list) and "0ns" in shown


def _decimals(recorded: Answer, found: Answer) -> bool:
    """Structures that differ in how a number is written."""
    return (
        recorded.good and found.good and recorded.shown != found.shown and _plain(recorded.shown) == _plain(found.shown)
    )


def _plain(shown: Any) -> Any:
    if isinstance(shown, dict):
        return {key: _plain(value) for key, value in shown.items()}
    if isinstance(shown, list):
        return [_plain(value) for value in shown]
    return float(shown) if isinstance(shown, str) and _NUMERIC.fullmatch(shown) and shown[-1].isdigit() else shown


def _json_text(recorded: Answer, found: Answer) -> bool:
    """Go's text of an array, object or null against JSON's."""
    there, here = _string(recorded), _string(found)
    if there is None or here is None or not found.good or not recorded.good:
        return False
    return there != here and _go_of(here) == there.replace(", ", " ").replace('"', "")


def _go_of(text: str) -> str:
    """A JSON text as Go would have written it, without quotes and commas; the text itself when it is no JSON."""
    try:
        return _go(json.loads(text)).replace('"', "")
    except ValueError:
        return text


def _go(value: Any) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_go, value))}]"
    return str(value)


def _order(recorded: Answer, found: Answer) -> bool:
    """The same items in the document's order."""
    there, here = _string(recorded), _string(found)
    if there is None or here is None or there == here:
        return False
    return there.startswith("[") and sorted(there.strip("[]").split(", ")) == sorted(here.strip("[]").split(", "))


def _string(answer: Answer) -> str | None:
    shown = answer.shown
    if isinstance(shown, dict):
        shown = shown.get("string", shown.get("value"))
    return shown if isinstance(shown, str) else None


def _length(recorded: Answer, found: Answer) -> bool:
    return (recorded.message or "").startswith("length: unsupported type")


_RULES: tuple[tuple[str, Callable[[Answer, Answer], bool]], ...] = (
    ("what was a syntax error may have a meaning", _new_syntax),
    ("row 57", _crash),
    ("row 2 or 4", _zeros),
    ("row 13", _no_integer),
    ("row 18", _decimals),
    ("row 26", _json_text),
    ("row 27", _order),
    ("row 42", _length),
)
