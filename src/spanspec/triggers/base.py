"""The seam of all triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from spanspec.plugins import Family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.model.context import Clock, TraceContext, TriggerResult

TRIGGERS = Family("trigger", "spanspec.triggers", "spanspec.triggers", "Trigger")


class Trigger(Protocol):
    """Start one transaction.

    The class is a frozen pydantic model (`extra="forbid"`); its fields are its keys in a definition. Every text in
    them, also inside lists and mappings, may hold `${…}`: it is a template until a plan is bound, and the class is
    validated again with the texts filled in.
    """

    def describe(self) -> str:
        """What is sent, in one line for people: `POST http://127.0.0.1:8080/checkout`."""
        ...

    def secrets(self) -> Iterable[str]:
        """The values in it that no report may show: passwords, tokens, keys."""
        ...

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Send it, with the context injected, and return the answer.

        Raises:
            TriggerError: No answer: the address, the reason, and the likely cause are in the message.
        """
        ...
