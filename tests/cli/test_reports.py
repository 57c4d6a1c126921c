"""Reports of `spanspec run`: several at once, lines while the run goes on, the step summary of a build."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from spanspec.cli.main import main
from tests.cli.service import Export, Service, one_span, otlp_span, serving

SETTLE = "settle: { export_delay: 20ms, quiet: 100ms, patience: 300ms }\n"
TEST = SETTLE + 'trigger: { http: { url: /order } }\nexpect:\n  - exactly 1 span[name = "GET /"]\n'


def run(port: int, *arguments: str, linger: str = "0") -> int:
    """The command with its receiver on a free port."""
    return main(["run", *arguments, "--receiver", f"127.0.0.1:{port}", "--linger", linger])


def lines(text: str) -> list[dict[str, Any]]:
    """Each line as an object."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with one test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test.yaml").write_text(TEST)
    return tmp_path


def test_lines_are_written_while_the_run_goes_on(port: int, here: Path) -> None:
    """When the second test is fired, the first one's line can already be read."""
    (here / "test.yaml").write_text("name: first\n" + TEST + "---\nname: second\n" + TEST)
    seen: list[list[str]] = []

    def behaviour(trace_id: str, parent: str) -> Sequence[Export]:
        seen.append([line["event"] for line in lines((here / "out" / "run.ndjson").read_text())])
        return one_span(trace_id, parent)

    with serving(lambda: f"http://127.0.0.1:{port}", behaviour) as service:
        assert (
            run(port, "test.yaml", "--endpoint", service.url, "--jobs", "1", "--report", "ndjson=out/run.ndjson") == 0
        )
    assert seen == [["run"], ["run", "case"]]
    written = lines((here / "out" / "run.ndjson").read_text())
    assert [line["event"] for line in written] == ["run", "case", "case", "end"]
    assert [line.get("name") for line in written[1:3]] == ["first", "second"]


def test_lines_on_stdout_stand_alone(
    port: int, service: Service, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program reads stdout; what people read goes to stderr."""
    assert run(port, "test.yaml", "--endpoint", service.url, "--report", "ndjson") == 0
    out, err = capsys.readouterr()
    assert [line["event"] for line in lines(out)] == ["run", "case", "end"]
    assert "✔ test" in err


def test_a_case_that_late_spans_change_has_a_second_line(port: int, here: Path) -> None:
    """The last line of an index counts; the end counts it so too."""

    def late(trace_id: str, parent: str) -> Sequence[Export]:
        again = [otlp_span(trace_id, 2, parent, "GET /")]
        return [*one_span(trace_id, parent), (0.7, again)]

    with serving(lambda: f"http://127.0.0.1:{port}", late) as service:
        code = run(port, "test.yaml", "--endpoint", service.url, "--report", "ndjson=run.ndjson", linger="1200ms")
    written = lines((here / "run.ndjson").read_text())
    assert [line["event"] for line in written] == ["run", "case", "case", "end"]
    assert [line["outcome"] for line in written[1:3]] == ["passed", "inconclusive"]
    assert written[3]["outcomes"] == {"inconclusive": 1}
    assert code == written[3]["exit_code"] == 1


def test_several_reports_at_once(port: int, service: Service, here: Path) -> None:
    """Each goes to its own file."""
    asked = [f"--report={name}=reports/{name}" for name in ("json", "junit", "markdown", "ndjson", "sarif", "tap")]
    assert run(port, "test.yaml", "--endpoint", service.url, *asked) == 0
    assert sorted(path.name for path in (here / "reports").iterdir()) == [
        "json", "junit", "markdown", "ndjson", "sarif", "tap",
    ]  # fmt: skip
    assert lines((here / "reports/ndjson").read_text())[-1]["outcomes"] == {"passed": 1}
    assert main(["show", "reports/json", "-q"]) == 0


def test_what_spanspec_yaml_names_is_streamed_too(port: int, service: Service, here: Path) -> None:
    """A report of the settings is as one of the command line."""
    (here / "spanspec.yaml").write_text("reports: { ndjson: run.ndjson }\n")
    assert run(port, "test.yaml", "--endpoint", service.url) == 0
    assert lines((here / "run.ndjson").read_text())[-1]["event"] == "end"


def test_the_step_summary_is_added_to(here: Path, monkeypatch: pytest.MonkeyPatch, port: int, service: Service) -> None:
    """Two commands of one step share the file that GitHub names; any other file is written anew."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "summary.md"))
    for _ in range(2):
        reports = ["--report", "markdown=./summary.md", "--report", "markdown=other.md"]
        assert run(port, "test.yaml", "--endpoint", service.url, *reports) == 0
    assert (here / "summary.md").read_text().count("## ✔") == 2
    assert (here / "other.md").read_text().count("## ✔") == 1


def test_a_stream_that_cannot_be_written_is_told_before_anything_is_fired(
    port: int, service: Service, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is that of a fault of usage, and the message names the file."""
    (here / "folder").mkdir()
    assert run(port, "test.yaml", "--endpoint", service.url, "--report", "ndjson=folder") == 2
    assert "the ndjson report cannot be written to folder" in capsys.readouterr().err
    assert not service.requests


def test_a_stored_trace_gives_all_lines_at_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a run that goes on, the report is rendered as any other."""
    (here / "trace.json").write_text(
        json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [otlp_span("ab" * 16, 1, "", "GET /")]}]}]})
    )
    assert main(["run", "test.yaml", "--trace", "trace.json", "--report", "ndjson=run.ndjson"]) == 0
    assert [line["event"] for line in lines((here / "run.ndjson").read_text())] == ["run", "case", "end"]
