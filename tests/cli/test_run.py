"""`spanspec run` in process, against a small live service: exit codes, output, and what each fault says."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from spanspec.cli.main import main
from tests.cli.service import Export, Service, one_span, otlp_span, serving

SETTLE = "settle: { export_delay: 20ms, quiet: 100ms, patience: 300ms }\n"
TEST = SETTLE + 'trigger: { http: { url: /order } }\nexpect:\n  - exactly 1 span[name = "GET /"]\n'


def write(folder: Path, text: str, name: str = "test.yaml") -> str:
    """A definition in a folder of its own."""
    path = folder / name
    path.write_text(text)
    return os.fspath(path)


def run(port: int, *arguments: str) -> int:
    """The command with its receiver on a free port."""
    return main(["run", *arguments, "--receiver", f"127.0.0.1:{port}", "--linger", "0"])


def twice(trace_id: str, parent: str) -> Sequence[Export]:
    """The same request handled twice."""
    return [(0.0, [otlp_span(trace_id, 1, parent, "GET /"), otlp_span(trace_id, 2, parent, "GET /")])]


def test_a_passing_test_exits_with_0(
    port: int, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for the case, and a summary."""
    assert run(port, write(tmp_path, TEST), "--endpoint", service.url) == 0
    out = capsys.readouterr().out
    assert "✔ test" in out
    assert "1 passed" in out


def test_a_failing_test_exits_with_1_and_explains_itself(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its place in the file, expected and actual, the spans, the trace's id."""
    with serving(lambda: f"http://127.0.0.1:{port}", twice) as service:
        assert run(port, write(tmp_path, TEST), "--endpoint", service.url) == 1
    out = capsys.readouterr().out
    assert "test.yaml:4:5" in out
    assert "exactly 1" in out
    assert "2 spans" in out
    assert "tiny" in out
    sent = service.requests[0][2]["traceparent"].split("-")[1]
    assert sent in out


def test_the_trace_context_is_injected(port: int, service: Service, tmp_path: Path) -> None:
    """W3C headers, sampled, with baggage that names run and test; the test's own baggage is kept."""
    text = TEST.replace("url: /order", "url: /order, headers: { baggage: a=b }")
    assert run(port, write(tmp_path, text), "--endpoint", service.url) == 0
    method, path, headers, _ = service.requests[0]
    assert (method, path) == ("GET", "/order")
    assert headers["traceparent"].endswith("-01")
    assert headers["tracestate"] == "spanspec=1,tracetest=true"
    assert headers["baggage"].startswith("a=b,spanspec.run=")
    assert "spanspec.test=test" in headers["baggage"]


def test_run_test_with_a_file_is_the_same(port: int, service: Service, tmp_path: Path) -> None:
    """The reference's command line."""
    assert run(port, "test", "-f", write(tmp_path, TEST), "--endpoint", service.url) == 0


def test_json_goes_to_stdout_alone(
    port: int, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine can read all of it, and `show` renders it again."""
    assert run(port, write(tmp_path, TEST), "--endpoint", service.url, "-o", "json") == 0
    out = capsys.readouterr().out
    assert json.loads(out)["cases"][0]["outcome"] == "passed"
    saved = write(tmp_path, out, "run.json")
    assert main(["show", saved]) == 0
    assert "✔ test" in capsys.readouterr().out


def test_reports_are_written_to_files(port: int, service: Service, tmp_path: Path) -> None:
    """Several at once, folders made as needed."""
    junit, saved = tmp_path / "out" / "junit.xml", tmp_path / "run.json"
    code = run(
        port, write(tmp_path, TEST), "--endpoint", service.url, "--junit", str(junit), "--report", f"json={saved}"
    )
    assert code == 0
    assert "<testsuites" in junit.read_text()
    assert json.loads(saved.read_text())["cases"]


def test_nothing_listening_exits_with_3(port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Says which request failed and why, without a traceback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        gone = probe.getsockname()[1]
    assert run(port, write(tmp_path, TEST), "--endpoint", f"http://127.0.0.1:{gone}") == 3
    out = capsys.readouterr().out
    assert f"GET http://127.0.0.1:{gone}/order" in out
    assert "connection refused" in out
    assert "Traceback" not in out


def test_a_service_that_does_not_answer_exits_with_3(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The trigger's time-out is told."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        text = TEST.replace("url: /order", "url: /order, timeout: 0.2")
        assert run(port, write(tmp_path, text), "--endpoint", f"http://127.0.0.1:{silent.getsockname()[1]}") == 3
    assert "no answer within 0.2 s" in capsys.readouterr().out


def test_a_service_that_sends_no_spans_is_inconclusive(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Says what was sent, what came meanwhile, and the likely causes."""
    with serving(lambda: f"http://127.0.0.1:{port}", lambda *_: []) as service:
        text = TEST.replace("settle: {", "settle: { timeout: 400ms,")
        assert run(port, write(tmp_path, text), "--endpoint", service.url) == 1
    out = capsys.readouterr().out
    assert "inconclusive" in out
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in out


def test_spans_of_other_traces_are_named_when_none_of_ours_came(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that starts a trace of its own does not read the trace context."""

    def elsewhere(trace_id: str, parent: str) -> Sequence[Export]:
        return one_span("ab" * 16, "")

    with serving(lambda: f"http://127.0.0.1:{port}", elsewhere) as service:
        text = TEST.replace("settle: {", "settle: { timeout: 400ms,")
        assert run(port, write(tmp_path, text), "--endpoint", service.url) == 1
    assert "tiny" in capsys.readouterr().out


def test_a_port_in_use_that_was_asked_for_exits_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is fired."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(taken.getsockname()[1], write(tmp_path, TEST), "--endpoint", "http://127.0.0.1:1") == 3
    err = capsys.readouterr().err
    assert "in use" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trigger: { http: { url: / } }\nexpect:\n  - exactly span[]\n", "error[syntax]"),
        ("trigger: { htpp: { url: / } }\nexpect: [ no_errors() ]\n", "http"),
        ("trigger: { http: { url: / } }\nexpect: [ no_erors() ]\n", "no_errors"),
        ("trigger: { http: { url: / } }\nexpekt: [ no_errors() ]\n", "expect"),
        ("trigger: { http: { url: '/${var:NOPE}' } }\nexpect: [ no_errors() ]\n", "NOPE"),
        ("trigger: [", "test.yaml"),
    ],
)
def test_faults_of_a_file_exit_with_2(
    text: str, said: str, port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said before anything is fired, with the place and a suggestion."""
    code = run(port, write(tmp_path, text), "--endpoint", "http://127.0.0.1:1")
    err = capsys.readouterr()
    assert said in err.err + err.out
    assert "Traceback" not in err.err
    assert code == 2


def test_a_file_that_is_not_there_exits_with_2(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The path is named."""
    assert run(port, "nowhere.yaml") == 2
    assert "nowhere.yaml" in capsys.readouterr().err


def test_a_late_span_turns_a_verdict_inconclusive(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second request came after the verdict; it is named, and the run fails."""

    def late(trace_id: str, parent: str) -> Sequence[Export]:
        return [(0.0, [otlp_span(trace_id, 1, parent, "GET /")]), (0.5, [otlp_span(trace_id, 2, parent, "GET /")])]

    with serving(lambda: f"http://127.0.0.1:{port}", late) as service:
        path = write(tmp_path, TEST)
        code = main(["run", path, "--endpoint", service.url, "--receiver", f"127.0.0.1:{port}", "--linger", "1s"])
    out = capsys.readouterr().out
    assert code == 1
    assert "came after the verdict" in out


def test_a_stored_trace_is_judged_without_a_trigger(
    port: int, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--trace FILE` fires nothing."""
    spans = [otlp_span("ab" * 16, 1, "", "GET /")]
    stored = write(tmp_path, json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}), "trace.otlp")
    assert main(["run", write(tmp_path, TEST), "--trace", stored]) == 0
    assert main(["run", write(tmp_path, TEST.replace("exactly 1", "exactly 2")), "--trace", stored]) == 1
    assert service.requests == []


def test_tests_that_run_at_once_never_see_one_anothers_spans(
    port: int, service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty of them, each with exactly one span."""
    for index in range(20):
        write(tmp_path, TEST, f"t{index}.yaml")
    assert run(port, os.fspath(tmp_path), "--endpoint", service.url) == 0
    assert "20 passed" in capsys.readouterr().out


def test_interrupting_a_run_keeps_what_was_found(port: int, tmp_path: Path) -> None:
    """Ctrl-C ends it with 130, and the report has the case that had ended."""
    with serving(lambda: f"http://127.0.0.1:{port}") as service:
        write(tmp_path, TEST, "a.yaml")
        write(
            tmp_path,
            TEST.replace('exactly 1 span[name = "GET /"]', 'some span[name = "never"]').replace("300ms", "60s"),
            "b.yaml",
        )
        arguments = [
            "run",
            os.fspath(tmp_path),
            "--endpoint",
            service.url,
            "--receiver",
            f"127.0.0.1:{port}",
            "--linger",
            "0",
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "spanspec", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            _wait_for(service, 2)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130, err
    assert "interrupted" in out
    assert "Traceback" not in err


def _wait_for(service: Service, count: int) -> None:
    import time

    deadline = time.monotonic() + 20
    while len(service.requests) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)
