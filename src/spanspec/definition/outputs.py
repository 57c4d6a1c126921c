"""Outputs as plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanspec.definition.plan import OutputPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.definition.decode import OutputText
    from spanspec.definition.texts import Reader
    from spanspec.language.dialect import Dialect


def output_plans(
    texts: Sequence[OutputText], dialect: Dialect, reader: Reader, *, strict: bool, where: str = ""
) -> tuple[OutputPlan, ...]:
    """The outputs of a test, or of the item `where` of its set-up; two of one name are a fault."""
    out: list[OutputPlan] = []
    for index, text in enumerate(texts):
        if any(other.name == text.name for other in out):
            say = reader.faults.error if strict else reader.faults.warn
            say(
                "duplicate-output",
                f'two outputs have the name "{text.name}"',
                text.place,
                help="Give each a name of its own.",
            )
        found = _output(f"{where}.outputs[{index}]".removeprefix("."), text, dialect, reader)
        if found is not None:
            out.append(found)
    return tuple(out)


def _output(where: str, text: OutputText, dialect: Dialect, reader: Reader) -> OutputPlan | None:
    selector = reader.selector(text.selector, dialect, f"{where}.selector")
    value = reader.expression(text.value, dialect, f"{where}.value")
    if selector is None or value is None:
        return None
    return OutputPlan(
        name=text.name,
        selector=selector,
        value=value,
        place=reader.place(text.value),
        has_selector=text.selector is not None,
    )
