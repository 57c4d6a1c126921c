"""YAML as a tree with places: every key and value knows its characters in the file.

libyaml reads the events; the tree, the core schema, aliases and all bounds are ours. JSON is read by the same rules.
What YAML cannot read is a diagnostic, with the line written as it would work where the user's text itself is the cause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from spanspec.definition.scalars import SURROGATES, Scalar, resolve
from spanspec.source.diagnostics import Diagnostic
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spanspec.source.text import SourceText

MAX_DEPTH = 100
MAX_NODES = 200_000
_TOO_DEEP = f"lists and mappings are nested more than {MAX_DEPTH} deep"
MAX_DOCUMENTS = 1_000
_MAX_TRIES = 50
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"
_PROPERTY = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t\r\n]+)+|(?:[&!][^\s,\[\]{}]*)$")
_VALUE = re.compile(r"^(\s*(?:-\s+)*)(?:([A-Za-z_][\w.-]*)\s*:\s+)?(.*\S)\s*$")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A key with its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """A mapping, in the order of the file, merged entries last."""

    entries: tuple[Entry, ...]
    range: Range

    def get(self, name: str) -> Node | None:
        """The value of a key, or None."""
        return next((entry.value for entry in self.entries if entry.key.text == name), None)

    def entry(self, name: str) -> Entry | None:
        """The entry of a key, or None."""
        return next((entry for entry in self.entries if entry.key.text == name), None)

    def names(self) -> tuple[str, ...]:
        """The keys."""
        return tuple(entry.key.text for entry in self.entries)


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    range: Range


Node: TypeAlias = Scalar | Mapping | Sequence


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a file holds: one tree per document, and what is wrong. With an error the documents are those before it."""

    documents: tuple[Node, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read(source: SourceText) -> Read:
    """Read all documents of a text; an empty document is left out."""
    builder, fault = _built(source, source.text)
    text, tries = source.text, 0
    while fault is not None and "Unicode character escape" in str(fault) and tries < _MAX_TRIES:
        text, tries = _without_surrogates(text, fault), tries + 1
        builder, fault = _built(source, text)
    if fault is not None:
        builder.faults.append(_syntax(source, fault))
    return Read(documents=tuple(builder.documents), diagnostics=tuple(builder.faults))


def _built(source: SourceText, text: str) -> tuple[_Builder, yaml.YAMLError | None]:
    """What libyaml makes of `text`, which has its characters where `source` has them."""
    builder = _Builder(source)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
            if builder.stopped:
                break
    except yaml.YAMLError as fault:
        return builder, fault
    return builder, None


def _without_surrogates(text: str, fault: yaml.YAMLError) -> str:
    """The text with JSON's surrogate pairs as YAML writes them, in as many characters.

    All of them where the text is JSON, else those of the scalar that libyaml refused: in a plain or block scalar the
    same letters are no escape. An escaped line end, which stands for nothing, fills the two characters that are over.
    """
    _, context = _marks(fault)
    start = 0 if text.lstrip()[:1] in ("{", "[") else context or 0
    head, tail = text[:start], text[start:]
    return head + SURROGATES.sub(_one_escape, tail, count=0 if start == 0 else 1)


def _one_escape(pair: re.Match[str]) -> str:
    code = 0x10000 + ((int(pair[1], 16) & 0x3FF) << 10) + (int(pair[2], 16) & 0x3FF)
    return f"\\\n\\U{code:08x}"


def walk(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    """Every node below and with `node`, with its path, parents first."""
    yield path, node
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from walk(entry.value, (*path, entry.key.text))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from walk(item, (*path, index))


def plain(node: Node) -> object:
    """The tree as plain values: dicts, lists, texts, numbers, booleans, None."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {entry.key.text: plain(entry.value) for entry in node.entries}


def kind_of(node: Node) -> str:
    """What a node is, for messages: `a mapping`, `a list`, `the number 5`, `nothing`."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return f"the boolean {node.text}"
    if isinstance(node.value, int | float):
        return f"the number {node.text}"
    return "a text"


# --- from events to trees ---------------------------------------------------------------------------------------


@dataclass
class _Open:
    """A mapping or list whose end has not come yet."""

    mapping: bool
    start: int
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)


class _Builder:
    """Takes events, makes trees, keeps the bounds."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.documents: list[Node] = []
        self.faults: list[Diagnostic] = []
        self.stopped = False
        self._stack: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._sizes: dict[int, int] = {}
        self._empty = False

    def take(self, event: Any) -> None:
        """Take one event."""
        if isinstance(event, yaml.ScalarEvent):
            self._place(self._scalar(event), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}

    def _open(self, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            self._stop("too-deep", _TOO_DEEP, _marked(event))
            return
        start, _ = self._skip_properties(event)
        self._check_tag(event, ("map", "seq"), Range(event.start_mark.index, start + 1))
        if event.anchor:
            self._anchors[event.anchor] = None
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Open(mapping=mapping, start=start, anchor=event.anchor))

    def _close(self, event: Any) -> None:
        opened = self._stack.pop()
        end = event.end_mark.index
        if event.start_mark.index == end and opened.nodes:
            end = opened.nodes[-1].range.end
        span = Range(opened.start, max(opened.start, end))
        node: Node
        if opened.mapping:
            node = Mapping(entries=self._entries(opened.nodes), range=span)
        else:
            node = Sequence(items=tuple(opened.nodes), range=span)
        self._sizes[id(node)] = 1 + sum(self._size(child) for child in opened.nodes)
        self._place(node, opened.anchor)

    def _size(self, node: Node) -> int:
        return self._sizes.get(id(node), 1)

    def _place(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if self._size(node) > MAX_NODES:
            self._stop(
                "too-big", f"the document has more than {MAX_NODES} values once its aliases are followed", node.range
            )
        elif self._stack:
            self._stack[-1].nodes.append(node)
        elif not (isinstance(node, Scalar) and node.text == "" and node.style == ""):
            self.documents.append(node)
            if len(self.documents) > MAX_DOCUMENTS:
                self._stop("too-big", f"the file has more than {MAX_DOCUMENTS} documents", node.range)

    def _stop(self, code: str, message: str, span: Range) -> None:
        self.stopped = True
        self.documents = []
        self._fault(code, message, span)

    def _fault(self, code: str, message: str, span: Range, *, label: str = "", help: str = "") -> None:  # noqa: A002
        self.faults.append(
            Diagnostic(code=code, message=message, range=span, label=label, help=help, source=self.source)
        )

    def _skip_properties(self, event: Any) -> tuple[int, int]:
        """Start and end of a node's own text, after its anchor and tag."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor or event.tag:
            found = _PROPERTY.match(self.source.text, start)
            start = found.end() if found is not None else start
        return start, max(start, end)

    def _scalar(self, event: Any) -> Scalar:
        start, end = self._skip_properties(event)
        style = event.style or ""
        if style in ("|", ">"):
            end = start + len(self.source.text[start:end].rstrip())
        span = Range(start, end)
        tag = event.tag
        value = resolve(event.value) if style == "" and tag != "!" else event.value
        before = len(self.faults)
        if tag is not None and tag != "!":
            value = self._tagged(event, value)
        raw, broken = self.source.text[start:end], len(self.faults) > before
        return Scalar(text=event.value, value=value, range=span, style=style, raw=raw, broken=broken)

    def _tagged(self, event: Any, value: Any) -> Any:
        known = ("str", "int", "float", "bool", "null")
        if not self._check_tag(event, known, Range(event.start_mark.index, event.end_mark.index)):
            return event.value
        if event.tag == f"{_PREFIX}str":
            return event.value
        return resolve(event.value) if isinstance(value, str) else value

    def _check_tag(self, event: Any, known: tuple[str, ...], span: Range) -> bool:
        if event.tag in (None, "!") or event.tag.removeprefix(_PREFIX) in known:
            return True
        shown = event.tag.replace(_PREFIX, "!!")
        self._fault(
            "yaml-tag",
            f'YAML reads "{shown}" as a tag, and no such tag is known here',
            span,
            help=_quoting(self.source, span.start) or "Put the text in quotes.",
        )
        return False

    def _alias(self, event: Any) -> None:
        span = _marked(event)
        target = self._anchors.get(event.anchor)
        if target is not None:
            self._place(target, None)
            return
        inside = event.anchor in self._anchors
        self._fault(
            "unknown-anchor",
            f'the alias "*{event.anchor}" stands inside what it names'
            if inside
            else f'no anchor "&{event.anchor}" before this alias',
            span,
            help=_quoting(self.source, span.start) or f"Write &{event.anchor} before the value meant.",
        )
        raw = self.source.text[span.start : span.end]
        self._place(Scalar(text="", value=None, range=span, raw=raw, broken=True), None)

    def _entries(self, nodes: list[Node]) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        merged: list[Node] = []
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._fault("bad-key", f"a key must be a text, and this is {kind_of(key)}", key.range)
            elif key.text == "<<" and key.style == "":
                merged.append(value)
            elif key.text in entries:
                self._twice(key, entries[key.text].key)
            else:
                entries[key.text] = Entry(key=key, value=value)
        for value in merged:
            self._merge(entries, value)
        return tuple(entries.values())

    def _merge(self, entries: dict[str, Entry], value: Node) -> None:
        sources = value.items if isinstance(value, Sequence) else (value,)
        for source in sources:
            if not isinstance(source, Mapping):
                self._fault("bad-key", f'"<<" merges mappings, and this is {kind_of(source)}', source.range)
                continue
            for entry in source.entries:
                entries.setdefault(entry.key.text, entry)

    def _twice(self, key: Scalar, first: Scalar) -> None:
        line = self.source.position(first.range.start).line
        self._fault(
            "duplicate-key",
            f'the key "{key.text}" stands twice in one mapping',
            key.range,
            label=f"the first is on line {line}",
            help="Remove one of the two, or join what they hold.",
        )


def _marked(event: Any) -> Range:
    return Range(event.start_mark.index, max(event.end_mark.index, event.start_mark.index + 1))


# --- what YAML cannot read --------------------------------------------------------------------------------------

_PROBLEMS = {
    "mapping values are not allowed in this context": 'a ": " makes a key, and no key can stand here',
    "found character that cannot start any token": "no value can begin with this character",
    "did not find expected comment or line break": 'after ">" or "|" YAML expects a block of text on the next lines',
    "did not find expected node content": "a value was expected here",
    "did not find expected '-' indicator": "the value has ended, and the next item or the end of the list was expected",
    "did not find expected key": "the value has ended, and the next key or the end of the mapping was expected",
    "could not find expected ':'": 'a ":" was expected after this key',
    "found unexpected end of stream": "the file ends inside a quoted text",
    "found unknown escape character": "this escape is unknown in double quotes",
}


def _syntax(source: SourceText, fault: yaml.YAMLError) -> Diagnostic:
    at, context = _marks(fault)
    problem = getattr(fault, "problem", None) or getattr(fault, "reason", None) or "this is no YAML"
    start = at if at is not None else 0
    if "nesting depth" in str(problem):
        span = Range(start, start + 1)
        return Diagnostic(code="too-deep", message=_TOO_DEEP, range=span, source=source)
    shown, place = _explained(source, str(problem), start, context)
    span = Range(place, place + 1)
    return Diagnostic(
        code="yaml-syntax",
        message=f"YAML cannot read this: {shown}",
        range=span,
        source=source,
        help=_advice(source, place, str(problem)),
    )


def _marks(fault: yaml.YAMLError) -> tuple[int | None, int | None]:
    """Where the fault is, and where what it interrupts began."""
    mark, context = getattr(fault, "problem_mark", None), getattr(fault, "context_mark", None)
    at = mark.index if mark is not None else getattr(fault, "position", None)
    return at, context.index if context is not None else None


def _explained(source: SourceText, problem: str, start: int, context: int | None) -> tuple[str, int]:
    """The problem in plain words, and the place to point at."""
    text = source.text
    if problem.startswith("found character") and text[start : start + 1] == "\t":
        return "a tab cannot indent a line", start
    if problem.startswith(("found unexpected end", "did not find expected ','")) and context is not None:
        bracket = text[context : context + 1]
        said = "this quote is never closed" if "end of stream" in problem else f'this "{bracket}" is never closed'
        return said, context
    if problem.startswith("did not find expected") and not text[start : start + 1].strip():
        back = len(text[:start].rstrip())
        return _PROBLEMS.get(problem, problem), max(0, back - 1)
    return _PROBLEMS.get(problem, problem), start


def _advice(source: SourceText, at: int, problem: str) -> str:
    if source.text[at : at + 1] == "\t":
        return "Indent with spaces."
    if "escape" in problem:
        return "Write the backslash twice, or put the text in single quotes: \"\\d\" is '\\d'."
    if "end of stream" in problem or "expected ','" in problem:
        return "Close it, or put the text in quotes if it is no list, mapping or quoted text."
    found = _VALUE.match(source.line(source.position(at).line))
    ends_early = found is not None and ": " not in found[3] and problem.startswith(("mapping values", "control"))
    advice = "" if ends_early else _quoting(source, at)
    return advice or "Compare the indentation with the lines around, and quote texts with special characters."


def _quoting(source: SourceText, at: int) -> str:
    """How to write the line at `at` so that YAML takes the whole of it as one text; empty where it has no value."""
    return as_block(source.line(source.position(at).line))


def as_block(line: str) -> str:
    """One sentence that shows a line's value under `|-`; empty for a line without a value."""
    found = _VALUE.match(line)
    if found is None or not found[3] or found[3] in ("|", ">", "|-", ">-", "-"):
        return ""
    lead = found[1] + (f"{found[2]}: " if found[2] else "")
    if not lead.strip():
        return ""
    indent = " " * (len(found[1]) if "-" in found[1] else len(found[1]) + 2)
    return f"Write the text so that YAML leaves it alone:\n{lead}|-\n{indent}{found[3]}"


def comment_after(source: SourceText, scalar: Scalar) -> str:
    """The comment that ends a plain scalar on its own line, or empty: YAML cuts a plain text at ` #`."""
    if scalar.style != "":
        return ""
    end = source.text.find("\n", scalar.range.end)
    rest = source.text[scalar.range.end : len(source.text) if end < 0 else end]
    return rest.strip() if rest[:1] in (" ", "\t") and rest.lstrip().startswith("#") else ""
