"""A trace as a Python test looks at it: `trace["span[…]"]` gives a selection, a selection gives spans, a span its values.

Thin views around `spanspec.model`: they hold no data of their own, and are equal when what they show is. What a name or a
selector means is the language's to say, in every place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, overload

from spanspec.api.failures import (
    AttributeMissingError,
    ExpectationError,
    SelectionError,
    case_of,
    drawn,
    none_selected,
    passed,
    several_selected,
)
from spanspec.api.judging import judged
from spanspec.language import asking
from spanspec.language.judging.measures import busy_ns
from spanspec.language.names import look_up
from spanspec.language.syntax import Expression, Name, Place
from spanspec.language.verdict import Given
from spanspec.model.time import Duration
from spanspec.results import explain
from spanspec.results.columns import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spanspec.language.verdict import NearMiss, Value
    from spanspec.model import span as spans
    from spanspec.model import trace as traces
    from spanspec.model.attributes import Attributes
    from spanspec.results.model import CheckResult

    _Found: TypeAlias = Any  # what a name has on a span: its type is the sender's choice
    _Content: TypeAlias = tuple[str, tuple[spans.Span, ...]]


class Span:
    """One span of a trace: its fields, its values by name, and the spans around it."""

    __slots__ = ("_model", "_trace")

    def __init__(self, model: spans.Span, trace: Trace) -> None:
        self._model, self._trace = model, trace

    # Fields

    @property
    def model(self) -> spans.Span:
        """The span as a value, with everything that OTLP has."""
        return self._model

    @property
    def trace(self) -> Trace:
        """The trace that it is looked at in."""
        return self._trace

    @property
    def name(self) -> str:
        """Its name."""
        return self._model.name

    @property
    def service(self) -> str:
        """`service.name` of its resource; empty without one."""
        return self._model.service

    @property
    def kind(self) -> str:
        """`internal`, `server`, `client`, `producer`, `consumer` or `unspecified`."""
        return self._model.kind.value

    @property
    def status(self) -> str:
        """`unset`, `ok` or `error`."""
        return self._model.status.value

    @property
    def status_message(self) -> str:
        """The text with the status; may be empty."""
        return self._model.status_message

    @property
    def span_id(self) -> str:
        """16 lowercase hex digits."""
        return self._model.span_id

    @property
    def trace_id(self) -> str:
        """32 lowercase hex digits."""
        return self._model.trace_id

    @property
    def start_ns(self) -> int:
        """Unix time in nanoseconds."""
        return self._model.start_ns

    @property
    def duration(self) -> Duration:
        """From start to end; nothing where the end was not sent or lies before the start."""
        return Duration(self._model.duration_ns)

    @property
    def attributes(self) -> Attributes:
        """The span's own attributes."""
        return self._model.attributes

    @property
    def resource(self) -> Attributes:
        """The attributes of what produced it."""
        return self._model.resource.attributes

    @property
    def events(self) -> tuple[spans.Event, ...]:
        """Its events, exceptions among them."""
        return self._model.events

    @property
    def links(self) -> tuple[spans.Link, ...]:
        """Its links to other spans."""
        return self._model.links

    # Values by name

    def __getitem__(self, name: str) -> _Found:
        """The value of a name, as the language looks it up: `payment.amount`, `service.name`, `duration`.

        An attribute of the span counts before one of its scope or resource; a renamed attribute is found by either name.

        Raises:
            AttributeMissingError: There is none; says which there are.
        """
        found = look_up(_name(name), self._model, Given(trace=self._trace.model))
        if not found.present:
            raise AttributeMissingError(f"{explain.describe_span(self._model)}: {found.missing}")
        return found.value

    def get(self, name: str, default: _Found = None) -> _Found:
        """The value of a name, or `default`."""
        found = look_up(_name(name), self._model, Given(trace=self._trace.model))
        return found.value if found.present else default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and look_up(_name(name), self._model, Given(trace=self._trace.model)).present

    __iter__: ClassVar[None] = None
    """A span is no sequence, although its values have names."""

    # Around it

    @property
    def parent(self) -> Span | None:
        """The parent, if it has arrived."""
        return self._view(self._trace.model.parent(self._model))

    @property
    def children(self) -> Selection:
        """The children, in order of start."""
        return self._around("children", self._trace.model.children_of(self._model))

    @property
    def ancestors(self) -> Selection:
        """Parent, its parent, and so on."""
        return self._around("ancestors", tuple(self._trace.model.ancestors(self._model)))

    @property
    def descendants(self) -> Selection:
        """All spans below it, in trace order."""
        return self._around("descendants", tuple(self._trace.model.descendants(self._model)))

    def _view(self, model: spans.Span | None) -> Span | None:
        return None if model is None else Span(model, self._trace)

    def _around(self, what: str, found: tuple[spans.Span, ...]) -> Selection:
        return Selection(self._trace, found, f"{what} of {explain.describe_span(self._model)}")

    def __eq__(self, other: object) -> bool:
        return self._model == (other.model if isinstance(other, Span) else other)

    def __hash__(self) -> int:
        return hash((self._model.trace_id, self._model.span_id))

    def __repr__(self) -> str:
        return f"<Span {explain.describe_span(self._model)}  {self.duration}>"


class Selection:
    """Some spans of a trace, in trace order.

    It is what `trace["span[…]"]` gives. As a condition it is true when it is not empty.
    """

    __slots__ = ("_near", "_spans", "_trace", "_what")

    def __init__(self, trace: Trace, found: tuple[spans.Span, ...], what: str, near: tuple[NearMiss, ...] = ()) -> None:
        self._trace, self._spans, self._what, self._near = trace, found, what, near

    @property
    def what(self) -> str:
        """What was selected: the selector as written."""
        return self._what

    @property
    def trace(self) -> Trace:
        """The trace."""
        return self._trace

    @property
    def near(self) -> tuple[NearMiss, ...]:
        """Why it is empty; nothing where it is not."""
        return self._near

    def one(self) -> Span:
        """The only span.

        Raises:
            SelectionError: There is none, or more than one; says what comes close, or which there are.
        """
        if len(self._spans) > 1:
            help_ = "select more narrowly, or take `.first()`"
            raise SelectionError(several_selected(self._what, self._trace.model, self._spans, help_))
        return self.first()

    def first(self) -> Span:
        """The first span in trace order.

        Raises:
            SelectionError: There is none; says what comes close.
        """
        if not self._spans:
            raise SelectionError(none_selected(self._what, self._trace.model, self._near))
        return Span(self._spans[0], self._trace)

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[Span]:
        return (Span(model, self._trace) for model in self._spans)

    @overload
    def __getitem__(self, index: int) -> Span: ...
    @overload
    def __getitem__(self, index: slice) -> Selection: ...
    def __getitem__(self, index: int | slice) -> Span | Selection:
        if isinstance(index, slice):
            return Selection(self._trace, self._spans[index], self._what)
        return Span(self._spans[index], self._trace)

    def __contains__(self, span: object) -> bool:
        return any(each == span for each in self)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._spans)

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(model.name for model in self._spans)

    @property
    def services(self) -> frozenset[str]:
        """The services that they are of."""
        return frozenset(model.service for model in self._spans if model.service)

    @property
    def durations(self) -> tuple[Duration, ...]:
        """Their durations, in order."""
        return tuple(Duration(model.duration_ns) for model in self._spans)

    @property
    def total_time(self) -> Duration:
        """The sum of their durations."""
        return sum(self.durations, Duration(0))

    @property
    def busy_time(self) -> Duration:
        """How long at least one of them was open: overlapping time counts once."""
        return Duration(busy_ns(self._spans))

    def values(self, name: str) -> tuple[_Found, ...]:
        """The value of a name on each, in order.

        Raises:
            AttributeMissingError: One of them has none.
        """
        return tuple(span[name] for span in self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Selection):
            return self._spans == other._spans
        return NotImplemented

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # equal by content, and of no use as a key

    def __repr__(self) -> str:
        count = len(self._spans)
        shown = f"<Selection {one_line(self._what, 100)}: {count:,} of {len(self._trace):,} spans"
        parts = [part for near in self._near[:1] for part in explain.near_miss_parts(near, self._trace.model)]
        return f"{shown}; {one_line('; '.join(parts), 160)}>" if parts else f"{shown}>"

    def __str__(self) -> str:
        """A line for each span; why it is empty, and the trace."""
        if not self._spans:
            return none_selected(self._what, self._trace.model, self._near)
        return "\n".join(f"{explain.describe_span(model)}  {Duration(model.duration_ns)}" for model in self._spans)


class Trace:
    """A trace: its spans, selected by texts of the language, and what holds of it.

    Args:
        model: The trace as a value, such as `spanspec.testing.trace` makes.
    """

    __slots__ = ("_model",)

    def __init__(self, model: traces.Trace) -> None:
        self._model = model

    @property
    def model(self) -> traces.Trace:
        """The trace as a value."""
        return self._model

    @property
    def trace_id(self) -> str:
        """32 lowercase hex digits; empty for a trace without spans and without a known id."""
        return self._model.trace_id

    def __getitem__(self, selector: str) -> Selection:
        """The spans that a selector picks, in trace order.

        Raises:
            DiagnosticsError: It is no selector.
            EvaluationError: Types do not compare on a span.
        """
        answer = asking.ask(asking.parse_as_selector(selector), Given(trace=self._model))
        return Selection(self, answer.spans, selector, answer.near)

    def spans(self, *, service: str | None = None, name: str | None = None, kind: str | None = None) -> Selection:
        """All spans, or those with a service, a name, a kind."""
        pairs = (("service.name", service), ("name", name), ("kind", kind))
        return self[f"span[{' '.join(f'{key} = {_quoted(value)}' for key, value in pairs if value is not None)}]"]

    def __iter__(self) -> Iterator[Span]:
        return (Span(model, self) for model in self._model.spans)

    def __len__(self) -> int:
        return len(self._model)

    @property
    def roots(self) -> Selection:
        """The spans without a parent in the trace that were the first of it."""
        return Selection(self, self._model.roots, "the roots")

    @property
    def services(self) -> frozenset[str]:
        """The names of all services in it."""
        return frozenset(model.service for model in self._model.spans if model.service)

    @property
    def edges(self) -> frozenset[str]:
        """Which service calls which, by parent or by link: `order-service -> payment-service`."""
        found = asking.evaluate(self._model, "edges()").value
        assert isinstance(found, frozenset)
        return found

    @property
    def duration(self) -> Duration:
        """From the first start to the last end."""
        found = asking.evaluate(self._model, "trace:duration").value
        assert isinstance(found, Duration)
        return found

    def value(self, text: str, *, variables: Mapping[str, Value] | None = None) -> Value:
        """The value of an expression: `percentile(span.duration, 95)`, `count(span)`; of a statement, whether it holds.

        Raises:
            DiagnosticsError: It does not parse, or names what does not exist.
            EvaluationError: It cannot be computed.
        """
        answer = asking.evaluate(self._model, text, variables=variables)
        return answer.value if isinstance(answer.node, Expression) else answer.holds

    def check(self, statement: str, *, variables: Mapping[str, Value] | None = None) -> CheckResult:
        """Judge one statement, and raise nothing if it does not hold.

        Raises:
            DiagnosticsError: It does not parse, or names what does not exist.
        """
        return judged(self._model, statement, variables=variables)

    def expect(self, *statements: str, variables: Mapping[str, Value] | None = None) -> None:
        """Hold that statements are true of the trace. All are judged, and those that are not are told together.

        Raises:
            ExpectationError: One does not hold, or is inconclusive.
            DiagnosticsError: One does not parse, or names what does not exist.
        """
        checks = [self.check(statement, variables=variables) for statement in statements]
        if not all(passed(check) for check in checks):
            raise ExpectationError(case_of(self._model, checks))

    def draw(self, *, width: int = 80) -> str:
        """The trace as a tree, a line a span."""
        return "\n".join(drawn(self._model, width=width))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Trace):
            return self._model is other._model or self._content() == other._content()
        return NotImplemented

    def _content(self) -> _Content:
        return self._model.trace_id, self._model.spans

    def __hash__(self) -> int:
        return hash(self._model.trace_id)

    def __repr__(self) -> str:
        return f"<Trace {self.trace_id or '(no id)'} · {explain.trace_line(self._model)}>"

    def __str__(self) -> str:
        return self.draw()


def ms(count: float) -> Duration:
    """A length of time in milliseconds, to compare a span's duration with."""
    return Duration(round(count * 1_000_000))


def seconds(count: float) -> Duration:
    """A length of time in seconds."""
    return Duration(round(count * 1_000_000_000))


def _name(text: str) -> Name:
    for place in (Place.RESOURCE, Place.SCOPE, Place.SPAN, Place.ATTR):
        if text.startswith(f"{place}:"):
            return Name(place=place, key=text.removeprefix(f"{place}:"))
    return Name(place=Place.BARE, key=text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
