"""`${NAME}` in files of the reference, and its reading of numbers.

`${NAME}` is a variable of the operating system, put in before anything else is read.
`${NAME:-default}` has a default; `$${NAME}` stays for the test's own template, which sends `${NAME}`. Names that are not
set are an error. `${var:X}` and `${env:X}` are the language's and are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from spanspec.definition.scalars import Scalar, as_reference_reads
from spanspec.definition.yaml import Entry, Mapping, Node, Sequence
from spanspec.source.suggest import did_you_mean
from spanspec.source.text import Range

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from spanspec.definition.faults import Faults

_PLACEHOLDER = re.compile(r"(?<!\$)\$\{(\w+)(?::-([^{}]*))?\}", re.ASCII)


def inject(node: Node, environment: MappingOf[str, str], faults: Faults) -> Node:
    """The same tree with the variables put in; a fault for each that is not set and has no default."""
    if isinstance(node, Sequence):
        return Sequence(items=tuple(inject(item, environment, faults) for item in node.items), range=node.range)
    if isinstance(node, Mapping):
        entries = tuple(Entry(key=entry.key, value=inject(entry.value, environment, faults)) for entry in node.entries)
        return Mapping(entries=entries, range=node.range)
    if "${" not in node.text or _PLACEHOLDER.search(node.text) is None:
        return as_reference_reads(node)
    return _injected(node, environment, faults)


def _injected(scalar: Scalar, environment: MappingOf[str, str], faults: Faults) -> Scalar:
    text, offsets, at = "", list[int](), 0
    for match in _PLACEHOLDER.finditer(scalar.text):
        value = environment.get(match[1]) or match[2]
        if value is None and match[1] in environment:
            value = ""
        if value is None:
            _unset(scalar, match, environment, faults)
            value = match[1]
        text += scalar.text[at : match.start()] + value
        offsets.extend(scalar.cut(at, match.start()))
        offsets.extend([scalar.offset(match.start())] * len(value))
        at = match.end()
    offsets.extend(scalar.cut(at, len(scalar.text)))
    return scalar.replaced(text + scalar.text[at:], tuple(offsets))


def _unset(scalar: Scalar, match: re.Match[str], environment: MappingOf[str, str], faults: Faults) -> None:
    name = match[1]
    faults.error(
        "unset-variable",
        f'the environment variable "{name}" is not set',
        scalar.place(Range(match.start(), match.end())),
        label=did_you_mean(name, environment),
        help=f"Set it, give a default with ${{{name}:-…}}, or write $${{{name}}} to send the text as it is.",
    )
