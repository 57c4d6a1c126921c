"""Selectors as the reference evaluates them, faults included: what `compat: tracetest` asks for.

Its pseudo-class of a parent filters the results of the children, the last of several counts, a comma list keeps
duplicates, a missing attribute is an empty text, `false` means `true`, and a decimal is a text with two decimals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from spanspec.language.names import look_up
from spanspec.language.picking.motion import Motion, motion_of_name
from spanspec.language.picking.predicates import counts_selection, flat
from spanspec.language.syntax import Boolean, Combinator, Comparator, Compares, Number, Place, Text
from spanspec.language.values import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanspec.language.picking.forest import Forest
    from spanspec.language.picking.picker import Picker
    from spanspec.language.syntax import Predicate, Pseudo, Selector, Step

_PSEUDOS = frozenset({"first", "last", "nth"})


def is_classic(selector: Selector) -> bool:
    """Whether the reference could have read the selector; anything newer means what it means elsewhere."""
    return all(_classic_step(step) for chain in selector.chains for step in chain.steps)


def _classic_step(step: Step) -> bool:
    return (
        step.group is None
        and not step.bare
        and step.combinator in (None, Combinator.DESCENDANT)
        and all(pseudo.name in _PSEUDOS for pseudo in step.pseudos)
        and all(_classic_test(test) for test in flat(step.predicate))
    )


def _classic_test(test: Predicate) -> bool:
    return (
        isinstance(test, Compares)
        and not counts_selection(test)
        and test.name.place is Place.BARE
        and not test.name.via
        and test.comparator in (Comparator.EQ, Comparator.CONTAINS)
        and isinstance(test.value, (Text, Number, Boolean))
    )


def pick(selector: Selector, picker: Picker) -> tuple[list[int], frozenset[int]]:
    """The nodes in the reference's order, duplicates kept, and those of them that no further span can revoke."""
    everything = list(range(picker.forest.own))
    if not selector.chains:
        return everything, frozenset(everything)
    forest, certain = picker.forest, picker.forest.certain
    found = [node for chain in selector.chains for node in _chain(chain.steps, everything, picker, forest)]
    steady = (chain for chain in selector.chains if not any(step.pseudos for step in chain.steps))
    sure = (node for chain in steady for node in _chain(chain.steps, everything, picker, certain))
    return found, frozenset(found if certain is forest and not _has_pseudos(selector) else sure)


def _has_pseudos(selector: Selector) -> bool:
    return any(step.pseudos for chain in selector.chains for step in chain.steps)


def _chain(steps: Sequence[Step], candidates: Sequence[int], picker: Picker, forest: Forest) -> list[int]:
    step, *rest = steps
    found = [node for node in candidates if _passes(step, node, picker, forest)]
    if rest:
        found = _of_children(rest, found, picker, forest)
    return _pseudo(step.pseudos, found)


def _of_children(rest: list[Step], parents: list[int], picker: Picker, forest: Forest) -> list[int]:
    """The results of the next step in each parent's subtree, the parent itself taken out afterwards."""
    if len(rest) == 1 and not rest[0].pseudos:
        below = forest.below(set(parents))
        return [node for node in sorted(below) if _passes(rest[0], node, picker, forest)]
    found: dict[int, None] = {}
    for parent in parents:
        subtree = [parent, *forest.descendants(parent)]
        found.update((node, None) for node in _chain(rest, subtree, picker, forest) if node != parent)
    return list(found)


def _pseudo(pseudos: tuple[Pseudo, ...], found: list[int]) -> list[int]:
    if not pseudos:
        return found
    last = pseudos[-1]
    if last.name == "first":
        return found[:1]
    if last.name == "last":
        return found[-1:]
    number = last.number or 0
    return found[number - 1 : number] if number > 0 else []


def _passes(step: Step, node: int, picker: Picker, forest: Forest) -> bool:
    tests = [test for test in flat(step.predicate) if isinstance(test, Compares)]
    if forest is not picker.forest and forest.spans[node].span_id in forest.uncertain:
        tests_stay = all(motion_of_name(test.name, picker.open_given) is Motion.FIXED for test in tests)
        return tests_stay and all(_test(test, node, picker) for test in tests)
    return all(_test(test, node, picker) for test in tests)


def _test(test: Compares, node: int, picker: Picker) -> bool:
    found = look_up(test.name, picker.forest.spans[node], picker.given)
    text = show(found.value) if found.present else ""
    wanted = _text_of(test.value)
    return wanted in text if test.comparator is Comparator.CONTAINS else text == wanted


def _text_of(value: object) -> str:
    if isinstance(value, Boolean):
        return "true"
    if isinstance(value, Number):
        return _number(value.text)
    assert isinstance(value, Text)
    return value.value


def _number(text: str) -> str:
    """An integer in decimal (a leading 0 means octal, as Go reads it), any other number with two decimals."""
    plain = text.lower().replace("_", "")
    if plain.startswith(("0x", "0o", "0b")):
        return str(int(plain, 0))
    if plain.lstrip("-").isdigit():
        return str(int(plain, 8)) if len(plain) > 1 and plain.startswith("0") and _octal(plain) else str(int(plain))
    return f"{Decimal(plain):.2f}"


def _octal(digits: str) -> bool:
    return all(digit in "01234567" for digit in digits)
