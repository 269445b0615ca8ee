"""Albums with the client and a real studio: parallel songs, bad ones among them, interrupts, kills, and what is charged."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from programs import studio_program
from reference_meters import libebur128

from tonnbook import audio_files
from tonnbook.clients.album.record import SongRecord, record_path
from tonnbook.clients.polling import PollSettings
from tonnbook.clients.tonn import TonnClient
from tonnbook.errors import AudioError, TonnbookError
from tonnbook.models.album import Album
from tonnbook.models.mastering import MasteringRequest
from tonnbook.services import measure_song
from tonnbook.studio.server.server import Studio

QUICK = PollSettings(first_s=0.02, longest_s=0.1)


@pytest.fixture(scope="module")
def shorts(songs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Six songs of a second and a half."""
    folder = tmp_path_factory.mktemp("shorts")
    made = {}
    for n, path in enumerate([*songs.values(), *songs.values()][:6]):
        audio, rate = audio_files.read(path)
        name = f"{n + 1:02d} song"
        made[name] = audio_files.write(folder / f"{name}.wav", audio[:, n * rate // 2 :][:, : 3 * rate // 2], rate, 16)
    return made


@pytest.fixture
def own() -> Iterator[Studio]:
    with Studio() as studio:
        yield studio


def client_of(studio: Studio) -> TonnClient:
    return TonnClient(studio.url, studio.key, polling=QUICK, measure_song=measure_song)


@pytest.fixture
def tonn(own: Studio) -> Iterator[TonnClient]:
    client = client_of(own)
    yield client
    client.close()


def tasks(studio: Studio) -> int:
    return sum(entry.call == "master_preview" for entry in studio.ledger.entries)


def entries_of(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**entry, "trackURL": Path(entry["trackURL"])} for entry in entries]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.wav"))}


def record_of(folder: Path, song: str) -> SongRecord:
    record = SongRecord.read(record_path(folder, song))
    assert record is not None
    return record


LOCKED = """
import sys, time
from pathlib import Path
from filelock import FileLock
with FileLock(Path(sys.argv[1]) / "manifest" / ".lock"):
    print("locked", flush=True)
    time.sleep(60)
"""


class TestAnAlbum:
    def test_every_song_is_mastered_and_in_the_results(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        masters = tonn.master_all(shorts, tmp_path / "out", desired_loudness="LOW").result(120)
        assert [song.name for song in masters] == list(shorts)
        assert not masters.failed
        assert (tasks(own), own.ledger.credits) == (6, 6 * 220)
        for song in masters:
            assert song.master.path == tmp_path / "out" / f"{song.name}.wav"
            assert libebur128(song.master.path)[0] == pytest.approx(-14.0, abs=0.05)
            assert audio_files.info(song.preview.path).format == "mp3"
            assert song.notes.after.loudness_lufs == pytest.approx(-14.0, abs=0.05)
            assert list(song.playable) == ["master"]
        assert masters["02 song"] is masters[1]
        assert masters.after.loudness_lu < 0.1 < masters.before.loudness_lu
        assert "-14.0 LUFS" in str(masters)

    def test_a_second_run_sends_nothing(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        two = dict(list(shorts.items())[:2])
        first = tonn.master_all(two, tmp_path).result(60)
        entries = len(own.ledger.entries)
        own.close()
        again = tonn.master_all(two, tmp_path).result(60)
        assert [song.task_id for song in again] == [song.task_id for song in first]
        assert again[0].notes == first[0].notes
        assert len(own.ledger.entries) == entries

    def test_other_settings_or_another_recording_are_another_master(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        song = tmp_path / "song.wav"
        song.write_bytes(shorts["01 song"].read_bytes())
        tonn.master_all([song], tmp_path / "out", desired_loudness="LOW").result(60)
        louder = tonn.master_all([song], tmp_path / "out", desired_loudness="MEDIUM").result(60)
        assert libebur128(louder[0].master.path)[0] == pytest.approx(-10.0, abs=0.05)
        song.write_bytes(shorts["02 song"].read_bytes())
        tonn.master_all([song], tmp_path / "out", desired_loudness="MEDIUM").result(60)
        assert tasks(own) == 3

    def test_a_master_that_was_lost_is_fetched_again_and_not_made_again(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        one = {"one": shorts["01 song"]}
        path = tonn.master_all(one, tmp_path).result(60)[0].master.path
        before = path.read_bytes()
        for spoil in (path.unlink, lambda: path.write_bytes(before[:-1] + b"x")):
            spoil()
            tonn.master_all(one, tmp_path).result(60)
            assert path.read_bytes() == before
        assert (tasks(own), own.ledger.credits) == (1, 220)

    def test_previews_first_and_the_finals_later(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        two = dict(list(shorts.items())[:2])
        previews = tonn.master_all(two, tmp_path, final=False).result(60)
        assert [song.master for song in previews] == [None, None]
        assert own.ledger.credits == 0
        assert not list(tmp_path.glob("*.wav"))
        masters = tonn.master_all(two, tmp_path).result(60)
        assert [song.task_id for song in masters] == [song.task_id for song in previews]
        assert (tasks(own), own.ledger.credits) == (2, 440)

    async def _awaited(self, tonn: TonnClient, album: Any, to: Path) -> int:
        return len(await tonn.master_all(album, to))

    def test_it_can_be_awaited(self, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path) -> None:
        assert asyncio.run(self._awaited(tonn, {"one": shorts["01 song"]}, tmp_path)) == 1

    def test_a_second_call_while_it_runs_returns_the_same_batch(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        batch = tonn.master_all(shorts, tmp_path)
        assert tonn.master_all(shorts, tmp_path) is batch
        with pytest.raises(ValueError, match="another album"):
            tonn.master_all({"one": shorts["01 song"]}, tmp_path)
        for settings in ({"desired_loudness": "HIGH"}, {"final": False}, {"coherence": True}):
            with pytest.raises(ValueError, match="other settings"):
                tonn.master_all(shorts, tmp_path, **settings)
        assert len(batch.result(120)) == 6
        assert tasks(own) == 6

    def test_a_cell_with_a_bad_song_in_it_can_be_run_again_too(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        album = [shorts["01 song"], tmp_path / "missing.wav"]
        batch = tonn.master_all(album, tmp_path)
        assert tonn.master_all(album, tmp_path) is batch
        assert repr(batch).startswith("<Batch of 2 songs")
        assert list(batch.result(60).failed) == ["missing"]
        assert "1 done, 1 failed, 100%" in repr(batch)

    @pytest.mark.parametrize("at_once", [0, -1])
    def test_at_once_below_one_raises_and_leaves_the_folder_usable(
        self, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path, at_once: int
    ) -> None:
        with pytest.raises(ValueError, match="at least one"):
            tonn.master_all({"one": shorts["01 song"]}, tmp_path, at_once=at_once)
        assert len(tonn.master_all({"one": shorts["01 song"]}, tmp_path).result(60)) == 1

    def test_a_preview_that_was_lost_is_downloaded_again(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        one = {"one": shorts["01 song"]}
        preview = tonn.master_all(one, tmp_path).result(60)[0].preview.path
        preview.unlink()
        assert tonn.master_all(one, tmp_path).result(60)[0].preview.path == preview
        assert preview.is_file()
        assert tasks(own) == 1
        preview.unlink()
        own.close()
        alone = tonn.master_all(one, tmp_path).result(60)[0]
        assert alone.master.path.is_file()
        with pytest.raises(TonnbookError, match="is lost"):
            _ = alone.preview.path

    def test_two_programs_cannot_use_one_folder(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        batch = tonn.master_all(shorts, tmp_path)
        other = client_of(own)
        with pytest.raises(TonnbookError, match="another program is mastering"):
            other.master_all(shorts, tmp_path)
        batch.result(120)
        assert len(other.master_all(shorts, tmp_path).result(60)) == 6
        other.close()

    def test_a_program_that_is_killed_leaves_the_folder_usable(
        self, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        (tmp_path / "manifest").mkdir()
        with subprocess.Popen([sys.executable, "-c", LOCKED, tmp_path], stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"locked\n"
            with pytest.raises(TonnbookError, match=f"another program is mastering into {tmp_path.name}; wait for it"):
                tonn.master_all({"one": shorts["01 song"]}, tmp_path)
            holder.kill()
        assert len(tonn.master_all({"one": shorts["01 song"]}, tmp_path).result(60)) == 1


class TestNames:
    def test_no_song_is_overwritten_by_its_master_nor_mastered_twice_over(
        self, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        song = tmp_path / "song.wav"
        song.write_bytes(mix := shorts["01 song"].read_bytes())
        (tmp_path / "other.wav").write_bytes(b"not ours")
        for _ in range(2):
            masters = tonn.master_all([song], tmp_path).result(60)
            assert masters[0].master.path == tmp_path / "song (master).wav"
            assert song.read_bytes() == mix
        both = tonn.master_all(sorted(tmp_path.glob("song*.wav")), tmp_path).result(60)
        assert "is a master that was made here" in both.failed["song (master)"]
        tonn.master_all({"other": shorts["02 song"]}, tmp_path).result(60)
        assert (tmp_path / "other.wav").read_bytes() == b"not ours"
        assert (tmp_path / "other (master).wav").is_file()

    def test_names_that_differ_only_in_case_lose_no_song(
        self, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        one, two, three = list(shorts.values())[:3]
        masters = tonn.master_all({"AC/DC": one, "AC_DC": two, "ac_dc": three}, tmp_path).result(60)
        assert [song.name for song in masters] == ["AC_DC", "AC_DC (2)", "ac_dc (3)"]
        assert [song.source for song in masters] == [one, two, three]


class TestBadSongs:
    def test_bad_songs_do_not_affect_others(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        silent = audio_files.write(tmp_path / "silent.wav", np.zeros((2, 44100)), 44100, 16)
        broken = tmp_path / "broken.wav"
        broken.write_bytes(b"RIFF and then nothing")
        document = tmp_path / "notes.txt"
        document.write_text("no song")
        album = [shorts["01 song"], silent, broken, document, tmp_path / "missing.wav", shorts["02 song"]]
        masters = tonn.master_all(album, tmp_path / "out").result(60)
        assert [song.name for song in masters] == ["01 song", "02 song"]
        assert set(masters.failed) == {"silent", "broken", "notes", "missing"}
        assert "silent" in masters.failed["silent"]
        assert "does not exist" in masters.failed["missing"]
        assert own.ledger.credits == 440

    def test_a_song_that_was_repaired_is_mastered_the_next_time(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        song = tmp_path / "song.wav"
        song.write_bytes(b"RIFF and then nothing")
        assert tonn.master_all([song], tmp_path / "out").result(60).failed
        song.write_bytes(shorts["01 song"].read_bytes())
        assert len(tonn.master_all([song], tmp_path / "out").result(60)) == 1


class TestTheAlbumFile:
    def test_the_tutorials_file_with_its_links_replaced(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        album = tmp_path / "album_mastering_payload.json"
        entries = [
            {
                "trackURL": tonn.upload(shorts["01 song"]),
                "musicalStyle": "ROCK_INDIE",
                "desiredLoudness": "MEDIUM",
                "sampleRate": "44100",
                "webhookURL": "http://127.0.0.1:9/track1",
            },
            {
                "trackURL": shorts["02 song"].name,
                "musicalStyle": "POP",
                "desiredLoudness": "HIGH",
                "sampleRate": 48000,
            },
            {"trackURL": shorts["03 song"].name, "musicalStyle": "POLKA", "desiredLoudness": "HIGH"},
        ]
        (tmp_path / shorts["02 song"].name).write_bytes(shorts["02 song"].read_bytes())
        album.write_text(json.dumps(entries), encoding="utf-8")
        masters = tonn.master_all(album, tmp_path / "final_masters").result(60)
        assert [audio_files.info(song.master.path).rate for song in masters] == [44100, 48000]
        assert [libebur128(song.master.path)[0] for song in masters] == pytest.approx([-10.0, -8.0], abs=0.05)
        assert "ROCK_INDIE, POP" in masters.failed["03 song"]

    @pytest.mark.parametrize("content", [b"{}", b"[1]", b"[{]", b"", b"RIFF\xe4\xff"])
    def test_a_file_that_is_no_album_file_is_refused(self, tonn: TonnClient, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "album.json").write_bytes(content)
        with pytest.raises(ValueError, match=r"album\.json is no album file"):
            tonn.master_all(tmp_path / "album.json", tmp_path)
        with pytest.raises(AudioError, match=r"no sound files .* in the folder"):
            tonn.master_all(tmp_path, tmp_path)

    def test_a_folder_of_songs_is_an_album_and_another_loudness_overwrites_no_master(
        self, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        (songs := tmp_path / "songs").mkdir()
        for name in ("02 song", "01 song"):
            (songs / f"{name}.wav").write_bytes(shorts[name].read_bytes())
        first = tonn.master_all(songs, tmp_path / "out", desired_loudness="LOW").result(60)
        assert [song.name for song in first] == ["01 song", "02 song"]
        kept = first[0].master.path.read_bytes()
        tonn.master_all(songs, tmp_path / "out", desired_loudness="HIGH").result(60)
        assert first[0].master.path.read_bytes() != kept
        assert [file.read_bytes() for file in (tmp_path / "out/earlier").glob("01 song.*.wav")] == [kept]

    def test_a_file_that_notepad_has_saved_and_what_json_load_makes_of_it(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        entries = [{"trackURL": str(shorts["01 song"]), "musicalStyle": "POP", "desiredLoudness": "LOW"}]
        (tmp_path / "album.json").write_text(json.dumps(entries), encoding="utf-8-sig")
        for album in (tmp_path / "album.json", entries, Album.model_validate({"songs": entries_of(entries)})):
            assert [song.name for song in tonn.master_all(album, tmp_path / "out").result(60)] == ["01 song"]
        assert tasks(own) == 1

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"forcedLoudnes": True}, "forcedLoudnes: is no field of a song; did you mean forcedLoudness"),
            ({"forcedLoudnessInLUFS": -20}, "counts only with forcedLoudness"),
            ({"desiredLoudness": "LOUD"}, "allowed: LOW, MEDIUM or HIGH"),
        ],
    )
    def test_a_misspelled_field_is_named_and_not_mastered(
        self, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path, fields: dict[str, Any], message: str
    ) -> None:
        entry = {"trackURL": str(shorts["01 song"]), "musicalStyle": "POP", "desiredLoudness": "LOW", **fields}
        assert message in tonn.master_all([entry], tmp_path).result(10).failed["01 song"]

    def test_an_invalid_setting_is_named_with_what_is_allowed(
        self, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        with pytest.raises(ValueError, match="allowed: LOW, MEDIUM or HIGH"):
            tonn.master_all(shorts, tmp_path, desired_loudness="LOUD")
        request = MasteringRequest(
            source=shorts["01 song"], style="POP", desired_loudness="LOW", forced_loudness_lufs=-20
        )
        with pytest.raises(ValueError, match="counts only with forced_loudness"):
            tonn.master_all([request], tmp_path)
        plan = tonn.plan_all({"one": shorts["01 song"]}, tmp_path, sample_rate="48000")
        assert plan.orders["one"].request.sample_rate == 48000


def test_a_coherent_album(tonn: TonnClient, songs: Mapping[str, Path], tmp_path: Path) -> None:
    masters = tonn.master_all(songs, tmp_path, desired_loudness="LOW", coherence=True).result(60)
    before = sorted(masters, key=lambda song: song.notes.before.loudness_lufs)
    after = sorted(masters, key=lambda song: song.notes.after.loudness_lufs)
    assert [song.name for song in after] == [song.name for song in before]
    assert 1.0 < masters.after.loudness_lu < 0.7 * masters.before.loudness_lu
    assert masters.after.tone_db < 0.85 * masters.before.tone_db
    assert all("the album's average" in str(song.notes.stages) for song in masters)


def test_coherence_needs_songs_on_this_machine(own: Studio, tonn: TonnClient, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be files on this machine"):
        tonn.master_all(["https://files.example/song.wav"], tmp_path, coherence=True)


def test_songs_can_be_handed_to_workers_in_other_processes(
    own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
) -> None:
    two = dict(list(shorts.items())[:2])
    with ProcessPoolExecutor(2) as pool:
        there = tonn.master_all(two, tmp_path / "there", executor=pool).result(120)
    here = tonn.master_all(two, tmp_path / "here").result(60)
    assert not there.failed
    assert files_in(tmp_path / "there") == files_in(tmp_path / "here")
    assert len(here) == 2


def test_workers_that_are_killed_lose_no_song(
    own: Studio, tonn: TonnClient, shorts: Mapping[str, Path], tmp_path: Path
) -> None:
    """The songs go on from their records, here; nothing is ordered twice."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        batch = tonn.master_all(dict(list(shorts.items())[:3]), tmp_path, executor=pool)
        while not any(SongRecord.read(record_path(tmp_path, song)) for song in shorts):
            time.sleep(0.01)
        for process in list(pool._processes.values()):
            process.kill()
        masters = batch.result(120)
    assert (len(masters), masters.failed) == (3, {})
    finals = [entry.task_id for entry in own.ledger.entries if entry.call == "final_master"]
    assert len(finals) == len(set(finals)) == 3


class TestOneSong:
    def test_from_file_to_master(self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path]) -> None:
        job = tonn.master(shorts["01 song"], "METAL", "HIGH", sample_rate=48000)
        master = job.result(60)
        assert libebur128(master.master.path)[0] == pytest.approx(-8.0, abs=0.05)
        assert master.source == shorts["01 song"]
        assert own.ledger.credits == 220

    def test_the_preview_costs_nothing_and_the_final_comes_later(
        self, own: Studio, tonn: TonnClient, shorts: Mapping[str, Path]
    ) -> None:
        request = MasteringRequest(source=shorts["01 song"], style="POP", desired_loudness="LOW")
        preview = tonn.master(request, final=False).result(60)
        assert (preview.master, own.ledger.credits) == (None, 0)
        assert tonn.attach_master(preview.task_id, final=False).result(60).notes == preview.notes
        final = tonn.final_master(preview).result(60)
        assert libebur128(final.master.path)[0] == pytest.approx(-14.0, abs=0.05)
        assert (tasks(own), own.ledger.credits) == (1, 220)


PROGRAM = """
import sys
from pathlib import Path
from tonnbook.clients.tonn import TonnClient
from tonnbook.clients.polling import PollSettings
url, songs, out = sys.argv[1:]
album = {path.stem: path for path in sorted(Path(songs).glob("*.wav"))}
masters = TonnClient(url, "studio", polling=PollSettings(0.02, 0.1)).master_all(album, out, desired_loudness="LOW").result()
sys.exit(0 if len(masters) == 6 else 1)
"""


def killed_and_resumed(kills: int, shorts: Mapping[str, Path], tmp_path: Path, longest_s: float) -> None:
    """Master six songs in a program that is killed at random moments; the studio lives on in a process of its own."""
    dice = random.Random(kills)
    with studio_program() as (_, url):
        folder = next(iter(shorts.values())).parent
        work = [sys.executable, "-c", PROGRAM, url, str(folder), str(tmp_path / "out")]
        known: dict[str, str] = {}
        for _ in range(kills):
            program = subprocess.Popen(work)
            time.sleep(dice.uniform(0.3, longest_s))
            program.send_signal(signal.SIGKILL)
            program.wait()
            for song in shorts:
                record = SongRecord.read(record_path(tmp_path / "out", song))
                if record and record.task_id:
                    assert known.setdefault(song, record.task_id) == record.task_id
            for master in (tmp_path / "out").glob("*.wav"):
                assert libebur128(master)[0] == pytest.approx(-14.0, abs=0.05)
        assert subprocess.run(work, timeout=120).returncode == 0
        answer = requests.get(f"{url}/studio/ledger", headers={"X-API-Key": "studio"}, timeout=60).json()
    assert {song: record_of(tmp_path / "out", song).task_id for song in shorts}.items() >= known.items()
    paid = [entry["task_id"] for entry in answer["entries"] if entry["call"] == "final_master"]
    assert len(paid) == len(set(paid)) == 6
    assert not list((tmp_path / "out").rglob("*.part"))


def test_killed_and_run_again_it_continues(shorts: Mapping[str, Path], tmp_path: Path, tonn: TonnClient) -> None:
    killed_and_resumed(3, shorts, tmp_path, 2.5)
    whole = tonn.master_all(shorts, tmp_path / "whole", desired_loudness="LOW").result(120)
    assert len(whole) == 6
    assert files_in(tmp_path / "out") == files_in(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_twenty_random_moments(shorts: Mapping[str, Path], tmp_path: Path, tonn: TonnClient) -> None:
    killed_and_resumed(20, shorts, tmp_path, 1.5)
    whole = tonn.master_all(shorts, tmp_path / "whole", desired_loudness="LOW").result(120)
    assert len(whole) == 6
    assert files_in(tmp_path / "out") == files_in(tmp_path / "whole")
