"""Addresses that nobody answers at: said once, and not waited for by every case.

After three tries in a row that could not even connect, and none that could, cases that come within the next seconds fail
at once. Then one is let through again: a service may take its time to start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spanspec.errors import TriggerError

if TYPE_CHECKING:
    from spanspec.triggers.base import Trigger

TRIES = 3
PAUSE_NS = 5_000_000_000
_FIELDS = ("url", "address", "brokerUrls", "host")


@dataclass(slots=True)
class _Dead:
    """What is known of an address that could not be reached."""

    first: TriggerError
    case: str
    tries: int = 0
    cases: int = 0
    until_ns: int = 0


@dataclass(slots=True)
class Reach:
    """What a run knows of the addresses that it sends to."""

    _dead: dict[str, _Dead] = field(default_factory=dict)
    _alive: set[str] = field(default_factory=set)

    def hold(self, trigger: Trigger, now_ns: int) -> None:
        """Raise where the trigger's address is known to be dead.

        Raises:
            TriggerError: Nothing was sent.
        """
        origin = origin_of(trigger)
        dead = self._dead.get(origin)
        if dead is None or dead.tries < TRIES or now_ns >= dead.until_ns:
            return
        dead.cases += 1
        raise TriggerError(
            f'{trigger.describe()} was not sent: {origin} could not be reached, as "{dead.case}" tells',
            help=dead.first.help,
        )

    def reached(self, trigger: Trigger) -> None:
        """It answered."""
        origin = origin_of(trigger)
        self._alive.add(origin)
        self._dead.pop(origin, None)

    def failed(self, trigger: Trigger, error: TriggerError, case: str, now_ns: int) -> None:
        """It did not; only an address that could not be connected to counts, and one that never answered."""
        origin = origin_of(trigger)
        if not error.unreachable or not origin or origin in self._alive:
            return
        dead = self._dead.setdefault(origin, _Dead(error, case))
        dead.tries += 1
        dead.cases += 1
        dead.until_ns = now_ns + PAUSE_NS

    def notes(self) -> tuple[str, ...]:
        """One for each dead address that more than one case wanted."""
        return tuple(
            f"{origin} could not be reached; {dead.cases} tries failed for it"
            for origin, dead in self._dead.items()
            if dead.cases > 1
        )


def origin_of(trigger: Trigger) -> str:
    """What stands for the peer: scheme, host and port of a URL, else the address as it is; empty where there is none."""
    for name in _FIELDS:
        value = getattr(trigger, name, None)
        if isinstance(value, list | tuple):
            value = ",".join(map(str, value))
        if isinstance(value, str) and value:
            return _origin(value)
    return ""


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
    except ValueError:
        return text
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if parts.scheme else host or text
