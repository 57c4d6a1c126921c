"""The seam for whoever starts the system under test: up before the first case, down after the last, logs in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from spanspec.api import execute
from spanspec.definition.plan import Loaded
from spanspec.results.model import LogExcerpt, RunResult
from spanspec.runner.session import Session
from tests.runner.service import Service, case, hook, service


class Logs:
    """What one service wrote; it never falls."""

    variables: Mapping[str, str] = MappingProxyType({})
    hidden: frozenset[str] = frozenset()
    export_delay_s: float | None = None
    notes: tuple[str, ...] = ("it was up",)

    def fault(self, case: str) -> None:
        """All is well."""

    async def fallen(self) -> None:
        """Never."""
        await asyncio.Event().wait()

    def logs(self, start_ns: int, end_ns: int) -> tuple[LogExcerpt, ...]:
        """One line."""
        assert 0 < start_ns <= end_ns
        return (LogExcerpt(source="shop", text="out of stock"),)


def run(shop: Service, seen: list[str]) -> RunResult:
    """A test that passes and one that fails, with the system started and stopped around them."""

    @asynccontextmanager
    async def surroundings(session: Session) -> AsyncIterator[Logs]:
        seen.append("up")
        yield Logs()
        seen.extend((*shop.paths, "down"))

    items = (
        case("good", f"{shop.url}/a", teardown=(hook(f"{shop.url}/clean"),)),
        case("bad", f"{shop.url}/b", "response:status = 201"),
    )
    return asyncio.run(execute(Loaded(items=items), surroundings=surroundings))


def test_the_system_is_up_for_all_cases_and_its_logs_are_kept_of_those_that_do_not_pass() -> None:
    """Tear-downs are asked for before it goes down."""
    seen: list[str] = []
    with service() as shop:
        found = run(shop, seen)
    assert (seen[0], seen[-1], sorted(seen[1:-1])) == ("up", "down", ["/a", "/b", "/clean"])
    assert found.notes[-1] == "it was up"
    assert [each.logs for each in found.cases] == [(), (LogExcerpt(source="shop", text="out of stock"),)]
