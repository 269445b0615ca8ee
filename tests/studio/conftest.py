from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def held() -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    """An executor that is busy until the event is set: work handed to it stays in the queue until then."""
    gate = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(gate.wait)
        yield pool, gate
        gate.set()
