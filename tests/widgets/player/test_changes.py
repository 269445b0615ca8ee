"""The drawing below a comparison: areas and lines by position, the same drawing in the player and in its static HTML."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from tones import RATE, tone

from tonnbook import audio_files
from tonnbook.models.cleanup import Cleanup, CleanupNotes
from tonnbook.models.enhancement import Enhancement
from tonnbook.models.files import RemoteFile
from tonnbook.models.notes import Series
from tonnbook.widgets.player.changes import Changes, residue_changes, tone_changes
from tonnbook.widgets.player.compare import compare, switch
from tonnbook.widgets.player.play import residue


def remote(path: Path) -> RemoteFile:
    return RemoteFile(path.name, lambda _: path)


def heights(d: str) -> list[float]:
    return [float(y) for _, y in re.findall(r"[ML ]?(\d+) (\d+)", d)]


@pytest.fixture(scope="module")
def duller() -> Changes:
    before = tone(8, 0.3, 125) + tone(8, 0.1, 4000)
    after = tone(8, 0.3, 125) + tone(8, 0.05, 4000)
    return tone_changes(before, after, RATE, (0.0, 1.0))


def test_each_octave_that_is_present_has_a_row_at_equal_loudness(duller: Changes) -> None:
    rows = {row.label: row for row in duller.rows}
    assert rows["125 Hz"].values[5] == pytest.approx(1.0, abs=0.05)
    assert rows["4 kHz"].values[5] == pytest.approx(-5.0, abs=0.05)
    assert "8 kHz" not in rows or rows["8 kHz"].values[5] is None
    assert duller.about.startswith("What changed on average, at equal loudness: ")
    assert "4 kHz \N{MINUS SIGN}5.0 dB" in duller.about
    assert "125 Hz +1.0 dB" in duller.about


def test_more_is_drawn_above_the_line_and_less_below_it(duller: Changes) -> None:
    rows = {row.label: row for row in duller.rows}
    less = heights(rows["4 kHz"].paths["less"])
    assert max(less) == pytest.approx(50 + 5 * 50 / 6, abs=1)
    assert min(less) == 50
    more = heights(rows["125 Hz"].paths["more"])
    assert min(more) == pytest.approx(50 - 50 / 6, abs=1)
    assert max(heights(rows["125 Hz"].paths["less"])) == 50


def test_a_large_change_gets_a_larger_scale_which_the_legend_states() -> None:
    changes = tone_changes(tone(4, 0.01), tone(4, 0.03), RATE, (0.0, 0.0))
    assert changes.legend.endswith("half a row is 12 dB.")
    row = next(row for row in changes.rows if row.label == "500 Hz")
    assert min(heights(row.paths["more"])) == pytest.approx(50 - 9.54 * 50 / 12, abs=1)


def test_the_residue_is_measured_from_the_difference_without_notes_of_the_server() -> None:
    noise = 0.01 * np.random.default_rng(2).standard_normal((1, 4 * RATE))
    voice = tone(4, 0.5, channels=1)
    voice[:, 2 * RATE :] = 0.0
    changes = residue_changes(voice + noise, voice, RATE)
    (row,) = changes.rows
    assert row.unit == "dBFS"
    assert [v for v in row.values if v is not None] == pytest.approx([-40.0] * len(row.values), abs=0.7)
    original = heights(row.paths["line"])
    assert original[3] == pytest.approx(9 / 80 * 100, abs=1)
    assert original[30] == pytest.approx(50, abs=1)  # in the pause only the noise remains
    assert heights(row.paths["residue"])[31] == pytest.approx(50, abs=1)


def test_the_levels_and_clicks_in_the_notes_of_the_server_are_drawn() -> None:
    removed = Series(hop_s=0.1, values=(-60.0,) * 20 + (None,) * 10 + (-30.0,) * 10)
    changes = residue_changes(tone(4, channels=1), tone(4, channels=1), RATE, removed, (1.0, 2.5))
    (row,) = changes.rows
    assert row.values[5] == -60.0
    assert row.values[25] == -80.0
    assert row.values[35] == -30.0
    assert row.paths["mark"] == "M10.0 0V14M25.0 0V14"
    assert "Ticks at the top: repaired clicks" in changes.legend
    assert "\N{MINUS SIGN}30.0 dBFS at its loudest, 3.0 s into" in changes.about
    assert "2 places" in changes.about


def test_an_enhanced_track_alone_is_compared_with_its_original(tmp_path: Path) -> None:
    song = np.concatenate([tone(1, 0.1, 300), tone(3, 0.4, 500)], axis=1)
    before = audio_files.write(tmp_path / "song.wav", song, RATE)
    after = audio_files.write(tmp_path / "made.wav", song[:, RATE:] / 2, RATE)
    made = Enhancement("song.wav", "1", None, remote(after), preview_start_s=1.0, original=before)
    player = compare(made)
    assert [t["name"] for t in player.tracks] == ["before", "enhanced"]
    assert [t["seconds"] for t in player.tracks] == pytest.approx([3.0, 3.0])
    rows = {row["label"]: row["values"] for row in player.changes["rows"]}
    assert rows["500 Hz"][3] == pytest.approx(0.0, abs=0.1)  # only the level differs, and it is matched
    assert compare(before, made).changes == {}
    assert compare(before, made, changes=True).changes["rows"]
    with pytest.raises(TypeError, match="not on this machine"):
        compare(Enhancement("song.wav", "1", None, remote(after)))
    with pytest.raises(TypeError, match="two sounds, or one master, enhanced or cleaned track"):
        compare(before)


def test_nothing_is_drawn_for_a_preview_of_unknown_position(tmp_path: Path) -> None:
    before = audio_files.write(tmp_path / "song.wav", tone(4, 0.1), RATE)
    part = audio_files.write(tmp_path / "part.wav", tone(2, 0.1), RATE)
    player = compare(Enhancement("song.wav", "1", None, remote(part), original=before))
    assert player.changes == {}
    assert player.note == "Both play from their start; enhanced is the shorter one."
    full = compare(Enhancement("song.wav", "1", None, remote(before), original=before))
    assert full.changes["rows"]


@pytest.fixture
def cleaned(tmp_path: Path) -> Cleanup:
    voice, noise = tone(3, 0.4), tone(3, 0.01, 3000)
    before = audio_files.write(tmp_path / "voice.wav", voice + noise, RATE)
    after = audio_files.write(tmp_path / "voice cleaned.wav", voice, RATE)
    notes = CleanupNotes(sound_source="VOCAL_GROUP", removed=Series(hop_s=0.1, values=(-50.0,) * 30), clicks_s=(1.5,))
    return Cleanup("voice.wav", remote(after), notes, before)


def test_a_comparison_of_a_cleaned_track_draws_the_residue_also_in_static_html(cleaned: Cleanup) -> None:
    player = compare(cleaned)
    (row,) = player.changes["rows"]
    assert set(row["values"]) == {-50.0}
    assert row["paths"]["mark"] == "M15.0 0V14"
    (drawing,) = re.findall(
        r'<img alt="What was removed: [^"]+" src="data:image/svg\+xml;base64,([^"]+)"', player.static_html()
    )
    assert row["paths"]["residue"] in b64decode(drawing).decode()
    assert "Area: what was removed" in player.static_html()


def test_the_residue_of_a_cleanup_is_played(cleaned: Cleanup, tmp_path: Path) -> None:
    player = residue(cleaned, gain_db=20)
    assert player.plain() == "Player(Residue: what the cleanup removed, amplified by 20.0 dB, 3.0 s)"
    assert player.tracks[0]["level"].endswith("peak \N{MINUS SIGN}20.0 dBFS")
    with pytest.raises(TypeError, match="a result of"):
        residue(tmp_path)  # type: ignore[arg-type]


def test_several_sounds_switch_at_the_loudness_of_the_quietest() -> None:
    sounds = {"A": tone(2, 0.5), "B": tone(2, 0.05), "C": tone(1, 0.25)}
    player = switch(sounds, rate=RATE, title="three")
    assert [t["gain_db"] for t in player.tracks] == pytest.approx([-20.0, 0.0, -13.98], abs=0.01)
    assert (player.kind, player.matched, player.title) == ("compare", True, "three")
    assert player.note == "All play from their start; C is the shortest one."
    assert "here turned down by 20.0 dB" in player.static_html()
    own = switch(sounds, rate=RATE, matched=False)
    assert not own.matched
    assert own.title == "A, B or C"
    assert "turned down" not in own.static_html()
    with pytest.raises(TypeError, match="2 to 9 sounds by name, not 1"):
        switch({"A": sounds["A"]}, rate=RATE)
