"""How the shop starts and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.examples.otlp_sink import listening
from tests.examples.shop_process import SHOP, alive, clean_environment, command, running, taken_port, wait_for

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see the shop's processes")

NOWHERE = "http://127.0.0.1:9"


def left_over(folder: Path) -> list[str]:
    """Name the temporary folders that a shop has left."""
    return [path.name for path in folder.iterdir() if path.name.startswith("shop-")]


def test_starting_leaves_no_spans_and_the_health_check_neither(tmp_path: Path) -> None:
    """The first trace that arrives is the first request's; deaf to faults, the shop stays healthy."""
    with listening() as (sink, url), running(url, tmp_path, {"SHOP_FAULTS": "off"}) as shop:
        assert len(shop.processes()) == len(shop.services) == 6
        for address in shop.services.values():
            with urllib.request.urlopen(f"{address}/healthz", timeout=10) as response:
                assert response.read() == b"ok\n"
        answer = shop.checkout("lost-event")
        sink.whole(answer.trace_id, until=lambda spans: any(span.name == "send notification" for span in spans))
        assert sink.trace_ids() == {answer.trace_id}
        assert answer.seconds < 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    """After SIGTERM or SIGINT no process and no file is left, and the exit code is 0."""
    with running(NOWHERE, tmp_path) as shop:
        processes = shop.processes()
        shop.runner.send_signal(number)
        assert shop.runner.wait(15) == 0
        assert not [pid for pid in processes if alive(pid)]
        assert left_over(tmp_path) == []
        assert not (tmp_path / "ready.json").exists()


def test_the_services_end_when_their_runner_is_killed(tmp_path: Path) -> None:
    """SIGKILL gives the runner no chance: the services notice, end, and remove the temporary folder."""
    with running(NOWHERE, tmp_path) as shop:
        processes = shop.processes()
        shop.runner.kill()
        shop.runner.wait(10)
        wait_for(lambda: not any(alive(pid) for pid in processes))
        wait_for(lambda: not left_over(tmp_path))


def test_a_service_that_dies_ends_the_shop(tmp_path: Path) -> None:
    """The runner names the service and how it ended, ends the others and exits with 1."""
    with running(NOWHERE, tmp_path) as shop:
        processes = shop.processes()
        os.kill(max(processes), signal.SIGKILL)
        assert shop.runner.wait(15) == 1
        assert not [pid for pid in processes if alive(pid)]
    message = (tmp_path / "errors.txt").read_text()
    assert "-service (process " in message
    assert "ended by signal SIGKILL" in message
    assert left_over(tmp_path) == []


def failed_start(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Start a shop that cannot start; give exit code and message."""
    done = subprocess.run(
        command("--otlp", NOWHERE, *arguments),
        env={**clean_environment(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_service_that_cannot_start_is_reported_with_its_log(tmp_path: Path) -> None:
    """A database that is not there ends the start with the end of the log, and leaves nothing."""
    with taken_port() as port:  # bound but it speaks no PostgreSQL: closed again before the shop asks
        pass
    code, message = failed_start(
        tmp_path, "--port", "0", SHOP_DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/none"
    )
    assert code == 1
    assert "ended with exit code" in message
    assert "Connect call failed" in message or "Connection refused" in message
    assert left_over(tmp_path) == []


def test_a_taken_port_is_said_so(tmp_path: Path) -> None:
    """The message names the port and the option."""
    with taken_port() as port:
        code, message = failed_start(tmp_path, "--port", str(port))
    assert code == 1
    assert message == (
        f"shop: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        "give a free port with --port, or --port 0 to have one chosen\n"
    )


def test_a_port_that_is_none_is_said_so(tmp_path: Path) -> None:
    """Numbers out of range are the user's mistake, not a traceback."""
    code, message = failed_start(tmp_path, "--port", "70000")
    assert code == 1
    assert message.startswith("shop: cannot listen on 127.0.0.1:70000: ")


@pytest.mark.parametrize(
    ("folder_name", "arguments"),
    [("examples", ["-m", "shop"]), ("examples/shop", ["__main__.py"]), ("", ["examples/shop"])],
)
def test_it_starts_as_a_module_as_a_file_and_as_a_folder(folder_name: str, arguments: list[str]) -> None:
    """All spellings lead to the same program."""
    start, *_ = command()
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [start, *arguments, "--help"], cwd=root / folder_name, capture_output=True, text=True, check=True, timeout=30
    )
    assert "shop.fault=NAME" in done.stdout


def test_a_signal_while_it_starts_ends_it_too(tmp_path: Path) -> None:
    """Being told to stop before all is ready is no fault either."""
    with (tmp_path / "output.txt").open("w") as output:
        runner = subprocess.Popen(
            command("--port", "0", "--otlp", NOWHERE), env=clean_environment(tmp_path), stdout=output, stderr=output
        )
    children = Path(f"/proc/{runner.pid}/task/{runner.pid}/children")
    wait_for(lambda: len(children.read_text().split()) >= 3)
    processes = [int(pid) for pid in children.read_text().split()]
    runner.send_signal(signal.SIGTERM)
    assert runner.wait(15) == 0
    assert not [pid for pid in processes if alive(pid)]
    assert left_over(tmp_path) == []


def test_another_broker_is_used_when_one_is_named(tmp_path: Path) -> None:
    """With `SHOP_KAFKA` the events go through that broker, and the runner starts none."""
    confluent_kafka = pytest.importorskip("confluent_kafka")
    mock = confluent_kafka.Producer({"test.mock.num.brokers": 1, "log_level": 4})
    (broker,) = mock.list_topics(timeout=5).brokers.values()
    with (
        listening() as (sink, url),
        running(url, tmp_path, {"SHOP_KAFKA": f"{broker.host}:{broker.port}"}) as shop,
    ):
        answer = shop.checkout()
        sink.whole(answer.trace_id, until=lambda spans: any(span.name == "send notification" for span in spans))
        assert "shipping-queue" in mock.list_topics(timeout=5).topics


def test_a_copy_elsewhere_starts(tmp_path: Path) -> None:
    """The folder needs nothing around it: an installed copy is as good as a checkout."""
    copy = tmp_path / "site" / "shop"
    shutil.copytree(SHOP, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with running(NOWHERE, tmp_path, folder_of_shop=copy) as shop:
        assert shop.checkout().content["status"] == "confirmed"


def test_a_ready_file_in_no_folder_is_a_usage_error(tmp_path: Path) -> None:
    """It is said before anything starts."""
    code, message = failed_start(tmp_path, "--port", "0", "--ready-file", str(tmp_path / "no" / "ready.json"))
    assert code == 2
    assert "there is no folder" in message
