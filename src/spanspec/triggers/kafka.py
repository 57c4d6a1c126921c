"""One record written to a Kafka topic, and the reply to it, if one is awaited."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, BeforeValidator, Field, WithJsonSchema, model_validator

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.source.render import visible
from spanspec.triggers._messages import Encoding, broker_tls, content_of, text_of, unchecked
from spanspec.triggers._propagation import injected
from spanspec.triggers._reach import Attempt, failure
from spanspec.triggers._shell import command_line, piped
from spanspec.triggers._tls import Tls
from spanspec.triggers.base import Content, Fields, Pairs, Seconds, SecretText, Text, TriggerFields

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from spanspec.model.context import Clock, TraceContext

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")

INSTALL = 'pip install "spanspec[kafka]"'


class Login(Fields):
    """User name and password."""

    username: Text = Field(validation_alias=AliasChoices("username", "user"), description="The user's name.")
    password: SecretText = Field(default="", description="The password.")


class Token(Fields):
    """A token that was had elsewhere."""

    token: SecretText = Field(description="The token.")


_MECHANISMS = {
    "plain": "PLAIN",
    "scramsha256": "SCRAM-SHA-256",
    "scramsha512": "SCRAM-SHA-512",
    "oauthbearer": "OAUTHBEARER",
}


def _mechanism(value: object) -> object:
    """`SCRAM-SHA-512`, `scram_sha_512` and `scramSha512` are one."""
    if not isinstance(value, str):
        return value
    key = "".join(char for char in value.lower() if char.isalnum())
    return {
        "plain": "plain",
        "scramsha256": "scramSha256",
        "scramsha512": "scramSha512",
        "oauthbearer": "oauthBearer",
    }.get(key, value)


class Sasl(Fields):
    """How the client proves who it is, by SASL; one of these."""

    type: Annotated[
        Literal["plain", "scramSha256", "scramSha512", "oauthBearer"] | None, BeforeValidator(_mechanism)
    ] = Field(default=None, description="Which of them, if said.")
    plain: Login | None = Field(default=None, description="User name and password, sent as they are.")
    scramSha256: Login | None = Field(default=None, description="User name and password by SCRAM-SHA-256.")  # noqa: N815
    scramSha512: Login | None = Field(default=None, description="User name and password by SCRAM-SHA-512.")  # noqa: N815
    oauthBearer: Token | None = Field(default=None, description="A token, by OAUTHBEARER.")  # noqa: N815

    def chosen(self) -> tuple[str, Login | Token] | None:
        """The mechanism's name in Kafka, and what it takes."""
        names = [self.type] if self.type is not None else ["plain", "scramSha256", "scramSha512", "oauthBearer"]
        for name in names:
            found: Login | Token | None = getattr(self, name)
            if found is not None:
                return _MECHANISMS[name.lower()], found
        return None

    @model_validator(mode="after")
    def _whole(self) -> Sasl:
        if self.type is not None and self.chosen() is None:
            message = f"says `type: {self.type}`, and has no `{self.type}:`"
            raise ValueError(message)
        return self


class Reply(Fields):
    """The record that answers ours: the first one on a topic, written after ours, with the same correlation."""

    topic: Text = Field(description="Where the answer is written.")
    match: Literal["header", "key"] = Field(default="header", description="What is the same in both records.")
    header: Text = Field(
        default="correlation-id",
        description="The header's name. Where the record has none of that name, the trace id is sent in it.",
    )
    timeout: Seconds = Field(default=10.0, gt=0, description="How long it is awaited; without it, an error.")


def _brokers(value: object) -> object:
    """A list, or a text with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Trigger(TriggerFields):
    """Writes one record to a Kafka topic with the trace context in its headers, and waits until the brokers have it."""

    blocks: ClassVar[tuple[str, ...]] = ("KAFKA",)
    extra: ClassVar[str] = "kafka"
    answers: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "response:partition": "Where the record was written.",
            "response:offset": "Its place there.",
            "response:topic": "The topic.",
            "response:body": "The reply as text (base64 where it is no UTF-8), or partition and offset as JSON.",
            "response:key": "The reply's key.",
            "response:header.NAME": "A header of the reply.",
            "response:duration": "From sending to the acknowledgement, or to the reply.",
        }
    )

    brokerUrls: Annotated[  # noqa: N815
        list[Text],
        BeforeValidator(_brokers),
        WithJsonSchema({"type": ["array", "string"], "items": {"type": "string"}}),
    ] = Field(
        validation_alias=AliasChoices("brokerUrls", "brokers"),
        min_length=1,
        description="Brokers to ask first: `host:port`; a list, or a text with commas.",
    )
    topic: Text = Field(min_length=1, description="Where the record is written.")
    messageKey: Annotated[str | bytes | None, Content()] = Field(  # noqa: N815
        default=None, validation_alias=AliasChoices("messageKey", "key"), description="The record's key."
    )
    messageValue: Annotated[str | bytes | None, Content(structure=True, typed_by="headers")] = Field(  # noqa: N815
        default=None,
        validation_alias=AliasChoices("messageValue", "value"),
        description="Text is sent as UTF-8; a mapping or list as JSON; `{file: NAME}` is a file's content; a record with"
        " a key may go without.",
    )
    encoding: Encoding = Field(default="text", description="How `messageValue` is written: `text`, `base64`, `hex`.")
    headers: Pairs = Field(
        default_factory=list, description="A mapping, or a list of `{key, value}`; repeats are kept."
    )
    partition: int | None = Field(default=None, ge=0, description="Where in the topic; else by the key, as clients do.")
    authentication: Sasl | None = Field(
        default=None, validation_alias=AliasChoices("authentication", "auth", "sasl"), description="SASL."
    )
    tls: Tls | bool | None = Field(default=None, description="`true`, or certificates.")
    sslVerification: bool | None = Field(  # noqa: N815
        default=None, description="`true` switches TLS on; `false` leaves certificates unchecked."
    )
    reply: Reply | None = Field(default=None, description="The record to wait for.")
    timeout: Seconds = Field(default=30.0, gt=0, description="For connecting and writing.")

    @model_validator(mode="before")
    @classmethod
    def _misspelt(cls, value: object) -> object:
        """Files of the reference have its own misspelling of `authentication`, for it read no other."""
        if not isinstance(value, dict) or "authentication" in value:
            return value
        close = [key for key in value if isinstance(key, str) and _is_misspelt(key)]
        return {("authentication" if key in close[:1] else key): each for key, each in value.items()}

    @model_validator(mode="after")
    def _something(self) -> Trigger:
        if self.messageKey is None and self.messageValue is None:
            message = "has neither `messageValue` nor `messageKey`"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _matched(self) -> Trigger:
        if self.reply is not None and self.reply.match == "key" and self.messageKey is None:
            message = "has `match: key`, and the record has no `messageKey`"
            raise ValueError(message)
        return self

    def describe(self) -> str:
        """The record for people: `kafka 127.0.0.1:9092 orders`."""
        return f"kafka {','.join(self.brokerUrls)} {self.topic}"

    def dry_run(self, context: TraceContext) -> str:
        """The line for kcat."""
        shown = self.without_secrets()
        content = content_of(shown.messageValue, shown.encoding, "messageValue")
        words = ["kcat", "-P", "-b", ",".join(shown.brokerUrls), "-t", shown.topic]
        words += [] if shown.partition is None else ["-p", str(shown.partition)]
        key = shown.messageKey.decode(errors="replace") if isinstance(shown.messageKey, bytes) else shown.messageKey
        words += [] if key is None else ["-k", key]
        for name, value in injected(shown._own_headers(context), context, shown.propagate):
            words += ["-H", f"{name}={value}"]
        for name, value in shown._properties():
            words += ["-X", f"{name}={value}"]
        return piped(content, command_line(words)) if content is not None else command_line([*words, "-Z"])

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Write the record, and wait for the brokers to have it, and for the reply.

        Raises:
            TriggerError: No broker could be reached, it refused the client or the record, or no reply came in time.
        """
        _need()
        for name in filter(None, (self.topic, self.reply.topic if self.reply is not None else None)):
            if not _TOPIC.fullmatch(name):
                raise TriggerError(
                    f'"{visible(name)}" is no name of a topic',
                    help="Write `topic` in letters, digits, `.`, `_` and `-`.",
                )
        value = content_of(self.messageValue, self.encoding, "messageValue")
        client = await self._client()
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self.timeout):
                    producer = await self._producer(stack, client)
                    replies = await self._listen(stack, client, producer) if self.reply is not None else None
                    start_ns, started = clock.now_ns(), clock.monotonic_ns()
                    written = await self._write(producer, value, context)
            except TimeoutError as fault:
                raise await self._failed(fault, client) from fault
            reply = await self._reply(replies, context) if replies is not None else None
            end_ns = start_ns + clock.monotonic_ns() - started
        return self._result(written, reply, start_ns, end_ns)

    async def _client(self) -> dict[str, Any]:
        """The arguments that all clients of the library take."""
        sasl = self.authentication.chosen() if self.authentication is not None else None
        context: ssl.SSLContext | None = await asyncio.to_thread(broker_tls, self.tls, self.sslVerification)
        out: dict[str, Any] = {
            "security_protocol": f"{'SASL_' if sasl else ''}{'SSL' if context else 'PLAINTEXT'}"
            if sasl or context
            else "PLAINTEXT",
            "ssl_context": context,
        }
        if sasl is not None:
            out["sasl_mechanism"] = sasl[0]
            if isinstance(sasl[1], Login):
                out["sasl_plain_username"], out["sasl_plain_password"] = sasl[1].username, sasl[1].password
            else:
                out["sasl_oauth_token_provider"] = _provider(sasl[1].token)
        return out

    async def _producer(self, stack: AsyncExitStack, client: dict[str, Any]) -> Any:
        from aiokafka import AIOKafkaProducer

        # Idempotent: a record that is sent again because an answer was late is still written once.
        producer = AIOKafkaProducer(
            bootstrap_servers=self.brokerUrls, acks="all", enable_idempotence=True,
            request_timeout_ms=round(self.timeout * 1000), **client,
        )  # fmt: skip
        stack.push_async_callback(_stopped, producer)
        await self._started(producer, client)
        return producer

    async def _listen(self, stack: AsyncExitStack, client: dict[str, Any], producer: Any) -> Any:
        """A consumer that stands at the end of every partition of the reply's topic, before our record is written."""
        from aiokafka import AIOKafkaConsumer, TopicPartition
        from aiokafka.errors import KafkaError

        assert self.reply is not None
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.brokerUrls, enable_auto_commit=False, fetch_max_wait_ms=50, **client
        )
        stack.push_async_callback(_stopped, consumer)
        await self._started(consumer, client)
        try:
            # Asked as a producer would, for that makes a broker create the topic that does so by itself.
            numbers = await producer.partitions_for(self.reply.topic)
            partitions = [TopicPartition(self.reply.topic, number) for number in sorted(numbers)]
            consumer.assign(partitions)
            for partition, offset in (await consumer.end_offsets(partitions)).items():
                consumer.seek(partition, offset)
        except KafkaError as fault:
            raise self._refused(fault) from fault
        return consumer

    async def _started(self, one: Any, client: dict[str, Any]) -> None:
        from aiokafka.errors import KafkaError

        try:
            await one.start()
        except (KafkaError, OSError) as fault:
            raise await self._failed(fault, client) from fault

    async def _write(self, producer: Any, value: bytes | None, context: TraceContext) -> Any:
        from aiokafka.errors import KafkaError

        headers = injected(self._own_headers(context), context, self.propagate)
        key = self.messageKey.encode() if isinstance(self.messageKey, str) else self.messageKey
        try:
            return await producer.send_and_wait(
                self.topic, value, key=key, partition=self.partition,
                headers=[(name, text.encode()) for name, text in headers],
            )  # fmt: skip
        except (KafkaError, AssertionError, ValueError) as fault:  # the library asserts that the partition exists
            raise self._refused(fault) from fault

    def _own_headers(self, context: TraceContext) -> list[tuple[str, str]]:
        reply = self.reply
        if reply is None or reply.match == "key" or any(name == reply.header for name, _ in self.headers):
            return self.headers
        return [*self.headers, (reply.header, str(context.trace_id))]

    async def _reply(self, consumer: Any, context: TraceContext) -> Any:
        from aiokafka.errors import KafkaError

        assert self.reply is not None
        key = self.messageKey.encode() if isinstance(self.messageKey, str) else self.messageKey
        wanted = next((text.encode() for name, text in self._own_headers(context) if name == self.reply.header), b"")
        seen = 0
        try:
            async with asyncio.timeout(self.reply.timeout):
                async for record in consumer:
                    seen += 1
                    if self.reply.match == "key" and record.key == key:
                        return record
                    if self.reply.match == "header" and (self.reply.header, wanted) in record.headers:
                        return record
        except TimeoutError as fault:
            by = f'header "{self.reply.header}"' if self.reply.match == "header" else "key"
            raise TriggerError(
                f"{self.describe()}: no reply on {visible(self.reply.topic)} within {self.reply.timeout:g} s"
                f" ({seen} other record{'' if seen == 1 else 's'} came, none with our {by})",
                help="Check that the service copies it into its reply, or raise `reply.timeout`.",
            ) from fault
        except KafkaError as fault:
            raise self._refused(fault) from fault
        raise AssertionError("a consumer that is not stopped gives records for ever")

    def _result(self, written: Any, reply: Any, start_ns: int, end_ns: int) -> TriggerResult:
        body, cut = text_of(reply.value) if reply is not None else (
            json.dumps({"partition": written.partition, "offset": written.offset}), False
        )  # fmt: skip
        attributes: dict[str, Any] = {
            "topic": written.topic, "partition": written.partition, "offset": written.offset
        }  # fmt: skip
        if reply is not None and reply.key is not None:
            attributes["key"] = text_of(reply.key)[0]
        return TriggerResult(
            kind="kafka", start_ns=start_ns, end_ns=end_ns, body=body, body_truncated=cut, request=self.describe(),
            headers=tuple((name, text_of(value)[0]) for name, value in (reply.headers if reply is not None else ())),
            attributes=attributes, notes=unchecked(self.tls, self.sslVerification, ",".join(self.brokerUrls)),
        )  # fmt: skip

    def _refused(self, fault: BaseException) -> TriggerError:
        """What the broker, or the library for it, said of the record."""
        name = type(fault).__name__.removesuffix("Error")
        said = visible(str(fault)[:300]) or "no reason given"
        if "UnknownTopic" in name or "Unrecognized partition" in said or "partition" in said.lower():
            advice = "Check `topic` and `partition`: the broker may create no topics by itself."
        elif "Authorization" in name:
            advice = "Give the user of `authentication` the right to write there."
        elif "TooLarge" in name:
            advice = "Send less, or raise the topic's `max.message.bytes`."
        else:
            advice = "Look into the broker's log."
        return TriggerError(f"{self.describe()} failed: {name}: {said}", help=advice)

    async def _failed(self, fault: BaseException, client: dict[str, Any]) -> TriggerError:
        """Ask the first broker once more, by itself, for the library keeps the reason in its log."""
        host, _, port = self.brokerUrls[0].rpartition(":")
        attempt = Attempt(
            what=self.describe(), host=host.strip("[]"), port=int(port) if port.isdecimal() else None,
            limit=f"timeout of {self.timeout:g} s", name_another="Check `brokerUrls` of the trigger.",
        )  # fmt: skip
        if attempt.port is None or not attempt.host:
            return TriggerError(
                f'"{visible(self.brokerUrls[0])}" is no address of a broker', help="Write `brokerUrls: [host:port]`."
            )
        cause = await _asked(attempt.host, attempt.port, client, min(self.timeout, 5.0))
        if cause is None and isinstance(fault, TimeoutError):
            return TriggerError(
                f"{self.describe()} failed: the broker takes connections, and nothing was written within {self.timeout:g} s",
                help="Check `topic`: the broker may not create it by itself. If there is one, check that its leader is up.",
            )
        cause = cause or fault
        if "Authentication" in type(cause).__name__ or "SASL" in str(cause) or "Mechanism" in type(cause).__name__:
            return TriggerError(
                f"{self.describe()} failed: the broker refuses this client: {visible(str(cause)[:300])}",
                help="Check `authentication` of the trigger: the mechanism, the user and the password.",
            )
        return failure(attempt, cause)

    def _properties(self) -> Iterable[tuple[str, str]]:
        """The same as librdkafka spells it."""
        sasl = self.authentication.chosen() if self.authentication is not None else None
        secure = bool(self.tls or self.sslVerification)
        if sasl is not None or secure:
            yield "security.protocol", f"{'sasl_' if sasl else ''}{'ssl' if secure else 'plaintext'}"
        if sasl is not None:
            yield "sasl.mechanisms", sasl[0]
            if isinstance(sasl[1], Login):
                yield "sasl.username", sasl[1].username
                yield "sasl.password", sasl[1].password
            else:
                yield "sasl.oauthbearer.config", sasl[1].token
        if isinstance(self.tls, Tls):
            files = (("ssl.ca", self.tls.ca), ("ssl.certificate", self.tls.cert), ("ssl.key", self.tls.key))
            yield from ((f"{name}.location", value) for name, value in files if value)
        if secure and self.sslVerification is False:
            yield "enable.ssl.certificate.verification", "false"


def _is_misspelt(key: str) -> bool:
    return key.startswith("auth") and SequenceMatcher(None, key.lower(), "authentication").ratio() > 0.8


def _need() -> None:
    try:
        import aiokafka  # noqa: F401 - only whether it is there
    except ImportError as fault:
        raise TriggerError(
            "the trigger kafka needs aiokafka, which is not installed", help=f"Install it: {INSTALL}"
        ) from fault
    # What goes wrong is told by the error; the library would also write it to standard error.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())


def _provider(token: str) -> Any:
    from aiokafka.abc import AbstractTokenProvider

    class Provider(AbstractTokenProvider):  # type: ignore[misc]
        """Gives the one token."""

        async def token(self) -> str:
            return token

    return Provider()


async def _asked(host: str, port: int, client: dict[str, Any], timeout_s: float) -> BaseException | None:
    """Why one broker takes no connection; None where it does."""
    from aiokafka.conn import create_conn
    from aiokafka.errors import KafkaError

    arguments = {key: value for key, value in client.items() if value is not None}
    try:
        async with asyncio.timeout(timeout_s):
            connection = await create_conn(host, port, request_timeout_ms=round(timeout_s * 1000), **arguments)
    except (KafkaError, OSError, TimeoutError) as fault:
        return fault
    connection.close()
    return None


async def _stopped(one: Any) -> None:
    """Close a client, however far it came."""
    with suppress(Exception):
        async with asyncio.timeout(5):
            await one.stop()
