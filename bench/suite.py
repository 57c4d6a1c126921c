"""Many tests in one command, against a service of its own process that answers in 20 ms and exports every 100 ms."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ANSWER_S, BATCH_S, QUIET_S = 0.020, 0.100, 0.25
TEST = """\
name: test {n}
trigger: {{ http: {{ method: GET, url: /t/{n} }} }}
expect:
  - exactly 1 span[service.name = "shipping" name = "ship"]
  - some span[name = "query"]
  - response:status = 200
"""


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def stub(otlp: str, *times: str) -> Iterator[str]:
    """The service; its URL."""
    command = [sys.executable, "-m", "bench._stub", otlp, *times]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def spanspec(*arguments: str, folder: Path) -> tuple[float, int, float, float, str]:
    """Seconds of the whole command, its exit code, its highest memory in MB, processor seconds, and what it printed."""
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR")}
    before = time.perf_counter()
    script = (
        "import resource, sys\nfrom spanspec.cli.main import main\ncode = main(sys.argv[1:])\n"
        "sys.stdout.flush()\nused = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_maxrss / 1024, used.ru_utime + used.ru_stime, file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    took = time.perf_counter() - before
    lines = done.stderr.strip().splitlines()
    used, cpu = map(float, lines[-1].split())
    return took, done.returncode, used, cpu, done.stdout + "\n".join(lines[:-1])


def write(folder: Path, count: int) -> Path:
    """So many tests, one a file."""
    tests = folder / f"tests{count}"
    tests.mkdir()
    for n in range(count):
        (tests / f"t{n:04}.yaml").write_text(TEST.format(n=n))
    (tests / "spanspec.yaml").write_text("settle: { export_delay: 100ms }\n")
    return tests


def run() -> Iterator[str]:
    """100 tests, 1,000 tests, one test, loading alone, writing alone."""
    port = free_port()
    bare = _bare()
    yield f"a bare python: {bare * 1000:.0f} ms (the baseline of start-up)"
    with tempfile.TemporaryDirectory() as name, stub(f"http://127.0.0.1:{port}") as url:
        folder = Path(name)
        tests = {count: write(folder, count) for count in (1, 100, 1000)}
        common = ("--endpoint", url, "--receiver", f"127.0.0.1:{port}", "-q")
        each = {}
        memory = {}
        for count in (1, 100, 1000):
            took, code, memory[count], cpu, said = spanspec("run", str(tests[count]), *common, folder=folder)
            each[count] = took / count
            bound = count * (ANSWER_S + BATCH_S + QUIET_S)
            assert code == 0, said
            yield (
                f"{count} tests: {took:.2f} s in all, {took / count * 1000:.1f} ms a test ({cpu / count * 1000:.1f} ms of the processor), {memory[count]:.0f} MB;"
                f" one after the other at least {bound:.1f} s, {bound / took:.0f} times that"
            )
        yield f"  goals: 100 tests at most 3 s; a test of 1,000 costs {each[1000] / each[100]:.2f} of one of 100 (at most 1)"
        yield f"  memory: {(memory[1000] - memory[100]) / 900 * 1024:.0f} kB a test"
        yield from _loading(tests[1000], folder, bare)
        yield from _first_trigger(tests[1], port, folder, bare)
    yield from _writing()


def _bare() -> float:
    return min(_seconds([sys.executable, "-c", "pass"]) for _ in range(5))


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _loading(tests: Path, folder: Path, bare: float) -> Iterator[str]:
    from spanspec.api import prepare
    from spanspec.definition.load import load
    from spanspec.definition.plan import Options

    began = time.perf_counter()
    text = sum(len(json.dumps(path.read_text())) for path in tests.iterdir())
    read = time.perf_counter() - began
    began = time.perf_counter()
    loaded = load([str(tests)], Options(endpoint="http://127.0.0.1:1"), cwd=folder, environment={})
    prepare(loaded)
    took = time.perf_counter() - began
    assert len(loaded.items) == 1000
    yield f"load and plan of 1,000 files: {took:.2f} s (goal at most 1.5 s), {took / read:.0f} times reading their {text // 1000} kB"


def _first_trigger(tests: Path, port: int, folder: Path, bare: float) -> Iterator[str]:
    """From the start of the process to the first byte at the service."""
    waits = []
    for _ in range(5):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            began = time.perf_counter()
            command = [sys.executable, "-m", "spanspec", "run", str(tests), "--endpoint", url, "-q", "--timeout", "1s"]
            with subprocess.Popen(
                [*command, "--receiver", f"127.0.0.1:{port}"],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as process:
                connection, _ = server.accept()
                waits.append(time.perf_counter() - began)
                connection.close()
                process.kill()
    waits.sort()
    yield f"process start to first trigger: {waits[2] * 1000:.0f} ms median (goal at most 400), {waits[2] / bare:.0f} times a bare python"


def _writing() -> Iterator[str]:
    """The results of 1,000 tests with traces of 30 spans."""
    from spanspec.results.journal import line
    from spanspec.results.json import encode
    from spanspec.results.model import CaseResult, Outcome, RunResult
    from spanspec.testing import span, trace

    cases = []
    for n in range(1000):
        top = span("GET /", kind="server", service="shop", http__route="/", http__response__status_code=200)
        spans = [
            top,
            *(span(f"query {k}", parent=top, db__system="postgresql", db__query__text="select 1") for k in range(29)),
        ]
        cases.append(CaseResult(name=f"t{n}", path="t.yaml", outcome=Outcome.PASSED, trace=trace(*spans), position=n))
    whole = RunResult(version="0", started_ns=0, duration_ns=0, cases=tuple(cases))
    began = time.perf_counter()
    data = encode(whole)
    took = time.perf_counter() - began
    began = time.perf_counter()
    plain = json.dumps(json.loads(data)).encode()
    base = time.perf_counter() - began
    began = time.perf_counter()
    for case in cases:
        line(case)
    lines = time.perf_counter() - began
    yield f"results of 1,000 tests with 30 spans each: {took:.2f} s for {len(plain) / 1e6:.0f} MB (goal at most 2 s), {took / base:.1f} times the json module; the journal {lines:.2f} s"
    yield f"  ({resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB in this process)"
