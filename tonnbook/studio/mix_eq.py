"""Masking-aware EQ: a track is cut where it hides another one that needs the place more, and only if that helps.

Which frequencies a track needs, and who gives way: S. Hafezi, J. Reiss, "Autonomous multitrack equalization based on masking
reduction", JAES 63(5), 2015. That rule alone thins out the lead vocal (sound.md 3.1), so each move is tried on the measured
spectra first and kept only where more can be heard after it: a closed loop without audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import Presence
from tonnbook.studio import mix_masking as masking
from tonnbook.studio import mix_styles as styles
from tonnbook.studio.mix_bands import CENTRES_HZ, REGION_OF, bands_of, loudness_of, middle_and_q, region_of, tidy_hz
from tonnbook.studio.mix_cleaning import in_order
from tonnbook.studio.mix_strip import Move, Strip

_FRAMES = 300
_ROUNDS = 20
_TRIED = 16  # candidates of a round that are tried out
_BEST_CUT_DB, _DEEPEST_DB, _TRACK_CUTS_DB = 6.0, 6.0, 10.0
_SMALLEST_DB = 1.0
_MOST_GIVEN_LU = 2.0  # what a track may lose in loudness for the others
_LIFT_DB, _HIGHEST_DB, _LIFTS = 1.5, 3.0, 2
_GAIN_COST = 0.15  # points of audibility (0 to 100) per dB
_TONE_COST = 4.0  # points per dB that the mix moves away from the usual tone
_WORTH = 0.2  # points a move must bring
_HELPED = 3  # of those that a track hides in a region, the ones that suffer most
_OWN = 0.5  # giving way is meant to cost: what a track loses itself counts half
_ESSENTIAL = 2  # a track needs its two strongest regions
_WORDS = 4  # 2 to 8 kHz: a voice needs the region that makes it understood, however weak it is there
_TILT_DB = 3.0  # per octave: pink noise counts as flat


@dataclass(frozen=True)
class _Candidate:
    """Cut (or boost) one track in one region for the sake of another."""

    track: int
    region: int
    helped: int
    move: Move
    promise: float


@dataclass(frozen=True, eq=False)
class _State:
    """The mix as it stands while moves are tried: powers on some frames."""

    strips: Sequence[Strip]
    active: npt.NDArray[np.bool_]
    """In which of the frames each track plays, (tracks, frames)."""
    cells: masking.Cells
    spread: masking.Cells
    weights: masking.Cells
    stakes: Array
    """What audibility of each track is worth, mean 1, (tracks,)."""

    def score(self, track: int, own: float, cells: masking.Cells | None = None) -> float:
        """Return the audibility of all in points; one track counts by `own` only, and may have its cells replaced."""
        total = self.spread.sum(axis=0)
        spread = self.spread
        if cells is not None:
            replaced = masking.SPREAD @ cells
            total = total + (replaced - self.spread[track])
            spread = self.spread.copy()
            spread[track] = replaced
        shares = np.sum(self.weights * masking.heard(spread, total), axis=(1, 2), dtype=np.float64)
        worth = self.stakes * shares
        worth[track] *= own
        return float(100.0 * np.sum(worth))


def unmasked(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks with the EQ moves that let more of them be heard."""
    if len(strips) < 2:
        return list(strips)
    frames = masking.sample_frames(strips, _FRAMES)
    active = masking.activity(strips, frames)
    weights = masking.weights(masking.mix_cells(strips, frames), active)
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
) -> _State:
    cells = masking.mix_cells(strips, frames)
    stakes = np.array([styles.priority(s.brief.instrument, s.brief.presence) for s in strips])
    return _State(strips, active, cells, masking.SPREAD @ cells, weights, stakes / stakes.mean())


def _best(state: _State) -> tuple[int, Strip] | None:
    """Return the track, and how it is after the move that brings most per dB, if any brings enough."""
    tone = _tone_distance(state.cells.sum(axis=0))
    best, best_rate = None, 0.0
    candidates = sorted(_candidates(state), key=lambda c: (-c.promise, state.strips[c.track].name, c.region))
    for candidate in filter(None, (_affordable(state, c) for c in candidates[:_TRIED])):
        changed, cells = _tried(state, candidate)
        total = state.cells.sum(axis=0) - state.cells[candidate.track] + cells
        spent, own = abs(candidate.move.gain_db), _OWN if candidate.move.gain_db < 0 else 1.0
        gain = state.score(candidate.track, own, cells) - state.score(candidate.track, own) - _GAIN_COST * spent
        gain -= _TONE_COST * max(0.0, _tone_distance(total) - tone)
        if gain > _WORTH and gain / spent > best_rate:
            best, best_rate = (candidate.track, changed), gain / spent
    return best


def _affordable(state: _State, candidate: _Candidate) -> _Candidate | None:
    """Return the move, made smaller if the track would lose too much loudness by it; None if nothing is left of it."""
    changed, _ = _tried(state, candidate)
    given = state.strips[candidate.track].gives_way_lu
    left, lost = _MOST_GIVEN_LU + given, given - changed.gives_way_lu
    if lost <= left:
        return candidate
    depth = round(candidate.move.gain_db * left / lost, 1)
    return replace(candidate, move=replace(candidate.move, gain_db=depth)) if depth <= -_SMALLEST_DB else None


def _tried(state: _State, candidate: _Candidate) -> tuple[Strip, masking.Cells]:
    """Return the track with the move made, and its cells.

    A lift keeps the loudness: it is to bring a track out, not to turn it up. A cut does not: the track gives way. (sound.md 3.1 makes
    all of it up again; then the rest of the track hides as much as the cut uncovered, and no cut ever paid on the shipped stems.)
    """
    old = state.strips[candidate.track]
    changed = _with(old, candidate)
    cells = state.cells[candidate.track]
    shaped = cells * (changed.eq_power / old.eq_power)[:, None].astype(np.float32)
    loudness = [loudness_of(c[:, state.active[candidate.track]].sum(axis=1, dtype=np.float64)) for c in (cells, shaped)]
    less_lu = loudness[0] - loudness[1]
    if candidate.move.gain_db < 0:
        return changed.having(gives_way_lu=old.gives_way_lu - less_lu), shaped
    return changed.having(gain_db=old.gain_db + less_lu), shaped * np.float32(10.0 ** (less_lu / 10.0))


def _candidates(state: _State) -> list[_Candidate]:
    """Return what may be tried: per masker and region, the track that suffers most there."""
    total = state.spread.sum(axis=0)
    hidden = state.weights * ~masking.heard(state.spread, total) * state.stakes[:, None, None].astype(np.float32)
    hidden /= np.maximum(total - state.spread, 1e-20)
    # how much of what is hidden of track i in band b is track j's doing: (28, i, j)
    blame = np.matmul(hidden.transpose(1, 0, 2), state.spread.transpose(1, 2, 0)).astype(np.float64)
    needs = np.stack([_needs(strip) for strip in state.strips])
    found = []
    for masker in range(len(state.strips)):
        for region in range(6):
            bands = np.flatnonzero(bands_of(region))
            suffering = np.argsort(-blame[bands][:, :, masker].sum(axis=0), kind="stable")[:_HELPED]
            for helped in map(int, suffering):
                move = _move(state, helped, masker, region, needs, blame[:, helped, masker])
                if move is not None:
                    promise = float(blame[bands, helped, masker].sum())
                    found.append(_Candidate(masker, region, helped, move, promise))
    return found + _boosts(state, hidden)


def _move(
    state: _State,
    helped: int,
    masker: int,
    region: int,
    needs: npt.NDArray[np.bool_],
    blame: Array,
) -> Move | None:
    """Return the cut that `masker` could make in a region for `helped`, None where the rules forbid it or it is not needed."""
    maskee, other = state.strips[helped], state.strips[masker]
    gives_way = not needs[masker, region] or _rank(maskee) > _rank(other)
    if helped == masker or not needs[helped, region] or not gives_way or _protected(other, maskee, region):
        return None
    bands = bands_of(region)
    together = state.active[helped]
    if not together.any() or not blame[bands].sum() > 0:
        return None
    powers = [state.cells[n][bands][:, together].mean(dtype=np.float64) for n in (helped, masker)]
    over = 10.0 * np.log10(max(powers[1], 1e-20) / max(powers[0], 1e-20))
    depth = min(_BEST_CUT_DB, 0.5 * (over + 6.0)) * (0.6 if needs[masker, region] else 1.0)
    depth = min(depth, _room_left(other, region))
    if depth < _SMALLEST_DB:
        return None
    centre, q = middle_and_q(np.where(bands, blame, 0.0))
    centre, depth = tidy_hz(centre), round(float(depth), 1)
    why = f"the {other.title} hides the {maskee.title} there (it is {over:.0f} dB louder)"
    if over < 1:
        why = f"the {other.title} and the {maskee.title} meet there, and the {maskee.title} needs it more"
    return Move(centre, -depth, q, why)


def _boosts(state: _State, hidden: masking.Cells) -> list[_Candidate]:
    """Return a small lift of each lead in each region where some of it is hidden; at most two on a track, of 3 dB."""
    found = []
    for n, strip in enumerate(state.strips):
        lifts = {region_of(move.centre_hz): move.gain_db for move in strip.eq}
        if not _leads(strip):
            continue
        for region in range(1, 5):
            blame = np.where(bands_of(region), hidden[n].sum(axis=1, dtype=np.float64) * strip.spectrum, 0.0)
            full = lifts.get(region, 0.0) < 0 or lifts.get(region, 0.0) + _LIFT_DB > _HIGHEST_DB
            too_many = region not in lifts and sum(gain > 0 for gain in lifts.values()) >= _LIFTS
            if full or too_many or not blame.sum() > 0:
                continue
            centre, q = middle_and_q(blame)
            why = f"it brings out the lead, the {strip.title}, where the others cover it"
            found.append(_Candidate(n, region, n, Move(tidy_hz(centre), _LIFT_DB, q, why), inf))
    return found


def _with(strip: Strip, candidate: _Candidate) -> Strip:
    """Return the track with the move made; a second one in the same region deepens the first."""
    moves = _regions(strip)
    old = moves.get(candidate.region)
    moves[candidate.region] = candidate.move
    if old is not None:
        moves[candidate.region] = replace(old, gain_db=round(old.gain_db + candidate.move.gain_db, 1))
    return strip.having(eq=in_order(moves.values()))


def _regions(strip: Strip) -> dict[int, Move]:
    return {region_of(move.centre_hz): move for move in strip.eq}


def _room_left(strip: Strip, region: int) -> float:
    """Return how many dB may still be cut: 6 in a region, 10 on a track; a region with a cleaning band or a lift is taken."""
    here = _regions(strip).get(region)
    if here is not None and (here.gain_db > 0 or here.cleaning):
        return 0.0
    cuts = -sum(move.gain_db for move in strip.eq if move.gain_db < 0 and not move.cleaning)
    return float(min(_DEEPEST_DB + (here.gain_db if here else 0.0), _TRACK_CUTS_DB - cuts))


def _protected(masker: Strip, maskee: Strip, region: int) -> bool:
    """Say whether a track must not be cut in a region: a lead vocal anywhere, the bottom of kick and bass."""
    group = masker.brief.instrument
    if group is Group.VOCAL and _leads(masker):
        return True
    return group in (Group.KICK, Group.BASS) and region <= 1 and maskee.brief.presence is not Presence.LEAD


def _leads(strip: Strip) -> bool:
    """Say whether a track carries the song: marked LEAD, or a lead vocal that is not asked to stay back."""
    if strip.brief.instrument is Group.VOCAL:
        return strip.brief.presence is not Presence.BACKGROUND
    return strip.brief.presence is Presence.LEAD


def _rank(strip: Strip) -> float:
    return styles.priority(strip.brief.instrument, strip.brief.presence)


def _needs(strip: Strip) -> npt.NDArray[np.bool_]:
    """Return which of the six regions a track needs: its two strongest, with treble counted up as the ear does."""
    tilt = 10.0 ** (_TILT_DB * np.log2(CENTRES_HZ / 1000.0) / 10.0)
    power = np.bincount(REGION_OF, strip.features.spectrum * tilt, minlength=6)
    needed = np.zeros(6, bool)
    needed[np.argsort(-power, kind="stable")[:_ESSENTIAL]] = True
    needed[_WORDS] |= strip.brief.instrument is Group.VOCAL
    return needed


def _tone_distance(cells: masking.Cells) -> float:
    """Return how far the mix is from the usual tone: RMS difference of 28 third octaves in dB, level left out."""
    level = 10.0 * np.log10(np.maximum(cells.mean(axis=1, dtype=np.float64), 1e-20))
    apart = level - np.array(styles.TONE_DB)
    return float(np.sqrt(np.mean((apart - apart.mean()) ** 2)))
