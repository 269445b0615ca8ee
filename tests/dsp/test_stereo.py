import numpy as np
import pytest

from tonnbook.dsp.linear_phase import TAPS
from tonnbook.dsp.stereo import balance_db, correlation, pan, side_impulse, width_db

MONO = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 4096))
STEREO = np.random.default_rng(2).uniform(-0.5, 0.5, (2, 4096))


@pytest.mark.parametrize("angle", [-60, -45, -10, 0, 7.5, 30, 60])
def test_the_power_of_a_mono_track_is_the_same_at_every_angle(angle: float) -> None:
    left, right = pan(MONO, angle)
    np.testing.assert_allclose(left**2 + right**2, 2 * MONO[0] ** 2, rtol=1e-12)


@pytest.mark.parametrize("audio", [MONO, STEREO], ids=["mono", "stereo"])
def test_the_centre_changes_nothing(audio: np.ndarray) -> None:
    np.testing.assert_array_equal(pan(audio, 0.0), np.broadcast_to(audio, (2, 4096)))


def test_hard_left_is_silent_on_the_right() -> None:
    left, right = pan(MONO, -60.0)
    np.testing.assert_allclose(left, np.sqrt(2) * MONO[0])
    assert np.abs(right).max() < 1e-15


def test_left_and_right_are_mirror_images() -> None:
    np.testing.assert_allclose(pan(STEREO, 25.0), pan(STEREO[::-1], -25.0)[::-1], atol=1e-15)


def test_panning_right_shifts_the_balance_and_narrows_a_stereo_track() -> None:
    angles = [0, 15, 30, 45, 60]
    balances = [balance_db(pan(STEREO, angle)) for angle in angles]
    assert balances == sorted(balances, reverse=True)
    sides = [np.std(np.subtract(*pan(np.vstack([MONO, -MONO]), angle))) for angle in angles]
    np.testing.assert_allclose(sides / sides[0], [1, 0.825, 0.65, 0.475, 0.3])


def test_an_angle_beyond_60_degrees_is_refused() -> None:
    with pytest.raises(ValueError, match="angle_deg"):
        pan(MONO, 61.0)


def test_correlation() -> None:
    assert correlation(np.vstack([MONO, MONO])) == pytest.approx(1.0)
    assert correlation(np.vstack([MONO, -0.3 * MONO])) == pytest.approx(-1.0)
    assert abs(correlation(STEREO)) < 0.05
    assert correlation(MONO) == 1.0
    assert correlation(np.zeros((2, 10))) == 1.0
    assert correlation(np.vstack([MONO, 0 * MONO])) == 0.0


def test_width() -> None:
    assert width_db(MONO) == -200.0
    assert width_db(np.vstack([MONO, MONO])) == -200.0
    assert width_db(np.vstack([MONO, -MONO])) == 200.0
    assert width_db(STEREO) == pytest.approx(0.0, abs=0.5)
    assert width_db(np.vstack([1.1 * MONO, 0.9 * MONO])) == pytest.approx(-20.0)
    assert width_db(np.zeros((2, 8))) == -200.0


def test_balance() -> None:
    assert balance_db(np.vstack([MONO, 0.5 * MONO])) == pytest.approx(6.0206, abs=1e-4)
    assert balance_db(MONO) == 0.0
    assert balance_db(np.zeros((2, 8))) == 0.0
    assert balance_db(np.vstack([0 * MONO, MONO])) == -200.0


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_the_derived_side_has_a_flat_level_and_is_unlike_the_middle(rate: int) -> None:
    impulse = side_impulse(-14.0, rate)
    assert impulse.shape == (TAPS,)
    spectrum, freqs = np.fft.rfft(impulse, 65536), np.fft.rfftfreq(65536, 1 / rate)
    level = 10 * np.log10(np.mean(np.square(np.abs(spectrum[(freqs > 250) & (freqs < 12000)]))))
    assert level == pytest.approx(-14.0, abs=1.0)
    assert 20 * np.log10(np.abs(spectrum[freqs < 120]).max()) < -40.0
    assert 20 * np.log10(np.abs(spectrum).max()) < -7.0
    # The response at time 0 is small, so in no band is the side a copy of the middle.
    assert abs(impulse[TAPS // 2]) < 0.2 * np.sqrt(np.sum(np.square(impulse)))
