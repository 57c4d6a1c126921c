"""Why a peer could not be reached, in our words: one wording for all triggers, whatever their client library raises."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from spanspec.errors import TriggerError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - compared with, not bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried.

    Attributes:
        what: The action for people, without secrets: `POST http://127.0.0.1:8080/checkout`.
        host: Where; empty where it cannot be told.
        port: Of the peer, or None.
        limit: The limit that holds, for people: `5 s`; empty for none.
        name_another: How to name another address, in one imperative sentence.
    """

    what: str
    host: str = ""
    port: int | None = None
    limit: str = ""
    name_another: str = "Check the address."

    @property
    def where(self) -> str:
        """`host:port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port is not None else host


def failure(attempt: Attempt, fault: BaseException, *, waited_s: float = 0.0) -> TriggerError:
    """The error that tells what happened, where, and how to go on."""
    kind, reason = _reason(fault, attempt)
    where = f" ({attempt.where})" if attempt.where and attempt.where not in attempt.what else ""
    waited = f", waited {waited_s:.1f} s" if kind == "timeout" and waited_s else ""
    never = kind in ("refused", "unresolved") or "connecttimeout" in type(fault).__name__.lower()
    return TriggerError(
        f"{attempt.what} failed{where}: {reason}{waited}",
        help=_help(kind, attempt),
        unreachable=(attempt.where or attempt.what) if never else "",
    )


def address_of(url: str) -> tuple[str, int | None]:
    """Host and port of a URL; empty where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None
    return parts.hostname or "", port


def in_container() -> bool:
    """Whether this process runs in a container, as far as the usual marks tell."""
    marks = ("/.dockerenv", "/run/.containerenv")
    return any(Path(mark).exists() for mark in marks) or "KUBERNETES_SERVICE_HOST" in os.environ


def _chain(fault: BaseException) -> list[BaseException]:
    out: list[BaseException] = []
    todo = [fault]
    while todo:
        each = todo.pop(0)
        if any(each is other for other in out):
            continue
        out.append(each)
        todo.extend(cause for cause in (each.__cause__, each.__context__) if cause is not None)
        todo.extend(getattr(each, "exceptions", ()))
    return out


def _reason(fault: BaseException, attempt: Attempt) -> tuple[str, str]:
    chain = _chain(fault)
    said = " ".join(str(each) for each in chain).lower()
    certificate = next((each for each in chain if isinstance(each, ssl.SSLError)), None)
    if certificate is not None:
        detail = getattr(certificate, "verify_message", "") or certificate.reason or str(certificate)
        return "tls", f"TLS: {detail}"
    if isinstance(fault, TimeoutError) or "timeout" in type(fault).__name__.lower():
        return "timeout", f"no answer within {attempt.limit or 'the time limit'}"
    if any(isinstance(each, ConnectionRefusedError) for each in chain) or "refused" in said:
        return "refused", "connection refused: nothing listens there"
    if any(isinstance(each, socket.gaierror) for each in chain):
        return "unresolved", f'the host name "{attempt.host}" cannot be resolved'
    if "attempts failed" in said:
        return "refused", "connection refused: nothing listens there"
    if any(isinstance(each, ConnectionResetError | BrokenPipeError) for each in chain) or "disconnected" in said:
        return "reset", "the peer closed the connection without an answer"
    return "other", str(fault) or type(fault).__name__


def _help(kind: str, attempt: Attempt) -> str:
    if kind == "refused":
        return f"Start the service, or name where it listens. {attempt.name_another}{_container(attempt)}"
    if kind == "timeout":
        return "Raise `timeout` of the trigger, or look at what the service is waiting for."
    if kind == "unresolved":
        return f"Check the host's name. {attempt.name_another}"
    if kind == "tls":
        return "Give the authority's certificate as `tls: { ca: FILE }`, a client's own as `cert` and `key`, or mend the peer's certificate."
    if kind == "reset":
        return "Check that the service speaks this protocol there, and with or without TLS as the address says."
    return attempt.name_another


def _container(attempt: Attempt) -> str:
    if attempt.host not in LOOPBACK:
        return ""
    if in_container():
        return f" spanspec runs in a container here, and {attempt.host} is this container itself: name the service or its host."
    return " If the service runs in a container, publish its port; if spanspec does, localhost is the container itself."
