"""The balance does not depend on how loud the tracks were recorded, nor on their order; budgets and presence are met."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mix_material as material
import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.dsp.loudness import gated_loudness, integrated_loudness
from tonnbook.models.vocabulary import MusicalStyle
from tonnbook.studio.measure.clipping import Clipping
from tonnbook.studio.mixing.decide import gain as mix_gain
from tonnbook.studio.mixing.decide.decision import MixDecision, decide
from tonnbook.studio.mixing.decide.strip import PredictedSound, Strip
from tonnbook.studio.mixing.features import TrackFeatures, TrackMeter

GRID_DB = (-18.0, -11.0, -4.0, 4.0, 11.0, 18.0)
DRAWS = 20


def measured(audio: np.ndarray) -> TrackFeatures:
    meter = TrackMeter(material.RATE, len(audio))
    for start in range(0, audio.shape[1], meter.cell):
        meter.process(audio[:, start : start + meter.cell])
    return meter.features(Clipping())


@pytest.fixture(scope="module")
def recorded() -> Mapping[str, np.ndarray]:
    return {t.name: material.sound(t.path) for t in material.song()}


@pytest.fixture(scope="module")
def at_levels(recorded: Mapping[str, np.ndarray]) -> Mapping[tuple[str, float], TrackFeatures]:
    """Measure every track at six levels: the audio itself is scaled and measured again."""
    return {
        (name, level): measured(audio * 10 ** (level / 20)) for name, audio in recorded.items() for level in GRID_DB
    }


@pytest.fixture(scope="module")
def draws(at_levels: Mapping[tuple[str, float], TrackFeatures]) -> list[tuple[dict[str, float], MixDecision]]:
    """Decide twenty mixes of the song, each track louder or quieter by up to 18 dB."""
    random = np.random.default_rng(7)
    requests = {t.name: t.request for t in material.song()}
    made = []
    for _ in range(DRAWS):
        levels = {name: float(random.choice(GRID_DB)) for name in requests}
        features = {name: at_levels[name, level] for name, level in levels.items()}
        made.append((levels, decide(features, requests, MusicalStyle.POP)))
    return made


def stem_levels(decision: MixDecision, features: Mapping[str, TrackFeatures]) -> dict[str, float]:
    """Return the loudness of each stem relative to the vocal, with the settings of the answer."""
    levels = {}
    for name, settings in decision.settings.items():
        sound = PredictedSound(features[name], settings.eq, settings.compression)
        levels[name] = sound.loudness_lufs + settings.gain_db
    return {name: level - levels["vocal.flac"] for name, level in levels.items()}


def test_the_balance_does_not_depend_on_the_recording_levels(
    draws: list[tuple[dict[str, float], MixDecision]], at_levels: Mapping[tuple[str, float], TrackFeatures]
) -> None:
    found = [stem_levels(d, {n: at_levels[n, level] for n, level in levels.items()}) for levels, d in draws]
    for name in found[0]:
        assert np.std([levels[name] for levels in found]) <= 0.3, name


def test_the_rendered_balance_does_not_depend_on_them_either(
    draws: list[tuple[dict[str, float], MixDecision]], recorded: Mapping[str, np.ndarray], tmp_path: Path
) -> None:
    found = []
    for number, (levels, decision) in enumerate(draws[:3]):
        folder = tmp_path / str(number)
        folder.mkdir()
        tracks = [
            material.TrackFile(
                t.name,
                audio_files.write(folder / f"{t.name}.wav", recorded[t.name] * 10 ** (levels[t.name] / 20), 44100, 32),
                t.request,
            )
            for t in material.song()
        ]
        stems = material.stems_of(material.final(tracks, decision, folder / "out"))
        loudness = {name: integrated_loudness(stem, 44100) for name, stem in stems.items()}
        found.append({name: value - loudness["vocal.flac"] for name, value in loudness.items()})
    for name in found[0]:
        assert np.std([levels[name] for levels in found]) <= 0.3, name


def test_the_order_of_the_tracks_does_not_matter(at_levels: Mapping[tuple[str, float], TrackFeatures]) -> None:
    requests = {t.name: t.request for t in material.song()}
    features = {name: at_levels[name, 4.0] for name in requests}
    first = decide(features, requests, MusicalStyle.POP)
    backwards = dict(reversed(features.items()))
    second = decide(backwards, requests, MusicalStyle.POP)
    assert first.settings == second.settings
    assert first.bus == second.bus
    assert first.seed == second.seed


@pytest.mark.parametrize("style", list(MusicalStyle))
def test_the_vocal_meets_its_target_level_in_every_style(
    style: MusicalStyle, at_levels: Mapping[tuple[str, float], TrackFeatures]
) -> None:
    """At the target, or above it up to the ceiling where too little of it would be audible."""
    strips = [Strip(t.name, t.request, PredictedSound(at_levels[t.name, 4.0])) for t in material.song()]
    balanced = mix_gain.decide_gains(strips, style)
    over = mix_gain.vocal_over_rest_lu(balanced)
    target = mix_gain.vocal_target_lu(strips, style)
    assert over is not None
    assert target - 0.1 <= over <= min(target + 2.0, 2.9)


def test_a_mix_with_room_leaves_the_vocal_at_its_place() -> None:
    voice = measured(material.words(material.noise(1, 200, 5000))[None])
    bass = measured(material.noise(2, 40, 160)[None])
    tracks = {"voice": "VOCAL_GROUP", "bass": "BASS_GROUP"}
    requests = {n: material.track(Path(n), g, presence="LEAD").request for n, g in tracks.items()}
    strips = mix_gain.decide_gains(
        [
            Strip("voice", requests["voice"], PredictedSound(voice)),
            Strip("bass", requests["bass"], PredictedSound(bass)),
        ],
        MusicalStyle.POP,
    )
    assert mix_gain.vocal_over_rest_lu(strips) == pytest.approx(1.0, abs=0.1)
    assert gated_loudness(mix_gain.mix_energies(strips)) == pytest.approx(-18.0, abs=0.1)


def test_budgets_hold_however_many_play_the_chords() -> None:
    feature = measured(material.noise(3, 100, 5000)[None])

    def chords(count: int, instrument: str = "OTHER_GROUP1") -> float:
        request = material.track(Path("x"), instrument).request
        levels = mix_gain.target_levels(
            [Strip(str(n), request, PredictedSound(feature)) for n in range(count)], MusicalStyle.POP
        )
        return 10 * np.log10(np.sum(10 ** (np.array(levels) / 10)))

    assert chords(1) == pytest.approx(-0.7)
    assert chords(2) == pytest.approx(-0.7)
    assert chords(9) == pytest.approx(-0.7)
    assert chords(9, "KEYS_GROUP") == pytest.approx(-1.45)
    assert chords(9, "E_GUITAR_GROUP") == pytest.approx(0.05)


def test_a_style_moves_its_instruments() -> None:
    feature = measured(material.noise(3, 100, 5000)[None])
    request = material.track(Path("x"), "BASS_GROUP").request

    def bass(style: MusicalStyle) -> float:
        return mix_gain.target_levels([Strip("bass", request, PredictedSound(feature))], style)[0]

    assert bass(MusicalStyle.REGGAE_DUB) - bass(MusicalStyle.POP) == pytest.approx(3.0)
    assert bass(MusicalStyle.ACOUSTIC) - bass(MusicalStyle.POP) == pytest.approx(-1.0)


def test_a_very_quiet_recording_is_raised_and_gets_a_remark(
    at_levels: Mapping[tuple[str, float], TrackFeatures], recorded: Mapping[str, np.ndarray]
) -> None:
    requests = {t.name: t.request for t in material.song()}
    features = {name: at_levels[name, 4.0] for name in requests}
    usual = decide(features, requests, MusicalStyle.POP).settings["pad.flac"].gain_db
    features["pad.flac"] = measured(recorded["pad.flac"] * 10 ** (-26 / 20))
    decision = decide(features, requests, MusicalStyle.POP)
    assert decision.settings["pad.flac"].gain_db == pytest.approx(usual + 30, abs=1.0)
    remarks = [reason.text for reason in decision.tracks["pad.flac"].notes.reasons if reason.setting == "track"]
    assert any("very quietly" in text for text in remarks)
