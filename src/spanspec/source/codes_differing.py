"""The codes of texts that mean something else than in Tracetest: one for each kind of difference, warnings all."""

from __future__ import annotations

from spanspec.source.code import Code

DIFFERING: dict[str, Code] = {
    "differs-duration": Code(
        title="durations that Tracetest compares in another way",
        why="There a duration in a text or variable counts as 0, both sides are rounded to the unit shown, and one below zero counts as 0. Here durations are compared as what they are, so the verdict may be another one.",
        wrong='attr:tracetest.span.duration < "200ms"',
        right="attr:tracetest.span.duration < 200ms",
    ),
    "differs-false": Code(
        title="false in a selector, which Tracetest takes for true",
        why="There span[error=false] selects the spans whose error is true; here those whose error is false.",
        wrong="span[error=false]",
        right='span[error="false"]',
    ),
    "differs-empty": Code(
        title="a selector that looks for an empty text",
        why="There a missing attribute is an empty text, so that spans without the attribute are selected; here what is missing matches nothing.",
        wrong='span[error=""]',
        right="span[error missing]",
    ),
    "differs-number": Code(
        title="numbers that Tracetest compares as texts",
        why="There 1 and 1.0 differ, <, <=, > and >= take whole numbers only, and a decimal in a selector has two places. Here numbers are compared as numbers.",
        wrong="attr:ratio < 1.5",
        right="attr:percent < 150",
    ),
    "differs-json": Code(
        title="JSON that Tracetest compares as text",
        why="There not-contains looks for the very text, and json_path gives objects as map[a:1] and arrays as [1 2]. Here not-contains is the opposite of contains, and json_path gives JSON.",
        wrong="attr:body | json_path '$.o' = \"map[a:1]\"",
        right="attr:body | json_path '$.o.a' = 1",
    ),
    "differs-pseudo-class": Code(
        title="a pseudo-class that narrows another step in Tracetest",
        why="There the pseudo-class of a step above filters the spans found below, and one of a step below may take the span above and drop it. Here each narrows its own step.",
        wrong='span[name="a"]:first span[name="b"]',
        right='span[name="a"] span[name="b"]',
    ),
    "differs-union": Code(
        title="a list of selectors that may select one span twice",
        why="There such a span is counted and asserted once for each part; here once.",
        wrong='span[name="a"], span[kind="client"]',
        right='span[name="a"], span[name="b"]',
    ),
    "differs-twice": Code(
        title="two specs with one selector",
        why="There the second spec erases the results before it from the report; here each has its own.",
        wrong="specs: [{ selector: span[], assertions: [a] }, { selector: span[], assertions: [b] }]",
        right="specs: [{ selector: span[], assertions: [a, b] }]",
    ),
    "differs-constant": Code(
        title="an assertion that says nothing of a span",
        why="There it is judged although no span is selected, and so may pass on nothing. Here it fails when no span is selected.",
        wrong="1 = 1",
        right="attr:tracetest.selected_spans.count > 0",
    ),
    "differs-percent": Code(
        title="a % beside a ${…}, which Tracetest damages",
        why="There a text with a ${…} is used as a format, so that %20 comes out as something else. Here it is a %.",
        wrong="url: /find?q=a%20b&id=${var:ID}",
    ),
    "differs-escape": Code(
        title="a quote that has a backslash in Tracetest",
        why="There an apostrophe in a body, a quote in a URL or header, and an escaped quote in an output keep or get a backslash. Here they are what they are.",
        wrong="body: it's ${var:X}",
    ),
    "differs-length": Code(
        title="length of what json_path finds",
        why="There length of an array or number that json_path finds is an error. Here the items of an array and the characters of a number are counted.",
        wrong="attr:body | json_path '$.items' | length = 2",
        right="attr:body | json_path '$.items[*]' | length = 2",
    ),
    "differs-regex": Code(
        title="regex compared with nothing",
        why='There regex without a match gives "[]". Here it gives nothing, which equals "".',
        wrong="attr:a | regex '[0-9]' = \"[]\"",
        right="attr:a | regex '[0-9]' = \"\"",
    ),
}
