from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import RATE, noise, stereo
from outside import HeldExecutor

from tonnbook import audio_files


@pytest.fixture
def held() -> Iterator[HeldExecutor]:
    with HeldExecutor() as executor:
        yield executor
        executor.release()


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of two different noises, left and right: too wide for a mix."""
    folder = tmp_path_factory.mktemp("wide")
    return audio_files.write(folder / "wide mix.wav", stereo(noise(1), 2.0 * noise(2)), RATE)
