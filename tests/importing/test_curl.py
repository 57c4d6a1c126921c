"""Curl's command lines, as people paste them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanspec.errors import UsageError
from spanspec.importing import shell
from spanspec.importing.curl import import_curl
from spanspec.importing.drafts import Imported
from tests.importing.linting import planned, text_of

CHROME_BASH = r"""curl 'https://shop.example/api/orders?page=2' \
  -H 'authority: shop.example' \
  -H 'accept: application/json, text/plain, */*' \
  -H 'accept-language: en-GB,en;q=0.9' \
  -H 'authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl' \
  -b 'sid=s3cr3t-session; theme=dark' \
  -H 'content-type: application/json' \
  -H 'sec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"' \
  -H 'sec-fetch-mode: cors' \
  -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' \
  --data-raw $'{"note":"it\'s \u00fc","items":[{"sku":"tea-01","n":2}],"price":9.95,"tpl":"${a}"}' \
  --compressed"""

CHROME_CMD = (
    'curl --location ^"https://shop.example/api/orders?page=2^&size=10^" ^\n'
    '  -H ^"accept: */*^" ^\n'
    '  -H ^"x-note: 100^%^" ^\n'
    '  --data-raw ^"^{^\\^"note^\\^":^\\^"a ^& b^\\^"^}^"'
)
FIREFOX = (
    "curl 'http://127.0.0.1:8080/login' --compressed -X POST -H 'User-Agent: Mozilla/5.0' -H 'Content-Type: application/x-www-form-urlencoded' "
    "--data-raw 'user=ada&password=hunter22&next=%2Fhome'"
)


def _http(found: Imported, index: int = 0) -> dict[str, object]:
    trigger = found.drafts[index].trigger["http"]
    assert isinstance(trigger, dict)
    return trigger


def test_a_browser_paste_becomes_a_test(tmp_path: Path) -> None:
    """The request as it is, without what a browser writes by itself, another trace's context, and secrets."""
    found = import_curl(CHROME_BASH)
    planned(found, tmp_path)
    assert found.drafts[0].name == "POST /api/orders"
    assert _http(found) == {
        "method": "POST",
        "url": "https://shop.example/api/orders?page=2",
        "headers": {
            "authority": "shop.example",
            "accept": "application/json, text/plain, */*",
            "accept-language": "en-GB,en;q=0.9",
            "cookie": "${env:COOKIE}",
            "content-type": "application/json",
        },
        "auth": {"bearer": {"token": "${env:API_TOKEN}"}},
        "body": {"note": "it's ü", "items": [{"sku": "tea-01", "n": 2}], "price": 9.95, "tpl": "$${a}"},
        "redirects": False,
        "sslVerification": True,
    }
    assert set(found.needed) == {"COOKIE", "API_TOKEN"}
    assert "eyJ" not in text_of(found)
    assert "s3cr3t" not in text_of(found)


def test_a_paste_for_windows_says_the_same(tmp_path: Path) -> None:
    """Carets, doubled quotes, and the C runtime's backslashes are undone."""
    found = import_curl(CHROME_CMD)
    planned(found, tmp_path)
    http = _http(found)
    assert http["url"] == "https://shop.example/api/orders?page=2&size=10"
    assert http["headers"] == {"accept": "*/*", "x-note": "100%", "content-type": "application/x-www-form-urlencoded"}
    assert http["body"] == {"note": "a & b"}
    assert "redirects" not in http


def test_a_login_form_keeps_its_password_to_itself(tmp_path: Path) -> None:
    """Form data is a form, and its secret a variable."""
    found = import_curl(FIREFOX)
    planned(found, tmp_path)
    assert _http(found)["form"] == {"user": "ada", "password": "${env:PASSWORD}", "next": "/home"}
    assert "hunter22" not in text_of(found)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("curl shop:80/x", {"url": "http://shop:80/x"}),
        ("curl -I http://h/x", {"method": "HEAD", "url": "http://h/x"}),
        ("curl -XDELETE http://h/x", {"method": "DELETE", "url": "http://h/x"}),
        ("curl --request PUT --url http://h/x", {"method": "PUT", "url": "http://h/x"}),
        ("curl -sSfk -H'a: b' http://h/x", {"url": "http://h/x", "headers": {"a": "b"}}),
        ("curl -H 'X-Empty;' -H 'Accept:' http://h/", {"url": "http://h/", "headers": {"x-empty": ""}}),
        ("curl -d a=1 -d b=2 http://h/", {"method": "POST", "url": "http://h/", "headers": {"content-type": "application/x-www-form-urlencoded"}, "form": {"a": "1", "b": "2"}}),
        ("curl -G -d a=1 --data-urlencode 'b=x y&z' 'http://h/?c=3'", {"url": "http://h/?c=3&a=1&b=x%20y%26z"}),
        ("curl --json '[1]' http://h/", {"method": "POST", "url": "http://h/", "headers": {"content-type": "application/json", "accept": "application/json"}, "body": [1]}),
        ("curl --json '{\"file\":\"x\"}' http://h/", {"method": "POST", "url": "http://h/", "headers": {"content-type": "application/json", "accept": "application/json"}, "body": '{"file":"x"}'}),
        ("curl -A me -e http://r/ -r 0-9 http://h/", {"url": "http://h/", "headers": {"user-agent": "me", "referer": "http://r/", "range": "bytes=0-9"}}),
        ("curl -u ada: http://h/", {"url": "http://h/", "auth": {"basic": {"username": "${env:API_KEY}"}}}),
        ("curl -u ada http://h/", {"url": "http://h/", "auth": {"basic": {"username": "ada", "password": "${env:PASSWORD}"}}}),
        ("curl --digest -u ada:pw http://h/", {"url": "http://h/", "auth": {"digest": {"username": "ada", "password": "${env:PASSWORD}"}}}),
        ("curl http://ada:p%40w@h/x", {"url": "http://h/x", "auth": {"basic": {"username": "ada", "password": "${env:PASSWORD}"}}}),
        ("curl -m 2.5 --connect-timeout 1 http://h/", {"url": "http://h/", "timeout": "2.5s", "connect_timeout": "1s"}),
        ("curl -x http://u:pw@proxy:3128 http://h/", {"url": "http://h/", "proxy": "http://u:${env:PASSWORD}@proxy:3128"}),
        ("curl 'http://h/?a=1&api_key=k1'", {"url": "http://h/", "query": {"a": "1", "api_key": "${env:API_KEY}"}}),
        ("curl -H \"Authorization: Bearer $TOKEN\" http://h/", {"url": "http://h/", "auth": {"bearer": {"token": "${env:TOKEN}"}}}),
        ("curl -H 'authorization: Basic YWRhOnNlY3JldA==' http://h/", {"url": "http://h/", "auth": {"basic": {"username": "ada", "password": "${env:PASSWORD}"}}}),
        ("curl -F a=1 -F 'f=@x.png;type=image/png' http://h/", {"method": "POST", "url": "http://h/", "multipart": [{"name": "a", "value": "1"}, {"name": "f", "file": "x.png", "type": "image/png"}]}),
        ("curl -T x.bin http://h/x.bin", {"method": "PUT", "url": "http://h/x.bin", "body": {"file": "x.bin"}}),
        ("curl --data-binary @x.json -H 'content-type: application/json' http://h/", {"method": "POST", "url": "http://h/", "headers": {"content-type": "application/json"}, "body": {"file": "x.json"}}),
        ("curl -H 'a: 1' -H 'a: 2' http://h/", {"url": "http://h/", "headers": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}),
        ("curl -H 'a: b' http://h/ > out.json 2>/dev/null", {"url": "http://h/", "headers": {"a": "b"}}),
        ("curl --comp --max-t 3 http://h/", {"url": "http://h/", "timeout": "3s"}),
    ],
)  # fmt: skip
def test_options_say_what_curl_would_send(command: str, expected: dict[str, object], tmp_path: Path) -> None:
    """Each option that changes the request is in the trigger; redirects are followed only with -L."""
    (tmp_path / "x.png").touch()
    (tmp_path / "x.bin").touch()
    (tmp_path / "x.json").touch()
    found = import_curl(command)
    assert _http(found) == {**expected, "redirects": False}
    planned(found, tmp_path)


def test_several_commands_are_several_tests() -> None:
    """Also several URLs, `--next`, and other commands between them."""
    found = import_curl(
        "# first\n$ curl http://h/a http://h/b; cd x && curl http://h/c --next http://h/d | jq .\necho curl-like\n"
    )
    assert [draft.name for draft in found.drafts] == ["GET /a", "GET /b", "GET /c", "GET /d"]


def test_what_is_lost_is_told() -> None:
    """Unknown options, and those that a definition cannot say."""
    found = import_curl('curl --resolve h:80:1.2.3.4 --retrry 3 -b jar.txt http://h/ -H "x: $(date)"')
    said = "\n".join(found.notes)
    assert "--resolve cannot be said" in said
    assert "--retrry is unknown" in said
    assert 'did you mean "retry"' in said
    assert "jar.txt" in said
    assert "substitution" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wget http://h/", "<curl>: no curl command in it"),
        ("curl 'http://h/", "<curl>:1:6: the quote ' is not closed"),
        ("curl http://h/ \\\n  -H \"a: b", "<curl>:2:6: the quote \" is not closed"),
        ("curl http://h/ -H", "<curl>:1:16: the option -H has no value"),
        ("curl -X POST", "<curl>:1:6: the curl command has no URL"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    """Line and column, from 1."""
    with pytest.raises(UsageError) as raised:
        import_curl(text)
    assert str(raised.value) == said
    assert raised.value.help


_WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ue0f0\ue0f1\r"), max_size=20)


@given(st.lists(_WORD, min_size=1, max_size=6))
def test_quoted_words_come_back(words: list[str]) -> None:
    """Whatever shlex quotes for a POSIX shell is read as it was."""
    found = shell._Posix(shlex.join(words)).split()
    assert [[word.text for word in command] for command in found.commands] == [words]


@given(_WORD)
def test_ansi_quotes_come_back(text: str) -> None:
    """`$'…'` as bash's own `%q` writes it: escapes for what is not printable ASCII."""
    body = "".join(c if c.isascii() and c.isprintable() and c not in "'\\" else f"\\U{ord(c):08x}" for c in text)
    found = shell._Posix(f"x $'{body}'").split()
    assert found.commands[0][1].text == text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20))
def test_windows_quotes_come_back(text: str) -> None:
    """As Microsoft's C runtime is quoted for, with each caret and quote escaped from `cmd`."""
    slashes, out = 0, list[str]()
    for char in text:
        out.append("\\" * (slashes + 1) + '"' if char == '"' else char)
        slashes = slashes + 1 if char == "\\" else 0
    quoted = '"' + "".join(out) + "\\" * slashes + '"'
    escaped = "".join("^" + char if char in '"^&<>|%{}' else char for char in quoted)
    found = shell._Windows(f"curl {escaped}").split()
    assert [word.text for word in found.commands[0]] == ["curl", text]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing pasted is a fault of ours."""
    try:
        found = import_curl("curl " + text)
    except UsageError:
        return
    assert all(draft.text() for draft in found.drafts)
