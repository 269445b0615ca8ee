"""Plots of masters: what is drawn is what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.mastering import MasterNotes, Tone
from tonnbook.models.masters import Master, Masters, kept
from tonnbook.models.notes import Series, Sound
from tonnbook.plots import plot_album, plot_gain_reduction, plot_loudness, plot_tone
from tonnbook.plots.picture import Panel, Picture

RATE = 44100


def a_sound(loudness: float, tilt: float) -> Sound:
    return Sound(
        loudness_lufs=loudness,
        true_peak_dbtp=-1.0,
        plr_lu=-1.0 - loudness,
        width_db=-12.0 + tilt,
        tone_db=tuple(tilt * n for n in range(28)),
        momentary=Series(hop_s=0.1, values=(None, *[loudness] * 50)),
        short_term=Series(hop_s=0.1, values=(loudness,) * 30),
    )


def a_master(name: str = "song", loudness: float = -14.0) -> Master:
    notes = MasterNotes(
        target_lufs=-14.0,
        before=a_sound(-22.0, -0.4),
        after=a_sound(loudness, -0.2),
        tone=Tone(centres_hz=THIRD_OCTAVES, target_db=(0.0,) * 28, applied_db=(2.0, *[-1.0] * 27)),
        gain_reduction=Series(hop_s=0.5, values=(0.0, 3.5, 1.0)),
    )
    return Master(name, "task", None, kept(Path(f"{name}.mp3")), kept(Path(f"{name}.wav")), notes=notes)


def test_loudness_is_drawn_before_and_after_with_the_target() -> None:
    ax = plot_loudness(a_master())
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == [
        "before: -22.0 LUFS, -1.0 dBTP, PLR 21.0 LU",
        "after: -14.0 LUFS, -1.0 dBTP, PLR 13.0 LU",
        "target -14 LUFS",
    ]
    assert isinstance(ax, Panel)
    assert "before -22.0 LUFS" in ax.alt
    assert "after -14.0 LUFS" in ax.alt


def test_a_curve_stands_where_its_window_ends_and_silence_is_not_drawn() -> None:
    momentary = plot_loudness(a_master()).lines[0]
    assert momentary.get_xdata()[0] == pytest.approx(0.4)
    assert np.isnan(momentary.get_ydata()[0])
    assert momentary.get_ydata()[1] == -22.0


def test_any_sound_is_measured_here(tmp_path: Path) -> None:
    audio = np.random.default_rng(2).standard_normal((2, 5 * RATE)) * 0.1
    path = audio_files.write(tmp_path / "noise.wav", audio, RATE, 24)
    ax = plot_loudness(path, before=(audio * 0.5, RATE), target=-20.0)
    loudness = integrated_loudness(audio, RATE)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[0].startswith(f"before: {loudness - 6.02:.1f} LUFS")
    assert labels[1].startswith(f"after: {loudness:.1f} LUFS")
    assert labels[2] == "target -20 LUFS"


def test_an_album_has_a_panel_for_each_song() -> None:
    picture = plot_loudness(Masters((a_master("one"), a_master("two"))))
    assert isinstance(picture, Picture)
    assert [ax.get_title(loc="left") for ax in picture.axes] == ["Loudness of one", "Loudness of two"]


def test_the_tone_shows_the_target_and_the_gain_of_the_curve() -> None:
    ax = plot_tone(a_master())
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(lines) == ["target", "before", "after", "gain of the curve"]
    assert lines["gain of the curve"][0] == 2.0
    assert lines["after"] == pytest.approx(-0.2 * (np.arange(28) - 13.5))
    assert "−1.0 to +2.0 dB" in ax.alt


def test_gain_reduction_points_down_and_names_its_largest() -> None:
    ax = plot_gain_reduction(a_master())
    assert "3.5 dB at most" in ax.get_title(loc="left")
    assert ax.get_ylim()[1] == 0.0


def test_the_overview_puts_songs_side_by_side() -> None:
    picture = plot_album(Masters((a_master("one"), a_master("two", -16.0))))
    loud, wide, before, _ = picture.axes
    assert [text.get_text() for text in loud.get_yticklabels()] == ["one", "two"]
    after = next(line for line in loud.lines if line.get_label() == "after")
    assert list(after.get_xdata()) == [-14.0, -16.0]
    assert wide.get_xlabel() == "side against middle, dB"
    assert len(before.lines) == 2
    assert "two -22.0 to -16.0 LUFS" in picture.description


@pytest.mark.parametrize("plot", [plot_tone, plot_gain_reduction, lambda master: plot_album([master])])
def test_of_another_servers_master_it_is_said_that_nothing_is_known(plot: object) -> None:
    bare = Master("song", "task", None, kept(Path("song.mp3")))
    with pytest.raises(ValueError, match="not mastered by the studio"):
        plot(bare)  # type: ignore[operator]
