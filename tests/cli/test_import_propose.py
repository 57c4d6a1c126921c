"""`import` and `propose`, in process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from spanspec.cli.main import main
from spanspec.model.span import Span
from spanspec.otlp.encode import encode_json
from spanspec.testing import span


def _spans(currency: str = "EUR") -> Sequence[Span]:
    root = span("GET /x", service="shop", kind="server", http__method="GET", http__url="http://127.0.0.1:1/x?token=abc")
    return [root, span("pay", parent=root, payment__currency=currency)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_imported_test_lints(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To stdout; notes and counts go to stderr."""
    assert main(["import", "curl", "curl -L 'http://127.0.0.1:1/x' --ntlm"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("name: GET /x\n")
    assert "note: --ntlm cannot be said" in captured.err
    (folder / "x.yaml").write_text(captured.out)
    assert main(["lint", "x.yaml"]) == 0


def test_files_are_written_and_never_replaced_unasked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder gets one file for each test; a .yaml file all of them."""
    (folder / "commands.sh").write_text("curl http://h/a\ncurl http://h/b\ncurl http://h/a\n")
    assert main(["import", "curl", "commands.sh", "-o", "tests"]) == 0
    assert sorted(os.listdir("tests")) == ["get-a-2.yaml", "get-a.yaml", "get-b.yaml"]
    assert main(["lint", "tests"]) == 0
    (folder / "tests" / "get-b.yaml").write_text("mine")
    assert main(["import", "curl", "commands.sh", "-o", "tests"]) == 2
    assert "there already" in capsys.readouterr().err
    assert (folder / "tests" / "get-b.yaml").read_text() == "mine"
    assert main(["import", "curl", "commands.sh", "-o", "all.yaml", "--filter", "GET */b"]) == 0
    assert (folder / "all.yaml").read_text().count("name:") == 1
    assert main(["import", "curl", "commands.sh", "-o", "all.yaml", "--force"]) == 0
    assert main(["lint", "all.yaml"]) == 0


def test_a_filter_that_matches_nothing_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    assert main(["import", "curl", "curl http://h/a", "--filter", "POST*"]) == 2
    assert "GET /a" in capsys.readouterr().err


def test_what_is_proposed_holds_when_it_is_judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The definition is run on the traces that it came from; the secret in the URL is a variable."""
    (folder / "traces").mkdir()
    for name in ("a", "b"):
        (folder / "traces" / f"{name}.json").write_bytes(encode_json(_spans()))
    (folder / "traces" / "notes.txt").write_text("not a trace")
    assert main(["propose", "traces", "-o", "proposed.yaml"]) == 0
    captured = capsys.readouterr()
    assert "from 2 traces" in captured.err
    assert "TOKEN" in captured.err
    text = (folder / "proposed.yaml").read_text()
    assert 'every span[name = "pay"] where payment.currency = "EUR"' in text
    assert "abc" not in text
    assert main(["lint", "proposed.yaml", "--var", "TOKEN=x"]) == 0
    assert main(["run", "proposed.yaml", "--var", "TOKEN=x", "--trace", "traces/a.json"]) == 0


def test_a_run_is_proposed_from_with_its_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cases that passed are taken, of the test that is named."""
    (folder / "t.json").write_bytes(encode_json(_spans()))
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(
            f"name: {name}\ntrigger: {{ http: {{ url: 'http://127.0.0.1:1/' }} }}\nexpect: [ no_errors() ]\n"
        )
    main(["run", "one.yaml", "two.yaml", "--trace", "t.json", "--report", "json=run.json"])
    capsys.readouterr()
    assert main(["propose", "run.json"]) == 2
    assert '--test "one"' in capsys.readouterr().err
    assert main(["propose", "run.json", "--test", "two"]) == 0
    assert "payment.currency" in capsys.readouterr().out


def test_traces_of_different_operations_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Little holds on all of them."""
    (folder / "a.json").write_bytes(encode_json(_spans()))
    (folder / "b.json").write_bytes(encode_json([span("POST /y", service="shop", kind="server")]))
    assert main(["propose", "a.json", "b.json"]) == 0
    assert "begin with 2 operations" in capsys.readouterr().err
