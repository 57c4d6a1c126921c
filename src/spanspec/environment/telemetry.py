"""The `OTEL_*` variables of a service, as the SDKs read them. Pure.

Specification: OpenTelemetry, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

DELAY_MS = 100
"""The batch delay that services get: a batch is on its way at the latest this long after a span has ended."""

RUN = "spanspec.run"
"""The resource attribute by which spans of what this run started are known."""

_EXPORTER = "OTEL_EXPORTER_OTLP_"
_DELAY = "OTEL_BSP_SCHEDULE_DELAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """Where the services of a run send to.

    Attributes:
        http: `HOST:PORT` for OTLP/HTTP; empty where this run receives nothing.
        grpc: The same for OTLP/gRPC.
        run_id: Of the run.
        host: This machine's name.
        open: Whether the receiver listens beyond this machine's loopback.
    """

    http: str
    grpc: str
    run_id: str
    host: str
    open: bool = False

    def inherited(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The runner's environment without what would send telemetry elsewhere."""
        dropped = {"OTEL_SERVICE_NAME", _DELAY} if not self.http else {"OTEL_SERVICE_NAME", "OTEL_SDK_DISABLED", _DELAY}
        return {
            name: value
            for name, value in environment.items()
            if name not in dropped and not (self.http and name.startswith(_EXPORTER))
        }

    def of(self, service: str, own: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
        """What is set for a service; what it sets itself is left as it is.

        Args:
            service: Its name.
            own: What its `env` has.
            inherited: The runner's environment.
        """
        made = {"OTEL_SERVICE_NAME": service, _DELAY: str(DELAY_MS), "PYTHONUNBUFFERED": "1"}
        made["OTEL_RESOURCE_ATTRIBUTES"] = self.attributes(
            own.get("OTEL_RESOURCE_ATTRIBUTES", inherited.get("OTEL_RESOURCE_ATTRIBUTES", ""))
        )
        if self.http and not self._sends_elsewhere(own):
            grpc = own.get(f"{_EXPORTER}PROTOCOL", own.get(f"{_EXPORTER}TRACES_PROTOCOL", "")) == "grpc" and self.grpc
            made[f"{_EXPORTER}ENDPOINT"] = f"http://{self.grpc if grpc else self.http}"
            made[f"{_EXPORTER}PROTOCOL"] = "grpc" if grpc else "http/protobuf"
            made["OTEL_TRACES_EXPORTER"] = "otlp"
            # Nobody reads them here, and an exporter that waits for an answer at the end would hold the service up.
            made |= {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
            made |= _without_proxy(inherited)
        return {**made, **{name: value for name, value in own.items() if name != "OTEL_RESOURCE_ATTRIBUTES"}}

    def attributes(self, given: str) -> str:
        """`OTEL_RESOURCE_ATTRIBUTES` with the run and the host added to what is given."""
        keys = {part.partition("=")[0].strip() for part in given.split(",")}
        mine = {"host.name": self.host, RUN: self.run_id}
        added = [f"{key}={quote(value, safe='')}" for key, value in mine.items() if value and key not in keys]
        return ",".join([*([given.strip(", ")] if given.strip(", ") else []), *added])

    @staticmethod
    def _sends_elsewhere(own: Mapping[str, str]) -> bool:
        return f"{_EXPORTER}ENDPOINT" in own or f"{_EXPORTER}TRACES_ENDPOINT" in own


def _without_proxy(inherited: Mapping[str, str]) -> dict[str, str]:
    """`NO_PROXY` with this machine in it, where a proxy is set: exporters heed it."""
    if not any(name.upper() in ("HTTP_PROXY", "ALL_PROXY") and value for name, value in inherited.items()):
        return {}
    before = inherited.get("NO_PROXY", inherited.get("no_proxy", ""))
    return {"NO_PROXY": ",".join(filter(None, [before, "127.0.0.1", "localhost"]))}


def delay_ms(variables: Mapping[str, str]) -> float | None:
    """The batch delay of a service with these variables; None where it cannot be told."""
    try:
        found = float(variables.get(_DELAY, ""))
    except ValueError:
        return None
    return found if 0 <= found < 1e7 else None
