"""The soft clipper: its curve, its harmonics, and unchanged audio below the knee. The declipper: restored peaks."""

import numpy as np
import pytest
from cuts import cut

from tonnbook.dsp.clip import KNEE_DB, Declipper, SoftClipper, clipped
from tonnbook.dsp.levels import db, to_gain
from tonnbook.dsp.true_peak import true_peak_db

RATE = 44100


def rounded(audio: np.ndarray, ceiling_db: float, seed: int = 0) -> np.ndarray:
    clipper = SoftClipper(len(audio), ceiling_db)
    return np.concatenate([*(clipper.process(block) for block in cut(audio, seed)), clipper.flush()], axis=1)


def tone(frequency: float, amplitude: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.hanning(len(time)) * np.sin(2 * np.pi * frequency * time))[None]


def test_the_curve_is_linear_up_to_the_knee_and_approaches_the_ceiling() -> None:
    levels = np.linspace(0.0, 4.0, 400)
    curve = clipped(levels, 0.9)
    below = levels <= 0.9 * to_gain(-KNEE_DB)
    assert np.array_equal(curve[below], levels[below])
    assert (np.diff(curve) > -1e-12).all()
    assert (np.diff(curve, 2)[~below[2:]] < 1e-9).all()
    assert 0.899 < curve[-1] <= 0.9


def test_audio_below_the_knee_is_unchanged_bit_for_bit() -> None:
    audio = tone(1000, to_gain(-1.0 - KNEE_DB - 0.1))
    assert np.array_equal(rounded(audio, -1.0), audio)


def test_peaks_are_rounded_to_the_ceiling() -> None:
    assert true_peak_db(rounded(tone(1000, 1.4), -1.0), RATE) == pytest.approx(-1.0, abs=0.1)


def test_only_odd_harmonics_are_made_and_there_is_no_aliasing() -> None:
    spectrum = np.abs(np.fft.rfft(rounded(tone(1000, 1.4, 2.0), -1.0)[0]))
    freqs = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    harmonic = np.abs((freqs / 1000) - np.round(freqs / 1000)) * 1000 < 30
    odd = harmonic & (np.round(freqs / 1000) % 2 == 1)
    assert db(float(spectrum[~odd].max() / spectrum.max())) < -90


@pytest.mark.parametrize("seed", [1, 2])
def test_the_clipper_is_independent_of_the_cut_into_blocks(stems: dict[str, np.ndarray], seed: int) -> None:
    audio = stems["guitar"][:, :200_000] * 3
    out = rounded(audio, -3.0, seed)
    assert out.shape == audio.shape
    assert np.array_equal(out, rounded(audio, -3.0))
    assert np.abs(out - audio).max() > 0.1


def repaired(audio: np.ndarray, ceiling: float, seed: int = 0) -> tuple[np.ndarray, int]:
    declipper = Declipper(RATE, len(audio), ceiling)
    out = np.concatenate([*(declipper.process(block) for block in cut(audio, seed)), declipper.flush()], axis=1)
    return out, declipper.runs


@pytest.mark.parametrize("frequency", [110, 220, 997])
def test_most_of_a_clipped_tone_is_restored(frequency: float) -> None:
    whole = np.sin(2 * np.pi * frequency * np.arange(2 * RATE) / RATE)[None]
    clipped_wave = np.clip(whole, -0.8, 0.8)
    out, runs = repaired(clipped_wave, 0.8)
    assert runs == pytest.approx(2 * 2 * frequency, abs=2)
    assert np.std(out - whole) < 0.12 * np.std(clipped_wave - whole)


def test_recordings_are_restored_by_3_db_in_the_median_and_none_is_made_worse(stems: dict[str, np.ndarray]) -> None:
    changes_db = []
    for name in ("kick", "snare", "hi-hat", "bass", "guitar", "synth", "vocal"):
        whole = np.atleast_2d(stems[name])[:, 4 * RATE : 8 * RATE].astype(float)
        for below_peak_db in (3.0, 6.0, 10.0):
            ceiling = float(np.abs(whole).max() * to_gain(-below_peak_db))
            lost = np.abs(whole) > ceiling
            clipped_take = np.clip(whole, -ceiling, ceiling)
            error = np.std((repaired(clipped_take, ceiling)[0] - whole)[lost])
            changes_db.append(db(float(error / np.std((clipped_take - whole)[lost]))))
    assert max(changes_db) < 0.01
    assert np.median(changes_db) < -3.0


def test_samples_below_the_ceiling_are_unchanged() -> None:
    clipped_wave = np.clip(np.random.default_rng(5).standard_normal((2, 30_000)).cumsum(axis=1) * 0.02, -0.5, 0.5)
    out, _ = repaired(clipped_wave, 0.5)
    free = np.abs(clipped_wave) < 0.5
    assert np.array_equal(out[free], clipped_wave[free])
    assert (np.abs(out[~free]) >= 0.5).all()


def test_a_square_wave_is_not_declipped() -> None:
    square = np.sign(np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE))[None] * 0.7
    assert np.array_equal(repaired(square, 0.7)[0], square)


def test_the_declipper_is_independent_of_the_cut_into_blocks() -> None:
    clipped_wave = np.clip(np.sin(np.arange(200_000) * 0.03)[None] * 1.3, -1.0, 1.0)
    first, runs = repaired(clipped_wave, 1.0)
    second, again = repaired(clipped_wave, 1.0, seed=4)
    assert np.array_equal(first, second)
    assert runs == again > 1000


def test_each_channel_and_each_polarity_has_its_own_ceiling() -> None:
    wave = np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE)
    clipped_wave = np.stack([np.clip(wave, -0.5, np.inf), np.clip(wave, -np.inf, 0.8)])
    declipper = Declipper(RATE, 2, ((np.inf, 0.5), (0.8, np.inf)))
    out = np.concatenate([declipper.process(clipped_wave), declipper.flush()], axis=1)
    assert declipper.runs == 2 * 220
    assert np.array_equal(out[0][wave > -0.49], wave[wave > -0.49])
    assert np.array_equal(out[1][wave < 0.79], wave[wave < 0.79])
    assert out[0].min() < -0.6
    assert out[1].max() > 0.85
