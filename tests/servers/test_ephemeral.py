"""The five steps of a pipeline, with the files of the guide: environment, collector, run, verdict, tear-down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.examples.shop_process import running
from tests.servers.needed import free_ports, need, until_it_listens
from tests.servers.stores import COLLECTOR

FILES = ROOT / "examples" / "ci" / "ephemeral"


@contextmanager
def collector(folder: Path, own: int, grpc: int, run: int) -> Iterator[str]:
    """The Collector with the guide's file; yields where services send to."""
    need(COLLECTOR.exists(), "the OpenTelemetry Collector")
    environment = {
        **os.environ,
        "COLLECTOR_HTTP": f"127.0.0.1:{own}", "COLLECTOR_GRPC": f"127.0.0.1:{grpc}", "SPANSPEC_OTLP": f"http://127.0.0.1:{run}",
    }  # fmt: skip
    log = folder / "collector.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [COLLECTOR, f"--config={FILES / 'collector.yaml'}"], env=environment, stdout=output, stderr=output
        )
    try:
        until_it_listens([("127.0.0.1", own)], process, log, within_s=30)
        yield f"http://127.0.0.1:{own}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.timeout(180)
def test_the_five_steps(tmp_path: Path) -> None:
    """The healthy shop gives 0 and a broken one 1, through a real Collector, and nothing of the environment is left."""
    own, grpc, run = free_ports(3)
    (tmp_path / "shop").mkdir()
    with collector(tmp_path, own, grpc, run) as otlp, running(otlp, tmp_path / "shop") as shop:
        for fault, code in (("none", 0), ("duplicate-shipping", 1), ("inventory-not-updated", 1)):
            done = subprocess.run(
                [sys.executable, "-m", "spanspec", "run", "--var", f"FAULT={fault}", "--endpoint", shop.gateway,
                 "--receiver", f"127.0.0.1:{run}", "--retries", "0", "--linger", "0s",
                 f"--report=json={tmp_path / 'run.json'}", f"--report=junit={tmp_path / 'junit.xml'}",
                 f"--report=markdown={tmp_path / 'summary.md'}"],
                cwd=FILES, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == code, done.stdout + done.stderr
            case = json.loads((tmp_path / "run.json").read_text())["cases"][0]
            assert case["outcome"] == ("failed" if code else "passed")
    assert "inventory-service" in (tmp_path / "summary.md").read_text()
    assert shop.runner.poll() is not None
