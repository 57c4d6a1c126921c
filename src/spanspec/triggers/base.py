"""The seam of all triggers: the family, what a member is, and the base class that most members want.

Configuration is the class: a member's fields are its keys in a definition, its schema and its reference page. What the
loader must know of a field beyond its type is a mark in its annotation (`Content`, `LocalPath`, `Address`, `Secret`); what
it must know of the member is a class variable (`blocks`, `extra`). Nothing outside knows a member by name.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from spanspec.model.time import parse_duration
from spanspec.plugins import Family

if TYPE_CHECKING:
    from spanspec.model.context import Clock, TraceContext, TriggerResult

TRIGGERS = Family("trigger", "spanspec.triggers", "spanspec.triggers", "Trigger")

MASK = "***"
_SECRET_NAMES = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "api_key", "credential")


class Trigger(Protocol):
    """Start one transaction.

    The class is a frozen pydantic model (`extra="forbid"`), best made from `TriggerFields`; its fields are its keys in a
    definition. Every text in them, also inside lists and mappings, may hold `${…}`: it is a template until a plan is
    bound, and the class is validated again with the texts filled in.
    """

    def describe(self) -> str:
        """What is sent, in one line for people, without a secret: `POST http://127.0.0.1:8080/checkout`."""
        ...

    def secrets(self) -> Iterable[str]:
        """The values in it that no report may show: passwords, tokens, keys."""
        ...

    def dry_run(self, context: TraceContext) -> str:
        """The command line that does the same by hand (curl, grpcurl, kcat), secrets masked. Nothing is sent."""
        ...

    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Send it, with the context injected, and return the answer.

        Raises:
            TriggerError: No answer: the address, the reason, and the likely cause are in the message.
        """
        ...


# --- marks: what the loader must know of a field ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Content:
    """A field that holds something to send, or names the file that does.

    `{file: NAME}` is read when the definition is loaded, relative to its folder. In files of the reference a text that
    names a file stands for it too (`./x` must exist, any other name counts where such a file is there).

    Attributes:
        structure: A mapping or list is sent as JSON. Without it the field takes no structure but `{file: NAME}`.
        typed_by: The field that gets `content-type: application/json` when a structure was sent; empty for none.
        guess: Whether a text that names a file stands for it in the short form as well.
    """

    structure: bool = False
    typed_by: str = ""
    guess: bool = False

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        """Any value, where a structure may stand; else a text or `{file: NAME}`."""
        if self.structure:
            return {}
        named = {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"]}
        return {"anyOf": [handler(core), named]}


@dataclass(frozen=True, slots=True)
class LocalPath:
    """A field that is a path (or a list of them), made absolute against the definition's folder when it is loaded.

    Attributes:
        exists: Whether something must be there, so that a wrong name is a fault before anything is sent.
        or_content: A text with a line break is the content itself, and left as it is.
    """

    exists: bool = True
    or_content: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A field that is a URL: `endpoint` completes a relative one, and `--endpoint` replaces an absolute one's origin."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A field whose value no report, message or dry run shows."""


@dataclass(frozen=True, slots=True)
class Named:
    """A list of names with values (`Pairs`); values whose names speak of a secret are masked.

    Attributes:
        secret: Whether all values are secrets.
    """

    secret: bool = False


# --- types of fields --------------------------------------------------------------------------------------------------


def _pairs(value: object) -> object:
    """A mapping, or the reference's list of `{key, value}`, as pairs in order."""
    if isinstance(value, dict):
        out: list[tuple[object, object]] = []
        for key, item in value.items():
            out.extend((key, each) for each in (item if isinstance(item, list) else [item]))
        return out
    if isinstance(value, list):
        return [(item["key"], item.get("value", "")) if _is_pair(item) else _single(item) for item in value]
    return value


def _is_pair(item: object) -> bool:
    return isinstance(item, dict) and "key" in item and set(item) <= {"key", "value"}


def _single(item: object) -> object:
    """`- name: value` in a list."""
    return next(iter(item.items())) if isinstance(item, dict) and len(item) == 1 else item


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) else value


def _seconds(value: object) -> object:
    duration = parse_duration(value) if isinstance(value, str) else None
    return duration.ns / 1e9 if duration is not None else value


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


Text = Annotated[str, BeforeValidator(_text)]
"""A text; a number or boolean counts as its text."""
Seconds = Annotated[float, BeforeValidator(_seconds)]
"""A duration such as `250ms`, or seconds."""
SecretText = Annotated[str, BeforeValidator(_text), Secret()]
"""A text that is never shown."""
Pairs = Annotated[
    list[tuple[Text, Text]], BeforeValidator(_pairs), WithJsonSchema({"type": ["object", "array"]}), Named()
]
"""Names with values: a mapping (a list value repeats the name), or a list of `{key, value}`; in order, repeats kept."""
Texts = Annotated[list[Text], BeforeValidator(_listed)]
"""One text, or a list of them."""


def _all_spellings(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Every spelling of a key in the JSON Schema, not its first alone; none is then required under one name."""
    properties = schema.get("properties", {})
    for name, info in model.model_fields.items():
        spellings = spellings_of(name, info)
        shown = next((each for each in spellings if each in properties), None)
        if shown is None or len(spellings) == 1:
            continue
        for each in spellings:
            properties.setdefault(each, properties[shown])
        if shown in schema.get("required", []):
            schema["required"] = [each for each in schema["required"] if each != shown]
            schema.setdefault("allOf", []).append({"anyOf": [{"required": [each]} for each in spellings]})


def spellings_of(name: str, info: Any) -> tuple[str, ...]:
    """The keys that a field goes by in a file, the documented one first."""
    choices = getattr(info.validation_alias, "choices", None) or (
        [info.validation_alias] if info.validation_alias else []
    )
    first = info.alias or (str(choices[0]) if choices and name not in choices else name)
    return tuple(dict.fromkeys((first, name, *(str(choice) for choice in choices))))


CONFIG = ConfigDict(
    frozen=True, extra="forbid", populate_by_name=True, defer_build=True, json_schema_extra=_all_spellings
)
"""How a member's class, and each class inside it, is configured."""


class Fields(BaseModel):
    """A group of keys inside a trigger: `auth`, `tls`. Its secrets are found by their marks."""

    model_config = CONFIG


# --- the base class ---------------------------------------------------------------------------------------------------

Format = Literal["w3c", "tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "ottrace"]


class TriggerFields(Fields):
    """What a trigger's class is made from: the keys that all members share, and what follows from the marks.

    Class variables:
        blocks: Other keys under which files of the reference have the block: `httpRequest`.
        extra: The extra of this package that brings the client library, or empty.
        answers: What an answer has, by the name that checks use (`response:status`), with what it is; for its page.
    """

    blocks: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    answers: ClassVar[Mapping[str, str]] = MappingProxyType({})

    propagate: Annotated[list[Format], BeforeValidator(_listed)] = Field(
        default=["w3c"],
        description="How the trace context is written: `w3c` (`traceparent`, `tracestate`, `baggage`), `b3`, `b3multi`,"
        " `jaeger`, `xray`, `ottrace`; one, or a list.",
    )

    @abstractmethod
    def describe(self) -> str:
        """What is sent, in one line for people."""

    @abstractmethod
    async def fire(self, context: TraceContext, clock: Clock) -> TriggerResult:
        """Send it, with the context injected, and return the answer."""

    def dry_run(self, context: TraceContext) -> str:
        """The command line that does the same by hand; what the trigger says of itself where there is none."""
        return f"# {self.describe()}"

    def secrets(self) -> Iterable[str]:
        """The values of all fields marked as secret, and of headers and the like whose names speak of one."""
        return _secrets_in(self)

    def without_secrets(self) -> Self:
        """The same trigger with `***` for each secret, to be shown."""
        return self.model_copy(update=_masked(self))


def speaks_of_secret(name: str) -> bool:
    """Whether the name of a header, variable or parameter says that its value is a secret."""
    lower = name.lower()
    return any(part in lower for part in _SECRET_NAMES)


def _marks(info: Any) -> tuple[type, ...]:
    return tuple(type(mark) for mark in info.metadata)


def secrets_of_fields(model: BaseModel) -> Iterable[str]:
    """The values of a class that are marked as secret, or whose names speak of one, at any depth."""
    return _secrets_in(model)


def _secrets_in(model: BaseModel) -> Iterator[str]:
    for name, info in type(model).model_fields.items():
        value, marks = getattr(model, name), _marks(info)
        if Secret in marks:
            yield from (each for each in (value if isinstance(value, list) else [value]) if each)
        elif Named in marks:
            every = any(isinstance(mark, Named) and mark.secret for mark in info.metadata)
            yield from (text for key, text in value or () if text and (every or speaks_of_secret(key)))
        else:
            yield from _secrets_inside(value)


def _secrets_inside(value: object) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from _secrets_in(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets_inside(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, str) and item and speaks_of_secret(str(key)):
                yield item
            else:
                yield from _secrets_inside(item)


def _masked(model: BaseModel) -> dict[str, object]:
    changed: dict[str, object] = {}
    for name, info in type(model).model_fields.items():
        value, marks = getattr(model, name), _marks(info)
        if Secret in marks:
            changed[name] = [MASK] * len(value) if isinstance(value, list) else MASK if value else value
        elif Named in marks:
            every = any(isinstance(mark, Named) and mark.secret for mark in info.metadata)
            changed[name] = value and [
                (key, MASK if text and (every or speaks_of_secret(key)) else text) for key, text in value
            ]
        else:
            changed[name] = _masked_inside(value)
    return changed


def _masked_inside(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_copy(update=_masked(value))
    if isinstance(value, list):
        return [_masked_inside(item) for item in value]
    if isinstance(value, dict):
        return {
            key: MASK if isinstance(item, str) and item and speaks_of_secret(str(key)) else _masked_inside(item)
            for key, item in value.items()
        }
    return value
