"""`spanspec run --dry-run`: what would be fired, as command lines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spanspec.cli.main import main
from tests.triggers.echo import echo

TEXT = """
name: an order is taken
endpoint: {url}
vars: {{ CARD: "4111", API_TOKEN: s3cret-token }}
setup:
  - http: {{ method: POST, url: /cart, form: {{ item: tea }} }}
    outputs: [ {{ name: CART, value: "response:body" }} ]
trigger:
  http:
    method: POST
    url: "/carts/${{var:CART}}/orders"
    headers: {{ authorization: "Token ${{var:API_TOKEN}}" }}
    body: {{ card: "${{var:CARD}}" }}
teardown: [ {{ command: {{ run: echo gone }} }} ]
expect: [ response:status = 200 ]
"""


def dry(folder: Path, text: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    """Exit code and both streams."""
    path = folder / "order.yaml"
    path.write_text(text)
    code = main(["run", os.fspath(path), "--dry-run", *more])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_each_part_of_a_case_is_a_line_and_nothing_is_fired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Set-up, trigger and tear-down in order; what set-up would give stands as its name; secrets are masked."""
    with echo() as server:
        code, out, err = dry(tmp_path, TEXT.format(url=server.url), capsys)
        assert server.sent == []
    title, setup, trigger, teardown = out.strip().split("\n")
    assert code == 0
    assert title.startswith("# an order is taken (")
    assert setup.endswith(f"--data-urlencode item=tea {server.url}/cart  # set-up")
    assert f"{server.url}/carts/<CART>/orders'" in trigger
    assert "s3cret" not in out
    assert '--data-raw \'{"card": "4111"}\'' in trigger
    assert teardown.endswith("/bin/sh -c 'echo gone'  # tear-down")
    assert err == "3 command lines; nothing was fired\n"


def test_a_trigger_that_cannot_be_filled_in_is_told_in_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a comment, so that the whole is still a script."""
    text = 'vars: { N: "x" }\ntrigger: { http: { url: http://h/, timeout: "${var:N}" } }\nexpect: [ response:status = 200 ]\n'
    code, out, _ = dry(tmp_path, text, capsys)
    assert code == 0
    assert "`timeout` must be a number, or a duration such as 5s" in out
    assert all(line.startswith("#") for line in out.splitlines() if line)


def test_a_list_of_one_may_be_a_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it is, is known when it is filled in."""
    text = 'vars: { P: b3 }\ntrigger: { http: { url: http://h/, propagate: "${var:P}" } }\nexpect: [ response:status = 200 ]\n'
    code, out, _ = dry(tmp_path, text, capsys)
    assert code == 0
    assert "-H 'b3: " in out
    assert "traceparent" not in out
