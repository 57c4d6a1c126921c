"""A run that starts the system under test: up, watched, down, with no process left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spanspec.cli.main import main
from spanspec.environment import _watchdog

SERVER = f"{sys.executable} {Path(__file__).parent / 'programs' / 'server.py'} {{port}}"
TEST = "trigger: {{ http: {{ url: {path} }} }}\nexpect: [ \"exactly 1 span[service.name = 'order']\" ]\nsettle: {{ wait: settled }}\n"


def run(folder: Path, service: str, path: str = "/x", *options: str) -> tuple[int, dict[str, object]]:
    """The exit code, and the run as JSON."""
    (folder / "spanspec.yaml").write_text(
        f"endpoint: ${{var:order.url}}\nreceiver: {{ http: 127.0.0.1:0, grpc: 127.0.0.1:0 }}\nenvironment:\n{service}"
    )
    (folder / "t.yaml").write_text(TEST.format(path=path))
    report = folder / "run.json"
    code = main(["run", str(folder / "t.yaml"), "--linger", "0", "--report", f"json={report}", *options])
    return code, json.loads(report.read_text())


def service(command: str = SERVER, more: str = "") -> str:
    """One service."""
    return f"  services:\n    - name: order\n      run: {command}\n{more}"


@pytest.mark.parametrize("ready", ["http: /healthz", "tcp: {port}", "log: 'listening on port \\d+'", "exit: null"])
def test_a_service_is_started_and_the_delay_that_it_gets_is_the_bound(ready: str, tmp_path: Path) -> None:
    """Whatever it is waited for, its spans settle by the delay that was set."""
    more = f"      ready: {{ {ready} }}\n" if "null" not in ready else ""
    code, found = run(tmp_path, service(more=more))
    assert code == 0
    reason = found["cases"][0]["settlement"]["reason"]  # type: ignore[index]
    assert "export lag bound 110ms (set by the environment)" in reason


@pytest.mark.parametrize(
    ("command", "more", "said"),
    [
        (f"{SERVER} sick", "      ready: { http: /healthz, timeout: 1s }\n", "(it answered 503); it wrote last"),
        ("no-such-program {port}", "", "ended with exit code 127"),
        ("'echo hello; exit 4 # {port}'", "", "ended with exit code 4"),
        ("[no-such-program]", "      port: 0\n", 'there is no program "no-such-program"'),
    ],
)
def test_what_does_not_start_is_told(command: str, more: str, said: str, tmp_path: Path) -> None:
    """Every case is errored with the cause, the reports are written, and the exit code is 3."""
    code, found = run(tmp_path, service(command, more))
    assert code == 3
    error = found["cases"][0]["error"]  # type: ignore[index]
    assert error["kind"] == "environment"
    assert said in error["message"]


def test_a_service_that_ends_while_tests_run_is_the_cause(tmp_path: Path) -> None:
    """Its exit code and its last words are told, not the broken connection."""
    code, found = run(tmp_path, service(), "/die")
    case = found["cases"][0]  # type: ignore[index]
    assert code == 3
    assert 'the service "order" ended with exit code 3 while the tests ran' in case["error"]["message"]
    assert "out of memory: I give up" in case["error"]["message"]
    assert "out of memory" in case["logs"][0]["text"]


def of_folder(folder: Path) -> list[int]:
    """The processes that have the folder's mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"LEFT_BEHIND={folder}".encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


STUBBORN = '      env: {{ LEFT_BEHIND: "{folder}" }}\n      stop_timeout: 300ms\n'


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked for in /proc")
def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Not a service that ignores SIGTERM, nor its child, nor one in a session of its own."""
    code, found = run(tmp_path, service(f"{SERVER} stubborn child daemon", STUBBORN.format(folder=tmp_path)))
    assert code == 0
    assert "was killed" in " ".join(found["notes"])  # type: ignore[arg-type]
    assert of_folder(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked for in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_behind_by_a_runner_that_is_ended(number: int, tmp_path: Path) -> None:
    """Killed, its watchdog ends what it had started; interrupted, it does so itself."""
    more = STUBBORN.format(folder=tmp_path) + "      ready: { log: never }\n"
    text = service(f"{SERVER} stubborn child daemon", more)
    (tmp_path / "spanspec.yaml").write_text(
        f"receiver: {{ http: 127.0.0.1:0, grpc: 127.0.0.1:0 }}\nenvironment:\n{text}"
    )
    (tmp_path / "t.yaml").write_text(TEST.format(path="http://127.0.0.1:1/"))
    runner = subprocess.Popen([sys.executable, "-m", "spanspec", "run", str(tmp_path)], stderr=subprocess.DEVNULL)
    while len(of_folder(tmp_path)) < 3:
        assert runner.poll() is None
        os.sched_yield()
    runner.send_signal(number)
    runner.wait(30)
    deadline = time.monotonic() + 30
    while of_folder(tmp_path) and time.monotonic() < deadline:
        os.sched_yield()
    assert of_folder(tmp_path) == []
    assert _watchdog.marked("") == []


DOCKER = """#!{python}
import json, sys
words = sys.argv[1:]
open({record!r}, "a").write(json.dumps(words) + "\\n")
if "config" in words: print(json.dumps({{"services": {{"shop": {{"environment": {{"A": "1"}}}}}}}}))
if "port" in words: print("0.0.0.0:49153")
if "up" in words and {fails}: print("pull access denied"); sys.exit(1)
"""


@pytest.mark.parametrize("fails", [True, False])
def test_compose_is_called_as_documented(fails: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Against a stand-in for docker: read, up, port, logs, down with volumes; its words are told when it refuses."""
    record, program = tmp_path / "record", tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER.format(python=sys.executable, record=str(record), fails=fails))
    program.chmod(0o755)
    (tmp_path / "spanspec.yaml").write_text(
        "environment:\n  compose: { file: c.yaml, services: { shop: { port: 80 } } }\n"
    )
    (tmp_path / "t.yaml").write_text(
        "skipTraceCollection: true\ntrigger: { command: { run: 'echo ${var:shop.port}' } }\nexpect: [ response:body contains '49153' ]\n"
    )
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "spanspec", "run", str(tmp_path / "t.yaml")],
        env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    verbs = [
        next(w for w in json.loads(line) if w in ("config", "up", "port", "logs", "ps", "down"))
        for line in record.read_text().splitlines()
    ]
    assert done.returncode == (3 if fails else 0), done.stdout + done.stderr
    assert [verbs[0], verbs[1], verbs[-1]] == ["config", "up", "down"]
    assert ("pull access denied" in done.stdout) == fails
    assert ("port" in verbs) != fails


def test_without_an_environment_nothing_is_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then a test that names its port needs a value for it."""
    (tmp_path / "spanspec.yaml").write_text("environment:\n" + service())
    (tmp_path / "t.yaml").write_text(TEST.format(path='"http://127.0.0.1:${var:order.port}/x"'))
    assert main(["run", str(tmp_path / "t.yaml"), "--no-environment"]) == 2
    assert "--var order.port=VALUE" in capsys.readouterr().err
