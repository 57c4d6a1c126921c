"""What is certain to be another value next time: ids, times, addresses, ports, random texts. Nothing is proposed of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from spanspec.model.attributes import AttributeValue

_MOST_TEXT: Final = 60
"""Characters of a text that is worth a statement; longer ones are payloads."""

_NOISY_KEY = re.compile(
    r"(?:^|[._-])(?:id|ids|uuid|guid|ulid|key|hash|etag|digest|checksum|nonce|seed|token|password|passwd|secret|cookie|session|signature|credential"
    r"|authorization|time|timestamp|date|at|start|end|duration|elapsed|latency|ms|ns|us|seconds|ttl|age|expires|expiry|deadline"
    r"|host|hostname|address|addr|ip|peer|port|url|uri|server_name|user_agent|agent|pid|tid|thread|process|pod|container|node|instance|machine"
    r"|offset|partition|sequence|seq|cursor|attempt|retry|retries|count\.retry|bytes|size|content_length|body|payload|result|message|stacktrace|query_string"
    r"|connection_string|user|username|email|phone|ip_address|lineno|filepath|version|build|sha|commit|random|trace|span|parent)$",
    re.IGNORECASE,
)
_NOISY_CAMEL = re.compile(r"[a-z](?:Id|ID|Ids|Uuid|Time|Timestamp|At|Date|Host|Port|Url|Key|Token|Hash)$")
_NOISY_START = re.compile(
    r"^(?:net|network|server|client|source|destination|peer|host|os|process|thread|telemetry|service|container|k8s|cloud|faas|aws|gcp|azure|otel|code|url|user_agent"
    r"|exception|http\.(?:request\.(?:header|body)|response\.(?:header|body)|user_agent|host|target|url|client_ip|flavor|scheme|server_name|method|route)"
    r"|http\.request\.(?:method|size)|http\.response\.(?:size)|http\.response_content_length(?:_uncompressed)?|http\.request_content_length(?:_uncompressed)?"
    r"|messaging|db|rpc\.(?:system|service|method)|enduser|session|tracetest|internal|sampling|sampler|library|component|tls|peer|asgi|wsgi|express|koa|hapi|next|graphql\.(?:document|source))(?:\.|$)",
    re.IGNORECASE,
)
_RANDOM: Final = (
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE),  # a UUID
    re.compile(r"(?<![a-z0-9])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}(?![a-z0-9])", re.IGNORECASE),  # hex
    re.compile(r"(?<![0-9A-Z])[0-9A-HJKMNP-TV-Z]{26}(?![0-9A-Z])"),  # a ULID
    re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}:\d{2}:\d{2}"),  # a date or a time
    re.compile(r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)"),  # an IP address
    re.compile(r"\blocalhost\b|(?<=\w):\d{2,5}\b"),  # a host with a port
    re.compile(r"\w@\w"),  # a mail address
    re.compile(r"\d{5,}"),  # a long number
    re.compile(r"\beyJ[\w-]{8,}"),  # a token
    re.compile(r"(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9+/_-]{16,}={0,2}"),  # random characters
)
_BIG: Final = 100_000_000
"""From here on a whole number is a time, an id or an address rather than an amount."""


def noisy_key(key: str) -> bool:
    """Whether an attribute of that name is technical, or differs from run to run."""
    return any(pattern.search(key) for pattern in (_NOISY_KEY, _NOISY_CAMEL, _NOISY_START))


def random_text(text: str) -> bool:
    """Whether a text looks random: an id, a date, an address in it, or too long to be a word of the trade."""
    return any(pattern.search(text) for pattern in _RANDOM)


def telling(value: AttributeValue) -> bool:
    """Whether a value can be said in a statement and is likely to be the same next time."""
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        return abs(value) < _BIG
    if isinstance(value, float):
        return value == value and abs(value) < _BIG and len(repr(value)) <= 12
    if not isinstance(value, str):
        return False
    return 0 < len(value) <= _MOST_TEXT and value.isprintable() and value[0] not in "{[" and not random_text(value)


def lasting_name(name: str) -> bool:
    """Whether a span's name is the same each time: no id in it."""
    return (
        bool(name.strip())
        and len(name) <= 2 * _MOST_TEXT
        and not random_text(name)
        and re.search(r"\d{2,}", name) is None
    )
