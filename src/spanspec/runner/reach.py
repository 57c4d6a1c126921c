"""Addresses that nobody answers at, of triggers and of stores: said once, and not waited for by every case.

After three tries in a row that could not even connect, and none that could, cases that come within the next seconds fail
at once. Then one is let through again: a service may take its time to start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spanspec.errors import StoreError, TriggerError
from spanspec.stores.base import UnreachableError

if TYPE_CHECKING:
    from spanspec.triggers.base import Trigger

TRIES = 3
PAUSE_NS = 5_000_000_000
_FIELDS = ("url", "address", "brokerUrls", "host")


@dataclass(slots=True)
class _Dead:
    """What is known of an address that could not be reached."""

    help: str
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
        dead = self._known(origin, now_ns)
        if dead is not None:
            raise TriggerError(
                f'{trigger.describe()} was not sent: {origin} could not be reached, as "{dead.case}" tells',
                help=dead.help,
            )

    def hold_store(self, name: str, now_ns: int) -> None:
        """Raise where a store is known to be dead: a trigger whose trace nobody can read is not fired.

        Raises:
            StoreError: Nothing was asked.
        """
        dead = self._known(_store(name), now_ns)
        if dead is not None:
            message = f'nothing was sent: the {_store(name)} could not be reached, as "{dead.case}" tells'
            raise StoreError(message, help=dead.help)

    def reached(self, trigger: Trigger) -> None:
        """It answered."""
        self._answered(origin_of(trigger))

    def store_reached(self, name: str) -> None:
        """A store answered."""
        self._answered(_store(name))

    def failed(self, trigger: Trigger, error: TriggerError, case: str, now_ns: int) -> None:
        """It did not; only an address that could not be connected to counts, and one that never answered."""
        if error.unreachable:
            self._unreachable(origin_of(trigger), error.help, case, now_ns)

    def store_failed(self, name: str, error: StoreError, case: str, now_ns: int) -> None:
        """A store did not answer; only one that nothing answers at counts, and that never did."""
        if isinstance(error, UnreachableError):
            self._unreachable(_store(name), error.help, case, now_ns)

    def notes(self) -> tuple[str, ...]:
        """One for each dead address that more than one case wanted."""
        return tuple(
            f"{origin} could not be reached; {dead.cases} tries failed for it"
            for origin, dead in self._dead.items()
            if dead.cases > 1
        )

    def _known(self, origin: str, now_ns: int) -> _Dead | None:
        """What is known of a dead address, and one more case wanted it; None where it may be tried."""
        dead = self._dead.get(origin)
        if dead is None or dead.tries < TRIES or now_ns >= dead.until_ns:
            return None
        dead.cases += 1
        return dead

    def _answered(self, origin: str) -> None:
        self._alive.add(origin)
        self._dead.pop(origin, None)

    def _unreachable(self, origin: str, help_: str, case: str, now_ns: int) -> None:
        if not origin or origin in self._alive:
            return
        dead = self._dead.setdefault(origin, _Dead(help_, case))
        dead.tries += 1
        dead.cases += 1
        dead.until_ns = now_ns + PAUSE_NS


def _store(name: str) -> str:
    return f'store "{name}"'


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
