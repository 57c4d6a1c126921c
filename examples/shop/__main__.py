"""Start the shop: `python examples/shop`, `python -m shop`, or this file's path with options."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

NEEDED = ("aiokafka", "aiosqlite", "confluent_kafka", "httpx", "sqlalchemy", "starlette", "uvicorn")
NEEDED_OF_OPENTELEMETRY = ("sdk", "exporter.otlp.proto.http", "instrumentation.starlette")


def missing() -> list[str]:
    """Name the libraries of the shop that are not installed."""
    absent = [name for name in NEEDED if find_spec(name) is None]
    if find_spec("opentelemetry") is None:
        return [*absent, "opentelemetry"]
    return absent + [
        f"opentelemetry.{name}" for name in NEEDED_OF_OPENTELEMETRY if not _importable(f"opentelemetry.{name}")
    ]


def _importable(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # a parent of it is absent
        return False


def main() -> int:
    """Make the package importable from wherever this folder lies, and run it."""
    folder = Path(__file__).resolve().parent
    if not __package__:
        sys.path[:] = [str(folder.parent), *(entry for entry in sys.path if Path(entry).resolve() != folder)]
    if absent := missing():
        print(f"the shop needs libraries that are not installed: {', '.join(absent)}", file=sys.stderr)
        print("install them with: pip install 'spanspec[demo]'", file=sys.stderr)
        return 2
    from shop.runner import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
