"""Masters: the tonal curve with its target, the limiter's work over time, and an album at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tonnbook.models.mastering import MasterNotes
from tonnbook.models.masters import Master, Masters
from tonnbook.plots.look import BLACK, BLUE, FAINT, GREEN, INK, VERMILLION, frequency_axis, plain, signed, stroke
from tonnbook.plots.loudness import curve
from tonnbook.plots.picture import Panel, Picture, describe, panel_or


def plot_tone(master: Master, ax: Axes | None = None) -> Axes:
    """Draw a song's third-octave spectrum before and after, its target, and the gain of the linear-phase curve between them.

    Spectra are in dB around their own mean: tone, apart from level. Raises ValueError for a master that the studio did not make.
    """
    notes, ax = _notes(master), panel_or(ax, 8.0, 3.8)
    tone = notes.tone
    if tone is None:
        raise ValueError(f"nothing is known of the tone of {master.name}")
    centres = np.array(tone.centres_hz)
    ax.plot(centres, _centred(tone.target_db), color=BLACK, linewidth=1.2, linestyle=":", label="target")
    ax.plot(centres, _centred(notes.before.tone_db), color=VERMILLION, linewidth=1.6, linestyle="--", label="before")
    ax.plot(centres, _centred(notes.after.tone_db), color=BLUE, linewidth=2.2, label="after")
    applied = np.array(tone.applied_db)
    ax.fill_between(centres, 0.0, applied, color=GREEN, alpha=0.25, linewidth=0)
    ax.plot(centres, applied, color=GREEN, linewidth=1.4, linestyle="-.", label="gain of the curve")
    frequency_axis(ax)
    ax.set_xlabel("frequency, Hz")
    ax.set_ylabel("level in each 1/3 octave, dB")
    ax.set_title(f"Tone of {master.name}", loc="left", color=INK)
    ax.legend(fontsize=8, frameon=False, loc="lower left", ncols=2)
    plain(ax)
    low, high = float(applied.min()), float(applied.max())
    describe(ax, f"Tone of {master.name}: a curve of {signed(low)} to {signed(high)} dB moves it toward the target.")
    return ax


def plot_gain_reduction(master: Master, ax: Axes | None = None) -> Axes:
    """Draw by how much the limiter turned a song down, in dB over time; the largest value of each moment.

    Raises ValueError for a master that the studio did not make.
    """
    notes, ax = _notes(master), panel_or(ax, 8.0, 2.4)
    if notes.gain_reduction is None:
        raise ValueError(f"nothing is known of the limiting of {master.name}")
    times, reduction = curve(notes.gain_reduction)
    ax.fill_between(times, 0.0, -reduction, color=VERMILLION, alpha=0.7, linewidth=0)
    most = float(np.nanmax(reduction, initial=0.0))
    ax.set_ylim(-max(3.0, most * 1.15), 0.0)
    ax.set_xlabel("time, s")
    ax.set_ylabel("gain, dB")
    ax.set_title(f"Limiter on {master.name}: {most:.1f} dB at most", loc="left", color=INK)
    plain(ax)
    describe(ax, f"Gain reduction of the limiter on {master.name}: {most:.1f} dB at most.")
    return ax


def plot_album(masters: Masters | Sequence[Master]) -> Picture:
    """Draw an album at a glance: loudness and width of all songs before and after, and the tone of all of them on one another.

    Raises ValueError for masters that the studio did not make.
    """
    songs = list(masters)
    notes = [_notes(song) for song in songs]
    picture = Picture(9.0, 3.2 + 0.34 * len(songs))
    grid = picture.add_gridspec(2, 2, height_ratios=[1.0 + 0.25 * len(songs), 2.2])
    names = [song.name for song in songs]
    loud = picture.add_subplot(grid[0, 0], axes_class=Panel)
    wide = picture.add_subplot(grid[0, 1], axes_class=Panel)
    _pairs(
        loud, names, [n.before.loudness_lufs for n in notes], [n.after.loudness_lufs for n in notes], "loudness, LUFS"
    )
    _pairs(
        wide, names, [n.before.width_db for n in notes], [n.after.width_db for n in notes], "side against middle, dB"
    )
    wide.set_yticklabels([])
    loud.legend(fontsize=8, frameon=False, loc="best")
    for n, (title, tones) in enumerate(
        (("Tone before", [n.before.tone_db for n in notes]), ("Tone after", [n.after.tone_db for n in notes]))
    ):
        ax = picture.add_subplot(grid[1, n], axes_class=Panel)
        _tones(ax, title, names, tones, notes)
        if n == 0:
            ax.legend(fontsize=7, frameon=False, loc="lower center")
    picture.alt = _in_words(names, notes)
    return picture


def _pairs(ax: Axes, names: list[str], before: list[float | None], after: list[float | None], label: str) -> None:
    rows = np.arange(len(names))
    for row, old, new in zip(rows, before, after, strict=True):
        if old is not None and new is not None:
            ax.plot([old, new], [row, row], color=FAINT, linewidth=1.0)
    ax.plot(_or_nan(before), rows, "o", markerfacecolor="white", color=VERMILLION, label="before", linestyle="none")
    ax.plot(_or_nan(after), rows, "o", color=BLUE, label="after", linestyle="none")
    ax.set_yticks(rows, names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(label)
    plain(ax, size=8)


def _tones(
    ax: Axes, title: str, names: list[str], tones: Sequence[Sequence[float]], notes: Sequence[MasterNotes]
) -> None:
    for n, (name, tone, note) in enumerate(zip(names, tones, notes, strict=True)):
        if tone and note.tone:
            look = stroke(n)
            ax.plot(
                note.tone.centres_hz, _centred(tone), color=look.colour, linestyle=look.line, linewidth=1.4, label=name
            )
    frequency_axis(ax, few=True)
    ax.set_xlabel("frequency, Hz")
    ax.set_title(title, loc="left", color=INK, fontsize=9)
    plain(ax, size=8)


def _in_words(names: list[str], notes: Sequence[MasterNotes]) -> str:
    levels = [
        f"{name} {note.before.loudness_lufs:.1f} to {note.after.loudness_lufs:.1f} LUFS"
        for name, note in zip(names, notes, strict=True)
        if note.before.loudness_lufs is not None and note.after.loudness_lufs is not None
    ]
    return f"An album of {len(names)} songs, before and after: {'; '.join(levels)}."


def _notes(master: Master) -> MasterNotes:
    if master.notes is None:
        raise ValueError(f"{master.name} was not mastered by the studio, so nothing is known of what was done to it")
    return master.notes


def _centred(tone_db: Sequence[float]) -> NDArray[np.float64]:
    tone = np.array(tone_db, dtype=np.float64)
    return np.asarray(tone - tone.mean())


def _or_nan(values: list[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
