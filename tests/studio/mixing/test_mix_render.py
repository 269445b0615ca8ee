"""The render gives the same bytes for any threads and blocks; excerpts, lengths, reverb and file formats are as requested."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.reverb import impulse_response, tail_frames
from tonnbook.dsp.true_peak import true_peak_db
from tonnbook.services import measure_song
from tonnbook.studio.mixing.tracks import TrackFile

PREFERENCES = {
    "vocal": {"presence": "LEAD", "reverb": "HIGH"},
    "guitar": {"pan": "RIGHT", "reverb": "LOW"},
    "hi-hat": {"presence": "BACKGROUND"},
}


@pytest.fixture(scope="module")
def band(excerpts: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[TrackFile]:
    """Return four tracks: mono and stereo, one of another sample rate, one shorter, with reverb and pan."""
    folder = tmp_path_factory.mktemp("band")
    bass, _ = audio_files.read(excerpts["bass"], 22050)
    hat, rate = audio_files.read(excerpts["hi-hat"])
    paths = {
        "vocal": excerpts["vocal"],
        "guitar": excerpts["guitar"],
        "bass": audio_files.write(folder / "bass.flac", bass, 22050, 16),
        "hi-hat": audio_files.write(folder / "hi-hat.wav", hat[:, : 3 * rate + 17], rate, 24),
    }
    return material.song(paths, **PREFERENCES)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def reference(band: list[TrackFile], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("reference")
    before = material.preview(band, out, return_stems=True, return_unmixed=True, threads=2)
    material.final(band, before, out / "final", threads=2)
    return bytes_of(out)


@pytest.mark.parametrize(("threads", "block"), [(2, 65536), (1, 65536), (4, 16384), (1, 131072)])
def test_every_file_is_the_same_to_the_byte(
    threads: int, block: int, band: list[TrackFile], reference: Mapping[str, bytes], tmp_path: Path
) -> None:
    before = material.preview(band, tmp_path, return_stems=True, return_unmixed=True, threads=threads, block=block)
    material.final(band, before, tmp_path / "final", threads=threads, block=block)
    assert bytes_of(tmp_path) == reference


def test_the_order_of_the_tracks_changes_no_bit(
    band: list[TrackFile], reference: Mapping[str, bytes], tmp_path: Path
) -> None:
    backwards = list(reversed(band))
    before = material.preview(backwards, tmp_path, return_stems=True, return_unmixed=True)
    material.final(backwards, before, tmp_path / "final")
    assert bytes_of(tmp_path) == reference


def test_a_mastered_final_mix_is_the_same_to_the_byte(band: list[TrackFile], tmp_path: Path) -> None:
    """Its dither depends on the sound only: the two renders are more than a second apart, as the times in their files were."""
    before = material.preview(band, tmp_path)
    first, second = (material.final(band, before, tmp_path / name, create_master=True).mix for name in "ab")
    assert audio_files.info(first).bit_depth == 16
    assert first.read_bytes() == second.read_bytes()


def test_a_block_that_is_no_multiple_of_the_reverbs_partition_is_rejected(
    band: list[TrackFile], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="multiple of 16384"):
        material.preview(band, tmp_path, block=10_000)


def test_the_longest_track_and_its_reverb_set_the_length(band: list[TrackFile], tmp_path: Path) -> None:
    outcome = material.final(band, material.preview(band, tmp_path), tmp_path)
    lengths = {audio_files.info(path).frames for path in (outcome.mix, *outcome.stems.values())}
    assert lengths == {4 * 44100 + tail_frames(impulse_response("POP", 44100))}
    hat = material.sound(outcome.stems["hi-hat.wav"])
    assert not hat[:, 3 * 44100 + 5000 :].any()


def test_final_files_have_the_requested_format(band: list[TrackFile], tmp_path: Path) -> None:
    before = material.preview(band, tmp_path)
    cd, video = (material.final(band, before, tmp_path / str(rate), rate=rate) for rate in (44100, 48000))
    for outcome, rate, depth in ((cd, 44100, 16), (video, 48000, 24)):
        found = audio_files.info(outcome.mix)
        assert (found.format, found.rate, found.channels, found.bit_depth) == ("wav", rate, 2, depth)
        for stem in outcome.stems.values():
            found = audio_files.info(stem)
            assert (found.format, found.rate, found.channels, found.bit_depth) == ("wav", rate, 2, 24)
    assert {path.name for path in cd.stems.values()} == {"vocal.wav", "guitar.wav", "bass.wav", "hi-hat.wav"}
    assert not list(tmp_path.rglob("*.part"))
    assert {path.name for path in (tmp_path / "44100").iterdir()} == {"final mix.wav", "stems"}


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_mix_says_that_its_loudness_is_nobodys_choice_but_its_stems_and_its_master_do_not(
    rate: int, band: list[TrackFile], tmp_path: Path
) -> None:
    before = material.preview(band[:2], tmp_path / "preview")
    mix = material.final(band[:2], before, tmp_path / "mix", rate=rate)
    master = material.final(band[:2], before, tmp_path / "master", rate=rate, create_master=True)
    assert measure_song(before.mix).own_mix
    assert measure_song(mix.mix).own_mix
    assert not measure_song(next(iter(mix.stems.values()))).own_mix
    assert not measure_song(master.mix).own_mix


def test_a_preview_is_mp3_with_the_reported_loudness(band: list[TrackFile], tmp_path: Path) -> None:
    outcome = material.preview(band, tmp_path, return_stems=True, return_unmixed=True)
    mix, rate = audio_files.read(outcome.mix)
    assert audio_files.info(outcome.mix).format == "mp3"
    assert mix.shape == (2, 4 * 44100 + tail_frames(impulse_response("POP", 44100)))
    assert integrated_loudness(mix, rate) == pytest.approx(outcome.notes.loudness_lufs, abs=0.1)
    assert true_peak_db(mix, rate) <= -2.0
    assert outcome.unmixed is not None
    assert integrated_loudness(audio_files.read(outcome.unmixed)[0], rate) == pytest.approx(
        outcome.notes.loudness_lufs, abs=0.1
    )
    stems = sum(material.sound(path) for path in outcome.stems.values())
    assert {audio_files.info(path).format for path in outcome.stems.values()} == {"flac"}
    assert material.rms_db(stems - mix) - material.rms_db(mix) < -20
    assert outcome.notes.preview_start_s == 0.0


def test_the_unmixed_track_is_the_plain_sum(band: list[TrackFile], tmp_path: Path) -> None:
    outcome = material.preview(band, tmp_path, return_unmixed=True)
    total = np.zeros((2, 4 * 44100))
    for t in band:
        audio = audio_files.read(t.path, 44100)[0]
        total[:, : audio.shape[1]] += audio
    assert outcome.unmixed is not None
    unmixed = material.sound(outcome.unmixed)
    gain = np.sum(unmixed * total) / np.sum(total * total)
    assert material.rms_db(unmixed - gain * total) - material.rms_db(unmixed) < -25


@pytest.fixture(scope="module")
def long_song(tmp_path_factory: pytest.TempPathFactory) -> list[TrackFile]:
    """42 s; from second 7 to 37 it is louder by 10 dB."""
    folder = tmp_path_factory.mktemp("long")
    level = np.where(
        (np.arange(42 * material.RATE) // material.RATE >= 7) & (np.arange(42 * material.RATE) // material.RATE < 37),
        1.0,
        0.3,
    )
    sounds = {"vocal": material.words(material.noise(1, 200, 5000, 42)), "bass": material.noise(2, 50, 200, 42)}
    return material.song({n: material.save(folder, f"{n}.wav", wave * level, depth=16) for n, wave in sounds.items()})


def test_a_preview_is_the_loudest_30_seconds(long_song: list[TrackFile], tmp_path: Path) -> None:
    outcome = material.preview(long_song, tmp_path)
    assert outcome.notes.preview_start_s == pytest.approx(7.0, abs=0.5)
    assert material.sound(outcome.mix).shape[1] == 30 * 44100


def test_a_preview_equals_the_final_mix_in_its_part_of_the_song(long_song: list[TrackFile], tmp_path: Path) -> None:
    """The pre-roll puts every filter and compressor into its state; the coding and the fades remain as differences."""
    outcome = material.preview(long_song, tmp_path)
    whole = material.sound(material.final(long_song, outcome, tmp_path).mix)
    start = round(float(outcome.notes.preview_start_s or 0.0) * 44100)
    there, excerpt = whole[:, start + 44100 : start + 29 * 44100], material.sound(outcome.mix)[:, 44100 : 29 * 44100]
    gain = np.sum(there * excerpt) / np.sum(there * there)
    assert material.rms_db(excerpt - gain * there) - material.rms_db(excerpt) < -25


@pytest.mark.parametrize(("preference", "level_lu"), [("LOW", -24), ("MEDIUM", -18), ("HIGH", -12)])
def test_reverb_is_as_loud_as_requested(
    preference: str, level_lu: float, excerpts: Mapping[str, Path], tmp_path: Path
) -> None:
    paths = {name: excerpts[name] for name in ("vocal", "bass")}
    dry_song, wet_song = material.song(paths), material.song(paths, vocal={"presence": "LEAD", "reverb": preference})
    dry_mix, wet_mix = (material.decided(tracks) for tracks in (dry_song, wet_song))
    dry = material.stems_of(material.final(dry_song, dry_mix, tmp_path / "dry"))["vocal.wav"]
    outcome = material.final(wet_song, wet_mix, tmp_path / "wet")
    wet = material.stems_of(outcome)["vocal.wav"]
    sent = outcome.notes.tracks["vocal.wav"].reverb_send_db
    assert sent is not None
    assert level_lu - 3 <= sent <= level_lu
    dry = np.pad(dry, ((0, 0), (0, wet.shape[1] - dry.shape[1])))  # a mix without reverb has no tail
    gain = np.sum(wet * dry) / np.sum(dry * dry)
    reverb = wet - gain * dry
    assert integrated_loudness(reverb, 44100) - integrated_loudness(dry * gain, 44100) == pytest.approx(sent, abs=1.5)


def test_the_reverb_rings_to_60_db_below_the_level_at_the_last_note(tmp_path: Path) -> None:
    """Noise in the send band up to the last sample: the end of the mix and of the stems is the end of the reverb."""
    paths = {
        name: material.save(tmp_path, f"{name}.wav", material.noise(seed, 300, 5000, 3), depth=24)
        for seed, name in enumerate(("vocal", "bass"), 1)
    }
    tracks = material.song(paths, vocal={"presence": "LEAD", "reverb": "HIGH"})
    outcome = material.final(tracks, material.decided(tracks), tmp_path, rate=48000)
    mix, stems = material.sound(outcome.mix), material.stems_of(outcome)
    assert {stem.shape for stem in stems.values()} == {mix.shape}
    assert material.rms_db(sum(stems.values()) - mix) - material.rms_db(mix) <= -100.0
    last_note, start, end = mix[:, 3 * 48000 - 4800 : 3 * 48000], mix[:, 3 * 48000 :][:, :4800], mix[:, -2400:]
    assert material.rms_db(start) - material.rms_db(last_note) > -30.0
    assert material.rms_db(end) - material.rms_db(last_note) < -60.0
