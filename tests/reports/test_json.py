from __future__ import annotations

from spanspec.reports.json import Report
from spanspec.results.json import decode
from tests.results.example import CART, run


def test_the_report_is_the_run() -> None:
    """What the report writes is read back as the run."""
    data = Report().render(run(CART))
    assert data.endswith(b"}\n")
    assert decode(data) == run(CART)
