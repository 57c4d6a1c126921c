"""The codes of diagnostics: stable names, each with what it means and how to mend it.

A code is added here first; a test fails for a diagnostic whose code is not here. `spanspec explain CODE` prints the entry.
"""

from __future__ import annotations

from spanspec.source.code import Code
from spanspec.source.codes_differing import DIFFERING

CODES: dict[str, Code] = {
    "syntax": Code(
        title="the text does not parse",
        why="The parser met something else than what the grammar allows at this place; the message says what it expected.",
        wrong='exactly span[name = "ship"]',
        right='exactly 1 span[name = "ship"]',
    ),
    "yaml-syntax": Code(
        title="YAML cannot read the file",
        why="The file is not well-formed YAML. Often a text of the language has a character with a meaning of its own in YAML: quote it, or write it under `|-`.",
        wrong='expect:\n  - "a" = "b"',
        right='expect:\n  - |-\n    "a" = "b"',
    ),
    "duplicate-key": Code(
        title="a key stands twice in one mapping",
        why="YAML allows each key once. Readers that keep one of the two silently drop what you wrote.",
        wrong="name: a\nname: b",
        right="name: a",
    ),
    "bad-key": Code(
        title="a key or merge that is no text",
        why='Keys are texts, and "<<" merges mappings.',
        wrong="? [a, b]\n: 1",
        right="ab: 1",
    ),
    "unknown-anchor": Code(
        title="an alias without an anchor",
        why='A plain YAML text that begins with "*" is an alias of an anchor written before with "&".',
        wrong="expect:\n  - *x",
        right='expect:\n  - "*x"',
    ),
    "yaml-tag": Code(
        title="an unknown YAML tag",
        why='A plain YAML text that begins with "!" is a tag; only the core schema\'s are known.',
        wrong="expect:\n  - !(no_errors())",
        right="expect:\n  - not no_errors()",
    ),
    "too-deep": Code(
        title="lists and mappings are nested too deep",
        why="Definitions are bounded, so that no file can exhaust the machine.",
    ),
    "too-big": Code(
        title="a document holds too many values",
        why="Aliases can make a small file stand for a huge document; definitions are bounded.",
    ),
    "unknown-key": Code(
        title="a key that nothing reads",
        why="A key with a slip in its name would silently do nothing. In files with `type:` it only warns, for older readers passed it over.",
        wrong="trigger: { http: { url: /x, heders: {} } }",
        right="trigger: { http: { url: /x, headers: {} } }",
    ),
    "wrong-type": Code(
        title="a value of another type than wanted",
        why="The key takes a text, a list or a mapping, and the file has something else there.",
        wrong="expect: no_errors()",
        right="expect:\n  - no_errors()",
    ),
    "missing-key": Code(
        title="something needed is not there",
        why="The item cannot mean anything without this key.",
        wrong="outputs: [ { name: ID } ]",
        right="outputs: [ { name: ID, value: \"response:body | json_path '$.id'\" } ]",
    ),
    "bad-value": Code(
        title="a value that does not fit",
        why="The key takes one of a few words, an address, or another form than this.",
        wrong="on_inconclusive: maybe",
        right="on_inconclusive: pass",
    ),
    "bad-duration": Code(
        title="a text that is no duration",
        why="Durations have a unit, for 30 could be seconds or milliseconds.",
        wrong="timeout: 30",
        right="timeout: 30s",
    ),
    "not-yet": Code(
        title="known, but not supported by this version",
        why="The key, kind or resource belongs to the format, and this version does not act on it. Where that would change a verdict it is an error.",
    ),
    "unknown-trigger": Code(
        title="no trigger of that kind",
        why="The key under `trigger` (or its `type`) names how the transaction is started.",
        wrong="trigger: { htp: { url: /x } }",
        right="trigger: { http: { url: /x } }",
    ),
    "two-triggers": Code(
        title="more than one trigger",
        why="A test fires exactly one trigger, so that its trace has one cause.",
        wrong="trigger: { http: { url: /a }, grpc: {} }",
        right="trigger: { http: { url: /a } }",
    ),
    "trigger-list": Code(
        title="the trigger is a list",
        why="A test fires exactly one trigger; what must happen before it belongs under `setup`.",
        wrong="trigger:\n  - http: { url: /cart }\n  - http: { url: /checkout }",
        right="setup:\n  - http: { url: /cart }\ntrigger:\n  http: { url: /checkout }",
    ),
    "no-trigger": Code(
        title="a test without a trigger",
        why="Without a trigger there is no trace; such a test runs only on a stored one, with --trace FILE.",
        wrong="expect: [ no_errors() ]",
        right="trigger: { http: { url: /x } }\nexpect: [ no_errors() ]",
    ),
    "no-trace": Code(
        title="an expectation about a trace that is not collected",
        why="Under `skipTraceCollection` only the answer and variables are there.",
        wrong="skipTraceCollection: true\nexpect: [ no_errors() ]",
        right="skipTraceCollection: true\nexpect: [ 'response:status = 200' ]",
    ),
    "no-checks": Code(
        title="a test that checks nothing",
        why="It passes whatever happens.",
        wrong="trigger: { http: { url: /x } }",
        right="trigger: { http: { url: /x } }\nexpect: [ no_errors() ]",
    ),
    "no-assertions": Code(
        title="a spec without assertions",
        why="It selects spans and says nothing about them.",
        wrong="specs: [ { selector: 'span[name = \"x\"]' } ]",
        right="specs: [ { selector: 'span[name = \"x\"]', assertions: [ 'attr:a = 1' ] } ]",
    ),
    "no-endpoint": Code(
        title="a relative URL without an endpoint",
        why="A URL that begins with its path is appended to the endpoint of --endpoint, SPANSPEC_ENDPOINT or spanspec.yaml.",
        wrong="url: /checkout",
        right="url: http://127.0.0.1:8080/checkout",
    ),
    "no-file": Code(
        title="a file or folder that is not there",
        why="Paths on the command line are relative to the working folder, paths in a definition to its own folder.",
    ),
    "unknown-test": Code(
        title="a step, item or need that names nothing",
        why="A step, an item of set-up and a need name a file relative to their own, or the id or name of a test or suite in the paths of the run, in the folder, or below the outermost spanspec.yaml.",
        wrong="steps: [ chekout ]",
        right="steps: [ checkout ]",
    ),
    "ambiguous-name": Code(
        title="a name that several definitions have",
        why="What is named must be one thing; otherwise it depends on the order of files which one is meant.",
    ),
    "duplicate-name": Code(
        title="two definitions of one name in one file",
        why="Reports, steps and needs tell tests apart by their names.",
        wrong="name: buy\n…\n---\nname: buy",
        right="name: buy\n…\n---\nname: buy twice",
    ),
    "circular-steps": Code(
        title="suites that are steps of each other",
        why="Such a suite would never end. The message shows the way round.",
    ),
    "circular-needs": Code(
        title="definitions that need each other",
        why="None of them could be the first to run. The message shows the way round.",
        wrong="name: a\nneeds: b\n…\n---\nname: b\nneeds: a",
        right="name: a\n…\n---\nname: b\nneeds: a",
    ),
    "unknown-service": Code(
        title="a service that the environment does not have",
        why="`needs`, and `{order.port}` in a text of `environment:`, name a service that is described there, with that port.",
        wrong="environment:\n  services:\n    - { name: order, run: ./order, needs: databse }\n    - { name: database, run: ./database }",
        right="environment:\n  services:\n    - { name: order, run: ./order, needs: database }\n    - { name: database, run: ./database }",
    ),
    "port-clash": Code(
        title="one port for two services",
        why="Only one process can listen on a port. Without a number each service gets a free one, in place of `{port}`.",
        wrong="environment:\n  services:\n    - { name: a, run: ./a, port: 8080 }\n    - { name: b, run: ./b, port: 8080 }",
        right='environment:\n  services:\n    - { name: a, run: "./a --port {port}" }\n    - { name: b, run: "./b --port {port}" }',
    ),
    "no-cases": Code(
        title="`cases` without a row",
        why="The test would never run, and nobody would notice.",
        wrong="cases: []",
        right="cases: [ { country: DE } ]",
    ),
    "ragged-row": Code(
        title="a row with more or fewer values than columns",
        why="It cannot be told which column is missing, so every value of the row would be in doubt.",
        wrong="country,tax\nDE",
        right="country,tax\nDE,19",
    ),
    "unknown-store": Code(
        title="a store that nothing describes",
        why="`store` names one of `stores` in spanspec.yaml, a DataStore by its id, or `embedded`, the receiver of the run.",
        wrong="store: jager",
        right="store: jaeger",
    ),
    "no-analyzer": Code(
        title="a required gate without an analyzer",
        why="A gate that nothing judges must not pass by itself.",
        wrong="requiredGates: [ analyzer-score ]",
        right="requiredGates: [ test-specs ]",
    ),
    "unreadable": Code(
        title="a file that cannot be read",
        why="It is no text, too big, or may not be opened.",
    ),
    "not-ours": Code(
        title="a file that is no definition",
        why="A file named on the command line, or called *.spanspec.yaml, must hold a test: a mapping with `trigger`, `specs`, `testSpec` or `expect`, or a resource with `type:` and `spec:`.",
    ),
    "nothing-found": Code(
        title="no test in the paths",
        why="A run without tests would pass, and prove nothing.",
    ),
    "not-text": Code(
        title="YAML reads a text of the language as something else",
        why='In a plain YAML text ": " makes a mapping, "[" and "{" begin a list or mapping.',
        wrong='expect:\n  - some span[name = "a: b"]',
        right='expect:\n  - |-\n    some span[name = "a: b"]',
    ),
    "cut-by-comment": Code(
        title="YAML ends a text at a comment",
        why='In a plain YAML text " #" begins a comment, also inside quotes of the language.',
        wrong='expect:\n  - some span[name = "order #1"]',
        right='expect:\n  - |-\n    some span[name = "order #1"]',
    ),
    "yaml-number": Code(
        title="a number that is sent in another form than written",
        why="Where a text is wanted YAML's number is written back, and loses zeros, signs and bases.",
        wrong="headers: { version: 1.50 }",
        right='headers: { version: "1.50" }',
    ),
    "duplicate-output": Code(
        title="two outputs of one name",
        why="The later one would take the place of the earlier.",
    ),
    "missing-variable": Code(
        title="a variable that nothing defines",
        why="Nothing is sent before every variable of a test has a value.",
        wrong='url: "${var:BASE}/x"',
        right="vars: { BASE: http://127.0.0.1:8080 }",
    ),
    "unset-variable": Code(
        title="an environment variable that is not set",
        why="`${NAME}` in a file with `type:` is replaced by that environment variable before the file is read.",
        wrong="url: ${HOST}/x",
        right="url: ${HOST:-http://127.0.0.1:8080}/x",
    ),
    "unbound": Code(
        title="a text with `${…}` that has no value",
        why="The expression inside cannot be evaluated with the variables at hand; nothing is sent.",
    ),
    "nested-too-deep": Code(
        title="a text of the language nests too deep",
        why="Parentheses, brackets, calls and texts in texts are bounded, so that no text can exhaust the machine; nobody reads such a text either.",
        wrong="((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))) = 1",
        right="1 = 1",
    ),
    "text-too-long": Code(
        title="a text of the language is too long",
        why="Selectors, checks and values are bounded in length. Long data belongs in a file or a variable.",
    ),
    "bare-name": Code(
        title="a name without a span to look at",
        why="A key without a prefix is looked up on a span, and none is at hand outside brackets, where and calls. In specs: and outputs: such a name needs attr: before it.",
        wrong="http.response.status_code = 200",
        right='every span[kind = "server"] where http.response.status_code = 200',
    ),
    "unknown-prefix": Code(
        title="a prefix that the language does not have",
        why="The word before a colon says where a name looks. A key that has a colon itself is quoted.",
        wrong="some span[atr:http.route exists]",
        right="some span[attr:http.route exists]",
    ),
    "unknown-field": Code(
        title="a field that spans or traces do not have",
        why="span: and trace: reach fields of the span and the trace; attributes are reached by attr: or without a prefix.",
        wrong="trace:spans = 3",
        right="trace:span_count = 3",
    ),
    "unknown-pseudo-class": Code(
        title="a pseudo-class that the language does not have",
        why="The word after a colon narrows a step: :first, :last, :nth(n), :slowest, :fastest, :root, :leaf, :orphan, :entry, :exit, :not(…), :has(…).",
        wrong="span[]:roots",
        right="span[]:root",
    ),
    "unknown-function": Code(
        title="a function that the language does not have",
        why="The name before the parenthesis is none of the functions; the nearest one is named.",
        wrong='buzy_time(span[service.name = "payment"]) < 200ms',
        right='busy_time(span[service.name = "payment"]) < 200ms',
    ),
    "unknown-filter": Code(
        title="a filter that the language does not have",
        why="The name after | is none of the filters; the nearest one is named.",
        wrong="response:body | jsonpath '$.id' = 1",
        right="response:body | json_path '$.id' = 1",
    ),
    "wrong-arity": Code(
        title="a function or filter with other arguments than it takes",
        why="An argument is missing, is one too many, or is of another sort than the signature has.",
        wrong="busy_time() < 200ms",
        right='busy_time(span[service.name = "payment"]) < 200ms',
    ),
    "not-a-value": Code(
        title="a check used as a value",
        why="Calls such as no_errors() hold or fail; there is nothing to compare.",
        wrong="no_errors() = true",
        right="no_errors()",
    ),
    "impossible-comparison": Code(
        title="a comparison that can never hold",
        why="The two sides are of kinds that do not compare, or the value is none that the field can have.",
        wrong='every span[] where duration < "abc"',
        right="every span[] where duration < 200ms",
    ),
    "bad-pattern": Code(
        title="a regular expression that does not compile",
        why="Patterns are in RE2's dialect, which takes linear time; it has no look-around and no back-references.",
        wrong='some span[name matches "(GET"]',
        right='some span[name matches "^GET"]',
    ),
    "empty-range": Code(
        title="a range without numbers in it",
        why="The lower bound comes first.",
        wrong="between 3 and 1 span[]",
        right="between 1 and 3 span[]",
    ),
    "missing-quantifier": Code(
        title="a relation or condition without a quantifier",
        why="That one span does it and that all of them do are different claims; a silent choice would be a wrong verdict.",
        wrong='span[name = "a"] calls span[name = "b"]',
        right='every span[name = "a"] calls span[name = "b"]',
    ),
    "ambiguous-where": Code(
        title="a connective after a condition",
        why="It could belong to the condition or to the whole check; parentheses say which.",
        wrong="every span[] where a = 1 and b = 2",
        right="every span[] where (a = 1 and b = 2)",
    ),
    "chained-comparison": Code(
        title="a chain of comparisons",
        why="A comparison gives no value that could be compared again.",
        wrong="1 < count(span[]) < 5",
        right="1 < count(span[]) and count(span[]) < 5",
    ),
    "second-relation": Code(
        title="two relations in one expectation",
        why="Each relation is a claim of its own, with its own quantifiers.",
        wrong='some span[name = "a"] calls span[name = "b"] calls span[name = "c"]',
        right='some span[name = "a"] calls span[name = "b"] and some span[name = "b"] calls span[name = "c"]',
    ),
    "misplaced-within": Code(
        title="within where nothing can be bounded",
        why="It bounds the time between two spans, and so belongs to followed by, preceded by, then and leads to.",
        wrong="some span[] within 2s",
        right='some span[name = "a"] followed by span[name = "b"] within 2s',
    ),
    "relative-selector": Code(
        title="a selector read from a span that is not there",
        why="A selector that begins with a combinator is read from a span at hand: in :has(…), after where, in the expression of an aggregate.",
        wrong="count(> span[]) = 0",
        right='every span[name = "a"] where count(> span[]) = 0',
    ),
    "event-outside-brackets": Code(
        title="an event or link outside brackets and where",
        why="A span has many events and links; only a predicate can ask for one that fits.",
        wrong="sum(span[], event:size) < 10",
        right='some span[event:name = "exception"]',
    ),
    "count-in-brackets": Code(
        title="tracetest.selected_spans.count in brackets",
        why="There it limits the selector as a whole: with another number of spans it selects none. Most often the number itself was to be expected, or each span to be looked at.",
        wrong='every span[name = "a" tracetest.selected_spans.count = 2] where b = 1',
        right='exactly 2 span[name = "a"]',
    ),
    "overlapping-sum": Code(
        title="a sum of durations that counts time twice",
        why="A span's duration holds that of its children, so a sum over both is longer than the time that passed.",
        wrong="total_time(span[]) < 1s",
        right="busy_time(span[]) < 1s",
    ),
    "no-trace-yet": Code(
        title="a trigger's field that names the trace",
        why="The field is needed before there is a trace; variables, the environment and generated values have a value then.",
        wrong="url: /orders/${attr:order.id}",
        right="url: /orders/${var:ORDER_ID}",
    ),
    "verdict-differs": Code(
        title="a check of specs: that Tracetest judges the other way round",
        why="Faults of Tracetest are mended here, so a file may turn from green to red, or from red to green. The result notes each check for which that is so on this trace; what it means is in the guide on coming from Tracetest.",
        wrong='attr:limit = "200ms"',
        right="attr:limit = 200ms",
    ),
    "foreign-placeholder": Code(
        title="a ${…} that is taken as plain text",
        why="Only ${ with a known prefix or function counts, so that shell and script texts pass through unharmed.",
        wrong="body: ${ORDER_ID}",
        right="body: ${var:ORDER_ID}",
    ),
    "precedence": Code(
        title="arithmetic that the reference computes from left to right",
        why="Here * and / bind tighter than + and -, so the value differs from the reference's; compat: tracetest keeps its order.",
        wrong="1 + attr:x * 3 = 9",
        right="(1 + attr:x) * 3 = 9",
    ),
    "several-values": Code(
        title="several values after one comparator",
        why="The reference takes them and heeds only the last, which is hardly meant.",
        wrong='span[name = "a" "b"]',
        right='span[name = "b"]',
    ),
    "several-pseudo-classes": Code(
        title="several pseudo-classes on one step",
        why="Here each narrows what the one before left; the reference heeds only the last.",
        wrong="span[]:first:last",
        right="span[]:last",
    ),
    "ignored-argument": Code(
        title="a number after a pseudo-class that takes none",
        why="The reference takes a number after :first and :last, and does not heed it.",
        wrong="span[]:first(2)",
        right="span[]:nth(2)",
    ),
    "octal-number": Code(
        title="a number with a zero before it",
        why="The reference reads it as octal; here it is decimal.",
        wrong="span[code = 010]",
        right="span[code = 8]",
    ),
    "contradiction": Code(
        title="conditions that nothing satisfies together",
        why="A span has one value for a name, so that two different ones, or bounds that do not meet, select nothing and never hold.",
        wrong='some span[kind = "server" kind = "client"]',
        right='some span[kind in ["server", "client"]]',
    ),
    "selects-nothing": Code(
        title="a selector that can select nothing",
        why="Whatever the trace, no span is left: the pseudo-classes or the relation to the step before exclude every one.",
        wrong="some span[]:nth(0)",
        right="some span[]:nth(1)",
    ),
    "always-holds": Code(
        title="a check that holds whatever happens",
        why="It proves nothing: a constant, a bound that no value crosses, or a condition that the selector has already.",
        wrong='count(span[name = "ship"]) >= 0',
        right='count(span[name = "ship"]) >= 1',
    ),
    "always-fails": Code(
        title="a check that fails whatever happens",
        why="No trace can satisfy it: a constant, or a bound below what is possible.",
        wrong="no span[]",
        right='no span[status = "error"]',
    ),
    "unquoted-text": Code(
        title="a word without quotes beside a comparator",
        why="A word alone is the name of an attribute of the same span; a text stands in quotes.",
        wrong="some span[kind = server]",
        right='some span[kind = "server"]',
    ),
    "likely-name": Code(
        title="a key that is nearly a well-known one",
        why="It is taken as the key of an attribute, and differs from a field or a key of the semantic conventions by a slip.",
        wrong='some span[service_name = "shop"]',
        right='some span[service.name = "shop"]',
    ),
    "missing-unit": Code(
        title="a duration compared with a plain number",
        why="A plain number counts nanoseconds, which a bound as small as this hardly means.",
        wrong="every span[] where duration < 200",
        right="every span[] where duration < 200ms",
    ),
    "bad-json-path": Code(
        title="a JSONPath that does not parse",
        why="Under expect: a path is RFC 9535's; in specs: and outputs: the reference's dialect.",
        wrong="response:body | json_path 'id' = 1",
        right="response:body | json_path '$.id' = 1",
    ),
    **DIFFERING,
}

__all__ = ["CODES", "Code"]
