from __future__ import annotations

import numpy as np
from handmade_mixes import Mix

from tonnbook.dsp.dynamics import gain_reduction_db
from tonnbook.models.effects import CompressionReading, TrackSettings
from tonnbook.plots import plot_compression

SETTINGS = CompressionReading(threshold_db=-24, ratio=4, attack_ms=10, release_ms=100)


def test_the_curve_is_the_gain_computer_that_renders() -> None:
    ax = plot_compression(TrackSettings(compression=SETTINGS))
    curve = max(ax.lines, key=lambda line: line.get_linewidth())
    levels = np.asarray(curve.get_xdata())
    assert np.array_equal(curve.get_ydata(), levels - gain_reduction_db(levels, -24, 4))
    assert np.interp(0, levels, curve.get_ydata()) == -24 + 24 / 4


def test_threshold_ratio_and_times_are_shown() -> None:
    ax = plot_compression(TrackSettings(compression=SETTINGS), track="bass")
    assert ax.texts[0].get_text() == "4:1 over\n−24.0 dBFS\nattack 10 ms\nrelease 100 ms"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("level in, dBFS", "level out, dBFS")
    assert ax.figure.description == "Compression of bass: 4:1 over −24.0 dBFS, attack 10 ms, release 100 ms."
    assert any(line.get_marker() == "D" and list(line.get_xdata()) == [-24] for line in ax.lines)


def test_without_compression_the_line_is_straight_and_says_off() -> None:
    ax = plot_compression(TrackSettings())
    assert all(np.array_equal(line.get_xdata(), line.get_ydata()) for line in ax.lines)
    assert ax.texts[0].get_text() == "off"


def test_the_seconds_of_an_answer_are_shown_as_milliseconds(live: Mix) -> None:
    text = plot_compression(live, track="masks-bass").texts[0].get_text()
    assert text.endswith("attack 74 ms\nrelease 22 ms")


def test_an_expanding_ratio_is_not_drawn_as_compression(live: Mix) -> None:
    assert plot_compression(live, track="odd").texts[0].get_text() == "off"


def test_all_tracks_over_each_other_differ_without_colour(mix: Mix) -> None:
    ax = plot_compression(mix)
    curves = [line for line in ax.lines if not line.get_label().startswith("_")]
    assert [line.get_label() for line in curves] == [
        "kick",
        "snare",
        "hi-hat",
        "bass",
        "guitar",
        "pad",
        "synth",
        "vocal",
    ]
    assert len({(line.get_linestyle(), line.get_marker()) for line in curves}) == 8
