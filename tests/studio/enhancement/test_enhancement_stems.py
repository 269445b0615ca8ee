"""Changes to the stems of a mix: each flag changes its own stem only, and the stems add up to the track."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import maximum_filter1d

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.transients import Powers, attacks_db
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import AnalysisStyle, EnhancementStyle
from tonnbook.studio.enhancement import stems as enhancement_stems
from tonnbook.studio.enhancement.engine import EnhancementOutcome, enhance
from tonnbook.studio.enhancement.stems import StemLoudness
from tonnbook.studio.measure.streams import summed
from tonnbook.studio.separation.engine import separate

RATE = 44100
SECONDS = 4
FLAGS = (
    *("fix_clipping", "fix_stereo", "fix_tone", "fix_loudness", "fix_compression", "apply_mastering"),
    *("stem_processing", "drum_enhancement", "vocal_enhancement"),
)
Array = np.ndarray


def band() -> dict[str, Array]:
    """A bass note, a voice-like chord of varying level in the middle, hits, and a chord on one side."""
    t = np.arange(SECONDS * RATE) / RATE
    hits = np.random.default_rng(1).standard_normal(len(t)) * np.exp(-60.0 * np.mod(t, 0.5))
    words = 0.2 + np.clip(np.sin(2 * np.pi * 0.8 * t), 0.0, 1.0)
    chord = words * sum(np.sin(2 * np.pi * hz * t) for hz in (440.0, 880.0, 1320.0, 3520.0))
    side = sum(np.sin(2 * np.pi * hz * t) for hz in (587.0, 1174.0, 3000.0))
    both = np.ones((2, 1))
    return {
        "vocals": 0.03 * both * chord,
        "drums": 0.15 * both * hits,
        "bass": 0.1 * both * np.sin(2 * np.pi * 80.0 * t),
        "other": 0.03 * np.array([[1.0], [0.3]]) * side,
    }


@pytest.fixture(scope="module")
def mix() -> Array:
    return sum(band().values())


def enhanced(folder: Path, audio: Array, **requested: bool) -> EnhancementOutcome:
    source = audio_files.write(folder / "mix.wav", audio, RATE, 32)
    fields = {**dict.fromkeys(FLAGS, False), **requested}
    task_folder = folder / f"task{len(list(folder.iterdir()))}"
    task_folder.mkdir()
    return enhance(
        source, EnhancementRequest(source=source, style=EnhancementStyle.POP, **fields), task_folder / "out.wav", None
    )


def notes_of(outcome: EnhancementOutcome) -> dict[str, StageNotes]:
    return {stage.stage: stage for stage in outcome.notes.stages}


def level_db(audio: Array, beside: Array) -> float:
    return float(10 * np.log10(np.mean(np.square(audio)) / np.mean(np.square(beside)) + 1e-30))


def difference_db(made: Array, expected: Array) -> float:
    """Return the level of `made` minus the best multiple of `expected`, relative to that multiple, in dB."""
    gain = np.sum(made * expected) / np.sum(np.square(expected))
    return level_db(made - gain * expected, gain * expected)


def total(paths: dict[str, Path]) -> Array:
    return sum(audio_files.read(path)[0] for path in paths.values())


@pytest.fixture
def separated(tmp_path: Path, mix: Array) -> dict[str, Path]:
    (tmp_path / "parts").mkdir()
    source = audio_files.write(tmp_path / "whole.wav", mix, RATE, 32)
    return dict(separate(source, tmp_path / "parts").stems)


def test_the_sum_of_the_stems_is_the_mix(tmp_path: Path, mix: Array, separated: dict[str, Path]) -> None:
    whole = audio_files.read(summed(list(separated.values()), tmp_path / "sum.wav"))[0]
    assert level_db(whole - mix, mix) < -120.0


def test_only_the_attacks_of_the_drums_are_raised(tmp_path: Path, separated: dict[str, Path]) -> None:
    note, made = enhancement_stems.drums(separated, tmp_path, StemLoudness())
    assert note.done
    assert set(made) == {"drums"}
    before, after = audio_files.read(separated["drums"])[0], audio_files.read(made["drums"])[0]
    powers = Powers(RATE)
    powers.measure(before)
    attack = np.repeat(maximum_filter1d(attacks_db(powers.powers), 5), RATE // 1000)
    between = np.flatnonzero(attack < 0.01)
    sounding = between[np.abs(before[0][between]) > 1e-4]
    assert np.abs(after[0][sounding] / before[0][sounding] - 1.0).max() < 0.02
    assert np.abs(after).max() / np.abs(before).max() == pytest.approx(10 ** (1.5 / 20), abs=0.02)


def test_the_vocals_are_compressed_at_unchanged_loudness(tmp_path: Path, separated: dict[str, Path]) -> None:
    note, made = enhancement_stems.vocals(separated, tmp_path, StemLoudness())
    assert note.done
    assert set(made) == {"vocals"}
    before, after = audio_files.read(separated["vocals"])[0], audio_files.read(made["vocals"])[0]
    assert integrated_loudness(after, RATE) == pytest.approx(integrated_loudness(before, RATE), abs=0.05)
    loud, soft = (slice(round(s * RATE), round((s + 0.2) * RATE)) for s in (0.2, 0.8))
    ranges = [level_db(audio[:, loud], audio[:, soft]) for audio in (before, after)]
    assert 1.0 < ranges[0] - ranges[1] < 6.0
    spectra = [np.abs(np.fft.rfft(audio[0])) for audio in (before, after)]
    gains = [20 * np.log10(spectra[1][hz * SECONDS] / spectra[0][hz * SECONDS]) for hz in (440, 3520)]
    assert gains[1] - gains[0] == pytest.approx(1.5, abs=0.2)


def test_balance_changes_a_stem_by_two_db_at_most(tmp_path: Path, separated: dict[str, Path]) -> None:
    loud = audio_files.write(tmp_path / "loud.wav", 4.0 * audio_files.read(separated["drums"])[0], RATE, 32)
    note, made = enhancement_stems.balance({**separated, "drums": loud}, AnalysisStyle.POP, tmp_path, StemLoudness())
    assert note.numbers["drums_gain_db"] == -2.0
    assert all(abs(gain) <= 2.0 for gain in note.numbers.values())
    assert "other" not in made
    for name, path in made.items():
        gain = 10 ** (note.numbers[f"{name}_gain_db"] / 20)
        own = audio_files.read({**separated, "drums": loud}[name])[0]
        assert np.abs(audio_files.read(path)[0] - gain * own).max() < 1e-6


@pytest.mark.parametrize(
    ("flag", "stage"), [("stem_processing", "stems"), ("drum_enhancement", "drums"), ("vocal_enhancement", "vocals")]
)
def test_each_flag_changes_its_own_stem(tmp_path: Path, mix: Array, flag: str, stage: str) -> None:
    outcome = enhanced(tmp_path, mix, **{flag: True})
    notes = notes_of(outcome)
    assert outcome.notes.separation == "classical"
    assert {name for name in ("stems", "drums", "vocals") if notes[name].done} == {stage}
    assert {notes[name].text for name in ("stems", "drums", "vocals") if name != stage} == {"Not requested."}
    assert difference_db(audio_files.read(outcome.track)[0], mix) > -40.0


def test_without_a_flag_the_mix_is_not_separated(tmp_path: Path, mix: Array) -> None:
    outcome = enhanced(tmp_path, mix)
    assert outcome.notes.separation == ""
    assert not outcome.stems
    assert difference_db(audio_files.read(outcome.track)[0], mix) < -90.0


@pytest.mark.parametrize("requested", [{}, {"stem_processing": True, "drum_enhancement": True, "fix_stereo": True}])
def test_the_stems_add_up_to_the_track_before_it_is_mastered(
    tmp_path: Path, mix: Array, requested: dict[str, bool]
) -> None:
    mono = mix if not requested else mix.mean(axis=0, keepdims=True).repeat(2, axis=0)
    plain = enhanced(tmp_path, mono, **requested)
    mastered = enhanced(tmp_path, mono, **requested, get_stems=True, apply_mastering=True)
    assert set(mastered.stems) == {"vocal", "drums", "bass", "other"}
    assert {audio_files.info(path).bit_depth for path in mastered.stems.values()} == {32}
    assert difference_db(audio_files.read(plain.track)[0], total(mastered.stems)) < -90.0
    if not requested:
        assert level_db(total(mastered.stems) - mix, mix) < -120.0


def test_a_change_that_makes_a_verdict_worse_is_dropped_and_noted(
    tmp_path: Path, mix: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drums(stems: dict[str, Path], folder: Path, loudness: StemLoudness) -> enhancement_stems.Change:
        turned = np.array([[4.0], [-4.0]]) * audio_files.read(stems["drums"])[0]
        made = audio_files.write(folder / "turned.wav", turned, RATE, 32)
        return StageNotes(stage="drums", done=True, text="Turned one side."), {"drums": made}

    monkeypatch.setattr(enhancement_stems, "drums", drums)
    outcome = enhanced(tmp_path, mix, drum_enhancement=True, get_stems=True)
    note = notes_of(outcome)["drums"]
    assert not note.done
    assert note.text.startswith("Tried and dropped: it made ")
    assert level_db(total(outcome.stems) - mix, mix) < -120.0


def test_a_mix_without_drums_or_voice(tmp_path: Path) -> None:
    t = np.arange(SECONDS * RATE) / RATE
    hum = 0.1 * np.sin(2 * np.pi * 70.0 * t)
    notes = notes_of(enhanced(tmp_path, np.stack([hum, hum]), drum_enhancement=True, vocal_enhancement=True))
    assert (notes["drums"].done, notes["drums"].text) == (False, "No drums found.")
    assert (notes["vocals"].done, notes["vocals"].text) == (False, "No vocals found.")


def test_a_stem_is_decoded_once_for_all_loudness_measurements(
    separated: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Path] = []
    measure = enhancement_stems._loudness
    monkeypatch.setattr(enhancement_stems, "_loudness", lambda path: measured.append(path) or measure(path))
    loudness = StemLoudness()
    for _ in range(2):
        for path in separated.values():
            loudness(path)
    assert sorted(measured) == sorted(separated.values())
