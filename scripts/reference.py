"""Write the tables of the reference pages that say what the code says: options, keys, fields, codes.

`python scripts/reference.py` writes them into the pages; `--check` only tells which are out of date. Each stands between
`<!-- begin: NAME -->` and `<!-- end -->`; what is around them is written by hand.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import keyword
import re
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from spanspec.cli.main import COMMANDS
from spanspec.definition import environment_keys, keys
from spanspec.definition.keys import Key, Support
from spanspec.definition.shapes import SHAPES
from spanspec.language.verdict import NearMiss
from spanspec.model.context import TriggerResult
from spanspec.results import model
from spanspec.source.codes import CODES, Code
from spanspec.stores.base import STORES
from spanspec.triggers.base import TRIGGERS, Fields, TriggerFields, spellings_of

PAGES = Path(__file__).resolve().parent.parent / "docs" / "reference"
EXAMPLES = PAGES.parent.parent / "examples" / "triggers"
_BLOCK = re.compile(r"(<!-- begin: (?P<name>[^\n]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
_STATES = {
    Support.ACTS: "",
    Support.READ_ONLY: "read, and has no effect",
    Support.LATER: "not yet: an error",
    Support.PASSED_OVER: "not yet: a warning",
}


def main(arguments: list[str]) -> int:
    """Write the pages; the exit code is 1 when `--check` finds one out of date."""
    if "--check" not in arguments:
        _new_pages()
    stale = [
        path
        for path in [*sorted(PAGES.rglob("*.md")), PAGES.parent / "README.md"]
        if path.read_text(encoding="utf-8") != filled(path)
    ]
    for path in stale:
        if "--check" not in arguments:
            path.write_text(filled(path), encoding="utf-8")
        print(f"{'out of date' if '--check' in arguments else 'written'}: {path.name}")
    return 1 if stale and "--check" in arguments else 0


def _new_pages() -> None:
    """A page for each trigger that has none yet."""
    for kind in TRIGGERS.built_in():
        path = PAGES / "triggers" / f"{kind}.md"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"# `{kind}`\n\n<!-- begin: trigger {kind} -->\n<!-- end -->\n", encoding="utf-8")
            print(f"new: {path.name}")
    for kind in remote_stores():
        path = PAGES / "stores" / f"{kind}.md"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"# `{kind}`\n\n<!-- begin: store {kind} -->\n<!-- end -->\n", encoding="utf-8")
            print(f"new: {path.name}")


def filled(path: Path) -> str:
    """A page's text with its tables as they should be."""
    return _BLOCK.sub(lambda found: f"{found[1]}{_render(found['name'])}\n{found[3]}", path.read_text(encoding="utf-8"))


def _render(name: str) -> str:
    kind, _, rest = name.partition(" ")
    return "\n".join(_MAKERS[kind](rest))


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' for _ in head)}|"
    for row in rows:
        yield f"| {' | '.join(_cell(text) for text in row)} |"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


# --- the command line


def command(name: str) -> click.Command:
    """A command's object."""
    module = f"{name}_" if keyword.iskeyword(name) else name
    found: click.Command = importlib.import_module(f"spanspec.cli.{module}").command
    return found


def _options(name: str) -> Iterator[str]:
    assert name in COMMANDS
    yield from _table(("option", "what it does"), (_option(each) for each in options_of(command(name))))


def options_of(found: click.Command) -> list[click.Option]:
    """A command's own options, or those of a group's commands, each once."""
    if isinstance(found, click.Group):
        every = {tuple(option.opts): option for each in found.commands.values() for option in options_of(each)}
        return list(every.values())
    return [each for each in found.params if isinstance(each, click.Option) and not each.hidden]


def _option(option: click.Option) -> tuple[str, str]:
    takes = "" if option.is_flag or option.count else f" {option.metavar or _type(option)}"
    return ", ".join(f"`{each}{takes if each.startswith('--') else ''}`" for each in option.opts), option.help or ""


def _type(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.type.name.upper()


# --- keys of definitions

_KEYS: Mapping[str, Mapping[str, Key]] = {
    "test": keys.TEST,
    "resource": keys.RESOURCE_ONLY,
    "spec": keys.SPEC,
    "expect": keys.EXPECT,
    "output": keys.OUTPUT,
    "settle": keys.SETTLE,
    "suite": keys.SUITE,
    "step": keys.STEP,
    "hook": keys.HOOK,
    "config": keys.CONFIG,
    "receiver": keys.RECEIVER,
    "environment": environment_keys.ENVIRONMENT,
    "service": environment_keys.SERVICE,
    "ready": environment_keys.READY,
    "compose": environment_keys.COMPOSE,
    "container": environment_keys.CONTAINER,
}


def _keys(name: str) -> Iterator[str]:
    table = _KEYS[name].items()
    now = [(f"`{key}`", each.doc) for key, each in table if each.support is Support.ACTS]
    later = [(f"`{key}`", each.doc, _STATES[each.support]) for key, each in table if each.support is not Support.ACTS]
    if now:
        yield from _table(("key", "meaning"), iter(now))
    if now and later:
        yield from ("", "Known, and not acted on by this version:", "")
    if later:
        yield from _table(("key", "meaning", "what this version does"), iter(later))


def _shape(kind: str) -> Iterator[str]:
    """The keys below `spec` of a resource, those inside others by their path."""
    yield from _table(("key", "takes"), ((f"`{path}`", text) for path, text in _shape_rows(SHAPES[kind], "")))


def _shape_rows(shape: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, inside in shape.get("properties", {}).items():
        if inside:
            path = f"{prefix}{name}"
            needed = ", required" if name in shape.get("required", ()) else ""
            yield path, _takes(inside) + needed
            below = inside.get("items", inside)
            yield from _shape_rows(below, f"{path}[]." if "items" in inside else f"{path}.")


def _takes(shape: Mapping[str, Any]) -> str:
    if "enum" in shape:
        return ", ".join(f"`{each}`" for each in shape["enum"])
    if shape.get("format") == "duration":
        return "a duration"
    words = {"object": "a mapping", "array": "a list", "boolean": "true or false", "integer": "a whole number"}
    kind = shape["type"]
    text = "a text" if isinstance(kind, list) else words[kind]
    least, most = shape.get("minimum"), shape.get("maximum")
    return (
        f"{text} from {least} to {most}"
        if most is not None
        else f"{text}, {least} or more"
        if least is not None
        else text
    )


def trigger_page(name: str) -> Iterator[str]:
    """What a trigger's class says: what it does, its keys and those inside them, what comes back, how it is used."""
    cls = TRIGGERS.load(name)
    yield inspect.getdoc(cls) or ""
    if extra := getattr(cls, "extra", ""):
        yield from ("", f'Needs `pip install "spanspec[{extra}]"`.')
    if blocks := getattr(cls, "blocks", ()):
        yield from ("", f"Files of Tracetest have its keys under {', '.join(f'`{each}`' for each in blocks)}.")
    yield from ("", "## Keys", "")
    yield from _table(("key", "default", "meaning"), _rows(cls))
    for path, inner in _groups(cls, ""):
        yield from ("", f"### `{path}`", "", inspect.getdoc(inner) or "", "")
        yield from _table(("key", "default", "meaning"), _rows(inner))
    if answers := getattr(cls, "answers", {}):
        yield from ("", "## What comes back", "")
        yield from _table(("name", "meaning"), ((f"`{each}`", text) for each, text in answers.items()))
    yield from _examples(name)


def _examples(name: str) -> Iterator[str]:
    """The definitions in the trigger's folder of `examples/triggers`; tests run them against a real peer."""
    found = sorted((EXAMPLES / name).glob("*.yaml"))
    if found:
        yield from ("", "## Example")
    for path in found:
        yield from ("", f"`examples/triggers/{name}/{path.name}`:", "", "```yaml other")
        yield from path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        yield "```"


def _rows(cls: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """The fields of a class, its own before those that all members share."""
    shared = set(TriggerFields.model_fields)
    for key, field in sorted(cls.model_fields.items(), key=lambda item: item[0] in shared):
        yield _field(key, field)


def _groups(cls: type[BaseModel], path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """The classes inside a class, with the keys that lead to them."""
    for key, field in cls.model_fields.items():
        below = f"{path}.{spellings_of(key, field)[0]}".removeprefix(".")
        for inner in inner_classes(field.annotation):
            yield below, inner
            yield from _groups(inner, below)


def inner_classes(annotation: object) -> list[type[BaseModel]]:
    """The classes with keys of their own in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for inside in typing.get_args(annotation) for each in inner_classes(inside)]


def _triggers(_: str) -> Iterator[str]:
    yield from _table(("trigger", "what it does"), (_trigger_row(kind) for kind in TRIGGERS.built_in()))


def _trigger_links(_: str) -> Iterator[str]:
    links = " · ".join(f"[`{kind}`](reference/triggers/{kind}.md)" for kind in TRIGGERS.built_in())
    yield f"- Triggers: {links}"


def _trigger_row(kind: str) -> tuple[str, str]:
    text = (inspect.getdoc(TRIGGERS.load(kind)) or "").split("\n\n")[0]
    return f"[`{kind}`](triggers/{kind}.md)", text


def store_page(name: str) -> Iterator[str]:
    """What a store's class says: what it does, its keys and those inside them, what it loses, how it is used."""
    cls = STORES.load(name)
    yield inspect.getdoc(cls) or ""
    yield from ("", "## Keys", "")
    own = [key for key in cls.__annotations__ if key in cls.model_fields]
    order = [*own, *(key for key in cls.model_fields if key not in own)]
    yield from _table(
        ("key", "default", "meaning"),
        (_field(key, cls.model_fields[key]) for key in order if key != "type" or name == "tempo"),
    )
    for path, inner in _groups(cls, ""):
        yield from ("", f"### `{path}`", "", inspect.getdoc(inner) or "", "")
        yield from _table(("key", "default", "meaning"), _rows(inner))
    if getattr(cls, "forwards", False):
        yield from ("", *_FORWARDED)
        yield from _store_example(name)
        return
    lost = getattr(importlib.import_module(f"spanspec.stores.{name}"), "LOSSES", "")
    yield from (
        "",
        "## What is lost",
        "",
        f"{lost}. A result says so in its notes." if lost else "Nothing but schema URLs, which the store drops.",
    )
    yield from _store_example(name)


_FORWARDED = (
    "Spans come to the receiver of the run, so nothing is lost and nothing is polled: point the services or the collector at it.",
    "The copy is sent beside the verdict and never holds a test up; what could not be sent is counted and told at the end.",
    "`spanspec recipe NAME` prints the collector's configuration for both, where a collector stands between.",
)


def _store_example(name: str) -> Iterator[str]:
    yield from ("", "## Example")
    for path in sorted(
        (EXAMPLES.parent / "stores" / name).glob("*.yaml"), key=lambda each: each.name != "spanspec.yaml"
    ):
        yield from ("", f"`examples/stores/{name}/{path.name}`:", "", "```yaml other")
        yield from path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        yield "```"


def remote_stores() -> list[str]:
    """The stores that have a page: those that are asked for traces."""
    return [name for name in STORES.built_in() if issubclass(STORES.load(name), Fields)]


def _stores(_: str) -> Iterator[str]:
    rows = (
        (f"[`{name}`](stores/{name}.md)", (inspect.getdoc(STORES.load(name)) or "").split("\n\n")[0])
        for name in remote_stores()
    )
    yield from _table(("type", "what it does"), rows)


def _store_links(_: str) -> Iterator[str]:
    links = " · ".join(f"[`{name}`](reference/stores/{name}.md)" for name in remote_stores())
    yield f"- Stores: {links}"


def _field(key: str, field: typing.Any) -> tuple[str, str, str]:
    default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
    names = dict.fromkeys(spellings_of(key, field))
    return " or ".join(f"`{each}`" for each in names if each in _spelt(key, field)), default, field.description or ""


def _spelt(key: str, field: typing.Any) -> set[str]:
    """The spellings for people: a field's Python name is none where an alias stands for it alone."""
    spellings = set(spellings_of(key, field))
    return spellings - {key} if field.alias and field.alias != key else spellings


def _default(value: object) -> str:
    if isinstance(value, BaseModel) or value in (None, [], ""):
        return "none"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


# --- the result

_MODELS: Mapping[str, type] = {
    **{each.__name__: each for each in vars(model).values() if isinstance(each, type)},
    "NearMiss": NearMiss,
    "TriggerResult": TriggerResult,
}


def _dataclass(name: str) -> Iterator[str]:
    cls = _MODELS[name]
    docs = attribute_docs(cls)
    yield from _table(
        ("key", "meaning"),
        ((f"`{each.name}`", re.sub(r"\bNone\b", "null", docs.get(each.name, ""))) for each in dataclasses.fields(cls)),
    )


def attribute_docs(cls: type) -> dict[str, str]:
    """What a class's docstring says of each attribute."""
    text = inspect.getdoc(cls) or ""
    _, _, section = text.partition("Attributes:\n")
    return {
        found[1]: found[2] for found in re.finditer(r"^ {4}(\w+): ((?:.+\n?(?: {8}.+\n?)*))", section, re.MULTILINE)
    }


# --- diagnostics


def _codes(_: str) -> Iterator[str]:
    for name, code in sorted(CODES.items()):
        yield from _code(name, code)


def _code(name: str, code: Code) -> Iterator[str]:
    yield from ("", f"### `{name}`", "", f"{code.title[:1].upper()}{code.title[1:]}.", "", code.why)
    for title, text in (("Wrong", code.wrong), ("Right", code.right)):
        if text:
            yield from ("", f"{title}:", "", "```text", *text.split("\n"), "```")


_MAKERS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "options": _options,
    "keys": _keys,
    "shape": _shape,
    "trigger": trigger_page,
    "triggers": _triggers,
    "trigger-links": _trigger_links,
    "store": store_page,
    "stores": _stores,
    "store-links": _store_links,
    "result": _dataclass,
    "codes": _codes,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
