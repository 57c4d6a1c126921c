"""The keys below `environment:` of a `spanspec.yaml`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from spanspec.definition.keys import BOOLEAN, DURATION, LIST, MAPPING, SCALAR, TEXT, TEXTS, Key

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMAND: Final = MappingProxyType(
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}]}
)
_PORT: Final = MappingProxyType({"type": "integer", "minimum": 0, "maximum": 65535})
_STATUS: Final = MappingProxyType(
    {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}, "minItems": 1}]}
)
_NAMES: Final = MappingProxyType({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})

ENVIRONMENT: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "services": Key(LIST, "Services that are started as commands."),
        "compose": Key(
            MappingProxyType({"type": ["string", "object", "array"]}), "A compose file whose services are started."
        ),
    }
)

SERVICE: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "name": Key(TEXT, "Its name; also `OTEL_SERVICE_NAME`, unless `env` has another."),
        "run": Key(_COMMAND, "A line for `/bin/sh`, or a list: the program with its arguments, without a shell."),
        "env": Key(
            MappingProxyType({"type": "object", "additionalProperties": dict(SCALAR)}),
            "Variables, over those of spanspec's own environment.",
        ),
        "cwd": Key(TEXT, "The folder it runs in, relative to this file."),
        "ready": Key(
            MappingProxyType({"type": ["object", "null"]}),
            "When it takes requests; without, when its port takes connections.",
        ),
        "needs": Key(_NAMES, "Services that must be ready before it is started."),
        "port": Key(_PORT, "Its port, `{port}`; 0, or none but `{port}` used, takes a free one."),
        "ports": Key(
            MappingProxyType({"type": ["object", "array"], "additionalProperties": dict(_PORT), "items": dict(TEXT)}),
            "Further ports by name, `{port:NAME}`; a list of names takes free ones.",
        ),
        "stop_timeout": Key(DURATION, "How long it may take to end before it is killed; 5s unless given."),
    }
)

READY: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "http": Key(
            TEXT, "A path on its port, or a URL, that answers with a status below 400, or one of `status`; by GET."
        ),
        "status": Key(_STATUS, "The status that `http` must answer with, or a list of them."),
        "tcp": Key(MappingProxyType({"type": ["string", "integer"]}), "A port, or HOST:PORT, that takes connections."),
        "log": Key(TEXT, "A regular expression (RE2) that a line of its output matches."),
        "span": Key(
            MappingProxyType({"type": ["string", "boolean"]}),
            "`true`: a span of it has come to the receiver; a text: of the service of that name.",
        ),
        "exit": Key(
            MappingProxyType({"type": "integer", "minimum": 0, "maximum": 255}),
            "It is a task that ends: the exit code that it must end with.",
        ),
        "timeout": Key(DURATION, "How long it may take; 60s unless given, 180s for a container."),
    }
)

COMPOSE: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "file": Key(_NAMES, "The compose file, or a list of them; relative to this file."),
        "only": Key(TEXTS, "The services to start, with what they depend on; all without."),
        "services": Key(MAPPING, "What to know of its services, by name."),
        "build": Key(BOOLEAN, "Whether images are built anew first."),
        "timeout": Key(DURATION, "How long all of it may take to be up; 180s unless given."),
        "stop_timeout": Key(DURATION, "How long containers may take to end; 10s unless given."),
    }
)

CONTAINER: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "port": Key(_PORT, "The container's port that requests go to: `${var:NAME.port}` is where it is published."),
        "ready": Key(MAPPING, "When it takes requests, beyond being up and healthy."),
    }
)


def schema() -> dict[str, object]:
    """The JSON Schema of the block."""
    ready = _of(READY)
    service = {
        **_of(SERVICE, ready={"anyOf": [ready, {"type": "null"}], "description": SERVICE["ready"].doc}),
        "required": ["name", "run"],
    }
    container = _of(CONTAINER, ready={**ready, "description": CONTAINER["ready"].doc})
    containers = {"type": "object", "additionalProperties": {"anyOf": [container, {"type": "null"}]}}
    compose = {**_of(COMPOSE, services={**containers, "description": COMPOSE["services"].doc}), "required": ["file"]}
    files = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}, compose]}
    return _of(
        ENVIRONMENT,
        services={"type": "array", "items": service, "description": ENVIRONMENT["services"].doc},
        compose={**files, "description": ENVIRONMENT["compose"].doc},
    )


def _of(table: Mapping[str, Key], **finer: object) -> dict[str, object]:
    properties: dict[str, Any] = {name: {**key.schema, "description": key.doc} for name, key in table.items()}
    return {"type": "object", "properties": {**properties, **finer}, "additionalProperties": False}
