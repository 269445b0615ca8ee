"""The mastering engine: the written file as measured by libebur128, ffmpeg and the filter of the standard."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile
from reference_meters import ffmpeg, itu_true_peak, libebur128

from tonnbook import audio_files
from tonnbook.errors import AudioError
from tonnbook.models.mastering import AlbumContext, MasteringRequest
from tonnbook.models.tone import distance_db
from tonnbook.models.vocabulary import DesiredLoudness, MusicalStyle, SampleRate
from tonnbook.studio.mastering import loudness_search
from tonnbook.studio.mastering.engine import MasterOutcome, master_song
from tonnbook.studio.mastering.plan import requested_target, target_for
from tonnbook.studio.measure.song_features import measure_song

CD, VIDEO = SampleRate.CD, SampleRate.VIDEO
TARGETS = (-23.0, -16.0, -14.0, -10.0, -8.0, -6.0)


@pytest.fixture(scope="session")
def master(songs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> MasterOutcome:
    """A song mastered so loud that every stage has something to do."""
    folder = tmp_path_factory.mktemp("master")
    target = target_for(MusicalStyle.POP, -9.0, CD)
    return master_song(songs["02_tabla_street"], target, folder / "song.wav", folder / "song.mp3")


def check_levels(path: Path, target: float) -> None:
    loudness, peak = libebur128(path)
    ffmpeg_loudness, ffmpeg_peak = ffmpeg(path)
    assert loudness == pytest.approx(target, abs=0.05)
    assert ffmpeg_loudness == pytest.approx(target, abs=0.101)
    assert peak <= -1.0
    assert ffmpeg_peak <= -1.0
    assert itu_true_peak(path) <= -1.0


@pytest.mark.parametrize(
    ("song", "target", "rate"),
    [
        ("01_night_bus", -14.0, CD),
        ("02_tabla_street", -10.0, VIDEO),
        ("03_basement", -8.0, CD),
        ("04_open_sky", -23.0, VIDEO),
        ("04_open_sky", -6.0, CD),
    ],
)
def test_the_written_file_has_its_loudness_below_the_ceiling(
    songs: Mapping[str, Path], tmp_path: Path, song: str, target: float, rate: SampleRate
) -> None:
    outcome = master_song(songs[song], target_for(MusicalStyle.OTHER, target, rate), tmp_path / "master.wav")
    check_levels(outcome.master, target)
    found = soundfile.info(outcome.master)
    assert (found.samplerate, found.channels, found.subtype) == (rate, 2, "PCM_16" if rate is CD else "PCM_24")
    assert found.frames == pytest.approx(8 * rate, abs=1)


def test_a_render_above_the_ceiling_is_repeated(
    songs: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loudness_search, "HEADROOM_DB", -0.3)
    outcome = master_song(songs["04_open_sky"], target_for(MusicalStyle.OTHER, -12.0, CD), tmp_path / "master.wav")
    check_levels(outcome.master, -12.0)
    assert next(note for note in outcome.notes.stages if note.stage == "loudness").numbers["renders"] > 1


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_song_at_every_target_and_rate(songs: Mapping[str, Path], tmp_path: Path) -> None:
    for song in songs.values():
        for target in TARGETS:
            for rate in SampleRate:
                outcome = master_song(song, target_for(MusicalStyle.POP, target, rate), tmp_path / "master.wav")
                check_levels(outcome.master, target)


class TestNotes:
    def test_they_contain_the_measures_of_the_written_file(self, master: MasterOutcome) -> None:
        loudness, peak = libebur128(master.master)
        assert master.notes.after.loudness_lufs == pytest.approx(loudness, abs=0.006)
        assert peak - 0.006 <= master.notes.after.true_peak_dbtp <= -1.0
        assert master.notes.after.plr_lu < master.notes.before.plr_lu

    def test_there_is_one_for_every_stage_in_order(self, master: MasterOutcome) -> None:
        names = [note.stage for note in master.notes.stages]
        assert names == [
            "declip",
            "dc",
            "resample",
            "tone",
            "stereo",
            "multiband",
            "glue",
            "clip",
            "limiter",
            "loudness",
            "dither",
        ]
        assert all(note.text.endswith(".") for note in master.notes.stages)

    def test_the_gain_reduction_over_time_reaches_that_of_the_limiter_stage(self, master: MasterOutcome) -> None:
        curve = master.notes.gain_reduction
        limiter = next(note for note in master.notes.stages if note.stage == "limiter")
        assert max(curve.values) == pytest.approx(limiter.numbers["most_db"], abs=0.01)
        assert len(curve.values) * curve.hop_s == pytest.approx(8.0, abs=0.1)

    def test_the_master_is_closer_to_the_tone_of_the_style(self, master: MasterOutcome) -> None:
        notes = master.notes
        before, after = (distance_db(each.tone_db, notes.tone.target_db) for each in (notes.before, notes.after))
        assert after < 0.7 * before
        tone = next(note for note in notes.stages if note.stage == "tone")
        assert tone.numbers["distance_before_db"] == pytest.approx(before, abs=0.02)
        assert tone.numbers["distance_after_db"] == pytest.approx(after, abs=0.02)

    def test_the_gains_in_the_text_are_those_of_the_filter(self, master: MasterOutcome) -> None:
        tone = next(note for note in master.notes.stages if note.stage == "tone")
        applied = master.notes.tone.applied_db
        assert (tone.numbers["lowest_gain_db"], tone.numbers["highest_gain_db"]) == (min(applied), max(applied))
        assert f"{min(applied):+.1f} to {max(applied):+.1f} dB" in tone.text

    def test_glue_and_clipper_report_the_same_level_over_the_ceiling(self, master: MasterOutcome) -> None:
        glue, clip = (next(note for note in master.notes.stages if note.stage == name) for name in ("glue", "clip"))
        left = glue.numbers["left_over_db"] if glue.done else glue.numbers["over_db"]
        assert clip.numbers["over_db"] == pytest.approx(left, abs=0.5)

    def test_they_fit_into_an_answer(self, master: MasterOutcome) -> None:
        assert len(str(master.notes.to_wire())) < 150_000


class TestPreview:
    def test_it_is_as_loud_as_the_master(self, master: MasterOutcome) -> None:
        assert libebur128(master.preview)[0] == pytest.approx(libebur128(master.master)[0], abs=0.1)

    def test_its_decoded_peaks_are_below_the_limit(self, master: MasterOutcome) -> None:
        assert libebur128(master.preview)[1] <= -1.0

    @pytest.mark.parametrize(
        ("song", "target"), [("02_tabla_street", -6.0), ("04_open_sky", -8.0), ("03_basement", -6.0)]
    )
    def test_a_loud_one_is_as_loud_as_the_master_or_the_notes_give_the_reason(
        self, songs: Mapping[str, Path], tmp_path: Path, song: str, target: float
    ) -> None:
        outcome = master_song(
            songs[song], target_for(MusicalStyle.POP, target, CD), tmp_path / "master.wav", tmp_path / "preview.mp3"
        )
        loudness, peak = libebur128(tmp_path / "preview.mp3")
        assert peak <= -1.0
        quieter = outcome.notes.after.loudness_lufs - loudness
        reasons = [line for line in outcome.notes.info if line.startswith("The preview plays")]
        assert -0.1 < quieter < (1.5 if reasons else 0.11)

    def test_a_short_song_is_not_cut(self, master: MasterOutcome) -> None:
        assert audio_files.info(master.preview).seconds == pytest.approx(8.0, abs=0.05)
        assert master.notes.preview_start_s == 0.0


class TestTheSameAgain:
    def test_the_same_song_and_target_give_the_same_bytes(
        self, songs: Mapping[str, Path], master: MasterOutcome, tmp_path: Path
    ) -> None:
        again = master_song(
            songs["02_tabla_street"], master.plan.target, tmp_path / "again.wav", tmp_path / "again.mp3"
        )
        for one, two in ((master.master, again.master), (master.preview, again.preview)):
            assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(two.read_bytes()).digest()
        assert again.notes == master.notes

    def test_a_master_at_its_target_keeps_its_level(self, master: MasterOutcome, tmp_path: Path) -> None:
        again = master_song(master.master, master.plan.target, tmp_path / "again.wav")
        assert abs(again.notes.gain_db) < 0.1
        check_levels(again.master, -9.0)

    @pytest.mark.parametrize("song", ["01_night_bus", "03_basement"])
    def test_a_dense_master_keeps_its_level_too(self, songs: Mapping[str, Path], tmp_path: Path, song: str) -> None:
        """In a dense master 0.01 LU needs several hundredths of a dB."""
        target = target_for(MusicalStyle.POP, -8.0, CD)
        made = master_song(songs[song], target, tmp_path / "master.wav")
        assert abs(master_song(made.master, target, tmp_path / "again.wav").notes.gain_db) < 0.1

    def test_no_other_file_is_left_in_the_folder(self, master: MasterOutcome) -> None:
        assert {path.name for path in master.master.parent.iterdir()} == {"song.wav", "song.mp3"}


class TestWhatComesIn:
    def made(self, tmp_path: Path, audio: np.ndarray, rate: int = 44100, depth: int = 16) -> Path:
        return audio_files.write(tmp_path / "in.wav", audio, rate, depth)

    def noise(self, channels: int = 2, rate: int = 44100, seconds: float = 3.0, gain: float = 0.1) -> np.ndarray:
        random = np.random.default_rng(7)
        return random.standard_normal((channels, round(seconds * rate))) * gain

    @pytest.mark.parametrize("rate", [22050, 96000])
    def test_other_rates_are_converted_to_the_requested_one(self, tmp_path: Path, rate: int) -> None:
        outcome = master_song(
            self.made(tmp_path, self.noise(rate=rate), rate),
            target_for(MusicalStyle.POP, -14.0, CD),
            tmp_path / "m.wav",
        )
        check_levels(outcome.master, -14.0)
        assert soundfile.info(outcome.master).frames == pytest.approx(3 * 44100, abs=1)

    def test_mono_becomes_two_equal_channels(self, tmp_path: Path) -> None:
        outcome = master_song(
            self.made(tmp_path, self.noise(1)), target_for(MusicalStyle.POP, -14.0, VIDEO), tmp_path / "m.wav"
        )
        check_levels(outcome.master, -14.0)
        left, right = audio_files.read(outcome.master)[0]
        assert np.array_equal(left, right)
        assert "mono" in outcome.notes.info[0]

    def test_channels_of_opposite_polarity_keep_their_bass_and_the_notes_warn(self, tmp_path: Path) -> None:
        bass = 0.3 * np.sin(2 * np.pi * 60 * np.arange(3 * 44100) / 44100)
        side = bass + self.noise(1)[0]
        outcome = master_song(
            self.made(tmp_path, np.stack([side, -side])), target_for(MusicalStyle.POP, -16.0, CD), tmp_path / "m.wav"
        )
        check_levels(outcome.master, -16.0)
        low = slice(0, 6)
        kept = np.array(outcome.notes.after.tone_db)[low] - np.array(outcome.notes.before.tone_db)[low]
        assert kept.max() > -5.0  # the effect of the tone curve; mono would have removed 18 dB and more
        assert any("against each other" in line and "mono" in line for line in outcome.notes.info)

    def test_a_target_out_of_reach_is_named_as_requested(self, tmp_path: Path) -> None:
        clicks = np.zeros((2, 10 * 44100))
        clicks[:, ::22050] = 0.9
        with pytest.raises(AudioError, match=r"^-14 LUFS cannot be reached"):
            master_song(self.made(tmp_path, clicks), target_for(MusicalStyle.POP, -14.0, CD), tmp_path / "m.wav")

    def test_a_clipped_recording_is_repaired_first(self, tmp_path: Path) -> None:
        time = np.arange(3 * 44100) / 44100
        whole = np.sin(2 * np.pi * 220 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * time))
        cut = np.clip(whole, -0.7, 0.7)
        source = self.made(tmp_path, np.stack([cut, cut]))
        outcome = master_song(source, target_for(MusicalStyle.POP, -16.0, CD), tmp_path / "m.wav")
        assert outcome.plan.declip_at == pytest.approx(0.7, abs=0.001)
        check_levels(outcome.master, -16.0)
        out = audio_files.read(outcome.master)[0][0]

        def residue(wave: np.ndarray) -> float:
            return float(np.sum(np.square(out - wave * (out @ wave) / (wave @ wave))) / (out @ out))

        assert residue(whole) < 0.2 * residue(cut)

    def test_dither_preserves_a_signal_below_one_step_of_16_bit(self, tmp_path: Path) -> None:
        quiet = np.sin(2 * np.pi * 1000 * np.arange(2 * 44100) / 44100) * 5e-6
        source = self.made(tmp_path, np.concatenate([self.noise(), np.stack([quiet, quiet])], axis=1), depth=32)
        master_song(source, target_for(MusicalStyle.POP, -14.0, CD), tmp_path / "m.wav")
        tail = soundfile.read(tmp_path / "m.wav", dtype="int16")[0][-44100:, 0]
        assert 1 <= np.abs(tail).max() <= 2
        assert np.corrcoef(tail, quiet[-44100:])[0, 1] > 0.1

    def test_a_dc_offset_is_removed(self, tmp_path: Path) -> None:
        outcome = master_song(
            self.made(tmp_path, self.noise() + 0.05), target_for(MusicalStyle.POP, -16.0, CD), tmp_path / "m.wav"
        )
        assert abs(audio_files.read(outcome.master)[0].mean()) < 1e-3

    @pytest.mark.parametrize(
        ("audio", "words"),
        [
            (np.zeros((2, 44100)), "silent"),
            (np.full((1, 1), 0.5), "too short"),
            (np.ones((2, 8000)) * 0.1, "too short"),
            (np.full((3, 44100), 0.1), "3 channels"),
            (np.full((2, 6 * 44100), 0.5), "without its DC offset.*too quiet"),
        ],
    )
    def test_an_unusable_song_raises_an_error_with_the_reason(
        self, tmp_path: Path, audio: np.ndarray, words: str
    ) -> None:
        source = self.made(tmp_path, audio)
        with pytest.raises(AudioError, match=f"in.wav.*{words}"):
            master_song(source, target_for(MusicalStyle.POP, -14.0, CD), tmp_path / "m.wav")
        assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_the_target_of_a_request(songs: Mapping[str, Path]) -> None:
    request = MasteringRequest(
        source=songs["01_night_bus"], style=MusicalStyle.METAL, desired_loudness=DesiredLoudness.HIGH
    )
    assert (
        requested_target(request).target_lufs,
        requested_target(request).rate,
        requested_target(request).tone_name,
    ) == (-8.0, CD, "the style Metal")
    album = AlbumContext(target_lufs=-11.3, tone_db=tuple(range(28)))
    assert requested_target(request.model_copy(update={"album": album})).target_lufs == -11.3


def test_a_float_mix_above_full_scale_is_not_clipped(tmp_path: Path, songs: Mapping[str, Path]) -> None:
    audio, rate = audio_files.read(songs["01_night_bus"])
    loud = audio_files.write(tmp_path / "mix.wav", audio * 30.0, rate, 32)
    plain = audio_files.write(tmp_path / "plain.wav", audio, rate, 32)
    assert measure_song(loud).clipping.runs == 0
    outcomes = [
        master_song(path, target_for(MusicalStyle.POP, -12.0, VIDEO), tmp_path / f"{path.stem}-master.wav")
        for path in (loud, plain)
    ]
    check_levels(outcomes[0].master, -12.0)
    one, two = (audio_files.read(outcome.master)[0] for outcome in outcomes)
    assert np.abs(one - two).max() < 0.01


def test_progress_runs_from_start_to_end(songs: Mapping[str, Path], tmp_path: Path) -> None:
    reports: list[tuple[float, str]] = []
    target = target_for(MusicalStyle.POP, -14.0, CD)
    master_song(
        songs["01_night_bus"],
        target,
        tmp_path / "m.wav",
        tmp_path / "m.mp3",
        progress=lambda share, stage: reports.append((share, stage)),
    )
    shares = [share for share, _ in reports]
    assert 0.0 < shares[0] < 0.2
    assert 0.85 < max(shares) <= 1.0
    assert {
        "measuring the song",
        "shaping the tone and the dynamics",
        "setting the level",
        "cutting the preview",
    } == {s for _, s in reports}


def test_no_two_styles_make_the_same_master(songs: Mapping[str, Path], tmp_path: Path) -> None:
    """The difference of two masters is above -33 dB of a master: about 0.2 dB in all bands."""
    made = {}
    for style in MusicalStyle:
        target = target_for(style, -14.0, SampleRate.VIDEO)
        made[style] = audio_files.read(master_song(songs["01_night_bus"], target, tmp_path / f"{style}.wav").master)[0]
    for first, second in combinations(made, 2):
        difference = np.square(made[first] - made[second]).mean() / np.square(made[first]).mean()
        assert 10 * np.log10(difference) > -33.0, (first, second)
