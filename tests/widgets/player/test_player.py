from __future__ import annotations

import base64
import json
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tones import RATE, MakeFile, tone

from tonnbook import audio_files
from tonnbook.errors import AudioError
from tonnbook.widgets.player import play as play_module
from tonnbook.widgets.player.play import play
from tonnbook.widgets.player.player import Player
from tonnbook.widgets.player.tracks import loudest_start, measure_track, waveform

VIEW = "application/vnd.jupyter.widget-view+json"
Sent = list[tuple[dict[str, Any], Any]]


def shown(player: Player) -> tuple[dict[str, Any], Sent]:
    """Show a player as a cell would; return the mimebundle and the messages that went to the page."""
    sent: Sent = []
    player.send = lambda content, buffers=None: sent.append((content, buffers))
    bundle, _ = player._repr_mimebundle_()
    return bundle, sent


def decoded(data: bytes, tmp_path: Path, ending: str) -> tuple[np.ndarray, int]:
    path = tmp_path / f"got.{ending}"
    path.write_bytes(data)
    return audio_files.read(path)


def test_stems_show_and_keep_their_level(make_file: MakeFile) -> None:
    player = play({"loud": make_file("a.wav", peak=0.5), "quiet": make_file("b.wav", peak=0.05)})
    assert player.kind == "stems"
    assert [t["name"] for t in player.tracks] == ["loud", "quiet"]
    # a sine of peak -6.0 dBFS in both channels, 0.0 dB re BS.1770 at 440 Hz within 0.1: -6.0 LUFS - 0.7 + K(440)
    assert player.tracks[0]["level"].endswith("peak \N{MINUS SIGN}6.0 dBFS")
    loud, quiet = (measure_track("x", tone(peak=p), RATE).lufs for p in (0.5, 0.05))
    assert loud - quiet == pytest.approx(20.0, abs=0.05)
    assert [t["gain_db"] for t in player.tracks] == [0.0, 0.0]


def test_the_sum_is_measured_and_an_overload_is_noted(make_file: MakeFile) -> None:
    player = play({"a": make_file("a.wav", peak=0.8), "b": make_file("b.wav", peak=0.8)})
    assert player.level.endswith("peak +4.1 dBFS")
    assert "4.1 dB over full scale" in player.note
    assert play({"a": make_file("a.wav", peak=0.2), "b": make_file("b.wav", peak=0.2)}).note == ""


def test_the_sound_is_sent_when_displayed_and_is_not_in_the_state(make_file: MakeFile, tmp_path: Path) -> None:
    player = play({"a": make_file("a.wav", peak=0.25), "b": tone(0.5)}, rate=RATE)
    _, sent = shown(player)
    assert [(m["kind"], m["index"], m["format"]) for m, _ in sent] == [("sound", 0, "ogg"), ("sound", 1, "ogg")]
    assert [m["bytes"] for m, _ in sent] == [len(buffers[0]) for _, buffers in sent]
    assert len(json.dumps({k: v for k, v in player.get_state().items() if k not in ("_esm", "_css")})) < 8000
    audio, rate = decoded(sent[0][1][0], tmp_path, "ogg")
    assert rate == RATE
    assert audio.shape == (2, RATE)
    assert np.abs(audio).max() == pytest.approx(0.25, abs=0.01)
    bundle, again = shown(player)
    assert VIEW in bundle
    assert again == []


def test_small_flac_and_ogg_files_are_sent_unchanged_and_mp3_only_if_all_are_mp3(make_file: MakeFile) -> None:
    flac, mp3, ogg = (make_file(f"a.{ending}") for ending in ("flac", "mp3", "ogg"))
    _, sent = shown(play({"f": flac, "o": ogg, "m": mp3}))
    assert [m["format"] for m, _ in sent] == ["flac", "ogg", "ogg"]
    assert sent[0][1] == [flac.read_bytes()]
    _, sent = shown(play(mp3))
    assert sent[0][0]["format"] == "mp3"
    assert sent[0][1] == [mp3.read_bytes()]


def test_a_page_can_request_the_sound_again_as_mp3_and_as_text(make_file: MakeFile, tmp_path: Path) -> None:
    player = play(make_file("a.wav", peak=0.25))
    _, sent = shown(player)
    sent.clear()
    player._on_message(player, {"kind": "sounds", "format": "mp3", "text": True}, [])
    ((message, buffers),) = sent
    assert buffers is None
    assert message["format"] == "mp3"
    data = base64.b64decode(message["base64"])
    assert len(data) == message["bytes"]
    audio, _ = decoded(data, tmp_path, "mp3")
    assert np.abs(audio).max() == pytest.approx(0.25, abs=0.02)


def test_other_messages_of_the_page_are_ignored(make_file: MakeFile) -> None:
    player = play(make_file("a.wav"))
    _, sent = shown(player)
    sent.clear()
    player._on_message(player, {"kind": "anywidget-command"}, [])
    assert sent == []


def test_play_pause_and_seek_are_sent_to_the_page(make_file: MakeFile) -> None:
    player = play(make_file("a.wav"))
    _, sent = shown(player)
    sent.clear()
    player.play()
    player.seek(0.5)
    player.pause()
    assert [m for m, _ in sent] == [{"kind": "play"}, {"kind": "seek", "seconds": 0.5}, {"kind": "pause"}]


def test_static_html_has_sound_waveform_and_level_in_less_than_100_kb(make_file: MakeFile, tmp_path: Path) -> None:
    player = play({"a & b": make_file("a.wav", seconds=20, peak=0.5), "c": make_file("b.wav", peak=0.1)}, title="Both")
    html = shown(player)[0]["text/html"]
    assert len(html) < 100_000
    assert "<source" not in html
    assert "<script" not in html
    ((mp3,),) = (re.findall(r'<audio[^>]* src="data:audio/mpeg;base64,([^"]+)"', html),)
    audio, rate = decoded(base64.b64decode(mp3), tmp_path, "mp3")
    assert audio.shape[1] / rate == pytest.approx(11.0, abs=0.2)
    assert np.abs(audio).max() == pytest.approx(0.5, abs=0.12)
    picture = base64.b64decode(re.findall(r'<img[^>]* src="data:image/svg\+xml;base64,([^"]+)"', html)[0])
    assert picture.startswith(b"<svg")
    assert "a &amp; b:" in html
    assert "LUFS" in html
    assert str(tmp_path) not in html


def test_no_folder_is_in_the_state_or_the_text(make_file: MakeFile, tmp_path: Path) -> None:
    player = play(make_file("kick.wav"))
    assert str(tmp_path) not in str(player.get_state())
    assert shown(player)[0]["text/plain"] == "Player(kick, 1.0 s)"


def test_silence_and_very_short_sounds_can_be_played() -> None:
    for audio in (np.zeros((1, RATE)), np.zeros((2, 3)), tone(0.01)):
        player = play(audio, rate=RATE)
        html = shown(player)[0]["text/html"]
        assert "<audio" in html
        assert "nan" not in html


def test_rates_and_lengths_may_differ(make_file: MakeFile, tmp_path: Path) -> None:
    slow = audio_files.write(tmp_path / "slow.wav", tone(1.0, channels=1)[:, ::2] * 0.5, RATE // 2)
    player = play({"slow": slow, "long": make_file("long.wav", seconds=2.0)})
    assert [t["rate"] for t in player.tracks] == [RATE, RATE]
    assert [round(t["seconds"], 3) for t in player.tracks] == [1.0, 2.0]
    assert [t["channels"] for t in player.tracks] == [1, 2]


def test_the_waveform_has_peak_and_rms_of_each_column() -> None:
    audio = np.zeros((1, 6000))
    audio[0, 3000:] = -0.25
    columns = np.frombuffer(base64.b64decode(waveform(audio, 60)), np.uint8).reshape(-1, 2)
    np.testing.assert_array_equal(columns[:30], 0)
    np.testing.assert_array_equal(columns[30:], round(np.sqrt(0.25) * 255))


def test_the_excerpt_is_the_loudest_part() -> None:
    audio = np.concatenate([tone(10, 0.1), tone(5, 0.5), tone(10, 0.1)], axis=1)
    assert loudest_start(audio, RATE, 4.0) / RATE == pytest.approx(10.0, abs=0.1)
    assert loudest_start(audio, RATE, 60.0) == 0


def test_more_than_a_tab_can_hold_is_refused_before_any_work() -> None:
    hours = np.broadcast_to(np.zeros((2, 1)), (2, 8000 * 3600))  # an hour that takes no memory
    with pytest.raises(AudioError, match="120 minutes of sound are too much for a browser tab"):
        play({"a": hours, "b": hours}, rate=8000)


def test_a_state_that_the_player_does_not_have_is_refused(make_file: MakeFile) -> None:
    player = play({"a": make_file("a.wav"), "b": make_file("b.wav")})
    with pytest.raises(ValueError, match=r"soloed: there is no 'c' in this player; there are: a, b"):
        player.soloed = ["c"]
    with pytest.raises(ValueError, match=r"loop: pass \[start, end\] in seconds"):
        player.loop = [2.0, 1.0]
    player.muted, player.loop = ["b"], [0.0, 0.5]
    assert (player.muted, player.loop, player.soloed) == (["b"], [0.0, 0.5], [])


def test_long_sounds_are_encoded_when_they_are_displayed(make_file: MakeFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play_module, "_ENCODED_LATER_MINUTES", 0)
    player = play([make_file("a.wav"), make_file("b.wav")])
    assert player._encoded == [None, None]
    assert all(track["peaks"] for track in player.tracks)
    sent: list[tuple[Any, Any]] = []
    arrived = threading.Semaphore(0)

    def send(message: Any, buffers: Any = None) -> None:
        sent.append((message, buffers))
        arrived.release()

    monkeypatch.setattr(player, "send", send)
    player._on_message(None, {"kind": "sounds"}, None)
    assert sent == []  # nothing has been encoded
    player._repr_mimebundle_()
    player._repr_mimebundle_()
    assert all(arrived.acquire(timeout=60) for _ in range(2))
    assert {message["index"] for message, _ in sent} == {0, 1}
    audio, rate = audio_files.decode(sent[0][1][0])
    assert audio.shape[1] / rate == pytest.approx(player.tracks[0]["seconds"], abs=0.01)
