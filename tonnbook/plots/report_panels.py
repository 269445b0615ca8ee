"""Draw the picture of a report: loudness over time, spectrum compared with the style, stereo field by band."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.analysis import TONAL_HZ, Analysis, Diagnosis
from tonnbook.models.notes import Series
from tonnbook.plots.figure import Picture
from tonnbook.plots.style import BLUE, FAINT, GREEN, INK, PURPLE, VERMILLION, frequency_axis, hertz, plain, signed

_MIX_LUFS, _MASTER_LUFS = (-24.0, -15.0), (-17.5, -15.0)
_WIDEST_DB, _NARROWEST_DB = 10.0, -40.0
_USUAL_WIDTH_DB = (-20.0, -5.0)
_HALF_A_THIRD = 2.0 ** (1 / 6)


def draw(analysis: Analysis, notes: Diagnosis) -> Picture:
    """Return a picture of four panels, up to the highest frequency that the file can contain."""
    highest_hz = analysis.verdicts.sample_rate / 2.0
    notes = notes.model_copy(update={"bands": tuple(band for band in notes.bands if band.low_hz < highest_hz)})
    picture = Picture(7.6, 6.6)
    grid = picture.add_gridspec(3, 2, height_ratios=(1.15, 1.2, 1.0))
    words = [
        loudness(picture.add_subplot(grid[0, :]), analysis, notes),
        spectrum(picture.add_subplot(grid[1, :]), notes, highest_hz),
        width(picture.add_subplot(grid[2, 0]), notes),
        correlation(picture.add_subplot(grid[2, 1]), notes),
    ]
    picture.alt = " ".join(words)
    return picture


def loudness(ax: Axes, analysis: Analysis, notes: Diagnosis) -> str:
    """Draw loudness over time with the recommended range and a mark for each clip; return the description."""
    verdicts = analysis.verdicts
    low, high = _MASTER_LUFS if verdicts.mix_style == "MASTER" else _MIX_LUFS
    ax.axhspan(low, high, color=GREEN, alpha=0.12, linewidth=0)
    ax.text(0.005, high, " recommended", transform=ax.get_yaxis_transform(), fontsize=8, color=INK, va="top")
    for series, window_s, colour, line_width, label in (
        (notes.momentary, 0.4, FAINT, 0.8, "momentary, 0.4 s"),
        (notes.short_term, 3.0, BLUE, 2.0, "short-term, 3 s"),
    ):
        if series and series.values:
            ax.plot(*_curve(series, window_s), label=label, color=colour, linewidth=line_width)
    ax.axhline(verdicts.loudness_lufs, color=VERMILLION, linestyle="--", linewidth=1.2, label="integrated")
    bottom = min(verdicts.loudness_lufs - 24.0, low - 6.0)
    ax.set_ylim(bottom, max(high + 8.0, (notes.momentary_max_lufs or verdicts.loudness_lufs) + 3.0))
    clips = notes.clips
    if clips.places_s:
        ax.plot(clips.places_s, [bottom + 1.5] * len(clips.places_s), "|", color=INK, markersize=9, label="clipped")
    ax.set_xlim(0.0, notes.seconds)
    ax.set_xlabel("time, s")
    ax.set_ylabel("LUFS")
    ax.set_title("Loudness", loc="left", color=INK, fontsize=10)
    ax.legend(
        fontsize=8, frameon=False, ncols=4, loc="lower right", bbox_to_anchor=(1.0, 0.98)
    )  # above the axes: the marks of the clips are below
    plain(ax)
    clipped = f", clipped in {clips.runs} places, the first at {clips.places_s[0]:.1f} s" if clips.places_s else ""
    return f"Loudness over {notes.seconds:.0f} s: integrated {verdicts.loudness_lufs:.1f} LUFS, recommended {low:g} to {high:g}{clipped}."


def spectrum(ax: Axes, notes: Diagnosis, highest_hz: float) -> str:
    """Draw the long-term spectrum and that of the style, up to the highest frequency of the file; return the description."""
    centres = np.array(THIRD_OCTAVES)
    there = centres * _HALF_A_THIRD <= highest_hz
    tone = np.where(there, notes.tone_db, np.nan)
    target = np.array(notes.target_tone_db)
    middle = slice(
        THIRD_OCTAVES.index(200), THIRD_OCTAVES.index(4000) + 1
    )  # so that an unusual end of the spectrum does not shift the rest
    shift = float(np.nanmean((target - tone)[middle]))
    ax.fill_between(centres, target - 3.0, target + 3.0, color=GREEN, alpha=0.15, linewidth=0, label="style, ±3 dB")
    ax.plot(centres, target, color=GREEN, linestyle="--", linewidth=1.2)
    ax.plot(centres, tone + shift, color=BLUE, linewidth=2.0, label="this track")
    top, bottom = max(float(np.nanmax(tone + shift)), float(target.max())) + 9.0, float(target.min()) - 10.0
    ax.set_ylim(bottom, top)
    words = []
    for band in notes.tonal:
        low, high = TONAL_HZ[band.name]
        ax.axvline(low, color=FAINT, linewidth=0.6)
        text = "not in this file" if band.level_db is None else f"{signed(band.level_db - band.target_db)} dB"
        ax.text(np.sqrt(low * high), top - 1.0, text, fontsize=8, color=INK, ha="center", va="top")
        words.append(f"{hertz(low)} to {hertz(high)} {text}")
    frequency_axis(ax)
    ax.set_xlabel("frequency, Hz")
    ax.set_ylabel("dB, third-octaves")
    ax.set_title(
        "Spectrum against the style, and the share of each range compared with the style",
        loc="left",
        color=INK,
        fontsize=10,
    )
    ax.legend(fontsize=8, frameon=False, loc="lower center", ncols=2)
    plain(ax)
    return f"Spectrum against the style: {', '.join(words)}."


def width(ax: Axes, notes: Diagnosis) -> str:
    """Draw the width of each band; return the description."""
    values = [
        _NARROWEST_DB if b.width_db is None else float(np.clip(b.width_db, _NARROWEST_DB, _WIDEST_DB))
        for b in notes.bands
    ]
    places = range(len(values))
    ax.axhspan(*_USUAL_WIDTH_DB, color=GREEN, alpha=0.12, linewidth=0)
    ax.vlines(places, _NARROWEST_DB, values, color=PURPLE, linewidth=2.0)
    ax.plot(places, values, "D", color=PURPLE, markersize=6)
    ax.set_ylim(_NARROWEST_DB - 2.0, _WIDEST_DB + 2.0)
    ax.set_ylabel("side against middle, dB")
    ax.set_title("Width", loc="left", color=INK, fontsize=10)
    _band_axis(ax, notes)
    whole = "no side at all" if notes.width_db is None else f"side {signed(notes.width_db)} dB against the middle"
    return f"Width: {whole}."


def correlation(ax: Axes, notes: Diagnosis) -> str:
    """Draw the correlation of left and right in each band and the share of time it is below 0; return the description."""
    places = range(len(notes.bands))
    ax.axhspan(-1.0, 0.0, color=VERMILLION, alpha=0.08, linewidth=0)
    ax.plot(places, [band.correlation for band in notes.bands], "o-", color=BLUE, linewidth=1.2, markersize=6)
    for place, band in zip(places, notes.bands, strict=True):
        if band.out_of_phase >= 0.005:
            under = band.correlation > -0.5  # otherwise it would overlap the axis
            at, side = (band.correlation - 0.12, "top") if under else (band.correlation + 0.12, "bottom")
            ax.text(place, at, f"{band.out_of_phase:.0%}", fontsize=7, color=INK, ha="center", va=side)
    ax.set_ylim(-1.1, 1.1)
    ax.set_ylabel("correlation")
    ax.set_title("Left and right (%: time out of phase)", loc="left", color=INK, fontsize=10)
    _band_axis(ax, notes)
    worst = min(notes.bands, key=lambda band: band.correlation)
    return f"Lowest correlation {worst.correlation:.2f}, {hertz(worst.low_hz)} to {hertz(worst.high_hz)}."


def _band_axis(ax: Axes, notes: Diagnosis) -> None:
    names = [hertz(band.low_hz).replace(" Hz", "").replace(" kHz", "k") for band in notes.bands]
    ax.set_xticks(range(len(names)), [f"{name}-" for name in names])
    ax.set_xlabel("band from, Hz")
    plain(ax, size=8)


def _curve(series: Series, window_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and values; each value stands at the end of its window."""
    values = np.array([np.nan if value is None else value for value in series.values], dtype=np.float64)
    times: NDArray[np.float64] = window_s + np.arange(len(values), dtype=np.float64) * series.hop_s
    return times, values
