"""One HTTP request of any source, and the trigger that sends it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit, urlunsplit

from spanspec.importing.secrets import has_reference, is_reference, speaks_of_secret, templated

if TYPE_CHECKING:
    from spanspec.importing.secrets import Secrets

FORM: Final = "application/x-www-form-urlencoded"
DROPPED: Final = frozenset(
    {
        "host", "content-length", "connection", "accept-encoding", "transfer-encoding", "te", "keep-alive", "proxy-connection",
        "upgrade-insecure-requests", "traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid",
        "x-b3-sampled", "x-b3-flags", "uber-trace-id", "x-amzn-trace-id", "x-cloud-trace-context", "sentry-trace",
        "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority", "priority", "dnt", "pragma",
    }
)  # fmt: skip
"""Headers that a client writes by itself, or that carry another trace context."""
BROWSER: Final = ("sec-", ":")
"""Beginnings of headers that browsers write by themselves."""

_MAX_STRUCTURE = 20_000
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart body: a text, or the name of a file."""

    name: str
    value: str = ""
    file: str = ""
    filename: str = ""
    type: str = ""

    def plain(self) -> dict[str, object]:
        """As it stands in a definition."""
        out: dict[str, object] = {"name": templated(self.name)}
        out |= {"file": templated(self.file)} if self.file else {"value": templated(self.value)}
        out |= {"filename": templated(self.filename)} if self.filename else {}
        return out | ({"type": templated(self.type)} if self.type else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. Texts may hold references (`secrets.reference`).

    Attributes:
        body: Text, or None.
        file: The file that is the body, or empty.
        form: Pairs sent as a form; parts: sent as multipart.
        auth: The `auth` mapping of a definition, with texts that are no templates yet.
        more: Further fields of the trigger, as they stand in a definition.
    """

    method: str = "GET"
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    file: str = ""
    form: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    auth: Mapping[str, object] | None = None
    more: Mapping[str, object] | None = None

    @property
    def title(self) -> str:
        """`POST /orders`."""
        head = self.url.partition("?")[0].partition("#")[0]
        _, scheme, rest = head.partition("://")
        path = "/" + rest.partition("/")[2] if scheme else head
        return f"{self.method.upper()} {unmarked(path) or '/'}"


def unmarked(text: str) -> str:
    """A text for people: references as `{NAME}`."""
    shown = templated(text).replace("$${", "${").replace("${env:", "{").replace("${", "{")
    return " ".join(shown.split())


def trigger_of(request: Request, secrets: Secrets) -> dict[str, object]:
    """The trigger that sends the request, its secrets as variables."""
    request = _tidied(_without_userinfo(request, secrets), secrets)
    fields: dict[str, object] = {}
    if request.method.upper() != "GET":
        fields["method"] = request.method.upper()
    fields["url"] = templated(request.url)
    if request.query:
        fields["query"] = _pairs(request.query)
    if request.headers:
        fields["headers"] = _pairs(request.headers)
    if request.auth:
        fields["auth"] = plain(dict(request.auth))
    fields.update(_body(request, secrets))
    fields.update(request.more or {})
    return {"http": fields}


def plain(value: object) -> object:
    """The value with every text in it as a template."""
    if isinstance(value, str):
        return templated(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def hidden(value: object, secrets: Secrets, what: str, name: str = "") -> object:
    """A structure whose secrets are references; a number under a secret's name becomes one too."""
    if isinstance(value, dict):
        return {key: hidden(item, secrets, what, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item, secrets, what, name) for item in value]
    if isinstance(value, str):
        return secrets.named(name, value, f"{what} ({name})" if name else what)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return secrets.hide(str(value), name, f"{what} ({name})") if number and speaks_of_secret(name) else value


def _pairs(pairs: tuple[tuple[str, str], ...]) -> object:
    names = [name.lower() for name, _ in pairs]
    if len(set(names)) == len(names):
        return {name: templated(value) for name, value in pairs}
    return [{"key": name, "value": templated(value)} for name, value in pairs]


def _without_userinfo(request: Request, secrets: Secrets) -> Request:
    """User and password of the URL as `auth`."""
    try:
        parts = urlsplit(request.url)
        host, password, user = parts.netloc.rpartition("@")[2], parts.password, parts.username
    except ValueError:
        return request
    if user is None or not parts.scheme:
        return request
    clean = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
    auth = request.auth or basic(unquote(user), unquote(password or ""), secrets)
    return replace(request, url=clean, auth=auth)


def basic(user: str, password: str, secrets: Secrets, kind: str = "basic") -> dict[str, object]:
    """`auth` with a user and a password; a user without password is a key, and hidden like one."""
    if not password:
        return {kind: {"username": secrets.hide(user, "API_KEY", "the user name, sent without a password")}}
    user = secrets.scrub(user, "the user name")
    return {kind: {"username": user, "password": secrets.hide(password, "PASSWORD", "the password of the user")}}


def _tidied(request: Request, secrets: Secrets) -> Request:
    """Headers and query without secrets; an authorization header as `auth` where that says the same."""
    headers, auth = [], request.auth
    for name, value in request.headers:
        lower = name.lower()
        if lower in DROPPED or lower.startswith(BROWSER):
            continue
        if lower == "authorization" and auth is None:
            auth = _auth_of(value, secrets)
            if auth is not None:
                continue
        headers.append((lower, secrets.named(lower, value, f"the header {lower}")))
    url, query = _query(request, secrets)
    return replace(request, headers=tuple(headers), auth=auth, url=url, query=query)


def _auth_of(value: str, secrets: Secrets) -> dict[str, object] | None:
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer" and rest:
        token = (
            rest
            if has_reference(rest) and not is_reference(rest)
            else secrets.hide(rest, "API_TOKEN", "the bearer token")
        )
        return {"bearer": {"token": token}}
    if scheme.lower() == "basic" and rest and not has_reference(rest):
        try:
            user, colon, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return basic(user, password, secrets) if colon and user else None
    return None


def _query(request: Request, secrets: Secrets) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The URL, and its parameters beside it as soon as one of them is a secret."""
    head, mark, fragment = request.url.partition("#")
    path, question, text = head.partition("?")
    said = tuple((key, secrets.named(key, value, f"the parameter {key}")) for key, value in request.query)
    pairs = tuple(parse_qsl(text, keep_blank_values=True))
    clean = tuple((key, secrets.named(key, value, f"the parameter {key}")) for key, value in pairs)
    path = secrets.scrub(path, "the URL")
    if not said and clean == pairs and not any(has_reference(value) for _, value in pairs):
        return path + question + secrets.scrub(text, "the URL"), ()
    return path + (mark + fragment if fragment else ""), (*clean, *said)


def _body(request: Request, secrets: Secrets) -> dict[str, object]:
    if request.file:
        return {"body": {"file": templated(request.file)}}
    if request.parts:
        return {"multipart": [_hidden_part(part, secrets).plain() for part in request.parts]}
    if request.form:
        return {"form": _pairs(_hidden_form(request.form, secrets))}
    if request.body is None:
        return {}
    return _text_body(request, request.body, secrets)


def _hidden_part(part: Part, secrets: Secrets) -> Part:
    return replace(part, value=secrets.named(part.name, part.value, f"the part {part.name}")) if part.value else part


def _hidden_form(form: tuple[tuple[str, str], ...], secrets: Secrets) -> tuple[tuple[str, str], ...]:
    return tuple((key, secrets.named(key, value, f"the field {key}")) for key, value in form)


def _text_body(request: Request, body: str, secrets: Secrets) -> dict[str, object]:
    """A JSON object or list as a structure where that sends the same values, form data as `form`, else the text."""
    media = (
        next((value for name, value in request.headers if name == "content-type"), "").partition(";")[0].strip().lower()
    )
    if media == FORM:
        pairs = tuple(parse_qsl(body, keep_blank_values=True))
        if (
            pairs
            and "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in pairs).lower()
            == body.replace("%20", "+").lower()
        ):
            return {"form": _pairs(_hidden_form(pairs, secrets))}
    structure = structured(body)
    if structure is None:
        return {"body": templated(secrets.scrub(body, "the body"))}
    clean = hidden(structure, secrets, "the body")
    if clean == structure and not _reads_back(structure):
        return {"body": templated(body)}
    if not _reads_back(clean):
        return {"body": templated(json.dumps(clean, ensure_ascii=False))}
    return {"body": plain(clean)}


def structured(text: str) -> object | None:
    """The value of a JSON object or list that loses nothing as a structure of a definition; else None."""
    stripped = text.strip()
    if stripped[:1] not in ("{", "[") or len(text) > _MAX_STRUCTURE:
        return None
    try:
        value: object = json.loads(stripped, object_pairs_hook=_once, parse_float=_exact, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if value and _depth(value) <= _MAX_DEPTH else None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _exact(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")) or Decimal(repr(value)) != Decimal(text):
        raise ValueError("a number that a double does not hold")
    return value


def _refuse(text: str) -> object:
    raise ValueError(text)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _reads_back(value: object) -> bool:
    """Whether the loader takes the structure for what it is: `{file: …}` names a file, and a key may hold no `${`."""
    if isinstance(value, dict) and set(value) == {"file"}:
        return False
    return not _odd_keys(value)


def _odd_keys(value: object) -> bool:
    if isinstance(value, dict):
        return any("${" in key or key == "<<" or not key for key in value) or any(map(_odd_keys, value.values()))
    return any(map(_odd_keys, value)) if isinstance(value, list) else False
