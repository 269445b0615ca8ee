from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tones import RATE, MakeFile, tone

from tonnbook import audio_files


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    """make_file("kick.wav", seconds=1, peak=0.5) writes a tone and returns its path."""

    def make(name: str, **how: Any) -> Path:
        return audio_files.write(tmp_path / name, tone(**how), RATE, bit_depth=16)

    return make
