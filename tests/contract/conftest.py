"""roex-python 1.6.0 as published, connected to the shared studio."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from roex_python.client import RoExClient

from tonnbook.studio.server.server import Studio


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Silence the log of roex-python, which reports every expected failure three times."""
    logger = logging.getLogger("roex_python")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(before)


@pytest.fixture(scope="module")
def client(studio: Studio) -> RoExClient:
    return RoExClient(api_key=studio.key, base_url=studio.url)
