"""A Kafka broker to talk to: the one that `SHOP_KAFKA` names, or the mock cluster inside librdkafka.

The mock speaks Kafka's protocol on a socket of its own and needs no installation; it lives as long as the object here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confluent_kafka import Producer

START_S = 5


class Broker:
    """Where events pass through, as `host:port`."""

    def __init__(self) -> None:
        self._mock: Producer | None = None
        self.address = os.environ.get("SHOP_KAFKA") or self._start()

    def _start(self) -> str:
        from confluent_kafka import Producer  # 60 ms, and not needed where there is a broker

        self._mock = Producer({"test.mock.num.brokers": 1, "log_level": 4})
        brokers = self._mock.list_topics(timeout=START_S).brokers.values()
        return ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
