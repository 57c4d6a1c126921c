"""What a user may write, for a type checker; it is not run."""

from __future__ import annotations

import spanspec
from spanspec import Duration, Trace, ms, seconds
from spanspec.testing import span, trace


def views() -> None:
    """A trace and what is in it."""
    found: Trace = Trace(trace(span("GET /")))
    selected: spanspec.Selection = found["span[kind = 'server']"]
    one: spanspec.Span = selected.one()
    amount: float = one["payment.amount"]
    longest: Duration = max(selected.durations)
    parent: spanspec.Span | None = one.parent
    rest: spanspec.Selection = selected[1:]
    within: bool = longest < ms(200) + seconds(1)
    names: tuple[str, ...] = found.spans(service="cart").names
    found.expect("no_errors()")
    outcome: spanspec.Outcome = found.check("no_errors()").outcome
    print(amount, parent, rest, within, names, outcome, spanspec.check(found, "no_errors()").reason)


async def received() -> Trace:
    """A receiver."""
    async with spanspec.Receiver(port=0, export_delay="100ms") as receiver:
        return await receiver.wait_for_trace("0" * 31 + "1", until="some span", timeout=5)


def wrong() -> None:
    """What a checker must refuse."""
    found = Trace(trace(span("GET /")))
    found.spans(servce="cart")  # type: ignore[call-arg]
    _ = found.spans().one().duration < 5  # type: ignore[operator]
    found["span"].only()  # type: ignore[attr-defined]
