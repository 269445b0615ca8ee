"""The stages that a plan renders before the level: each alone, on tones of known levels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.dsp.cell_peaks import CELL
from tonnbook.dsp.filters import Filter
from tonnbook.dsp.levels import db, rms
from tonnbook.dsp.loudness import k_weighting
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.mastering.chain import ENERGY_FRAMES, PreparedSong, compress, prepare
from tonnbook.studio.mastering.plan import BandCompression, MasterPlan, target_for

RATE = 44100
NOTHING = MasterPlan(
    target_for(MusicalStyle.POP, -14.0, SampleRate.CD), None, None, None, False, 0.0, (None, None, None), None, ()
)
TWO_TO_ONE = BandCompression(-30.0, 2.0, 10.0, 120.0)


def tone(frequency: float, amplitude: float, seconds: float = 2.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def level_db(audio: np.ndarray, frequency: float) -> float:
    """Return the amplitude of a tone in the steady second half, in dB."""
    steady = audio[RATE:]
    return db(float(2 * np.abs(np.mean(steady * np.exp(-2j * np.pi * frequency * np.arange(len(steady)) / RATE)))))


def prepared(tmp_path: Path, audio: np.ndarray, **changes: Any) -> tuple[PreparedSong, np.ndarray]:
    source = audio_files.write(tmp_path / "in.wav", audio, RATE, 32)
    song = prepare(source, replace(NOTHING, **changes), audio.shape[1] / RATE, tmp_path, lambda _, __: None)
    return song, np.concatenate(list(song.blocks()), axis=1)


def test_a_plan_without_stages_changes_no_sample(tmp_path: Path) -> None:
    audio = np.random.default_rng(1).standard_normal((2, 100_000)).astype(np.float32) * 0.1
    assert np.array_equal(prepared(tmp_path, audio)[1], audio)


def test_a_side_gain_raises_the_side_and_not_the_middle(tmp_path: Path) -> None:
    middle, side = tone(500, 0.2), tone(900, 0.05)
    left, right = prepared(tmp_path, np.stack([middle + side, middle - side]), side_db=1.5)[1]
    assert level_db(0.5 * (left - right), 900) - level_db(side, 900) == pytest.approx(1.5, abs=0.01)
    assert level_db(0.5 * (left + right), 500) == pytest.approx(level_db(middle, 500), abs=0.01)


def test_low_mono_removes_the_side_below_100_hz_only(tmp_path: Path) -> None:
    side = tone(50, 0.2) + tone(900, 0.2)
    left, right = prepared(tmp_path, np.stack([side, -side]), low_mono=True)[1]
    out = 0.5 * (left - right)
    assert level_db(out, 50) < level_db(side, 50) - 40
    assert level_db(out, 900) == pytest.approx(level_db(side, 900), abs=0.01)


def test_glue_of_2_to_1_halves_the_level_above_its_threshold(tmp_path: Path) -> None:
    both = np.stack([tone(500, 10 ** (-10 / 20))] * 2)[:, :-3]  # no whole number of cells
    for gain, out_db in ((1.0, -20.0), (0.01, -50.0)):
        song = prepared(tmp_path, both * gain)[0]
        made = compress(song, TWO_TO_ONE, lambda _, __: None)
        out = np.concatenate(list(made.blocks()), axis=1)
        assert out.shape == both.shape
        assert level_db(out[0], 500) == pytest.approx(out_db, abs=0.3)
        assert made.energies.sum() < song.energies.sum() * (0.2 if gain == 1.0 else 1.001)


@pytest.mark.parametrize(("band", "frequency"), [(0, 50.0), (1, 500.0), (2, 8000.0)])
def test_each_band_is_compressed_separately(tmp_path: Path, band: int, frequency: float) -> None:
    frequencies = (50.0, 500.0, 8000.0)
    audio = np.stack([np.sum([tone(each, 0.3) for each in frequencies], axis=0)] * 2)
    bands = tuple(TWO_TO_ONE if n == band else None for n in range(3))
    out = prepared(tmp_path, audio, bands=bands)[1]
    for each in frequencies:
        change = level_db(out[0], each) - level_db(audio[0], each)
        assert change == pytest.approx(0.5 * (-30.0 - db(0.3)) if each == frequency else 0.0, abs=0.4)


def test_energies_and_peaks_are_those_of_the_written_file(tmp_path: Path) -> None:
    audio = np.random.default_rng(2).standard_normal((2, 100_000)) * 0.1
    song, out = prepared(tmp_path, audio, side_db=1.5)
    weighted = Filter(k_weighting(RATE), 2).process(out)
    assert len(song.energies) == -(-100_000 // ENERGY_FRAMES)
    assert song.energies.sum() == pytest.approx(2 * rms(weighted) ** 2 * 100_000, rel=1e-4)
    samples = np.abs(out).reshape(2, -1, CELL).max(axis=(0, 2))
    assert len(song.peaks) == len(samples)
    assert (song.peaks >= samples * (1 - 1e-6)).all()
    assert np.median(song.peaks / samples) < 1.5
