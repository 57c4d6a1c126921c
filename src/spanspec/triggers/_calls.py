"""The gRPC trigger's calls: JSON to messages and back, metadata to text and back, and what comes of one call."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.message import Message

from spanspec.errors import TriggerError
from spanspec.model.context import TriggerResult
from spanspec.source.render import visible
from spanspec.triggers._descriptors import Method, NoReflectionError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

STATE_FOLLOWS_S = 0.5
"""How long a channel's state may lag behind the status of a call that broke."""

MAX_BODY = 1 << 20
"""Characters of all answers as JSON that are kept."""


def text_of(request: str | bytes | None) -> str:
    """The request as text; nothing is an empty one."""
    return request.decode(errors="replace") if isinstance(request, bytes) else request or ""


def as_sent(metadata: Sequence[tuple[str, str]]) -> list[tuple[str, str | bytes]]:
    """Metadata as the library takes it: values of `-bin` keys as bytes.

    Raises:
        TriggerError: Such a value is no base64.
    """
    out: list[tuple[str, str | bytes]] = []
    for key, value in metadata:
        if not key.endswith("-bin"):
            out.append((key, value))
            continue
        try:
            out.append((key, base64.b64decode(value + "=" * (-len(value) % 4), validate=True)))
        except (binascii.Error, ValueError) as fault:
            raise TriggerError(
                f"the metadata {visible(key)} is not base64", help="Values of keys that end in `-bin` are base64."
            ) from fault
    return out


def as_text(metadata: Any) -> tuple[tuple[str, str], ...]:
    """Metadata as it came, with bytes in base64."""
    pairs = tuple((str(key), value) for key, value in metadata or ())
    return tuple(
        (key, base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)) for key, value in pairs
    )


# --- messages ----------------------------------------------------------------------------------------------------------


def requests_of(given: str | bytes | None, method: Method) -> list[Message]:
    """The messages to send.

    Raises:
        TriggerError: The JSON does not fit the method's type.
    """
    text = text_of(given).strip()
    documents = _documents(text) if method.client_streaming else [text or "{}"]
    return [_message(each, method, index if len(documents) > 1 else None) for index, each in enumerate(documents)]


def _documents(text: str) -> list[str]:
    """The JSON documents of a stream: the items of one list, or documents one after the other."""
    decoder, out, at = json.JSONDecoder(), [], 0
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError as fault:
            raise TriggerError(f"`request` is no JSON: {fault}", help="Write a list of requests.") from fault
        out.append(value)
        at = end
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
    items = out[0] if len(out) == 1 and isinstance(out[0], list) else out
    return [json.dumps(item, ensure_ascii=False) for item in items]


def _message(text: str, method: Method, index: int | None) -> Message:
    message = method.request()
    where = "`request`" if index is None else f"`request[{index}]`"
    try:
        return json_format.Parse(text, message, descriptor_pool=method.pool)
    except json_format.ParseError as fault:
        names = [each.json_name for each in message.DESCRIPTOR.fields]
        raise TriggerError(
            f"{where} is no {message.DESCRIPTOR.full_name}: {visible(str(fault)[:400])}",
            help=f"Its fields are: {', '.join(names) or 'none'}.",
        ) from fault


def _json(message: Message, method: Method) -> str:
    try:
        return json_format.MessageToJson(
            message,
            always_print_fields_with_no_presence=True,
            descriptor_pool=method.pool,
            ensure_ascii=False,
            indent=2,
        )
    except (TypeError, ValueError, json_format.Error) as fault:
        return json.dumps({"error": f"this answer cannot be written as JSON: {fault}"})


# --- the call ----------------------------------------------------------------------------------------------------------


class Asking:
    """Questions to the reflection service, without the trace context: they are no part of what is tested.

    Each question is a call of its own: writing to a stream that has ended already fails in ways that hide its status.
    """

    def __init__(self, channel: Any, metadata: Sequence[tuple[str, str]], path: str) -> None:
        self._channel, self._metadata, self._path = channel, as_sent(metadata), path

    async def ask(self, question: bytes) -> bytes:
        """The answer to one question.

        Raises:
            NoReflectionError: The server does not know this version of the service.
            TriggerError: It refuses.
        """
        from grpc import StatusCode, aio

        call = self._channel.unary_stream(self._path)(question, metadata=self._metadata)
        try:
            async for answer in call:
                return bytes(answer)
            code, details = StatusCode.OK, "no answer"
        except aio.AioRpcError as fault:
            if fault.code() is StatusCode.UNIMPLEMENTED:
                raise NoReflectionError from fault
            code, details = fault.code(), fault.details() or ""
        finally:
            call.cancel()
        raise TriggerError(
            f"the server does not describe itself: {code.name}: {visible(details[:300])}",
            help="Give the service's `.proto` file under `protobufFile`, or what reflection asks for under `auth`.",
        )


class Call:
    """One call, and what has come of it."""

    def __init__(
        self, channel: Any, method: Method, *, name: str, deadline: float | None, messages: int | None
    ) -> None:
        self._channel, self._method, self._name = channel, method, name
        self._deadline, self._messages = deadline, messages
        self._answers: list[str] = []
        self._size = 0
        self._cut = False
        self._initial: tuple[tuple[str, str], ...] = ()
        self._trailing: tuple[tuple[str, str], ...] = ()
        self._code: Any = None
        self._details = ""

    async def made(self, requests: Sequence[Message], metadata: Sequence[tuple[str, str | bytes]]) -> Call:
        """Send everything, and read until the end or as many answers as are awaited."""
        from grpc import ChannelConnectivity

        breaking = asyncio.create_task(self._channel.wait_for_state_change(ChannelConnectivity.READY))
        call = self._start(requests, metadata)
        try:
            if self._method.server_streaming:
                await self._read_stream(call)
            else:
                self._keep(await call)
        except Exception as fault:
            if not _is_status(fault):
                raise
            await self._lost(fault, breaking)
        finally:
            breaking.cancel()
            await self._ended(call)
        return self

    def _start(self, requests: Sequence[Message], metadata: Sequence[tuple[str, str | bytes]]) -> Any:
        kinds = {
            (False, False): "unary_unary",
            (False, True): "unary_stream",
            (True, False): "stream_unary",
            (True, True): "stream_stream",
        }
        start = getattr(self._channel, kinds[self._method.client_streaming, self._method.server_streaming])(
            self._method.path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self._method.response.FromString,
        )
        sent = _each(requests) if self._method.client_streaming else requests[0]
        return start(sent, metadata=tuple(metadata), timeout=self._deadline)

    async def _read_stream(self, call: Any) -> None:
        async for answer in call:
            self._keep(answer)
            if self._messages is not None and len(self._answers) >= self._messages:
                return

    def _keep(self, answer: Message) -> None:
        text = _json(answer, self._method)
        self._size += len(text)
        if self._size > MAX_BODY and self._answers:
            self._cut = True
            return
        self._cut = self._cut or len(text) > MAX_BODY
        self._answers.append(text[:MAX_BODY])

    async def _lost(self, fault: Any, breaking: asyncio.Task[None]) -> None:
        """Tell a status that the server sent from a connection that broke, which the library gives the same status.

        The channel's state follows the call's end within milliseconds.
        """
        from grpc import StatusCode

        if fault.code() is not StatusCode.UNAVAILABLE:
            return
        broken, _ = await asyncio.wait({breaking}, timeout=STATE_FOLLOWS_S)
        if broken:
            raise TriggerError(
                f"{self._name} failed: the connection broke: {visible((fault.details() or '')[:300])}",
                help="Look into the service's log: it may have ended while it answered.",
            ) from fault

    async def _ended(self, call: Any) -> None:
        if not call.done():
            self._initial = as_text(await call.initial_metadata()) if self._answers else ()
            call.cancel()
            return
        with suppress(Exception):
            self._initial = as_text(await call.initial_metadata())
        self._code, self._details = await call.code(), await call.details() or ""
        self._trailing = as_text(await call.trailing_metadata())

    def result(self, start_ns: int, end_ns: int) -> TriggerResult:
        """What a definition sees of it."""
        number = self._code.value[0] if self._code is not None else 0
        body = self._answers[0] if self._answers else ""
        if self._method.server_streaming:
            body = f"[{', '.join(self._answers)}]"
        return TriggerResult(
            kind="grpc",
            start_ns=start_ns,
            end_ns=end_ns,
            status=number,
            headers=(*self._initial, *self._trailing),
            body=body,
            body_truncated=self._cut,
            request=self._name,
            attributes={
                "code": self._code.name if self._code is not None else "OK",
                "message": self._details,
                "messages": len(self._answers),
                **{f"trailer.{key}": value for key, value in self._trailing},
            },
        )


def _is_status(fault: BaseException) -> bool:
    from grpc import aio

    return isinstance(fault, aio.AioRpcError)


async def _each(messages: Sequence[Message]) -> AsyncIterator[Message]:
    for message in messages:
        yield message
