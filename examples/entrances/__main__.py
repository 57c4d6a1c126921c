"""Open one entrance: `python examples/entrances grpc`, `… kafka --broker HOST:PORT`, `… rabbitmq --broker amqp://…`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NAMES = {"grpc": "checkout-rpc", "kafka": "checkout-events", "rabbitmq": "checkout-messages"}
EXTRAS = {"grpc": "grpc", "kafka": "kafka", "rabbitmq": "rabbitmq"}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="entrances", description="One more way into the shop, which must be open.")
    parser.add_argument("kind", choices=list(NAMES))
    parser.add_argument(
        "--gateway", default="http://127.0.0.1:8080", metavar="URL", help="the shop's gateway (default %(default)s)"
    )
    parser.add_argument(
        "--otlp",
        metavar="URL",
        help="where to send spans (default $OTEL_EXPORTER_OTLP_ENDPOINT, else http://127.0.0.1:4318)",
    )
    parser.add_argument(
        "--port", type=int, default=9000, help="where gRPC listens; 0: any free port (default %(default)s)"
    )
    parser.add_argument("--broker", default="", help="Kafka's host:port, or RabbitMQ's URL")
    return parser.parse_args()


def _environment(options: argparse.Namespace) -> None:
    """What the shop's services get from their runner; what the caller has set stays."""
    if options.otlp:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = options.otlp
    defaults = {
        "OTEL_SERVICE_NAME": NAMES[options.kind],
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_RESOURCE_ATTRIBUTES": f"host.name={socket.gethostname()}",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    os.environ["SHOP_API_GATEWAY_URL"] = options.gateway


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if options.kind == "grpc":
        from entrances.by_grpc import serve

        server, address = await serve(options.port)
        print(f"the entrance is open at {address}", flush=True)
        await stop.wait()
        await server.stop(1)
        return
    if options.kind == "kafka":
        from entrances.by_kafka import Entrance
    else:
        from entrances.by_rabbitmq import Entrance  # type: ignore[assignment]
    entrance = Entrance(options.broker)
    try:
        await entrance.open()
        print(f"the entrance reads from {options.broker.rpartition('@')[2]}", flush=True)
        running, stopping = asyncio.create_task(entrance.run()), asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()  # it ends by a fault only
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    finally:
        await entrance.close()


def main() -> int:
    """Serve until told to stop, and hand over the last spans."""
    options = _options()
    _environment(options)
    sys.path[:] = [str(FOLDER.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != FOLDER)]
    try:
        from shop import telemetry

        provider = telemetry.start()
        asyncio.run(_run(options))
    except ImportError as fault:
        print(f"entrances: {fault}; install: pip install 'spanspec[demo,{EXTRAS[options.kind]}]'", file=sys.stderr)
        return 2
    provider.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
