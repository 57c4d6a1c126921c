"""One shop for all tests of its behaviour; tests of its life start their own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.examples.otlp_sink import Sink, listening
from tests.examples.shop_process import RunningShop, running


@pytest.fixture(scope="session")
def shop_and_sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningShop, Sink]]:
    """Give a running shop that sends its spans to a sink."""
    if find_spec("aiokafka") is None:
        pytest.skip("the shop's libraries are not installed: pip install 'spanspec[demo]'")
    folder: Path = tmp_path_factory.mktemp("shop")
    with listening() as (sink, url), running(url, folder) as shop:
        yield shop, sink


@pytest.fixture
def shop(shop_and_sink: tuple[RunningShop, Sink]) -> RunningShop:
    """Give the running shop."""
    return shop_and_sink[0]


@pytest.fixture
def sink(shop_and_sink: tuple[RunningShop, Sink]) -> Sink:
    """Give the sink of the running shop."""
    return shop_and_sink[1]
