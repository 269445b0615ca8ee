"""`tonnbook master`: an album from the shell, offline; and the question before it spends credits."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from unicodedata import combining, east_asian_width

import pytest
from reference_meters import libebur128

from tonnbook import audio_files, services
from tonnbook.__main__ import main
from tonnbook.album_program import _bar, _Bars
from tonnbook.clients.album.batch import Batch
from tonnbook.studio.server.server import Studio


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
    assert "missing.wav does not exist" in first.stdout
    for name in ("01_night_bus", "04_open_sky"):
        assert libebur128(tmp_path / "final_masters" / f"{name}.wav")[0] == pytest.approx(-14.0, abs=0.05)
    album.write_text(json.dumps(json.loads(album.read_text())[:2]))
    again = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 songs are in" in again.stdout


def test_an_invalid_album_is_reported_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "album.json").write_text("{}")
    assert main(["master", str(tmp_path / "album.json")]) == 1
    assert "is no album file" in capsys.readouterr().err
    assert main(["master", str(tmp_path / "nowhere.json")]) == 1
    assert "nowhere.json" in capsys.readouterr().err


class TestLive:
    """The live service is a second studio here; what was spent stands in its ledger."""

    @pytest.fixture
    def service(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
        live = services.live
        with Studio(key="a-live-key") as studio:
            monkeypatch.setenv("TONN_API_KEY", "a-live-key")
            monkeypatch.setattr(services, "live", lambda: live(tonn_url=studio.url))
            yield studio

    @pytest.fixture
    def shorts(self, songs: Mapping[str, Path], tmp_path: Path) -> Path:
        """An album file of two songs of a second and a half, and one that is not there."""
        entries = []
        for name in ("01_night_bus", "04_open_sky"):
            audio, rate = audio_files.read(songs[name])
            audio_files.write(tmp_path / f"{name}.wav", audio[:, : 3 * rate // 2], rate, 16)
            entries.append({"trackURL": f"{name}.wav", "musicalStyle": "POP", "desiredLoudness": "LOW"})
        path = tmp_path / "album.json"
        path.write_text(json.dumps([*entries, {**entries[0], "trackURL": "missing.wav"}]), encoding="utf-8")
        return path

    @pytest.fixture
    def run(
        self, shorts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> Callable[..., str]:
        def run(*options: str, answer: str = "") -> str:
            monkeypatch.setattr("sys.stdin", io.StringIO(answer))
            main(["master", str(shorts), "--live", "--to", str(tmp_path / "out"), *options])
            return capsys.readouterr().out

        return run

    def test_it_prints_the_cost_and_asks_and_pays_no_more(self, service: Studio, run: Callable[..., str]) -> None:
        for answer in ("", "n\n", "what?\n"):
            output = run(answer=answer)
            assert "2 final masters at 220 credits each: this will cost about 440 credits." in output
            assert output.endswith("Nothing was ordered.\n")
        assert service.ledger.entries == ()
        assert "2 of 3 songs are in " in run(answer="y\n")
        assert service.ledger.credits == 440
        assert "0 final masters at 220 credits each" in run()
        assert service.ledger.credits == 440

    def test_a_coherent_album_is_another_order_and_is_asked_for_too(
        self, service: Studio, run: Callable[..., str]
    ) -> None:
        run("--yes")
        output = run("--coherence")
        assert "about 440 credits" in output
        assert "Go on? [y/N]" in output
        assert service.ledger.credits == 440
        run("--coherence", answer="y\n")
        assert "about 0 credits" in run("--coherence")
        assert service.ledger.credits == 880

    def test_previews_cost_nothing_and_are_named_where_they_are(
        self, service: Studio, run: Callable[..., str], tmp_path: Path
    ) -> None:
        assert run("--previews").endswith(f"2 of 3 songs are in {tmp_path / 'out' / 'previews'}\n")
        assert service.ledger.credits == 0

    def test_without_a_key_it_says_where_to_put_one(self, album: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["master", str(album), "--live"]) == 1
        assert "TONN_API_KEY" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_bar_is_wider_than_the_terminal(columns: int) -> None:
    for name in ("song", "夜のバス" * 9, "e\u0301" * 40):
        line = _bar(name, "running", 0.5, "handed to a worker\nwhich says more", columns)
        width = sum(2 if east_asian_width(c) in "WF" else 0 if combining(c) else 1 for c in line)
        assert width <= columns
        assert "\n" not in line


def test_a_song_that_failed_is_no_full_bar_and_one_that_was_refused_has_a_line() -> None:
    assert "100%" not in _bar("song", "failed", 0.4, "silent", 80)
    assert "failed  silent" in _bar("song", "failed", 0.4, "silent", 80)
    assert "100%" in _bar("song", "done", 0.4, "", 80)
    screen = io.StringIO()
    _Bars(Batch(Path(), {}, {"song": "missing.wav does not exist"}), screen).show()
    assert "failed  missing.wav does" in screen.getvalue()
