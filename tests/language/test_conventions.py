"""Renamed semantic conventions: which names answer for which, and that the table is what OpenTelemetry published."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spanspec.language.conventions import RENAMES, other_key
from spanspec.language.renames import PAIRS, VERSION
from spanspec.testing import span

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_is_what_the_published_package_says():
    """Whoever updates the package is told to write the table again."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "semconv.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert VERSION in (ROOT / "src/spanspec/language/renames.py").read_text(encoding="utf-8").splitlines()[2]
    assert len(PAIRS) > 50


@pytest.mark.parametrize(
    ("asked", "there", "value", "kind"),
    [
        ("http.status_code", "http.response.status_code", 200, "server"),
        ("http.response.status_code", "http.status_code", 200, "client"),
        ("db.statement", "db.query.text", "SELECT 1", "client"),
        ("db.query.text", "db.statement", "SELECT 1", "client"),
        ("messaging.destination.name", "messaging.destination", "orders", "producer"),
        ("db.system.name", "db.system", "postgresql", "client"),
        ("db.namespace", "db.name", "shop", "client"),
        ("db.name", "db.namespace", "shop", "client"),
        ("db.collection.name", "db.mongodb.collection", "carts", "client"),
        ("server.address", "net.peer.name", "db", "client"),
        ("client.address", "net.peer.name", "10.0.0.9", "server"),
        ("server.port", "net.host.port", 443, "server"),
        ("code.file.path", "code.filepath", "a.py", "internal"),
        ("deployment.environment.name", "deployment.environment", "prod", "internal"),
    ],
)
def test_one_name_answers_for_the_other(asked: str, there: str, value: object, kind: str):
    """The key that is there answers for the one that is asked for, in both directions."""
    assert other_key(asked, span("x", kind=kind, attributes={there: value})) == there


@pytest.mark.parametrize(
    ("asked", "there", "value", "kind", "why"),
    [
        ("db.system.name", "db.system", "mssql", "client", "the value has another spelling under the new key"),
        ("db.mongodb.collection", "db.collection.name", "carts", "client", "the new key holds those of any database"),
        ("net.peer.name", "server.address", "db", "server", "on a server span it was the client's name"),
        ("net.transport", "network.transport", "tcp", "client", "the old values were `ip_tcp` and the like"),
        ("messaging.operation", "messaging.operation.type", "process", "consumer", "the words have changed"),
        ("http.target", "url.path", "/", "server", "it was split"),
        ("http.request.header.content-length", "http.request_content_length", 3, "server", "a number against texts"),
    ],
)
def test_what_does_not_keep_its_value_does_not_answer(asked: str, there: str, value: object, kind: str, why: str):
    """A rename that changes the value, folds or splits keys is none."""
    assert other_key(asked, span("x", kind=kind, attributes={there: value})) is None, why


def test_no_pair_stands_twice():
    """Each pair of keys is there once for each kind of span."""
    seen = [(rename.old, rename.new, rename.kinds) for rename in RENAMES]
    assert len(seen) == len(set(seen))
