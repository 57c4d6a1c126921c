"""The failure on the README's first screen is what the command prints on the running shop."""

from __future__ import annotations

import contextlib
import io
import shlex
import socket
from importlib.util import find_spec
from pathlib import Path

import pytest

from spanspec.cli.main import main
from tests.docs.pages import ROOT, bare, shown_pattern
from tests.docs.test_readme import failure
from tests.examples.shop_process import running

TRIES = 3
"""A busy machine may make the payment slow, which is one failure more than is shown."""


@pytest.mark.skipif(find_spec("aiokafka") is None, reason="the shop's libraries are not installed")
def test_the_failure_reads_as_shown(tmp_path: Path) -> None:
    """The README's command gives the README's output and exit code, but for times, ids and ports."""
    command, _, shown = failure().text.removeprefix("$ spanspec ").partition("\n")
    port = _free_port()
    with running(f"http://127.0.0.1:{port}", tmp_path) as shop:
        arguments = [*shlex.split(command), "--endpoint", shop.gateway, "--receiver", f"127.0.0.1:{port}"]
        for _ in range(TRIES):
            code, output = _run(arguments)
            assert code == int(failure().marks["exit"]), output
            if shown_pattern(shown).fullmatch(bare(output)):
                return
    pytest.fail(output)


def _free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port


def _run(arguments: list[str]) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(arguments)
    return code, out.getvalue()
