"""Records the ten runs that reports are held to, from the real shop: `python -m tests.reports.record`.

Each is the JSON that `spanspec run --report json` writes. They are recorded when the result's format gains something that
reports show, and committed; no test writes them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.examples.shop_process import SHOP, running

ROOT = SHOP.parents[1]
RUNS = Path(__file__).parent / "runs"
CHECKOUT = "examples/shop/tests/checkout.yaml"
TWICE = """\
name: checkout on a shop that recovers
setup:
  - command: { run: "if [ -e mark ]; then printf none; else touch mark; printf duplicate-shipping; fi" }
    outputs: [ { name: FAULT, value: "response:body" } ]
trigger:
  http: { method: POST, url: /checkout, headers: { baggage: "shop.fault=${var:FAULT}" }, body: { order: spring-sale } }
settle: { export_delay: 100ms, patience: 2s }
retries: 1
expect:
  - name: shipping is called exactly once
    that: exactly 1 span[service.name = "shipping-service" kind = "server"]
"""
UNSURE = """\
name: the parcel is delivered
trigger: { http: { method: POST, url: /checkout, body: { order: spring-sale } } }
settle: { export_delay: 100ms, timeout: 2s, until: 'some span[name = "deliver parcel"]' }
expect:
  - name: shipping is called exactly once
    that: exactly 1 span[service.name = "shipping-service" kind = "server"]
  - response:status = 200
"""
SETTINGS = "trace_url: https://traces.example/trace/{trace_id}\n"


def main() -> None:
    """Start the shop, and record every run."""
    RUNS.mkdir(exist_ok=True)
    faults = json.loads((SHOP / "faults.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary, socket.create_server(("127.0.0.1", 0)) as held:
        folder = Path(temporary)
        receiver = f"127.0.0.1:{held.getsockname()[1]}"
        held.close()
        for name, text in (("twice.yaml", TWICE), ("unsure.yaml", UNSURE), ("spanspec.yaml", SETTINGS)):
            (folder / name).write_text(text, encoding="utf-8")
        with running(f"http://{receiver}", folder) as shop:
            at = ["--endpoint", shop.gateway, "--receiver", f"http={receiver}"]
            for name in ("pass", *faults):
                fault = [] if name == "pass" else ["--var", f"FAULT={name}"]
                _record(name, ROOT, CHECKOUT, *at, *fault)
            _record("inconclusive", folder, "unsure.yaml", *at)
            _record("flaky", folder, "twice.yaml", *at)
        _record("errored", ROOT, CHECKOUT, *at)


def _record(name: str, folder: Path, *arguments: str) -> None:
    target = RUNS / f"{name}.json"
    command = [sys.executable, "-m", "spanspec", "run", *arguments, "--seed", "7", "--linger", "0s", "-q"]
    # The variables of continuous integration would be recorded too.
    environment = {key: value for key, value in os.environ.items() if key != "CI" and not key.startswith("GITHUB_")}
    done = subprocess.run([*command, "--report", f"json={target}"], cwd=folder, env=environment, check=False)
    # What an exception's stack trace tells of this machine is nobody's business.
    target.write_text(target.read_text(encoding="utf-8").replace(f"{ROOT}/", ""), encoding="utf-8")
    print(f"{name}: exit code {done.returncode}, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
