"""Work on the parts of a finished mix: it is taken apart, single stems are changed, and all are added up again.

Stems add up to the mix, so where no stem is changed nothing is. What separation leaves of one sound in the stem of another is changed with
it; that is why no change here is larger than some 2 dB (sound.md 2.10, 3.4). Each function takes stems and hands back the changed ones.
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
from tonnbook.studio.enhancement.dynamics import with_hits
from tonnbook.studio.measure.reference_levels import VOCAL_OVER_REST_LU, style_lu
from tonnbook.studio.measure.reference_tone import musical_style
from tonnbook.studio.measure.streams import write

Change = tuple[StageNotes, Mapping[str, Path]]

STEMS_DB = 2.0
"""The most that a stem is moved."""
_HALFWAY = 0.5
_ABSENT_LU = -20.0  # of the mix: what a separation leaves in the stem of something that does not play
_SHARE_LU = {"drums": (InstrumentGroup.DRUMS, -7.0), "bass": (InstrumentGroup.BASS, -8.6)}
"""What drums and bass have of a whole mix: medians of DSD100 (see `studio.mixing.decide.styles`), and whose style counts."""
_HITS_DB = 1.5
_PRESENCE = 3500.0, 1.5, 0.7  # Hz, dB, Q
_RATIO, _ATTACK_MS, _RELEASE_MS = 1.5, 10.0, 120.0
_SOUNDING_DB = -30.0  # under the highest peak
_ALL_THROUGH = np.empty((0, 6))


def balance(stems: Mapping[str, Path], style: AnalysisStyle, folder: Path) -> Change:
    """Move voice, drums and bass half of the way to where mixes of the style have them, by 2 dB at the most."""
    levels = {name: _loudness(path) for name, path in stems.items()}
    whole = 10.0 * log10(sum(10.0 ** (level / 10.0) for level in levels.values()))
    gains = {
        name: round(float(np.clip(_HALFWAY * (wanted - levels[name]), -STEMS_DB, STEMS_DB)), 2)
        for name, wanted in _wanted(levels, whole, style).items()
        if levels[name] > whole + _ABSENT_LU
    }
    moved = {name: gain for name, gain in gains.items() if abs(gain) >= 0.1}
    if not moved:
        return StageNotes(stage="stems", done=False, text="Voice, drums and bass stand where the style has them."), {}
    made = {name: _louder(stems[name], gain, folder) for name, gain in moved.items()}
    text = ", ".join(f"{name} {gain:+.1f} dB" for name, gain in moved.items())
    numbers = {f"{name}_gain_db": gain for name, gain in moved.items()}
    return StageNotes(stage="stems", done=True, text=f"Balanced: {text}.", numbers=numbers), made


def drums(stems: Mapping[str, Path], folder: Path) -> Change:
    """Give the hits more attack."""
    if not _plays(stems, "drums"):
        return StageNotes(stage="drums", done=False, text="No drums were found."), {}
    info, powers = audio_files.info(stems["drums"]), None
    powers = Powers(info.rate)
    for block in audio_files.blocks(stems["drums"]):
        powers.measure(block)
    out = folder / "drums-hits.wav"
    with_hits(attacks_db(powers.powers), _HITS_DB)(stems["drums"], out)
    text = f"The attacks of the drums were raised by up to {_HITS_DB:g} dB, in their stem."
    return StageNotes(stage="drums", done=True, text=text, numbers={"most_db": _HITS_DB}), {"drums": out}


def vocals(stems: Mapping[str, Path], folder: Path) -> Change:
    """Hold the voice together by a gentle compressor and bring its presence out; as loud as before."""
    if not _plays(stems, "vocals"):
        return StageNotes(stage="vocals", done=False, text="No voice was found."), {}
    path = stems["vocals"]
    info = audio_files.info(path)
    threshold = _usual_peak_db(path)
    compressor = Compressor(threshold, _RATIO, _ATTACK_MS, _RELEASE_MS, info.rate)
    presence = Filter(peaking(*_PRESENCE, info.rate), info.channels)
    blocks = (presence.process(compressor.process(block)) for block in audio_files.blocks(path))
    shaped = write(blocks, folder / "vocals-shaped.wav", info)
    out = _louder(shaped, _loudness(path) - _loudness(shaped), folder)
    hz, gain, _ = _PRESENCE
    text = f"The voice was compressed {_RATIO:g}:1 above {threshold:.0f} dBFS and raised by {gain:g} dB at {hz:g} Hz, in its stem and as loud as before."
    numbers = {"threshold_dbfs": round(threshold, 1), "ratio": _RATIO, "presence_db": gain, "presence_hz": hz}
    return StageNotes(stage="vocals", done=True, text=text, numbers=numbers), {"vocals": out}


def _wanted(levels: Mapping[str, float], whole: float, style: AnalysisStyle) -> Mapping[str, float]:
    kin = musical_style(style)
    rest = 10.0 * log10(max(10.0 ** (whole / 10.0) - 10.0 ** (levels["vocals"] / 10.0), 1e-20))
    parts = {name: whole + share + style_lu(kin, group) for name, (group, share) in _SHARE_LU.items()}
    return {"vocals": rest + VOCAL_OVER_REST_LU[kin], **parts}


def _plays(stems: Mapping[str, Path], name: str) -> bool:
    levels = {each: _loudness(path) for each, path in stems.items()}
    return levels[name] > 10.0 * log10(sum(10.0 ** (level / 10.0) for level in levels.values())) + _ABSENT_LU


def _loudness(path: Path) -> float:
    """Return the integrated loudness, -200 for silence."""
    info = audio_files.info(path)
    meter = LoudnessMeter(info.rate, info.channels)
    for block in audio_files.blocks(path):
        meter.process(block)
    return meter.integrated if isfinite(meter.integrated) else -200.0


def _louder(path: Path, gain_db: float, folder: Path) -> Path:
    gain = to_gain(gain_db)
    out = folder / f"{path.stem}-level.wav"
    return write((gain * block for block in audio_files.blocks(path)), out, audio_files.info(path))


def _usual_peak_db(path: Path) -> float:
    """Return the median of the peaks of every millisecond in which the stem sounds, in dBFS."""
    info = audio_files.info(path)
    chain = SideChain(info.rate, info.channels, _ALL_THROUGH)
    for block in audio_files.blocks(path):
        chain.measure(block)
    levels = chain.levels_db
    return float(np.median(levels[levels > levels.max() + _SOUNDING_DB]))
