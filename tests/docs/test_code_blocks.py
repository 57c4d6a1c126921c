"""What the pages show is true: definitions lint, commands give what is shown, Python runs.

Marks after a block's language:

- `yaml faulty`: must have an error; `faulty=CODE` names its code.
- `yaml spanspec.yaml`: settings; read with a test beside them.
- `yaml other`: no file of ours; need only be YAML.
- `yaml file=NAME`, `json file=NAME`: also written to the folder in which the commands of the same page run.
- `console exit=N`: the exit code of the block's commands; 0 when left out.
- `python compile`: needs a server, so it is only compiled.

A line `…` in shown output stands for any lines; times, ids and ports may differ. A command without output shown may print anything.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
import yaml
from scripts import reference

from spanspec.cli.main import COMMANDS, main
from spanspec.definition.load import load
from spanspec.definition.plan import Loaded, Options
from spanspec.source.diagnostics import Severity
from spanspec.source.render import render_all
from tests.docs.pages import ROOT, Block, all_blocks, bare, shown_pattern

MARKS = {"trigger", "specs", "testSpec", "expect", "steps", "type"}
NEEDS_A_SERVER = {"receive", "demo"}
LEAST_TEST = "trigger: { http: { url: /x } }\nexpect: [ response:status = 200 ]\n"


def _is_definition(block: Block) -> bool:
    if {"other", "spanspec.yaml"} & set(block.marks):
        return False
    documents = list(yaml.safe_load_all(block.text))
    return all(isinstance(each, dict) and MARKS & set(each) for each in documents)


def _ids(found: list[Block]) -> list[str]:
    return [block.place for block in found]


YAML = all_blocks("yaml")
CONSOLE = all_blocks("console")
PYTHON = all_blocks("python")


def _loaded(folder: Path, files: dict[str, str]) -> Loaded:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    named = next(name for name in files if name != "spanspec.yaml")
    return load([named], Options(variables=dict.fromkeys(_VARIABLES, "1"), stored=True), cwd=folder, environment={})


_VARIABLES = ("ORDER", "CARD", "TOKEN")
"""Variables that the pages' definitions take from the command line."""


@pytest.mark.parametrize("block", YAML, ids=_ids(YAML))
def test_yaml_is_what_it_says(block: Block, tmp_path: Path) -> None:
    """A definition lints without errors, or with the error that it is there to show; other YAML parses."""
    if "other" in block.marks:
        assert list(yaml.safe_load_all(block.text))
        return
    if "spanspec.yaml" in block.marks:
        loaded = _loaded(tmp_path, {"spanspec.yaml": block.text, "least.yaml": LEAST_TEST})
    else:
        assert _is_definition(block) or "faulty" in block.marks, f"{block.place} is no definition: mark it `yaml other`"
        loaded = _loaded(tmp_path, {"block.yaml": block.text})
    errors = [fault for fault in loaded.diagnostics if fault.severity is Severity.ERROR]
    if "faulty" in block.marks:
        codes = {fault.code for fault in errors}
        assert codes, "it is marked faulty, and has no error"
        assert block.marks["faulty"] in {"", *codes}
    else:
        assert not errors, render_all(errors)
        assert loaded.plans


def _commands(block: Block) -> list[tuple[list[str], str]]:
    """The block's commands of ours, each with the output shown."""
    joined = block.text.replace("\\\n", " ")
    parts = re.split(r"^\$ ", joined, flags=re.MULTILINE)[1:]
    split = [part.partition("\n") for part in parts]
    return [
        (shlex.split(line.split(" | ")[0].split(" > ")[0], comments=True), shown)
        for line, _, shown in split
        if line.startswith("spanspec ")
    ]


def _needs_a_server(arguments: list[str]) -> bool:
    return arguments[0] in NEEDS_A_SERVER or (arguments[0] == "run" and "--trace" not in arguments)


def _is_pattern(arguments: list[str]) -> bool:
    """Whether it shows a command's form (`spanspec run [PATH]...`) and not a call of it."""
    return any(
        word.isupper() or word.startswith("[") or word == "RUN.json"
        for word in arguments[1:]
        if not word.startswith("-")
    )


@pytest.mark.parametrize("block", CONSOLE, ids=_ids(CONSOLE))
def test_commands_parse(block: Block) -> None:
    """Each command of ours exists, with the options that are shown."""
    for words, _ in _commands(block):
        arguments = words[1:]
        if not arguments or arguments[0].startswith("-") or _is_pattern(arguments):
            continue
        assert arguments[0] in COMMANDS
        command = reference.command(arguments[0])
        command.make_context(arguments[0], arguments[1:])


@pytest.mark.parametrize("block", CONSOLE, ids=_ids(CONSOLE))
def test_commands_give_what_is_shown(block: Block, tmp_path: Path) -> None:
    """Commands that need no server are run, beside the files of their page, and give the exit code and output shown."""
    for each in all_blocks():
        if each.page == block.page and "file" in each.marks:
            (tmp_path / each.marks["file"]).write_text(each.text, encoding="utf-8")
    for words, shown in _commands(block):
        if len(words) < 2 or _is_pattern(words[1:]) or _needs_a_server(words[1:]):
            continue
        if not _files_are_there(words[1:], tmp_path):
            continue
        code, output = _run(words[1:], tmp_path)
        assert code == int(block.marks.get("exit", 0)), output
        if shown.strip():
            assert shown_pattern(shown).fullmatch(bare(output)), f"shown:\n{shown}\nfound:\n{output}"


def _files_are_there(arguments: list[str], folder: Path) -> bool:
    """Whether the files that a command names are on its page; `tests` and the like stand for the reader's own."""
    named = [
        word.partition("#")[0]
        for word in arguments[1:]
        if re.fullmatch(r"[\w./-]+\.(?:yaml|json|jsonl)(?:#\w+)?|tests", word)
    ]
    return all((folder / name).exists() for name in named)


def _run(arguments: list[str], folder: Path) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(arguments)
    return code, out.getvalue()


@pytest.mark.parametrize("block", PYTHON, ids=_ids(PYTHON))
def test_python_runs(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    """Python compiles, and runs where it needs no server."""
    code = compile(block.text, block.place, "exec")
    if "compile" not in block.marks:
        exec(code, {"__name__": "__page__"})
        capsys.readouterr()


def test_every_page_has_marks_that_mean_something() -> None:
    """No block has a mark that nobody reads."""
    known = {"faulty", "spanspec.yaml", "other", "file", "exit", "compile"}
    assert not [f"{block.place} {mark}" for block in all_blocks() for mark in block.marks if mark not in known]


def test_pages_name_no_machine_of_ours() -> None:
    """No page names a path that exists on one machine only."""
    found = [
        page
        for page in {block.page for block in all_blocks()}
        if re.search(r"(?<![\w.])/(?:work|tmp|root|home)/", (ROOT / page).read_text(encoding="utf-8"))
    ]
    assert not found
