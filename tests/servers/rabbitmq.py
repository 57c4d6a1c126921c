"""RabbitMQ on free loopback ports, with TLS and a user of its own, ended with the port mapper that it starts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.servers.needed import free_ports, need, until_it_listens

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
USER = ("shop", "s3cret/@x")


@dataclass(frozen=True)
class RabbitMq:
    """A broker: `host:port` plain and with TLS, and the folder with `ca.pem`, `client.pem`, `client.key`."""

    plain: str
    mutual: str
    folder: Path


def _configuration(plain: int, mutual: int, folder: Path) -> str:
    return f"""
listeners.tcp.1 = 127.0.0.1:{plain}
listeners.ssl.1 = 127.0.0.1:{mutual}
ssl_options.cacertfile = {folder}/ca.pem
ssl_options.certfile = {folder}/server.pem
ssl_options.keyfile = {folder}/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
default_user = {USER[0]}
default_pass = {USER[1]}
log.console = true
log.file = false
"""


def _certificates(folder: Path) -> None:
    authority = trustme.CA()
    (folder / "ca.pem").write_bytes(authority.cert_pem.bytes())
    for name, host in (("server", "127.0.0.1"), ("client", "client.test")):
        issued = authority.issue_cert(host)
        (folder / f"{name}.pem").write_bytes(issued.cert_chain_pems[0].bytes())
        (folder / f"{name}.key").write_bytes(issued.private_key_pem.bytes())


def _environment(node: str, distribution: int, mapper: int, folder: Path) -> dict[str, str]:
    (folder / "plugins").write_text("[].\n")
    return {
        **os.environ,
        "HOME": os.fspath(folder),
        "RABBITMQ_NODENAME": f"{node}@localhost",
        "RABBITMQ_CONFIG_FILE": os.fspath(folder / "rabbitmq.conf"),
        "RABBITMQ_MNESIA_BASE": os.fspath(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": os.fspath(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": os.fspath(folder / "plugins"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }


def _mapper(port: int) -> int | None:
    """The process id of the port mapper on that port, which the server started and leaves behind."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and (entry / "comm").read_text().strip() == "epmd":
                settings = (entry / "environ").read_bytes().split(b"\0")
                if f"ERL_EPMD_PORT={port}".encode() in settings:
                    return int(entry.name)
    return None


@contextmanager
def rabbitmq(folder: Path) -> Iterator[RabbitMq]:
    """Start the broker, and end it and its port mapper by their pids."""
    need(SERVER.is_file(), "RabbitMQ")
    plain, mutual, distribution, mapper = free_ports(4)
    _certificates(folder)
    (folder / "rabbitmq.conf").write_text(_configuration(plain, mutual, folder))
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [os.fspath(SERVER)],
            env=_environment(f"spanspec{plain}", distribution, mapper, folder),
            cwd=folder,
            stdout=output,
            stderr=output,
        )
        try:
            until_it_listens([("127.0.0.1", plain), ("127.0.0.1", mutual)], process, log, within_s=60)
            yield RabbitMq(f"127.0.0.1:{plain}", f"127.0.0.1:{mutual}", folder)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)
            if (left := _mapper(mapper)) is not None:
                os.kill(left, 15)
