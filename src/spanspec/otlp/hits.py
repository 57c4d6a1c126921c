"""The documents in an answer of OpenSearch or Elasticsearch, or in what is saved from one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from spanspec.errors import OtlpError
from spanspec.otlp.decoded import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator

_BULK: Final = ("index", "create", "update", "delete")


def is_bulk_action(document: Mapping[str, Any]) -> bool:
    """Whether an object is a line of a bulk request that says what is done with the next line."""
    return len(document) == 1 and next(iter(document)) in _BULK and isinstance(next(iter(document.values())), Mapping)


def is_answer(document: Mapping[str, Any]) -> bool:
    """Whether an object is a search's answer."""
    hits = document.get("hits")
    return isinstance(hits, Mapping) and isinstance(hits.get("hits"), list)


def sources(document: Any) -> Iterator[Any]:
    """The stored documents in a search's answer, a hit, a list of these, or in a document itself.

    Raises:
        OtlpError: It is something else.
    """
    if isinstance(document, list):
        for each in document:
            yield from sources(each)
    elif not isinstance(document, Mapping):
        raise OtlpError("no document: an object is expected")
    elif is_answer(document):
        yield from sources(document["hits"]["hits"])
    elif isinstance(document.get("_source"), Mapping):
        yield document["_source"]
    elif not is_bulk_action(document):
        yield document


def nested(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with dotted names as objects: `{"trace.id": 1}` and `{"trace": {"id": 1}}` say the same there.

    Raises:
        OtlpError: It nests too deep.
    """
    out: dict[str, Any] = {}
    for key, value in document.items():
        _put(out, key.split(".", MAX_DEPTH), _inside(value, 0))
    return out


def _inside(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise OtlpError(f"objects nest deeper than {MAX_DEPTH}")
    if isinstance(value, Mapping):
        out: dict[str, Any] = {}
        for key, each in value.items():
            _put(out, str(key).split(".", MAX_DEPTH), _inside(each, depth + 1))
        return out
    return value


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    """Put a value where a path leads; objects that meet are joined, anything else keeps its dotted name."""
    for index, part in enumerate(path[:-1]):
        found = into.setdefault(part, {})
        if not isinstance(found, dict):
            into[".".join(path[index:])] = value
            return
        into = found
    last = path[-1]
    known = into.get(last)
    if isinstance(known, dict) and isinstance(value, dict):
        for key, each in value.items():
            _put(known, [key], each)
    else:
        into[last] = value
