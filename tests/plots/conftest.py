from __future__ import annotations

import pytest
from handmade_mixes import Mix, live_mix, mix_of


@pytest.fixture
def mix() -> Mix:
    return mix_of(8)


@pytest.fixture
def big_mix() -> Mix:
    return mix_of(32)


@pytest.fixture
def live() -> Mix:
    return live_mix()
