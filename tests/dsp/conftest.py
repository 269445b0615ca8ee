from collections.abc import Mapping

import numpy as np
import pytest

from tonnbook import audio_files, demo


@pytest.fixture(scope="session")
def stems() -> Mapping[str, np.ndarray]:
    """The eight recorded stems of the demo song at 44.1 kHz."""
    return {name: audio_files.read(path)[0] for name, path in demo.stems().items()}
