"""`tonnbook master`: the tutorial's job from the shell, offline; and what it says before it spends credits."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from judges import libebur128

from tonnbook import services
from tonnbook.__main__ import main
from tonnbook.clients.album_record import SongRecord, fingerprint, record_path
from tonnbook.clients.mastering import Wishes, read_album


@pytest.fixture
def album(songs: Mapping[str, Path], tmp_path: Path) -> Path:
    """An album file of two songs and one that is not there."""
    entries = [
        {"trackURL": str(path), "musicalStyle": "POP", "desiredLoudness": "LOW"}
        for path in (songs["01_night_bus"], songs["04_open_sky"], tmp_path / "missing.wav")
    ]
    path = tmp_path / "album_mastering_payload.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def test_an_album_from_the_shell(album: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tonnbook", "master", str(album), "--to", str(tmp_path / "final_masters")]
    first = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert first.returncode == 1, first.stderr
    assert "2 of 3 songs are in" in first.stdout
    assert "missing.wav is not there" in first.stdout
    for name in ("01_night_bus", "04_open_sky"):
        assert libebur128(tmp_path / "final_masters" / f"{name}.wav")[0] == pytest.approx(-14.0, abs=0.05)
    album.write_text(json.dumps(json.loads(album.read_text())[:2]))
    again = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 songs are in" in again.stdout


def test_what_is_no_album_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "album.json").write_text("{}")
    assert main(["master", str(tmp_path / "album.json")]) == 1
    assert "is no album file" in capsys.readouterr().err
    assert main(["master", str(tmp_path / "nowhere.json")]) == 1
    assert "nowhere.json" in capsys.readouterr().err


class TestLive:
    """Nothing here reaches a network: the program stops before it asks anybody."""

    @pytest.fixture(autouse=True)
    def key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TONN_API_KEY", "a-key-that-nobody-has")
        monkeypatch.setattr(services.TonnClient, "master_all", self.nobody_calls)

    def nobody_calls(self, *_: object, **__: object) -> None:
        raise AssertionError("credits would have been spent")

    def test_it_says_what_it_costs_and_asks(
        self, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for answer in ("", "n\n", "what?\n"):
            monkeypatch.setattr("sys.stdin", io.StringIO(answer))
            assert main(["master", str(album), "--live", "--to", str(tmp_path / "out")]) == 1
            assert "3 final masters at 220 credits each: this will cost about 660 credits." in capsys.readouterr().out

    def test_what_was_paid_for_is_not_counted_again(
        self, album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name, request = next(iter(read_album(album, Wishes())[0].items()))
        record = SongRecord(song=name, order=fingerprint(request), server="live", state="done")
        record.write(record_path(tmp_path / "out", name))
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        assert main(["master", str(album), "--live", "--to", str(tmp_path / "out")]) == 1
        assert "about 440 credits" in capsys.readouterr().out

    @pytest.mark.parametrize(("options", "answer"), [(["--yes"], ""), ([], "y\n"), (["--previews"], "")])
    def test_with_a_yes_it_goes_on(
        self, album: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], answer: str
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        with pytest.raises(AssertionError, match="credits would have been spent"):
            main(["master", str(album), "--live", *options])

    def test_without_a_key_it_says_where_to_put_one(
        self, album: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TONN_API_KEY")
        assert main(["master", str(album), "--live"]) == 1
        assert "TONN_API_KEY" in capsys.readouterr().err
