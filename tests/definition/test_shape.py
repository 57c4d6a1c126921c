"""What the loader learns of a key from its class."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, Field

from spanspec.definition.shape import of_model
from spanspec.definition.validate import validated_as
from spanspec.triggers.base import Address, Content, Fields, LocalPath, Pairs, Seconds, Text


class Inner(Fields):
    """A group."""

    ca: Annotated[str | None, LocalPath()] = None
    wait: Seconds = 1.0
    free: dict[str, Any] = Field(default_factory=dict)


class Outer(Fields):
    """A member."""

    url: Annotated[Text, Address()] = Field(validation_alias=AliasChoices("url", "uri"))
    headers: Pairs = Field(default_factory=list)
    body: Annotated[str | bytes | None, Content(structure=True, typed_by="headers")] = None
    tls: Inner | None = None
    rows: list[Inner] = Field(default_factory=list)
    id: Text = "${env:TRACE_ID}"
    count: int | None = None


SHAPE = of_model(Outer)


def test_marks_are_found_by_path_in_groups_and_lists() -> None:
    """Also behind another spelling, and in a list of groups."""
    assert SHAPE.inside("uri").mark(Address) is not None
    assert SHAPE.at(("tls", "ca")).mark(LocalPath) is not None
    assert SHAPE.at(("rows", 3, "ca")).mark(LocalPath) is not None
    assert SHAPE.at(("headers", "x")).mark(LocalPath) is None


def test_yaml_s_own_types_are_kept_only_where_the_class_wants_them() -> None:
    """A number in a header is a text, in a body or in a free mapping it is a number."""
    raw = {path: SHAPE.at(path).raw for path in [("count",), ("body", "n"), ("tls", "free", "deep", "n")]}
    assert all(raw.values())
    assert not SHAPE.at(("headers", "n")).raw
    assert not SHAPE.at(("url",)).raw


def test_a_default_that_is_a_template_is_known() -> None:
    """The loader fills it in as if it were written."""
    assert {name for name, each in SHAPE.fields.items() if each.default is not None} == {"id"}


def test_durations_and_structures_are_made_ready_at_any_depth() -> None:
    """Seconds in a group; a body as JSON with its content type, unless one is given."""
    found, problems = validated_as(Outer, {"uri": "/", "tls": {"wait": "250ms"}, "body": {"n": 1}})
    assert problems == ()
    assert (found.tls.wait, found.body, found.headers) == (0.25, '{"n": 1}', [("content-type", "application/json")])
    given, _ = validated_as(Outer, {"url": "/", "body": [1], "headers": {"Content-Type": "x"}})
    assert given.headers == [("Content-Type", "x")]


def test_an_unknown_key_in_a_group_is_told_at_its_path() -> None:
    """With the near miss among all spellings."""
    _, problems = validated_as(Outer, {"url": "/", "tls": {"frea": "x"}})
    assert [(problem.path, problem.code, problem.label) for problem in problems] == [
        (("tls", "frea"), "unknown-key", 'did you mean "free"?')
    ]
