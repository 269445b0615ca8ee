"""Masking-aware EQ: a track is cut where it hides another one that needs the place more, and only if that helps.

Each move of `mix_moves` is tried on the measured spectra first and kept only where more can be heard after it: a closed loop without
audio (the idea of D. Ronan et al., "Automatic minimisation of masking in multitrack audio using subgroups", 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.third_octaves import loudness_of
from tonnbook.studio.measure.reference_tone import TONE_DB
from tonnbook.studio.mixing.decide import masking, styles
from tonnbook.studio.mixing.decide.moves import SMALLEST_CUT_DB, Candidate, State, candidates, regions_of
from tonnbook.studio.mixing.decide.strip import Strip

_ROUNDS = 20
_TRIED = 16  # candidates of a round that are tried out
_MOST_GIVEN_LU = 2.0  # what a track may lose in loudness for the others
_GAIN_COST = 0.15  # points of audibility (0 to 100) per dB
_TONE_COST = 4.0  # points per dB that the mix moves away from the usual tone
_WORTH = 0.2  # points a move must bring
_OWN = 0.5  # giving way is meant to cost: what a track loses itself counts half


def unmasked(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks with the EQ moves that let more of them be heard."""
    if len(strips) < 2:
        return list(strips)
    frames = masking.sample_frames(strips)
    active = masking.activity(strips, frames)
    weights = masking.weights(masking.mix_cells(strips, frames), active)
    weights /= np.maximum(weights.sum(axis=(1, 2), keepdims=True), 1e-20)
    for _ in range(_ROUNDS):
        state = _state(strips, frames, active, weights)
        better = _best(state)
        if better is None:
            break
        track, strip = better
        strips = [strip if n == track else s for n, s in enumerate(strips)]
    return list(strips)


def _state(
    strips: Sequence[Strip], frames: npt.NDArray[np.intp], active: npt.NDArray[np.bool_], weights: masking.Cells
) -> State:
    cells = masking.mix_cells(strips, frames)
    stakes = np.array([styles.priority(s.request.instrument, s.request.presence) for s in strips])
    return State(strips, active, cells, masking.SPREAD @ cells, weights, stakes / stakes.mean())


def _best(state: State) -> tuple[int, Strip] | None:
    """Return the track, and how it is after the move that brings most per dB, if any brings enough."""
    tone = _tone_distance(state.cells.sum(axis=0))
    best, best_rate = None, 0.0
    promising = sorted(candidates(state), key=lambda c: (-c.promise, state.strips[c.track].name, c.region))
    for candidate in filter(None, (_affordable(state, c) for c in promising[:_TRIED])):
        changed, cells = _tried(state, candidate)
        total = state.cells.sum(axis=0) - state.cells[candidate.track] + cells
        spent, own = abs(candidate.move.gain_db), _OWN if candidate.move.gain_db < 0 else 1.0
        gain = state.score(candidate.track, own, cells) - state.score(candidate.track, own) - _GAIN_COST * spent
        gain -= _TONE_COST * max(0.0, _tone_distance(total) - tone)
        if gain > _WORTH and gain / spent > best_rate:
            best, best_rate = (candidate.track, changed), gain / spent
    return best


def _affordable(state: State, candidate: Candidate) -> Candidate | None:
    """Return the move, made smaller if the track would lose too much loudness by it; None if nothing is left of it."""
    changed, _ = _tried(state, candidate)
    given = state.strips[candidate.track].gives_way_lu
    left, lost = _MOST_GIVEN_LU + given, given - changed.gives_way_lu
    if lost <= left:
        return candidate
    depth = round(candidate.move.gain_db * left / lost, 1)
    return replace(candidate, move=replace(candidate.move, gain_db=depth)) if depth <= -SMALLEST_CUT_DB else None


def _tried(state: State, candidate: Candidate) -> tuple[Strip, masking.Cells]:
    """Return the track with the move made, and its cells.

    A lift keeps the loudness: it is to bring a track out, not to turn it up. A cut does not: the track gives way. (sound.md 3.1 makes
    all of it up again; then the rest of the track hides as much as the cut uncovered, and no cut ever paid on the shipped stems.)
    """
    old = state.strips[candidate.track]
    changed = _with(old, candidate)
    cells = state.cells[candidate.track]
    shaped = cells * (changed.sound.eq_power / old.sound.eq_power)[:, None].astype(np.float32)
    loudness = [loudness_of(c[:, state.active[candidate.track]].sum(axis=1, dtype=np.float64)) for c in (cells, shaped)]
    less_lu = loudness[0] - loudness[1]
    if candidate.move.gain_db < 0:
        return replace(changed, gives_way_lu=old.gives_way_lu - less_lu), shaped
    return replace(changed, gain_db=old.gain_db + less_lu), shaped * np.float32(10.0 ** (less_lu / 10.0))


def _with(strip: Strip, candidate: Candidate) -> Strip:
    """Return the track with the move made; a second one in the same region deepens the first."""
    moves = regions_of(strip)
    old = moves.get(candidate.region)
    moves[candidate.region] = candidate.move
    if old is not None:
        moves[candidate.region] = replace(old, gain_db=round(old.gain_db + candidate.move.gain_db, 1))
    return strip.with_eq(tuple(moves.values()))


def _tone_distance(cells: masking.Cells) -> float:
    """Return how far the mix is from the usual tone: RMS difference of 28 third octaves in dB, level left out."""
    level = 10.0 * np.log10(np.maximum(cells.mean(axis=1, dtype=np.float64), 1e-20))
    apart = level - np.array(TONE_DB)
    return float(np.sqrt(np.mean((apart - apart.mean()) ** 2)))
