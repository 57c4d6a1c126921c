"""The other commands, in process."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from spanspec import __version__
from spanspec.cli.main import COMMANDS, cli, main
from tests.cli.service import otlp_span

TRACE = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
            "scopeSpans": [
                {
                    "spans": [
                        otlp_span("ab" * 16, 1, "", "GET /"),
                        otlp_span("ab" * 16, 2, f"{1:016x}", "SELECT", kind=3),
                    ]
                }
            ],
        }
    ]
}


@pytest.fixture
def stored(tmp_path: Path) -> str:
    """A trace of two spans in a file."""
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(TRACE))
    return os.fspath(path)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('span[service.name = "shop"] > span[kind = "client"]', 0, "SELECT"),
        ('span[name = "nope"]', 1, "0 spans"),
        ('exactly 2 span[service.name = "shop"]', 0, "holds"),
        ("exactly 3 span[]", 1, "fails"),
        ("count(span[]) * 2", 0, "4"),
        ("exactly span[]", 2, "error[syntax]"),
    ],
)
def test_query_reads_selectors_statements_and_values(
    text: str, code: int, said: str, stored: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 holds or selects, 1 does not, 2 does not parse."""
    assert main(["query", text, stored]) == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err


def test_query_prints_json_for_machines(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One answer a trace."""
    assert main(["query", 'span[kind = "client"]', stored, "-o", "json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert [span["name"] for span in answer["spans"]] == ["SELECT"]


def test_query_refuses_a_file_that_is_no_otlp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear message, exit code 3, or 2 where the file is not there."""
    path = tmp_path / "junk.json"
    path.write_text('{"resourceSpans": 5}')
    assert main(["query", "span[]", os.fspath(path)]) == 3
    assert main(["query", "span[]", os.fspath(tmp_path / "none.json")]) == 2
    err = capsys.readouterr().err
    assert "junk.json" in err
    assert "Traceback" not in err


def test_lint_counts_and_exits_with_2_on_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is fired."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("trigger: { http: { url: 'http://127.0.0.1:1/' } }\nexpect: [ no_errors() ]\n")
    assert main(["lint", os.fspath(good)]) == 0
    assert "1 test with 1 check, 0 errors, 0 warnings" in capsys.readouterr().out
    bad.write_text("trigger: { http: { url: 'http://127.0.0.1:1/' } }\nexpect:\n  - buzy_time(span[]) < 1s\n")
    assert main(["lint", os.fspath(tmp_path)]) == 2
    assert 'did you mean "busy_time"?' in capsys.readouterr().err


def test_explain_knows_every_code_and_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    """A list without a code, a page with one."""
    assert main(["explain"]) == 0
    assert "unknown-function" in capsys.readouterr().out
    assert main(["explain", "unknown-function"]) == 0
    assert main(["explain", "unknown-funtion"]) == 2
    assert 'did you mean "unknown-function"?' in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version`."""
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_each_command_ends_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And its module is where the overview looks for it."""
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert re.search(rf"Examples?:\s+spanspec {name}", text)


def test_an_unknown_command_is_a_usage_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    assert main(["rum"]) == 2
    assert 'no command "rum"; did you mean "run"?' in capsys.readouterr().err


def test_every_command_is_in_the_overview() -> None:
    """Nothing hidden, nothing missing."""
    import click

    assert cli.list_commands(click.Context(cli)) == sorted(COMMANDS)  # type: ignore[attr-defined]


def test_show_refuses_what_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear message."""
    path = tmp_path / "x.json"
    path.write_text("{}")
    assert main(["show", os.fspath(path)]) == 2
    assert main(["show", os.fspath(tmp_path / "none.json")]) == 2
    assert "Traceback" not in capsys.readouterr().err
