"""The Kafka trigger against Apache Kafka: what is written, what comes back, every way in, and what goes wrong."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from spanspec.api import SystemClock
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers.kafka import Trigger
from tests.servers.examples import spanspec_run
from tests.servers.kafka import ALICE, BOB, Kafka, kafka

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8), baggage={"spanspec.test": "ä"})
TRACEPARENT = ("traceparent", f"00-{'ab' * 16}-{'cd' * 8}-01".encode())


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One broker for all tests here."""
    with kafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running


def trigger(broker: Kafka, **fields: object) -> Trigger:
    """A valid trigger; its broker is the one without credentials unless said."""
    return Trigger.model_validate(
        {
            "brokerUrls": [broker.plain],
            "topic": "orders",
            "timeout": 20,
            **({} if "messageKey" in fields else {"messageValue": "v"}),
            **fields,
        }
    )


def fire(broker: Kafka, **fields: object) -> TriggerResult:
    """Validate and write."""
    return asyncio.run(trigger(broker, **fields).fire(CONTEXT, SystemClock()))


def written(broker: Kafka, result: TriggerResult) -> Any:
    """The record at the place that the result names."""

    async def read() -> Any:
        from aiokafka import TopicPartition

        consumer = AIOKafkaConsumer(bootstrap_servers=broker.plain, enable_auto_commit=False)
        await consumer.start()
        try:
            place = TopicPartition(result.attributes["topic"], result.attributes["partition"])
            consumer.assign([place])
            consumer.seek(place, result.attributes["offset"])
            return await asyncio.wait_for(consumer.getone(), 20)
        finally:
            await consumer.stop()

    return asyncio.run(read())


async def first_of(broker: Kafka, topic: str) -> Any:
    """The first record of a topic."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.plain, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        return await asyncio.wait_for(consumer.getone(), 20)
    finally:
        await consumer.stop()


def test_a_record_is_written_and_its_place_comes_back(broker: Kafka) -> None:
    """Key, value, repeated headers and the trace context; partition and offset as result."""
    headers = [{"key": "x-id", "value": "1"}, {"key": "x-id", "value": "2"}]
    result = fire(broker, messageKey="k-1", messageValue="ä", headers=headers, partition=2)
    record = written(broker, result)
    assert (record.key, record.value, record.partition) == (b"k-1", "ä".encode(), 2)
    assert [value for name, value in record.headers if name == "x-id"] == [b"1", b"2"]
    assert TRACEPARENT in record.headers
    assert ("baggage", b"spanspec.test=%C3%A4") in record.headers
    assert json.loads(result.body) == {"partition": 2, "offset": result.attributes["offset"]}
    assert result.request == f"kafka {broker.plain} orders"


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"messageValue": '{"id": 1}'}, b'{"id": 1}'),
        ({"messageValue": ""}, b""),
        ({"messageKey": "k"}, None),
        ({"messageValue": b"\x00\xff"}, b"\x00\xff"),
        ({"messageValue": "AP8=", "encoding": "base64"}, b"\x00\xff"),
        ({"messageValue": "00 ff", "encoding": "hex"}, b"\x00\xff"),
    ],
)
def test_values_are_bytes(broker: Kafka, fields: dict[str, object], value: bytes | None) -> None:
    """Text, nothing in it, nothing at all, bytes of a file, base64, hex."""
    assert written(broker, fire(broker, **fields)).value == value


def _plain(login: tuple[str, str]) -> dict[str, str]:
    return {"username": login[0], "password": login[1]}


def _token() -> str:
    def part(content: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    claims: dict[str, object] = {"sub": "carol", "iat": 1_700_000_000, "exp": 4_000_000_000}
    return f"{part({'alg': 'none'})}.{part(claims)}."


WAYS_IN: list[dict[str, object]] = [
    {"type": "plain", "plain": _plain(ALICE)},
    {"plain": _plain(ALICE)},
    {"type": "SCRAM-SHA-256", "scramSha256": _plain(BOB)},
    {"type": "scram-sha-512", "scramSha512": _plain(BOB)},
    {"oauthBearer": {"token": _token()}},
]


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: next(key for key in way if key != "type"))
@pytest.mark.parametrize("secure", [False, True])
def test_every_mechanism_of_sasl(broker: Kafka, way: dict[str, object], secure: bool) -> None:
    """With and without TLS; nothing of it is shown in the dry run."""
    tls = {"tls": {"ca": f"{broker.folder}/ca.pem"}} if secure else {}
    address = broker.sasl_tls if secure else broker.sasl
    result = fire(broker, brokerUrls=address, authentication=way, messageValue="x", **tls)
    assert written(broker, result).value == b"x"
    made = trigger(broker, brokerUrls=address, authentication=way, **tls)
    secrets = list(made.secrets())
    assert len(secrets) == 1
    assert secrets[0] not in made.dry_run(CONTEXT)


@pytest.mark.parametrize("key", ["authenticaton", "authentification", "authenticatiom"])
def test_a_misspelling_of_authentication_is_understood(broker: Kafka, key: str) -> None:
    """The reference's own files have one."""
    result = fire(broker, brokerUrls=broker.sasl, **{key: {"type": "plain", "plain": _plain(ALICE)}})
    assert result.attributes["offset"] >= 0


def test_mutual_tls(broker: Kafka) -> None:
    """With our certificate; with another name to expect; unchecked; and not without a certificate."""
    files = {name: f"{broker.folder}/{file}" for name, file in (("cert", "client.pem"), ("key", "client.key"))}
    ca = {"ca": f"{broker.folder}/ca.pem"}
    assert fire(broker, brokerUrls=broker.mutual, tls={**files, **ca}).attributes["offset"] >= 0
    assert fire(broker, brokerUrls=broker.mutual, tls=files, sslVerification=False).attributes["offset"] >= 0
    with pytest.raises(TriggerError, match="TLS: "):
        fire(broker, brokerUrls=broker.mutual, tls={**files, **ca, "server_name": "other.test"})
    with pytest.raises(TriggerError):
        fire(broker, brokerUrls=broker.mutual, tls=ca, timeout=5)


@asynccontextmanager
async def answering(broker: Kafka, *, correlation: bool = True) -> Any:
    """A service that answers each record on `orders` with one on `receipts`, after one that is none of ours."""
    consumer = AIOKafkaConsumer("orders", bootstrap_servers=broker.plain, auto_offset_reset="latest", group_id=None)
    producer = AIOKafkaProducer(bootstrap_servers=broker.plain)
    await producer.start()
    await producer.partitions_for("orders")
    await consumer.start()
    await consumer.seek_to_end()
    for place in consumer.assignment():
        await consumer.position(place)

    async def serve() -> None:
        async for record in consumer:
            await producer.send_and_wait("receipts", b"another's", key=b"other")
            headers = [pair for pair in record.headers if pair[0] == "correlation-id"] if correlation else []
            await producer.send_and_wait("receipts", b'{"paid": true}', key=record.key, headers=headers)

    serving = asyncio.create_task(serve())
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await consumer.stop()
        await producer.stop()


async def _asked(broker: Kafka, *, correlation: bool = True, **fields: object) -> TriggerResult:
    async with answering(broker, correlation=correlation):
        return await trigger(broker, **fields).fire(CONTEXT, SystemClock())


def test_the_reply_is_found_by_header_or_key(broker: Kafka) -> None:
    """The first record with our correlation, whatever others come; its value, key and headers are the answer."""
    by_header = asyncio.run(_asked(broker, messageKey="k", reply={"topic": "receipts"}))
    own = asyncio.run(_asked(broker, headers={"correlation-id": "mine"}, reply={"topic": "receipts"}))
    by_key = asyncio.run(
        _asked(broker, correlation=False, messageKey="k2", reply={"topic": "receipts", "match": "key"})
    )
    assert by_header.body == by_key.body == '{"paid": true}'
    assert by_header.header("correlation-id") == "ab" * 16
    assert own.header("correlation-id") == "mine"
    assert by_key.attributes["key"] == "k2"


def test_the_example_runs_as_it_stands(broker: Kafka) -> None:
    """The definition that the reference page shows, by the real command."""

    async def run() -> tuple[int, str]:
        async with answering(broker):
            return await spanspec_run("kafka", f"KAFKA={broker.plain}")

    code, said = asyncio.run(run())
    assert code == 0, said


REFERENCE = """
type: Test
spec:
  id: e9c6cff8
  name: import by stream
  trigger:
    type: kafka
    kafka:
      brokerUrls:
      - ${var:KAFKA}
      topic: ${var:TOPIC}
      headers:
      - key: x-id
        value: "1"
      messageKey: snorlax-key
      messageValue: "{\\"id\\":${var:ID}}"
      authentication:
        type: plain
        plain: { username: alice, password: alice-secret }
      sslVerification: false
  skipTraceCollection: true
  specs:
  - selector: span[name="Tracetest trigger"]
    assertions:
    - attr:tracetest.selected_spans.count = 1
"""


def test_a_file_of_the_reference_runs_unchanged(broker: Kafka, tmp_path: Path) -> None:
    """Its keys; topic and value with variables, which the reference itself left as they were."""
    (tmp_path / "test.yaml").write_text(REFERENCE)
    arguments = (tmp_path / "test.yaml", f"KAFKA={broker.sasl}", "TOPIC=pokemon", "ID=144")
    code, said = asyncio.run(spanspec_run(*arguments))
    assert code == 0, said
    record = asyncio.run(first_of(broker, "pokemon"))
    assert (record.key, record.value) == (b"snorlax-key", b'{"id":144}')


def test_no_reply_is_an_error_that_says_what_came(broker: Kafka) -> None:
    """Bounded in time."""
    with pytest.raises(TriggerError, match=r"no reply on receipts within 1 s \(2 other records came") as raised:
        asyncio.run(_asked(broker, correlation=False, reply={"topic": "receipts", "timeout": 1}))
    assert "copies it into its reply" in raised.value.help


@pytest.mark.parametrize(
    ("fields", "message", "advice"),
    [
        (
            {"brokerUrls": "127.0.0.1:1"},
            "connection refused: nothing listens there",
            "container",
        ),
        ({"brokerUrls": "nosuch.invalid:1"}, "cannot be resolved", "host's name"),
        ({"brokerUrls": "kafka"}, '"kafka" is no address of a broker', "host:port"),
        ({"partition": 99}, "failed: ", "partition"),
        ({"topic": "no spaces"}, "is no name of a topic", "topic"),
        ({"messageValue": "x" * 2_000_000}, "TooLarge", "max.message.bytes"),
        ({"messageValue": "xyz", "encoding": "hex"}, "`messageValue` is not hex", "encoding"),
    ],
)
def test_what_goes_wrong_is_told(broker: Kafka, fields: dict[str, object], message: str, advice: str) -> None:
    """Where, why, and how to go on."""
    with pytest.raises(TriggerError) as raised:
        fire(broker, **{"timeout": 5, **fields})
    assert message in raised.value.message
    assert advice in raised.value.help


@pytest.mark.parametrize(
    "way", [{"plain": {"username": "alice", "password": "wrong"}}, {"scramSha512": _plain(("x", "y"))}]
)
def test_a_refused_client_is_told(broker: Kafka, way: dict[str, object]) -> None:
    """With what to check; the password is not in the message."""
    with pytest.raises(TriggerError, match="the broker refuses this client") as raised:
        fire(broker, brokerUrls=broker.sasl, authentication=way, timeout=5)
    assert "authentication" in raised.value.help
    assert "wrong" not in raised.value.message


def test_the_dry_run_is_a_line_for_kcat(broker: Kafka) -> None:
    """The value comes in by a pipe."""
    made = trigger(broker, messageKey="k", messageValue='{"a": 1}', headers={"x": "y"}, partition=1)
    line = made.dry_run(CONTEXT)
    assert line.startswith("printf %s ")
    assert f"kcat -P -b {broker.plain} -t orders -p 1 -k k -H x=y -H traceparent=00-" in line
