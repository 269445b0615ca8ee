"""The shared measuring pass: cells, order and progress, and measures that do not depend on the blocks."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.studio.measure.clipping import ClippingDetector
from tonnbook.studio.measure.meters import Cells, ChannelPowers, peaks_per_step, run_meters
from tonnbook.studio.measure.song_features import SongMeter, measure_song

RATE = 8000


def noise(frames: int, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((channels, frames)) * 0.1


@pytest.mark.parametrize("block", [1, 7, 100, 1000])
def test_cells_do_not_depend_on_the_blocks(block: int) -> None:
    audio, cells = noise(1050), Cells(100)
    made = [cell for start in range(0, 1050, block) for cell in cells.add(audio[:, start : start + block])]
    assert np.array_equal(np.concatenate(made, axis=1), audio[:, :1000])
    assert {cell.shape for cell in made} == {(2, 100)}
    assert cells.rest is not None
    assert np.array_equal(cells.rest, audio[:, 1000:])


@pytest.mark.parametrize("executor", [None, 2])
def test_every_meter_gets_all_blocks_in_order(tmp_path: Path, executor: int | None) -> None:
    path = audio_files.write(tmp_path / "noise.wav", noise(5000), RATE, 32)
    received: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    reports: list[float] = []
    with ThreadPoolExecutor(executor or 1) as threads:
        meters = [blocks.append for blocks in received]
        run_meters(
            path,
            meters,
            lambda fraction, _: reports.append(fraction),
            block=300,
            executor=threads if executor else None,
        )
    for blocks in received:
        assert np.array_equal(np.concatenate(blocks, axis=1), audio_files.read(path)[0])
    assert len(received[0]) == len(reports) == 17
    assert reports == sorted(reports)
    assert reports[-1] == 1.0


def test_an_error_of_a_meter_is_raised(tmp_path: Path) -> None:
    def fail(_: np.ndarray) -> None:
        raise ZeroDivisionError

    path = audio_files.write(tmp_path / "noise.wav", noise(5000), RATE, 32)
    with ThreadPoolExecutor(2) as threads:
        for executor in (None, threads):
            with pytest.raises(ZeroDivisionError):
                run_meters(path, [fail], executor=executor)


@pytest.mark.parametrize("block", [1000, 44_100, 200_000])
def test_song_features_and_clipping_do_not_depend_on_the_blocks(block: int) -> None:
    audio = np.clip(noise(200_000) * 6.0, -0.7, 0.7)
    measured = []
    for size in (block, 65_536):
        meter, detector = SongMeter(44_100, 2, bands=True), ClippingDetector(44_100)
        for start in range(0, audio.shape[1], size):
            meter.process(audio[:, start : start + size])
            detector.process(audio[:, start : start + size])
        measured.append(meter.features(detector.clipping()))
    one, two = measured
    assert one.clipping == two.clipping
    assert one.clipping.runs > 0
    for name in ("energies", "powers", "middle", "side", "band_peaks", "peaks"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    assert one.sound() == two.sound()


def test_peaks_per_step_are_the_largest_samples_of_all_channels() -> None:
    audio = np.array([[0.1, -0.5, 0.2, 0.0], [0.3, 0.1, 0.0, -0.9]])
    assert peaks_per_step(audio, 2).tolist() == [0.5, 0.9]


@pytest.mark.parametrize(
    ("left", "right", "expected"), [(1.0, 1.0, 1.0), (1.0, -0.5, -1.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]
)
def test_correlation(left: float, right: float, expected: float) -> None:
    wave, powers = noise(1000)[0], ChannelPowers()
    powers.add(left * wave[:500], right * wave[:500])
    powers.add(left * wave[500:], right * wave[500:])
    assert powers.correlation == pytest.approx(expected)


def test_the_features_of_a_song_agree_with_its_samples(songs: Mapping[str, Path]) -> None:
    features, (audio, rate) = measure_song(songs["01_night_bus"]), audio_files.read(songs["01_night_bus"])
    assert features.seconds == pytest.approx(audio.shape[1] / rate)
    assert features.powers.mean() == pytest.approx(np.square(audio).mean(), rel=0.01)
    assert features.peaks.max() == np.abs(audio).max()
    assert features.correlation == pytest.approx(np.corrcoef(audio)[0, 1], abs=1e-3)
