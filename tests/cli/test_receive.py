"""`spanspec receive` at the command line: who may send, where copies go, and runners elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from spanspec.cli.main import main
from spanspec.model.span import Span
from spanspec.otlp.encode import encode_json
from spanspec.testing import span
from tests.cli.receiving import receive
from tests.examples.test_stores import ran, system

JSON = {"content-type": "application/json"}
SECRET = {"SPANSPEC_RECEIVER_TOKEN": "never-shown"}
BEARER = {"authorization": "Bearer never-shown"}


def to(url: str, headers: dict[str, str] | None = None) -> Callable[[list[Span]], None]:
    """Sends spans to an OTLP endpoint."""

    def deliver(spans: list[Span]) -> None:
        answer = httpx2.post(f"{url}/v1/traces", content=encode_json(spans), headers={**JSON, **(headers or {})})
        answer.raise_for_status()

    return deliver


@pytest.mark.parametrize(("paid", "code"), [(1, 0), (2, 1)])
def test_a_runner_judges_what_a_receiver_elsewhere_took_in(paid: int, code: int) -> None:
    """The example passes and fails as it should; no port is opened by the run, and the token is shown nowhere."""
    with receive(environment=SECRET) as there, system(to(there.otlp, BEARER), paid=paid) as endpoint:
        environment = {"RECEIVER_URL": there.serves, "RECEIVER_TOKEN": "never-shown"}
        got, run, told = ran("spanspec", endpoint, environment)
        assert got == code, told + str(run)[:3000]
        assert "4318" not in told
        assert there.stop() == 0
        assert not any("never-shown" in line for line in there.said)
        assert any("told to runners" in line for line in there.said)


def test_a_receiver_that_is_not_there_fails_at_once() -> None:
    """Exit code 3, with the address and the fix."""
    with receive() as there:
        url = there.serves
    with system(lambda spans: None) as endpoint:
        code, run, _ = ran("spanspec", endpoint, {"RECEIVER_URL": url, "RECEIVER_TOKEN": "never-shown"})
    (case,) = run["cases"]
    assert (code, case["outcome"]) == (3, "errored")
    assert f"the receiver at {url}: connection refused" in case["error"]["message"]


def test_senders_need_the_token() -> None:
    """Without it an export is refused; with --serve-token alone, only runners need one."""
    with receive(environment=SECRET, serve="") as there:
        assert httpx2.post(f"{there.otlp}/v1/traces", content=b"{}", headers=JSON).status_code == 401
        assert httpx2.post(f"{there.otlp}/v1/traces", content=b"{}", headers={**JSON, **BEARER}).status_code == 200
    with receive(environment={"SPANSPEC_SERVE_TOKEN": "never-shown"}) as there:
        assert httpx2.post(f"{there.otlp}/v1/traces", content=b"{}", headers=JSON).status_code == 200
        runners = f"{there.serves}/spanspec/v1/runners"
        assert httpx2.post(runners).status_code == 401
        assert httpx2.post(runners, headers=BEARER).status_code == 200


def test_what_it_takes_is_passed_on_with_the_headers_asked_for(tmp_path: Path) -> None:
    """A second receiver, which asks for a token, saves the copy."""
    with (
        receive("--save", os.fspath(tmp_path / "copy"), environment=SECRET, serve="") as far,
        receive("--forward", far.otlp, "--forward-header", "Authorization=Bearer%20never-shown", serve="") as near,
    ):
        mine = span("GET /")
        to(near.otlp)([mine])
        assert near.stop() == 0
        assert far.stop() == 0
        assert mine.span_id in (tmp_path / "copy" / f"{mine.trace_id}.jsonl").read_text()


def test_a_page_may_send_where_it_is_allowed() -> None:
    """`--cors` names its origin."""
    with receive("--cors", "https://shop.example", serve="") as there:
        asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
        assert httpx2.options(f"{there.otlp}/v1/traces", headers=asked).status_code == 204


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--forward-header", "a=b"], "--forward-header without --forward"),
        (["--forward", "http://h", "--forward-header", "a"], "--forward-header: a part without `=`: no header"),
        (["--serve", "127.0.0.1:x"], '--serve: "x" is no port'),
        (["--forward", "ftp://h"], '"ftp://h" is no OTLP endpoint'),
    ],
)
def test_a_slip_is_told_before_it_listens(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    assert main(["receive", "--for", "1s", "--receiver", "127.0.0.1:0", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_runners_served_to_the_world_without_a_token_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the exposure."""
    assert main(["receive", "--for", "1ms", "--receiver", "127.0.0.1:0", "--serve", "0.0.0.0:0"]) == 0
    assert "without a token: whoever reaches this machine can read spans" in capsys.readouterr().err
