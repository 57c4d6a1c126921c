"""Regular expressions in RE2's dialect: linear time whatever the pattern."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from spanspec.language.comparing.forms import MAX_ITEMS, MAX_TEXT, shortened, whole_text
from spanspec.language.verdict import EvaluationError

_MAX_PATTERN = 8192
_LONE_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")
_MAX_MEMORY = 16 * 1024 * 1024


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The compiled pattern.

    Raises:
        EvaluationError: It is no pattern, or too large.
    """
    import re2  # here, for it is needed by few runs and costs 20 ms of start-up

    if len(pattern) > _MAX_PATTERN:
        raise EvaluationError(f"the pattern has more than {_MAX_PATTERN} characters")
    if _LONE_BYTE.search(pattern):
        raise EvaluationError(f'"{shortened(pattern)}" is no regular expression (RE2): \\C takes half a character')
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        return re2.compile(whole_text(pattern), options)
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        reason = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
        raise EvaluationError(f'"{shortened(pattern)}" is no regular expression (RE2): {reason}') from error


def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text."""
    return compiled(pattern).search(_bounded(text)) is not None


def matches(pattern: str, text: str) -> list[tuple[str, tuple[str, ...]]]:
    """All matches that do not overlap, each with its groups; a group that took no part is empty.

    As in Go, an empty match that begins where another ends is none: `l*` on `all` gives the empty text and `ll`.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    end = -1
    for match in compiled(pattern).finditer(_bounded(text)):
        if match.start() == match.end() == end:
            continue
        end = match.end()
        if len(found) >= MAX_ITEMS:
            raise EvaluationError(f"the pattern matches more than {MAX_ITEMS} times")
        found.append((match.group(0), tuple(group or "" for group in match.groups())))
    return found


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise EvaluationError(f"the text has more than {MAX_TEXT} characters")
    # Half of a surrogate pair, which JSON can hold, is no character to RE2.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
