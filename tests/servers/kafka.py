"""Apache Kafka of one node, on free loopback ports, with every way in that clients know."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.servers.needed import free_ports, need, until_it_listens

FOLDER = Path(os.environ.get("SPANSPEC_SERVERS_DIR", "~/.cache/spanspec-servers")).expanduser() / "kafka-4.4.0"
ALICE, BOB = ("alice", "alice-secret"), ("bob", "bob-secret")
"""Who may come in: the first with PLAIN, the second with SCRAM."""


@dataclass(frozen=True)
class Kafka:
    """A broker: its addresses by what they ask for, and the folder with `ca.pem`, `client.pem`, `client.key`."""

    plain: str
    sasl: str
    mutual: str
    sasl_tls: str
    folder: Path


def _certificates(folder: Path) -> None:
    authority = trustme.CA()
    server, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("client.test")
    (folder / "ca.pem").write_bytes(authority.cert_pem.bytes())
    (folder / "client.pem").write_bytes(client.cert_chain_pems[0].bytes())
    (folder / "client.key").write_bytes(client.private_key_pem.bytes())
    key = load_pem_private_key(server.private_key_pem.bytes(), None)
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # what the broker reads
    (folder / "server.pem").write_bytes(pkcs8 + server.cert_chain_pems[0].bytes())


def _properties(ports: list[int], folder: Path) -> str:
    plain, sasl, mutual, sasl_tls, controller = ports
    listeners = (
        f"PLAIN://127.0.0.1:{plain},SASL://127.0.0.1:{sasl},MUTUAL://127.0.0.1:{mutual},BOTH://127.0.0.1:{sasl_tls}"
    )
    lines = [
        "process.roles=broker,controller",
        "node.id=1",
        f"controller.quorum.voters=1@127.0.0.1:{controller}",
        "controller.listener.names=CONTROLLER",
        f"listeners={listeners},CONTROLLER://127.0.0.1:{controller}",
        f"advertised.listeners={listeners}",
        "inter.broker.listener.name=PLAIN",
        "listener.security.protocol.map=PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,MUTUAL:SSL,BOTH:SASL_SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "ssl.keystore.type=PEM",
        f"ssl.keystore.location={folder}/server.pem",
        "ssl.truststore.type=PEM",
        f"ssl.truststore.location={folder}/ca.pem",
        "listener.name.mutual.ssl.client.auth=required",
        f"log.dirs={folder}/data",
        "num.partitions=3",
        "offsets.topic.num.partitions=1",
        "offsets.topic.replication.factor=1",
        "transaction.state.log.replication.factor=1",
        "transaction.state.log.min.isr=1",
        "group.initial.rebalance.delay.ms=0",
    ]
    modules = "org.apache.kafka.common.security"
    for name in ("sasl", "both"):
        lines += [
            f'listener.name.{name}.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required user_{ALICE[0]}="{ALICE[1]}";',
            f"listener.name.{name}.scram-sha-256.sasl.jaas.config={modules}.scram.ScramLoginModule required;",
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config={modules}.scram.ScramLoginModule required;",
            f"listener.name.{name}.oauthbearer.sasl.jaas.config={modules}.oauthbearer.OAuthBearerLoginModule required"
            ' unsecuredLoginStringClaim_sub="broker";',
            f"listener.name.{name}.oauthbearer.sasl.server.callback.handler.class="
            f"{modules}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler",
        ]
    return "\n".join(lines) + "\n"


@contextmanager
def kafka(folder: Path) -> Iterator[Kafka]:
    """Format a log, start the broker, and end it by its pid."""
    java = shutil.which("java")
    need(FOLDER.is_dir() and java is not None, "Apache Kafka")
    assert java is not None
    ports = free_ports(5)
    _certificates(folder)
    properties = folder / "server.properties"
    properties.write_text(_properties(ports, folder))
    # Small machines: no second compiler, one collector thread; it starts in half the time.
    command = [java, "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{FOLDER}/*"]
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    scram = [f"--add-scram=SCRAM-SHA-{bits}=[name={BOB[0]},password={BOB[1]}]" for bits in (256, 512)]
    log = folder / "log.txt"
    with log.open("wb") as output:
        subprocess.run(
            [*command, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", os.fspath(properties), *scram],
            stdout=output,
            stderr=output,
            timeout=60,
            check=True,
        )
        process = subprocess.Popen([*command, "kafka.Kafka", os.fspath(properties)], stdout=output, stderr=output)
        try:
            until_it_listens([("127.0.0.1", port) for port in ports[:4]], process, log, within_s=60)
            yield Kafka(*(f"127.0.0.1:{port}" for port in ports[:4]), folder)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)
