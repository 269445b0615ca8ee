"""The button sends at once on the studio; where a call costs credits it asks first, and each press counts once."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import tonnbook as tb
from tonnbook import default_clients
from tonnbook.widgets.forms import results, sender
from tonnbook.widgets.forms.mastering import AlbumBuilder, MasteringBuilder
from tonnbook.widgets.forms.mixing import MixBuilder
from tonnbook.widgets.forms.results import view_of
from tonnbook.widgets.player.player import Player


def post(form: Any, **message: Any) -> dict[str, Any]:
    form._handle_custom_msg(message, [])
    return form.sending


def until(condition: Any) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Live:
    """A client of a service that charges; it counts what is sent."""

    charges_credits = True
    fx_settings = False

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def master(self, request: Any) -> Any:
        self.sent.append(request)
        raise tb.TonnbookError("no credits are left")

    preview_mix = master


@pytest.fixture
def song(tmp_path: Path) -> Path:
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    return tmp_path / "song.wav"


def test_on_the_studio_one_press_mixes_and_displays_the_player(monkeypatch: pytest.MonkeyPatch) -> None:
    with tb.offline():
        builder = MixBuilder({name: tb.demo.stems()[name] for name in ("kick", "bass")}, return_stems=True)
        seen: list[Any] = []
        place = builder.then(lambda preview: seen.append(preview) or tb.play(preview.mix))
        assert post(builder, kind="send")["state"] == "running"
        first = builder.job
        post(builder, kind="send")  # a second press while it runs
        assert builder.job is first
        until(lambda: len(builder.box.children) == 3 and place.made)
        assert builder.sending["state"] == "done"
        assert isinstance(builder.box.children[2], Player)
        assert len(builder.box.children[2].tracks) == 2
        monkeypatch.setattr(results, "_MOST_STEMS_S", 40.0)  # two stems of 24 s are longer
        assert [track["name"] for track in view_of(builder.result).tracks] == ["mix"]
        assert seen == [builder.result]
        assert set(builder.result.stems) == {"kick.flac", "bass.flac"}
    assert default_clients.default("tonn") is None


def test_without_a_client_or_with_errors_it_says_so(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "tb.offline()" in post(MasteringBuilder(song), kind="send")["message"]
    assert "1 file not found" in post(MasteringBuilder(tmp_path / "none.wav", client=Live()), kind="send")["message"]
    monkeypatch.delenv("TONN_API_KEY", raising=False)
    monkeypatch.setenv("BEATOVEN_API_KEY", "k")
    with tb.live() as services:
        assert "TONN_API_KEY" in post(MasteringBuilder(song, client=services.tonn), kind="send")["message"]
    assert "Fix the marked" in post(MasteringBuilder(song, style="POLKA", client=Live()), kind="send")["message"]


def test_live_it_asks_and_only_a_later_second_press_sends_once(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live()
    builder = MasteringBuilder(song, client=live)
    asked = post(builder, kind="send")
    assert (asked["state"], live.sent) == ("asking", [])
    assert (asked["message"], asked["cost"]) == (
        "This costs about 220 credits on the live service.",
        "about 220 credits",
    )
    post(builder, kind="send")
    post(builder, kind="confirm", question=asked["question"])  # a double click
    assert (builder.sending["state"], live.sent) == ("asking", [])
    post(builder, kind="dismiss")
    post(builder, kind="confirm", question=asked["question"])
    assert (builder.sending["state"], live.sent) == ("idle", [])
    monkeypatch.setattr(sender, "_DOUBLE_CLICK_S", 0)
    question = post(builder, kind="send")["question"]
    post(builder, kind="confirm", question=question - 1)
    assert not live.sent
    post(builder, kind="confirm", question=question)
    post(builder, kind="confirm", question=question)
    assert live.sent == [builder.request]
    assert builder.sending == {"state": "failed", "verb": "Master", "message": "no credits are left"}


def test_what_costs_nothing_is_sent_at_once_live_too(song: Path) -> None:
    live = Live()
    post(MixBuilder([song], client=live), kind="send")
    assert len(live.sent) == 1
    live.fx_settings = True
    assert post(MixBuilder([song], client=live), kind="send")["cost"] == "credits for the FX settings"
    album = AlbumBuilder([song, song], client=live)
    assert post(album, kind="send")["cost"] == "up to 440 credits (2 final masters)"
    assert len(live.sent) == 1


def test_an_upload_has_a_secret_link_for_each_file() -> None:
    with tb.offline() as services:
        upload = tb.UploadBuilder({name: tb.demo.stems()[name] for name in ("kick", "bass")})
        assert upload.plain() == "UploadBuilder(2 files, ready)"
        post(upload, kind="send")
        until(lambda: len(upload.box.children) == 3)
        assert list(upload.result.links) == ["kick.flac", "bass.flac"]
        mix = services.tonn.preview_mix(MixBuilder([upload.result["kick.flac"]]).request)
        assert mix.result(60).mix.path.exists()
        shown = f"{upload.result!r}{upload.box.children[2].value}{upload.get_state()}"
        assert "kick.flac" in shown
        assert "127.0.0.1" not in shown
    assert json.loads(upload.code["json"])[0] == {"filename": "kick.flac", "contentType": "audio/flac"}
    assert tb.UploadBuilder([]).load(upload.to_json()).request == upload.request
    assert "upload_all(['kick.flac', 'bass.flac'])" in upload.code["python"]
    assert upload.code["curl"].count("curl -X POST") == 2
    with pytest.raises(ValueError, match="JSON array"):
        upload.load("{}")
