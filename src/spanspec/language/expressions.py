"""Evaluating expressions and templates: an AST and what is given in, a value out.

Under `COMPAT` the reference's textual evaluator (`reference`) does it, and its result is turned into a value.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from spanspec.language import filters, functions
from spanspec.language.comparing.arithmetic import calculate, negated
from spanspec.language.comparing.forms import as_number, numeric
from spanspec.language.dialect import Dialect
from spanspec.language.grammar.walk import walk
from spanspec.language.names import look_up, written
from spanspec.language.reference import evaluate as reference
from spanspec.language.reference.values import to_value
from spanspec.language.syntax import (
    Arithmetic,
    Boolean,
    Call,
    DurationLiteral,
    Filtered,
    ListLiteral,
    Name,
    Negate,
    Null,
    Number,
    Place,
    Selector,
    Template,
    Text,
)
from spanspec.language.values import text_of
from spanspec.language.verdict import EvaluationError
from spanspec.model.time import Duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.syntax import Expression, Node
    from spanspec.language.verdict import Given, Value
    from spanspec.model.span import Span

CallHandler: TypeAlias = "Callable[[Call], Value]"
"""Evaluates calls over sets of spans."""

SELECTED_SPANS: Final = "tracetest.selected_spans."
_MAX_TEXT = 32 * 1024 * 1024


class MissingError(EvaluationError):
    """A name that nothing answers, where its value is needed."""


def evaluate(
    node: Expression,
    given: Given,
    *,
    span: Span | None = None,
    selection: Sequence[Span] | None = None,
    calls: CallHandler | None = None,
) -> Value:
    """The value of an expression.

    Args:
        node: The expression.
        given: The trace, the response, the variables, the dialect, the generators.
        span: The span at hand, or None.
        selection: The spec's selection, or None outside a spec. A selection without a span means that it is empty.
        calls: Evaluates calls over sets of spans; None where there is nothing to call them on.

    Raises:
        EvaluationError: A name is missing, types do not go together, a filter or function fails.
    """
    if given.dialect is Dialect.COMPAT:
        return to_value(reference.Evaluator(given, span, selection, calls).value(node))
    return _Evaluator(given, span, selection, calls).value(node)


def render(template: Template, given: Given) -> str:
    """The text of a template.

    Raises:
        EvaluationError: An expression in it has no value.
    """
    return text_of(evaluate(template, given), given.dialect)


def resolve(template: Template, given: Given) -> Value:
    """The value of a template: of one that is a single `${…}` the expression's own, else the text.

    Raises:
        EvaluationError: An expression in it has no value.
    """
    if len(template.parts) == 1 and not isinstance(template.parts[0], str):
        return evaluate(template.parts[0], given)
    return render(template, given)


def references(node: Node) -> tuple[Name, ...]:
    """All `var:` and `env:` names that a tree uses, in order of first use, each once."""
    found = (part for part in walk(node) if isinstance(part, Name) and part.place in (Place.VAR, Place.ENV))
    return tuple(dict.fromkeys(found))


class _Evaluator:
    """Evaluates under `EXPECT` and `SPECS`."""

    def __init__(
        self, given: Given, span: Span | None, selection: Sequence[Span] | None, calls: CallHandler | None
    ) -> None:
        self.given = given
        self.span = span
        self.selection = selection
        self.calls = calls

    def value(self, node: Expression) -> Value:
        match node:
            case Name():
                return self.name(node)
            case Number(text=text):
                return _literal(text)
            case DurationLiteral(value=duration):
                return duration
            case Text(value=text):
                return text
            case Boolean(value=truth):
                return truth
            case Null():
                return None
            case Template():
                return self.template(node)
            case ListLiteral():
                return self.items(node)
            case Arithmetic():
                return self.arithmetic(node)
            case Negate(operand=operand):
                return negated(self.value(operand))
            case Filtered():
                return self.filtered(node)
            case Call():
                return self.call(node)

    def name(self, node: Name) -> Value:
        if node.key.startswith(SELECTED_SPANS) and node.place in (Place.ATTR, Place.BARE):
            return self._selected(node)
        found = look_up(node, self.span, self.given)
        if found.present:
            return found.value
        if self.span is None and self.selection is not None and node.place not in (Place.VAR, Place.ENV):
            raise MissingError(f"no span matched, so there is no {written(node)} to read")
        raise MissingError(found.missing)

    def _selected(self, node: Name) -> Value:
        field = node.key.removeprefix(SELECTED_SPANS)
        if field != "count":
            raise EvaluationError(f"could not resolve meta attribute: unknown meta attribute {field}; there is count")
        if self.selection is None:
            raise MissingError(f"{node.key} has a value only in a spec's assertions")
        return len(self.selection)

    def template(self, node: Template) -> str:
        out: list[str] = []
        length = 0
        for part in node.parts:
            piece = part if isinstance(part, str) else text_of(self.value(part), self.given.dialect)
            length += len(piece)
            if length > _MAX_TEXT:
                raise EvaluationError(f"the text has more than {_MAX_TEXT} characters")
            out.append(piece)
        return "".join(out)

    def items(self, node: ListLiteral) -> Value:
        found: list[Value] = []
        for index, item in enumerate(node.items):
            try:
                found.append(self.value(item))
            except MissingError as error:
                raise MissingError(f"at index {index} of array: {error}") from error
        return tuple(found)

    def arithmetic(self, node: Arithmetic) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(right, Duration):
            left = _measured(node.left, left)
        elif isinstance(left, Duration):
            right = _measured(node.right, right)
        return calculate(node.operator, left, right, self.given.dialect)

    def filtered(self, node: Filtered) -> Value:
        value = self._operand(node)
        for step in node.filters:
            arguments = [self.value(argument) for argument in step.arguments]
            value = filters.apply(step.name, value, arguments, self.given.dialect)
        return value

    def _operand(self, node: Filtered) -> Value:
        """What is filtered; nothing when it is missing and a filter gives a default."""
        operand = node.operand
        if isinstance(operand, Text) and "\\" in operand.raw and self.given.dialect is Dialect.SPECS:
            return operand.raw  # as the reference: a filter sees the backslashes of a text, a comparator does not
        try:
            return self.value(operand)
        except MissingError:
            if node.filters[0].name == "default":
                return None
            raise

    def call(self, node: Call) -> Value:
        if node.name in functions.FUNCTIONS:
            arguments: list[Value] = []
            for index, argument in enumerate(node.arguments):
                if isinstance(argument.value, Selector):
                    raise EvaluationError(f"argument {index} of {node.name}() is a selector, it takes a value")
                arguments.append(self.value(argument.value))
            return functions.call(node.name, arguments, self.given)
        if self.calls is None:
            raise EvaluationError(f"{node.name}() cannot be called here, where there are no spans to look at")
        return self.calls(node)


def _literal(text: str) -> Decimal:
    number = numeric(text)
    if number is None:
        raise EvaluationError(f"{text[:40]}… is too long a number")
    return number


def _measured(node: Expression, value: Value) -> Value:
    """`tracetest.span.duration` beside a duration is one: nanoseconds, whatever the attribute's type."""
    if isinstance(node, Name) and node.key == "tracetest.span.duration":
        number = as_number(value)
        return Duration(int(number)) if number is not None and number == int(number) else value
    return value
