"""The repair of the dynamics: hits brought out of a track that was compressed too much, or softened in one that is hardly compressed at all.

What a compressor took from a hit is not in the file any more, but where the hits are is. A gain that rises for some milliseconds at each
of them puts the peak back over the loudness; it is searched for until the ratio of the two is what the style wants, or as far as 9 dB go.
"""

from __future__ import annotations

from pathlib import Path

from scipy.optimize import brentq

from tonnbook import audio_files
from tonnbook.dsp.gate import GainOverTime
from tonnbook.dsp.levels import Array
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.transients import Powers, attack_gain, attacks_db
from tonnbook.dsp.true_peak import TruePeakMeter
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import Advice, AnalysisStyle
from tonnbook.studio.analysis import verdicts as rules
from tonnbook.studio.analysis.findings import Findings
from tonnbook.studio.analysis.verdicts import plr_range_lu
from tonnbook.studio.enhancement.judging import Repair, Treatment
from tonnbook.studio.measure.streams import write

_INSIDE_LU = rules.NEAR_THE_EDGE_LU + 0.3
_MOST_DB, _LEAST_DB = 9.0, -12.0
_WORTH_LU = 0.3
_NEAR_ENOUGH_DB = 0.1


def compression(source: Path, found: Findings, style: AnalysisStyle, room_lu: float, *, is_master: bool) -> Repair:
    """Bring the peak to loudness ratio into the style's range.

    Parameters
    ----------
    room_lu
        From the loudness that the track is to have to the true peak that it may have: a ratio above it would be limited away again.
    """
    low, high = plr_range_lu(style, is_master=is_master)
    advice, plr = rules.compression(found, (low, high)), found.plr_lu
    if advice is Advice.OPTIMAL:
        text = f"Peaks lie {plr:.1f} LU over the loudness: neither squashed nor wild."
        return Repair(StageNotes(stage="compression", done=False, text=text))
    if advice is Advice.MORE and room_lu < low:
        text = (
            f"Peaks lie {plr:.1f} LU over the loudness, but at the loudness that it is to have there is room for {room_lu:.1f}: "
            f"left to the limiter."
        )
        return Repair(StageNotes(stage="compression", done=False, text=text))
    aim = min(low + _INSIDE_LU, room_lu) if advice is Advice.LESS else high - _INSIDE_LU
    if advice is Advice.LESS and aim < plr + _WORTH_LU:
        text = (
            f"Peaks lie {plr:.1f} LU over the loudness, {low:g} would be usual; but at the loudness that it is to have there "
            f"is room for {room_lu:.1f}: left alone. Choose a quieter one."
        )
        return Repair(StageNotes(stage="compression", done=False, text=text))
    attacks = _attacks(source, found.info)
    most_db = _solved(source, attacks, found, aim)
    reached = found.plr_lu + _gained(source, attacks, found, most_db)
    if abs(reached - plr) < _WORTH_LU:
        text = f"Peaks lie {plr:.1f} LU over the loudness, but no hits stand out that could be moved: left alone."
        return Repair(StageNotes(stage="compression", done=False, text=text))
    how = "squashed: its hits were brought out" if most_db > 0.0 else "wild: its hits were softened"
    text = f"Peaks {plr:.1f} LU over the loudness, {how} by up to {abs(most_db):.1f} dB. That makes {reached:.1f} LU."
    numbers = {"most_db": round(most_db, 2), "plr_before_lu": round(plr, 2), "plr_lu": round(reached, 2)}
    return Repair(StageNotes(stage="compression", done=True, text=text, numbers=numbers), with_hits(attacks, most_db))


def with_hits(attacks: Array, most_db: float) -> Treatment:
    """Return what gives each hit up to `most_db` more, or less."""

    def treat(track: Path, out: Path) -> None:
        info = audio_files.info(track)
        gain = GainOverTime(info.rate, attack_gain(attacks, most_db))
        write(map(gain.process, audio_files.blocks(track)), out, info)

    return treat


def _attacks(source: Path, info: audio_files.AudioInfo) -> Array:
    powers = Powers(info.rate)
    for block in audio_files.blocks(source):
        powers.measure(block)
    return attacks_db(powers.powers)


def _solved(source: Path, attacks: Array, found: Findings, aim_lu: float) -> float:
    """Return the gain that gives the ratio which is aimed at, or the most that is allowed."""
    edge = _MOST_DB if aim_lu > found.plr_lu else _LEAST_DB
    wanted = aim_lu - found.plr_lu
    known = {0.0: 0.0}

    def missing(most_db: float) -> float:
        if most_db not in known:
            known[most_db] = _gained(source, attacks, found, most_db)
        return known[most_db] - wanted

    if missing(edge) * edge < 0.0:  # even that does not reach it
        return edge
    return float(brentq(missing, 0.0, edge, xtol=_NEAR_ENOUGH_DB))


def _gained(source: Path, attacks: Array, found: Findings, most_db: float) -> float:
    """Return by how many LU the ratio grows."""
    info = found.info
    gain = GainOverTime(info.rate, attack_gain(attacks, most_db))
    loudness, peak = LoudnessMeter(info.rate, info.channels), TruePeakMeter(info.rate, info.channels)
    for block in audio_files.blocks(source):
        changed = gain.process(block)
        loudness.process(changed)
        peak.process(changed)
    return peak.dbtp - loudness.integrated - found.plr_lu
