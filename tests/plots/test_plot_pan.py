from __future__ import annotations

import pytest
from handmade_mixes import Mix

from tonnbook.models.effects import TrackSettings
from tonnbook.plots import plot_pan
from tonnbook.plots.gain_pan import pan_point


def test_left_is_left_and_the_centre_is_straight_ahead() -> None:
    assert pan_point(0, 1) == pytest.approx((0, 1))
    assert pan_point(-30, 1) == pytest.approx((-0.5, 0.75**0.5))
    assert pan_point(30, 1)[0] > 0


def test_an_angle_beyond_the_edge_stands_on_the_edge(live: Mix) -> None:
    assert pan_point(-75, 1) == pan_point(-60, 1)
    assert "masks-bass 75° left" in plot_pan(live).figure.description


def test_tracks_at_one_angle_do_not_hide_each_other() -> None:
    ax = plot_pan({name: TrackSettings() for name in ("kick.wav", "bass.wav", "vocal.wav")})
    spots = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if not line.get_label().startswith("_")}
    assert len(spots) == 3
    assert {"kick", "bass", "vocal", "centre", "60° left", "60° right"} <= {text.get_text() for text in ax.texts}


def test_many_tracks_are_named_in_a_legend(big_mix: Mix) -> None:
    ax = plot_pan(big_mix)
    assert len(ax.get_legend().get_texts()) == 32
    looks = {(line.get_marker(), line.get_color()) for line in ax.lines if not line.get_label().startswith("_")}
    assert len(looks) == 32
