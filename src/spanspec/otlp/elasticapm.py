"""What Elastic APM's agents send, in the form in which its server stores it.

An agent sends lines: first `{"metadata": …}`, then `{"transaction": …}`, `{"span": …}`, `{"error": …}`, with durations in milliseconds and
what they carry in `context` (https://www.elastic.co/docs/solutions/observability/apm/elastic-apm-events-intake-api). The documents in
Elasticsearch hold the same under other names; only those are decoded (`decode_elasticapm`), and this module renames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from spanspec.otlp.foreign import mapping, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS: Final = ("transaction", "span", "error")
_LINES: Final = frozenset({"metadata", *EVENTS, "metricset", "log"})


def is_intake(document: Mapping[str, Any]) -> bool:
    """Whether an object is a line that an agent sends."""
    if len(document) != 1:
        return False
    kind, body = next(iter(document.items()))
    return kind in _LINES and isinstance(body, Mapping) and (kind != "error" or "id" in body)


def documents_of(lines: list[Any]) -> Iterator[Any]:
    """The stored form of an agent's lines; what is no such line is given as it is."""
    metadata: Mapping[str, Any] = {}
    started: dict[str, float] = {}
    for line in lines:
        if not isinstance(line, Mapping) or not is_intake(line):
            yield line
            continue
        kind, body = next(iter(line.items()))
        if kind == "metadata":
            metadata = body
        elif kind in EVENTS:
            if kind == "transaction" and isinstance(body.get("timestamp"), int):
                started[text_of(body.get("id"))] = body["timestamp"]
            yield _document(kind, body, metadata, started)


def _document(
    kind: str, body: Mapping[str, Any], metadata: Mapping[str, Any], started: Mapping[str, float]
) -> dict[str, Any]:
    context = mapping(body.get("context"))
    own = {key: body[key] for key in ("id", "name", "type", "subtype", "action", "result", "span_count") if key in body}
    labels = {**mapping(metadata.get("labels")), **mapping(context.get("tags"))}
    out: dict[str, Any] = {
        "processor": {"event": kind},
        "trace": {"id": body.get("trace_id")},
        "parent": {"id": body.get("parent_id")},
        "timestamp": {"us": _start(body, started)},
        "event": {"outcome": body.get("outcome")},
        "service": _service(mapping(metadata.get("service")), mapping(context.get("service"))),
        "agent": {**mapping(mapping(metadata.get("service")).get("agent")), **mapping(context.get("agent"))},
        "labels": {key: value for key, value in labels.items() if not _is_number(value)},
        "numeric_labels": {key: value for key, value in labels.items() if _is_number(value)},
        kind: own,
        **_machine(metadata),
        **_exchange(context),
    }
    if _is_number(body.get("duration")):
        out["event"]["duration"] = round(body["duration"] * 1_000_000)
    if kind == "span":
        out["span"].update(_span_context(context))
        out["destination"] = mapping(context.get("destination"))
    if kind == "error":
        error = {**body, "exception": body.get("exception")}
        out["error"] = {key: error[key] for key in ("id", "log", "exception") if error.get(key) is not None}
        out["transaction"] = {"id": body.get("transaction_id")}
    if isinstance(body.get("links"), list):
        out["span"] = {**mapping(out.get("span")), "links": [_link(mapping(each)) for each in body["links"]]}
    return out


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _start(body: Mapping[str, Any], started: Mapping[str, float]) -> object:
    """Microseconds; a span may say instead how many milliseconds after its transaction it began."""
    if body.get("timestamp") is not None:
        return body["timestamp"]
    base, offset = started.get(text_of(body.get("transaction_id"))), body.get("start")
    return round(base + offset * 1000) if base is not None and isinstance(offset, int | float) else None


def _service(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    out = {**shared, **{key: value for key, value in own.items() if value}}
    node = mapping(out.get("node")).get("configured_name")
    return {**out, "node": {"name": node}} if node else out


def _machine(metadata: Mapping[str, Any]) -> dict[str, Any]:
    system = mapping(metadata.get("system"))
    name = system.get("configured_hostname") or system.get("detected_hostname") or system.get("hostname")
    return {
        "host": {
            "hostname": name,
            "architecture": system.get("architecture"),
            "os": {"platform": system.get("platform")},
        },
        "container": mapping(system.get("container")),
        "kubernetes": mapping(system.get("kubernetes")),
        "process": mapping(metadata.get("process")),
        "cloud": mapping(metadata.get("cloud")),
    }


def _exchange(context: Mapping[str, Any]) -> dict[str, Any]:
    """A request and its answer, of a transaction (`request`, `response`) or of a span (`http`)."""
    request, response, called = (mapping(context.get(key)) for key in ("request", "response", "http"))
    url = mapping(request.get("url"))
    status = response.get("status_code", called.get("status_code", mapping(called.get("response")).get("status_code")))
    return {
        "http": {
            "request": {"method": request.get("method", called.get("method"))},
            "response": {"status_code": status},
            "version": request.get("http_version"),
        },
        "url": {
            "full": url.get("full", called.get("url")),
            "scheme": text_of(url.get("protocol")).rstrip(":") or None,
            "domain": url.get("hostname"),
            "path": url.get("pathname"),
            "query": text_of(url.get("search")).lstrip("?") or None,
        },
        "user_agent": {"original": mapping(request.get("headers")).get("User-Agent")},
    }


def _span_context(context: Mapping[str, Any]) -> dict[str, Any]:
    db = mapping(context.get("db"))
    out: dict[str, Any] = {"message": mapping(context.get("message"))}
    out["destination"] = {"service": mapping(mapping(context.get("destination")).get("service"))}
    if db:
        out["db"] = {**db, "user": {"name": db.get("user")}}
    return out


def _link(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {"trace": {"id": raw.get("trace_id")}, "span": {"id": raw.get("span_id")}}
