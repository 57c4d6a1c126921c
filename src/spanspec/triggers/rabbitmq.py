"""One message published to a RabbitMQ exchange (AMQP 0-9-1), and the reply to it, if one is awaited."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, WithJsonSchema, model_validator

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.source.render import visible
from spanspec.triggers._messages import Encoding, broker_tls, content_of, text_of, unchecked
from spanspec.triggers._propagation import injected
from spanspec.triggers._reach import Attempt, failure
from spanspec.triggers._shell import command_line
from spanspec.triggers._tls import Tls
from spanspec.triggers.base import MASK, Content, Fields, Pairs, Seconds, SecretText, Text, TriggerFields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spanspec.model.context import Clock, TraceContext

INSTALL = 'pip install "spanspec[rabbitmq]"'
DIRECT_REPLY = "amq.rabbitmq.reply-to"
"""RabbitMQ's queue that needs no declaration: replies to it come back on the channel that published."""


class Properties(Fields):
    """The message's properties, as AMQP 0-9-1 has them."""

    content_type: Text | None = Field(default=None, description="Such as `application/json`, which a mapping sets.")
    content_encoding: Text | None = Field(default=None, description="Such as `gzip`; the body is sent as it is.")
    correlation_id: Text | None = Field(default=None, description="Comes back with a reply.")
    reply_to: Text | None = Field(default=None, description="Where a reply is to go; `reply` sets it.")
    message_id: Text | None = Field(default=None, description="The message's own id.")
    type: Text | None = Field(default=None, description="What the message is, for its consumers.")
    app_id: Text | None = Field(default=None, description="Who wrote it.")
    user_id: Text | None = Field(default=None, description="The broker refuses another than the one who is logged in.")
    priority: int | None = Field(default=None, ge=0, le=255, description="For queues with priorities.")
    expiration: Seconds | None = Field(default=None, ge=0, description="How long it may lie in a queue.")
    persistent: bool = Field(
        default=False, description="Whether it outlives a restart of the broker, in a durable queue."
    )


class Reply(Fields):
    """The message that answers ours: the first one with our correlation id."""

    queue: Text = Field(
        default=DIRECT_REPLY,
        description=f"Where it comes in: `{DIRECT_REPLY}`, or a queue that exists. What is not ours stays in it.",
    )
    timeout: Seconds = Field(default=10.0, gt=0, description="How long it is awaited; without it, an error.")


def _switch(value: object) -> object:
    """`reply: true` is a direct reply."""
    return {} if value in (True, "true") else None if value in (False, "false") else value


_SWITCHED = WithJsonSchema(
    {
        "anyOf": [
            {"type": "boolean"},
            {"type": "object", "properties": {"queue": {"type": "string"}, "timeout": {"type": ["number", "string"]}}},
        ]
    }
)


class Trigger(TriggerFields):
    """Publishes one message with the trace context in its headers, and waits until the broker has confirmed it."""

    extra: ClassVar[str] = "rabbitmq"
    answers: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "response:confirmed": "`true`: what the broker refuses, or can route nowhere, is an error.",
            "response:body": "The reply as text (base64 where it is no UTF-8); else where the message went, as JSON.",
            "response:header.NAME": "A header of the reply.",
            "response:correlation_id": "The reply's correlation id.",
            "response:content_type": "The reply's content type.",
            "response:duration": "From publishing to the confirmation, or to the reply.",
        }
    )

    url: Text = Field(description="`amqp://user:password@host:port/vhost`, or `amqps://…`.")
    exchange: Text = Field(
        default="", description="Where it is published; without it, the queue named by `routingKey`."
    )
    routingKey: Text = Field(  # noqa: N815 - as the other keys of this family
        default="", validation_alias=AliasChoices("routingKey", "routing_key", "queue"), description="The routing key."
    )
    body: Annotated[str | bytes | None, Content(structure=True, typed_by="headers")] = Field(
        default=None,
        validation_alias=AliasChoices("body", "message"),
        description="Text is sent as UTF-8; a mapping or list as JSON; `{file: NAME}` is a file's content.",
    )
    encoding: Encoding = Field(default="text", description="How `body` is written: `text`, `base64`, `hex`.")
    properties: Properties = Field(default_factory=Properties, description="The message's properties.")
    headers: Pairs = Field(default_factory=list, description="A mapping, or a list of `{key, value}`.")
    username: Text | None = Field(default=None, description="The user, where the URL has none.")
    password: SecretText = Field(default="", description="The password, where the URL has none.")
    mandatory: bool = Field(default=True, description="Whether a message that reaches no queue is an error.")
    tls: Tls | bool | None = Field(default=None, description="`true`, or certificates; `amqps://` is TLS as well.")
    sslVerification: bool | None = Field(  # noqa: N815
        default=None, description="`false` leaves the broker's certificate unchecked."
    )
    reply: Annotated[Reply | None, BeforeValidator(_switch), _SWITCHED] = Field(
        default=None, description="The message to wait for; `true` for a direct reply."
    )
    timeout: Seconds = Field(default=30.0, gt=0, description="For connecting and publishing.")

    @model_validator(mode="after")
    def _somewhere(self) -> Trigger:
        if not self.exchange and not self.routingKey:
            message = "has neither `exchange` nor `routingKey`"
            raise ValueError(message)
        return self

    def describe(self) -> str:
        """The message for people: `rabbitmq 127.0.0.1:5672/ orders placed`."""
        host, port, vhost = self._where()
        return f"rabbitmq {host}:{port}/{'' if vhost == '/' else vhost} {self.exchange or '(default exchange)'} {self.routingKey}".rstrip()

    def secrets(self) -> Iterable[str]:
        """The password of the URL as well."""
        yield from super().secrets()
        parts = urlsplit(self._url())
        if parts.password:
            yield from {parts.password, unquote(parts.password)}

    def dry_run(self, context: TraceContext) -> str:
        """The line for rabbitmqadmin."""
        host, _, vhost = self._where()
        content = content_of(self.body, self.encoding, "body") or b""
        payload, cut = text_of(content)
        headers = dict(injected(self._own_headers(), context, self.propagate))
        words = [
            "rabbitmqadmin",
            f"--host={host}",
            f"--vhost={vhost}",
            f"--username={self._login()[0]}",
            f"--password={MASK}",
        ]
        words += ["publish", f"exchange={self.exchange or 'amq.default'}", f"routing_key={self.routingKey}"]
        words += [f"payload={payload}{'…' if cut else ''}"]
        words += ["payload_encoding=base64"] if payload.encode() != content and not cut else []
        return command_line([*words, f"properties={json.dumps(self._shown(headers), ensure_ascii=False)}"])

    def _shown(self, headers: Mapping[str, str]) -> dict[str, object]:
        shown = self.without_secrets()
        masked = {key: MASK if (key, MASK) in shown.headers else value for key, value in headers.items()}
        return {**shown._given(), "delivery_mode": 2 if self.properties.persistent else 1, "headers": masked}

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Publish the message, and wait for the broker's confirmation, and for the reply.

        Raises:
            TriggerError: The broker could not be reached, refused the login or the message, had nowhere to put it, or no
                reply came in time.
        """
        _need()
        content = content_of(self.body, self.encoding, "body") or b""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self.timeout):
                    channel = await self._channel(stack)
                    replies = await self._listen(stack, channel) if self.reply is not None else None
                    start_ns, started = clock.now_ns(), clock.monotonic_ns()
                    await self._publish(channel, content, context)
            except TimeoutError as fault:
                raise failure(self._attempt(), fault) from fault
            reply = await self._reply(replies, context) if replies is not None else None
            end_ns = start_ns + clock.monotonic_ns() - started
        return self._result(reply, start_ns, end_ns)

    def _url(self) -> str:
        return self.url if "://" in self.url else f"amqp://{self.url}"

    def _where(self) -> tuple[str, int, str]:
        """Host, port, virtual host."""
        try:
            parts = urlsplit(self._url())
            port = parts.port or (5671 if parts.scheme == "amqps" else 5672)
        except ValueError:
            return "", 0, "/"
        return parts.hostname or "", port, unquote(parts.path[1:]) or "/"

    def _login(self) -> tuple[str, str]:
        parts = urlsplit(self._url())
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return (
            self.username or user or "guest",
            self.password or password or ("" if self.username or user else "guest"),
        )

    def _attempt(self) -> Attempt:
        host, port, _ = self._where()
        return Attempt(
            what=self.describe(), host=host, port=port, limit=f"timeout of {self.timeout:g} s",
            name_another="Check `url` of the trigger.",
        )  # fmt: skip

    async def _channel(self, stack: AsyncExitStack) -> Any:
        import aio_pika
        from aiormq.exceptions import AMQPError

        host, port, vhost = self._where()
        if not host or urlsplit(self._url()).scheme not in ("amqp", "amqps"):
            raise TriggerError(
                f'"{visible(self._shown_url())}" is no URL of a broker',
                help="Write `url: amqp://user:password@host:port/`.",
            )
        wanted = self._url().startswith("amqps:")
        context = await asyncio.to_thread(broker_tls, self.tls, self.sslVerification, wanted=wanted)
        user, password = self._login()
        address = f"{'amqps' if context else 'amqp'}://{quote(user, safe='')}:{quote(password, safe='')}@{_bracketed(host)}:{port}"
        try:
            connection = await aio_pika.connect(
                f"{address}/{quote(vhost, safe='')}", timeout=self.timeout, ssl_context=context
            )
        except (AMQPError, OSError, ConnectionError) as fault:
            raise self._no_connection(fault) from fault
        stack.push_async_callback(_closed, connection)
        return await connection.channel(publisher_confirms=True, on_return_raises=True)

    def _shown_url(self) -> str:
        parts = urlsplit(self._url())
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def _no_connection(self, fault: BaseException) -> TriggerError:
        name, said = type(fault).__name__, str(fault)
        if "Connection.Close" in said:  # all that the library says of a virtual host that is not there
            said = f"NOT_ALLOWED: the virtual host {self._where()[2]}"
        if "Authentication" in name or "ACCESS_REFUSED" in said or "NOT_ALLOWED" in said or "ProbableAuth" in name:
            return TriggerError(
                f"{self.describe()} failed: the broker refuses this client: {visible(said[:300]) or name}",
                help="Check user, password and virtual host in `url` of the trigger.",
            )
        return failure(self._attempt(), fault)

    async def _listen(self, stack: AsyncExitStack, channel: Any) -> Any:
        """A queue of our own that fills with what comes in, from before the message is published."""
        from aiormq.exceptions import AMQPError

        assert self.reply is not None
        incoming: asyncio.Queue[Any] = asyncio.Queue()
        direct = self.reply.queue == DIRECT_REPLY
        try:
            queue = await channel.get_queue(self.reply.queue, ensure=not direct)
            # What is not ours is not acknowledged: it goes back when the channel is closed, for whom it is meant.
            tag = await queue.consume(incoming.put, no_ack=direct)
        except AMQPError as fault:
            raise self._refused(fault, f"the queue {self.reply.queue} cannot be read") from fault
        stack.push_async_callback(_cancelled, queue, tag)
        return incoming

    def _own_headers(self) -> list[tuple[str, str]]:
        """Without the content type, which is a property here; a body that is a mapping brings it as a header."""
        return [(name, value) for name, value in self.headers if name.lower() != "content-type"]

    def _given(self) -> dict[str, Any]:
        """The properties that the library takes under the names that they have here."""
        given = self.properties.model_dump(exclude={"persistent", "correlation_id"}, exclude_none=True)
        content_type = next((value for name, value in self.headers if name.lower() == "content-type"), None)
        return {"content_type": content_type, **given} if content_type is not None else given

    def _correlation(self, context: TraceContext) -> str | None:
        given = self.properties.correlation_id
        return given if given is not None or self.reply is None else str(context.trace_id)

    async def _publish(self, channel: Any, content: bytes, context: TraceContext) -> None:
        import aio_pika
        from aio_pika.exceptions import DeliveryError, PublishError
        from aiormq.exceptions import AMQPError

        try:
            exchange = await channel.get_exchange(self.exchange) if self.exchange else channel.default_exchange
        except AMQPError as fault:
            raise self._refused(fault, f"there is no exchange {self.exchange}") from fault
        given = self._given()
        if self.reply is not None:
            given.setdefault("reply_to", self.reply.queue)
        message = aio_pika.Message(
            content, headers=dict(injected(self._own_headers(), context, self.propagate)),
            correlation_id=self._correlation(context),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT if self.properties.persistent else aio_pika.DeliveryMode.NOT_PERSISTENT,
            **given,
        )  # fmt: skip
        try:
            await exchange.publish(message, self.routingKey, mandatory=self.mandatory)
        except PublishError as fault:
            raise TriggerError(
                f"{self.describe()} failed: the broker has no queue for it",
                help="Check `exchange` and `routingKey`, declare the queue or its binding, or set `mandatory: false`.",
            ) from fault
        except (DeliveryError, AMQPError) as fault:
            raise self._refused(fault, "the broker refuses the message") from fault

    async def _reply(self, incoming: asyncio.Queue[Any], context: TraceContext) -> Any:
        assert self.reply is not None
        wanted, seen = self._correlation(context), 0
        try:
            async with asyncio.timeout(self.reply.timeout):
                while True:
                    message = await incoming.get()
                    if message.correlation_id == wanted:
                        if self.reply.queue != DIRECT_REPLY:
                            await message.ack()
                        return message
                    seen += 1
        except TimeoutError as fault:
            raise TriggerError(
                f"{self.describe()}: no reply on {visible(self.reply.queue)} within {self.reply.timeout:g} s"
                f" ({seen} other message{'' if seen == 1 else 's'} came, none with our correlation id)",
                help="Check that the service sends the correlation id back to `reply_to`, or raise `reply.timeout`.",
            ) from fault

    def _refused(self, fault: BaseException, what: str) -> TriggerError:
        return TriggerError(
            f"{self.describe()} failed: {what}: {visible(str(fault)[:300]) or type(fault).__name__}",
            help="Check the names in the trigger, and the rights of its user.",
        )

    def _result(self, reply: Any, start_ns: int, end_ns: int) -> TriggerResult:
        attributes: dict[str, Any] = {"confirmed": True}
        headers: tuple[tuple[str, str], ...] = ()
        body, cut = json.dumps({"exchange": self.exchange, "routingKey": self.routingKey}), False
        if reply is not None:
            body, cut = text_of(reply.body)
            headers = tuple((name, _header(value)) for name, value in (reply.headers or {}).items())
            given = {"correlation_id": reply.correlation_id, "content_type": reply.content_type}
            attributes |= {name: value for name, value in given.items() if value}
        return TriggerResult(
            kind="rabbitmq", start_ns=start_ns, end_ns=end_ns, headers=headers, body=body, body_truncated=cut,
            request=self.describe(), attributes=attributes,
            notes=unchecked(self.tls or self._url().startswith("amqps:"), self.sslVerification, ":".join(map(str, self._where()[:2]))),
        )  # fmt: skip


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _header(value: object) -> str:
    if isinstance(value, bytes):
        return text_of(value)[0]
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _need() -> None:
    try:
        import aio_pika  # noqa: F401 - only whether it is there
    except ImportError as fault:
        raise TriggerError(
            "the trigger rabbitmq needs aio-pika, which is not installed", help=f"Install it: {INSTALL}"
        ) from fault
    # What goes wrong is told by the error; the libraries would also write it to standard error.
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).addHandler(logging.NullHandler())


async def _cancelled(queue: Any, tag: str) -> None:
    with suppress(Exception):
        async with asyncio.timeout(5):
            await queue.cancel(tag)


async def _closed(connection: Any) -> None:
    with suppress(Exception):
        async with asyncio.timeout(5):
            await connection.close()
