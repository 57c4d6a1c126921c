"""What a recorded case is to the runner, whatever file it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spanspec.language.dialect import Dialect

Case = Mapping[str, Any]
Document = Any


@dataclass(frozen=True)
class Answer:
    """What came of a case, recorded or found.

    Attributes:
        verdict: `ok`, `no_match`, `resolution`, `syntax`, `other`, `crash`, or what else a kind of file tells apart.
        shown: Texts, values or a structure, as JSON has them; None where the record tells none.
        message: The error's text; None where the record tells none.
    """

    verdict: str
    shown: Any = None
    message: str | None = None

    @property
    def good(self) -> bool:
        """Whether the text did what it says."""
        return self.verdict == "ok"


@dataclass(frozen=True)
class Replay:
    """A case that can be evaluated in either mode.

    Attributes:
        file: The file's name, without its suffix.
        id: The case's id, made unique within its file.
        recorded: What the reference gave; several of an unstable case.
        look: Evaluates the case.
        tags: The case's tags.
        shows: Whether `shown` must be the same by default too, and not the verdict alone.
        unstable: Whether the reference gives one of several results at random.
        documented: Whether the reference's own documentation promises that it passes.
        without: Why the case is not replayed; empty when it is.
    """

    file: str
    id: str
    recorded: tuple[Answer, ...]
    look: Callable[[Dialect], Answer]
    tags: tuple[str, ...] = ()
    shows: bool = False
    unstable: bool = False
    documented: bool = False
    without: str = ""


Replayer = Callable[[str, Document], Iterator[Replay]]
"""Makes the replays of one file."""


def cases_of(document: Document) -> list[dict[str, Any]]:
    """The cases of a document: the document itself when it is a list, else its `cases`."""
    return document if isinstance(document, list) else document["cases"]


def tags_of(case: Case) -> tuple[str, ...]:
    """A case's tags."""
    return tuple(case.get("tags") or ())


def is_unstable(case: Case) -> bool:
    """Whether the reference answers at random."""
    return bool(case.get("unstable")) or any(tag in ("unstable", "flaky") for tag in tags_of(case))


def matches(found: Answer, recorded: Answer) -> bool:
    """Whether what was found is what was recorded, to the letter."""
    if recorded.verdict == "crash":
        return not found.good
    if found.verdict != recorded.verdict or (recorded.shown is not None and found.shown != recorded.shown):
        return False
    return recorded.message is None or found.verdict == "syntax" or _same_words(found.message or "", recorded.message)


_LIBRARIES = ("invalid JSON input: ", "error parsing regexp: ", "is no regular expression")
"""After these the words are those of a library."""


def _same_words(found: str, recorded: str) -> bool:
    for mark in _LIBRARIES:
        if mark in recorded:
            return found.partition(mark)[0] == recorded.partition(mark)[0] or "regular expression" in found
    return found == recorded


def agrees(replay: Replay, found: Answer) -> bool:
    """Whether the default's answer is the reference's: its verdict, and what is shown where that counts."""
    return any(
        found.good == recorded.good
        and (not replay.shows or not found.good or recorded.shown is None or found.shown == recorded.shown)
        for recorded in replay.recorded
    )
