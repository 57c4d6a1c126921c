"""Values as YAML text that the loader reads back as the same values.

Plain scalars only where no YAML reader takes them for anything else, double quotes where one might, a literal block
for texts of several lines. Mappings keep their order.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH: Final = 118
"""Columns of a comment."""

_PLAIN = re.compile(r"[A-Za-z/_][\w ./%+@()=<>;,'*-]*[\w/)*]|[A-Za-z/_]")
_TAKEN = re.compile(r"(?:true|false|null|yes|no|on|off|y|n|nan|inf)", re.IGNORECASE)
_SIMPLE = re.compile(r"https?://[\w./:?&=%+~@$-]*[\w/]|\d+(?:\.\d+)?(?:ms|s|m|h)", re.ASCII)
_STATEMENT = re.compile(r"[A-Za-z][^#\n\t\\]*[^\s#\n\t\\:]")
_UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Commented:
    """A value with remarks that stand above it, one line each."""

    value: object
    comments: tuple[str, ...] = ()


def written(document: Mapping[str, object], comments: Sequence[str] = ()) -> str:
    """One document, with remarks at its top.

    Args:
        document: Mappings, lists, texts, numbers, booleans, None, `Commented` values.
        comments: Lines for the top, without `#`.

    Returns:
        YAML with a final line break.
    """
    head = "".join(f"{line}\n" for line in _remarks(comments, ""))
    return head + "".join(f"{line}\n" for line in _mapping(document, ""))


def statement(text: str) -> str:
    """A statement of the language as one scalar: plain where YAML leaves it as it is."""
    odd = ": " in text or " #" in text or _UNPRINTABLE.search(text) or _TAKEN.fullmatch(text)
    safe = _STATEMENT.fullmatch(text) and not odd
    return text if safe else scalar(text)


@dataclass(frozen=True, slots=True)
class Said:
    """A statement: written plain where that can be read back."""

    text: str


def scalar(value: object) -> str:
    """A scalar on one line.

    Raises:
        TypeError: It is none.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Said):
        return statement(value.text)
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no scalar")
    if (_PLAIN.fullmatch(value) and not _TAKEN.fullmatch(value) and " #" not in value) or _SIMPLE.fullmatch(value):
        return value
    return _quoted(value)


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return repr(value)


def _quoted(text: str) -> str:
    r"""In double quotes; JSON's escapes are YAML's, and what YAML may not hold raw is escaped too."""
    body = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(_escape, body)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}"


def _remarks(comments: Sequence[str], indent: str) -> Iterator[str]:
    for comment in comments:
        for line in comment.splitlines() or [""]:
            yield f"{indent}# {_UNPRINTABLE.sub('?', line)}".rstrip()


def _mapping(value: Mapping[str, object], indent: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{indent}{_key(key)}:", item, indent)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_][\w.-]*", key) and not _TAKEN.fullmatch(key) else _quoted(key)


def _entry(lead: str, value: object, indent: str) -> Iterator[str]:
    """A key or dash with its value; nested values are indented by two."""
    if isinstance(value, Commented):
        yield from _remarks(value.comments, indent)
        value = value.value
    inner = indent + "  "
    if isinstance(value, dict):
        yield from _nested(lead, value, inner)
    elif isinstance(value, (list, tuple)):
        if not value:
            yield f"{lead} []"
            return
        yield lead
        for item in value:
            yield from _item(item, inner)
    elif isinstance(value, str) and _is_block(value):
        yield f"{lead} |{_chomp(value)}"
        for line in value.removesuffix("\n").split("\n"):
            yield f"{inner}{line}".rstrip(" ") if not line else f"{inner}{line}"
    else:
        yield f"{lead} {scalar(value)}"


def _nested(lead: str, value: Mapping[str, object], inner: str) -> Iterator[str]:
    if not value:
        yield f"{lead} {{}}"
        return
    yield lead
    yield from _mapping(value, inner)


def _item(value: object, indent: str) -> Iterator[str]:
    if isinstance(value, Commented):
        yield from _remarks(value.comments, indent)
        value = value.value
    if isinstance(value, dict) and value:
        lines = list(_mapping(value, indent + "  "))
        first = next(index for index, line in enumerate(lines) if not line.lstrip().startswith("#"))
        yield from (line[2:] for line in lines[:first])
        yield f"{indent}- {lines[first].lstrip()}"
        yield from lines[first + 1 :]
    elif isinstance(value, (list, tuple)) and value:
        yield f"{indent}-"
        for item in value:
            yield from _item(item, indent + "  ")
    else:
        yield from _entry(f"{indent}-", value, indent)


def _is_block(text: str) -> bool:
    """Whether a literal block holds the text unchanged."""
    if "\n" not in text.rstrip("\n") or _UNPRINTABLE.search(text) or text[0] in " \n\t":
        return False
    body = text.removesuffix("\n")
    return not body.endswith("\n") and not any(
        line != line.rstrip(" \t") and not line.strip() for line in body.split("\n")
    )


def _chomp(text: str) -> str:
    return "" if text.endswith("\n") else "-"
