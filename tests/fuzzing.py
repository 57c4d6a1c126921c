"""How long the generated tests run: `make fuzz` sets a factor, `make test` leaves it at 1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FACTOR = max(1, int(os.environ.get("SPANSPEC_FUZZ", "1")))


def thorough(examples: int) -> settings:
    """Settings for so many examples, more of them under `make fuzz`; no deadline, for the machine may be busy."""
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=examples * FACTOR, deadline=None, suppress_health_check=quiet)
