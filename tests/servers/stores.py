"""Real stores of traces and the OpenTelemetry Collector, on free loopback ports, ended by their pids."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.servers.needed import need

PLACE = Path(os.environ.get("SPANSPEC_SERVERS_DIR", "~/.cache/spanspec-servers")).expanduser()
ZIPKIN = PLACE / "zipkin-3.6.1" / "zipkin-server-3.6.1-exec.jar"
COLLECTOR = PLACE / "collector-0.161.0" / "otelcol"
ENGINES = {"opensearch": "opensearch-2.19.6", "elasticsearch": "elasticsearch-7.17.28"}
_NOBODY = 65534


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answer(url: str, body: bytes | None = None, method: str | None = None, kind: str = "application/json") -> bytes:
    """What a server answers."""
    request = urllib.request.Request(url, data=body, method=method, headers={"content-type": kind})
    with urllib.request.urlopen(request, timeout=30) as response:
        found: bytes = response.read()
        return found


def until_ready(url: str, process: subprocess.Popen[bytes], log: Path, within_s: float = 90) -> None:
    """Wait until a server answers a question about its health."""
    deadline = time.monotonic() + within_s
    while True:
        with suppress(urllib.error.URLError, OSError):
            answer(url)
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{url} does not answer; the server says:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.1)


@contextmanager
def running(command: list[str], ready: str, folder: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    """Start a server, wait until it answers, end it."""
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, env={**os.environ, **(environment or {})}
        )
        try:
            until_ready(ready, process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _java() -> str:
    java = shutil.which("java")
    need(java is not None, "Java")
    assert java is not None
    return java


@contextmanager
def zipkin(folder: Path) -> Iterator[str]:
    """Zipkin that keeps its spans in memory; its URL."""
    need(ZIPKIN.is_file(), "Zipkin")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    listen = [
        f"--armeria.ports[0].{key}={value}"
        for key, value in (("address", "127.0.0.1"), ("port", port), ("protocols", "http"))
    ]
    command = [_java(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", str(ZIPKIN), *listen]
    with running(command, f"{url}/health", folder, {"QUERY_PORT": str(port), "STORAGE_TYPE": "mem"}):
        yield url


@contextmanager
def search_engine(name: str) -> Iterator[str]:
    """OpenSearch or Elasticsearch of one node, as an ordinary user, which both want; its URL."""
    need((PLACE / ENGINES[name]).is_dir(), name.capitalize())
    # A folder of its own: the ordinary user may reach neither where it is installed nor the tests' own folders.
    with tempfile.TemporaryDirectory(prefix="engine-") as place, _engine(name, Path(place)) as url:
        yield url


@contextmanager
def _engine(name: str, folder: Path) -> Iterator[str]:
    home = folder / "home"
    shutil.copytree(PLACE / ENGINES[name], home)
    port, transport = free_port(), free_port()
    config, data, scratch = folder / "config", folder / "data", folder / "tmp"
    for each in (data, scratch):
        each.mkdir(parents=True)
    _configure(home, config, data, folder, name, port, transport)
    prefix = "OPENSEARCH" if name == "opensearch" else "ES"
    environment = {
        f"{prefix}_PATH_CONF": str(config),
        f"{prefix}_JAVA_HOME": str(Path(_java()).resolve().parent.parent),
        f"{prefix}_JAVA_OPTS": "-Xms512m -Xmx512m",
        f"{prefix}_TMPDIR": str(scratch),
        "HOME": str(folder),
    }
    command = [str(home / "bin" / name)]
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", str(_NOBODY), str(folder)], check=True)
        command = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *command]
    url = f"http://127.0.0.1:{port}"
    with running(command, f"{url}/_cluster/health?wait_for_status=yellow", folder, environment):
        yield url


def _configure(home: Path, config: Path, data: Path, folder: Path, name: str, port: int, transport: int) -> None:
    shutil.copytree(home / "config", config)
    for each in ("jvm.options", "log4j2.properties"):
        path = config / each
        unwanted = ("-Xlog:gc", "logs/", "HeapDumpPath")
        path.write_text("\n".join(x for x in path.read_text().split("\n") if not any(part in x for part in unwanted)))
    settings = {
        "path.data": str(data),
        "path.logs": str(folder / "logs"),
        "http.port": port,
        "transport.port": transport,
        "network.host": "127.0.0.1",
        "discovery.type": "single-node",
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    (config / f"{name}.yml").write_text("\n".join(f"{key}: {json.dumps(value)}" for key, value in settings.items()))
    folder.chmod(0o755)


@contextmanager
def collector(config: dict[str, Any], folder: Path) -> Iterator[str]:
    """The Collector with receivers and exporters as given; the URL of its OTLP over HTTP.

    `config` has `exporters` and may have `processors`; everything that comes goes through all of them.
    """
    need(COLLECTOR.is_file(), "The OpenTelemetry Collector")
    folder.mkdir(parents=True, exist_ok=True)
    http, health = free_port(), free_port()
    whole = {
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{http}"}}}},
        "processors": config.get("processors", {}),
        "exporters": config["exporters"],
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": list(config.get("processors", {})),
                    "exporters": list(config["exporters"]),
                }
            },
        },
    }
    path = folder / "collector.yaml"
    path.write_text(json.dumps(whole))
    with running([str(COLLECTOR), "--config", str(path)], f"http://127.0.0.1:{health}/", folder):
        yield f"http://127.0.0.1:{http}"
