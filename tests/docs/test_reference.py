"""The reference pages name everything that a user can write, and nothing that does not exist."""

from __future__ import annotations

import re

import click
import pytest
from scripts import reference

from spanspec.cli.main import COMMANDS, cli
from spanspec.definition import keys
from spanspec.language.grammar import words as language
from spanspec.plugins import Family
from spanspec.reports.base import REPORTS
from spanspec.results.mask import DEFAULT_PATTERNS
from spanspec.source.codes import CODES
from spanspec.triggers.base import TRIGGERS
from tests.docs.pages import ROOT, in_code, section

REFERENCE = ROOT / "docs" / "reference"
COMMAND_LINE = REFERENCE / "command-line.md"
DEFINITION_FILES = REFERENCE / "definition-files.md"
LANGUAGE = REFERENCE / "language.md"
RESULTS = REFERENCE / "results-json.md"
WRITE = "write it with `python scripts/reference.py`"


@pytest.mark.parametrize(
    "page", ["../README.md", *sorted(str(path.relative_to(REFERENCE)) for path in REFERENCE.rglob("*.md"))]
)
def test_tables_say_what_the_code_says(page: str) -> None:
    """The tables that are made from the code are up to date."""
    path = REFERENCE / page
    assert path.read_text(encoding="utf-8") == reference.filled(path), f"{page} is out of date: {WRITE}"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_documented(name: str) -> None:
    """Each command has a section that names all of its options and arguments."""
    text = section(COMMAND_LINE, f"## `spanspec {name}`")
    assert text, f"command-line.md has no section on `spanspec {name}`"
    command = reference.command(name)
    named = {word for code in in_code(text) for word in code.split()}
    missing = [opt for option in reference.options_of(command) for opt in option.opts if opt not in named]
    assert not missing, f"undocumented options of `spanspec {name}`: {', '.join(missing)}: {WRITE}"
    arguments = [
        each.make_metavar(click.Context(command)) for each in command.params if isinstance(each, click.Argument)
    ]
    assert not [each for each in arguments if each.strip("[].") not in text], (
        f"undocumented arguments of `spanspec {name}`"
    )


def test_no_command_is_documented_that_does_not_exist() -> None:
    """Each section on a command is about one that exists, and so is each option that the page names."""
    text = COMMAND_LINE.read_text(encoding="utf-8")
    assert set(re.findall(r"^## `spanspec (\S+)`$", text, re.MULTILINE)) == set(COMMANDS)
    known = {
        opt for name in COMMANDS for option in reference.options_of(reference.command(name)) for opt in option.opts
    }
    known |= {opt for option in cli.params for opt in option.opts} | {"--help", "-h"}
    named = {word for code in in_code(text) for word in re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", code)}
    assert named <= known, f"options that do not exist: {sorted(named - known)}"


def test_every_option_has_a_help_text() -> None:
    """Each option says what it does."""
    silent = [
        f"{name} {option.opts[0]}"
        for name in COMMANDS
        for option in reference.options_of(reference.command(name))
        if not option.help
    ]
    assert not silent


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_documented(code: str) -> None:
    """Each diagnostic code has a section."""
    assert section(REFERENCE / "diagnostics.md", f"### `{code}`"), f"{code} is undocumented: {WRITE}"


@pytest.mark.parametrize(
    ("page", "heading", "table"),
    [
        ("definition-files.md", "## A test", keys.TEST),
        ("definition-files.md", "## `specs`", keys.SPEC),
        ("definition-files.md", "## `expect`", keys.EXPECT),
        ("definition-files.md", "## `outputs`", keys.OUTPUT),
        ("definition-files.md", "## `settle`", keys.SETTLE),
        ("definition-files.md", "## `setup` and `teardown`", keys.HOOK),
        ("definition-files.md", "## A suite", keys.SUITE),
        ("definition-files.md", "## A suite", keys.STEP),
        ("definition-files.md", "## A resource of Tracetest", keys.RESOURCE_ONLY),
        ("spanspec-yaml.md", "# spanspec.yaml", keys.CONFIG),
        ("spanspec-yaml.md", "## `receiver`", keys.RECEIVER),
    ],
)
def test_every_key_is_documented(page: str, heading: str, table: dict[str, keys.Key]) -> None:
    """Each key of a definition and of spanspec.yaml stands in the section of its mapping."""
    named = in_code(section(REFERENCE / page, heading))
    missing = [key for key in table if key not in named]
    assert not missing, f"undocumented keys in {page}, {heading}: {', '.join(missing)}: {WRITE}"


def test_every_settle_key_has_its_default_documented() -> None:
    """The table of defaults names each key of `settle`."""
    rows = re.findall(
        r"^\| `(\w+)` \| [^|]+ \|$",
        section(DEFINITION_FILES, "## `settle`").split("| key | default |")[1],
        re.MULTILINE,
    )
    assert set(rows) == set(keys.SETTLE)


@pytest.mark.parametrize("kind", TRIGGERS.built_in())
def test_every_trigger_field_is_documented(kind: str) -> None:
    """Each built-in trigger has a page that names all of its keys, with a meaning each, and shows an example."""
    path = REFERENCE / "triggers" / f"{kind}.md"
    assert path.exists(), f"{kind} has no page: {WRITE}"
    text = path.read_text(encoding="utf-8")
    named = in_code(text)
    fields = TRIGGERS.load(kind).model_fields
    assert not [name for name, field in fields.items() if (field.alias or name) not in named]
    assert not re.findall(r"^\| `(\w+)`[^|]*\| [^|]* \|\s*\|$", text, re.MULTILINE), "a key has no meaning"
    assert "```yaml other" in text, f"examples/triggers/{kind} has no definition"


def _calls() -> set[str]:
    return set(re.findall(r"`(\w+)\(", LANGUAGE.read_text(encoding="utf-8")))


def test_every_function_is_documented() -> None:
    """Each function is named as a call; the percentiles as a range."""
    percentiles = {name for name in language.FUNCTIONS if re.fullmatch(r"p\d\d", name)}
    assert {"p50", "p99"} <= percentiles
    missing = set(language.FUNCTIONS) - percentiles - _calls()
    assert not missing, f"undocumented functions: {sorted(missing)}"
    assert "`p50(S, E)` … `p99(S, E)`" in LANGUAGE.read_text(encoding="utf-8")


def test_no_function_is_documented_that_does_not_exist() -> None:
    """Each call on the language's page is one of a function that exists."""
    unknown = _calls() - set(language.FUNCTIONS)
    assert not unknown, f"functions that do not exist: {sorted(unknown)}"


def test_every_filter_is_documented() -> None:
    """The table of filters has each one, and no other."""
    table = section(LANGUAGE, "### Filters")
    heads = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {code.split()[0] for head in heads for code in in_code(head)} == set(language.FILTERS)


def test_every_pseudo_class_is_documented() -> None:
    """The table of pseudo-classes has each one, and no other."""
    table = section(LANGUAGE, "### Pseudo-classes")
    heads = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {re.match(r":(\w+)", code)[1] for head in heads for code in in_code(head)} == set(language.PSEUDOS)  # type: ignore[index]


@pytest.mark.parametrize(
    ("prefix", "fields"),
    [("span", language.SPAN_FIELDS), ("trace", language.TRACE_FIELDS), ("response", language.RESPONSE_FIELDS)],
)
def test_every_field_is_documented(prefix: str, fields: tuple[str, ...]) -> None:
    """The table of names has each field behind a prefix."""
    named = in_code(section(LANGUAGE, "### Names"))
    assert not [name for name in fields if name not in named and f"{prefix}:{name}" not in named]


def test_every_key_of_a_result_is_explained() -> None:
    """No row of the tables of the result is without a meaning."""
    empty = re.findall(r"^\| `(\w+)` \|\s*\|$", RESULTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert not empty, f"fields whose class does not say what they are: {empty}"


@pytest.mark.parametrize("family", [REPORTS], ids=lambda family: family.name)
def test_every_member_of_a_family_is_named(family: Family) -> None:
    """The help of `run --report` names every report that is built in."""
    text = section(COMMAND_LINE, "## `spanspec run`")
    assert not [name for name in family.built_in() if name not in text]


def test_every_name_that_is_always_a_secret_is_documented() -> None:
    """The page on spanspec.yaml names each pattern of names whose values are masked."""
    named = in_code((REFERENCE / "spanspec-yaml.md").read_text(encoding="utf-8"))
    assert not [pattern for pattern in DEFAULT_PATTERNS if pattern.strip("*") not in named]
