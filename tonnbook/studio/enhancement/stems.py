"""Change single stems of a separated mix: balance them, emphasise the drums, compress and brighten the vocals.

The stems add up to the mix, so the mix changes only where a stem is changed. Parts of a sound that the separation has left in another stem are
changed with that stem; therefore no change here is larger than about 2 dB (sound.md 2.10, 3.4). Each function takes all stems and returns a
note and the changed stems.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, log10
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.dynamics import Compressor
from tonnbook.dsp.filters import Filter, peaking
from tonnbook.dsp.gate import SideChain
from tonnbook.dsp.levels import to_gain
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.transients import Powers, attacks_db
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import AnalysisStyle, InstrumentGroup
from tonnbook.studio.enhancement.repairs import scale_attacks
from tonnbook.studio.measure.reference_levels import VOCAL_OVER_REST_LU, style_lu
from tonnbook.studio.measure.reference_tone import musical_style
from tonnbook.studio.measure.streams import write

Change = tuple[StageNotes, Mapping[str, Path]]

STEMS_DB = 2.0
"""Largest change of the level of a stem."""
_BALANCE_SHARE = 0.5
_ABSENT_LU = -20.0  # relative to the mix: level of the stem of an instrument that does not play
_SHARE_LU = {"drums": (InstrumentGroup.DRUMS, -7.0), "bass": (InstrumentGroup.BASS, -8.6)}
"""Group and loudness relative to the whole mix of drums and bass: medians of DSD100 (see `measure.reference_levels`)."""
_HITS_DB = 1.5
_PRESENCE = 3500.0, 1.5, 0.7  # Hz, dB, Q
_RATIO, _ATTACK_MS, _RELEASE_MS = 1.5, 10.0, 120.0
_SOUNDING_DB = -30.0  # relative to the highest peak
_FULL_BAND = np.empty((0, 6))


class StemLoudness:
    """Measure the integrated loudness of files in LUFS, -200 for silence. Each file is decoded once; none may change afterwards."""

    def __init__(self) -> None:
        self._known: dict[Path, float] = {}

    def __call__(self, path: Path) -> float:
        """Return the loudness of a file."""
        if path not in self._known:
            self._known[path] = _loudness(path)
        return self._known[path]


def balance(stems: Mapping[str, Path], style: AnalysisStyle, folder: Path, loudness: StemLoudness) -> Change:
    """Move vocals, drums and bass halfway to their usual level in mixes of the style, by 2 dB at most."""
    levels = {name: loudness(path) for name, path in stems.items()}
    whole = 10.0 * log10(sum(10.0 ** (level / 10.0) for level in levels.values()))
    gains = {
        name: round(float(np.clip(_BALANCE_SHARE * (usual - levels[name]), -STEMS_DB, STEMS_DB)), 2)
        for name, usual in _usual_levels(levels, whole, style).items()
        if levels[name] > whole + _ABSENT_LU
    }
    moved = {name: gain for name, gain in gains.items() if abs(gain) >= 0.1}
    if not moved:
        return StageNotes(
            stage="stems", done=False, text="Vocals, drums and bass have the usual levels of the style."
        ), {}
    changed = {name: _with_gain(stems[name], gain, folder) for name, gain in moved.items()}
    text = ", ".join(f"{name} {gain:+.1f} dB" for name, gain in moved.items())
    numbers = {f"{name}_gain_db": gain for name, gain in moved.items()}
    return StageNotes(stage="stems", done=True, text=f"Levels changed: {text}.", numbers=numbers), changed


def drums(stems: Mapping[str, Path], folder: Path, loudness: StemLoudness) -> Change:
    """Emphasise the attacks of the drums."""
    if not _plays(stems, "drums", loudness):
        return StageNotes(stage="drums", done=False, text="No drums found."), {}
    powers = Powers(audio_files.info(stems["drums"]).rate)
    for block in audio_files.blocks(stems["drums"]):
        powers.measure(block)
    out = folder / "drums-hits.wav"
    scale_attacks(attacks_db(powers.powers), _HITS_DB)(stems["drums"], out)
    text = f"Attacks in the drums stem raised by up to {_HITS_DB:g} dB."
    return StageNotes(stage="drums", done=True, text=text, numbers={"most_db": _HITS_DB}), {"drums": out}


def vocals(stems: Mapping[str, Path], folder: Path, loudness: StemLoudness) -> Change:
    """Compress the vocals gently and raise their presence band, at unchanged loudness."""
    if not _plays(stems, "vocals", loudness):
        return StageNotes(stage="vocals", done=False, text="No vocals found."), {}
    path = stems["vocals"]
    info = audio_files.info(path)
    threshold = _typical_peak_db(path)
    compressor = Compressor(threshold, _RATIO, _ATTACK_MS, _RELEASE_MS, info.rate)
    presence = Filter(peaking(*_PRESENCE, info.rate), info.channels)
    blocks = (presence.process(compressor.process(block)) for block in audio_files.blocks(path))
    shaped = write(blocks, folder / "vocals-shaped.wav", info)
    out = _with_gain(shaped, loudness(path) - loudness(shaped), folder)
    hz, gain, _ = _PRESENCE
    text = f"Vocals stem compressed {_RATIO:g}:1 above {threshold:.0f} dBFS and raised by {gain:g} dB at {hz:g} Hz, at unchanged loudness."
    numbers = {"threshold_dbfs": round(threshold, 1), "ratio": _RATIO, "presence_db": gain, "presence_hz": hz}
    return StageNotes(stage="vocals", done=True, text=text, numbers=numbers), {"vocals": out}


def _usual_levels(levels: Mapping[str, float], whole: float, style: AnalysisStyle) -> Mapping[str, float]:
    """Return the usual loudness of vocals, drums and bass in LUFS, in a mix of these levels."""
    mix_style = musical_style(style)
    rest = 10.0 * log10(max(10.0 ** (whole / 10.0) - 10.0 ** (levels["vocals"] / 10.0), 1e-20))
    parts = {name: whole + share + style_lu(mix_style, group) for name, (group, share) in _SHARE_LU.items()}
    return {"vocals": rest + VOCAL_OVER_REST_LU[mix_style], **parts}


def _plays(stems: Mapping[str, Path], name: str, loudness: StemLoudness) -> bool:
    """Return whether a stem is loud enough to hold more than remains of other sounds."""
    levels = {each: loudness(path) for each, path in stems.items()}
    return levels[name] > 10.0 * log10(sum(10.0 ** (level / 10.0) for level in levels.values())) + _ABSENT_LU


def _loudness(path: Path) -> float:
    info = audio_files.info(path)
    meter = LoudnessMeter(info.rate, info.channels)
    for block in audio_files.blocks(path):
        meter.process(block)
    return meter.integrated if isfinite(meter.integrated) else -200.0


def _with_gain(path: Path, gain_db: float, folder: Path) -> Path:
    gain = to_gain(gain_db)
    out = folder / f"{path.stem}-level.wav"
    return write((gain * block for block in audio_files.blocks(path)), out, audio_files.info(path))


def _typical_peak_db(path: Path) -> float:
    """Return the median of the peak levels of all milliseconds in which the stem sounds, in dBFS."""
    info = audio_files.info(path)
    chain = SideChain(info.rate, info.channels, _FULL_BAND)
    for block in audio_files.blocks(path):
        chain.measure(block)
    levels = chain.levels_db
    return float(np.median(levels[levels > levels.max() + _SOUNDING_DB]))
