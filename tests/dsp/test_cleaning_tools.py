"""Noise reduction, hum removal, declicking and gating: the output is as long as the input and independent of the cut into blocks."""

from collections.abc import Callable

import numpy as np
import pytest

from tonnbook.dsp.chunks import Chunked
from tonnbook.dsp.clicks import Declicker
from tonnbook.dsp.filters import high_pass
from tonnbook.dsp.gate import GainOverTime, GateSettings, SideChain, gate_gain, hits_db, threshold_db
from tonnbook.dsp.hum import Hum, HumFinder, HumRemover
from tonnbook.dsp.noise_reduction import FrameLevels, NoiseProfile, NoiseReducer, frame_size, noise_profile

RATE = 44100
AUDIO = 0.1 * np.random.default_rng(2).standard_normal((2, 3 * RATE + 17))
QUIET = NoiseProfile(np.full((2, frame_size(RATE) // 2 + 1), 1e-9), ((0, 1),), 40.0, 1.0)
LOUD = NoiseProfile(np.full((2, frame_size(RATE) // 2 + 1), 20.0), ((0,), (1,)), 5.0, 1.0)


def streamed(stage: Chunked, block: int) -> np.ndarray:
    parts = [stage.process(AUDIO[:, start : start + block]) for start in range(0, AUDIO.shape[1], block)]
    return np.concatenate([*parts, stage.flush()], axis=1)


@pytest.mark.parametrize("make", [lambda: NoiseReducer(RATE, 2, LOUD, -18.0), lambda: Declicker(RATE, 2)])
def test_the_output_is_independent_of_the_cut_into_blocks(make: Callable[[], Chunked]) -> None:
    whole, parts = streamed(make(), 10**7), streamed(make(), 4099)
    assert whole.shape == AUDIO.shape
    assert np.array_equal(whole, parts)


def test_without_noise_the_reducer_changes_nothing() -> None:
    assert np.abs(streamed(NoiseReducer(RATE, 2, QUIET, -18.0), 65536) - AUDIO).max() < 1e-4


def test_noise_alone_is_reduced_to_the_floor() -> None:
    levels = FrameLevels(RATE)
    levels.measure(AUDIO)
    profile = noise_profile([AUDIO], RATE, levels.levels)
    assert profile is not None
    reduced = streamed(NoiseReducer(RATE, 2, profile, -18.0), 65536)
    inner = slice(RATE, 2 * RATE)
    change = 10 * np.log10(np.mean(np.square(reduced[:, inner])) / np.mean(np.square(AUDIO[:, inner])))
    assert -18.1 < change < -14.0


@pytest.mark.parametrize(
    ("lower_db", "groups"), [(0.0, ((0, 1),)), (1.0, ((0, 1),)), (5.0, ((0, 1),)), (10.0, ((0,), (1,)))]
)
@pytest.mark.parametrize("louder", [0, 1])
def test_noise_of_different_level_per_channel_is_detected(
    lower_db: float, groups: tuple[tuple[int, ...], ...], louder: int
) -> None:
    noisy = AUDIO * np.array([[1.0], [10 ** (-lower_db / 20)]])
    noisy = noisy if louder == 0 else noisy[::-1]
    levels = FrameLevels(RATE)
    levels.measure(noisy)
    profile = noise_profile([noisy], RATE, levels.levels)
    assert profile is not None
    assert {frozenset(group) for group in profile.groups} == {frozenset(group) for group in groups}
    own = 10 * np.log10(profile.power[louder].mean() / profile.power[1 - louder].mean())
    assert own == pytest.approx(lower_db, abs=0.2)


def test_a_channel_without_noise_is_not_reduced() -> None:
    t = np.arange(AUDIO.shape[1]) / RATE
    one_sided = np.stack([AUDIO[0], 0.05 * np.sin(2 * np.pi * 440 * t)])
    levels = FrameLevels(RATE)
    levels.measure(one_sided)
    profile = noise_profile([one_sided], RATE, levels.levels)
    assert profile is not None
    assert profile.groups == ((0,),)
    reducer = NoiseReducer(RATE, 2, profile, -18.0)
    reduced = np.concatenate([reducer.process(one_sided), reducer.flush()], axis=1)
    assert np.abs(reduced[1] - one_sided[1]).max() < 1e-12
    assert np.std(reduced[0]) < 0.25 * np.std(one_sided[0])


def test_a_tone_is_not_noise() -> None:
    t = np.arange(2 * RATE) / RATE
    tone = (np.sin(2 * np.pi * 440 * t) * (1.0 + 0.3 * np.sin(2 * np.pi * 3 * t)))[None]
    levels = FrameLevels(RATE)
    levels.measure(tone)
    assert noise_profile([tone], RATE, levels.levels) is None


def test_silence_and_short_sounds_have_no_noise() -> None:
    for audio in (np.zeros((1, RATE)), AUDIO[:1, :2000]):
        levels = FrameLevels(RATE)
        levels.measure(audio)
        assert noise_profile([audio], RATE, levels.levels) is None


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


def test_a_gate_is_open_before_a_hit_and_closed_between_hits() -> None:
    sound = np.full((1, 2 * RATE), 0.001)
    for start in (0.5, 1.2):
        sound[:, round(start * RATE) : round(start * RATE) + 2000] = 0.5
    chain = SideChain(RATE, 1, high_pass(20.0, RATE))
    chain.measure(sound)
    curve = gate_gain(chain.levels_db, -20.0, GateSettings(-24.0, 80.0, 50.0))
    gain = GainOverTime(RATE, curve).process(np.ones_like(sound))[0]
    assert gain[round(0.5 * RATE)] > 0.99
    assert gain[round(0.49 * RATE)] == pytest.approx(10 ** (-24 / 20), rel=0.01)
    assert gain[round(0.6 * RATE)] > 0.99
    assert gain[round(1.1 * RATE)] < 0.08
    assert np.abs(np.diff(gain)).max() < 0.05


def test_two_kinds_of_hits_are_separated_by_level() -> None:
    assert threshold_db(np.array([-6.0] * 10 + [-30.0] * 20)) == pytest.approx(-18.0)
    assert threshold_db(np.array([-6.0, -7.0, -5.0, -8.0, -6.0])) is None
    assert threshold_db(np.array([-6.0, -30.0])) is None
    assert len(hits_db(np.array([-90.0] * 300 + [-6.0] + [-40.0] * 300 + [-10.0] + [-90.0] * 300))) == 3


def test_the_pulses_of_a_voice_are_not_clicks() -> None:
    pulses = np.zeros((1, RATE))
    pulses[0, ::300] = 0.5
    declicker = Declicker(RATE, 1)
    made = np.concatenate([declicker.process(pulses), declicker.flush()], axis=1)
    assert declicker.positions == []
    assert np.array_equal(made, pulses)


def declicked(audio: np.ndarray, block: int = 10**7) -> tuple[np.ndarray, list[int]]:
    declicker = Declicker(RATE, len(audio))
    parts = [declicker.process(audio[:, start : start + block]) for start in range(0, audio.shape[1], block)]
    return np.concatenate([*parts, declicker.flush()], axis=1), declicker.positions


@pytest.mark.parametrize("frames", [1, 2, 700, 65536, 65537, 2 * RATE - 77])
def test_the_ends_of_an_excerpt_are_not_clicks(frames: int) -> None:
    cut = 0.2 * np.cos(2 * np.pi * 220.13 * np.arange(frames) / RATE)[None]
    made, positions = declicked(cut)
    assert positions == []
    assert np.array_equal(made, cut)


def test_a_click_just_before_a_pulse_of_a_voice_is_removed_and_the_pulse_stays() -> None:
    voice = 0.05 * np.sin(2 * np.pi * 110 * np.arange(RATE) / RATE)[None]
    voice[0, 150::300] += 0.005
    clicked = voice.copy()
    clicked[0, 30080:30094] += 0.4 * np.random.default_rng(4).standard_normal(14)
    made, positions = declicked(clicked)
    assert len(positions) == 1
    assert np.abs(made - voice).max() < 0.01


def test_a_click_near_either_end_is_removed() -> None:
    wave = 0.2 * np.cos(2 * np.pi * 220.13 * np.arange(2 * RATE) / RATE)[None]
    for place in (40, 300, 2 * RATE - 300, 2 * RATE - 40):
        clicked = wave.copy()
        clicked[:, place : place + 3] += 0.3
        made, positions = declicked(clicked)
        assert len(positions) == 1
        assert abs(positions[0] - place) <= 2
        assert np.abs(made - wave).max() < 0.01
        assert np.array_equal(declicked(clicked, 4099)[0], made)


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
