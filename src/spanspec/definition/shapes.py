"""What resources of the reference look like, as JSON Schema, and the check of a document against it.

The same tables give the decoding, the published JSON Schema and the reference page. Where text is wanted any scalar will
do, as in the reference. An unknown key only warns, for the reference passed it over; a wrong value is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from spanspec.definition.blocks import RECEIVING
from spanspec.definition.keys import SCALAR
from spanspec.definition.scalars import Scalar, as_text
from spanspec.definition.values import GATES, BadValueError, seconds
from spanspec.definition.yaml import Mapping as MappingNode
from spanspec.definition.yaml import Node, Sequence, kind_of
from spanspec.source.suggest import did_you_mean

if TYPE_CHECKING:
    from spanspec.definition.faults import Faults

Shape = Mapping[str, Any]

QUERYING: Final = (
    "awsxray", "azureappinsights", "elasticapm", "jaeger", "opensearch", "signalfx", "sumologic", "tempo",
)  # fmt: skip
"""Types of DataStore that are asked for traces; the block of the type must be there."""

RULES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "standards": ("span-naming", "required-attributes", "attribute-naming", "no-empty-attributes"),
        "common": ("prefer-dns",),
        "security": ("secure-https-protocol", "no-api-key-leak"),
    }
)
"""The analyzer's plugins with their rules."""

_TEXT: Final = {"type": SCALAR["type"]}
_BOOLEAN: Final = {"type": "boolean"}
_INTEGER: Final = {"type": "integer"}
_DURATION: Final = {"type": ["string", "number"], "format": "duration"}
_ANY: Final[Shape] = {}


def _object(required: tuple[str, ...] = (), **properties: Shape) -> Shape:
    return {"type": "object", "properties": properties, "required": list(required)}


def _listed(shape: Shape) -> Shape:
    return {"type": "array", "items": shape}


def _choice(*names: str) -> Shape:
    return {"enum": list(names)}


_HEADERS = {"type": "object", "additionalProperties": _TEXT}
_TLS = _object(
    insecure=_BOOLEAN,
    insecureSkipVerify=_BOOLEAN,
    serverName=_TEXT,
    settings=_object(cAFile=_TEXT, certFile=_TEXT, keyFile=_TEXT, minVersion=_TEXT, maxVersion=_TEXT),
)
_GRPC = _object(
    endpoint=_TEXT,
    readBufferSize=_INTEGER,
    writeBufferSize=_INTEGER,
    waitForReady=_BOOLEAN,
    headers=_HEADERS,
    balancerName=_TEXT,
    compression=_TEXT,
    tls=_TLS,
)
_HTTP = _object(url=_TEXT, headers=_HEADERS, tls=_TLS)
_ELASTIC = _object(
    addresses=_listed(_TEXT),
    username=_TEXT,
    password=_TEXT,
    index=_TEXT,
    certificate=_TEXT,
    insecureSkipVerify=_BOOLEAN,
)

_DATA_STORE = _object(
    ("name", "type"),
    id=_TEXT,
    name=_TEXT,
    type=_choice(*sorted({*RECEIVING, *QUERYING})),
    default=_BOOLEAN,
    createdAt=_ANY,
    jaeger=_GRPC,
    tempo=_object(type=_choice("grpc", "http"), grpc=_GRPC, http=_HTTP),
    opensearch=_ELASTIC,
    elasticapm=_ELASTIC,
    signalfx=_object(realm=_TEXT, token=_TEXT),
    awsxray=_object(
        region=_TEXT, accessKeyId=_TEXT, secretAccessKey=_TEXT, sessionToken=_TEXT, useDefaultAuth=_BOOLEAN
    ),
    azureappinsights=_object(
        useAzureActiveDirectoryAuth=_BOOLEAN,
        accessToken=_TEXT,
        resourceArmId=_TEXT,
        connectionType=_choice("direct", "collector"),
    ),
    sumologic=_object(url=_TEXT, accessID=_TEXT, accessKey=_TEXT),
    **dict.fromkeys(RECEIVING, _ANY),
)

_VARIABLE_SET = _object(
    ("name",),
    id=_TEXT,
    name=_TEXT,
    description=_TEXT,
    createdAt=_ANY,
    values=_listed(_object(("key",), key=_TEXT, value=_TEXT, type=_choice("raw", "secret"))),
)

_POLLING_PROFILE = _object(
    id=_TEXT,
    name=_TEXT,
    default=_BOOLEAN,
    strategy=_choice("periodic", "no-polling"),
    periodic=_object(
        retryDelay=_DURATION, timeout=_DURATION, selectorMatchRetries={"type": "integer", "minimum": 0, "maximum": 1000}
    ),
)

_TEST_RUNNER = _object(id=_TEXT, name=_TEXT, requiredGates=_listed(_choice(*GATES)))

_RULE = _object(
    ("id",),
    id=_TEXT,
    weight={"type": "integer", "minimum": 0},
    errorLevel=_choice("error", "warning", "disabled"),
    name=_TEXT,
    description=_TEXT,
    errorDescription=_TEXT,
    tips=_listed(_TEXT),
)
_ANALYZER = _object(
    ("name",),
    id=_TEXT,
    name=_TEXT,
    enabled=_BOOLEAN,
    minimumScore={"type": "integer", "minimum": 0, "maximum": 100},
    plugins=_listed(
        _object(("id",), id=_choice(*RULES), name=_TEXT, description=_TEXT, enabled=_BOOLEAN, rules=_listed(_RULE))
    ),
)

_DEMO = _object(
    id=_TEXT,
    name=_TEXT,
    type=_choice("pokeshop", "otelstore"),
    enabled=_BOOLEAN,
    pokeshop=_object(httpEndpoint=_TEXT, grpcEndpoint=_TEXT, kafkaBroker=_TEXT),
    opentelemetryStore=_object(
        frontendEndpoint=_TEXT, productCatalogEndpoint=_TEXT, cartEndpoint=_TEXT, checkoutEndpoint=_TEXT
    ),
)

SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "VariableSet": _VARIABLE_SET,
        "Environment": _VARIABLE_SET,
        "DataStore": _DATA_STORE,
        "PollingProfile": _POLLING_PROFILE,
        "TestRunner": _TEST_RUNNER,
        "Analyzer": _ANALYZER,
        "Config": _object(id=_TEXT, name=_TEXT, analyticsEnabled=_BOOLEAN),
        "Demo": _DEMO,
    }
)
"""What stands under `spec:` of each kind that has a meaning here, or none but a shape."""


def conforms(node: Node, shape: Shape, faults: Faults, path: str) -> bool:
    """Whether a tree has a shape; every fault is told.

    Args:
        node: What the user wrote.
        shape: A schema of this module's few words: type, format, enum, minimum, maximum, properties, required, items,
            additionalProperties.
        faults: Where to put faults.
        path: What the node is, for messages: `spec.periodic`.
    """
    if isinstance(node, Scalar) and node.value is None and shape.get("type") != "object":
        return True
    if "enum" in shape:
        return _chosen(node, shape["enum"], faults, path)
    kind = shape.get("type")
    if kind == "object":
        return _mapping(node, shape, faults, path)
    if kind == "array":
        return _list(node, shape, faults, path)
    return _scalar(node, shape, faults, path) if kind is not None else True


def _chosen(node: Node, names: list[str], faults: Faults, path: str) -> bool:
    if not isinstance(node, Scalar):
        faults.wrong_type(f"`{path}`", "a text", node, kind_of(node))
        return False
    text = as_text(node)
    if text in names:
        return True
    close = did_you_mean(text, names)
    advice = "" if close else f"Write one of: {', '.join(names)}."
    faults.error("bad-value", f'`{path}` cannot be "{text}"', node.range, label=close, help=advice)
    return False


def _mapping(node: Node, shape: Shape, faults: Faults, path: str) -> bool:
    if isinstance(node, Scalar) and node.value is None and not shape.get("required"):
        return True
    if not isinstance(node, MappingNode):
        faults.wrong_type(f"`{path}`", "a mapping", node, kind_of(node))
        return False
    properties, other = shape.get("properties", {}), shape.get("additionalProperties")
    sound = True
    for entry in node.entries:
        name = entry.key.text
        inside = properties.get(name, other)
        if inside is None:
            close = did_you_mean(name, properties)
            advice = "" if close else f"The keys are: {', '.join(properties)}."
            faults.warn("unknown-key", f'`{path}` has no key "{name}"', entry.key.range, label=close, help=advice)
        else:
            sound = conforms(entry.value, inside, faults, f"{path}.{name}") and sound
    for name in shape.get("required", ()):
        found = node.get(name)
        if found is None or (isinstance(found, Scalar) and not as_text(found)):
            faults.error("missing-key", f"`{path}` has no {name}", node.range, help=f"Write `{name}:`.")
            sound = False
    return sound


def _list(node: Node, shape: Shape, faults: Faults, path: str) -> bool:
    if not isinstance(node, Sequence):
        faults.wrong_type(f"`{path}`", "a list", node, kind_of(node))
        return False
    results = [conforms(item, shape["items"], faults, f"{path}[{i}]") for i, item in enumerate(node.items)]
    return all(results)


def _scalar(node: Node, shape: Shape, faults: Faults, path: str) -> bool:
    if not isinstance(node, Scalar):
        wanted = "a text" if isinstance(shape["type"], list) else _WORDS[shape["type"]]
        faults.wrong_type(f"`{path}`", wanted, node, kind_of(node))
        return False
    if shape.get("format") == "duration":
        return _duration(node, faults, path)
    kind = shape["type"]
    if kind == "boolean" and not isinstance(node.value, bool):
        faults.wrong_type(f"`{path}`", "true or false", node, kind_of(node))
        return False
    if kind == "integer":
        return _whole(node, shape, faults, path)
    return True


_WORDS = {"boolean": "true or false", "integer": "a whole number"}


def _duration(node: Scalar, faults: Faults, path: str) -> bool:
    try:
        seconds(as_text(node))
    except BadValueError as fault:
        faults.error(fault.code, f"`{path}`: {fault}", node.range, help=fault.help)
        return False
    return True


def _whole(node: Scalar, shape: Shape, faults: Faults, path: str) -> bool:
    if not isinstance(node.value, int) or isinstance(node.value, bool):
        faults.wrong_type(f"`{path}`", "a whole number", node, kind_of(node))
        return False
    least, most = shape.get("minimum"), shape.get("maximum")
    if (least is not None and node.value < least) or (most is not None and node.value > most):
        bounds = f"from {least} to {most}" if most is not None else f"{least} or more"
        faults.error("bad-value", f"`{path}` is {node.value}, and must be {bounds}", node.range)
        return False
    return True
