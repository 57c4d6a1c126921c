"""Slips that people make, recognised where the grammar expected something else: what to write instead.

A slip is looked for only after a rule has failed, so nothing here decides what a text means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from spanspec.language.grammar.words import FUNCTIONS, Sort


class Slot(StrEnum):
    """What the grammar expected where it failed."""

    ANY = "anything"
    COMPARATOR = "a comparator"
    VALUE = "a value"
    STEP = "a step"
    PREDICATE_END = "the end of a predicate"
    STATEMENT_END = "the end of a statement"
    BOUND = "a number of spans"
    ARGUMENT_END = "the end of an argument"
    LENGTH = "a duration"


@dataclass(frozen=True, slots=True)
class Slip:
    """What to say of a slip: at the pointer, and below."""

    label: str = ""
    help: str = ""


NO_SLIP = Slip()

_COMPARATORS = {
    "startswith": "starts-with", "starts_with": "starts-with", "startwith": "starts-with", "endswith": "ends-with",
    "ends_with": "ends-with", "endwith": "ends-with", "includes": "contains", "contain": "contains", "has": "contains",
    "like": "matches", "match": "matches", "regex": "matches", "rlike": "matches", "equals": "=", "equal": "=",
    "eq": "=", "ne": "!=", "neq": "!=", "lt": "<", "lte": "<=", "le": "<=", "gt": ">", "gte": ">=", "ge": ">=",
    "exist": "exists", "present": "exists", "defined": "exists", "set": "exists", "absent": "missing",
    "undefined": "missing", "unset": "missing", "~": "=~", ":": "=", ":=": "=", "notin": "not-in", "one": "in",
}  # fmt: skip
_NEGATED = {
    "contains": "not-contains",
    "matches": "not-matches",
    "in": "not-in",
    "exists": "missing",
    "exist": "missing",
}
_SYMBOLS = {"<>": "!=", "=>": ">=", "=<": "<=", "===": "=", "!==": "!=", "=!": "!=", "~=": "=~", ">>": ">", "<<": "<"}
_RELATIONS = {
    "follows": "preceded by", "following": "preceded by", "after": "preceded by", "precedes": "followed by",
    "preceding": "followed by", "before": "followed by", "call": "calls", "calling": "calls", "invokes": "calls",
    "invoke": "calls", "requests": "calls", "causes": "leads to", "cause": "leads to", "triggers": "leads to",
    "produces": "leads to", "lead": "leads to", "leading": "leads to", "overlap": "overlaps", "overlapping": "overlaps",
    "in": "inside", "during": "inside", "within": "inside", "contained": "inside", "followed-by": "followed by",
    "next": "then",
}  # fmt: skip
_CONDITIONS = ("with", "having", "whose", "that", "when", "if", "has", "have", "which")
_CONNECTIVES = {"&": "and", "|": "or", ";": "and", "AND": "and", "OR": "or", "And": "and", "Or": "or", "plus": "and"}
_NUMBERS = {"zero": "0", "one": "1", "once": "1", "two": "2", "twice": "2", "three": "3", "four": "4", "five": "5"}
_UNITS = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "msec": "ms", "msecs": "ms", "millis": "ms",
    "millisecond": "ms", "milliseconds": "ms", "usec": "us", "micros": "us", "microseconds": "us", "nanos": "ns",
    "nanoseconds": "ns", "min": "m", "mins": "m", "minute": "m", "minutes": "m", "hr": "h", "hour": "h", "hours": "h",
    "day": "d", "days": "d",
}  # fmt: skip
_PLAIN_UNITS = ("ns", "us", "µs", "ms", "s", "m", "h", "d")
_FILLERS = ("of", "time", "times", "x", "a", "the", "matching", "such", "single")
_LAST_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*$")
_WORD_BEFORE = re.compile(r"([A-Za-z_][\w.-]*)\s*$")
_NEXT_WORD = re.compile(r"\s*([A-Za-z_][\w-]*)")
_COMPARED = re.compile(r"\s*(=|!=|<|>|contains\b|starts-with\b|ends-with\b|matches\b|exists\b|missing\b|in\b)")

QUANTIFIERS = {
    "all": "every", "each": "every", "any": "some", "a": "some", "an": "some", "none": "no", "zero": "no",
    "one": "exactly 1", "once": "exactly 1", "two": "exactly 2", "twice": "exactly 2", "only": "exactly 1",
    "exists": "some", "forall": "every", "always": "every", "never": "no", "atleast": "at least 1", "atmost": "at most 1",
    "minimum": "at least 1", "maximum": "at most 1",
}  # fmt: skip
"""Words that people write in place of a quantifier."""


def slip_at(slot: Slot, found: str, text: str, start: int, end: int) -> Slip:
    """What is likely wrong.

    Args:
        slot: What was expected.
        found: The token found; empty at the end of the text.
        text: The whole text.
        start: Where the token begins.
        end: Where it ends.
    """
    before, after = text[:start].rstrip(), text[end:]
    rule = _RULES.get(slot)
    return NO_SLIP if rule is None else rule(found, before, after)


def unit_of(word: str) -> str:
    """`ms` for `msec`, `milliseconds` and `ms`; empty for what is no unit."""
    lowered = word.casefold()
    return lowered if lowered in _PLAIN_UNITS else _UNITS.get(lowered, "")


def _comparator(found: str, before: str, after: str) -> Slip:
    following = _NEXT_WORD.match(after)
    word = following[1].casefold() if following else ""
    lowered = found.casefold()
    if lowered == "not":
        mended = _NEGATED.get(word)
        return Slip(f'write "{mended}"') if mended else Slip(help="not stands before the name: not name starts-with …")
    if lowered in ("is", "does", "was", "doesn", "isn"):
        return _verb(word, after)
    mended = _COMPARATORS.get(lowered)
    if mended:
        return Slip(f'did you mean "{mended}"?')
    last = _WORD_BEFORE.search(before)
    name = last[1] if last else ""
    if not found and name in FUNCTIONS:
        return Slip(help=f"write {FUNCTIONS[name].text}")
    if found == "(" and name:
        return Slip(help=f'there is no function "{name}" here: write NAME {name} …, such as http.route {name} …')
    return NO_SLIP


def _verb(word: str, after: str) -> Slip:
    negative = word in ("not", "t") or after.startswith("'")
    rest = after.split("not", 1)[-1] if negative else after
    object_ = _NEXT_WORD.match(rest)
    about = object_[1].casefold() if object_ else ""
    if about in ("null", "exist", "exists", "present", "set", "defined", "missing", "absent", "empty"):
        there = about not in ("null", "missing", "absent", "empty")
        return Slip(f'did you mean "{"exists" if there is not negative else "missing"}"?')
    return Slip(f'did you mean "{"!=" if negative else "="}"?')


def _value(found: str, before: str, after: str) -> Slip:
    for length in (2, 1):
        written = before[-length:] + found
        if found and written in _SYMBOLS and not before[-length:].isalnum():
            return Slip(f'did you mean "{_SYMBOLS[written]}"?')
    if found == "(" and re.search(r"\bin$", before):
        return Slip(help="a list stands in square brackets, such as [1, 2]")
    if found in (")", "]") and before.endswith(","):
        return Slip(help="leave the last comma out")
    if found == "," and before.endswith(","):
        return Slip(help="leave one comma out")
    return NO_SLIP


def _step(found: str, before: str, after: str) -> Slip:
    if before.endswith("span("):
        return Slip(help="predicates stand in square brackets: span[…]")
    for pseudo in (":not", ":has"):
        if before.endswith(f"{pseudo}("):
            return Slip(help=f"write {pseudo}(span[…]), for it takes a selector")
    if found.casefold() in ("errors", "orphans") and re.search(r"\bno$", before):
        return Slip(f'did you mean "no_{found.casefold()}()"?')
    if found.casefold() in _FILLERS and re.search(r"\w$", before):
        return Slip(f'leave "{found}" out')
    last = _WORD_BEFORE.search(before)
    if not found and (last is None or last[1] in ("some", "every", "no")):
        return Slip(help='name the spans, such as span[name = "place order"]')
    if found[:1].isdigit() and before[-1:] in ("<", ">"):
        return Slip(help=f'the selector goes on after "{before[-1]}": close the parenthesis before it to compare')
    if found[:1] in "\"'" and found:
        return Slip(help=f"write span[name = {found}]" if len(found) <= 60 else "write span[name = …]")
    return NO_SLIP


def _predicate_end(found: str, before: str, after: str) -> Slip:
    if found in _CONNECTIVES:
        return Slip(f'did you mean "{_CONNECTIVES[found]}"?')
    if found == ")":
        return Slip(help='no "(" is open here')
    if not found:
        return Slip(help="close the brackets with ]")
    return _unit(found, before)


def _statement_end(found: str, before: str, after: str) -> Slip:
    if found in _CONNECTIVES:
        return Slip(f'did you mean "{_CONNECTIVES[found]}"?')
    if found in (")", "]"):
        return Slip(help=f'no "{"(" if found == ")" else "["}" is open here')
    if not found:
        return Slip(help="close the parenthesis with )")
    if found == "{" and re.search(r"\bspan$", before):
        return Slip(help="predicates stand in square brackets: span[…]")
    if found == "[" and re.search(r"[<>~]\s*span$", before):
        return Slip(
            help="a selector begins with span[…]; one that begins with a combinator is read from a span, after where"
        )
    if found.casefold() in _CONDITIONS:
        return Slip('did you mean "where"?')
    relation = _RELATIONS.get(found.casefold())
    if relation and before.endswith(("]", ")", "span")):
        return Slip(f'did you mean "{relation}"?')
    if before.endswith("]") and found[:1].isalpha() and _COMPARED.match(after):
        return Slip(f'did you mean "where {found} …"?')
    return _unit(found, before)


def _unit(found: str, before: str) -> Slip:
    number, unit = _LAST_NUMBER.search(before), unit_of(found)
    return Slip(f"write {number[1]}{unit}") if number and unit else NO_SLIP


def _bound(found: str, before: str, after: str) -> Slip:
    number = _NUMBERS.get(found.casefold())
    if number is not None:
        return Slip(f"write {number}")
    return NO_SLIP


def _argument_end(found: str, before: str, after: str) -> Slip:
    if found[:1].isalpha() or (found and found[0] in "\"'"):
        return Slip(help="part arguments by a comma")
    if not found:
        return Slip(help="close the call with )")
    return NO_SLIP


def _length(found: str, before: str, after: str) -> Slip:
    if found[:1].isdigit():
        following = _NEXT_WORD.match(after)
        unit = unit_of(following[1]) if following else ""
        return Slip(f"write {found}{unit or 's'}", "" if unit else "a duration has a unit: ns, us, ms, s, m, h or d")
    return NO_SLIP


def quantifier_for(words: str) -> str:
    """The quantifier that is meant by what stands before a selector: `every` for `all`, `at least 3` for `more than 2`."""
    lowered = " ".join(words.casefold().split())
    number = _LAST_NUMBER.search(lowered)
    if number is not None and number[1].isdigit() and len(number[1]) <= 12:
        count, lead = int(number[1]), lowered[: number.start()].strip()
        if lead in ("more than", "over", ">"):
            return f"at least {count + 1}"
        if lead in ("less than", "fewer than", "under", "<") and count:
            return f"at most {count - 1}"
        if lead in ("up to", "max", "maximum", "not more than", "no more than", "<="):
            return f"at most {count}"
        if lead in ("min", "minimum", "not less than", "no less than", "atleast", ">="):
            return f"at least {count}"
        return f"exactly {count}" if lead in ("", "only", "just", "precisely", "exact", "=") else ""
    if lowered != words and lowered in ("some", "every", "no"):
        return lowered
    return QUANTIFIERS.get(lowered, "")


def compared_form(name: str) -> str:
    """How the value of a call is compared: `busy_time(…) < 200ms`."""
    times = ("total_time", "busy_time", "self_time", "critical_time", "gap")
    return f"{name}(…) < 200ms" if name in times else f"{name}(…) = 1"


def is_check(name: str) -> bool:
    """Whether a name is that of a call which is a check by itself."""
    return name in FUNCTIONS and FUNCTIONS[name].sort is Sort.EXPECTATION


_RULES = {
    Slot.COMPARATOR: _comparator,
    Slot.VALUE: _value,
    Slot.STEP: _step,
    Slot.PREDICATE_END: _predicate_end,
    Slot.STATEMENT_END: _statement_end,
    Slot.BOUND: _bound,
    Slot.ARGUMENT_END: _argument_end,
    Slot.LENGTH: _length,
}
