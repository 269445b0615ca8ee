import numpy as np
import pytest

from tonnbook.dsp.levels import db, peak, rms, to_gain


@pytest.mark.parametrize(("gain", "level"), [(1.0, 0.0), (10.0, 20.0), (-0.1, -20.0), (0.0, -200.0), (1e-30, -200.0)])
def test_the_level_of_a_gain(gain: float, level: float) -> None:
    assert db(gain) == pytest.approx(level)


def test_gain_and_level_are_inverse() -> None:
    levels = np.linspace(-150, 40, 77)
    np.testing.assert_allclose(db(to_gain(levels)), levels, atol=1e-12)
    assert to_gain(-np.inf) == 0.0
    assert db(0.0, floor=-90.0) == pytest.approx(-90.0)


def test_a_number_gives_a_number_and_an_array_an_array() -> None:
    assert isinstance(db(0.5), float)
    assert isinstance(to_gain(-6.0), float)
    assert db(np.array([[0.5, 1.0]])).shape == (1, 2)


def test_peak_and_rms_of_a_sine() -> None:
    sine = 0.5 * np.sin(2 * np.pi * np.arange(48000) / 48)[None]
    assert peak(sine) == pytest.approx(0.5)
    assert peak(-np.array([[0.1, 0.7]])) == 0.7
    assert rms(np.vstack([sine, sine])) == pytest.approx(0.5 / np.sqrt(2))


def test_an_empty_array_has_no_level() -> None:
    assert peak(np.empty((2, 0))) == 0.0
    assert rms(np.empty((2, 0))) == 0.0
