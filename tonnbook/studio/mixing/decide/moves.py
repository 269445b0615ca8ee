"""Moves that may be tried on an EQ: who hides whom where, who gives way, and how far.

The rule of S. Hafezi, J. Reiss, "Autonomous multitrack equalization based on masking reduction", JAES 63(5), 2015, with what it lacks:
it alone cut the lead vocal by 6 dB at 3.5 kHz because the guitars "need" that region too (sound.md 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.dsp.third_octaves import CENTRES_HZ
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import Presence
from tonnbook.studio.mixing.decide import masking, styles
from tonnbook.studio.mixing.decide.bands import REGION_OF, bands_of, middle_and_q, region_of, tidy_hz
from tonnbook.studio.mixing.decide.strip import Move, Strip

SMALLEST_CUT_DB = 1.0
_BEST_CUT_DB, _DEEPEST_DB, _TRACK_CUTS_DB = 6.0, 6.0, 10.0
_LIFT_DB, _HIGHEST_DB, _LIFTS = 1.5, 3.0, 2
_HELPED = 3  # of those that a track hides in a region, the ones that suffer most
_HARD = 0.6  # of a cut is made where the track needs the region itself; for the words of a lead, all of it
_ESSENTIAL = 2  # a track needs its two strongest regions
_WORDS = 4  # 2 to 8 kHz: a voice needs the region that makes it understood, however weak it is there
_TILT_DB = 3.0  # per octave: pink noise counts as flat


@dataclass(frozen=True)
class Candidate:
    """A cut or a lift of one track in one region."""

    track: int
    region: int
    move: Move
    promise: float
    """How much of what is hidden would profit, weighted; infinite for a lift."""


@dataclass(frozen=True, eq=False)
class State:
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


def candidates(state: State) -> list[Candidate]:
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
                    found.append(Candidate(masker, region, move, promise))
    return found + _boosts(state, hidden, needs)


def _move(
    state: State,
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
    hard = needs[masker, region] and not (region == _WORDS and _leads(maskee))
    depth = min(_BEST_CUT_DB, 0.5 * (over + 6.0)) * (_HARD if hard else 1.0)
    depth = min(depth, _room_left(other, region))
    if depth < SMALLEST_CUT_DB:
        return None
    centre, q = middle_and_q(np.where(bands, blame, 0.0))
    centre, depth = tidy_hz(centre), round(float(depth), 1)
    why = f"the {other.title} hides the {maskee.title} there (it is {over:.0f} dB louder)"
    if over < 1:
        why = f"the {other.title} and the {maskee.title} meet there, and the {maskee.title} needs it more"
    return Move(centre, -depth, q, why)


def _boosts(state: State, hidden: masking.Cells, needs: npt.NDArray[np.bool_]) -> list[Candidate]:
    """Return a small lift of each lead in each region where some of it is hidden; at most two on a track, of 3 dB.

    A voice may be lifted from its body to its words, an instrument only where it has its strength: a kick is not made boxy.
    """
    found = []
    for n, strip in enumerate(state.strips):
        lifts = {region_of(move.centre_hz): move.gain_db for move in strip.eq}
        if not _leads(strip):
            continue
        for region in range(1, 5):
            blame = np.where(bands_of(region), hidden[n].sum(axis=1, dtype=np.float64) * strip.sound.spectrum, 0.0)
            own = needs[n, region] or strip.request.instrument is Group.VOCAL
            full = lifts.get(region, 0.0) < 0 or lifts.get(region, 0.0) + _LIFT_DB > _HIGHEST_DB
            too_many = region not in lifts and sum(gain > 0 for gain in lifts.values()) >= _LIFTS
            if not own or full or too_many or not blame.sum() > 0:
                continue
            centre, q = middle_and_q(blame)
            why = f"it brings out the lead, the {strip.title}, where the others cover it"
            found.append(Candidate(n, region, Move(tidy_hz(centre), _LIFT_DB, q, why), inf))
    return found


def regions_of(strip: Strip) -> dict[int, Move]:
    """Return the EQ bands of a track by region: never more than one in each."""
    return {region_of(move.centre_hz): move for move in strip.eq}


def _room_left(strip: Strip, region: int) -> float:
    """Return how many dB may still be cut: 6 in a region, 10 on a track; a region with a cleaning band or a lift is taken."""
    here = regions_of(strip).get(region)
    if here is not None and (here.gain_db > 0 or here.cleaning):
        return 0.0
    cuts = -sum(move.gain_db for move in strip.eq if move.gain_db < 0 and not move.cleaning)
    return float(min(_DEEPEST_DB + (here.gain_db if here else 0.0), _TRACK_CUTS_DB - cuts))


def _protected(masker: Strip, maskee: Strip, region: int) -> bool:
    """Say whether a track must not be cut in a region: a lead vocal anywhere, the bottom of kick and bass."""
    group = masker.request.instrument
    if group is Group.VOCAL and _leads(masker):
        return True
    return group in (Group.KICK, Group.BASS) and region <= 1 and maskee.request.presence is not Presence.LEAD


def _leads(strip: Strip) -> bool:
    """Say whether a track carries the song: marked LEAD, or a lead vocal that is not asked to stay back."""
    if strip.request.instrument is Group.VOCAL:
        return strip.request.presence is not Presence.BACKGROUND
    return strip.request.presence is Presence.LEAD


def _rank(strip: Strip) -> float:
    return styles.priority(strip.request.instrument, strip.request.presence)


def _needs(strip: Strip) -> npt.NDArray[np.bool_]:
    """Return which of the six regions a track needs: its two strongest, with treble counted up as the ear does."""
    tilt = 10.0 ** (_TILT_DB * np.log2(CENTRES_HZ / 1000.0) / 10.0)
    power = np.bincount(REGION_OF, strip.features.spectrum * tilt, minlength=6)
    needed = np.zeros(6, bool)
    needed[np.argsort(-power, kind="stable")[:_ESSENTIAL]] = True
    needed[_WORDS] |= strip.request.instrument is Group.VOCAL
    return needed
