from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tones import RATE, MakeFile, tone

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.models.files import RemoteFile
from tonnbook.models.masters import Master, Masters
from tonnbook.models.mixing import FinalMix, MixNotes, MixPreview, MixRequest, MixTrack
from tonnbook.widgets.player.compare import compare, gains_db, switch
from tonnbook.widgets.player.play import play

REQUEST = MixRequest(
    tracks=[MixTrack(source=Path(n), instrument="KICK_GROUP") for n in ("a.wav", "b.wav")], style="POP"
)


def remote(path: Path) -> RemoteFile:
    return RemoteFile(path.name, lambda _: path)


def test_the_louder_one_is_turned_down_by_the_difference() -> None:
    a, b = tone(2, peak=0.5), tone(2, peak=0.1)
    player = compare(a, b, rate=RATE)
    gains = [t["gain_db"] for t in player.tracks]
    assert gains[1] == 0.0
    assert gains[0] == pytest.approx(-13.98, abs=0.01)
    lufs = [integrated_loudness(sound * 10 ** (gain / 20), RATE) for sound, gain in zip((a, b), gains, strict=True)]
    assert lufs[0] == pytest.approx(lufs[1], abs=0.001)
    assert (player.kind, player.active, player.matched) == ("compare", "A", True)


def test_short_sounds_are_sent_as_flac_unless_they_are_over_full_scale() -> None:
    player = compare(tone(1, peak=0.5), tone(1, peak=1.2), rate=RATE)
    assert [encoded.format for encoded in player._encoded] == ["flac", "ogg"]


def test_silence_gets_no_gain() -> None:
    assert gains_db([-np.inf, -14.0]) == [0.0, 0.0]
    assert gains_db([-14.0, -20.0]) == [-6.0, 0.0]


def test_a_preview_is_compared_with_its_part_of_the_final_mix(make_file: MakeFile, tmp_path: Path) -> None:
    song = np.concatenate([tone(2, 0.1, 300), tone(3, 0.4, 500), tone(1, 0.1, 300)], axis=1)
    final_file = audio_files.write(tmp_path / "final.wav", song, RATE)
    preview_file = audio_files.write(tmp_path / "preview.wav", song[:, 2 * RATE : 5 * RATE] / 2, RATE)
    preview = MixPreview("1", REQUEST, remote(preview_file), notes=MixNotes(preview_start_s=2.0))
    player = compare(preview, FinalMix("1", remote(final_file)))
    assert [t["name"] for t in player.tracks] == ["preview mix", "final mix"]
    assert [t["seconds"] for t in player.tracks] == [pytest.approx(3.0), pytest.approx(3.0)]
    assert player.note == "Both play 2.0 to 5.0 s of the song, the part they share."
    assert player.tracks[1]["gain_db"] == pytest.approx(-6.02, abs=0.01)
    assert player.tracks[0]["peaks"] != player.tracks[1]["peaks"]


def test_a_mapping_is_compared_as_its_plain_sum_from_the_start_of_the_song(make_file: MakeFile) -> None:
    stems = {"a": make_file("a.wav", seconds=3, peak=0.2), "b": make_file("b.wav", seconds=3, peak=0.2)}
    preview = MixPreview("1", REQUEST, remote(make_file("p.wav", seconds=1)), notes=MixNotes(preview_start_s=1.5))
    player = compare(stems, preview, names=("stems", "preview"))
    assert player.tracks[0]["seconds"] == pytest.approx(1.0)
    assert player.tracks[0]["level"].endswith("peak \N{MINUS SIGN}8.0 dBFS")
    assert "1.5 to 2.5 s" in player.note


def test_an_unknown_start_of_the_preview_is_not_guessed(make_file: MakeFile) -> None:
    preview = MixPreview("1", REQUEST, remote(make_file("p.wav", seconds=1)))
    player = compare(preview, FinalMix("1", remote(make_file("f.wav", seconds=2))))
    assert player.note == "Both play from their start; preview mix is the shorter one."


def test_files_are_named_without_endings_and_equal_names_get_letters(make_file: MakeFile) -> None:
    first, second = make_file("before.wav"), make_file("after.wav")
    assert [t["name"] for t in compare(first, second).tracks] == ["before", "after"]
    assert [t["name"] for t in compare(first, first).tracks] == ["before A", "before B"]


def test_static_html_contains_both_sounds_at_equal_loudness(tmp_path: Path) -> None:
    html = compare(tone(8, peak=0.5), tone(8, peak=0.05), rate=RATE).static_html()
    assert len(html) < 100_000
    found = re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', html)
    assert len(found) == 2
    levels = []
    for number, text in enumerate(found):
        path = tmp_path / f"{number}.mp3"
        path.write_bytes(base64.b64decode(text))
        levels.append(integrated_loudness(*audio_files.read(path)))
    assert levels[0] == pytest.approx(levels[1], abs=0.2)
    assert "here turned down by 20.0 dB" in html


class TestMasters:
    @pytest.fixture
    def master(self, make_file: MakeFile, tmp_path: Path) -> Master:
        song = np.concatenate([tone(2, 0.1, 300), tone(3, 0.2, 500), tone(1, 0.1, 300)], axis=1)
        source = audio_files.write(tmp_path / "song.wav", song, RATE)
        made = audio_files.write(tmp_path / "song-master.wav", song * 3, RATE)
        preview = audio_files.write(tmp_path / "song-preview.mp3", song[:, 2 * RATE : 5 * RATE] * 3, RATE)
        return Master("song", "1", None, remote(preview), remote(made), 2.0, source=source)

    def test_a_master_alone_is_compared_with_its_song_at_equal_loudness(self, master: Master) -> None:
        player = compare(master)
        assert [t["name"] for t in player.tracks] == ["before", "master"]
        assert [t["gain_db"] for t in player.tracks] == [0.0, pytest.approx(-9.54, abs=0.01)]
        assert player.changes

    def test_a_preview_alone_is_compared_with_its_part_of_the_song(self, master: Master) -> None:
        player = compare(replace(master, master=None))
        assert [t["name"] for t in player.tracks] == ["before", "preview"]
        assert [t["seconds"] for t in player.tracks] == [pytest.approx(3.0, abs=0.05)] * 2
        assert "2.0 to 5.0 s" in player.note

    def test_a_master_without_its_song_on_this_machine_is_refused(self, master: Master) -> None:
        with pytest.raises(TypeError, match="not on this machine"):
            compare(replace(master, source=None))

    def test_playing_a_master_plays_the_master_alone(self, master: Master) -> None:
        assert [t["name"] for t in play(master).tracks] == ["master"]
        assert play(master).kind == "one"

    def test_an_album_switches_between_previews_at_their_own_levels(self, master: Master) -> None:
        album = Masters((replace(master, name="one"), replace(master, name="two")))
        player = play(album)
        assert (player.kind, player.matched) == ("compare", False)
        assert [t["name"] for t in player.tracks] == ["one", "two"]
        assert player.tracks[0]["seconds"] == pytest.approx(3.0, abs=0.05)
        whole = switch(album)
        assert whole.matched
        assert whole.tracks[0]["seconds"] == pytest.approx(6.0, abs=0.05)
        assert play(album[:1]).kind == "one"

    def test_errors_for_an_album_suggest_what_works(self, master: Master) -> None:
        album = Masters(tuple(replace(master, name=str(n)) for n in range(10)))
        with pytest.raises(TypeError, match=r"compare\(masters\[0\]\)"):
            compare(album)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"play\(masters\[:9\]\)"):
            play(album)
        with pytest.raises(TypeError, match="no finished master"):
            play(Masters(()))


def test_eight_versions_have_excerpts_that_are_long_enough_and_small(tmp_path: Path) -> None:
    sounds = {letter: np.random.default_rng(1).uniform(-0.3, 0.3, (2, 6 * RATE)) for letter in "ABCDEFGH"}
    page = switch(sounds, rate=RATE).static_html()
    excerpts = re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', page)
    assert len(excerpts) == 8
    for mp3 in excerpts:
        (tmp_path / "a.mp3").write_bytes(base64.b64decode(mp3))
        assert audio_files.info(tmp_path / "a.mp3").seconds == pytest.approx(4.0, abs=0.1)
    assert len(page) < 200_000
