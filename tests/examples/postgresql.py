"""A PostgreSQL server for a test: a fresh cluster on a free port of the loopback interface."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.examples.shop_process import wait_for

NOBODY = 65534


def program(name: str) -> str | None:
    """Find one of the server's programs; Debian keeps them out of PATH."""
    folders = [os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
    return shutil.which(name, path=os.pathsep.join(folders))


def installed() -> bool:
    """Say whether the server's programs are there."""
    return program("initdb") is not None and program("postgres") is not None


@contextmanager
def serving() -> Iterator[str]:
    """Run a server on data of its own; give the URL of its database. It refuses root, so that root becomes nobody."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder, tempfile.TemporaryFile() as log:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        _start(["initdb", "-D", folder, "--auth=trust", "--username=shop", "--no-sync"], log.fileno()).wait(60)
        port = _free_port()
        settings = ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", "fsync=off"]
        server = _start(["postgres", "-D", folder, *(part for each in settings for part in ("-c", each))], log.fileno())
        try:
            wait_for(lambda: _listens(port) or server.poll() is not None, 30)
            assert server.poll() is None, _text(log)
            yield f"postgresql://shop@127.0.0.1:{port}/postgres"
        finally:
            if server.poll() is None:
                server.send_signal(signal.SIGINT)
            server.wait(30)


def _text(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read().decode(errors="replace")


def _start(command: Sequence[str], log: int) -> subprocess.Popen[bytes]:
    name, *arguments = command
    command = [program(name) or name, *arguments]
    if os.geteuid() == 0:
        return subprocess.Popen(command, cwd="/", stdout=log, stderr=log, user=NOBODY, group=NOBODY, extra_groups=[])
    return subprocess.Popen(command, stdout=log, stderr=log)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
