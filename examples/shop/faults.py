"""The ways in which the shop can be made to misbehave, one request at a time.

A request asks for a fault through W3C Baggage: `baggage: shop.fault=slow-payment`. Baggage travels with the trace context
through all services, so healthy and faulty requests run side by side. `SHOP_FAULTS=off` makes the shop deaf to it.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum

from opentelemetry import baggage

KEY = "shop.fault"
HEALTHY = "none"


class Fault(StrEnum):
    """What may go wrong while the gateway answers 200."""

    DUPLICATE_SHIPPING = "duplicate-shipping"
    SLOW_PAYMENT = "slow-payment"
    LOST_EVENT = "lost-event"
    INVENTORY_NOT_UPDATED = "inventory-not-updated"
    QUERY_PER_ROW = "query-per-row"
    PAYMENT_ERROR_SWALLOWED = "payment-error-swallowed"


def asked() -> frozenset[str]:
    """Name what the current request asks for; several are joined by blanks or commas."""
    if os.environ.get("SHOP_FAULTS", "").lower() == "off":
        return frozenset()
    names = re.split(r"[\s,+]+", str(baggage.get_baggage(KEY) or ""))
    return frozenset(name for name in names if name and name != HEALTHY)


def unknown() -> list[str]:
    """Name what was asked for and does not exist."""
    return sorted(asked() - {fault.value for fault in Fault})


def active(fault: Fault) -> bool:
    """Say whether the current request is to suffer this fault."""
    return fault.value in asked()
