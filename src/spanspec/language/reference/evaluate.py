"""The reference's evaluator, to the letter, over our AST; for `compat: tracetest` alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spanspec.language import functions
from spanspec.language.names import look_up
from spanspec.language.reference import filters as reference_filters
from spanspec.language.reference.printf import printf
from spanspec.language.reference.values import (
    NIL,
    FaultError,
    Old,
    calculate,
    check_pair,
    displayed,
    from_value,
    single,
    to_value,
    unresolved,
)
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
    Operator,
    Place,
    Selector,
    Template,
    Text,
)
from spanspec.language.verdict import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spanspec.language.reference.values import Pair
    from spanspec.language.syntax import Compare, Expression
    from spanspec.language.verdict import Given, Value
    from spanspec.model.span import Span

_SELECTED = "tracetest.selected_spans."
_RESOLUTION = "resolution error: "


class Evaluator:
    """Evaluates on one span, on no span (`selection` without `span`: the reference's nil span), or outside a spec."""

    def __init__(
        self,
        given: Given,
        span: Span | None = None,
        selection: Sequence[Span] | None = None,
        calls: Callable[[Call], Value] | None = None,
    ) -> None:
        self.given = given
        self.span = span
        self.selection = selection
        self.calls = calls

    def sides(self, statement: Compare) -> Pair:
        """Both sides of a statement as the reference shows and compares them.

        Raises:
            FaultError: A side has no value.
        """
        left = self.value(statement.left)
        return displayed(left, self.value(statement.right))

    def check(self, statement: Compare) -> Pair:
        """Both sides of a statement that holds.

        Raises:
            FaultError: It does not, or cannot be evaluated.
        """
        pair = self.sides(statement)
        self.compare(statement, pair)
        return pair

    def compare(self, statement: Compare, pair: Pair) -> None:
        """Compare both sides.

        Raises:
            FaultError: It does not hold, or they do not compare.
        """
        check_pair(pair, statement.comparator)

    def value(self, node: Expression) -> Old:
        """The value of an expression.

        Raises:
            FaultError: It has none.
        """
        match node:
            case Name():
                return self._name(node)
            case Number(text=text):
                return single(text, "number")
            case DurationLiteral(value=duration):
                return single(str(duration.ns), "duration")
            case Text(value=text, raw=raw):
                return single(raw or text)
            case Boolean(value=truth):
                return single("true" if truth else "false")
            case Null():
                return NIL
            case Template():
                return self._template(node)
            case ListLiteral():
                return self._items(node)
            case Arithmetic():
                return calculate(node.operator, self.value(node.left), self.value(node.right))
            case Negate(operand=operand):
                value = self.value(operand)
                return calculate(Operator.SUBTRACT, single("0", value.type), value)
            case Filtered():
                return self._filtered(node)
            case Call():
                return self._call(node)

    def _name(self, node: Name) -> Old:
        if node.place in (Place.VAR, Place.ENV):
            found = look_up(node, self.span, self.given)
            if not found.present:
                raise unresolved(f'variable "{node.key}" not found')
            value = found.value
            return single(value) if isinstance(value, str) else from_value(value)
        if node.key.startswith(_SELECTED) and len(node.key) > len(_SELECTED):
            return self._selected(node.key.removeprefix(_SELECTED))
        if self.span is None:
            return self._without_span(node.key)
        found = look_up(node, self.span, self.given)
        if found.present and found.value != "":
            return from_value(found.value)
        if node.key == "name":
            return single(str(look_up(replace(node, key="tracetest.span.name"), self.span, self.given).value))
        raise unresolved(f'attribute "{node.key}" not found')

    def _without_span(self, key: str) -> Old:
        if self.selection is None:
            return single("")
        raise unresolved(
            f'there are no matching spans to retrieve the attribute "{key}" from. '
            "To fix this error, create a selector matching at least one span."
        )

    def _selected(self, field: str) -> Old:
        if self.selection is None:
            return single("")
        if field != "count":
            raise FaultError(f"could not resolve meta attribute: unknown meta attribute {field}")
        return single(str(len(self.selection)))

    def _template(self, node: Template) -> Old:
        if all(isinstance(part, str) for part in node.parts):
            return single("".join(map(str, node.parts)))
        shape: list[str] = []
        inserted: list[str] = []
        for part in node.parts:
            if isinstance(part, str):
                shape.append(part)
                continue
            try:
                inserted.append(self.value(part).text)
            except FaultError as fault:
                raise FaultError(f"could not execute expression: {fault}", fault.kind) from fault
            shape.append("%s")
        return single(printf("".join(shape), inserted))

    def _items(self, node: ListLiteral) -> Old:
        found = []
        for index, item in enumerate(node.items):
            try:
                found.append(self.value(item).first)
            except FaultError as fault:
                raise unresolved(f"at index {index} of array: {str(fault).removeprefix(_RESOLUTION)}") from fault
        return Old(tuple(found), is_array=True)

    def _filtered(self, node: Filtered) -> Old:
        value = self.value(node.operand)
        for step in node.filters:
            arguments = [self.value(argument).unescaped for argument in step.arguments]
            value = reference_filters.apply(step.name, value, arguments)
        return value

    def _call(self, node: Call) -> Old:
        if node.name not in functions.FUNCTIONS and self.calls is not None:
            return from_value(self.calls(node))
        arguments: list[Value] = []
        for index, argument in enumerate(node.arguments):
            if isinstance(argument.value, Selector):
                raise FaultError(f"argument {index} of {node.name}() is a selector")
            try:
                arguments.append(to_value(self.value(argument.value)))
            except FaultError as fault:
                raise FaultError(f"on argument {index} of function {node.name}: {fault}", fault.kind) from fault
        try:
            value = functions.call(node.name, arguments, self.given)
        except EvaluationError as error:
            raise FaultError(str(error)) from error
        return single(value if isinstance(value, str) else str(value))
