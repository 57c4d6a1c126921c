"""Recordings of browsers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spanspec.errors import UsageError
from spanspec.importing.har import import_har
from tests.importing.linting import planned, text_of


def _entry(
    method: str,
    url: str,
    status: int = 200,
    *,
    kind: str = "xhr",
    headers: dict[str, str] | None = None,
    data: object = None,
    media: str = "application/json",
) -> dict[str, object]:
    said = [{"name": name, "value": value} for name, value in (headers or {}).items()]
    request = {"method": method, "url": url, "headers": said, **({"postData": data} if data else {})}
    return {"_resourceType": kind, "request": request, "response": {"status": status, "content": {"mimeType": media}}}


def _har(*entries: object) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}})


def test_a_recording_becomes_tests_that_lint(tmp_path: Path) -> None:
    """Status as recorded, bodies of each kind, secrets as variables, nothing that a browser writes by itself."""
    found = import_har(_har(
        _entry("GET", "https://shop.example/logo.png", kind="image", media="image/png"),
        _entry("OPTIONS", "https://shop.example/api/orders", 204),
        _entry("POST", "https://shop.example/api/orders", 201, headers={":authority": "shop.example", "Content-Type": "application/json", "Cookie": "sid=topsecret", "User-Agent": "x", "x-csrf-token": "csrfvalue"}, data={"mimeType": "application/json", "text": '{"sku": "tea", "password": "hunter22"}'}),
        _entry("GET", "https://shop.example/api/me?access_token=tokentoken"),
        _entry("GET", "https://shop.example/api/me?access_token=tokentoken"),
        _entry("POST", "https://shop.example/login", 302, data={"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "user", "value": "ada"}]}),
        _entry("POST", "https://shop.example/up", 500, data={"mimeType": "multipart/form-data; boundary=x", "params": [{"name": "a", "value": "1"}, {"name": "f", "fileName": "a.png", "contentType": "image/png"}]}),
        _entry("GET", "data:text/plain,x"),
    ), "shop.har")  # fmt: skip
    planned(found, tmp_path)
    assert [draft.name for draft in found.drafts] == ["POST /api/orders", "GET /api/me", "POST /login", "POST /up"]
    assert [draft.checks[0].that for draft in found.drafts] == [
        f"response:status = {code}" for code in (201, 200, 302, 500)
    ]
    assert found.drafts[0].trigger["http"] == {
        "method": "POST",
        "url": "https://shop.example/api/orders",
        "headers": {
            "content-type": "application/json",
            "cookie": "${env:COOKIE}",
            "x-csrf-token": "${env:X_CSRF_TOKEN}",
        },
        "body": {"sku": "tea", "password": "${env:PASSWORD}"},
    }
    assert not [secret for secret in ("topsecret", "csrfvalue", "hunter22", "tokentoken") if secret in text_of(found)]
    said = "\n".join(found.notes)
    assert "2 requests for files of pages" in said
    assert "1 repeats" in said
    assert "a.png is not in the recording" in said
    assert "entry 8 has no HTTP URL" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"log": ', "x.har:1:9: no JSON"), ("[]", "holds no JSON object"), ("{}", "no `log.entries`"), ("[" * 200_000, "nested too deep")],
)  # fmt: skip
def test_what_is_no_recording_is_told(text: str, said: str) -> None:
    """With its place, and in one message."""
    with pytest.raises(UsageError, match=said):
        import_har(text, "x.har")


@pytest.mark.parametrize("entry", [5, {}, {"request": []}, {"request": {"url": 1}}, {"request": {"url": "http://["}}, {"request": {"url": "http://h/", "headers": [1, {"name": None}], "postData": "x"}}])  # fmt: skip
def test_malformed_entries_hurt_nothing(entry: object) -> None:
    """They are left out, or taken as far as they go."""
    assert len(import_har(_har(entry)).drafts) <= 1
