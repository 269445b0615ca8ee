"""The console from Python: changes, the request, undo, pasted JSON, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tones import MakeFile

import tonnbook as tb
from tonnbook import audio_files
from tonnbook.models.files import local_file
from tonnbook.models.mixing import MixPreview, Reason
from tonnbook.widgets.console.console import Console
from tonnbook.widgets.forms import sender


@pytest.fixture
def console(preview: MixPreview) -> Console:
    return Console(preview)


def test_changes_are_what_a_final_mix_takes(console: Console) -> None:
    assert console.changes == {}
    console.set("guitar", gain_db=-6, pan_deg=-20).set("vocal.wav", eq="less mud", compression={"ratio": 2})
    assert console.changes == {
        "guitar.wav": tb.TrackEffects(gain_db=-6, pan_deg=-20),
        "vocal.wav": tb.TrackEffects(
            eq=(tb.EqBand(centre_hz=280, gain_db=-3.5), tb.EqBand(centre_hz=450, gain_db=-1.5)),
            compression=tb.Compression(threshold_db=-20, ratio=2, attack_ms=5, release_ms=80),
        ),
    }
    sent = console.request
    assert [track.gain_db for track in sent.tracks] == [-6, 0]
    assert sent.tracks[1].compression is not None
    assert sent.tracks[0].compression is None  # as in the preview


def test_what_equals_the_preview_is_no_change(console: Console) -> None:
    console.set("guitar", pan_deg=10, gain_db=0, eq=[(250, -2, 1.5)], compression="off")
    assert console.changes == {"guitar.wav": tb.TrackEffects(pan_deg=10)}
    console.set("guitar", pan_deg=None)
    assert console.changes == {}


def test_a_muted_track_is_muted_in_the_mix_and_solo_is_not_sent(console: Console) -> None:
    console.set("guitar", muted=True, gain_db=-3).set("vocal", soloed=True)
    assert console.changes == {"guitar.wav": tb.TrackEffects(gain_db=-60)}
    assert console.soloed == ["vocal.wav"]
    assert console.set("guitar", muted=False).changes == {"guitar.wav": tb.TrackEffects(gain_db=-3)}


def test_undo_redo_and_reset(console: Console) -> None:
    console.set("guitar", gain_db=-6).set("vocal", pan_deg=5)
    assert console.undo().changes == {"guitar.wav": tb.TrackEffects(gain_db=-6)}
    assert console.can_redo
    assert len(console.redo().changes) == 2
    assert list(console.reset("guitar").changes) == ["vocal.wav"]
    assert not console.reset().changes
    assert len(console.undo().undo().changes) == 2
    assert console.undo().undo().undo().undo().changes == {}  # more than there were


def test_an_edit_of_the_page_counts_as_one_step(console: Console) -> None:
    console.value = {"guitar.wav": {"gain_db": -3.0, "pan_deg": -30.0}}  # the angle of the preview
    assert console.changes == {"guitar.wav": tb.TrackEffects(gain_db=-3)}
    assert console.undo().changes == {}


def test_json_python_and_curl_make_an_equal_request(console: Console, preview: MixPreview) -> None:
    console.set("guitar", gain_db=-6, eq=[(300, 2, 1)]).set("vocal", compression="off", pan_deg=-20)
    assert Console(preview).load(console.to_json()).changes == console.changes
    assert Console(preview).load(console.code["json"]).changes == console.changes  # as copied from the page
    names: dict[str, Any] = {}
    exec(console.to_python().partition("final =")[0], names)
    assert Console(preview).load(names["changes"]).changes == console.changes
    assert "/retrievefinalmix" in console.to_curl()
    shown = str(console.get_state())
    assert "secret" not in shown
    assert "secret" in console.to_json()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"gain_db": -99}, "'guitar'.*gain_db.*-99; at least -60"),
        ({"pan_deg": 70}, "pan_deg.*at most 60"),
        ({"eq": "mud"}, "the presets are flat, bass boost"),
        ({"eq": [(5, 1, 1)]}, "centre_hz.*at least 20"),
        ({"eq": [(100, 1, 1)] * 7}, "at most 6"),
        ({"compression": {"ratio": 0.5}}, "ratio.*at least 1"),
        ({"compression": 3}, "pass tb.Compression"),
    ],
)
def test_what_is_not_allowed_is_refused_and_nothing_is_lost(
    console: Console, fields: dict[str, Any], message: str
) -> None:
    console.set("guitar", gain_db=-6)
    with pytest.raises(ValueError, match=message):
        console.set("guitar", **fields)
    assert console.changes == {"guitar.wav": tb.TrackEffects(gain_db=-6)}


def test_unknown_tracks_fields_and_texts(console: Console) -> None:
    with pytest.raises(ValueError, match="did you mean 'vocal'"):
        console.set("vocl", gain_db=1)
    with pytest.raises(TypeError, match="no field 'gain'; did you mean 'gain_db'"):
        console.set("vocal", gain=1)
    for text in ("no json", "[]", "{}", console.to_json().replace("guitar", "zither")):
        with pytest.raises(ValueError, match=r"JSON|final mix|zither"):
            console.load(text)
    console.value = {"guitar.wav": {"gain_db": 99}}  # a page cannot set it, but nothing else may break
    assert console.changes == {}
    assert "at most 12" in console.note


def test_what_cannot_be_heard_is_said(preview: MixPreview) -> None:
    assert Console(preview).about == ""
    assert "without reverb and bus compression" in Console(replace(preview, notes=None)).about
    assert preview.request is not None
    mastered = replace(preview, request=preview.request.model_copy(update={"create_master": True}))
    assert "The preview is mastered" in Console(mastered).about


def test_a_preview_without_settings_or_request(preview: MixPreview) -> None:
    with pytest.raises(ValueError, match="fx_settings=True"):
        Console(replace(preview, settings={}))
    with pytest.raises(ValueError, match="attach"):
        Console(replace(preview, request=None))
    with pytest.raises(TypeError, match="MixPreview"):
        Console("preview")  # type: ignore[arg-type]


def test_settings_outside_the_ranges_of_a_request_are_limited(preview: MixPreview) -> None:
    far = preview.settings["vocal.wav"].model_copy(update={"pan_deg": 75.0})
    console = Console(replace(preview, settings={**preview.settings, "vocal.wav": far}))
    assert console.set("vocal", gain_db=-1).changes == {"vocal.wav": tb.TrackEffects(gain_db=-1)}
    assert console.strips[1]["base"]["pan_deg"] == 60


def test_static_html_and_text(console: Console) -> None:
    console.set("guitar", muted=True)
    page = console.static_html()
    assert "<td>muted</td>" in page
    assert page.count("changed") == 1
    assert repr(console) == "Console(2 tracks, changed: guitar)"


class Live:
    """A client of a service that charges; it counts what is sent."""

    charges_credits = True

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def final_mix(self, preview: MixPreview, changes: Any, **options: Any) -> Any:
        self.sent.append((preview, changes, options))
        raise tb.TonnbookError("no credits are left")


def test_live_the_button_only_asks_and_the_second_press_sends_once(
    preview: MixPreview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_DOUBLE_CLICK_S", 0.0)
    live = Live()
    console = Console(replace(preview, client=live), return_stems=True).set("guitar", gain_db=-6)
    console._handle_custom_msg(
        {"kind": "sounds", "format": "", "text": False}, []
    )  # a reloaded page asks for sounds only
    assert console.sending["state"] == "idle"
    console._handle_custom_msg({"kind": "send"}, [])
    assert "250 credits" in console.sending["message"]
    assert live.sent == []
    for _ in range(2):
        console._handle_custom_msg({"kind": "confirm", "question": console.sending.get("question", 0)}, [])
    assert live.sent == [(console.preview, console.changes, {"return_stems": True})]
    assert "no credits" in console.sending["message"]


def test_the_sounds_are_prepared_once_at_full_quality(preview: MixPreview) -> None:
    console = Console(preview)
    for _ in range(2):  # as a page asks for them
        console._handle_custom_msg({"kind": "sounds", "format": "", "text": False}, [])
    assert console._preparing is not None
    console._preparing.join(30)
    assert console.sound_problem == ""
    assert [console._encoded[n][0].format for n in (0, 1, 2)] == ["flac"] * 3
    audio, _ = audio_files.decode(console._encoded[0][0].data)
    assert (audio == audio_files.read(preview.recordings["guitar.wav"].path)[0]).all()
    console._handle_custom_msg({"kind": "sounds", "format": "mp3", "text": False}, [])  # a browser without FLAC
    assert console._encoded[0][0].format == "wav"
    assert (audio_files.decode(console._encoded[0][0].data)[0] == audio).all()


def test_another_part_of_the_song_is_heard_without_the_preview(preview: MixPreview, make_file: MakeFile) -> None:
    longer = {name: local_file(make_file(f"long {name}", seconds=3)) for name in preview.recordings}
    console = Console(
        replace(preview, recordings=dict(zip(preview.recordings, longer.values(), strict=True))), start_s=1.5
    )
    console._handle_custom_msg({"kind": "shown"}, [])
    assert console._preparing is not None
    console._preparing.join(30)
    assert [sound["optional"] for sound in console.sounds] == [False, False, True, True]
    audio, rate = audio_files.decode(console._encoded[0][0].data)
    assert audio.shape[1] == 1.5 * rate
    assert (audio == audio_files.read(longer["guitar.wav"].path)[0][:, round(1.5 * rate) :]).all()
    assert 2 not in console._encoded
    with pytest.raises(ValueError, match=r"start_s is 3; allowed: 0 to 0\.0"):
        Console(preview, start_s=3)


def test_recordings_that_are_gone_leave_the_settings(preview: MixPreview) -> None:
    preview.recordings["vocal.wav"].path.unlink()
    console = Console(preview)
    console._handle_custom_msg({"kind": "sounds", "format": "", "text": False}, [])
    assert console._preparing is not None
    console._preparing.join(30)
    assert "vocal.wav" in console.sound_problem
    assert console.set("vocal", gain_db=-1).changes


def test_32_tracks_send_less_than_60_kb(preview: MixPreview) -> None:
    source = preview.settings["vocal.wav"].model_copy(update={"eq": preview.settings["guitar.wav"].eq * 6})
    names = [f"track {n}.wav" for n in range(32)]
    assert preview.request is not None
    assert preview.notes is not None
    row = preview.request.tracks[0]
    tracks = tuple(
        row.model_copy(update={"source": f"https://store.example/abcdefghijklmnop/{name}?signature=secret"})
        for name in names
    )
    reasons = tuple(
        Reason(setting=f"eq.band_{n}", text="a sentence of the length that a reason has " * 2) for n in range(9)
    )
    notes = preview.notes.tracks["vocal.wav"].model_copy(update={"reasons": reasons})
    many = replace(
        preview,
        request=preview.request.model_copy(update={"tracks": tracks}),
        settings=dict.fromkeys(names, source),
        notes=preview.notes.model_copy(update={"tracks": dict.fromkeys(names, notes)}),
        recordings=dict.fromkeys(names, preview.recordings["vocal.wav"]),
    )
    console = Console(many)
    state = {name: value for name, value in console.get_state().items() if name not in ("_esm", "_css")}
    assert len(json.dumps(state)) < 60_000
