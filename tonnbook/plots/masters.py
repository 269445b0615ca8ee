"""Draw masters: tone with its target, gain reduction of the limiter over time, and an overview of an album."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tonnbook.models.mastering import MasterNotes
from tonnbook.models.masters import Master, Masters, Spread, spread
from tonnbook.models.notes import Sound
from tonnbook.models.tone import centred, distance_db, filled
from tonnbook.plots.figure import Panel, Picture, describe, panel_or
from tonnbook.plots.loudness import curve
from tonnbook.plots.style import (
    BLACK,
    BLUE,
    FAINT,
    GREEN,
    INK,
    VERMILLION,
    frequency_axis,
    legend_above,
    plain,
    signed,
    track_style,
)

_LEGEND_LETTERS = 110  # in a line of the legend, line samples included
_LONGEST_NAME = 32
_NOT_MASTERS = "this draws finished masters, not a {}: pass the result of tonn.master(...) or tonn.master_all(...)"


def plot_tone(master: Master, ax: Axes | None = None) -> Axes:
    """Draw a song's third-octave spectrum before and after, its target, and the gain of the linear-phase curve between them.

    Spectra are in dB around their mean over the bands that have content, so that they show tone without level. The legend gives the
    distance of the broad shapes from the target. Raises ValueError for a master that the studio did not make, TypeError for anything else.
    """
    notes, ax = _notes(master), panel_or(ax, 8.0, 3.9)
    tone = notes.tone
    if tone is None:
        raise ValueError(f"the notes of {master.name} have no tone")
    centres = np.array(tone.centres_hz)
    used = filled(notes.before.tone_db, tone.target_db)
    was, now = (distance_db(each.tone_db, tone.target_db) for each in (notes.before, notes.after))
    looks: tuple[tuple[Sequence[float], str, dict[str, Any]], ...] = (
        (tone.target_db, "target", {"color": BLACK, "linewidth": 1.2, "linestyle": ":"}),
        (
            notes.before.tone_db,
            f"before, {was:.1f} dB away",
            {"color": VERMILLION, "linewidth": 1.6, "linestyle": "--"},
        ),
        (notes.after.tone_db, f"after, {now:.1f} dB away", {"color": BLUE, "linewidth": 2.2}),
    )
    for levels, name, look in looks:
        ax.plot(centres, _tone(levels, used), label=name, **look)
    applied = np.array(tone.applied_db)
    ax.fill_between(centres, 0.0, applied, color=GREEN, alpha=0.25, linewidth=0)
    ax.plot(centres, applied, color=GREEN, linewidth=1.4, linestyle="-.", label="gain of the curve")
    frequency_axis(ax)
    ax.set_xlabel("frequency, Hz")
    ax.set_ylabel("level in each 1/3 octave, dB")
    ax.set_title(f"Tone of {master.name}", loc="left", color=INK, pad=20)
    legend_above(ax)
    plain(ax)
    low, high = float(applied.min()), float(applied.max())
    moved = f"a curve of {signed(low)} to {signed(high)} dB" if applied.any() else "no curve"
    describe(ax, f"Tone of {master.name}: {moved}; {was:.1f} dB from the target before, {now:.1f} dB after.")
    return ax


def plot_gain_reduction(master: Master, ax: Axes | None = None) -> Axes:
    """Draw the gain reduction of the limiter in dB over time, as the maximum of each interval.

    Raises ValueError for a master that the studio did not make, TypeError for anything else.
    """
    notes, ax = _notes(master), panel_or(ax, 8.0, 2.4)
    if notes.gain_reduction is None:
        raise ValueError(f"the notes of {master.name} have no gain reduction")
    times, reduction = curve(notes.gain_reduction)
    ax.fill_between(times, 0.0, -reduction, color=VERMILLION, alpha=0.7, linewidth=0)
    most = float(np.nanmax(reduction, initial=0.0))
    ax.set_ylim(-max(3.0, most * 1.15), 0.0)
    ax.set_xlabel("time, s")
    ax.set_ylabel("gain of the limiter, dB")
    ax.set_title(f"Limiter on {master.name}: {most:.1f} dB at most", loc="left", color=INK)
    plain(ax)
    describe(ax, f"Gain reduction of the limiter on {master.name}: {most:.1f} dB at most.")
    return ax


def plot_album(masters: Masters | Master | Sequence[Master]) -> Picture:
    """Draw an overview of an album: loudness and width of all songs before and after, and the tone of all songs on the same axes.

    Titles give the spread of the songs, with the same figures as `Masters`. Raises ValueError for masters that the studio did not make
    and for an empty album, TypeError for anything else.
    """
    songs = [masters] if isinstance(masters, Master) else _songs(masters)
    notes = [_notes(song) for song in songs]
    before, after = spread([n.before for n in notes]), spread([n.after for n in notes])
    names = [_short(song.name) for song in songs]
    columns = max(1, _LEGEND_LETTERS // (max(map(len, names)) + 9))
    rows = -(-(len(songs) + 1) // columns)
    picture = Picture(9.0, 3.6 + 0.36 * len(songs) + 0.2 * rows)
    grid = picture.add_gridspec(2, 2, height_ratios=[1.0 + 0.25 * len(songs), 2.4])
    loud, wide, was, now = (picture.add_subplot(grid[n // 2, n % 2], axes_class=Panel) for n in range(4))
    _targets(loud, [n.target_lufs for n in notes])
    _pairs(loud, names, [n.before.loudness_lufs for n in notes], [n.after.loudness_lufs for n in notes])
    _pairs(wide, names, [n.before.width_db for n in notes], [n.after.width_db for n in notes])
    loud.set_xlabel("loudness, LUFS")
    wide.set_xlabel("width: side against middle, dB")
    wide.set_yticklabels([])
    for ax, word, n in ((loud, "loudness", 0), (wide, "width", 2)):
        legend_above(ax)
        _title(ax, f"{word.capitalize()}{_apart(before, after, n)}", pad=20)
    for ax, word, sounds, apart in (
        (was, "before", [n.before for n in notes], before),
        (now, "after", [n.after for n in notes], after),
    ):
        _tones(ax, names, sounds, notes)
        _title(ax, f"Tone {word}" + (f": {apart.figures[1]} apart" if apart else ""))
    now.sharey(was)
    now.autoscale()
    now.set_xlim(was.get_xlim())
    was.set_ylabel("level, dB around its mean")
    plain(was, size=8)
    picture.legend(
        *was.get_legend_handles_labels(), loc="outside lower center", ncols=columns, fontsize=8, frameon=False
    )
    picture.alt = _description(names, notes, before, after)
    return picture


def _songs(masters: Masters | Sequence[Master]) -> list[Master]:
    if not isinstance(masters, Sequence) or isinstance(masters, str):
        raise TypeError(_NOT_MASTERS.format(type(masters).__name__))
    if not masters:
        raise ValueError("there is no finished master to draw: every song of the album failed")
    return list(masters)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _targets(ax: Axes, targets: Sequence[float]) -> None:
    """Draw the target of each song as a dotted line."""
    rows = np.arange(len(targets))
    ax.vlines(targets, rows - 0.42, rows + 0.42, color=BLACK, linewidth=1.4, linestyle=":", label="target")


def _pairs(ax: Axes, names: list[str], before: list[float | None], after: list[float | None]) -> None:
    rows = np.arange(len(names))
    for row, old, new in zip(rows, before, after, strict=True):
        if old is not None and new is not None:
            ax.plot([old, new], [row, row], color=FAINT, linewidth=1.0)
    ax.plot(_or_nan(before), rows, "o", markerfacecolor="white", color=VERMILLION, label="before", linestyle="none")
    ax.plot(_or_nan(after), rows, "o", color=BLUE, label="after", linestyle="none")
    ax.set_yticks(rows, names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    plain(ax, size=8)


def _tones(ax: Axes, names: list[str], sounds: Sequence[Sound], notes: Sequence[MasterNotes]) -> None:
    for n, (name, measures, note) in enumerate(zip(names, sounds, notes, strict=True)):
        if measures.tone_db and note.tone:
            look, levels = track_style(n), _tone(measures.tone_db, filled(measures.tone_db))
            ax.plot(note.tone.centres_hz, levels, color=look.colour, linestyle=look.line, linewidth=1.4, label=name)
    targets = {note.tone.target_db: note.tone.centres_hz for note in notes if note.tone}
    for n, (target, centres) in enumerate(targets.items()):
        ax.plot(
            centres,
            _tone(target, filled(target)),
            color=BLACK,
            linewidth=3.0,
            alpha=0.3,
            zorder=1,
            label="" if n else "target",
        )
    frequency_axis(ax, few=True)
    ax.set_xlabel("frequency, Hz")
    plain(ax, size=8)


def _apart(before: Spread | None, after: Spread | None, figure: int) -> str:
    return f": {before.figures[figure]} apart before, {after.figures[figure]} after" if before and after else ""


def _title(ax: Axes, words: str, pad: float = 6.0) -> None:
    ax.set_title(words, loc="left", color=INK, fontsize=9, pad=pad)


def _description(names: list[str], notes: Sequence[MasterNotes], before: Spread | None, after: Spread | None) -> str:
    levels = [
        f"{name} {note.before.loudness_lufs:.1f} to {note.after.loudness_lufs:.1f} LUFS"
        for name, note in zip(names, notes, strict=True)
        if note.before.loudness_lufs is not None and note.after.loudness_lufs is not None
    ]
    apart = f" Spread of the songs: {before} before, {after} after." if before and after else ""
    return (
        f"An album of {len(names)} song{'s' if len(names) > 1 else ''}, before and after: {'; '.join(levels)}.{apart}"
    )


def _notes(master: Master) -> MasterNotes:
    if not isinstance(master, Master):
        raise TypeError(_NOT_MASTERS.format(type(master).__name__))
    if master.notes is None:
        raise ValueError(f"{master.name} was not mastered by the studio, so its notes are missing")
    return master.notes


def _tone(tone_db: Sequence[float], used: Sequence[bool]) -> NDArray[np.float64]:
    """Return a spectrum around its mean; empty bands are NaN and are not drawn."""
    return np.where(used, centred(tone_db, used), np.nan)


def _or_nan(values: list[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
