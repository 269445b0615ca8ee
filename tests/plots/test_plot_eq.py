from __future__ import annotations

import numpy as np
import pytest
from handmade_mixes import Mix
from scipy.signal import freqz_sos

from tonnbook.dsp.filters import eq
from tonnbook.models.effects import EqBand, EqBandReading, TrackEffects, TrackSettings
from tonnbook.plots import plot_eq
from tonnbook.plots.eq import curve_db

BANDS = (EqBandReading(centre_hz=120, gain_db=-4, q=0.9), EqBandReading(centre_hz=3500, gain_db=2.5, q=2))


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_curve_is_the_response_of_the_filter_that_renders(rate: int) -> None:
    ax = plot_eq(TrackSettings(eq=BANDS), rate=rate)
    curve = max(ax.lines, key=lambda line: line.get_linewidth())
    _, response = freqz_sos(eq(BANDS, rate), worN=curve.get_xdata(), fs=rate)
    assert np.allclose(curve.get_ydata(), 20 * np.log10(np.abs(response)), atol=1e-9)


def test_no_bands_draw_a_flat_line() -> None:
    assert np.array_equal(curve_db(()), np.zeros(400))
    assert plot_eq(TrackSettings()).figure.description == "EQ of track: flat."


def test_axes_are_in_engineers_units() -> None:
    ax = plot_eq(TrackSettings(eq=BANDS))
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale()) == ("frequency, Hz", "gain, dB", "log")
    assert ax.get_xlim() == (20, 20000)
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert ticks == ["20", "50", "100", "200", "500", "1k", "2k", "5k", "10k", "20k"]


def test_each_band_is_marked_on_the_curve_and_named_in_the_legend() -> None:
    ax = plot_eq(TrackSettings(eq=BANDS), track="vocal")
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["−4.0 dB at 120 Hz, Q 0.9", "+2.5 dB at 3.5 kHz, Q 2"]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in marks] == [120, 3500]
    assert marks[0].get_ydata()[0] == pytest.approx(-4, abs=0.05)
    assert ax.get_title(loc="left") == "EQ of vocal"


def test_all_tracks_differ_in_line_and_marker_not_in_colour_alone(mix: Mix) -> None:
    curves = [line for line in plot_eq(mix).lines if line.get_label() in {"kick", "snare", "bass", "vocal", "pad"}]
    assert len({line.get_marker() for line in curves}) == 5
    assert len({(line.get_color(), line.get_linestyle()) for line in curves}) == 5


def test_draws_into_axes_of_others_and_returns_them(mix: Mix) -> None:
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert plot_eq(mix, ax, track="vocal") is ax
    assert plot_eq(mix, track="vocal.flac").get_title(loc="left") == "EQ of vocal"


def test_an_effect_can_be_seen_before_it_is_sent() -> None:
    ax = plot_eq(TrackEffects(eq=(EqBand(centre_hz=3000, gain_db=3, q=1),)), track="vocal")
    assert ax.figure.description == "EQ of vocal: +3.0 dB at 3 kHz (Q 1)."


def test_bands_outside_the_ranges_stay_on_the_page(live: Mix) -> None:
    ax = plot_eq(live, track="masks-bass")
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in marks] == [20, 20000]
    low, high = ax.get_ylim()
    assert all(
        low < line.get_ydata().min() and line.get_ydata().max() < high for line in ax.lines if len(line.get_xdata()) > 2
    )
