"""Cut a stream into blocks of irregular length."""

from collections.abc import Iterator

import numpy as np


def cut(audio: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Cut audio into blocks of odd lengths: empty ones, single frames, and up to 30,000 frames; the seed selects the cut."""
    random = np.random.default_rng(seed)
    start = 0
    while start < audio.shape[1]:
        stop = start + int(random.choice([0, 1, 7, 441, 4096, 30_000]))
        yield audio[:, start:stop]
        start = stop
