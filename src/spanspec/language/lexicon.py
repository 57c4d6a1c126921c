"""Every word of the language with a sentence and an example: what completion, `spanspec explain` and editors show.

How a word is called stands in `grammar.words`; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from spanspec.language.grammar.words import FUNCTIONS


class Part(StrEnum):
    """What kind of word it is."""

    FUNCTION = "function"
    FILTER = "filter"
    PSEUDO = "pseudo-class"
    QUANTIFIER = "quantifier"
    RELATION = "relation"
    COMPARATOR = "comparator"
    COMBINATOR = "combinator"
    CONNECTIVE = "connective"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        name: As it is written.
        part: What it is.
        call: How it is written, with its arguments.
        doc: What it means, one sentence or two.
        example: A text that parses: a selector for combinators and pseudo-classes, else a statement.
    """

    name: str
    part: Part
    call: str
    doc: str
    example: str


_FUNCTIONS: Final = (
    ("uuid", "A new UUID.", 'uuid() matches "^[0-9a-f-]{36}$"'),
    ("firstName", "A first name.", 'firstName() != ""'),
    ("lastName", "A last name.", 'lastName() != ""'),
    ("fullName", "A first and a last name.", 'fullName() contains " "'),
    ("email", "An address at a domain that is nobody's.", 'email() contains "@"'),
    ("phone", "A telephone number.", 'phone() != ""'),
    ("creditCard", "A number that passes the check digit, of no card.", "creditCard() | length >= 13"),
    ("creditCardCvv", "Three digits.", "creditCardCvv() | length = 3"),
    ("creditCardExpDate", "A month and a year in the future.", 'creditCardExpDate() contains "/"'),
    ("randomInt", "A whole number from the first to the second, both included.", "randomInt(1, 6) <= 6"),
    ("date", "Today, as YYYY-MM-DD or in the format given.", "date() | length = 10"),
    ("dateTime", "Now, as RFC 3339 or in the format given.", 'dateTime() contains "T"'),
    ("count", "How many spans the selector picks.", 'count(span[kind = "client"]) <= 5'),
    ("total_time", "The sum of the spans' durations; a span and its child both count.", 'total_time(span[kind = "client"]) < 1s'),
    ("busy_time", "How long at least one of the spans was open.", 'busy_time(span[service.name = "payment"]) < 200ms'),
    ("self_time", "The durations less the part that children cover.", 'self_time(span[service.name = "payment"]) < 50ms'),
    ("critical_time", "The part of the trace's critical path spent in the spans.", 'critical_time(span[kind = "client"]) < 100ms'),
    ("services", "The names of the services, as a set; of the whole trace without a selector.", 'services() contains "payment"'),
    ("edges", 'Which service calls which, as a set of "a -> b".', 'edges() contains "gateway -> order"'),
    ("depth", "How deep the deepest of the spans lies.", "depth(span) <= 10"),
    ("concurrency", "How many of the spans were open at once, at most.", 'concurrency(span[kind = "client"]) <= 4'),
    ("sum", "The sum of an expression on each span; of their durations without one.", 'sum(span[name = "pay"], attr:amount) = 99.99'),
    ("min", "The least.", 'min(span[name = "pay"], duration) > 1ms'),
    ("max", "The greatest.", 'max(span[kind = "server"]) < 1s'),
    ("avg", "The mean.", 'avg(span[kind = "client"]) < 50ms'),
    ("median", "The middle one.", 'median(span[kind = "client"]) < 50ms'),
    ("gap", "First start of the second selection less last end of the first; negative when they overlap.", 'gap(span[name = "pay"], span[name = "ship"]) < 1s'),
    ("distinct", "How many values an expression has over the spans.", 'distinct(span[name = "pay"], attr:order.id) = 1'),
    ("values", "All values of an expression, in trace order.", 'values(span[name = "pay"], attr:currency) contains "EUR"'),
    ("first", "The value on the first span in trace order.", 'first(span[name = "pay"], attr:attempt) = 1'),
    ("last", "The value on the last span in trace order.", 'last(span[name = "pay"], attr:attempt) <= 3'),
    ("repeats", "The size of the largest group of spans with one parent and one operation: 20 means a query per row.", "repeats(span[db.system exists]) < 5"),
    ("no_errors", "No span has the status error, but for those that `except` picks.", "no_errors(except=span[http.response.status_code = 404])"),
    ("no_orphans", "No span has a parent id that is not in the trace.", "no_orphans()"),
    ("no_n_plus_one", "No group of alike calls to a database or service reaches the threshold.", "no_n_plus_one(threshold=5)"),
    ("complete", "The trace settled with nothing owed, dropped or held back.", "complete()"),
)  # fmt: skip

_FILTERS: Final = (
    ("json_path", "json_path '$.path'", "What a JSONPath (RFC 9535) finds in a JSON text; one value, or a list of several.", "response:body | json_path '$.id' = 7"),
    ("regex", "regex 'pattern'", "What the pattern (RE2) matches.", "response:body | regex '[0-9]+' = \"7\""),
    ("regex_group", "regex_group '(pattern)'", "What the groups of the pattern match, as a list.", "response:body | regex_group '(a)(b)' | length = 2"),
    ("get_index", "get_index N", "The item at an index from 0, or 'last'.", "response:body | json_path '$.items' | get_index 0 = 1"),
    ("length", "length", "Characters of a text, items of a list.", "response:body | length > 0"),
    ("type", "type", "The name of the value's type.", 'response:status | type = "number"'),
    ("lower", "lower", "In lower case.", 'response:body | lower contains "ok"'),
    ("upper", "upper", "In upper case.", 'response:body | upper contains "OK"'),
    ("trim", "trim ['characters']", "Without white space, or the characters given, at both ends.", 'response:body | trim != ""'),
    ("split", "split ['separator']", "A list of the parts between separators; white space without one.", "response:body | split ',' | length = 3"),
    ("join", "join ['separator']", "The items of a list as one text.", "response:body | json_path '$.tags' | join ',' = \"a,b\""),
    ("replace", "replace 'old' 'new'", "With every occurrence replaced.", "response:body | replace 'a' 'b' != \"a\""),
    ("default", "default VALUE", "Another value where there is none.", "response:body | json_path '$.id' | default 0 >= 0"),
    ("round", "round [DIGITS]", "Rounded to so many decimals; to a whole number without.", "response:body | json_path '$.sum' | round 2 = 9.99"),
)  # fmt: skip

_PSEUDOS: Final = (
    ("first", ":first", "The first by trace order, per span of the step before; of the whole trace on a first step.", 'span[kind = "client"]:first'),
    ("last", ":last", "The last, likewise.", 'span[kind = "client"]:last'),
    ("nth", ":nth(N)", "The N-th from 1, likewise.", 'span[kind = "client"]:nth(2)'),
    ("nth_child", ":nth_child(N)", "The same, as the reference spells it.", 'span[kind = "client"]:nth_child(2)'),
    ("slowest", ":slowest", "The one that took longest, likewise.", 'span[kind = "client"]:slowest'),
    ("fastest", ":fastest", "The one that took least, likewise.", 'span[kind = "client"]:fastest'),
    ("root", ":root", "Spans without a parent, or whose parent is the trigger's.", 'span[kind = "server"]:root'),
    ("leaf", ":leaf", "Spans without children.", 'span[kind = "client"]:leaf'),
    ("orphan", ":orphan", "Spans whose parent is not in the trace.", 'span[kind = "server"]:orphan'),
    ("entry", ":entry", "The first span of a service on its branch.", 'span[service.name = "payment"]:entry'),
    ("exit", ":exit", "The last span of a service before another service.", 'span[service.name = "payment"]:exit'),
    ("not", ":not(selector)", "Spans that the selector does not select.", 'span[kind = "client"]:not(span[db.system exists])'),
    ("has", ":has(selector)", "Spans from which the selector, relative to them, picks something.", 'span[kind = "server"]:has(> span[db.system exists])'),
)  # fmt: skip

_QUANTIFIERS: Final = (
    ("some", "some SELECTOR", "At least one.", 'some span[name = "ship"]'),
    ("no", "no SELECTOR", "None.", 'no span[name = "refund"]'),
    ("every", "every SELECTOR where CONDITION", "All of them, and at least one.", 'every span[name = "pay"] where attr:amount > 0'),
    ("exactly", "exactly N SELECTOR", "So many.", 'exactly 1 span[name = "ship"]'),
    ("at least", "at least N SELECTOR", "So many or more.", 'at least 2 span[name = "item"]'),
    ("at most", "at most N SELECTOR", "So many or fewer.", 'at most 3 span[name = "retry"]'),
    ("between", "between N and M SELECTOR", "From N to M.", 'between 1 and 3 span[name = "retry"]'),
)  # fmt: skip

_RELATIONS: Final = (
    ("followed by", "A followed by B [within D]", "B starts at or after A starts.", 'some span[name = "order"] followed by span[name = "pay"]'),
    ("preceded by", "A preceded by B [within D]", "B starts at or before A starts.", 'some span[name = "ship"] preceded by span[name = "pay"]'),
    ("then", "A then B [within D]", "B starts at or after A ends.", 'some span[name = "pay"] then span[name = "ship"]'),
    ("calls", "A calls B", "B is below A, with only their two services between.", 'some span[service.name = "order"] calls span[service.name = "payment"]'),
    ("leads to", "A leads to B [within D]", "B is caused by A: below it, or linked to it.", 'some span[kind = "producer"] leads to span[kind = "consumer"] within 2s'),
    ("overlaps", "A overlaps B", "Both are open at one time.", 'some span[name = "a"] overlaps span[name = "b"]'),
    ("inside", "A inside B", "A's time lies within B's.", 'some span[name = "a"] inside span[name = "b"]'),
)  # fmt: skip

_COMPARATORS: Final = (
    ("=", "Equal; two numbers exactly, two texts as texts.", "response:status = 200"),
    ("!=", "Not equal.", "response:status != 500"),
    ("<", "Less.", "response:duration < 1s"),
    ("<=", "Less or equal.", "response:duration <= 1s"),
    (">", "Greater.", "trace:span_count > 1"),
    (">=", "Greater or equal.", "trace:span_count >= 1"),
    ("contains", "A text holds a text, a list an item, a JSON object the parts of another.", 'response:body contains "ok"'),
    ("not-contains", "The opposite.", 'response:body not-contains "error"'),
    ("starts-with", "A text begins so.", 'response:body starts-with "{"'),
    ("ends-with", "A text ends so.", 'response:body ends-with "}"'),
    ("matches", "A pattern (RE2) is found in the text; also `=~`.", 'response:body matches "^[0-9]+$"'),
    ("not-matches", "The opposite; also `!~`.", 'response:body not-matches "error"'),
    ("in", "Equal to one of a list.", "response:status in [200, 201]"),
    ("not-in", "Equal to none of a list.", "response:status not-in [500, 503]"),
    ("exists", "The name has a value.", 'every span[kind = "client"] where db.system exists'),
    ("missing", "The name has none.", 'every span[kind = "server"] where exception.type missing'),
)  # fmt: skip

_COMBINATORS: Final = (
    (">>", "B below A, at any depth; white space means the same.", 'span[name = "a"] >> span[name = "b"]'),
    (">", "B a child of A.", 'span[name = "a"] > span[name = "b"]'),
    ("<<", "B above A, at any height.", 'span[name = "a"] << span[name = "b"]'),
    ("<", "B the parent of A.", 'span[name = "a"] < span[name = "b"]'),
    ("~", "B a sibling of A: the same parent, another span.", 'span[name = "a"] ~ span[name = "b"]'),
    ("->", "B caused by A: below it, or linked to it or to what is below it.", 'span[kind = "producer"] -> span[kind = "consumer"]'),
    (",", "The spans of both selectors, each once.", 'span[name = "a"], span[name = "b"]'),
)  # fmt: skip

_CONNECTIVES: Final = (
    ("and", "Both hold.", "no_errors() and no_orphans()"),
    ("or", "One of them holds.", "response:status = 200 or response:status = 201"),
    ("not", "It does not hold.", "not (response:status = 500)"),
    ("implies", "Where the first holds, the second does.", 'response:status = 201 implies some span[name = "ship"]'),
    ("where", "What must hold on each of the spans.", 'every span[name = "pay"] where attr:amount > 0'),
    ("within", "A bound on the time between two related spans.", 'some span[name = "a"] then span[name = "b"] within 1s'),
)  # fmt: skip

_PREFIXES: Final = (
    ("attr:", "The span's attribute, else its scope's, else its resource's.", 'every span where attr:service.name != ""'),
    ("resource:", "The resource's attribute.", "every span where resource:service.name exists"),
    ("scope:", "The instrumentation scope's attribute, or `scope:name`.", 'some span[scope:name contains "http"]'),
    ("event:", "An event's attribute, or `event:name`.", 'no span[event:name = "exception"]'),
    ("link:", "A link's attribute.", "some span[link:messaging.batch exists]"),
    ("parent:", "The same name on the parent span.", 'every span[db.system exists] where parent:kind = "server"'),
    ("root:", "The same name on the root of the span's tree.", 'every span where root:service = "gateway"'),
    ("span:", "A field of the span itself.", "every span where span:depth < 10"),
    ("response:", "The trigger's answer: status, body, headers, header.NAME, duration.", "response:status = 200"),
    ("trace:", "The whole trace: duration, span_count, service_count, error_count, depth.", "trace:error_count = 0"),
    ("var:", "A variable.", "response:body contains var:ORDER"),
    ("env:", "A variable, else one of the environment.", "response:body contains env:REGION"),
)  # fmt: skip


def _words() -> tuple[Word, ...]:
    functions = tuple(
        Word(name, Part.FUNCTION, FUNCTIONS[name].text, doc, example) for name, doc, example in _FUNCTIONS
    )
    ranks = tuple(
        Word(f"p{rank}", Part.FUNCTION, FUNCTIONS[f"p{rank}"].text, f"The value that {rank} % of the spans do not exceed.",
             f'p{rank}(span[kind = "server"]) < 1s')
        for rank in range(50, 100)
    )  # fmt: skip
    tabled = (
        (Part.FILTER, _FILTERS),
        (Part.PSEUDO, _PSEUDOS),
        (Part.QUANTIFIER, _QUANTIFIERS),
        (Part.RELATION, _RELATIONS),
    )
    called = tuple(Word(name, part, call, doc, example) for part, rows in tabled for name, call, doc, example in rows)
    plain = (
        (Part.COMPARATOR, _COMPARATORS, "A {} B"),
        (Part.COMBINATOR, _COMBINATORS, "A {} B"),
        (Part.CONNECTIVE, _CONNECTIVES, "{}"),
        (Part.PREFIX, _PREFIXES, "{}KEY"),
    )
    others = tuple(
        Word(name, part, form.format(name), doc, example) for part, rows, form in plain for name, doc, example in rows
    )
    return (*functions, *ranks, *called, *others)


WORDS: Final[tuple[Word, ...]] = _words()
"""All of them, by kind, in the order of the reference page."""


def find(name: str) -> tuple[Word, ...]:
    """The words of that name, in any case; a pseudo-class also with its colon, a function with its parentheses."""
    wanted = name.strip().removesuffix("()").lower()
    return tuple(word for word in WORDS if wanted in _spellings(word))


def _spellings(word: Word) -> tuple[str, ...]:
    name = word.name.lower()
    if word.part is Part.PSEUDO:
        return (name, f":{name}")
    return (name, name.removesuffix(":")) if word.part is Part.PREFIX else (name,)
