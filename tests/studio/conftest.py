from __future__ import annotations

from collections.abc import Iterator

import pytest
from outside import Held


@pytest.fixture
def held() -> Iterator[Held]:
    with Held() as executor:
        yield executor
        executor.let_go()
