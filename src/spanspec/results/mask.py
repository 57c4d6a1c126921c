"""Secrets out of results: every text in a run that holds one shows `***` in its place.

It is done once, on the result itself, so that no report can forget it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from fnmatch import translate
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from spanspec.model.assemble import assemble
from spanspec.model.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

MASK = "***"

DEFAULT_PATTERNS = (
    "*TOKEN*", "*SECRET*", "*PASSWORD*", "*PASSWD*", "*API_KEY*", "*APIKEY*", "*ACCESS_KEY*", "*PRIVATE_KEY*", "*CREDENTIAL*",
)  # fmt: skip
"""Names whose values are secrets, whatever `secrets:` adds; compared without regard to case."""

_SHORTEST = 4
"""Shorter values are not masked: they would blot out half of every report and protect nothing."""


def is_secret(name: str, patterns: Iterable[str] = ()) -> bool:
    """Whether a variable's name says that its value is a secret."""
    return _names(tuple(patterns)).match(name.upper()) is not None


@cache
def _names(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """All patterns as one; every variable of the environment is compared in every case."""
    return re.compile("|".join(translate(pattern.upper()) for pattern in (*DEFAULT_PATTERNS, *patterns)))


def masked(value: T, secrets: Iterable[str]) -> T:
    """The same value with every occurrence of a secret masked; the value itself when there is none to mask."""
    wanted = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
    if not wanted:
        return value
    return _Masker(re.compile("|".join(map(re.escape, wanted)))).of(value)


class _Masker:
    """Walks a value; what holds no secret is given back as the same object."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._done: dict[int, tuple[object, object]] = {}

    def of(self, value: T) -> T:
        return self._of(value)  # type: ignore[return-value]  # every branch keeps the type

    def _of(self, value: object) -> object:
        if isinstance(value, str):
            return self._pattern.sub(MASK, value) if type(value) is str else value
        if isinstance(value, tuple):
            items = tuple(self._of(item) for item in value)
            return value if all(a is b for a, b in zip(items, value, strict=True)) else items
        if isinstance(value, Mapping):
            members = {key: self._of(item) for key, item in value.items()}
            return value if all(members[key] is value[key] for key in members) else MappingProxyType(members)
        if isinstance(value, Trace):
            return self._trace(value)
        return self._record(value) if is_dataclass(value) and not isinstance(value, type) else value

    def _trace(self, trace: Trace) -> Trace:
        spans, trigger, linked = self.of(trace.spans), self.of(trace.trigger), self.of(trace.linked)
        if spans is trace.spans and trigger is trace.trigger and linked is trace.linked:
            return trace
        return assemble(spans, trace_id=trace.trace_id, injected=trace.injected, trigger=trigger, linked=linked)

    def _record(self, value: object) -> object:
        """A dataclass; resources and scopes are shared by many spans and done once."""
        known = self._done.get(id(value))
        if known is not None:
            return known[1]
        changed = {}
        for part in fields(value):  # type: ignore[arg-type]  # the caller has looked
            old = getattr(value, part.name)
            new = self._of(old)
            if new is not old and new != old:
                changed[part.name] = new
        made: object = replace(value, **changed) if changed else value  # type: ignore[type-var]
        self._done[id(value)] = (value, made)
        return made
