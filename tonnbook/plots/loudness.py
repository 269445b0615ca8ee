"""Draw loudness over time: momentary, short-term and integrated loudness and the target, before and after.

For a master of the studio the curves of its notes are drawn; other sounds are measured here with the same meters.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf, isfinite

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.true_peak import true_peak_db
from tonnbook.models.masters import Master, Masters
from tonnbook.models.notes import Series, Sound
from tonnbook.plots.figure import Panel, Picture, describe, panel_or
from tonnbook.plots.spectrum import Sound as Playable
from tonnbook.plots.spectrum import sound
from tonnbook.plots.style import BLACK, BLUE, INK, VERMILLION, legend_above, plain

_HOP_S = 0.1
_LOWEST_LUFS = -60.0
_HEIGHT_IN = 2.6
_MARGIN_LU = 6.0


def plot_loudness(
    thing: Master | Masters | Playable,
    before: Playable | None = None,
    ax: Axes | None = None,
    *,
    target: float | None = None,
) -> Axes | Picture:
    """Draw loudness over time (BS.1770, EBU Tech 3341): momentary (400 ms) as a thin line, short-term (3 s) as a
    thick line, integrated as a horizontal line.

    `thing` is a master, drawn with its song and its target; an album, which gets one panel for each song; or any sound, with another
    one as `before`. The legend gives integrated loudness, true peak and PLR (peak to loudness ratio). Raises ValueError for an album
    without masters, and if `before` or `ax` is given for an album.
    """
    if isinstance(thing, Masters):
        if before is not None or ax is not None:
            raise ValueError(
                "an album has a panel for each song: draw one song, masters[0], for a `before` or an `ax` of your own"
            )
        return _panels(list(thing), target)
    ax = panel_or(ax, 8.0, 3.4)
    old = measured(before) if before is not None else None
    if isinstance(thing, Master):
        name, new, target = thing.name, _after(thing), _target(thing, target)
        old = old or _before(thing)
    else:
        name, new = "", measured(thing)
    if old is not None:
        _draw(ax, old, "before", VERMILLION, "--")
    _draw(ax, new, "after" if old is not None else "loudness", BLUE, "-")
    if target is not None:
        ax.axhline(target, color=BLACK, linewidth=1.0, linestyle=":", label=f"target {target:g} LUFS")
    _set_range(ax, [each for each in (old, new) if each], target)
    ax.set_xlabel("time, s")
    ax.set_ylabel("loudness, LUFS")
    of = f" of {name}" if name else ""
    ax.set_title(f"Loudness{of}: thin line 0.4 s, thick line 3 s", loc="left", color=INK, pad=20)
    legend_above(ax)
    plain(ax)
    words = f"before {levels_text(old)}, after {levels_text(new)}" if old else levels_text(new)
    describe(ax, f"Loudness over time{of}: {words}.")
    return ax


def measured(thing: Playable) -> Sound:
    """Return loudness over time, true peak and PLR of a sound."""
    audio, rate = sound(thing)
    meter = LoudnessMeter(rate, len(audio)).process(audio)
    integrated, peak = meter.integrated, true_peak_db(audio, rate)
    return Sound(
        loudness_lufs=_number(integrated),
        loudness_range_lu=meter.loudness_range,
        true_peak_dbtp=_number(peak),
        plr_lu=_number(peak - integrated) if isfinite(integrated) else None,
        momentary=_series(meter.momentary),
        short_term=_series(meter.short_term),
    )


def levels_text(measures: Sound) -> str:
    """Return integrated loudness, true peak and PLR as one phrase."""
    if measures.loudness_lufs is None:
        return "silence"
    peak = "" if measures.true_peak_dbtp is None else f", {measures.true_peak_dbtp:.1f} dBTP"
    return f"{measures.loudness_lufs:.1f} LUFS{peak}" + (
        "" if measures.plr_lu is None else f", PLR {measures.plr_lu:.1f} LU"
    )


def curve(series: Series, window_s: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times in s and values of a curve; each value stands at the end of its window. Missing values are NaN and are not drawn."""
    values = np.array([np.nan if value is None else value for value in series.values], dtype=np.float64)
    times = window_s + np.arange(len(values), dtype=np.float64) * series.hop_s
    return np.asarray(times, dtype=np.float64), values


def _panels(masters: Sequence[Master], target: float | None) -> Picture:
    if not masters:
        raise ValueError("there is no finished master to draw: every song of the album failed")
    picture = Picture(8.0, _HEIGHT_IN * len(masters))
    for n, master in enumerate(masters, start=1):
        plot_loudness(master, ax=picture.add_subplot(len(masters), 1, n, axes_class=Panel), target=target)
    return picture


def _before(master: Master) -> Sound | None:
    if master.notes is not None:
        return master.notes.before
    return measured(master.source) if master.source and master.master else None


def _after(master: Master) -> Sound:
    return master.notes.after if master.notes is not None else measured(master.master or master.preview)


def _target(master: Master, target: float | None) -> float | None:
    if target is not None:
        return target
    if master.notes is not None:
        return master.notes.target_lufs
    return master.request.target_lufs if master.request else None


def _draw(ax: Axes, measures: Sound, name: str, colour: str, line: str) -> None:
    if measures.momentary:
        ax.plot(*curve(measures.momentary, 0.4), color=colour, linewidth=0.6, alpha=0.45)
    if measures.short_term:
        ax.plot(*curve(measures.short_term, 3.0), color=colour, linewidth=2.0, linestyle=line)
    if measures.loudness_lufs is not None:
        ax.axhline(
            measures.loudness_lufs,
            color=colour,
            linewidth=1.0,
            linestyle=line,
            label=f"{name}: {levels_text(measures)}",
        )


def _set_range(ax: Axes, sounds: Sequence[Sound], target: float | None) -> None:
    """Set the range of the axis: up to the highest momentary value, down to the lowest short-term one, as short gaps would flatten the rest."""
    strong = [value for each in sounds for value in (*_values(each.short_term), each.loudness_lufs, target)]
    thin = [value for each in sounds for value in _values(each.momentary)]
    held = [value for value in strong if value is not None and value > _LOWEST_LUFS]
    high = [value for value in (*held, *thin) if value is not None]
    ax.set_ylim(max(_LOWEST_LUFS, min(held, default=-40.0) - _MARGIN_LU), max(high, default=-10.0) + 3.0)


def _values(series: Series | None) -> tuple[float | None, ...]:
    return series.values if series else ()


def _series(values: NDArray[np.float64]) -> Series:
    step = round(_HOP_S * 100)
    padded = np.pad(values, (0, ceil(len(values) / step) * step - len(values)), constant_values=-inf)
    largest = padded.reshape(-1, step).max(axis=1)
    return Series(hop_s=_HOP_S, values=tuple(_number(value) for value in largest.tolist()))


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
