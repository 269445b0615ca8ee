"""Filters, compared with theory (-3 dB at the cutoff) and with scipy's evaluation of the same coefficients."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from cuts import cut
from scipy import signal

from tonnbook.dsp.filters import Filter, eq, high_pass, high_shelf, low_pass, low_shelf, peaking, response_db

RATES = [8000, 44100, 48000, 96000, 192000]
HALF_POWER_DB = 10 * np.log10(0.5)


@dataclass(frozen=True)
class Bell:
    centre_hz: float
    gain_db: float
    q: float


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.001, 0.02, 0.25, 0.45, 0.49])
@pytest.mark.parametrize("order", [1, 2, 3, 4, 8])
def test_a_pass_filter_is_3_db_down_at_its_cutoff(rate: int, share: float, order: int) -> None:
    cutoff = share * rate
    for sos in (high_pass(cutoff, rate, order), low_pass(cutoff, rate, order)):
        assert response_db(sos, cutoff, rate) == pytest.approx(HALF_POWER_DB, abs=1e-6)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 7])
def test_pass_filters_are_the_butterworth_filters_of_scipy(order: int) -> None:
    freqs = np.geomspace(20, 22000, 200)
    for kind, make in (("highpass", high_pass), ("lowpass", low_pass)):
        _, ours = signal.sosfreqz(make(1000, 44100, order), freqs, fs=44100)
        _, theirs = signal.sosfreqz(signal.butter(order, 1000, kind, fs=44100, output="sos"), freqs, fs=44100)
        np.testing.assert_allclose(ours, theirs, rtol=1e-7)


def test_an_order_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        low_pass(1000, 44100, 0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("gain_db", [-20.0, -3.0, 6.0, 20.0])
@pytest.mark.parametrize("q", [0.1, 1.0, 10.0])
def test_a_bell_has_its_gain_at_its_centre_and_none_far_away(rate: int, gain_db: float, q: float) -> None:
    for centre in (20.0, 1000.0, 0.45 * rate):
        sos = peaking(centre, gain_db, q, rate)
        assert response_db(sos, centre, rate) == pytest.approx(gain_db, abs=1e-6)
        assert response_db(sos, [0.0, rate / 2], rate) == pytest.approx(0.0, abs=1e-6)


def test_a_bell_has_half_its_gain_at_the_edges_of_its_band() -> None:
    centre, q = 1000.0, 2.0
    edges = centre * (np.sqrt(1 + 1 / (4 * q * q)) + np.array([-1, 1]) / (2 * q))
    np.testing.assert_allclose(response_db(peaking(centre, 12.0, q, 192000), edges, 192000), 6.0, atol=0.02)


@pytest.mark.parametrize("gain_db", [-12.0, 12.0])
def test_a_shelf_has_its_gain_on_its_side_and_half_of_it_at_the_corner(gain_db: float) -> None:
    low, high = low_shelf(500, gain_db, 0.7, 48000), high_shelf(500, gain_db, 0.7, 48000)
    np.testing.assert_allclose(response_db(low, [0.0, 500, 24000], 48000), [gain_db, gain_db / 2, 0], atol=1e-6)
    np.testing.assert_allclose(response_db(high, [0.0, 500, 24000], 48000), [0, gain_db / 2, gain_db], atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_every_filter_is_stable_up_to_the_highest_centre(rate: int) -> None:
    for centre in (20.0, 0.49 * rate, 5 * rate):
        bells = [peaking(centre, gain, q, rate) for gain in (-20.0, 20.0) for q in (0.1, 10.0)]
        shelves = [low_shelf(centre, 12.0, 0.7, rate), high_shelf(centre, -12.0, 0.7, rate)]
        for section in np.vstack(bells + shelves + [high_pass(centre, rate, 3), low_pass(centre, rate, 4)]):
            assert np.all(np.abs(np.roots(section[3:])) < 1.0)


def test_0_db_changes_nothing_bit_for_bit(stems: Mapping[str, np.ndarray]) -> None:
    vocal = stems["vocal"]
    for sos in (peaking(1000, 0.0, 1.0, 44100), eq([], 44100), eq([Bell(100, 0, 1), Bell(5000, 0, 3)], 44100)):
        np.testing.assert_array_equal(Filter(sos, 1).process(vocal), vocal)


@pytest.mark.parametrize("rate", RATES)
def test_response_db_is_the_response_of_the_filter(rate: int) -> None:
    bands = [Bell(8000, 6, 0.7), Bell(50, -9, 1.2), Bell(400, 3, 10), Bell(2500, -20, 0.1)]
    sos = eq(bands, rate)
    freqs = np.append(np.geomspace(20, 0.49 * rate, 100), 0.4999 * rate)
    _, scipys = signal.sosfreqz(sos, freqs, fs=rate)
    np.testing.assert_allclose(response_db(sos, freqs, rate), 20 * np.log10(np.abs(scipys)), atol=1e-6)
    click = np.zeros((1, 2 * rate))
    click[0, 0] = 1.0
    spectrum = np.fft.rfft(Filter(sos, 1).process(click)[0])
    bins = np.fft.rfftfreq(2 * rate, 1 / rate)[40:-1]
    np.testing.assert_allclose(20 * np.log10(np.abs(spectrum[40:-1])), response_db(sos, bins, rate), atol=1e-4)


def test_the_bands_of_an_eq_are_sorted_by_frequency() -> None:
    bands = [Bell(8000, 6, 0.7), Bell(50, -9, 1.2)]
    np.testing.assert_array_equal(
        eq(bands, 44100), np.vstack([peaking(50, -9, 1.2, 44100), peaking(8000, 6, 0.7, 44100)])
    )


def test_without_bands_the_filter_is_empty_and_flat() -> None:
    assert eq([], 44100).shape == (0, 6)
    np.testing.assert_array_equal(response_db(eq([], 44100), [20, 2000], 44100), [0.0, 0.0])


@pytest.mark.parametrize("seed", range(3))
def test_the_output_is_independent_of_the_cut_into_blocks(stems: Mapping[str, np.ndarray], seed: int) -> None:
    guitar = stems["guitar"][:, 400_000:600_000]
    sos = eq([Bell(60, 6, 3), Bell(3000, -4, 1)], 44100)
    whole, filter_ = Filter(sos, 2).process(guitar), Filter(sos, 2)
    np.testing.assert_array_equal(np.hstack([filter_.process(block) for block in cut(guitar, seed)]), whole)


def test_float32_goes_in_and_float64_comes_out() -> None:
    assert Filter(eq([], 44100), 1).process(np.ones((1, 5), np.float32)).dtype == np.float64


@pytest.mark.parametrize("seed", range(2))
def test_after_a_long_silence_the_state_is_zero_and_filtering_goes_on(
    stems: Mapping[str, np.ndarray], seed: int
) -> None:
    """A state that decays into denormal numbers would make silence slower than sound."""
    sound = stems["guitar"][:, 400_000:420_000]
    audio = np.hstack([sound, np.zeros((2, 600_000)), sound])
    sos = eq([Bell(100, 6, 1), Bell(3000, -4, 1)], 44100)
    whole, filter_ = Filter(sos, 2).process(audio), Filter(sos, 2)
    assert not whole[:, 500_000:620_000].any()
    np.testing.assert_array_equal(np.hstack([filter_.process(block) for block in cut(audio, seed)]), whole)
    np.testing.assert_allclose(whole[:, 620_000:], whole[:, :20_000], atol=1e-12)
