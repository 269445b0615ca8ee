"""Plots of masters: what is drawn is what was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.files import local_file
from tonnbook.models.mastering import MasterNotes, Tone
from tonnbook.models.masters import Master, Masters
from tonnbook.models.notes import Series, Sound
from tonnbook.plots import plot_album, plot_gain_reduction, plot_loudness, plot_tone
from tonnbook.plots.figure import Panel, Picture

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
    return Master(name, "task", None, local_file(Path(f"{name}.mp3")), local_file(Path(f"{name}.wav")), notes=notes)


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
    assert [ax.get_title(loc="left") for ax in picture.axes] == [
        f"Loudness of {name}: thin line 0.4 s, thick line 3 s" for name in ("one", "two")
    ]


def test_the_tone_shows_the_target_and_the_gain_of_the_curve() -> None:
    ax = plot_tone(a_master())
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(lines) == ["target", "before, 3.2 dB away", "after, 1.6 dB away", "gain of the curve"]
    assert lines["gain of the curve"][0] == 2.0
    assert lines["after, 1.6 dB away"] == pytest.approx(-0.2 * (np.arange(28) - 13.5))
    assert "−1.0 to +2.0 dB" in ax.alt


def test_bands_that_a_narrow_file_does_not_hold_are_not_drawn_and_move_nothing() -> None:
    master = a_master()
    narrow = master.notes.before.model_copy(update={"tone_db": (*[3.0] * 20, *[-80.0] * 8)})
    ax = plot_tone(replace(master, notes=master.notes.model_copy(update={"before": narrow})))
    before = ax.lines[1].get_ydata()
    assert before[:19] == pytest.approx([0.0] * 19)
    assert np.isnan(before[19:]).all()
    assert ax.lines[1].get_label() == "before, 0.0 dB away"


def test_gain_reduction_points_down_and_names_its_largest() -> None:
    ax = plot_gain_reduction(a_master())
    assert "3.5 dB at most" in ax.get_title(loc="left")
    assert ax.get_ylim()[1] == 0.0


def test_the_overview_puts_songs_side_by_side() -> None:
    picture = plot_album(Masters((a_master("one"), a_master("two", -16.0))))
    loud, wide, before, after = picture.axes
    assert [text.get_text() for text in loud.get_yticklabels()] == ["one", "two"]
    marks = next(line for line in loud.lines if line.get_label() == "after")
    assert list(marks.get_xdata()) == [-14.0, -16.0]
    assert wide.get_xlabel() == "width: side against middle, dB"
    assert [line.get_label() for line in before.lines][:2] == ["one", "two"]
    assert before.get_ylim() == after.get_ylim()
    assert before.get_ylabel() == "level, dB around its mean"
    assert "two -22.0 to -16.0 LUFS" in picture.description


def test_the_overview_shows_the_targets_and_how_far_the_songs_lie_apart() -> None:
    masters = Masters((a_master("one"), a_master("two", -16.0)))
    picture = plot_album(masters)
    loud, wide, before, after = picture.axes
    targets = next(each for each in loud.collections if each.get_label() == "target")
    assert [stroke[0][0] for stroke in targets.get_segments()] == [-14.0, -14.0]
    assert any(line.get_label() == "target" for line in after.lines)
    titles = [ax.get_title(loc="left") for ax in (loud, wide, before, after)]
    assert titles == [
        "Loudness: 0.0 LU apart before, 2.0 LU after",
        "Width: 0.0 dB apart before, 0.0 dB after",
        "Tone before: 0.0 dB apart",
        "Tone after: 0.0 dB apart",
    ]
    assert str(masters.after) in picture.description


@pytest.mark.parametrize("name", ["a song with a name", "a song " * 12])
def test_the_names_of_a_long_album_stand_beside_its_curves_and_not_on_them(name: str) -> None:
    picture = plot_album([a_master(f"{n} {name}") for n in range(12)])
    picture.png()
    legend = picture.legends[0].get_window_extent()
    assert picture.bbox.x0 <= legend.x0 < legend.x1 <= picture.bbox.x1
    assert not any(ax.get_window_extent().overlaps(legend) for ax in picture.axes)


def test_one_master_is_an_album_of_one() -> None:
    picture = plot_album(a_master("one"))
    assert [text.get_text() for text in picture.axes[0].get_yticklabels()] == ["one"]
    assert "An album of 1 song," in picture.description


@pytest.mark.parametrize("plot", [plot_album, plot_loudness])
def test_an_album_without_a_master_is_refused_in_words(plot: object) -> None:
    with pytest.raises(ValueError, match="no finished master"):
        plot(Masters((), {"one": "it is silent"}))  # type: ignore[operator]


@pytest.mark.parametrize("plot", [plot_tone, plot_gain_reduction, plot_album])
def test_a_path_is_no_master(plot: object) -> None:
    with pytest.raises(TypeError, match="draws finished masters, not a str"):
        plot("song.wav")  # type: ignore[operator]


def test_another_before_may_be_given_for_a_master() -> None:
    audio = np.random.default_rng(2).standard_normal((2, 4 * RATE)) * 0.1
    labels = [text.get_text() for text in plot_loudness(a_master(), before=(audio, RATE)).get_legend().get_texts()]
    assert labels[0].startswith(f"before: {integrated_loudness(audio, RATE):.1f} LUFS")
    with pytest.raises(ValueError, match="a panel for each song"):
        plot_loudness(Masters((a_master(),)), before=(audio, RATE))


def test_silence_is_drawn_without_a_word_of_complaint() -> None:
    ax = plot_loudness((np.zeros((2, 4 * RATE)), RATE))
    assert ax.get_legend() is None
    assert "silence" in ax.alt


@pytest.mark.parametrize("plot", [plot_tone, plot_gain_reduction, lambda master: plot_album([master])])
def test_of_another_servers_master_it_is_said_that_nothing_is_known(plot: object) -> None:
    bare = Master("song", "task", None, local_file(Path("song.mp3")))
    with pytest.raises(ValueError, match="not mastered by the studio"):
        plot(bare)  # type: ignore[operator]
