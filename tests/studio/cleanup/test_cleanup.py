"""Cleanup: the criteria of the design page, on speech (recordings/speech.flac, made with espeak-ng) and on the demo song's stems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from noises import PLAYED, RATE, SPEECH, fan, mains_hum, pink, si_sdr, under, white
from scipy.signal import resample_poly

from tonnbook import audio_files, demo
from tonnbook.dsp.filters import Filter, high_pass
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.models.cleanup import CleanupNotes
from tonnbook.models.vocabulary import SoundSource
from tonnbook.studio.cleanup.engine import SETTINGS, clean

Array = np.ndarray


@pytest.fixture(scope="module")
def speech() -> Array:
    """Six seconds of a voice with half a second of silence around it."""
    voice = audio_files.read(SPEECH, RATE)[0][0, : 6 * RATE]
    return np.pad(voice, RATE // 2)


@pytest.fixture(scope="module")
def stems() -> Mapping[str, Array]:
    whole = {name: audio_files.read(path)[0].mean(axis=0) for name, path in demo.stems().items()}
    return {name: stem[4 * RATE : 12 * RATE] for name, stem in whole.items()}


def cleaned(folder: Path, sound: Array, source: SoundSource = SoundSource.VOCAL) -> tuple[Array, CleanupNotes]:
    path = audio_files.write(folder / "recording.wav", np.atleast_2d(sound), RATE, 32)
    done = clean(path, source, folder / "cleaned.wav")
    audio, rate = audio_files.read(done.path)
    assert (rate, audio.shape) == (RATE, np.atleast_2d(sound).shape)
    return audio[0] if sound.ndim == 1 else audio, done.notes


def done(notes: CleanupNotes) -> set[str]:
    return {stage.stage for stage in notes.stages if stage.done}


@pytest.mark.parametrize(
    ("noise", "snr_db", "gain_db"),
    [
        *((white, 5.0, 8.0), (white, 10.0, 6.0), (white, 20.0, 3.0), (white, 30.0, 0.0), (white, 40.0, 0.0)),
        *((pink, 5.0, 6.0), (pink, 10.0, 5.0), (pink, 20.0, 3.0), (pink, 30.0, 0.0), (pink, 40.0, 0.0)),
    ],
)
def test_speech_in_noise(
    tmp_path: Path, speech: Array, noise: Callable[[int], Array], snr_db: float, gain_db: float
) -> None:
    noisy = speech + under(speech, noise(len(speech)), snr_db)
    made, notes = cleaned(tmp_path, noisy)
    assert si_sdr(made, speech) - si_sdr(noisy, speech) >= gain_db
    assert "noise" in done(notes)
    if snr_db >= 20.0:
        assert integrated_loudness(made[None], RATE) == pytest.approx(integrated_loudness(speech[None], RATE), abs=0.5)


@pytest.mark.parametrize(("rate", "gains_db"), [(8000, (6.0, 5.0, 3.0)), (16000, (7.0, 6.0, 3.5))])
def test_speech_of_a_telephone(tmp_path: Path, speech: Array, rate: int, gains_db: tuple[float, ...]) -> None:
    """Improvements are smaller at low rates: there is no noise above the voice, which a reducer would remove completely."""
    low = resample_poly(speech, rate // 100, 441)
    for snr_db, gain_db in zip((5.0, 10.0, 20.0), gains_db, strict=True):
        noisy = low + under(low, white(len(low)), snr_db)
        path = audio_files.write(tmp_path / "low.wav", noisy[None], rate, 32)
        made = audio_files.read(clean(path, SoundSource.VOCAL, tmp_path / "cleaned.wav").path)[0][0]
        assert si_sdr(made, low) - si_sdr(noisy, low) >= gain_db


def test_the_gate_does_not_open_and_close_on_residual_noise(tmp_path: Path, stems: Mapping[str, Array]) -> None:
    vocal = stems["vocal"]
    assert np.array_equal(cleaned(tmp_path, vocal)[0], vocal.astype(np.float32))  # its pauses are silent
    for snr_db, gated in ((22.0, False), (45.0, True)):
        made, notes = cleaned(tmp_path, vocal + under(vocal, pink(len(vocal)), snr_db))
        assert ("bleed" in done(notes)) == gated
        whole = len(vocal) // 4410
        own, left = (np.square(side[: whole * 4410]).reshape(whole, -1).mean(axis=1) for side in (vocal, made))
        pause = np.convolve(own > 1e-12, np.ones(5), "same") == 0
        rises = np.diff(10 * np.log10(left))[pause[1:] & pause[:-1]]
        assert len(rises) > 20
        assert rises.max() < 6.0  # a gate that opens: 12


@pytest.mark.parametrize("snr_db", [5.0, 20.0, 40.0])
def test_a_sung_stem_in_noise(tmp_path: Path, stems: Mapping[str, Array], snr_db: float) -> None:
    vocal = stems["vocal"]
    noisy = vocal + under(vocal, pink(len(vocal)), snr_db)
    made, _ = cleaned(tmp_path, noisy)
    assert si_sdr(made, vocal) >= si_sdr(noisy, vocal)


def test_a_clean_recording_stays_clean(tmp_path: Path, speech: Array, stems: Mapping[str, Array]) -> None:
    assert si_sdr(cleaned(tmp_path, speech)[0], speech) >= 40.0
    sources = {
        "vocal": SoundSource.VOCAL,
        "kick": SoundSource.KICK,
        "snare": SoundSource.SNARE,
        "hi-hat": SoundSource.PERCS,
        "guitar": SoundSource.E_GUITAR,
        "pad": SoundSource.STRINGS,
        "synth": SoundSource.BRASS,
    }
    for name, source in sources.items():
        made, _ = cleaned(tmp_path, stems[name], source)
        assert si_sdr(made, stems[name]) >= 40.0, name


@pytest.mark.parametrize("source", SoundSource)
def test_cleanup_never_makes_a_recording_worse(tmp_path: Path, stems: Mapping[str, Array], source: SoundSource) -> None:
    """The whole sweep, every noise at every 10 dB, is in benchmarks/cleanup.py."""
    sound = stems[PLAYED[source]][: 6 * RATE]
    for noise, snrs_db in ((white, (5.0, 40.0)), (pink, (20.0,)), (mains_hum, (10.0, 40.0)), (fan, (20.0,))):
        for snr_db in snrs_db:
            noisy = sound + under(sound, noise(len(sound)), snr_db)
            made, notes = cleaned(tmp_path, noisy, source)
            assert si_sdr(made, sound) > si_sdr(noisy, sound) - 0.01, (noise.__name__, snr_db, done(notes))


@pytest.mark.parametrize("source", SoundSource)
def test_a_recording_without_faults_comes_back_sample_for_sample(tmp_path: Path, source: SoundSource) -> None:
    t = np.arange(2 * RATE - 77) / RATE  # neither end lies at zero
    tone = 0.2 * np.stack([np.cos(2 * np.pi * 220 * t), np.sin(2 * np.pi * 330 * t + 1.0)])
    made, notes = cleaned(tmp_path, tone.astype(np.float32).astype(np.float64), source)
    assert np.array_equal(made, tone.astype(np.float32))
    assert not notes.changed
    assert notes.removed is None
    assert {stage.stage for stage in notes.stages} == {"rumble", "hum", "clicks", "noise", "bleed"}


@pytest.mark.parametrize("mains_hz", [49.98, 60.02])
@pytest.mark.parametrize("source", [SoundSource.VOCAL, SoundSource.E_GUITAR, SoundSource.STRINGS])
def test_hum(tmp_path: Path, speech: Array, mains_hz: float, source: SoundSource) -> None:
    t = np.arange(len(speech)) / RATE
    partials = {1: 1.0, 2: 0.6, 3: 0.5, 5: 0.2}
    hum = 0.02 * sum(level * np.sin(2 * np.pi * mains_hz * n * t + n) for n, level in partials.items())
    made, notes = cleaned(tmp_path, speech + hum, source)
    assert "hum" in done(notes)
    (text,) = (stage.text for stage in notes.stages if stage.stage == "hum")
    assert text.startswith(f"Mains hum at {mains_hz:.2f} Hz, constantly present at {mains_hz:.0f}, ")
    left = [abs(np.exp(-2j * np.pi * mains_hz * n * t) @ (made - speech)) for n in partials]
    there = [abs(np.exp(-2j * np.pi * mains_hz * n * t) @ hum) for n in partials]
    assert 20 * np.log10(np.linalg.norm(left) / np.linalg.norm(there)) <= -25.0


@pytest.mark.parametrize("pauses", ["faint noise", "another note"])
def test_a_played_note_at_the_mains_is_not_hum(tmp_path: Path, pauses: str) -> None:
    """Each case needs one of the two conditions on a harmonic: only its phase gives away a note in the first, only its pauses in the second.

    Pauses with faint noise get most of the weight, and there the harmonics are not in phase with the note. With another note in the
    pauses the weights are equal and the phase is steady, but the harmonics do not sound in every half second.
    """
    t = np.arange(8 * RATE) / RATE
    plays = np.mod(t, 2.0) < 1.2
    note = 0.2 * sum(np.sin(2 * np.pi * 50 * n * t) / n for n in range(1, 6))
    faint = 2e-4 * np.random.default_rng(3).standard_normal(len(t))
    sound = note * plays + (faint if pauses == "faint noise" else 0.2 * np.sin(2 * np.pi * 333.3 * t) * ~plays)
    _, notes = cleaned(tmp_path, sound, SoundSource.STRINGS)
    assert "hum" not in done(notes)


def test_clicks(tmp_path: Path, stems: Mapping[str, Array]) -> None:
    vocal, random = stems["vocal"], np.random.default_rng(5)
    clicked = vocal.copy()
    starts = random.integers(RATE, len(vocal) - RATE, 30)
    for start in starts:
        clicked[start : start + 20] += 0.3 * random.standard_normal(20)
    made, notes = cleaned(tmp_path, clicked)
    (clicks,) = [stage for stage in notes.stages if stage.stage == "clicks"]
    assert 24 <= clicks.numbers["clicks"] <= 30
    assert si_sdr(made, vocal) - si_sdr(clicked, vocal) > 8.0
    assert len(notes.clicks_s) == clicks.numbers["clicks"]
    assert list(notes.clicks_s) == sorted(notes.clicks_s)
    assert max(np.abs(starts / RATE - place).min() for place in notes.clicks_s) < 0.002


@pytest.mark.parametrize(
    ("source", "name", "others", "shut_db"),
    [(SoundSource.KICK, "kick", ("snare", "hi-hat"), -12.0), (SoundSource.SNARE, "snare", ("kick", "hi-hat"), -12.0)],
)
def test_bleed_between_the_hits(
    tmp_path: Path, stems: Mapping[str, Array], source: SoundSource, name: str, others: tuple[str, str], shut_db: float
) -> None:
    frames = min(map(len, stems.values()))
    own = stems[name][:frames]
    bleed = under(own, sum(stems[other][:frames] for other in others), 12.0)
    made, notes = cleaned(tmp_path, own + bleed, source)
    assert "bleed" in done(notes)
    around = np.abs(np.pad(own, (0, -len(own) % 441))).reshape(-1, 441).max(axis=1)
    pauses = np.repeat(np.convolve(around, np.ones(9), "same") < 1e-3 * around.max(), 441)[:frames]
    hit = np.abs(own) > 0.2 * np.abs(own).max()
    left = 10 * np.log10(np.sum(np.square(made[pauses])) / np.sum(np.square(bleed[pauses])))
    kept = 10 * np.log10(np.sum(np.square(made[hit])) / np.sum(np.square((own + bleed)[hit])))
    assert left <= shut_db or pauses.sum() < RATE // 4
    assert abs(kept) < 0.5
    assert si_sdr(made, own) > si_sdr(own + bleed, own)


def test_rumble_is_removed_without_a_delay(tmp_path: Path, speech: Array) -> None:
    wanted = Filter(high_pass(150.0, RATE, 6), 1).process(speech[None])[0]
    rumble = under(wanted, np.sin(2 * np.pi * 23.0 * np.arange(len(wanted)) / RATE), 6.0)
    made, notes = cleaned(tmp_path, wanted + rumble)
    assert done(notes) >= {"rumble"}
    assert si_sdr(made, wanted) > 25.0


def test_both_channels_get_the_same_gain(tmp_path: Path, speech: Array) -> None:
    noise = np.stack([white(len(speech)), np.roll(white(len(speech)), 999)])
    noisy = np.stack([speech, 0.3 * speech]) + under(speech, noise, 15.0)
    made, _ = cleaned(tmp_path, noisy)
    voice = np.abs(speech) > 0.1 * np.abs(speech).max()
    ratio = np.sqrt(np.mean(np.square(made[1, voice])) / np.mean(np.square(made[0, voice])))
    assert ratio == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("lower_db", [1.0, 20.0, 200.0])
def test_noise_that_is_louder_in_one_channel_is_reduced_without_harm_to_the_other(
    tmp_path: Path, speech: Array, lower_db: float
) -> None:
    """The last has noise on the left only."""
    random = np.random.default_rng(99)
    sides = [under(speech, random.standard_normal(len(speech)), 15.0 + db) for db in (0.0, lower_db)]
    noisy = np.stack([speech, speech]) + np.stack(sides)
    made, notes = cleaned(tmp_path, noisy)
    assert "noise" in done(notes)
    assert si_sdr(made[0], speech) - si_sdr(noisy[0], speech) >= 7.0
    assert si_sdr(made[1], speech) >= min(si_sdr(noisy[1], speech), 60.0) - 0.05


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path, speech: Array) -> None:
    path = audio_files.write(tmp_path / "a.wav", (speech + under(speech, white(len(speech)), 15.0))[None], RATE, 16)
    first, second = (clean(path, SoundSource.VOCAL, tmp_path / f"{n}.wav").path.read_bytes() for n in range(2))
    assert first == second
    assert audio_files.info(tmp_path / "0.wav").bit_depth == 24


def test_the_notes_say_what_was_done(tmp_path: Path, speech: Array) -> None:
    _, notes = cleaned(tmp_path, speech + under(speech, pink(len(speech)), 10.0))
    texts = {stage.stage: stage.text for stage in notes.stages}
    assert texts["noise"].startswith("Steady noise, ")
    assert texts["hum"] == "No mains hum."
    assert notes.removed is not None
    assert notes.loudness_before_lufs is not None
    assert notes.loudness_after_lufs < notes.loudness_before_lufs


def test_no_two_sources_are_cleaned_alike(tmp_path: Path, speech: Array) -> None:
    """A voice with hiss and rumble, as every source but the drums, which have hits."""
    random = np.random.default_rng(5)
    time = np.arange(len(speech)) / RATE
    dirty = speech + 0.003 * random.normal(size=len(speech)) + 0.02 * np.sin(2 * np.pi * 35.0 * time)
    sounding = [source for source, settings in SETTINGS.items() if settings.noise_floor_db is not None]
    made = {source: cleaned(tmp_path, dirty, source)[0].tobytes() for source in sounding}
    assert len(set(made.values())) == len(made) == 6
    assert len(set(SETTINGS.values())) == len(SETTINGS) == len(SoundSource)
