from __future__ import annotations

from handmade_mixes import Mix

from tonnbook.models.effects import TrackSettings
from tonnbook.plots import plot_gains


def test_each_gain_is_drawn_and_written() -> None:
    ax = plot_gains({"kick.wav": TrackSettings(gain_db=-4.26), "vocal.wav": TrackSettings(gain_db=9)})
    assert [text.get_text() for text in ax.texts] == ["−4.3", "+9.0"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["kick", "vocal"]
    assert ax.get_xlabel() == "gain, dB"
    assert ax.figure.description == "Gains: kick −4.3 dB, vocal +9.0 dB."


def test_the_first_track_stands_on_top(mix: Mix) -> None:
    bottom, top = plot_gains(mix).get_ylim()
    assert bottom > top


def test_a_changed_gain_is_shown_with_its_change() -> None:
    before = {"kick.wav": TrackSettings(gain_db=-4), "vocal.wav": TrackSettings(gain_db=9)}
    after = {"kick.wav": TrackSettings(gain_db=-4), "vocal.wav": TrackSettings(gain_db=7.5)}
    ax = plot_gains(after, before=before)
    assert [text.get_text() for text in ax.texts] == ["−4.0", "+7.5  (−1.5)"]
    assert ax.figure.description == "Gains: kick −4.0 dB, vocal +7.5 dB, before +9.0 dB."
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert [list(line.get_xdata()) for line in hollow] == [[-4], [9]]


def test_a_track_that_is_new_has_no_before() -> None:
    ax = plot_gains(
        {"a.wav": TrackSettings(gain_db=1), "b.wav": TrackSettings(gain_db=2)}, before={"a.wav": TrackSettings()}
    )
    assert [text.get_text() for text in ax.texts] == ["+1.0  (+1.0)", "+2.0"]
