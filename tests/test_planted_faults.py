"""The answers of the quizzes are right: the analysis or the cleanup finds each planted fault, and no other."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tonnbook import audio_files, demo, planted_faults
from tonnbook.models.analysis import Analysis
from tonnbook.models.vocabulary import AnalysisStyle, SoundSource
from tonnbook.plots.verdicts import FINE, rows
from tonnbook.studio.analysis.engine import analyse
from tonnbook.studio.cleanup.engine import clean

TONE = {"Low middle, 200-2k Hz", "High middle, 2-8 kHz", "Treble, 8-20 kHz"}
FOUND = {
    "": set(),
    "dull": TONE - {"Low middle, 200-2k Hz"},
    "boomy": TONE,
    "over-compressed": {"Compression"},
    "clipping": {"Clipping", "Compression"},
    "polarity": {"Stereo field", "In mono", "Phase"},
    "delay": {"Stereo field", "In mono", "Phase"},
    "quiet": {"Loudness"},
    "narrow": {"Stereo field"},
}
SOURCES = {"vocal": SoundSource.VOCAL, "guitar": SoundSource.E_GUITAR, "snare": SoundSource.SNARE}


def faults_in(path: Path) -> set[str]:
    found = analyse(path, AnalysisStyle.POP, is_master=False)
    return {row.what for row in rows(Analysis(path.name, found.verdicts, found.notes, path)) if row.mark != FINE}


@pytest.mark.parametrize("letter", planted_faults.BLIND_MIXES)
def test_the_analysis_finds_the_fault_of_each_mix(letter: str) -> None:
    assert faults_in(demo.blind_mixes()[letter]) == FOUND[planted_faults.BLIND_MIXES[letter]]


def test_the_blind_mixes_have_every_fault_once_and_neutral_names() -> None:
    kinds = list(planted_faults.BLIND_MIXES.values())
    assert len(set(kinds)) == len(kinds) == 8
    assert set(kinds) - {""} == set(planted_faults.MIX_FAULTS) - {"delay"}
    assert [path.name for path in demo.blind_mixes().values()] == [f"mix {letter}.wav" for letter in "ABCDEFGH"]
    assert {audio_files.info(path).frames for path in demo.blind_mixes().values()} == {12 * 44100}


def test_only_the_quiet_mix_differs_in_level() -> None:
    levels = {
        kind: analyse(path, AnalysisStyle.POP, is_master=False).verdicts.loudness_lufs
        for kind, path in zip(planted_faults.BLIND_MIXES.values(), demo.blind_mixes().values(), strict=True)
    }
    assert levels.pop("quiet") == pytest.approx(planted_faults.GOOD_LUFS - 10.0, abs=0.3)
    assert list(levels.values()) == pytest.approx([planted_faults.GOOD_LUFS] * 7, abs=0.3)


def test_the_lowest_octaves_distinguish_a_delay_from_an_inverted_channel() -> None:
    late, turned = (
        analyse(demo.faulty_mix(fault), AnalysisStyle.POP, is_master=False) for fault in ("delay", "polarity")
    )
    assert faults_in(demo.faulty_mix("delay")) == FOUND["delay"]
    assert turned.notes.low_correlation < -0.95
    assert -0.5 < late.notes.low_correlation < 0.5


@pytest.mark.parametrize("letter", planted_faults.BLIND_RECORDINGS)
def test_the_cleanup_finds_the_fault_of_each_recording(letter: str, tmp_path: Path) -> None:
    stem, fault = planted_faults.BLIND_RECORDINGS[letter]
    path = demo.blind_recordings()[letter]
    assert path.stem == f"{stem} {letter}"
    assert 0.01 < np.abs(audio_files.read(path)[0]).max() < 1.0
    notes = clean(path, SOURCES[stem], tmp_path / "cleaned.wav").notes
    done = {stage.stage for stage in notes.stages if stage.done}
    assert fault in done if fault else not done
    if fault == "clicks":
        (clicks,) = (stage.numbers["clicks"] for stage in notes.stages if stage.stage == "clicks")
        assert clicks == planted_faults.CLICKS
        assert done == {"clicks"}


def test_the_hum_of_the_guitar_is_reduced_by_25_db_or_more(tmp_path: Path) -> None:
    """Near 250 Hz the guitar itself plays B3, louder than the hum."""
    noisy, truth = (
        audio_files.read(path)[0][0] for path in (demo.blind_recordings()["B"], demo.faulty_recording("guitar"))
    )
    made = audio_files.read(clean(demo.blind_recordings()["B"], SoundSource.E_GUITAR, tmp_path / "cleaned.wav").path)[
        0
    ][0]
    turns = np.exp(-2j * np.pi * 50.0 / 44100 * np.outer([1, 2, 3, 5, 7], np.arange(len(truth))))
    left, there = (np.linalg.norm(turns @ (sound - truth)) for sound in (made, noisy))
    assert 20 * np.log10(left / there) <= -25.0
    assert np.mean(np.square(made - truth)) < 0.01 * np.mean(np.square(noisy - truth))


def test_a_fault_is_reproducible_and_several_are_planted_in_order() -> None:
    assert demo.faulty_mix("dull", "polarity").name == "dull and polarity mix.wav"
    mix = np.random.default_rng(3).normal(0.0, 0.05, (2, 44100))
    for fault in itertools.chain(planted_faults.MIX_FAULTS.values(), planted_faults.RECORDING_FAULTS.values()):
        first = fault(mix, 44100)
        assert np.array_equal(first, fault(mix, 44100))
        assert first.shape == mix.shape
    left, right = planted_faults.polarity(mix, 44100)
    assert np.array_equal(left, mix[0])
    assert np.array_equal(right, -mix[1])


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no 'loud'; there are: clipping, polarity"):
        demo.faulty_mix("loud")
    with pytest.raises(ValueError, match="there is no 'dull'; there are: noise, hum, clicks, rumble, bleed"):
        demo.faulty_recording("vocal", "dull")
    with pytest.raises(ValueError, match="there is no 'tuba'; there are: kick"):
        demo.faulty_recording("tuba", "hum")
