"""curl's options: which there are, and what each says of the request.

The names are those of curl 8 (https://curl.se/docs/manpage.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from spanspec.importing.request import Part
from spanspec.source.render import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from spanspec.importing.drafts import Notes
    from spanspec.importing.secrets import Secrets
    from spanspec.source.text import SourceText

SHORT: Final = {
    "X": "request", "H": "header", "d": "data", "F": "form", "u": "user", "b": "cookie", "G": "get", "I": "head", "k": "insecure",
    "L": "location", "A": "user-agent", "e": "referer", "m": "max-time", "x": "proxy", "E": "cert", "T": "upload-file", "r": "range",
    "U": "proxy-user", "0": "http1.0", "2": "sslv2", "3": "sslv3", "4": "ipv4", "6": "ipv6", "1": "tlsv1", "s": "silent", "S": "show-error",
    "v": "verbose", "i": "include", "f": "fail", "o": "output", "O": "remote-name", "w": "write-out", "D": "dump-header", "c": "cookie-jar",
    "j": "junk-session-cookies", "J": "remote-header-name", "K": "config", "N": "no-buffer", "n": "netrc", "q": "disable", "R": "remote-time",
    "y": "speed-time", "Y": "speed-limit", "z": "time-cond", "#": "progress-bar", ":": "next", "p": "proxytunnel", "g": "globoff", "a": "append",
    "C": "continue-at", "t": "telnet-option", "h": "help", "V": "version", "Z": "parallel", "l": "list-only", "B": "use-ascii", "P": "ftp-port", "Q": "quote",
}  # fmt: skip
_SILENT: Final = frozenset(
    [
        "silent",
        "show-error",
        "verbose",
        "include",
        "fail",
        "fail-with-body",
        "fail-early",
        "remote-name",
        "remote-name-all",
        "no-buffer",
        "buffer",
        "progress-bar",
        "globoff",
        "compressed",
        "http1.0",
        "http1.1",
        "http0.9",
        "tlsv1",
        "tlsv1.0",
        "tlsv1.1",
        "tlsv1.2",
        "tlsv1.3",
        "ipv4",
        "ipv6",
        "junk-session-cookies",
        "remote-header-name",
        "remote-time",
        "disable",
        "basic",
        "anyauth",
        "tcp-nodelay",
        "tcp-fastopen",
        "no-keepalive",
        "keepalive",
        "no-progress-meter",
        "styled-output",
        "no-styled-output",
        "path-as-is",
        "proxytunnel",
        "ssl",
        "ssl-reqd",
        "no-alpn",
        "post301",
        "post302",
        "post303",
        "location-trusted",
        "retry-all-errors",
        "retry-connrefused",
        "parallel",
        "parallel-immediate",
        "create-dirs",
        "xattr",
        "tr-encoding",
        "raw",
        "sslv2",
        "sslv3",
        "list-only",
        "append",
        "use-ascii",
        "ca-native",
        "suppress-connect-headers",
        "no-sessionid",
        "crlf",
        "no-npn",
    ]
)
_SILENT_VALUES: Final = frozenset(
    [
        "output",
        "write-out",
        "dump-header",
        "cookie-jar",
        "retry",
        "retry-delay",
        "retry-max-time",
        "trace",
        "trace-ascii",
        "stderr",
        "speed-time",
        "speed-limit",
        "limit-rate",
        "max-redirs",
        "max-filesize",
        "keepalive-time",
        "output-dir",
        "ciphers",
        "tls13-ciphers",
        "tls-max",
        "curves",
        "parallel-max",
        "continue-at",
        "time-cond",
        "expect100-timeout",
        "happy-eyeballs-timeout-ms",
        "etag-save",
        "libcurl",
        "rate",
        "capath",
        "crlfile",
        "dns-servers",
        "local-port",
        "pinnedpubkey",
    ]
)
_LOST: Final = frozenset({"ntlm", "negotiate", "netrc", "anyauth", "http3", "http3-only", "haproxy-protocol"})
_LOST_VALUES: Final = frozenset(
    {
        "resolve", "connect-to", "unix-socket", "abstract-unix-socket", "aws-sigv4", "config", "interface", "socks4", "socks4a", "socks5",
        "socks5-hostname", "proxy-user", "proxy-header", "netrc-file", "etag-compare", "request-target", "cert-type", "key-type", "preproxy", "telnet-option",
        "ftp-port", "quote", "doh-url", "hsts", "alt-svc", "variable",
    }
)  # fmt: skip
_OWN: Final = frozenset({"get", "head", "insecure", "location", "digest", "http2", "http2-prior-knowledge", "next"})
_OWN_VALUES: Final = frozenset(
    {
        "request", "header", "data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json", "form", "form-string", "user", "cookie",
        "user-agent", "referer", "max-time", "connect-timeout", "proxy", "cert", "key", "cacert", "pass", "upload-file", "range", "url", "url-query",
        "oauth2-bearer",
    }
)  # fmt: skip
WITH_VALUE = _SILENT_VALUES | _LOST_VALUES | _OWN_VALUES
ALL = WITH_VALUE | _SILENT | _LOST | _OWN


@dataclass(slots=True)
class State:
    """What the options said so far."""

    source: SourceText
    notes: Notes
    secrets: Secrets
    urls: list[str] = field(default_factory=list)
    method: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    file: str = ""
    upload: str = ""
    query: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    defaults: dict[str, str] = field(default_factory=dict)
    user: str = ""
    bearer: str = ""
    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)


def take(name: str, value: str, state: State) -> None:
    """Take an option that is known, with its value or an empty text."""
    if name in _HANDLERS:
        _HANDLERS[name](state, value)
    elif name in _LOST or name in _LOST_VALUES:
        state.notes.say(f"--{name} cannot be said in a definition and was left out")
    elif name in _OWN:
        state.flags.add(name)
    elif name in _OWN_VALUES:
        state.values[name] = value


def _header(state: State, value: str) -> None:
    if value.startswith("@"):
        state.notes.say(f"the headers in the file {visible(value[1:])} were left out; write them under `headers`")
        return
    name, colon, text = value.partition(":")
    if not colon and name.endswith(";"):
        state.headers.append((name[:-1].strip(), ""))
    elif colon and not text.strip():
        state.removed.add(name.strip().lower())
    elif colon:
        state.headers.append((name.strip(), text.strip()))
    else:
        state.notes.say(f'the header "{visible(value[:40])}" has no colon and was left out')


def _data(state: State, value: str) -> None:
    """`-d`: curl takes line breaks out of a file; sent whole here, and told."""
    if value.startswith("@"):
        state.notes.say(
            f"-d @{visible(value[1:])}: curl sends the file without its line breaks, the test sends it as it is"
        )
        _file(state, value[1:])
    else:
        state.data.append(value)


def _binary(state: State, value: str) -> None:
    if value.startswith("@"):
        _file(state, value[1:])
    else:
        state.data.append(value)


def _file(state: State, name: str) -> None:
    if state.file or name == "-":
        state.notes.say("a body from stdin, or of several files, was left out; write it under `body`")
        return
    state.file = name


def _urlencoded(state: State, value: str) -> None:
    state.data.append(_as_urlencoded(state, value))


def _as_urlencoded(state: State, value: str) -> str:
    name, sign, content = _split_encoded(value)
    if sign == "@":
        state.notes.say(f"the content of the file {visible(content)} was left out; write it under `form`")
        content = ""
    encoded = _encoded(content)
    return f"{name}={encoded}" if name else encoded


def _split_encoded(value: str) -> tuple[str, str, str]:
    places = [place for place in (value.find("="), value.find("@")) if place >= 0]
    if not places:
        return "", "", value
    at = min(places)
    return value[:at], value[at], value[at + 1 :]


def _encoded(text: str) -> str:
    """Percent-encoded, references left whole."""
    return quote(text, safe="\ue0f0\ue0f1:") if "\ue0f0" in text else quote(text, safe="")


def _url_query(state: State, value: str) -> None:
    state.query.append(value[1:] if value.startswith("+") else _as_urlencoded(state, value))


def _json(state: State, value: str) -> None:
    state.defaults |= {"content-type": "application/json", "accept": "application/json"}
    _binary(state, value)


def _form(state: State, value: str) -> None:
    name, equals, rest = value.partition("=")
    if not equals:
        state.notes.say(f'the part "{visible(value[:40])}" has no `=` and was left out')
        return
    if not rest.startswith(("@", "<")):
        content, extra = _attributes(rest)
        state.parts.append(
            Part(name=name, value=content, type=extra.get("type", ""), filename=extra.get("filename", ""))
        )
        return
    path, extra = _attributes(rest[1:])
    if rest[0] == "<":
        state.notes.say(f"the part {visible(name)}: the file's content is sent as a file, not as a text")
    state.parts.append(Part(name=name, file=path, type=extra.get("type", ""), filename=extra.get("filename", "")))


def _attributes(text: str) -> tuple[str, dict[str, str]]:
    """`x;type=text/plain;filename=y`, quotes undone."""
    if text.startswith('"'):
        content, _, rest = text[1:].partition('"')
    else:
        content, semicolon, rest = text.partition(";")
        rest = semicolon + rest
    pairs = [part.strip().partition("=") for part in rest.split(";") if "=" in part]
    known = {key.strip(): value.strip().strip('"') for key, _, value in pairs if key.strip() in ("type", "filename")}
    return (content, known) if known or text.startswith('"') else (text, {})


def _form_string(state: State, value: str) -> None:
    name, _, rest = value.partition("=")
    state.parts.append(Part(name=name, value=rest))


def _cookie(state: State, value: str) -> None:
    if "=" in value or "\ue0f0" in value:
        state.headers.append(("cookie", value))
    else:
        state.notes.say(f"the cookies in the file {visible(value)} were left out; write them under `cookies`")


def _upload(state: State, value: str) -> None:
    state.upload = value
    state.method = state.method or "PUT"


_HANDLERS: Final[dict[str, Callable[[State, str], None]]] = {
    "header": _header,
    "data": _data,
    "data-ascii": _data,
    "data-raw": lambda state, value: state.data.append(value),
    "data-binary": _binary,
    "data-urlencode": _urlencoded,
    "url-query": _url_query,
    "json": _json,
    "form": _form,
    "form-string": _form_string,
    "cookie": _cookie,
    "upload-file": _upload,
    "url": lambda state, value: state.urls.append(value),
    "request": lambda state, value: setattr(state, "method", value),
    "user": lambda state, value: setattr(state, "user", value),
    "oauth2-bearer": lambda state, value: setattr(state, "bearer", value),
    "user-agent": lambda state, value: state.headers.append(("user-agent", value)),
    "referer": lambda state, value: state.headers.append(("referer", value.removesuffix(";auto"))),
    "range": lambda state, value: state.headers.append(("range", f"bytes={value}")),
}
