"""Looking for the gain at which a limited song has a certain loudness: by the secant through the last two trials.

A limiter gives less than 1 LU for 1 dB, and the less, the harder it works; the steps are kept within what that can be.
"""

from __future__ import annotations

_FLATTEST, _STEEPEST = 0.8, 12.0  # dB of gain per LU that a step believes in
_FIRST = 1.3


class GainSearch:
    """Say what was heard at `gain_db`, and try the `gain_db` that stands there then."""

    def __init__(self, target_lufs: float, gain_db: float) -> None:
        self.gain_db = gain_db
        self.tries = 0
        self._target = target_lufs
        self._last: tuple[float, float] | None = None

    def heard(self, loudness_lufs: float) -> float:
        """Take in the loudness at the present gain; return how far it is off, in LU, and move on to the next gain."""
        step = _FIRST
        if self._last and self._last[1] != loudness_lufs:
            step = (self.gain_db - self._last[0]) / (loudness_lufs - self._last[1])
        self._last = self.gain_db, loudness_lufs
        self.gain_db += (self._target - loudness_lufs) * min(max(step, _FLATTEST), _STEEPEST)
        self.tries += 1
        return abs(self._target - loudness_lufs)
