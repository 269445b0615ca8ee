"""Loudness over time, as broadcasters draw it: momentary, short-term, the integrated value, the target; before and after.

What a studio measured while mastering is drawn as it stands in its notes; anything else is measured here, by the same meters.
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
from tonnbook.plots.look import BLACK, BLUE, INK, VERMILLION, legend_above, plain
from tonnbook.plots.picture import Panel, Picture, describe, panel_or
from tonnbook.plots.spectrum import Sound as Playable
from tonnbook.plots.spectrum import sound

_HOP_S = 0.1
_LOWEST_LUFS = -60.0
_HEIGHT_IN = 2.6
_ROOM_LU = 6.0


def plot_loudness(
    thing: Master | Masters | Playable,
    before: Playable | None = None,
    ax: Axes | None = None,
    *,
    target: float | None = None,
) -> Axes | Picture:
    """Draw loudness over time (BS.1770, EBU Tech 3341): momentary (400 ms) thin, short-term (3 s) strong, integrated as a level line.

    `thing` is a master, which brings its song and its target along; an album, which gives one panel for each song; or any sound,
    with another one as `before`. The legend names integrated loudness, true peak and PLR, the distance between the two. Raises
    ValueError for an album without a master, and where `before` or `ax` are given for an album of several panels.
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
    ax.set_title(f"Loudness{of}: thin over 0.4 s, strong over 3 s", loc="left", color=INK, pad=20)
    legend_above(ax)
    plain(ax)
    words = f"before {said(old)}, after {said(new)}" if old else said(new)
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


def said(heard: Sound) -> str:
    """Return integrated loudness, true peak and PLR in words."""
    if heard.loudness_lufs is None:
        return "silence"
    peak = "" if heard.true_peak_dbtp is None else f", {heard.true_peak_dbtp:.1f} dBTP"
    return f"{heard.loudness_lufs:.1f} LUFS{peak}" + ("" if heard.plr_lu is None else f", PLR {heard.plr_lu:.1f} LU")


def curve(series: Series, window_s: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and values of a curve; a value stands at the end of its window. What has no value is not drawn."""
    values = np.array([np.nan if value is None else value for value in series.values], dtype=np.float64)
    times = window_s + np.arange(len(values), dtype=np.float64) * series.hop_s
    return np.asarray(times, dtype=np.float64), values


def _panels(masters: Sequence[Master], target: float | None) -> Picture:
    if not masters:
        raise ValueError("there is no finished master to draw: no song of the album has come through")
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


def _draw(ax: Axes, heard: Sound, name: str, colour: str, line: str) -> None:
    if heard.momentary:
        ax.plot(*curve(heard.momentary, 0.4), color=colour, linewidth=0.6, alpha=0.45)
    if heard.short_term:
        ax.plot(*curve(heard.short_term, 3.0), color=colour, linewidth=2.0, linestyle=line)
    if heard.loudness_lufs is not None:
        ax.axhline(heard.loudness_lufs, color=colour, linewidth=1.0, linestyle=line, label=f"{name}: {said(heard)}")


def _set_range(ax: Axes, sounds: Sequence[Sound], target: float | None) -> None:
    """Let the axis hold the highest moment, and of the low ones what lasts: a gap between two notes would press all else flat."""
    strong = [value for each in sounds for value in (*_values(each.short_term), each.loudness_lufs, target)]
    thin = [value for each in sounds for value in _values(each.momentary)]
    held = [value for value in strong if value is not None and value > _LOWEST_LUFS]
    high = [value for value in (*held, *thin) if value is not None]
    ax.set_ylim(max(_LOWEST_LUFS, min(held, default=-40.0) - _ROOM_LU), max(high, default=-10.0) + 3.0)


def _values(series: Series | None) -> tuple[float | None, ...]:
    return series.values if series else ()


def _series(values: NDArray[np.float64]) -> Series:
    step = round(_HOP_S * 100)
    padded = np.pad(values, (0, ceil(len(values) / step) * step - len(values)), constant_values=-inf)
    largest = padded.reshape(-1, step).max(axis=1)
    return Series(hop_s=_HOP_S, values=tuple(_number(value) for value in largest.tolist()))


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
