"""The gRPC trigger against a real server: all kinds of calls, all ways to know the method, all ways to prove who calls."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from spanspec.api import SystemClock
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext, TriggerResult
from spanspec.model.ids import SpanId, TraceId
from spanspec.triggers.grpc import Trigger
from tests.servers.examples import spanspec_run
from tests.triggers.echo import echo
from tests.triggers.grpc_peer import PROTOS, V1, V1ALPHA, descriptor_set, serving

CONTEXT = TraceContext(trace_id=TraceId("ab" * 16), span_id=SpanId("cd" * 8), baggage={"spanspec.test": "ä"})


def fire(**fields: object) -> TriggerResult:
    """Validate and call."""
    fields.setdefault("timeout", 20)
    return asyncio.run(Trigger.model_validate(fields).fire(CONTEXT, SystemClock()))


def order(**fields: object) -> str:
    """A request as JSON."""
    return json.dumps({"item": "pen", **fields})


# --- kinds of calls ------------------------------------------------------------------------------------------------


def test_a_unary_call_gives_the_answer_by_protobufs_json_mapping() -> None:
    """64-bit numbers as text, bytes as base64, names in camel case, defaults written; metadata of both ends."""
    price = {"currency": "EUR", "cents": "9007199254740993", "paidAt": "2026-01-02T03:04:05Z"}
    with serving() as peer:
        result = fire(
            address=peer.address,
            method="shop.Orders/Place",
            request=order(pieces=2, price=price, token=base64.b64encode(b"\x00\xff").decode()),
            metadata={"x-id": "1", "blob-bin": base64.b64encode(b"\x01\x02").decode()},
        )
    (called,) = peer.calls
    assert called.all("traceparent") == [f"00-{'ab' * 16}-{'cd' * 8}-01"]
    assert called.all("baggage") == ["spanspec.test=%C3%A4"]
    assert (called.all("x-id"), called.all("blob-bin")) == (["1"], [b"\x01\x02"])
    assert called.requests[0].price.cents == 9007199254740993
    assert json.loads(result.body) == {
        "id": "r-pen",
        "item": "pen",
        "pieces": 2,
        "price": price,
        "token": "AP8=",
        "notes": [],
    }
    assert (result.kind, result.status, result.attributes["code"]) == ("grpc", 0, "OK")
    assert (result.header("served-by"), result.header("trace-bin"), result.header("cost")) == ("peer", "AAE=", "1")
    assert result.attributes["trailer.cost"] == "1"
    assert result.request == f"grpc {peer.address} shop.Orders/Place"


def test_an_answer_that_is_a_stream_is_a_list() -> None:
    """All messages, in order."""
    with serving() as peer:
        result = fire(address=peer.address, method="shop.Orders/Watch", request=order(pieces=3))
    assert [each["id"] for each in json.loads(result.body)] == ["r-0", "r-1", "r-2"]
    assert result.attributes["messages"] == 3


def test_a_stream_without_end_is_read_as_far_as_asked() -> None:
    """`messages` cancels the call when that many have come; the status is then OK."""
    with serving() as peer:
        result = fire(
            address=peer.address, method="shop.Orders/Watch", request=order(pieces=2, ending="wait"), messages=2
        )
    assert len(json.loads(result.body)) == 2
    assert result.status == 0


@pytest.mark.parametrize(
    "request_", [f"[{order(pieces=1)}, {order(pieces=2)}]", f"{order(pieces=1)}\n{order(pieces=2)}"]
)
def test_several_requests_are_a_list_or_documents(request_: str) -> None:
    """For a method that takes a stream."""
    with serving() as peer:
        result = fire(address=peer.address, method="shop.Orders.PlaceAll", request=request_)
    assert [each.pieces for each in peer.calls[0].requests] == [1, 2]
    assert json.loads(result.body)["pieces"] == 3


def test_both_ends_may_stream() -> None:
    """A receipt for each order; one object is a stream of one."""
    with serving() as peer:
        many = fire(address=peer.address, method="shop.Orders/Talk", request=f"[{order()}, {order(item='ink')}]")
        one = fire(address=peer.address, method="shop.Orders/Talk", request=order())
    assert [each["item"] for each in json.loads(many.body)] == ["pen", "ink"]
    assert len(json.loads(one.body)) == 1


def test_a_status_that_is_not_ok_is_an_answer() -> None:
    """Its number, name, message and trailers can be asserted upon; also after some answers of a stream."""
    with serving() as peer:
        unary = fire(address=peer.address, method="shop.Orders/Place", request=order(ending="NOT_FOUND"))
        gone = fire(address=peer.address, method="shop.Orders/Place", request=order(ending="UNAVAILABLE"))
        stream = fire(address=peer.address, method="shop.Orders/Watch", request=order(pieces=1, ending="ABORTED"))
    assert (unary.status, unary.attributes["code"], unary.attributes["message"]) == (
        5,
        "NOT_FOUND",
        "pen ends with NOT_FOUND",
    )
    assert unary.attributes["trailer.reason"] == "as asked"
    assert gone.status == 14
    assert (stream.status, len(json.loads(stream.body))) == (10, 1)


def test_a_deadline_is_told_to_the_server_and_passing_it_is_an_answer() -> None:
    """Status 4; without `deadline`, a server that never answers is an error after `timeout`."""
    with serving() as peer:
        passed = fire(address=peer.address, method="shop.Orders/Place", request=order(ending="wait"), deadline="200ms")
        with pytest.raises(TriggerError, match=r"no answer within 0\.4 s"):
            fire(address=peer.address, method="shop.Orders/Place", request=order(ending="wait"), timeout=0.4)
    assert passed.status == 4
    left = peer.calls[0].time_left_s
    assert left is not None
    assert left < 1


def test_the_example_runs_as_it_stands() -> None:
    """The definition that the reference page shows, by the real command."""
    with serving() as peer:
        code, said = asyncio.run(spanspec_run("grpc", f"ORDERS={peer.address}"))
    assert code == 0, said
    assert peer.calls[0].all("authorization") == ["Bearer none"]


# --- how the method is known -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("versions", [(V1,), (V1ALPHA,), (V1, V1ALPHA)])
def test_both_versions_of_reflection_are_understood(versions: tuple[str, ...]) -> None:
    """v1 is asked first, then v1alpha; neither carries the trace context, both carry what the user gave."""
    with serving(versions, token="Bearer t") as peer:
        result = fire(
            address=peer.address, method="Place", service="Orders", request=order(), auth={"bearer": {"token": "t"}}
        )
    assert result.status == 0
    assert [each.all("traceparent") for each in peer.asked] == [[], []]
    assert [each.all("authorization") for each in peer.asked] == [["Bearer t"], ["Bearer t"]]


def test_a_proto_file_with_imports_is_enough() -> None:
    """The root that imports count from is found above the file, or given."""
    with serving(()) as peer:
        found = fire(
            address=peer.address,
            method="shop.Orders/Place",
            request=order(price={"cents": 5}),
            protobufFile=os.fspath(PROTOS / "shop" / "orders.proto"),
        )
        content = (PROTOS / "shop" / "orders.proto").read_text()
        given = fire(
            address=peer.address,
            method="shop.Orders/Place",
            request=order(price={"cents": 5}),
            protobufFile=content,
            importPaths=[os.fspath(PROTOS)],
        )
    assert json.loads(found.body)["price"]["cents"] == json.loads(given.body)["price"]["cents"] == "5"


def test_a_proto_file_that_changed_is_compiled_again(tmp_path: Path) -> None:
    """Also when only a file that it imports did."""
    shutil.copytree(PROTOS, tmp_path / "protos")
    money = tmp_path / "protos" / "shop" / "money.proto"
    fields: dict[str, object] = {
        "method": "shop.Orders/Place",
        "protobufFile": os.fspath(tmp_path / "protos" / "shop" / "orders.proto"),
    }
    with serving(()) as peer:
        assert fire(address=peer.address, request=order(price={"cents": 1}), **fields).status == 0
        money.write_text(money.read_text().replace("int64 cents = 2", "int64 smallest_units = 2"))
        changed = fire(address=peer.address, request=order(price={"smallestUnits": 1}), **fields)
    assert json.loads(changed.body)["price"]["smallestUnits"] == "1"


def test_a_descriptor_set_needs_neither_reflection_nor_a_compiler(tmp_path: Path) -> None:
    """As protoc and buf write it."""
    (tmp_path / "orders.pb").write_bytes(descriptor_set())
    with serving(()) as peer:
        result = fire(
            address=peer.address,
            method="shop.Orders/Place",
            request=order(),
            descriptorSet=os.fspath(tmp_path / "orders.pb"),
        )
    assert result.status == 0


BROKEN = 'syntax = "proto3";\nmessage A { strin x = 1; }\n'
IMPORTS = 'syntax = "proto3";\nimport "nowhere/else.proto";\n'


@pytest.mark.parametrize(
    ("fields", "message", "advice"),
    [
        ({"method": "shop.Orders/Plac"}, 'shop.Orders has no method "Plac"', 'did you mean "Place"?'),
        ({"method": "shop.Order/Place"}, 'no service "shop.Order"', 'did you mean "shop.Orders"?'),
        ({"method": "Place"}, "has no service", "package.Service/Method"),
        ({"request": '{"itm": "x"}'}, "`request` is no shop.Order: ", "Its fields are: item, pieces, price"),
        ({"request": "{"}, "`request` is no shop.Order: ", "Its fields are"),
        ({"method": "shop.Orders/Talk", "request": '[{"item": 1}, {}]'}, "`request[0]` is no shop.Order", "item"),
        ({"metadata": {"a-bin": "§"}}, "the metadata a-bin is not base64", "base64"),
        ({"protobufFile": BROKEN}, "does not compile:\ndefinition.proto:2:13", "Mend the file"),
        ({"protobufFile": IMPORTS}, "nowhere/else.proto", "importPaths"),
        ({"protobufFile": "missing.proto"}, "there is no file missing.proto", "protobufFile"),
        ({"descriptorSet": __file__}, "is no descriptor set", "--include_imports"),
    ],
)
def test_what_does_not_fit_is_told_before_the_call(fields: dict[str, object], message: str, advice: str) -> None:
    """With what there is instead; the server is never called."""
    with serving() as peer, pytest.raises(TriggerError) as raised:
        fire(**{"address": peer.address, "method": "shop.Orders/Place", **fields})
    assert message in raised.value.message
    assert advice in raised.value.help
    assert peer.calls == []


def test_a_server_without_reflection_is_told_so() -> None:
    """With the two other ways."""
    with serving(()) as peer, pytest.raises(TriggerError, match="no reflection service") as raised:
        fire(address=peer.address, method="shop.Orders/Place")
    assert "protobufFile" in raised.value.help


# --- who calls, and whom ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "key", "value"),
    [
        ({"bearer": {"token": "abc"}}, "authorization", "Bearer abc"),
        ({"type": "basic", "basic": {"username": "u", "password": "pa55"}}, "authorization", "Basic dTpwYTU1"),
        ({"type": "apiKey", "apiKey": {"key": "X-Key", "value": "s3cr3t", "in": "header"}}, "x-key", "s3cr3t"),
    ],
)
def test_authentication_goes_into_the_metadata(auth: dict[str, object], key: str, value: str) -> None:
    """All three kinds; keys in lower case, as HTTP/2 wants them; nothing of it is shown."""
    with serving() as peer:
        fire(address=peer.address, method="shop.Orders/Place", request="{}", auth=auth)
        shown = Trigger.model_validate({"address": peer.address, "method": "shop.Orders/Place", "auth": auth})
    assert peer.calls[0].all(key) == [value]
    secrets = list(shown.secrets())
    assert value.split()[-1] in secrets
    assert not any(secret in shown.dry_run(CONTEXT) for secret in secrets)


def test_a_token_is_fetched_with_the_clients_own_credentials() -> None:
    """By OAuth 2; questions about the method carry it too, and the request for it no trace context."""
    with serving(token="Bearer t-1") as peer, echo(body=b'{"access_token": "t-1"}') as tokens:
        own = {"token_url": f"{tokens.url}/token", "client_id": "c", "client_secret": "s3cr3t"}
        fire(address=peer.address, method="shop.Orders/Place", request="{}", auth={"oauth2": own})
    assert peer.calls[0].all("authorization") == ["Bearer t-1"]
    assert tokens.sent[0].all("traceparent") == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"auth": {"digest": {"username": "u"}}}, "auth.digest"),
        ({"tls": {"key": "k.pem", "key_password": "p"}}, "tls.key_password"),
    ],
)
def test_what_grpc_has_not_is_refused(fields: dict[str, object], message: str) -> None:
    """Never silently left out."""
    with pytest.raises(ValidationError, match=message):
        Trigger.model_validate({"address": "h:1", "method": "a.B/C", **fields})


REFERENCE = """
type: Test
spec:
  id: e9c6cff9
  name: place an order
  trigger:
    type: grpc
    grpc:
      protobufFile: ./shop/orders.proto
      address: ${var:ADDRESS}
      service: shop.Orders
      method: shop.Orders.Place
      request: |-
        {"item": "${var:ITEM}", "pieces": 3}
      metadata:
      - key: x-id
        value: ${var:ITEM}
  skipTraceCollection: true
  specs:
  - selector: span[tracetest.span.type="general" name="Tracetest trigger"]
    assertions:
    - attr:tracetest.response.status = 0
    - attr:tracetest.response.body | json_path '$.pieces' = 3
"""


def test_a_file_of_the_reference_runs_unchanged(tmp_path: Path) -> None:
    """Its keys, a proto file beside it that imports another, variables in request and metadata."""
    shutil.copytree(PROTOS / "shop", tmp_path / "shop")
    (tmp_path / "test.yaml").write_text(REFERENCE)
    with serving(()) as peer:
        code, said = asyncio.run(spanspec_run(tmp_path / "test.yaml", f"ADDRESS={peer.address}", "ITEM=pen"))
    assert code == 0, said
    assert peer.calls[0].all("x-id") == ["pen"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Signs the server's certificate and ours."""
    return trustme.CA()


def _pem(folder: Path, name: str, *blobs: trustme.Blob) -> str:
    path = folder / name
    path.write_bytes(b"".join(blob.bytes() for blob in blobs))
    return os.fspath(path)


def test_tls_with_an_authority_of_our_own(authority: trustme.CA, tmp_path: Path) -> None:
    """Checked by default; another name with `server_name`; unchecked with `sslVerification: false`."""
    ca = _pem(tmp_path, "ca.pem", authority.cert_pem)
    named = authority.issue_cert("orders.test")
    with serving(certificate=authority.issue_cert("127.0.0.1")) as peer, serving(certificate=named) as other:
        call = {"method": "shop.Orders/Place", "request": "{}"}
        assert fire(address=peer.address, tls={"ca": ca}, **call).status == 0
        assert fire(address=other.address, tls={"ca": ca, "server_name": "orders.test"}, **call).status == 0
        unchecked = fire(address=other.address, tls=True, sslVerification=False, **call)
        assert unchecked.status == 0
        assert "was not checked" in unchecked.notes[0]
        assert fire(address=f"grpcs://{other.address}", sslVerification=False, **call).status == 0
        with pytest.raises(TriggerError, match="its certificate is not valid"):
            fire(address=peer.address, tls=True, **call)
        with pytest.raises(TriggerError, match="its certificate is for another name"):
            fire(address=other.address, tls={"ca": ca}, **call)
        with pytest.raises(TriggerError, match="wants TLS"):
            fire(address=peer.address, **call)


def test_mutual_tls(authority: trustme.CA, tmp_path: Path) -> None:
    """With our certificate the call goes through, without it the error says what is wanted."""
    ca, ours = _pem(tmp_path, "ca.pem", authority.cert_pem), authority.issue_cert("client.test")
    cert, key = _pem(tmp_path, "cert.pem", *ours.cert_chain_pems), _pem(tmp_path, "key.pem", ours.private_key_pem)
    call = {"method": "shop.Orders/Place", "request": "{}"}
    with serving(certificate=authority.issue_cert("127.0.0.1"), clients=authority) as peer:
        assert fire(address=peer.address, tls={"ca": ca, "cert": cert, "key": key}, **call).status == 0
        unchecked = {"cert": cert, "key": key}
        assert fire(address=peer.address, tls=unchecked, sslVerification=False, **call).status == 0
        with pytest.raises(TriggerError) as raised:
            fire(address=peer.address, tls={"ca": ca}, **call)
    assert "cert" in raised.value.message


def test_a_server_without_tls_is_told_so() -> None:
    """When the trigger asks for it."""
    with serving() as peer, pytest.raises(TriggerError, match="speaks no TLS"):
        fire(address=peer.address, method="shop.Orders/Place", tls=True)


# --- no answer -------------------------------------------------------------------------------------------------------


def test_nobody_listens() -> None:
    """Host, port, reason, and the usual trap of containers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(TriggerError) as raised:
        fire(address=address, method="shop.Orders/Place")
    assert raised.value.message == f"grpc {address} shop.Orders/Place failed: connection refused: nothing listens there"
    assert "container" in raised.value.help


WITHOUT = """
import asyncio, sys
absent, proto, address = sys.argv[1:]
sys.modules[absent] = None  # as if it were not installed
from spanspec.api import SystemClock
from spanspec.errors import TriggerError
from spanspec.model.context import TraceContext
from spanspec.triggers.grpc import Trigger
trigger = Trigger(address=address, method="shop.Orders/Place", protobufFile=proto or None)
try:
    asyncio.run(trigger.fire(TraceContext(trace_id="ab" * 16, span_id="cd" * 8), SystemClock()))
except TriggerError as fault:
    print(fault.message, "|", fault.help)
"""


@pytest.mark.parametrize(
    ("absent", "proto"), [("grpc_reflection", ""), ("grpc_tools", os.fspath(PROTOS / "shop" / "orders.proto"))]
)
def test_without_the_extra_the_line_that_installs_it_is_told(absent: str, proto: str) -> None:
    """For reflection and for proto files; a descriptor set needs neither."""
    with serving() as peer:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, absent, proto, peer.address],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert 'Install it: pip install "spanspec[grpc]"' in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nosuch.invalid:1", "cannot be resolved"),
        ("127.0.0.1", "is no address of a gRPC server"),
        ("127.0.0.1:x", "is no address of a gRPC server"),
    ],
)
def test_an_address_that_is_none(address: str, message: str) -> None:
    """Told with what is wrong about it."""
    with pytest.raises(TriggerError, match=message):
        fire(address=address, method="shop.Orders/Place")


async def _broken(address: str, called: threading.Event) -> None:
    """Call through a relay that breaks both connections when the server has the call."""
    host, _, port = address.rpartition(":")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(host, int(port))
        pumps = [asyncio.create_task(_pump(reader, forth)), asyncio.create_task(_pump(back, writer))]
        await asyncio.to_thread(called.wait, 20)
        for each in (writer, forth):
            each.transport.abort()
        await asyncio.gather(*pumps, return_exceptions=True)

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        relayed = "127.0.0.1:" + str(server.sockets[0].getsockname()[1])
        fields = {"address": relayed, "method": "shop.Orders/Place", "request": order(ending="wait"), "timeout": 20}
        await Trigger.model_validate(fields).fire(CONTEXT, SystemClock())


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(4096):
        writer.write(chunk)


def test_a_server_that_dies_in_the_call_is_no_answer() -> None:
    """A broken connection is an error, unlike a server's own UNAVAILABLE."""
    with serving() as peer, pytest.raises(TriggerError, match="the connection broke"):
        asyncio.run(_broken(peer.address, peer.called))


def test_the_dry_run_is_a_line_for_grpcurl() -> None:
    """What the trigger would do, without doing it."""
    trigger = Trigger.model_validate(
        {"address": "h:1", "method": "a.B.C", "request": '{"x": 1}', "metadata": {"k": "v w"}, "deadline": "2s"}
    )
    line = trigger.dry_run(CONTEXT)
    assert line.startswith("grpcurl -plaintext -H 'k: v w' -H 'traceparent: 00-")
    assert line.endswith("""-max-time 2 -d '{"x": 1}' h:1 a.B/C""")
