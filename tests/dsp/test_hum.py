"""Mains hum: detection beside music and noise, and removal without harm to notes."""

import numpy as np
import pytest

from tonnbook.dsp.hum import Hum, HumFinder, HumRemover

RATE = 44100
AUDIO = 0.1 * np.random.default_rng(2).standard_normal((2, 3 * RATE + 17))


def mains(hz: float, partials: dict[int, float], seconds: float = 8.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(sum(level * np.sin(2 * np.pi * hz * n * t + n) for n, level in partials.items()))


def hum_in(audio: np.ndarray) -> Hum | None:
    finder = HumFinder(RATE, len(audio))
    for block in np.array_split(audio, 3, axis=1):
        finder.measure(block)
    return finder.hum()


BUZZ = {1: 1.0, 2: 0.6, 3: 0.5, 5: 0.2}
BURSTS = AUDIO[0, np.arange(8 * RATE) % RATE] * (np.arange(8 * RATE) % (RATE // 2) < RATE // 5)


def test_hum_of_changing_level_is_removed() -> None:
    t = np.arange(10 * RATE) / RATE
    swell = 0.1 * (1.0 + 0.5 * np.sin(2 * np.pi * 0.05 * t))
    hum = swell * sum(np.sin(2 * np.pi * 50.01 * n * t) / n for n in (1, 2, 3, 4))
    finder = HumFinder(RATE, 1)
    finder.measure(hum[None])
    found = finder.hum()
    assert found is not None
    assert found.mains_hz == pytest.approx(50.01, abs=0.01)
    assert found.harmonics == (1, 2, 3, 4)
    remover = HumRemover(RATE, 1, found)
    for block in np.array_split(hum[None], 7, axis=1):
        remover.measure(block)
    left = np.concatenate([remover.process(block) for block in np.array_split(hum[None], 5, axis=1)], axis=1)
    assert 10 * np.log10(np.mean(np.square(left)) / np.mean(np.square(hum))) < -25.0


@pytest.mark.parametrize("sides", [(1.0, 1.0), (1.0, -1.0), (0.0, 1.0)])
def test_hum_in_one_channel_or_inverted_is_detected(sides: tuple[float, float]) -> None:
    found = hum_in(BURSTS + 0.005 * np.array(sides)[:, None] * mains(49.98, BUZZ))
    assert found is not None
    assert found.mains_hz == pytest.approx(49.98, abs=0.003)
    assert found.harmonics[:3] == (1, 2, 3)
    assert len(found.partials_hz) == 8


@pytest.mark.parametrize(
    ("hz", "partials", "level"), [(50.0, BUZZ, 0.001), (60.0, BUZZ, 0.001), (50.0, {2: 1.0, 4: 0.5, 6: 0.3}, 0.003)]
)
def test_faint_hum_is_detected_in_the_pauses(hz: float, partials: dict[int, float], level: float) -> None:
    """About 35 dB below the bursts; the last case is hum of a full-wave rectifier: twice the mains frequency and its multiples."""
    found = hum_in((BURSTS + level * mains(hz, partials))[None])
    assert found is not None
    assert found.mains_hz == pytest.approx(hz, abs=0.01)
    assert hum_in(BURSTS[None]) is None


def test_an_absent_partial_removes_nothing_from_a_note_at_its_frequency() -> None:
    """A string of 200.4 Hz, struck once a second, over a hum that has no fourth harmonic."""
    t = np.arange(8 * RATE) / RATE
    string = 0.3 * np.exp(-3.0 * np.mod(t, 1.0)) * np.sin(2 * np.pi * 200.4 * t)
    hum = 0.01 * mains(50.0, BUZZ)
    found = hum_in((string + hum)[None])
    assert found is not None
    remover = HumRemover(RATE, 1, found)
    remover.measure((string + hum)[None])
    left = remover.process((string + hum)[None])[0] - string
    assert 10 * np.log10(np.mean(np.square(left)) / np.mean(np.square(hum))) < -20.0
    assert 10 * np.log10(np.mean(np.square(left)) / np.mean(np.square(string))) < -35.0


def test_a_note_close_to_the_hum_is_unchanged() -> None:
    """Ten times as loud as the partial 0.3 Hz away from it, during most of every third second."""
    t = np.arange(10 * RATE) / RATE
    hum = 0.02 * sum(np.sin(2 * np.pi * 50.02 * n * t + n) / n for n in (1, 2, 3))
    plays = np.clip(np.mod(t, 1.0) / 0.02, 0.0, 1.0) * (np.mod(t, 1.0) < 0.7)
    note = 0.2 * plays * np.sin(2 * np.pi * (100.3 + 20.0 * (np.floor(t) % 3)) * t)
    remover = HumRemover(RATE, 1, Hum(50.02, (1, 2, 3)))
    remover.measure((hum + note)[None])
    left = remover.process((hum + note)[None])[0] - note
    assert 10 * np.log10(np.mean(np.square(left)) / np.mean(np.square(hum))) < -25.0
