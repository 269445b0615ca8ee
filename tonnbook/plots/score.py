"""Draw a song: piano roll, percussion and chords if it has a score, otherwise its waveform; and its pitch classes over time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from tonnbook import audio_files
from tonnbook.models.beatoven_wire import ScoreSheet, SongSection
from tonnbook.models.song import SectionSound, Song
from tonnbook.plots.figure import describe, panel_or
from tonnbook.plots.style import BLUE, FAINT, GREEN, INK, SKY, VERMILLION, plain

_COLOURS = {"bass": BLUE, "chords": GREEN, "melody": VERMILLION}
_LINES = {"bass": 3.0, "chords": 2.0, "melody": 3.0}
_LOWEST, _HIGHEST = 24, 100
_DRUM_ROW = 2.2  # keys of the roll's height that a drum's lane takes
_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_DRUMS = {
    36: "kick",
    37: "rim",
    38: "snare",
    39: "clap",
    42: "hi-hat",
    44: "pedal hat",
    46: "open hat",
    51: "ride",
    54: "tambourine",
}
_DRUMS |= {
    41: "floor tom",
    43: "tom",
    45: "low tom",
    47: "tom",
    48: "mid tom",
    50: "high tom",
    56: "cowbell",
    57: "crash",
}
_DRUMS |= {63: "conga", 70: "shaker", 80: "triangle", 82: "shaker"}
"""Names of the keys of a drum kit in General MIDI."""
_RATE = 22050
_WINDOW = 8192


def plot_score(song: Song | ScoreSheet, ax: Axes | None = None) -> Axes:
    """Draw a song as a piano roll with its chords and sections; percussion is drawn below, one lane per drum.

    A song without a score, such as one from the live service, is drawn as a waveform with its sections. Raises TypeError for anything else.
    """
    if not isinstance(song, Song | ScoreSheet):
        raise TypeError(f"plot_score takes the result of beatoven.compose or its score, not {type(song).__name__}")
    sheet = song if isinstance(song, ScoreSheet) else song.score
    if sheet is None:
        assert isinstance(song, Song)
        return _plot_wave(song, panel_or(ax, 10.0, 2.6))
    ax = panel_or(ax, 10.0, 5.2)
    drums = _drum_lanes(sheet)
    _draw_notes(ax, sheet, drums)
    _draw_grid(ax, sheet)
    bottom = _LOWEST - 3 - _DRUM_ROW * len(drums)
    ax.set_ylim(bottom, _HIGHEST + 11)
    ax.set_yticks([36, 48, 60, 72, 84, 96], ["C2", "C3", "C4", "C5", "C6", "C7"])
    ax.set_xlabel("seconds")
    ax.set_title(sheet.title or "Score", loc="left", color=INK)
    plain(ax)
    _name_drums(ax, drums)
    ax.grid(visible=False, axis="x")
    handles = [ax.plot([], [], color=c, linewidth=3, label=role)[0] for role, c in _COLOURS.items()]
    ax.legend(handles=handles, loc="lower right", fontsize=8, frameon=False, ncols=3, bbox_to_anchor=(1.0, 1.0))
    describe(ax, _description(sheet))
    return ax


def plot_chroma(song: Song, ax: Axes | None = None) -> Axes:
    """Draw the strength of each pitch class over time, computed from the audio, with the sections. Raises TypeError for anything but a song."""
    if not isinstance(song, Song):
        raise TypeError(f"plot_chroma takes the result of beatoven.compose, not {type(song).__name__}")
    ax = panel_or(ax, 10.0, 3.0)
    audio, _ = audio_files.read(song.mix.path, _RATE)
    tones = _chroma(audio.mean(axis=0))
    seconds = audio.shape[1] / _RATE
    ax.imshow(
        tones, aspect="auto", origin="lower", extent=(0, seconds, -0.5, 11.5), cmap="Blues", interpolation="nearest"
    )
    ax.set_yticks(range(12), _NAMES)
    ax.set_xlabel("seconds")
    ax.set_title("Pitch classes", loc="left", color=INK)
    plain(ax)
    ax.grid(visible=False)
    ax.set_ylim(-0.5, 13.2)  # space for the names above the pitch classes
    _draw_sections(ax, song.sections, 11.9)
    strongest = ", ".join(_NAMES[n] for n in np.argsort(-tones.mean(axis=1))[:3])
    describe(ax, f"Pitch classes over {seconds:.0f} seconds; the strongest are {strongest}.")
    return ax


def _drum_lanes(sheet: ScoreSheet) -> dict[tuple[str, int], float]:
    """Return the height at which each drum is drawn, by instrument and key."""
    drums = sorted({(part.name, note[2]) for part in sheet.parts if part.role == "percussion" for note in part.notes})
    return {drum: _LOWEST - 3 - _DRUM_ROW * n for n, drum in enumerate(drums)}


def _name_drums(ax: Axes, drums: dict[tuple[str, int], float]) -> None:
    """Label the lane of each drum of a kit; the strokes of a tabla or a taiko share one label."""
    named: set[str] = set()
    for (part, key), height in drums.items():
        kit = part.endswith("-kit")
        name = _DRUMS.get(key, "") if kit else part.partition("-")[2]
        if kit or name not in named:
            at = (-0.006, height)
            ax.annotate(name, at, xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=6, color=INK)
        named.add(name)


def _draw_notes(ax: Axes, sheet: ScoreSheet, drums: dict[tuple[str, int], float]) -> None:
    for part in sheet.parts:
        if part.role == "percussion":
            strokes = [(start, drums[part.name, key], velocity) for start, _, key, velocity in part.notes]
            x, y, touch = zip(*strokes, strict=True)
            ax.scatter(x, y, s=np.array(touch) / 14, color=INK, marker="|", linewidths=1.0)
            continue
        lines = [((start, key), (start + length, key)) for start, length, key, _ in part.notes]
        alphas = [0.35 + 0.6 * velocity / 127 for *_, velocity in part.notes]
        width = _LINES[part.role]
        ax.add_collection(LineCollection(lines, colors=_COLOURS[part.role], linewidths=width, alpha=alphas, zorder=3))
    ax.set_xlim(0, sheet.duration_s)


def _draw_grid(ax: Axes, sheet: ScoreSheet) -> None:
    """Draw bar lines, and each section's name and chords."""
    for bar in sheet.bars:
        ax.axvline(bar, color=FAINT, linewidth=0.3, zorder=1)
    shown = -1.0
    for chord in (chord for section in sheet.sections for chord in section.chords):
        if chord.start_s >= shown:
            ax.text(chord.start_s, _HIGHEST + 1, f" {chord.name}", fontsize=6.5, color=INK, clip_on=True)
            shown = chord.start_s + 0.035 * sheet.duration_s
    _draw_sections(ax, sheet.sections, _HIGHEST + 5)


def _draw_sections(ax: Axes, sections: tuple[SongSection | SectionSound, ...], height: float) -> None:
    """Draw the border and the name of each section; names are wrapped, shortened or made smaller until none overlaps the next."""
    starts = [section.start_ms / 1000 for section in sections]
    scales = [section.scale if isinstance(section, SongSection) else "" for section in sections]
    style = {"color": INK, "weight": "bold", "clip_on": True, "va": "bottom"}
    labels = [ax.text(start, height, "", fontsize=8.5, **style) for start in starts]  # type: ignore[arg-type]
    for start in starts:
        ax.axvline(start, color=INK, linewidth=1.2, zorder=2)
    for size, between in ((8.5, ", "), (8.5, "\n "), (7.0, "\n "), (8.5, None), (7.0, None), (5.5, None), (4.0, None)):
        for label, section, scale in zip(labels, sections, scales, strict=True):
            label.set_fontsize(size)
            label.set_text(f" {section.emotion}{between}{scale}" if between and scale else f" {section.emotion}")
        if _apart(ax, [*starts, ax.get_xlim()[1]], labels):
            return


def _apart(ax: Axes, edges: list[float], labels: list[Text]) -> bool:
    """Return whether each label ends before the next edge. The layout can only widen the panel later."""
    widths = np.diff([ax.transData.transform((edge, 0))[0] for edge in edges])
    return all(label.get_window_extent().width <= width for label, width in zip(labels, widths, strict=True))


def _plot_wave(song: Song, ax: Axes) -> Axes:
    audio, rate = audio_files.read(song.mix.path, _RATE)
    mono = audio.mean(axis=0)
    cell = max(1, len(mono) // 2000)
    peaks = np.abs(mono[: len(mono) // cell * cell]).reshape(-1, cell).max(axis=1)
    seconds = np.arange(len(peaks)) * cell / rate
    ax.fill_between(seconds, -peaks, peaks, color=SKY, linewidth=0)
    ax.set_xlim(0, len(mono) / rate)
    ax.set_ylim(-1, 1.25)
    ax.set_xlabel("seconds")
    ax.set_title("Song", loc="left", color=INK)
    plain(ax)
    _draw_sections(ax, song.sections, 1.05)
    describe(ax, f"Waveform of {len(mono) / rate:.0f} seconds in {len(song.sections)} sections.")
    return ax


def _chroma(mono: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the amplitude of the pitch classes between 100 Hz and 2 kHz, (12, frames), with the maximum of each frame at 1."""
    padded = np.pad(mono, (0, max(0, _WINDOW - len(mono))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:: _WINDOW // 2]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW), axis=1)).T ** 2
    freqs = np.fft.rfftfreq(_WINDOW, 1 / _RATE)
    inside = (freqs > 100) & (freqs < 2000)
    classes = np.round(69 + 12 * np.log2(freqs[inside] / 440)).astype(int) % 12
    rows = np.zeros((12, power.shape[1]))
    np.add.at(rows, classes, power[inside])
    return np.asarray(np.sqrt(rows / np.maximum(rows.max(axis=0), 1e-12)))


def _description(sheet: ScoreSheet) -> str:
    sections = "; ".join(f"{s.emotion} in {s.scale} from {s.start_ms / 1000:g} s" for s in sheet.sections)
    notes = sum(len(part.notes) for part in sheet.parts)
    return f"Piano roll of {sheet.duration_s:g} seconds at {sheet.bpm:g} bpm, {notes} notes: {sections}."
