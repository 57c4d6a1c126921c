"""One HTTP request.

Follows RFC 9110 for the request, RFC 7578 for `multipart`; the context is injected as `propagate` says.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from spanspec.errors import TriggerError
from spanspec.triggers._exchange import MAX_BODY as MAX_BODY
from spanspec.triggers._exchange import HttpFields, encoded
from spanspec.triggers._shell import piped
from spanspec.triggers.base import Content, Fields, LocalPath, Pairs, Text

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TraceContext, TriggerResult

FORM_TYPE = "application/x-www-form-urlencoded"
_LINE = b"\r\n"


class Part(Fields):
    """One part of a `multipart` body: a text, or a file."""

    name: Text = Field(description="The field's name; the key, where parts are written as a mapping.")
    value: Text = Field(default="", description="The text.")
    file: Annotated[Text, LocalPath()] = Field(default="", description="The file that is sent in place of a text.")
    filename: Text = Field(default="", description="The name told to the server; else the file's own.")
    type: Text = Field(default="", description="The media type; else what the file's name says.")

    def encoded(self) -> bytes:
        """The part as it is sent.

        Raises:
            OSError: The file cannot be read.
        """
        content = Path(self.file).read_bytes() if self.file else self.value.encode()
        named = self.filename or (Path(self.file).name if self.file else "")
        head = f'content-disposition: form-data; name="{_quoted(self.name)}"'
        head += f'; filename="{_quoted(named)}"' if named else ""
        media = self.type or (mimetypes.guess_type(named)[0] or "application/octet-stream" if self.file else "")
        kind = f"\r\ncontent-type: {media}" if media else ""
        return f"{head}{kind}\r\n\r\n".encode() + content


def _quoted(name: str) -> str:
    """A name as browsers write it: the three characters that would end it are percent-encoded."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _parts(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    out: list[object] = []
    for name, item in value.items():
        for each in item if isinstance(item, list) else [item]:
            out.append({"name": name, **each} if isinstance(each, Mapping) else {"name": name, "value": each})
    return out


class Trigger(HttpFields):
    """Sends one HTTP request with the trace context, follows redirects, and keeps the answer.

    Any status is an answer: what it means is for the checks to say. The first MiB of the answer's body is kept.
    """

    blocks: ClassVar[tuple[str, ...]] = ("httpRequest", "HTTP")
    answers: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "response:status": "The status code.",
            "response:body": "The body as text; `response:body | json_path '$.id'` looks into JSON.",
            "response:header.NAME": "A header, in any case; repeats are joined by `, `.",
            "response:duration": "From sending to the whole answer.",
            "response:protocol": "`HTTP/1.1` or `HTTP/2`.",
            "response:url": "Where the answer came from in the end.",
            "response:redirects": "How many were followed.",
        }
    )

    method: Text = Field(default="GET", description="Any method; written in capitals when it is sent.")
    query: Pairs = Field(default_factory=list, description="Parameters added to the URL's own.")
    body: Annotated[str | bytes | None, Content(structure=True, typed_by="headers")] = Field(
        default=None,
        description="Text is sent as it is, as UTF-8; a mapping or list as JSON; `{file: NAME}` is a file's content.",
    )
    form: Pairs = Field(default_factory=list, description=f"Sent as `{FORM_TYPE}`.")
    multipart: Annotated[list[Part], BeforeValidator(_parts), WithJsonSchema({"type": ["object", "array"]})] = Field(
        default_factory=list,
        description="Sent as `multipart/form-data`: a mapping of names to texts or `{file: NAME}`, or a list of parts.",
    )

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        given = [name for name in ("body", "form", "multipart") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"has one of `body`, `form` and `multipart`, and these are {' and '.join(given)}")
        return self

    def describe(self) -> str:
        """The request line."""
        return self.said(self.method.upper())

    def parameters(self) -> list[tuple[str, str]]:
        """Of `query`."""
        return self.query

    def dry_run(self, context: TraceContext) -> str:
        """With curl."""
        content: list[str] = []
        raw = self.body.encode() if isinstance(self.body, str) else self.body
        if raw is not None:
            try:
                content = ["--data-raw", raw.decode()]
            except UnicodeDecodeError:
                content = ["--data-binary", "@-"]
        for key, value in self.without_secrets().form:
            content += ["--data-urlencode", f"{key}={value}"]
        for part in self.multipart:
            text = f"@{part.file}" if part.file else part.value
            kind = f";type={part.type}" if part.type else ""
            name = f";filename={part.filename}" if part.filename else ""
            content += ["--form" if part.file else "--form-string", f"{part.name}={text}{kind}{name}"]
        line = self.curl(self.method.upper(), context, [], *content)
        return piped(raw or b"", line) if "@-" in content else line

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Send the request.

        Raises:
            TriggerError: The URL is none, nothing listens there, or no answer came in time.
        """
        content, media = self._content(context)
        headers = self.sent_headers(context)
        if media and not any(key.lower() == "content-type" for key, _ in headers):
            headers.append(("content-type", media))
        return await self.exchange("http", self.method.upper(), headers, content, clock)

    def _content(self, context: TraceContext) -> tuple[bytes | None, str]:
        """The body, and its media type where the definition's keys say it."""
        if self.form:
            return encoded(self.form).replace("%20", "+").encode(), FORM_TYPE
        if not self.multipart:
            return (self.body.encode() if isinstance(self.body, str) else self.body), ""
        try:
            parts = [part.encoded() for part in self.multipart]
        except OSError as fault:
            message = f"{self.describe()}: {fault.filename} cannot be read: {fault.strerror}"
            raise TriggerError(message, help="Name a file that can be read.") from fault
        boundary = _boundary(context, parts)
        mark = b"--" + boundary.encode()
        whole = b"".join(mark + _LINE + part + _LINE for part in parts) + mark + b"--" + _LINE
        return whole, f"multipart/form-data; boundary={boundary}"


def _boundary(context: TraceContext, parts: list[bytes]) -> str:
    """A text that no part has in it; the same for the same request, so that runs can be compared."""
    found = f"spanspec-{context.trace_id}"
    while any(found.encode() in part for part in parts):
        found = f"spanspec-{hashlib.sha256(found.encode()).hexdigest()[:32]}"
    return found
