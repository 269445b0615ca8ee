"""Looking for the gain at which a limited song has a certain loudness: by the secant through the last two trials.

A limiter gives less than 1 LU for 1 dB, and the less, the harder it works; the steps are kept within what that can be.

Integrated loudness is *gated*: where a quiet passage just passes the gate, it jumps, and in a song of some seconds the target may lie in
the gap. Turning song and ceiling down together moves the gap by as much, so a little headroom gets the target out of it.
"""

from __future__ import annotations

_FLATTEST, _STEEPEST = 0.8, 12.0  # dB of gain per LU that a step believes in
_FIRST = 1.3
_JUMP = 2.0  # LU per dB: no limiter is that steep


class GainSearch:
    """Say what was heard at `gain_db`, and try the `gain_db` that stands there then."""

    def __init__(self, target_lufs: float, gain_db: float) -> None:
        self.gain_db = gain_db
        self.tries = 0
        self._target = target_lufs
        self._last: tuple[float, float] | None = None
        self._below: tuple[float, float] | None = None
        self._above: tuple[float, float] | None = None

    def heard(self, loudness_lufs: float) -> float:
        """Take in the loudness at the present gain; return how far it is off, in LU, and move on to the next gain."""
        here = self.gain_db, loudness_lufs
        step = _FIRST
        if self._last and self._last[1] != loudness_lufs:
            step = (self.gain_db - self._last[0]) / (loudness_lufs - self._last[1])
        if loudness_lufs > self._target:
            self._above = here
        else:
            self._below = here
        self._last = here
        self.gain_db += (self._target - loudness_lufs) * min(max(step, _FLATTEST), _STEEPEST)
        self.tries += 1
        return abs(self._target - loudness_lufs)

    @property
    def gap(self) -> tuple[float, float] | None:
        """Where the loudness jumps over the target: the gain just above the jump, and by how many LU that is too loud."""
        if self._below is None or self._above is None:
            return None
        (low, quiet), (high, loud) = self._below, self._above
        return (high, loud - self._target) if loud - quiet > _JUMP * (high - low) > 0.0 else None

    def again(self, gain_db: float) -> None:
        """Go on from another gain, under other conditions: what was heard so far says nothing any more."""
        self.gain_db = gain_db
        self._last = self._below = self._above = None
