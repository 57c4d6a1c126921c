"""`spanspec run` with many tests: choosing, planning, files with suites, Ctrl-C, watching."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from spanspec.cli._watch import roots_of, snapshot, wanted
from tests.runner.service import Asked, Service, service

LOGIN = """\
name: login
id: login
tags: [auth]
skipTraceCollection: true
trigger: { http: { method: POST, url: /login } }
expect: [ response:status = 200 ]
"""
CHECKOUT = """\
name: checkout
needs: [login]
steps:
  - name: order
    skipTraceCollection: true
    cases: [ { n: 1 }, { n: 2 } ]
    trigger: { http: { method: POST, url: "/order/${var:n}" } }
    outputs: [ { name: ORDER, value: "response:body | json_path '$.id'" } ]
    expect: [ response:status = 200 ]
  - name: pay
    skipTraceCollection: true
    setup: [ { name: cart, http: { method: POST, url: /cart } } ]
    trigger: { http: { method: POST, url: /pay, body: "${var:ORDER}" } }
    expect: [ response:status = 200 ]
    teardown: [ { http: { method: POST, url: /clean } } ]
"""


def write(folder: Path) -> None:
    """A test and a suite that needs it."""
    (folder / "login.yaml").write_text(LOGIN)
    (folder / "checkout.yaml").write_text(CHECKOUT)


def spanspec(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "spanspec", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "CI": ""})


def answer(asked: Asked) -> tuple[int, Any]:
    """An id for each order."""
    return 200, {"id": int(asked.path.rpartition("/")[2])} if asked.path.startswith("/order/") else {}


def outcomes(text: str) -> list[tuple[str, str, str]]:
    """Suite, name with row, outcome."""
    cases = json.loads(text)["cases"]
    return [("/".join(each["suite"]), f"{each['name']}[{each['row']}]", each["outcome"]) for each in cases]


def test_a_suite_from_files_is_run_whole(tmp_path: Path) -> None:
    """Needs, rows, lists, set-up and tear-down, as the files say."""
    write(tmp_path)
    with service(answer) as shop:
        done = spanspec(tmp_path, "run", ".", "--endpoint", shop.url, "-o", "json")
    assert done.returncode == 0, done.stderr + done.stdout
    assert outcomes(done.stdout) == [
        ("checkout", "order[n=1]", "passed"), ("checkout", "order[n=2]", "passed"), ("checkout", "pay[]", "passed"),
        ("", "login[]", "passed"),
    ]  # fmt: skip
    assert shop.paths[0] == "/login"
    assert shop.paths[-3:] == ["/cart", "/pay", "/clean"]
    assert next(each.body for each in shop.asked if each.path == "/pay").replace(" ", "") == "[1,2]"
    assert [each["name"] for each in json.loads(done.stdout)["suites"]] == ["checkout"]


def test_the_plan_fires_nothing_and_has_the_order(tmp_path: Path) -> None:
    """As a table and as JSON."""
    write(tmp_path)
    with service(answer) as shop:
        table = spanspec(tmp_path, "run", "--plan", "--endpoint", shop.url)
        data = spanspec(tmp_path, "run", "--plan", "--endpoint", shop.url, "-o", "json", "-k", "pay", "--repeat", "2")
    assert (table.returncode, data.returncode, shop.paths) == (0, 0, [])
    assert "checkout  order [n=1]  checkout.yaml" in table.stdout
    document = json.loads(data.stdout)
    assert [(each["name"], each["row"], each["repeat"]) for each in document["cases"]] == [
        (name, row, repeat) for repeat in (0, 1) for name, row in (("order", "n=1"), ("order", "n=2"), ("pay", ""))
    ] + [("login", "", 0), ("login", "", 1)]
    assert document["notes"] == ["2 more run, for what was chosen needs them"]
    assert not (tmp_path / ".spanspec").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("-k", "a and"), 'error: -k: a word is missing after "and"'),
        (("--shard", "5/4"), "error: --shard: there is no shard 5 of 4"),
        (("--jobs", "0"), 'error: --jobs: "0" is no number from 1 to 10,000, nor auto'),
        (("--run-timeout", "soon"), 'error: --run-timeout: "soon" is no duration'),
        (("--tag", "auht"), 'did you mean "auth"?'),
        (("--retries", "-1"), "--retries"),
        (("--id", "nobody"), "--id nobody: none of 2 tests and suites is chosen by it"),
    ],
)
def test_wrong_values_are_faults_of_usage(tmp_path: Path, arguments: Sequence[str], text: str) -> None:
    """Exit code 2, and nothing is fired."""
    write(tmp_path)
    with service(answer) as shop:
        done = spanspec(tmp_path, "run", ".", "--endpoint", shop.url, *arguments)
    assert (done.returncode, shop.paths) == (2, [])
    assert text in done.stderr


def test_the_references_spellings_choose_by_file_and_id(tmp_path: Path) -> None:
    """`run test -f`, `run test --id`, `--environment`, `--required-gates`."""
    write(tmp_path)
    (tmp_path / "set.yaml").write_text(
        "type: VariableSet\nspec: { id: s, name: s, values: [ { key: A, value: b } ] }\n"
    )
    with service(answer) as shop:
        common = ("--endpoint", shop.url, "-o", "json", "--environment", "set.yaml", "--required-gates", "test-specs")
        by_file = spanspec(tmp_path, "run", "test", "-f", "login.yaml", *common)
        by_id = spanspec(tmp_path, "run", "test", "--id", "login", *common)
    for done in (by_file, by_id):
        assert done.returncode == 0, done.stderr
        case = json.loads(done.stdout)["cases"][0]
        assert (case["name"], [gate["name"] for gate in case["gates"]]) == ("login", ["test-specs"])


def test_ctrl_c_reports_and_tears_down(tmp_path: Path) -> None:
    """Exit code 130, the JSON has what was found, the tear-down was asked for."""
    write(tmp_path)

    def hanging(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/pay":
            with shop.came:
                shop.came.wait_for(lambda: "/clean" in shop.paths, timeout=30)
        return answer(asked)

    with service(hanging) as shop:
        command = [sys.executable, "-m", "spanspec", "run", ".", "--endpoint", shop.url, "-o", "json"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            _until(shop, "/pay")
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert outcomes(out)[2:] == [("checkout", "pay[]", "errored"), ("", "login[]", "passed")]
    assert shop.paths[-1] == "/clean"


def test_watching_runs_again_on_a_change_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """Faults in between are told and do not end it."""
    (tmp_path / "login.yaml").write_text(LOGIN)
    with service(answer) as shop:
        command = [sys.executable, "-m", "spanspec", "run", ".", "--watch", "--endpoint", shop.url]
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        ) as process:
            assert process.stdout is not None
            _read_until(process, "seed")
            (tmp_path / "login.yaml").write_text("name: [")
            _read_until(process, "login.yaml changed")
            _read_until(process, "error")
            (tmp_path / "login.yaml").write_text(LOGIN.replace("/login", "/again"))
            _until(shop, "/again")
            _read_until(process, "seed")
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            assert process.wait(30) in (0, 130)
    assert shop.paths == ["/login", "/again"]


def test_what_is_watched(tmp_path: Path) -> None:
    """Folders of what was named, the settings above; nothing hidden, nothing that tools make."""
    (tmp_path / "spanspec.yaml").write_text("")
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("a.yaml", ".env", ".hidden", "b.csv", "c~"):
        (tests / name).write_text("")
    (tests / ".spanspec").mkdir()
    (tests / ".spanspec" / "last.json").write_text("")
    assert roots_of(["a.yaml"], tests) == [tests, tmp_path / "spanspec.yaml"]
    assert sorted(Path(path).name for path in snapshot([tests])) == [".env", "a.yaml", "b.csv"]
    assert [wanted(str(tests / name), [tests]) for name in ("a.yaml", ".spanspec/last.json", ".env")] == [
        True,
        False,
        True,
    ]


def _until(shop: Service, path: str) -> None:
    with shop.came:
        assert shop.came.wait_for(lambda: path in shop.paths, timeout=30)


def _read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"it ended before {text!r}")
