"""What an importer makes: requests as triggers, what is checked, what could not be carried over, which secrets are needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from spanspec.importing.writing import Commented, Said, written

MAX_INPUT: Final = 32 << 20
"""Characters of one input."""
MAX_DRAFTS: Final = 2_000
"""Tests made of one input."""

_NOTHING: Mapping[str, object] = MappingProxyType({})
_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A statement, with its title and remarks."""

    that: str
    name: str = ""
    comments: tuple[str, ...] = ()

    def plain(self) -> object:
        """As an item of `expect`."""
        value: object = {"name": self.name, "that": Said(self.that)} if self.name else Said(self.that)
        return Commented(value, self.comments) if self.comments else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One test, before it is a text.

    Attributes:
        trigger: The kind, and its fields as they stand in a definition (texts are templates already); empty for none.
        checks: What is expected.
        more: Further keys, written between the trigger and what is expected.
        head: Keys written before the trigger, besides the name.
        comments: For the top of the file.
    """

    name: str
    trigger: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    checks: tuple[Check, ...] = ()
    description: str = ""
    tags: tuple[str, ...] = ()
    head: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    more: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    comments: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """The mapping that is written."""
        out: dict[str, object] = {"name": self.name}
        if self.description:
            out["description"] = self.description
        if self.tags:
            out["tags"] = list(self.tags)
        out.update(self.head)
        if self.trigger:
            out["trigger"] = dict(self.trigger)
        out.update(self.more)
        if self.checks:
            out["expect"] = [check.plain() for check in self.checks]
        return out

    def text(self) -> str:
        """The definition."""
        return written(self.document(), self.comments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an input.

    Attributes:
        drafts: The tests, in the order of the input.
        notes: What was left out or changed, one sentence each, in the order of the input.
        needed: Variables to be set before a run → what each stands for.
    """

    drafts: tuple[Draft, ...] = ()
    notes: tuple[str, ...] = ()
    needed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Notes:
    """Collects sentences, each once and at most 200 of them."""

    _MOST = 200

    def __init__(self) -> None:
        self._found: dict[str, None] = {}
        self._more = 0

    def say(self, sentence: str) -> None:
        """Add a sentence."""
        if len(self._found) < self._MOST or sentence in self._found:
            self._found[sentence] = None
        else:
            self._more += 1

    @property
    def all(self) -> tuple[str, ...]:
        """The sentences."""
        return (*self._found, *([f"{self._more} more remarks are left out"] if self._more else []))


def slug(name: str) -> str:
    """A file's stem for a test of that name: lower case, words joined by dashes."""
    found = _SLUG.sub("-", name.lower()).strip("-")[:_LONGEST_SLUG].strip("-")
    return found or "test"


def file_names(drafts: tuple[Draft, ...]) -> tuple[str, ...]:
    """A file name for each draft, no two alike."""
    taken: set[str] = set()
    out = []
    for draft in drafts:
        stem, number = slug(draft.name), 1
        name = stem
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        out.append(f"{name}.yaml")
    return tuple(out)
