"""A store's texts filled in and its class made; what is wrong is told at its place in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spanspec.definition.bind_store import BoundStore, bind_store
from spanspec.definition.configured import configured
from spanspec.definition.load import load
from spanspec.definition.plan import Options


def bound(folder: Path, store: str, environment: dict[str, str] | None = None, **given: str) -> BoundStore:
    """The store of a `spanspec.yaml` with that text."""
    (folder / "spanspec.yaml").write_text(f"stores:\n  mine: {store}\n")
    found = configured(folder, environment or {})
    assert not found.diagnostics
    return bind_store(found.settings.stores["mine"], None, environment=found.environment, given=given)


def test_texts_are_filled_in_and_secrets_known(tmp_path: Path) -> None:
    """From the environment, `.env` and what is given; passwords and tokens are secrets."""
    (tmp_path / ".env").write_text("HOST=from-dotenv\n")
    text = (
        '{ type: jaeger, url: "http://${env:HOST}:${var:PORT}", token: "${env:TOKEN}", headers: { X-Api-Key: k-e-y } }'
    )
    found = bound(tmp_path, text, {"TOKEN": "t-o-k"}, PORT="16686")
    assert not found.diagnostics
    assert found.store.url == "http://from-dotenv:16686"
    assert found.secrets == {"t-o-k", "k-e-y"}


def test_durations_lists_and_numbers_are_read(tmp_path: Path) -> None:
    """As everywhere in definitions."""
    store = bound(
        tmp_path, "{ type: opensearch, addresses: [http://a, http://b], timeout: 250ms, username: 1234 }"
    ).store
    assert (store.addresses, store.timeout, store.username) == (["http://a", "http://b"], 0.25, "1234")


FORMS: list[tuple[str, dict[str, Any]]] = [
    ("{ type: jaeger, endpoint: 'jaeger:16685', tls: { insecure: true } }", {"endpoint": "jaeger:16685"}),
    ("{ type: jaeger, endpoint: 'j:1', waitForReady: true, readBufferSize: 5, compression: gzip }", {"compression": "gzip"}),
    ("{ type: elasticapm, addresses: [https://e], certificate: PEM, insecureSkipVerify: true }", {"certificate": "PEM"}),
    ("{ type: zipkin }", {"url": "http://127.0.0.1:9411"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_the_reference_s_keys_are_taken(text: str, expected: dict[str, Any], tmp_path: Path) -> None:
    """What a `DataStore` of Tracetest says of the same store."""
    found = bound(tmp_path, text)
    assert not found.diagnostics
    assert {key: getattr(found.store, key) for key in expected} == expected


WRONG = [
    ("{ type: zipkin, urll: http://a }", 'the store "mine" has no key "urll"', "http://a }"),
    ("{ type: opensearch }", "`addresses` is missing", "mine: {"),
    ("{ type: zipkin, timeout: soon }", "`timeout` must be a number, or a duration", "soon }"),
    ("{ type: zipkin, url: '${env:NOWHERE}' }", "`stores.mine.url` cannot be filled in", "${env:NOWHERE}"),
    ("{ type: jaeger, url: http://a, endpoint: 'b:1' }", "has both `url` (HTTP) and `endpoint` (gRPC)", "mine: {"),
]


@pytest.mark.parametrize(("text", "words", "at"), WRONG)
def test_what_is_wrong_is_told_at_its_place(text: str, words: str, at: str, tmp_path: Path) -> None:
    """In the words of the file, before anything is sent."""
    found = bound(tmp_path, text)
    assert found.store is None
    (fault,) = found.diagnostics
    assert words in fault.message
    assert fault.source is not None
    assert fault.range is not None
    assert fault.source.text[fault.range.start :].startswith(at)


def test_lint_tells_what_is_wrong_with_the_store_of_a_test(tmp_path: Path) -> None:
    """Without a variable being known; a value that is a template is not judged."""
    (tmp_path / "spanspec.yaml").write_text(
        "vars: { S: 1s }\nstores:\n  mine: { type: zipkin, urll: x, timeout: '${var:S}' }\nstore: mine\n"
    )
    (tmp_path / "a.yaml").write_text("trigger: { http: { url: http://a } }\nexpect: [ 'some span[]' ]\n")
    loaded = load([str(tmp_path)], Options(), cwd=tmp_path, environment={})
    assert [each.message for each in loaded.diagnostics] == ['the store "mine" has no key "urll"']
