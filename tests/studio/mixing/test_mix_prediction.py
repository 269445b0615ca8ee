"""The levels predicted for the decided settings are those of the rendered audio."""

from __future__ import annotations

from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.filters import Filter, eq, high_pass
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.stereo import balance_db, pan
from tonnbook.models.effects import EqBandReading
from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.mixing.decide import bus as mix_bus
from tonnbook.studio.mixing.decide import gain as mix_gain
from tonnbook.studio.mixing.decide.decision import MixDecision
from tonnbook.studio.mixing.decide.strip import EqBandDecision, PredictedSound, Strip
from tonnbook.studio.mixing.features import LOW_CUT_HZ

RATE = material.RATE


@pytest.fixture(scope="module")
def strips() -> dict[str, Strip]:
    """Return the song's tracks with the decided settings."""
    tracks = material.song()
    features = material.measured(tracks)
    settings = material.decided(tracks, features).settings
    made = {}
    for t in tracks:
        s = settings[t.name]
        moves = tuple(EqBandDecision(band.centre_hz, band.gain_db, band.q) for band in s.eq)
        sound = PredictedSound(features[t.name], moves, s.compression)
        made[t.name] = Strip(t.name, t.request, sound, moves, gain_db=s.gain_db, pan_deg=s.pan_deg)
    return made


@pytest.fixture(scope="module")
def rendered(strips: dict[str, Strip]) -> dict[str, np.ndarray]:
    """Apply EQ, compressor, gain and pan with the functions of dsp, to whole recordings."""
    made = {}
    for t in material.song():
        strip, audio = strips[t.name], material.sound(t.path)
        sound = Filter(np.vstack([high_pass(LOW_CUT_HZ, RATE), eq(strip.eq, RATE)]), len(audio)).process(audio)
        if strip.sound.compression:
            c = strip.sound.compression
            sound = Compressor(c.threshold_db, c.ratio, c.attack_ms, c.release_ms, RATE).process(sound)
        made[t.name] = pan(sound * 10 ** (strip.gain_db / 20), strip.pan_deg)
    return made


def test_loudness_behind_eq_and_compressor(strips: dict[str, Strip], rendered: dict[str, np.ndarray]) -> None:
    off = {name: strips[name].level_lufs - integrated_loudness(audio, RATE) for name, audio in rendered.items()}
    assert max(map(abs, off.values())) < 0.8
    assert np.mean(np.abs(list(off.values()))) < 0.3


def test_the_render_does_the_same(strips: dict[str, Strip], rendered: dict[str, np.ndarray], tmp_path: Path) -> None:
    """The stems are the output of these functions times the gain of the bus."""
    tracks = material.song()
    decision = material.decided(tracks, {name: strip.features for name, strip in strips.items()})
    unglued = MixDecision(**{**vars(decision), "bus": mix_bus.BusDecision(None, ())})
    outcome = material.final(tracks, unglued, tmp_path)
    gain = 10 ** (outcome.notes.trim_db / 20)
    for name, stem in material.stems_of(outcome).items():
        assert material.rms_db(stem / gain - rendered[name]) - material.rms_db(rendered[name]) < -50, name


def test_the_settings_of_an_answer_make_the_stem_from_the_samples(strips: dict[str, Strip], tmp_path: Path) -> None:
    """As a DAW does it: the initial gain on the samples, EQ, compressor with times in seconds, pan, and the fader."""
    tracks = material.song()
    decision = material.decided(tracks, {name: strip.features for name, strip in strips.items()})
    outcome = material.final(tracks, MixDecision(**{**vars(decision), "bus": mix_bus.BusDecision(None, ())}), tmp_path)
    stems = material.stems_of(outcome)
    for t in tracks:
        wire = outcome.settings[t.name].to_wire()
        bands = [EqBandReading.model_validate(band) for band in wire["eq_settings"].values()]
        gain, drc = wire["gain_settings"], wire["drc_settings"]
        sound = material.sound(t.path) * gain["initial_gain"]
        sound = Filter(np.vstack([high_pass(LOW_CUT_HZ, RATE), eq(bands, RATE)]), len(sound)).process(sound)
        times_ms = 1000 * drc["attack_ms"], 1000 * drc["release_ms"]
        sound = Compressor(drc["threshold"], drc["ratio"], *times_ms, RATE).process(sound)
        made = pan(sound * gain["gain_amplitude"], wire["panning_settings"]["panning_angle"])
        stem = stems[t.name] / 10 ** (outcome.notes.trim_db / 20)
        assert material.rms_db(stem - made) - material.rms_db(made) < -50, t.name


def test_the_vocal_over_the_rest(strips: dict[str, Strip], rendered: dict[str, np.ndarray]) -> None:
    expected = mix_gain.vocal_over_rest_lu(list(strips.values()))
    assert material.vocal_over_rest(rendered, "vocal.flac", RATE) == pytest.approx(expected, abs=0.4)


def test_the_balance_of_left_and_right(strips: dict[str, Strip], rendered: dict[str, np.ndarray]) -> None:
    assert material.predicted_balance_db(list(strips.values())) == pytest.approx(
        balance_db(sum(rendered.values())), abs=0.4
    )


def test_the_bus_compressor_reduces_by_about_as_much_as_predicted(
    strips: dict[str, Strip], rendered: dict[str, np.ndarray]
) -> None:
    c = mix_bus.decide_bus(list(strips.values()), MusicalStyle.POP).compression
    assert c is not None
    reduction = Compressor(c.threshold_db, c.ratio, c.attack_ms, c.release_ms, RATE).reduction(sum(rendered.values()))
    assert 0.3 < np.quantile(reduction, 0.95) < 3.0


def test_the_loudest_part_is_found(strips: dict[str, Strip]) -> None:
    song = list(strips.values())
    energy = mix_gain.mix_energies(song)
    start = mix_bus.loudest_start_s(song, 5.0)
    sums = [energy[at : at + 500].sum() for at in range(0, len(energy) - 500, 10)]
    assert start == pytest.approx(0.1 * int(np.argmax(sums)))
    assert mix_bus.loudest_start_s(song, 60.0) == 0.0
