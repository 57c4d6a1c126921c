r"""Where a `${…}` in a text ends, and whether it is one of ours.

Only `${` with a known prefix or function counts; a number, text, list or parenthesis may begin one too, and then it is
ours if it parses. Everything else (`${SHELL}`, `${NAME:-x}`, a script's own templates) is literal.
"""

from __future__ import annotations

import re

from spanspec.language.grammar.words import FUNCTIONS

_PREFIX = (
    r"(?:(?:parent|root):)?(?:attr|resource|scope|event|link|span|response|trace|var|env):[\w\"']|(?:parent|root):\w"
)
_SURE = re.compile(rf"\s*(?:{_PREFIX}|(?:{'|'.join(map(re.escape, FUNCTIONS))})\s*\()")
_MAYBE = re.compile(r"\s*[\d\"'\[(-]")
_STOPS = re.compile(r"\\.|\$\$\{|[\"'{}]|\$\{", re.DOTALL)
_OLD_STOPS = re.compile(r"\\[\"']|\$\$\{|[\"'{}]|\$\{")
MAX_INSIDE = 8192
"""Characters of a placeholder."""

_MAX_OPEN = 32


def begins_surely(text: str, place: int) -> bool:
    """Whether the `${` at `place` begins with a known prefix or function."""
    first = text[place + 2 : place + 3]
    return (first.isalpha() or first.isspace()) and _SURE.match(text, place + 2) is not None


def begins_perhaps(text: str, place: int) -> bool:
    """Whether the `${` at `place` begins as a literal, list or parenthesis does."""
    return _MAYBE.match(text, place + 2) is not None


def placeholder_end(text: str, place: int, limit: int, *, old: bool = False) -> int | None:
    """The place after the `}` that closes the `${` at `place`; quotes and braces inside are balanced.

    One pass with a stack of what is open, so that no text makes it costly. None when the placeholder is none of ours, is
    not closed before `limit`, or nests too deep. `old` texts pair a backslash with a quote alone.
    """
    if not begins_surely(text, place) and not begins_perhaps(text, place):
        return None
    limit = min(limit, place + MAX_INSIDE)
    if text.find("}", place, limit) < 0:
        return None
    stops = _OLD_STOPS if old else _STOPS
    open_marks, at = ["{"], place + 2
    while (stop := stops.search(text, at, limit)) is not None:
        at = stop.end()
        if not _step(open_marks, stop.group(), text, stop.start()):
            return None
        if not open_marks:
            return at
    return None


def _step(open_marks: list[str], found: str, text: str, place: int) -> bool:
    """Take one mark; False when the placeholder cannot be closed soundly."""
    inside = open_marks[-1]
    if inside in "\"'":
        if found == inside:
            open_marks.pop()
        elif found == "${" and (begins_surely(text, place) or begins_perhaps(text, place)):
            open_marks.append("{")
    elif found == "${":
        return False
    elif found == "}":
        open_marks.pop()
    elif found in ("{", '"', "'"):
        open_marks.append(found)
    return len(open_marks) <= _MAX_OPEN
