"""The RabbitMQ trigger against RabbitMQ: what is published, what comes back, who is let in, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import aio_pika
import pytest

from spanspec.api import SystemClock
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers.rabbitmq import Trigger
from tests.servers.examples import spanspec_run
from tests.servers.rabbitmq import USER, RabbitMq, rabbitmq

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8), baggage={"spanspec.test": "ä"})
LOGIN = ":".join(quote(part, safe="") for part in USER)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    """One broker for all tests here."""
    with rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as running:
        yield running


def trigger(broker: RabbitMq, **fields: object) -> Trigger:
    """A valid trigger; it publishes to the queue `orders` unless said."""
    return Trigger.model_validate(
        {"url": f"amqp://{LOGIN}@{broker.plain}/", "routingKey": "orders", "timeout": 20, **fields}
    )


@asynccontextmanager
async def queue(broker: RabbitMq, name: str = "orders") -> Any:
    """A queue, with the channel it was declared on; gone afterwards."""
    connection = await aio_pika.connect(f"amqp://{LOGIN}@{broker.plain}/")
    try:
        channel = await connection.channel()
        declared = await channel.declare_queue(name)
        try:
            yield declared, channel
        finally:
            await declared.delete(if_unused=False, if_empty=False)
    finally:
        await connection.close()


def published(broker: RabbitMq, **fields: object) -> tuple[TriggerResult, Any]:
    """Publish, and read the message from the queue."""

    async def both() -> tuple[TriggerResult, Any]:
        async with queue(broker) as (orders, _):
            result = await trigger(broker, **fields).fire(CONTEXT, SystemClock())
            return result, await orders.get(no_ack=True, timeout=10)

    return asyncio.run(both())


def fire(broker: RabbitMq, **fields: object) -> TriggerResult:
    """Publish alone."""
    return asyncio.run(trigger(broker, **fields).fire(CONTEXT, SystemClock()))


def test_a_message_is_published_and_confirmed(broker: RabbitMq) -> None:
    """Body, properties, headers and the trace context."""
    properties = {
        "content_type": "text/plain", "correlation_id": "c", "message_id": "m", "type": "t", "app_id": "a",
        "user_id": USER[0], "priority": 3, "expiration": 30, "persistent": True, "reply_to": "r",
    }  # fmt: skip
    result, message = published(broker, body="ä", properties=properties, headers={"x-id": "1"})
    assert message.body == "ä".encode()
    assert (message.content_type, message.correlation_id, message.message_id) == ("text/plain", "c", "m")
    assert (message.type, message.app_id, message.user_id, message.priority) == ("t", "a", USER[0], 3)
    assert (message.expiration, message.reply_to, message.delivery_mode) == (
        30.0,
        "r",
        aio_pika.DeliveryMode.PERSISTENT,
    )
    assert message.headers["x-id"] == "1"
    assert message.headers["traceparent"] == f"00-{'ab' * 16}-{'cd' * 8}-01"
    assert message.headers["baggage"] == "spanspec.test=%C3%A4"
    assert json.loads(result.body) == {"exchange": "", "routingKey": "orders"}
    assert result.attributes["confirmed"] is True
    assert result.request == f"rabbitmq {broker.plain}/ (default exchange) orders"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({}, b""),
        ({"body": b"\x00\xff"}, b"\x00\xff"),
        ({"body": "AP8=", "encoding": "base64"}, b"\x00\xff"),
    ],
)
def test_bodies_are_bytes(broker: RabbitMq, fields: dict[str, object], body: bytes) -> None:
    """Nothing, bytes of a file, base64."""
    assert published(broker, **fields)[1].body == body


def test_the_content_type_is_a_property(broker: RabbitMq) -> None:
    """A mapping as body brings it as a header, which is where no consumer looks for it."""
    _, message = published(broker, body='{"id": 1}', headers={"content-type": "application/json", "x": "1"})
    assert message.content_type == "application/json"
    assert set(message.headers) == {"x", "traceparent", "tracestate", "baggage"}


def test_an_exchange_routes_by_key(broker: RabbitMq) -> None:
    """To the queue that is bound with it; a key that nothing is bound to is an error unless `mandatory: false`."""

    async def both() -> Any:
        async with queue(broker) as (orders, channel):
            exchange = await channel.declare_exchange("shop", aio_pika.ExchangeType.TOPIC)
            await orders.bind(exchange, "order.*")
            await trigger(broker, exchange="shop", routingKey="order.placed", body="x").fire(CONTEXT, SystemClock())
            lost = trigger(broker, exchange="shop", routingKey="other", mandatory=False)
            assert (await lost.fire(CONTEXT, SystemClock())).attributes["confirmed"] is True
            with pytest.raises(TriggerError, match="the broker has no queue for it") as raised:
                await trigger(broker, exchange="shop", routingKey="other").fire(CONTEXT, SystemClock())
            assert "mandatory" in raised.value.help
            return await orders.get(no_ack=True, timeout=10)

    assert asyncio.run(both()).routing_key == "order.placed"


async def _answer(channel: Any, message: Any) -> None:
    """What a service does: answer under the correlation id where it was asked to."""
    for body, correlation in ((b"another's", "other"), (b'{"paid": true}', message.correlation_id)):
        answer = aio_pika.Message(body, correlation_id=correlation, content_type="application/json", headers={"n": 1})
        await channel.default_exchange.publish(answer, message.reply_to)


@pytest.mark.parametrize("reply", [True, {"queue": "receipts"}])
def test_the_reply_is_found_by_correlation_id(broker: RabbitMq, reply: object) -> None:
    """Directly, or from a queue, where what is not ours stays for others."""

    async def all_of_it() -> tuple[TriggerResult, list[bytes]]:
        async with queue(broker) as (orders, channel), queue(broker, "receipts") as (receipts, _):
            await orders.consume(partial(_answer, channel), no_ack=True)
            result = await trigger(broker, reply=reply).fire(CONTEXT, SystemClock())
            left = []
            while (message := await receipts.get(no_ack=True, fail=False)) is not None:
                left.append(message.body)
            return result, left

    result, left = asyncio.run(all_of_it())
    assert result.body == '{"paid": true}'
    assert result.attributes["correlation_id"] == "ab" * 16
    assert result.attributes["content_type"] == "application/json"
    assert result.header("n") == "1"
    assert left == ([] if reply is True else [b"another's"])


def test_the_example_runs_as_it_stands(broker: RabbitMq) -> None:
    """The definition that the reference page shows, by the real command."""

    async def run() -> tuple[int, str]:
        async with queue(broker) as (orders, channel):
            exchange = await channel.declare_exchange("shop", aio_pika.ExchangeType.TOPIC)
            await orders.bind(exchange, "order.placed")
            await orders.consume(partial(_answer, channel), no_ack=True)
            return await spanspec_run("rabbitmq", f"RABBITMQ=amqp://{LOGIN}@{broker.plain}/")

    code, said = asyncio.run(run())
    assert code == 0, said


def test_no_reply_is_an_error(broker: RabbitMq) -> None:
    """Bounded in time."""
    with pytest.raises(TriggerError, match=r"no reply on amq\.rabbitmq\.reply-to within 0\.5 s") as raised:
        published(broker, reply={"timeout": 0.5})
    assert "reply_to" in raised.value.help


def test_mutual_tls(broker: RabbitMq) -> None:
    """With our certificate; with another name; unchecked; and not without a certificate."""
    files = {name: f"{broker.folder}/{file}" for name, file in (("cert", "client.pem"), ("key", "client.key"))}
    ca = {"ca": f"{broker.folder}/ca.pem"}
    url = f"amqps://{LOGIN}@{broker.mutual}/"
    published(broker, url=url, tls={**files, **ca})
    published(broker, url=url.replace("amqps", "amqp"), tls=files, sslVerification=False)
    with pytest.raises(TriggerError, match="TLS: "):
        fire(broker, url=url, tls={**files, **ca, "server_name": "other.test"})
    with pytest.raises(TriggerError):
        fire(broker, url=url, tls=ca, timeout=5)


@pytest.mark.parametrize(
    ("fields", "message", "advice"),
    [
        ({"url": "amqp://127.0.0.1:1"}, "connection refused: nothing listens there", "container"),
        ({"url": "amqp://nosuch.invalid"}, "cannot be resolved", "host's name"),
        ({"url": "http://h"}, "is no URL of a broker", "amqp://"),
        ({"exchange": "none"}, "there is no exchange none", "names in the trigger"),
        ({"routingKey": "nobody"}, "the broker has no queue for it", "declare the queue"),
        ({"reply": {"queue": "nobody"}}, "the queue nobody cannot be read", "names in the trigger"),
        ({"body": "é", "encoding": "base64"}, "`body` is not base64", "encoding"),
        ({"properties": {"user_id": "other"}}, "the broker refuses the message", "rights"),
    ],
)
def test_what_goes_wrong_is_told(broker: RabbitMq, fields: dict[str, object], message: str, advice: str) -> None:
    """Where, why, and how to go on."""
    with pytest.raises(TriggerError) as raised:
        fire(broker, **{"timeout": 5, **fields})
    assert message in raised.value.message
    assert advice in raised.value.help


@pytest.mark.parametrize("url", ["amqp://shop:wr0ng@{}/", "amqp://{}/", "amqp://" + LOGIN + "@{}/nowhere"])
def test_a_refused_client_is_told(broker: RabbitMq, url: str) -> None:
    """A wrong password, the default user, a virtual host that does not exist."""
    with pytest.raises(TriggerError, match="the broker refuses this client") as raised:
        fire(broker, url=url.format(broker.plain), timeout=5)
    assert "user, password and virtual host" in raised.value.help
    assert "wr0ng" not in raised.value.message


def test_user_and_password_may_stand_beside_the_url(broker: RabbitMq) -> None:
    """So that they can be variables of their own; neither is shown."""
    fields: dict[str, object] = {"url": broker.plain, "username": USER[0], "password": USER[1]}
    assert published(broker, **fields)[0].attributes["confirmed"] is True
    made, inside = trigger(broker, **fields), trigger(broker)
    assert USER[1] in set(made.secrets()) & set(inside.secrets())
    for each in (made, inside):
        shown = each.dry_run(CONTEXT) + each.describe()
        assert not any(secret in shown for secret in each.secrets())


def test_the_dry_run_is_a_line_for_rabbitmqadmin(broker: RabbitMq) -> None:
    """With the properties and headers as JSON."""
    line = trigger(broker, body="hi", properties={"type": "t"}).dry_run(CONTEXT)
    assert line.startswith(
        "rabbitmqadmin --host=127.0.0.1 --vhost=/ --username=shop '--password=***' publish exchange=amq.default"
    )
    assert (
        'routing_key=orders payload=hi \'properties={"type": "t", "delivery_mode": 1, "headers": {"traceparent"' in line
    )
