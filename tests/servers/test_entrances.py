"""The shop driven by HTTP, gRPC, Kafka and RabbitMQ through real brokers, by the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.examples.shop_process import SHOP, clean_environment, running
from tests.servers.kafka import kafka
from tests.servers.needed import free_ports
from tests.servers.rabbitmq import USER, rabbitmq

ENTRANCES = SHOP.parent / "entrances"


@dataclass(frozen=True)
class Open:
    """The shop with all its entrances: what the command is told to find them."""

    words: tuple[str, ...]

    def run(self, *arguments: str) -> tuple[int, dict[str, str], str]:
        """The exit code, the outcome of each test by its name, and all that was said."""
        command = [sys.executable, "-m", "spanspec", "run", os.fspath(ENTRANCES), *self.words, "-o", "json", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        said = done.stdout + done.stderr
        try:
            cases = json.loads(done.stdout)["cases"]
        except (ValueError, KeyError):
            pytest.fail(said)
        return done.returncode, {case["name"]: case["outcome"] for case in cases}, said


@contextmanager
def entrance(folder: Path, *arguments: str) -> Iterator[str]:
    """One entrance as a process; the last word of the line by which it says that it is ready."""
    log = folder / f"{arguments[0]}.txt"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, os.fspath(ENTRANCES), *arguments],
            env=clean_environment(folder),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("the entrance"), log.read_text()
        watchdog.cancel()
        yield line.split()[-1]
    finally:
        watchdog.cancel()
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate(timeout=20)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Brokers, the shop on the real Kafka, and its three further entrances."""
    folder = tmp_path_factory.mktemp("entrances")
    (port,) = free_ports(1)
    otlp = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        rabbit_folder, kafka_folder = (tmp_path_factory.mktemp(name) for name in ("rabbitmq", "kafka"))
        events = stack.enter_context(kafka(kafka_folder)).plain
        login = ":".join(quote(part, safe="") for part in USER)
        messages = f"amqp://{login}@{stack.enter_context(rabbitmq(rabbit_folder)).plain}/"
        gateway = stack.enter_context(running(otlp, folder, {"SHOP_KAFKA": events})).gateway
        where = ("--gateway", gateway, "--otlp", otlp)
        rpc = stack.enter_context(entrance(folder, "grpc", "--port", "0", *where))
        stack.enter_context(entrance(folder, "kafka", "--broker", events, *where))
        stack.enter_context(entrance(folder, "rabbitmq", "--broker", messages, *where))
        words = ["--endpoint", gateway, "--receiver", f"127.0.0.1:{port}", "--linger", "0"]
        for variable in (f"RPC={rpc}", f"KAFKA={events}", f"RABBITMQ={messages}"):
            words += ["--var", variable]
        yield Open(tuple(words))


NAMES = {
    "a checkout by HTTP",
    "a checkout by gRPC",
    "a checkout by Kafka",
    "a checkout by Kafka that is done later, in a trace of its own",
    "a checkout by RabbitMQ",
    "a checkout by RabbitMQ that is done later, in a trace of its own",
}


def test_the_checkout_passes_whatever_way_it_comes_in(shop: Open) -> None:
    """Six definitions, four protocols; the consumer's spans are judged, also in a trace of their own that is linked."""
    code, outcomes, said = shop.run()
    assert outcomes == dict.fromkeys(NAMES, "passed"), said
    assert code == 0


def test_a_fault_behind_each_entrance_is_found(shop: Open) -> None:
    """Shipping called twice, while every entrance confirms the order."""
    code, outcomes, said = shop.run("--var", "FAULT=duplicate-shipping")
    assert outcomes == dict.fromkeys(NAMES, "failed"), said
    assert code == 1
