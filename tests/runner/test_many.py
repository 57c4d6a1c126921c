"""Many tests at once come to the same as one after the other, however late and mixed their spans arrive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.suite import free_port, stub

from spanspec.results.journal import read

COUNT = 200
LONG = bool(os.environ.get("SPANSPEC_LONG"))
TEST = """\
name: test {n}
trigger: {{ http: {{ method: GET, url: /{kind}/{n} }} }}
expect:
  - exactly 1 span[service.name = "shipping" name = "ship"]
  - no span[status = "error"]
  - some span[name = "query"]
"""
KINDS = {"ok": "passed", "twice": "failed", "broken": "failed"}


def kind(n: int) -> str:
    """What a test's request does."""
    return "twice" if n % 7 == 3 else "broken" if n % 11 == 5 else "ok"


def write(folder: Path, count: int) -> None:
    """So many tests, ten a file."""
    (folder / "spanspec.yaml").write_text("settle: { export_delay: 200ms, quiet: 400ms }\n")
    for first in range(0, count, 10):
        texts = [TEST.format(n=n, kind=kind(n)) for n in range(first, min(first + 10, count))]
        (folder / f"t{first:03}.yaml").write_text("---\n".join(texts))


def run(folder: Path, *arguments: str) -> dict[str, str]:
    """The outcomes by name, in the order of the result."""
    done = subprocess.run(
        [sys.executable, "-m", "spanspec", "run", ".", "-o", "json", *arguments],
        cwd=folder, env={**os.environ, "CI": ""}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return {case["name"]: case["outcome"] for case in json.loads(done.stdout)["cases"]}


@contextmanager
def system() -> Iterator[tuple[str, ...]]:
    """A service whose spans come late and mixed; the options to test it."""
    port = free_port()
    with stub(f"http://127.0.0.1:{port}", "5", "100") as url:
        yield ("--endpoint", url, "--receiver", f"127.0.0.1:{port}")


@pytest.mark.timeout(900)
def test_side_by_side_equals_one_after_the_other(tmp_path: Path) -> None:
    """With 64 at once in random order, and with one at a time (fewer, for it takes its time)."""
    write(tmp_path, COUNT)
    truth = {f"test {n}": KINDS[kind(n)] for n in range(COUNT)}
    with system() as options:
        for seed in range(10 if LONG else 1):
            found = run(tmp_path, *options, "--jobs", "64", "--random-order", "--seed", str(seed))
            assert found == truth
            assert list(found) == list(truth)
        few = () if LONG else ("-k", "file:t00")
        alone = run(tmp_path, *options, "--jobs", "1", "--random-order", "--seed", "1", *few)
    assert alone == {name: truth[name] for name in alone}
    assert len(alone) >= 10


def test_last_failed_after_a_fix_runs_just_those(tmp_path: Path) -> None:
    """And once they pass, everything."""
    write(tmp_path, 12)
    with system() as options:
        first = run(tmp_path, *options)
        failed = [name for name, outcome in first.items() if outcome == "failed"]
        assert failed == ["test 3", "test 5", "test 10"]
        for path in tmp_path.glob("t*.yaml"):
            path.write_text(path.read_text().replace("/twice/", "/ok/").replace("/broken/", "/ok/"))
        assert run(tmp_path, *options, "--last-failed") == dict.fromkeys(failed, "passed")
        assert len(run(tmp_path, *options, "--last-failed")) == 12


def test_shards_of_the_command_line_merged_equal_one_run(tmp_path: Path) -> None:
    """Outcomes and order; the exit code is that of the whole."""
    write(tmp_path, 30)
    with system() as options:
        whole = run(tmp_path, *options)
        parts = []
        for number in ("1", "2"):
            parts.append(run(tmp_path, *options, "--shard", f"{number}/2", "--report", f"json={number}.json"))
    assert all(parts)
    command = [sys.executable, "-m", "spanspec", "merge", "1.json", "2.json", "--report", "json=all.json", "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    merged = json.loads((tmp_path / "all.json").read_bytes())
    assert [(case["name"], case["outcome"]) for case in merged["cases"]] == list(whole.items())


def test_a_killed_runner_leaves_what_it_had_found(tmp_path: Path) -> None:
    """Also to `show`; the next run is not harmed."""
    write(tmp_path, 10)
    slow = TEST.format(n=99, kind="ok").replace("expect:", "settle: { until: 'some span[name = \"never\"]' }\nexpect:")
    (tmp_path / "slow.yaml").write_text(slow)
    with system() as options:
        command = [sys.executable, "-m", "spanspec", "run", ".", "-o", "json", *options]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            journal = tmp_path / ".spanspec" / "last.json"
            while not (journal.exists() and journal.read_bytes().count(b"\n") == 11):
                assert process.poll() is None
            process.kill()
        found = read(journal.read_bytes())
        assert sorted(case.name for case in found.cases) == sorted(f"test {n}" for n in range(10))
        assert found.notes[-1] == "the run was cut off: 10 of 11 cases had ended"
        shown = subprocess.run(
            [sys.executable, "-m", "spanspec", "show", str(journal)], cwd=tmp_path, capture_output=True, text=True
        )
        assert shown.returncode == 1
        assert "the run was cut off" in shown.stdout
        (tmp_path / "slow.yaml").unlink()
        assert len(run(tmp_path, *options)) == 10
