"""The minimum requirements of EBU Tech 3341 and 3342, synthesised; then libebur128 as a second opinion.

Cases 7 and 8 of Tech 3341 are recordings that may not be redistributed; the stems of the demo song replace them.
"""

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np
import pyebur128
import pytest
from cuts import cut

from tonnbook.dsp.filters import response_db
from tonnbook.dsp.loudness import (
    LoudnessMeter,
    gated_loudness,
    integrated_loudness,
    k_weighting,
    loudness_range,
    lufs,
    windowed,
)

RATES = [44100, 48000, 96000]
Steps = Sequence[tuple[float, float]]  # dBFS of the sine's peak, seconds
SILENCE = -inf


def tone(steps: Steps, rate: int) -> np.ndarray:
    """A 1 kHz sine on both channels whose level changes in steps."""
    lengths = np.diff(np.round(np.cumsum([0.0, *(seconds for _, seconds in steps)]) * rate).astype(int))
    level = np.repeat([10 ** (dbfs / 20) for dbfs, _ in steps], lengths)
    mono = level * np.sin(2 * np.pi * 1000 / rate * np.arange(len(level)))
    return np.stack([mono, mono])


def meter_of(steps: Steps, rate: int) -> LoudnessMeter:
    return LoudnessMeter(rate, 2).process(tone(steps, rate))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("case", "level"), [(1, -23.0), (2, -33.0)])
def test_3341_1_and_2_steady_tone(case: int, level: float, rate: int) -> None:
    meter = meter_of([(level, 20)], rate)
    assert meter.integrated == pytest.approx(level, abs=0.1)
    np.testing.assert_allclose(meter.momentary[60:], level, atol=0.1)
    np.testing.assert_allclose(meter.short_term, level, atol=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], id="3341-3"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], id="3341-4"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], id="3341-5"),
    ],
)
def test_3341_3_to_5_gates(steps: Steps, rate: int) -> None:
    assert meter_of(steps, rate).integrated == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_3341_6_five_channels(rate: int) -> None:
    sine = np.sin(2 * np.pi * 1000 / rate * np.arange(20 * rate))
    surround = np.stack([10 ** (level / 20) * sine for level in (-28, -28, -24, -30, -30)])
    assert integrated_loudness(surround, rate) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_3341_9_short_term_is_constant(rate: int) -> None:
    short_term = meter_of([(-20, 1.34), (-30, 1.66)] * 5, rate).short_term
    np.testing.assert_allclose(short_term, -23.0, atol=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_3341_10_short_term_maximum_in_files(rate: int) -> None:
    for step in range(20):
        meter = meter_of([(SILENCE, 0.15 * step), (-23, 3), (SILENCE, 1)], rate)
        assert meter.short_term.max() == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_3341_11_short_term_maximum_in_a_stream(rate: int) -> None:
    meter = LoudnessMeter(rate, 2)
    for step in range(20):
        meter.process(tone([(SILENCE, 0.15 * step), (-38 + step, 3), (SILENCE, 3 - 0.15 * step)], rate))
        assert meter.short_term.max() == pytest.approx(-38.0 + step, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_3341_12_momentary_is_constant(rate: int) -> None:
    momentary = meter_of([(-20, 0.18), (-30, 0.22)] * 25, rate).momentary
    np.testing.assert_allclose(momentary[60:], -23.0, atol=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_3341_13_momentary_maximum_in_files(rate: int) -> None:
    for step in range(20):
        meter = meter_of([(SILENCE, 0.02 * step), (-23, 0.4), (SILENCE, 1)], rate)
        assert meter.momentary.max() == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_3341_14_momentary_maximum_in_a_stream(rate: int) -> None:
    meter = LoudnessMeter(rate, 2)
    for step in range(20):
        meter.process(tone([(SILENCE, 0.02 * step), (-38 + step, 0.4), (SILENCE, 0.4 - 0.02 * step)], rate))
        assert meter.momentary.max() == pytest.approx(-38.0 + step, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        pytest.param([-20, -30], 10.0, id="3342-1"),
        pytest.param([-20, -15], 5.0, id="3342-2"),
        pytest.param([-40, -20], 20.0, id="3342-3"),
        pytest.param([-50, -35, -20, -35, -50], 15.0, id="3342-4"),
    ],
)
def test_3342_loudness_range(levels: list[float], expected: float, rate: int) -> None:
    assert meter_of([(level, 20) for level in levels], rate).loudness_range == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, *RATES, 192000])
def test_bs1770_a_full_scale_sine_at_997_hz(rate: int) -> None:
    sine = np.sin(2 * np.pi * 997 / rate * np.arange(4 * rate))[None]
    assert integrated_loudness(sine, rate) == pytest.approx(-3.01, abs=0.05)
    assert integrated_loudness(np.vstack([sine, sine]), rate) == pytest.approx(0.0, abs=0.05)


def test_bs1770_the_table_of_48_khz() -> None:
    shelf, high_pass = k_weighting(48000)
    table = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    np.testing.assert_allclose(shelf, table, atol=1e-8)
    np.testing.assert_allclose(high_pass, [1, -2, 1, 1, -1.99004745483398, 0.99007225036621], atol=1e-8)


@pytest.mark.parametrize(("rate", "tolerance"), [(8000, 0.25), (22050, 0.06), (44100, 0.03), (192000, 0.05)])
def test_the_k_curve_is_the_same_at_every_rate(rate: int, tolerance: float) -> None:
    freqs = [30, 60, 100, 250, 1000]
    curves = response_db(k_weighting(rate), freqs, rate), response_db(k_weighting(48000), freqs, 48000)
    np.testing.assert_allclose(*curves, atol=tolerance)


def second_opinion(audio: np.ndarray, rate: int) -> tuple[float, float]:
    modes = pyebur128.MeasurementMode.MODE_I | pyebur128.MeasurementMode.MODE_LRA
    state = pyebur128.R128State(len(audio), rate, modes)
    state.add_frames(np.ascontiguousarray(audio.T).ravel(), audio.shape[1])
    return pyebur128.get_loudness_global(state), pyebur128.get_loudness_range(state)


@pytest.mark.parametrize("name", ["kick", "snare", "hi-hat", "bass", "guitar", "pad", "synth", "vocal"])
def test_libebur128_measures_the_same(stems: Mapping[str, np.ndarray], name: str) -> None:
    assert integrated_loudness(stems[name], 44100) == pytest.approx(second_opinion(stems[name], 44100)[0], abs=1e-6)


def test_libebur128_finds_the_same_range(stems: Mapping[str, np.ndarray]) -> None:
    """Within half an LU: libebur128 uses one window per second, we ten, and Tech 3342 allows both (an overlap of two thirds or more)."""
    mix = sum((np.broadcast_to(stem, (2, stem.shape[1])) for stem in stems.values()), start=np.zeros((2, 1)))
    meter = LoudnessMeter(44100, 2).process(mix)
    assert meter.loudness_range == pytest.approx(second_opinion(mix, 44100)[1], abs=0.5)


@pytest.mark.parametrize("rate", [8000, 16000, 32000, 48000, 96000])
def test_libebur128_measures_the_same_at_every_rate(rate: int) -> None:
    random = np.random.default_rng(rate)
    noise = random.standard_normal((2, 12 * rate)) * np.repeat([0.01, 0.3, 0.1], 4 * rate)
    assert integrated_loudness(noise, rate) == pytest.approx(second_opinion(noise, rate)[0], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rate", [44100, 11025])
def test_the_result_is_independent_of_the_cut_into_blocks(
    stems: Mapping[str, np.ndarray], rate: int, seed: int
) -> None:
    audio = stems["guitar"][:, 300_000:700_000]
    whole, meter = LoudnessMeter(rate, 2).process(audio), LoudnessMeter(rate, 2)
    for block in cut(audio, seed):
        meter.process(block)
    np.testing.assert_array_equal(meter.energies, whole.energies)


@pytest.mark.parametrize("rate", [8000, 11025, 12345, 22050, 44100])
def test_there_are_a_hundred_energies_a_second_at_any_rate(rate: int) -> None:
    ones = np.ones((1, 7 * rate))
    meter = LoudnessMeter(rate, 1).process(ones)
    assert len(meter.energies) == 700
    assert len(meter.momentary) == 661
    assert len(meter.short_term) == 401


def test_silence_and_very_short_audio_have_no_loudness() -> None:
    for frames in (0, 100, 44100 * 5):
        meter = LoudnessMeter(44100, 2).process(np.zeros((2, frames)))
        assert meter.integrated == -inf
        assert not np.isfinite(meter.momentary).any()
        assert not np.isfinite(meter.short_term).any()
        assert meter.loudness_range == 0.0
    assert integrated_loudness(np.ones((1, 17639)), 44100) == -inf


def test_silence_after_a_loud_part_measures_as_silence() -> None:
    meter = meter_of([(-3, 5), (SILENCE, 10)], 48000)
    assert meter.momentary[-1] < -150.0
    assert meter.short_term[-1] < -150.0


def test_the_functions_on_energies_equal_the_meter() -> None:
    meter = meter_of([(-20, 4), (-30, 4)], 48000)
    assert gated_loudness(meter.energies) == meter.integrated
    assert loudness_range(meter.energies) == meter.loudness_range
    np.testing.assert_array_equal(lufs(windowed(meter.energies, 40)), meter.momentary)


def test_weights_of_another_layout() -> None:
    sine = tone([(-20, 2)], 48000)
    with_lfe = np.vstack([sine, np.ones((1, sine.shape[1]))])
    meter = LoudnessMeter(48000, 3, weights=(1.0, 1.0, 0.0)).process(with_lfe)
    assert meter.integrated == integrated_loudness(sine, 48000)


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="weights"):
        LoudnessMeter(48000, 3)
    with pytest.raises(ValueError, match="2 weights for 1"):
        LoudnessMeter(48000, 1, weights=(1.0, 1.0))
    with pytest.raises(ValueError, match="2 channels"):
        LoudnessMeter(48000, 2).process(np.zeros((1, 10)))
