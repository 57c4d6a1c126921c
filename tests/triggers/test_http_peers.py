"""The HTTP trigger against peers that take more: forms, files, cookies, proofs of identity, TLS, HTTP/2, a proxy."""

from __future__ import annotations

import asyncio
import json
import subprocess
from email import message_from_bytes
from pathlib import Path
from shutil import which

import pytest

from spanspec.api import SystemClock
from spanspec.definition.validate import validated
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers.http import Trigger
from tests.triggers.echo import echo, free_port
from tests.triggers.peers import Authority, digest_server, http2_server, proxy, token_server

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8))


def fire(**fields: object) -> TriggerResult:
    """As a definition's block would be sent."""
    found, problems = validated("http", fields)
    assert not problems, problems
    return asyncio.run(found.fire(CONTEXT, SystemClock()))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Certificates."""
    return Authority(tmp_path)


def test_a_form_is_sent_as_browsers_send_it() -> None:
    """Blanks as plus, repeats kept, its own content type."""
    with echo() as server:
        fire(url=server.url, method="POST", form={"a b": "ä&", "tag": ["x", "y"]})
    (sent,) = server.sent
    assert sent.body == b"a+b=%C3%A4%26&tag=x&tag=y"
    assert sent.all("content-type") == ["application/x-www-form-urlencoded"]


def test_parts_are_texts_and_files(tmp_path: Path) -> None:
    """A file has its name and type; a name cannot break out of its quotes; both spellings are one."""
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG\r\n--\x00")
    parts = {'no"te': "ä", "picture": {"file": str(picture)}}
    listed = [{"name": 'no"te', "value": "ä"}, {"name": "picture", "file": str(picture)}]
    with echo() as server:
        fire(url=server.url, method="POST", multipart=parts)
        fire(url=server.url, method="POST", multipart=listed)
    first, second = server.sent
    assert first.body == second.body
    head = f"content-type: {first.all('content-type')[0]}\r\n\r\n".encode()
    note, cat = message_from_bytes(head + first.body).get_payload()  # type: ignore[misc]
    assert note.get_payload(decode=True) == "ä".encode()
    assert (cat.get_filename(), cat.get_content_type()) == ("cat.png", "image/png")
    assert cat.get_payload(decode=True) == picture.read_bytes()
    assert note.get_param("name", header="content-disposition") == "no%22te"


def test_two_bodies_are_refused() -> None:
    """Which of them was meant cannot be told."""
    _, problems = validated("http", {"url": "/", "body": "x", "form": {"a": "b"}})
    assert [problem.message for problem in problems] == [
        "the trigger has one of `body`, `form` and `multipart`, and these are body and form"
    ]


def test_cookies_go_into_one_header_and_are_not_shown() -> None:
    """In order."""
    with echo() as server:
        fire(url=server.url, cookies={"session": "s3cret", "lang": "de"})
    assert server.sent[0].all("cookie") == ["session=s3cret; lang=de"]


def test_redirects_can_be_left_alone() -> None:
    """The answer is then the redirect itself."""
    with echo() as server:
        left = fire(url=f"{server.url}/moved", redirects=False)
        followed = fire(url=f"{server.url}/moved")
    assert (left.status, left.header("location"), left.attributes["redirects"]) == (302, "/there", 0)
    assert (followed.status, followed.attributes["redirects"]) == (200, 1)
    assert followed.attributes["url"] == f"{server.url}/there"


def test_a_digest_meets_the_challenge() -> None:
    """And a wrong password is an answer like any other."""
    with digest_server("u", "right") as server:
        assert fire(url=server.url, auth={"digest": {"username": "u", "password": "right"}}).body == "known"
        assert fire(url=server.url, auth={"digest": {"username": "u", "password": "wrong"}}).status == 401
    assert all(len(sent.all("traceparent")) == 1 for sent in server.sent)


@pytest.mark.parametrize("scope", ["orders", "carts"])
def test_a_token_is_fetched_first_outside_of_the_trace(scope: str) -> None:
    """The endpoint sees no trace context; the request has the token."""
    with echo() as server, token_server("me", "s3cret") as tokens:
        asked = {"token_url": tokens.url, "client_id": "me", "client_secret": "s3cret", "scope": scope, "send": "body"}
        fire(url=server.url, auth={"oauth2": asked})
    assert server.sent[0].all("authorization") == [f"Bearer t-{scope}"]
    assert tokens.sent[0].all("traceparent") == []


def test_a_token_that_is_refused_says_what_the_endpoint_says() -> None:
    """Nothing is sent to the system then."""
    with echo() as server, token_server("me", "s3cret") as tokens:
        asked = {"token_url": tokens.url, "client_id": "me", "client_secret": "wrong", "send": "body"}
        with pytest.raises(TriggerError, match=r"status 401, no such client") as caught:
            fire(url=server.url, auth={"oauth2": asked})
    assert "wrong" not in str(caught.value)
    assert server.sent == []


def test_an_unchecked_certificate_is_said(authority: Authority) -> None:
    """The reference never says it."""
    with echo(tls=authority.server("127.0.0.1")) as server:
        result = fire(url=server.url)
    assert result.status == 200
    assert "was not checked" in result.notes[0]


def test_a_certificate_is_checked_against_an_authority_of_one_s_own(authority: Authority) -> None:
    """Given `ca`, without more; and nothing is noted."""
    with echo(tls=authority.server("127.0.0.1")) as server:
        assert fire(url=server.url, tls={"ca": str(authority.ca)}).notes == ()
        with pytest.raises(TriggerError, match=r"TLS: .*(self-signed|local issuer)") as caught:
            fire(url=server.url, sslVerification=True)
    assert "`tls: { ca: FILE }`" in caught.value.help


def test_a_name_that_is_not_the_certificate_s_is_refused_unless_it_is_expected(authority: Authority) -> None:
    """`server_name` says whom to expect."""
    with echo(tls=authority.server("orders.shop.test")) as server:
        with pytest.raises(TriggerError, match="TLS: "):
            fire(url=server.url, tls={"ca": str(authority.ca)})
        named = {"ca": str(authority.ca), "server_name": "orders.shop.test"}
        assert fire(url=server.url, tls=named).status == 200


def test_a_client_s_own_certificate_is_shown_to_a_server_that_wants_one(authority: Authority) -> None:
    """Mutual TLS, and its refusal in our words."""
    mutual = {"ca": str(authority.ca), "cert": str(authority.cert), "key": str(authority.key)}
    with echo(tls=authority.server("127.0.0.1", mutual=True)) as server:
        assert fire(url=server.url, tls=mutual).status == 200
        with pytest.raises(TriggerError, match="failed"):
            fire(url=server.url, tls={"ca": str(authority.ca)})


def test_files_that_are_no_certificates_are_told(authority: Authority, tmp_path: Path) -> None:
    """With their names."""
    text = tmp_path / "text.pem"
    text.write_text("nothing")
    with pytest.raises(TriggerError, match=r"text\.pem"):
        fire(url="https://127.0.0.1:1", tls={"cert": str(text)})


def test_http_2_over_clear_text_and_over_tls(authority: Authority) -> None:
    """With prior knowledge, and by ALPN; the context arrives, and the protocol can be asserted."""
    with http2_server() as (port, requests):
        result = fire(url=f"http://127.0.0.1:{port}/x", http2=True)
        assert (result.status, result.body, result.attributes["protocol"]) == (200, "by two", "HTTP/2")
        assert requests[0]["traceparent"] == CONTEXT.traceparent
    with http2_server(authority.server("127.0.0.1", alpn=("h2",))) as (port, requests):
        result = fire(url=f"https://127.0.0.1:{port}/x", http2=True, tls={"ca": str(authority.ca)})
        assert result.attributes["protocol"] == "HTTP/2"
        assert requests[0][":path"] == "/x"


def test_a_proxy_forwards_and_tunnels(authority: Authority) -> None:
    """Clear text by its whole URL, TLS through a tunnel."""
    with proxy() as (url, lines), echo() as server, echo(tls=authority.server("127.0.0.1")) as safe:
        assert fire(url=f"{server.url}/a", proxy=url).status == 200
        assert fire(url=f"{safe.url}/b", proxy=url, tls={"ca": str(authority.ca)}).status == 200
    assert lines[0].startswith(f"GET {server.url}/a ")
    assert lines[1].startswith(f"CONNECT {safe.url.removeprefix('https://')} ")


def test_a_proxy_that_is_not_there_is_named_without_its_password() -> None:
    """For it is the one that cannot be reached."""
    port = free_port()
    with pytest.raises(TriggerError, match=rf"through the proxy http://\*\*\*@127\.0\.0\.1:{port}") as caught:
        fire(url="http://orders.test/x", proxy=f"http://u:s3cret@127.0.0.1:{port}")
    assert "s3cret" not in str(caught.value)


def test_each_time_limit_is_named_when_it_is_the_one_that_held() -> None:
    """So that the right one is raised."""
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(TriggerError, match=r"within 0\.05 s \(`read_timeout`\)"):
            fire(url=url, read_timeout=0.05)
        with pytest.raises(TriggerError, match=r"within 0\.05 s,"):
            fire(url=url, timeout="50ms")


def test_a_relative_url_of_a_token_endpoint_is_marked_as_an_address() -> None:
    """So that `endpoint` completes it, as it does the request's own."""
    from spanspec.definition.shape import address_paths

    assert address_paths("http") == (("url",), ("auth", "oauth2", "token_url"))


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    "fields",
    [
        {"method": "POST", "body": {"a": 'it\'s ${x} "q" %'}, "headers": {"x-a": "1"}},
        {"body": b"\x00\xff\n"},
        {"method": "POST", "form": {"a": "b c", "d": "ä"}},
        {"query": {"q": "a b&c"}, "auth": {"apiKey": {"key": "k", "value": "v", "in": "query"}}},
    ],
)
def test_curl_sends_what_the_dry_run_says_it_does(fields: dict[str, object]) -> None:
    """The same method, path, body and headers as the trigger's own, secrets aside."""
    with echo() as server:
        found, _ = validated("http", {"url": f"{server.url}/p", **fields})
        asyncio.run(found.fire(CONTEXT, SystemClock()))
        line = found.dry_run(CONTEXT)
        subprocess.run(["/bin/bash", "-c", f"set -o pipefail; {line}"], check=True, capture_output=True, timeout=30)
    ours, theirs = server.sent
    assert theirs.method == ours.method
    assert theirs.path == ours.path.replace("k=v", "k=***")
    wanted = ("content-type", "traceparent", "tracestate", "x-a")
    same = {name: ours.all(name) for name in wanted if ours.all(name)}
    assert {name: theirs.all(name) for name in same} == same
    if "form" not in fields:
        assert theirs.body == ours.body


def test_the_bound_trigger_is_a_value() -> None:
    """It can be compared, and nothing can be changed in it."""
    one, two = (Trigger.model_validate({"url": "http://h/"}) for _ in range(2))
    assert one == two
    assert json.loads(one.model_dump_json())["url"] == "http://h/"
