"""Live messages of a run: smaller than results, for whoever shows what is going on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from spanspec.results.model import CaseResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """How many cases will run, where spans are awaited (`127.0.0.1:4318`, empty when nowhere), and what to know of that."""

    cases: int
    receiver: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemChanged:
    """The system under test is being started: what is done now, or that it is up."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFired:
    """A trigger is being fired."""

    index: int
    name: str
    trigger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWaiting:
    """Spans are awaited: how many have arrived, how many checks are undecided, and why it goes on waiting."""

    index: int
    spans: int
    undecided: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRunning:
    """An item of set-up or tear-down is under way; `phase` is `setup` or `teardown`."""

    index: int
    name: str
    phase: str
    hook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRetried:
    """A try did not pass, and the case is tried again: how often it has been tried, and why that did not pass."""

    index: int
    name: str
    number: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDone:
    """A case has its result."""

    index: int
    result: CaseResult


Progress: TypeAlias = RunStarted | SystemChanged | HookRunning | CaseFired | CaseWaiting | CaseRetried | CaseDone


class Listener(Protocol):
    """Takes progress; must not raise and must not block."""

    def on(self, progress: Progress) -> None:
        """Take one message."""
        ...
