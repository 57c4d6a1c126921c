"""`store test` of a store that gets a copy: an export without spans says whether the key is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanspec.cli.main import main
from tests.cli.test_run_forward import endpoint


def described(folder: Path, fields: str) -> None:
    """A `spanspec.yaml` with one store."""
    (folder / "spanspec.yaml").write_text(f"stores:\n  back: {{ type: honeycomb, {fields} }}\n")


@pytest.mark.parametrize(("status", "code", "said"), [(200, 0, "took an export without spans"), (401, 3, "HTTP 401")])
def test_the_endpoint_is_asked(
    status: int,
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 3 with a help line where it refuses; the key is not shown."""
    monkeypatch.chdir(tmp_path)
    with endpoint(status) as (url, _):
        described(tmp_path, f"url: {url}, api_key: s3cretkey")
        assert main(["store", "test", "back"]) == code
    out = capsys.readouterr().out
    assert said in out
    assert "s3cretkey" not in out
    assert ("Look at the key" in out) is bool(code)


def test_without_a_key_it_says_what_that_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Spans are awaited all the same; a collector may send the copy."""
    monkeypatch.chdir(tmp_path)
    described(tmp_path, "region: eu")
    assert main(["store", "test", "back"]) == 0
    assert "Honeycomb gets no copy" in capsys.readouterr().out
