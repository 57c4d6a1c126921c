"""Settings' values from what a user wrote, in a file, a variable or an option."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from spanspec.definition.keys import OUTCOMES, WAITS
from spanspec.model.time import parse_duration
from spanspec.otlp.target import SCHEMES
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_HTTP_PORT = 4318
DEFAULT_GRPC_PORT = 4317
GATES = ("test-specs", "analyzer-score", "analyzer-rules")
"""The gates that a run can require."""
MOST = 1000
"""Of tries and of jobs."""
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_BARE_NUMBER = re.compile(r"\d+(\.\d+)?")


class BadValueError(ValueError):
    """A value that does not fit; the text says what would, `help` how to mend it. Raised and caught inside this room."""

    def __init__(self, message: str, *, help: str = "", code: str = "bad-value") -> None:  # noqa: A002
        super().__init__(message)
        self.help = help
        self.code = code


def seconds(text: str) -> float:
    """A duration in seconds: `250ms`, `1m30s`, `0`.

    Raises:
        BadValueError: It is none, or negative.
    """
    stripped = text.strip()
    if stripped == "0":
        return 0.0
    duration = parse_duration(stripped)
    if duration is not None and duration.ns >= 0:
        return duration.ns / 1e9
    if duration is not None:
        raise BadValueError(f'"{text}" is negative', code="bad-duration", help="Write a duration such as 250ms or 30s.")
    bare = _BARE_NUMBER.fullmatch(stripped) is not None
    advice = (
        f"Write {stripped}s for seconds, or {stripped}ms for milliseconds."
        if bare
        else "Write a duration such as 250ms, 30s or 1m30s."
    )
    raise BadValueError(f'"{text}" is no duration', code="bad-duration", help=advice)


def boolean(text: str) -> bool:
    """A boolean from a variable.

    Raises:
        BadValueError: It is none.
    """
    lowered = text.strip().lower()
    if lowered in _TRUE or lowered in _FALSE:
        return lowered in _TRUE
    raise BadValueError(f'"{text}" is neither true nor false', help="Write true or false.")


def choice(text: str, names: Iterable[str]) -> str:
    """One of some words.

    Raises:
        BadValueError: It is none of them.
    """
    known = tuple(names)
    if text in known:
        return text
    close = did_you_mean(text, known)
    said = " or ".join(known)
    raise BadValueError(f'"{text}" is not {said}', help=close[:1].upper() + close[1:] if close else f"Write {said}.")


def outcome(text: str) -> str:
    """`fail` or `pass`."""
    return choice(text, OUTCOMES)


def wait(text: str) -> str:
    """`decided` or `settled`."""
    return choice(text, WAITS)


def count(text: str) -> int:
    """A whole number, 0 or more.

    Raises:
        BadValueError: It is none, or more than a thousand.
    """
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdecimal()):
        raise BadValueError(f'"{text}" is no whole number', help="Write 0, 1, 2 or the like.")
    if len(stripped) > 4 or int(stripped) > MOST:
        raise BadValueError(f"{stripped} is more than {MOST}", help="Write a smaller number.")
    return int(stripped)


def jobs(text: str) -> int | None:
    """How many cases at once; None for `auto`.

    Raises:
        BadValueError: It is neither a number from 1 on nor `auto`.
    """
    if text.strip() == "auto":
        return None
    found = count(text)
    if found == 0:
        raise BadValueError("0 jobs would never end", help="Write a number from 1 on, or auto.")
    return found


def gates(text: str) -> tuple[str, ...]:
    """Required gates, parted by commas.

    Raises:
        BadValueError: One is none of the three.
    """
    return tuple(choice(part, GATES) for part in parts(text))


def parts(text: str) -> tuple[str, ...]:
    """Texts parted by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def urls(text: str) -> tuple[str, ...]:
    """URLs parted by commas.

    Raises:
        BadValueError: One is no OTLP endpoint.
    """
    found = parts(text)
    for url in found:
        scheme, mark, rest = url.partition("://")
        if not mark or scheme.lower() not in SCHEMES or not rest.strip("/"):
            raise BadValueError(f'"{url}" is no URL', help="Write it like http://127.0.0.1:14318 or grpc://HOST:PORT.")
    return found


def linger(text: str) -> float | None:
    """Seconds, or None for `auto`."""
    return None if text.strip() == "auto" else seconds(text)


def address(text: str, default_port: int) -> str:
    """`HOST:PORT`, the port put in where it is left out.

    Raises:
        BadValueError: The port is no number from 0 to 65535, or there is no host.
    """
    host, port = split_address(text)
    if not host:
        raise BadValueError(f'"{text}" names no host', help="Write HOST:PORT, such as 127.0.0.1:4318.")
    return f"{host}:{default_port if port is None else port}"


def split_address(text: str) -> tuple[str, int | None]:
    """Host and port; an IPv6 host stands in brackets when a port follows.

    Raises:
        BadValueError: The port is no number from 0 to 65535.
    """
    stripped = text.strip()
    if stripped.startswith("["):
        host, bracket, rest = stripped.partition("]")
        host, port = host + bracket, rest.removeprefix(":")
    elif stripped.count(":") > 1:
        host, port = f"[{stripped}]", ""
    elif stripped.isdecimal():
        host, port = "127.0.0.1", stripped
    else:
        host, _, port = stripped.partition(":")
    if not port:
        return host, None
    if not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise BadValueError(f'"{port}" is no port', help="Write a number from 0 to 65535; 0 takes a free one.")
    return host, int(port)


_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}")


def headers(text: str) -> dict[str, str]:
    """Headers as `OTEL_EXPORTER_OTLP_HEADERS` has them: `name=value,name=value`, values percent-encoded.

    Raises:
        BadValueError: A part has no `=`, or its name is none of a header.
    """
    found: dict[str, str] = {}
    for part in parts(text):
        name, equals, value = part.partition("=")
        if not equals or not _HEADER_NAME.fullmatch(name.strip()):
            shown = name.strip()[:40] if equals else "a part without `=`"
            raise BadValueError(
                f"{shown}: no header", help="Write NAME=VALUE; a comma or a percent sign in it as %2C, %25."
            )
        found[name.strip().lower()] = unquote(value.strip())
    return found
