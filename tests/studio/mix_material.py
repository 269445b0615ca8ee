"""Songs to mix, and measurements that share no code with the engine: audibility, and the vocal over the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import signal

from tonnbook import audio_files, demo
from tonnbook.dsp.loudness import LoudnessMeter, lufs, windowed
from tonnbook.dsp.spectrum import third_octave_energies
from tonnbook.models.mixing import FinalMixRequest, MixRequest, MixTrack
from tonnbook.studio.mixing.decide import pan
from tonnbook.studio.mixing.decide.decision import MixDecision, decide
from tonnbook.studio.mixing.decide.strip import Strip
from tonnbook.studio.mixing.engine import MixOutcome, final_mix, preview_mix
from tonnbook.studio.mixing.features import TrackFeatures
from tonnbook.studio.mixing.tracks import TrackFile, measure_track

Array = np.ndarray
RATE = 44100
SONG = {
    "kick": "KICK_GROUP",
    "snare": "SNARE_GROUP",
    "hi-hat": "CYMBALS_GROUP",
    "bass": "BASS_GROUP",
    "guitar": "E_GUITAR_GROUP",
    "pad": "STRINGS_GROUP",
    "synth": "SYNTH_GROUP",
    "vocal": "VOCAL_GROUP",
}


def track(path: Path, instrument: str, **preferences: str) -> TrackFile:
    return TrackFile(path.name, path, MixTrack(source=path, instrument=instrument, **preferences))


def song(paths: Mapping[str, Path] | None = None, **preferences: Mapping[str, str]) -> list[TrackFile]:
    """Return the shipped song, or the same instruments from other files; the vocal is the lead unless `preferences` say otherwise."""
    given = {"vocal": {"presence": "LEAD"}, **preferences}
    return [track(path, SONG[name], **given.get(name, {})) for name, path in (paths or demo.stems()).items()]


def measured(tracks: Sequence[TrackFile], rate: int = RATE) -> dict[str, TrackFeatures]:
    return {t.name: measure_track(t, rate) for t in tracks}


def decided(
    tracks: Sequence[TrackFile], features: Mapping[str, TrackFeatures] | None = None, style: str = "POP"
) -> MixDecision:
    request = MixRequest(tracks=tuple(t.request for t in tracks), style=style)
    return decide(features or measured(tracks), {t.name: t.request for t in tracks}, request.style)


def preview(tracks: Sequence[TrackFile], out: Path, style: str = "POP", rate: int = RATE, **options: Any) -> MixOutcome:
    engine = {key: options.pop(key) for key in ("threads", "block") if key in options}
    request = MixRequest(tracks=tuple(t.request for t in tracks), style=style, sample_rate=rate, **options)
    return preview_mix(tracks, request, out, lambda share, stage: None, **engine)


def final(tracks: Sequence[TrackFile], before: MixOutcome | MixDecision, out: Path, **options: Any) -> MixOutcome:
    """Return the final mix with its stems, of a preview or of a decision alone."""
    engine = {key: options.pop(key) for key in ("threads", "block") if key in options}
    changes = options.pop("changes", {})
    if isinstance(before, MixDecision):
        before = MixOutcome(out, {}, None, before.settings, None, before)  # type: ignore[arg-type]
    request = FinalMixRequest(
        task_id="a task", tracks=(), return_stems=True, sample_rate=options.pop("rate", RATE), **options
    )
    return final_mix(tracks, before, request, out, lambda share, stage: None, changes, **engine)


def sound(path: Path) -> Array:
    return audio_files.read(path)[0]


def stems_of(outcome: MixOutcome) -> dict[str, Array]:
    return {name: sound(path) for name, path in outcome.stems.items()}


def rms_db(audio: Array) -> float:
    return float(10 * np.log10(np.mean(np.square(audio))))


def audible(stems: Mapping[str, Array], rate: int) -> dict[str, float]:
    """Return the audible share of each stem (sound.md 5.4), measured on audio; a frame counts if its 400 ms are within 20 LU of the stem's loudness."""
    hop_s = 0.093
    up, down = 5.0, 12.5
    apart = np.subtract.outer(np.arange(28), np.arange(28))
    spread = 10 ** (-np.where(apart >= 0, up * apart, -down * apart) / 10)
    energies = {name: third_octave_energies(audio, rate, hop_s) for name, audio in stems.items()}
    spreads = {name: spread @ energy for name, energy in energies.items()}
    total = sum(spreads.values())
    shares = {}
    for name, energy in energies.items():
        meter = LoudnessMeter(rate, 2).process(stems[name])
        block = np.round(np.arange(energy.shape[1]) * hop_s * 100 - 20).astype(int)
        loud = meter.momentary[np.clip(block, 0, len(meter.momentary) - 1)]
        weight = energy**0.3 * (loud > max(-60.0, meter.integrated - 20.0))
        clear = 10 * np.log10(spreads[name] / np.maximum(total - spreads[name], 1e-30) + 1e-30) > -4.0
        shares[name] = float((weight * clear).sum() / weight.sum())
    return shares


def vocal_over_rest(stems: Mapping[str, Array], vocal: str, rate: int) -> float:
    """Return the loudness of the vocal over the sum of all others, in the 400 ms blocks in which it sings."""
    voice = LoudnessMeter(rate, 2).process(stems[vocal])
    rest = LoudnessMeter(rate, 2).process(sum(audio for name, audio in stems.items() if name != vocal))
    own, others = (windowed(meter.energies, 40, 10) for meter in (voice, rest))
    sings = lufs(own) > voice.integrated - 20.0
    return float(10 * np.log10(own[sings].sum() / others[sings].sum()))


def predicted_balance_db(strips: Sequence[Strip]) -> float:
    """Return the loudness of left over right that the panning expects of tracks with their angles."""
    return pan.balances_db(pan.side_powers(strips), [strip.pan_deg for strip in strips])[0]


def noise(seed: int, low_hz: float, high_hz: float, seconds: float = 6.0, rms: float = 0.05) -> Array:
    """Return pink noise between two frequencies, (frames,)."""
    frames = round(seconds * RATE)
    freqs = np.fft.rfftfreq(frames, 1 / RATE)
    random = np.random.default_rng(seed)
    spectrum = random.standard_normal(len(freqs)) + 1j * random.standard_normal(len(freqs))
    spectrum *= np.where((freqs >= low_hz) & (freqs <= high_hz), 1 / np.sqrt(np.maximum(freqs, 1)), 0)
    wave = np.fft.irfft(spectrum, frames)
    return wave * (rms / np.sqrt(np.mean(np.square(wave))))


def words(wave: Array, per_s: float = 0.7) -> Array:
    """Cut a sound into words with pauses between them."""
    times = np.arange(len(wave)) / RATE
    return wave * np.clip(np.sin(2 * np.pi * per_s * times), 0, 1)


def hits(seed: int, low_hz: float, high_hz: float, every_s: float = 0.5, seconds: float = 6.0) -> Array:
    """Return a drum: bursts of noise that decay."""
    wave = noise(seed, low_hz, high_hz, seconds, 0.2)
    times = np.arange(len(wave)) / RATE
    return wave * np.exp(-(times % every_s) / 0.06)


def band_passed(wave: Array, low_hz: float, high_hz: float) -> Array:
    return signal.sosfilt(signal.butter(4, [low_hz, high_hz], "bandpass", fs=RATE, output="sos"), wave)


def save(folder: Path, name: str, wave: Array, rate: int = RATE, depth: Any = 32) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return audio_files.write(folder / name, np.atleast_2d(wave), rate, depth)
