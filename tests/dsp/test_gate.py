"""The gate: when it opens and closes, and the separation of hits from bleed."""

import numpy as np
import pytest

from tonnbook.dsp.filters import high_pass
from tonnbook.dsp.gate import GainOverTime, GateSettings, SideChain, gate_gain, hits_db, threshold_db

RATE = 44100


def test_a_gate_is_open_before_a_hit_and_closed_between_hits() -> None:
    sound = np.full((1, 2 * RATE), 0.001)
    for start in (0.5, 1.2):
        sound[:, round(start * RATE) : round(start * RATE) + 2000] = 0.5
    chain = SideChain(RATE, 1, high_pass(20.0, RATE))
    chain.measure(sound)
    curve = gate_gain(chain.levels_db, -20.0, GateSettings(-24.0, 80.0, 50.0))
    gain = GainOverTime(RATE, curve).process(np.ones_like(sound))[0]
    assert gain[round(0.5 * RATE)] > 0.99
    assert gain[round(0.49 * RATE)] == pytest.approx(10 ** (-24 / 20), rel=0.01)
    assert gain[round(0.6 * RATE)] > 0.99
    assert gain[round(1.1 * RATE)] < 0.08
    assert np.abs(np.diff(gain)).max() < 0.05


def test_two_kinds_of_hits_are_separated_by_level() -> None:
    assert threshold_db(np.array([-6.0] * 10 + [-30.0] * 20)) == pytest.approx(-18.0)
    assert threshold_db(np.array([-6.0, -7.0, -5.0, -8.0, -6.0])) is None
    assert threshold_db(np.array([-6.0, -30.0])) is None
    assert len(hits_db(np.array([-90.0] * 300 + [-6.0] + [-40.0] * 300 + [-10.0] + [-90.0] * 300))) == 3
