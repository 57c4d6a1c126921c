"""The article's definitions and command line against the shop on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples import postgresql
from tests.examples.shop_process import SHOP, RunningShop, running
from tests.servers.needed import need

ARTICLE = SHOP.parent / "article"


@pytest.fixture(scope="module")
def port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def shop(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """The shop on PostgreSQL, exporting to the port that the command will listen on."""
    need(postgresql.installed(), "PostgreSQL")
    folder = tmp_path_factory.mktemp("shop")
    with (
        postgresql.serving() as database,
        running(f"http://127.0.0.1:{port}", folder, {"SHOP_DATABASE_URL": database}) as shop,
    ):
        yield shop


def spanspec(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as a user types it in a folder."""
    command = [sys.executable, "-m", "spanspec", "run", "test", *arguments, "--linger", "0"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_the_one_database_call_passes_and_a_checkouts_fails_with_the_count(shop: RunningShop, port: int) -> None:
    """`span[tracetest.selected_spans.count = "1"] span[db.system="postgresql"]`, word for word."""
    where = ("--endpoint", shop.gateway, "--receiver", f"127.0.0.1:{port}")
    passed = spanspec(ARTICLE, "-f", "database-call.yaml", *where)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    failed = spanspec(ARTICLE, "-f", "database-calls.yaml", *where)
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "spans would be selected" in failed.stdout


def test_the_articles_command_line(shop: RunningShop, port: int, tmp_path: Path) -> None:
    """`run test -f ./tests/checkout-flow.yaml --endpoint URL`: 0 as it stands, not 0 when an assertion fails."""
    (tmp_path / "tests").mkdir()
    text = (ARTICLE / "checkout-flow.yaml").read_text()
    (tmp_path / "tests" / "checkout-flow.yaml").write_text(text)
    shutil.copy(ARTICLE / "spanspec.yaml", tmp_path)
    where = ("--endpoint", shop.gateway, "--receiver", f"127.0.0.1:{port}")
    arguments = ("-f", f".{os.sep}tests{os.sep}checkout-flow.yaml", *where)
    passed = spanspec(tmp_path, *arguments)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    (tmp_path / "tests" / "checkout-flow.yaml").write_text(text.replace("99.99", "99.98"))
    failed = spanspec(tmp_path, *arguments)
    assert failed.returncode == 1
    assert "99.99" in failed.stdout
    assert "payment-service" in failed.stdout
