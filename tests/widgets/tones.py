"""Sounds for the widgets' tests: short, of a known level."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 44100
MakeFile = Callable[..., Path]


def tone(seconds: float = 1.0, peak: float = 0.5, hz: float = 440.0, channels: int = 2) -> npt.NDArray[np.float64]:
    """Return a sine as (channels, frames)."""
    wave = peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave] * channels)
