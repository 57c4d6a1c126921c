"""How an exporter reacts to an answer: whether to send again, when, and what to report. Pure.

- Partial success is final, also with a warning only: https://opentelemetry.io/docs/specs/otlp/#partial-success
- HTTP: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes, throttling with `Retry-After` (RFC 9110, 10.2.3)
- gRPC: https://opentelemetry.io/docs/specs/otlp/#failures; `RESOURCE_EXHAUSTED` only with `RetryInfo`
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from spanspec.errors import OtlpError
from spanspec.otlp.decoded import shown
from spanspec.otlp.exchange import RETRYABLE_STATUSES, Encoding, encoding_of
from spanspec.otlp.wire import read_response, read_status

if TYPE_CHECKING:
    from collections.abc import Sequence

RETRYABLE_CODES: Final = frozenset(
    {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
)
"""gRPC statuses after which the same export may be sent again."""

_MAX_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What to do after an answer.

    Attributes:
        retry: Send the same export again.
        rejected: Spans that the receiver did not take.
        report: What to tell a person, safe to show; empty when there is nothing to tell.
        retry_after_s: The wait that the receiver asked for; None when it asked for none.
        backoff: Without such a wait: grow the delay exponentially, with jitter.
    """

    retry: bool
    rejected: int = 0
    report: str = ""
    retry_after_s: float | None = None

    @property
    def backoff(self) -> bool:
        """Whether the delay before the next attempt is the exporter's own to choose."""
        return self.retry and self.retry_after_s is None


def reaction(status: int, headers: Sequence[tuple[str, str]], body: bytes, *, now_s: float = 0.0) -> Reaction:
    """The reaction to an HTTP answer.

    Args:
        status: Its code.
        headers: Names in any case.
        body: Whatever came; a proxy may have sent a page.
        now_s: Unix time, against which a date in `Retry-After` is measured.
    """
    if 200 <= status < 300:
        rejected, message = _success(headers, body)
        return Reaction(retry=False, rejected=rejected, report=message)
    if 300 <= status < 400:
        target = next((value for key, value in headers if key.lower() == "location"), "elsewhere")
        return Reaction(
            retry=False, report=f"HTTP {status}: redirected to {shown(target)}; the export was not delivered"
        )
    told = _status_message(headers, body)
    report = f"HTTP {status}: {told}" if told else f"HTTP {status}"
    if status not in RETRYABLE_STATUSES:
        return Reaction(retry=False, report=report)
    return Reaction(retry=True, report=report, retry_after_s=_retry_after(headers, now_s))


def reaction_grpc(
    code: str, *, details: str = "", message: bytes = b"", retry_delay_s: float | None = None
) -> Reaction:
    """The reaction to a gRPC answer.

    Args:
        code: The status's name: `UNAVAILABLE`.
        details: The status's message.
        message: The response message of an OK.
        retry_delay_s: The delay of a `google.rpc.RetryInfo` among the details, or None when there is none.
    """
    if code == "OK":
        rejected, text = _binary_success(message)
        return Reaction(retry=False, rejected=rejected, report=text)
    report = f"{code}: {shown(details)}" if details else code
    retry = code in RETRYABLE_CODES or (code == "RESOURCE_EXHAUSTED" and retry_delay_s is not None)
    wait = min(max(0.0, retry_delay_s), _MAX_WAIT_S) if retry and retry_delay_s is not None else None
    return Reaction(retry=retry, report=report, retry_after_s=wait)


def _success(headers: Sequence[tuple[str, str]], body: bytes) -> tuple[int, str]:
    match encoding_of(headers):
        case Encoding.JSON:
            return _json_success(body)
        case Encoding.PROTOBUF:
            return _binary_success(body)
        case _:
            return 0, ""


def _json_success(body: bytes) -> tuple[int, str]:
    partial = _object(body).get("partialSuccess")
    if not isinstance(partial, dict):
        return 0, ""
    message = partial.get("errorMessage")
    return _count(partial.get("rejectedSpans")), shown(message) if isinstance(message, str) else ""


def _count(value: object) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _binary_success(body: bytes) -> tuple[int, str]:
    try:
        rejected, message = read_response(body)
    except OtlpError as fault:
        return 0, f"the answer could not be read: {fault}"
    return rejected, shown(message)


def _status_message(headers: Sequence[tuple[str, str]], body: bytes) -> str:
    """The message of the error's Status, or the beginning of whatever text there is."""
    encoding = encoding_of(headers)
    if encoding is Encoding.PROTOBUF:
        try:
            return shown(read_status(body))
        except OtlpError:
            return ""
    if encoding is Encoding.JSON:
        message = _object(body).get("message")
        return shown(message) if isinstance(message, str) else ""
    return shown(body[:200].decode("utf-8", "replace").strip())


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _retry_after(headers: Sequence[tuple[str, str]], now_s: float) -> float | None:
    """Seconds or a date; anything else is as if it were not there."""
    text = next((value.strip() for key, value in headers if key.lower() == "retry-after"), "")
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), _MAX_WAIT_S)
    try:
        at = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, at - now_s), _MAX_WAIT_S)
