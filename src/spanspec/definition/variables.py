"""Variables: where they come from, which wins, and in which order they are evaluated.

Lowest first: `vars` of `spanspec.yaml` and of the file, `--vars`, `vars` of the suite, the row of `cases`, `--var`, then
outputs. `var:X` and `env:X` both look there; `env:X` then looks in the process's environment and in `.env`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.texts import variables_named
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Node, Sequence, kind_of, plain
from spanspec.language.dialect import Dialect
from spanspec.language.parser import parse_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spanspec.definition.faults import Faults

ENDPOINT = "ENDPOINT"
"""The variable that holds the endpoint, unless somebody gave it another value."""


def literal(text: str) -> str:
    """A text as a template that yields it: values from outside are not interpolated."""
    return text.replace("${", "$${")


def literal_tree(value: object) -> object:
    """The same for every text inside a value."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, dict):
        return {key: literal_tree(item) for key, item in value.items()}
    return [literal_tree(item) for item in value] if isinstance(value, list) else value


def ordered(
    *,
    written: Mapping[str, object],
    files: Mapping[str, object],
    suite: Mapping[str, object],
    row: Mapping[str, object],
    given: Mapping[str, object],
) -> dict[str, object]:
    """The variables that win, in the order of evaluation.

    What is given from outside depends on nothing and comes first. Variables of a suite and of a row come before those of
    the files, which can so be built from them, unless they are themselves built from those: then after.

    Args:
        written: `vars` of `spanspec.yaml` and of the file, top to bottom.
        files: `--vars`.
        suite: `vars` of the suite, the outer one's first.
        row: The row of `cases`.
        given: `--var`.
    """
    winners = {**written, **files, **suite, **row, **given}
    own = {
        name for name in written if name not in files and name not in suite and name not in row and name not in given
    }
    early: dict[str, object] = {}
    late: dict[str, object] = {}
    for name in {**files, **given, **suite, **row}:
        value = winners[name]
        bound = suite.get(name) is value or row.get(name) is value
        needs = set(names_in(value)) if bound else set()
        (late if needs & (own | set(late)) else early)[name] = value
    return {**early, **{name: written[name] for name in written if name in own}, **late}


def names_in(value: object) -> Iterator[str]:
    """The variables that the templates in a value name."""
    if isinstance(value, str):
        node = parse_template(value, Dialect.SPECS).node if "${" in value else None
        if node is not None:
            yield from (name.key for name in variables_named(node))
    elif isinstance(value, dict):
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)


# --- from files -----------------------------------------------------------------------------------------------------


def of_document(node: Node, faults: Faults) -> dict[str, object]:
    """The variables of a `--vars` file: a VariableSet (or the older Environment) of the reference, or a plain mapping."""
    if not isinstance(node, MappingNode):
        faults.wrong_type("a file of variables", "a mapping", node, kind_of(node))
        return {}
    spec = node.get("spec")
    if node.get("type") is not None and isinstance(spec, MappingNode):
        return dict(_of_set(spec, faults))
    return {entry.key.text: plain(entry.value) for entry in node.entries}


def _of_set(spec: MappingNode, faults: Faults) -> Iterator[tuple[str, object]]:
    """The values of a set are texts, and not interpolated."""
    values = spec.get("values")
    for item in values.items if isinstance(values, Sequence) else ():
        key = item.get("key") if isinstance(item, MappingNode) else None
        value = item.get("value") if isinstance(item, MappingNode) else None
        if isinstance(key, Scalar) and (value is None or isinstance(value, Scalar)):
            yield as_text(key), literal(as_text(value)) if value is not None else ""
        else:
            faults.wrong_type("an item of `values`", "a mapping with `key` and `value`", item, kind_of(item))


def of_dotenv(text: str) -> dict[str, str]:
    """The variables of a `.env` file: `NAME=value` lines, values bare or in quotes, `#` for comments."""
    out: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        name = name.strip()
        if equals and name and not name.startswith("#"):
            out[name] = _unquoted(value.strip())
    return out


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] in "\"'":
        end = value.find(value[0], 1)
        inside = value[1:end] if end > 0 else value[1:]
        return inside.replace("\\n", "\n") if value[0] == '"' else inside
    return value.partition(" #")[0].rstrip()
