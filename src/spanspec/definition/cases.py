"""`cases`: one run per row. Rows stand in the definition, or in a file beside it: CSV, TSV, JSON, YAML, NDJSON.

Values of CSV and TSV are texts. Values of every file are data, so `${…}` in them is left as it stands; a row in the
definition may hold templates, as `vars` may.
"""

from __future__ import annotations

import csv
import io
import posixpath
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from spanspec.definition.collect import read_text
from spanspec.definition.files import absent
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.variables import literal, literal_tree
from spanspec.definition.yaml import Mapping, Node, Sequence, kind_of, plain, read
from spanspec.results.mask import is_secret
from spanspec.source.text import Range, SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Mapping as MappingOf
    from pathlib import Path

    from spanspec.definition.faults import Faults
    from spanspec.definition.yaml import Entry

MAX_ROWS = 10_000
MAX_COLUMNS = 1_000
_DELIMITED = {".csv": ",", ".tsv": "\t"}
_LINES = (".ndjson", ".jsonl")
_TREES = (".json", ".yaml", ".yml")
_MOST_LABEL = 60
_PAIRS = 3


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its variables, and for a row in the definition their nodes, which may hold templates."""

    values: MappingOf[str, object]
    nodes: MappingOf[str, Node] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def label(self) -> str:
        """The first few short values for people: `country=DE, tax=19`. Names that look like secrets are left out."""
        pairs = [
            f"{name}={_shown(value)}"
            for name, value in self.values.items()
            if not is_secret(name) and isinstance(value, str | int | float | bool | None)
        ]
        text = ", ".join(pairs[:_PAIRS])
        return text if len(text) <= _MOST_LABEL else text[: _MOST_LABEL - 1] + "…"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else " ".join(str(value).replace("$${", "${").split())


@dataclass(frozen=True, kw_only=True)
class Cases:
    """The rows of a test, and the file that they were read from."""

    rows: tuple[Row, ...] = ()
    file: Path | None = None


def cases_of(entry: Entry | None, folder: Path, faults: Faults) -> Cases | None:
    """The rows; None where there is no `cases`, and no rows where it has a fault."""
    if entry is None or (isinstance(entry.value, Scalar) and entry.value.value is None):
        return None
    node = entry.value
    if isinstance(node, Mapping) and node.names() == ("file",):
        node = node.entries[0].value
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return _of_file(node, folder, faults)
    if not isinstance(node, Sequence):
        advice = "Write rows such as `- { country: DE, tax: 19 }`, or a file: `cases: countries.csv`."
        faults.wrong_type("`cases`", "a list of rows, or a file", node, kind_of(node), help=advice)
        return Cases()
    rows = tuple(_rows(node.items, faults, literally=False))
    if not node.items:
        _empty(entry.key.range, faults, "`cases`")
    return Cases(rows=rows)


def _empty(at: Range, faults: Faults, what: str) -> None:
    faults.error("no-cases", f"{what} has no row, so the test would never run", at, help="Write a row, or remove `cases`.")  # fmt: skip


def _rows(items: tuple[Node, ...], faults: Faults, *, literally: bool) -> Iterator[Row]:
    if len(items) > MAX_ROWS:
        faults.error("too-big", f"{len(items)} rows are more than {MAX_ROWS}", items[MAX_ROWS].range)
        return
    for item in items:
        if not isinstance(item, Mapping):
            advice = "Write `{ NAME: value }`; each name becomes a variable."
            faults.wrong_type("a row", "a mapping", item, kind_of(item), help=advice)
            continue
        for entry in item.entries:
            if not entry.key.text.strip():
                faults.error("bad-key", "a variable of a row has no name", entry.key.range)
        values = plain(item)
        assert isinstance(values, dict)
        if literally:
            yield Row(values=MappingProxyType({name: literal_tree(value) for name, value in values.items()}))
        else:
            nodes = {entry.key.text: entry.value for entry in item.entries}
            yield Row(values=MappingProxyType(values), nodes=MappingProxyType(nodes))


# --- from files -----------------------------------------------------------------------------------------------------


def _of_file(name: Scalar, folder: Path, faults: Faults) -> Cases:
    path = folder / as_text(name)
    suffix = path.suffix.lower()
    if suffix not in (*_DELIMITED, *_LINES, *_TREES):
        faults.error(
            "bad-value", f'"{as_text(name)}" is no file of rows', name.range,
            help="Name a file that ends in .csv, .tsv, .json, .yaml, .ndjson or .jsonl.",
        )  # fmt: skip
        return Cases()
    if not path.is_file():
        absent(name, path, faults)
        return Cases()
    text = _text(path, name, faults)
    if text is None:
        return Cases(file=path)
    beside = posixpath.join(posixpath.dirname(faults.source.name), as_text(name))
    inside = type(faults)(SourceText(beside, text))
    rows = tuple(_read(text, suffix, inside))
    if not rows and not inside.stop:
        _empty(name.range, faults, f'"{as_text(name)}"')
    faults.extend(inside.found)
    return Cases(rows=() if inside.stop else rows, file=path)


def _text(path: Path, name: Scalar, faults: Faults) -> str | None:
    try:
        return read_text(path)
    except UnicodeDecodeError as fault:
        why = f"byte {fault.start + 1} is no UTF-8"
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or str(fault)
    faults.error("unreadable", f'the file "{as_text(name)}" cannot be read: {why}', name.range)
    return None


def _read(text: str, suffix: str, faults: Faults) -> Iterator[Row]:
    if suffix in _DELIMITED:
        yield from _table(text, _DELIMITED[suffix], faults)
    elif suffix in _LINES:
        yield from _lines(text, faults)
    else:
        found = read(faults.source)
        faults.extend(found.diagnostics)
        nodes = found.documents
        if len(nodes) == 1 and isinstance(nodes[0], Sequence):
            nodes = nodes[0].items
        elif len(nodes) == 1 and not isinstance(nodes[0], Sequence):
            advice = "Write a list of mappings, one a row."
            faults.wrong_type("a file of rows", "a list", nodes[0], kind_of(nodes[0]), help=advice)
            return
        yield from _rows(nodes, faults, literally=True)


def _lines(text: str, faults: Faults) -> Iterator[Row]:
    """The rows of an NDJSON file: each line by itself, its faults placed in the whole."""
    start, count = 0, 0
    for number, line in enumerate(text.split("\n"), start=1):
        own = type(faults)(SourceText(faults.source.name, line))
        found = read(own.source)
        own.extend(found.diagnostics)
        rows = list(_rows(found.documents, own, literally=True))
        placed = (fault.within(faults.source, start) for fault in own.found)
        faults.extend(replace(fault, label=fault.label.replace("line 1", f"line {number}")) for fault in placed)
        count += len(rows)
        if count > MAX_ROWS:
            faults.error("too-big", f"the file has more than {MAX_ROWS} rows", Range(start, start + len(line)))
            return
        yield from rows
        start += len(line) + 1


def _table(text: str, delimiter: str, faults: Faults) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    count, line = 0, 1
    try:
        for cells in reader:
            at = _line(faults.source, line)
            line = reader.line_num + 1
            if not cells or (len(cells) == 1 and not cells[0].strip()):
                continue
            if names is None:
                names = _names(cells, at, delimiter, faults)
                if names is None:
                    return
                continue
            count += 1
            if count > MAX_ROWS:
                faults.error("too-big", f"the file has more than {MAX_ROWS} rows", at)
                return
            if len(cells) != len(names):
                _ragged(cells, names, at, faults)
                continue
            yield Row(values=MappingProxyType({n: literal(cell) for n, cell in zip(names, cells, strict=True)}))
    except csv.Error as fault:
        faults.error(
            "bad-value", f"this is no CSV: {fault}", _line(faults.source, line),
            help='Put a value with commas, quotes or line ends in double quotes, and double each quote in it: "".',
        )  # fmt: skip


def _line(source: SourceText, number: int) -> Range:
    start = source.offset(number, 1)
    return Range(start, start + max(1, len(source.line(number))))


def _names(cells: list[str], at: Range, delimiter: str, faults: Faults) -> list[str] | None:
    names = [cell.strip() for cell in cells]
    if len(names) > MAX_COLUMNS:
        faults.error("too-big", f"{len(names)} columns are more than {MAX_COLUMNS}", at)
        return None
    if len(names) == 1 and ";" in names[0] and delimiter == ",":
        faults.error("bad-value", "the columns are parted by semicolons", at, help="Part them by commas.")
        return None
    for index, name in enumerate(names):
        if not name:
            faults.error("bad-key", f"column {index + 1} has no name", at, help="The first line names the variables.")
            return None
        if name in names[:index]:
            faults.error(
                "duplicate-key", f'the column "{name}" stands twice', at, help="Give each column a name of its own."
            )
            return None
    return names


def _ragged(cells: list[str], names: list[str], at: Range, faults: Faults) -> None:
    many = f"{len(cells)} value{'s' if len(cells) != 1 else ''}"
    faults.error(
        "ragged-row", f"this row has {many}, and there are {len(names)} columns: {', '.join(names[:8])}", at,
        help="Write one value for each column; two commas side by side hold an empty one.",
    )  # fmt: skip
