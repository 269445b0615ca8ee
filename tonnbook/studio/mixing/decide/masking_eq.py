"""Masking EQ: cut a track where it masks another one that needs the region more, and boost a lead where others cover it.

The rule that proposes a cut is that of S. Hafezi, J. Reiss, "Autonomous multitrack equalization based on masking reduction", JAES
63(5), 2015, with two additions: protected tracks and a priority per track. Without them it cut the lead vocal by 6 dB at 3.5 kHz
because the guitars "need" that region too (sound.md 3.1). Each proposal is tried on the measured spectra and kept only if more of
the mix is audible with it: an optimisation without audio, after D. Ronan et al., "Automatic minimisation of masking in multitrack
audio using subgroups", 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.levels import Array
from tonnbook.dsp.third_octaves import CENTRES_HZ, loudness_of
from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import Presence
from tonnbook.studio.measure.reference_tone import TONE_DB
from tonnbook.studio.mixing.decide import masking, styles
from tonnbook.studio.mixing.decide.eq import REGION_OF, centre_and_q, region_of, rounded_hz, thirds_of
from tonnbook.studio.mixing.decide.sections import LARGEST_SECTION_LOSS_DB, section_loss_db, section_of
from tonnbook.studio.mixing.decide.strip import EqBandDecision, Strip

_ROUNDS = 20
_TRIED = 16  # candidates tried in a round
_LARGEST_LOSS_LU = 2.0  # of a track, by all cuts for the others
_GAIN_COST = 0.15  # points of audibility (0 to 100) per dB
_TONE_COST = 4.0  # points per dB of additional distance from the usual tone of a mix
_LEAST_IMPROVEMENT = 0.2  # points
_OWN_LOSS_WEIGHT = 0.5  # of the audibility that the cut track itself loses: it is meant to lose some

_SMALLEST_CUT_DB = 1.0
_LARGEST_CUT_DB, _REGION_CUTS_DB, _TRACK_CUTS_DB = 6.0, 6.0, 10.0  # in one step, in a region, on a track
_BOOST_DB, _LARGEST_BOOST_DB, _BOOSTS = 1.5, 3.0, 2
_MASKEES = 3  # tried per masker and region: those that it masks most
_NEEDED_CUT_FACTOR = 0.6  # for a cut where the masker needs the region too; not for the intelligibility of a lead
_NEEDED_REGIONS = 2  # a track needs its two strongest regions
_INTELLIGIBILITY_REGION = 4  # 2 to 8 kHz: a voice needs it, however weak it is there
_TILT_DB = 3.0  # per octave: pink noise counts as flat


@dataclass(frozen=True)
class _Candidate:
    """A cut or a boost of one track in one region."""

    track: int
    region: int
    band: EqBandDecision
    promise: float
    """Weight of the masked cells that would profit; infinite for a boost."""


@dataclass(frozen=True, eq=False)
class _State:
    """The mix during the search: powers on some frames."""

    strips: Sequence[Strip]
    active: npt.NDArray[np.bool_]
    """In which of the frames each track is active, (tracks, frames)."""
    cells: masking.Cells
    spread: masking.Cells
    weights: masking.Cells
    priorities: Array
    """Weight of each track's audibility, mean 1, (tracks,)."""

    def score(self, track: int, weight: float, cells: masking.Cells | None = None) -> float:
        """Return the audibility of all tracks in points, with one track weighted by `weight` and optionally with other cells."""
        total = self.spread.sum(axis=0)
        spread = self.spread
        if cells is not None:
            replacement = masking.SPREAD @ cells
            total = total + (replacement - self.spread[track])
            spread = self.spread.copy()
            spread[track] = replacement
        shares = np.sum(self.weights * masking.audible_cells(spread, total), axis=(1, 2), dtype=np.float64)
        points = self.priorities * shares
        points[track] *= weight
        return float(100.0 * np.sum(points))


def decide_masking_eq(strips: Sequence[Strip]) -> list[Strip]:
    """Return the tracks with the cuts and boosts that make more of the mix audible, at most one more per round."""
    if len(strips) < 2:
        return list(strips)
    frames = masking.sample_frames(strips)
    active = masking.active_frames(strips, frames)
    weights = masking.cell_weights(masking.mix_cells(strips, frames), active)
    weights /= np.maximum(weights.sum(axis=(1, 2), keepdims=True), 1e-20)
    for _ in range(_ROUNDS):
        state = _state(strips, frames, active, weights)
        best = _best_change(state)
        if best is None:
            break
        track, strip = best
        strips = [strip if n == track else s for n, s in enumerate(strips)]
    return list(strips)


def _state(
    strips: Sequence[Strip], frames: npt.NDArray[np.intp], active: npt.NDArray[np.bool_], weights: masking.Cells
) -> _State:
    cells = masking.mix_cells(strips, frames)
    priorities = np.array([_priority(strip) for strip in strips])
    return _State(strips, active, cells, masking.SPREAD @ cells, weights, priorities / priorities.mean())


def _best_change(state: _State) -> tuple[int, Strip] | None:
    """Return the number of the track to change and its changed strip: the best improvement per dB; None if none is large enough."""
    tone = _tone_distance_db(state.cells.sum(axis=0))
    best, best_rate = None, 0.0
    promising = sorted(_candidates(state), key=lambda c: (-c.promise, state.strips[c.track].name, c.region))
    for candidate in filter(None, (_affordable(state, c) for c in promising[:_TRIED])):
        changed, cells = _tried(state, candidate)
        total = state.cells.sum(axis=0) - state.cells[candidate.track] + cells
        spent_db = abs(candidate.band.gain_db)
        weight = _OWN_LOSS_WEIGHT if candidate.band.gain_db < 0 else 1.0
        gain = state.score(candidate.track, weight, cells) - state.score(candidate.track, weight)
        gain -= _GAIN_COST * spent_db
        gain -= _TONE_COST * max(0.0, _tone_distance_db(total) - tone)
        if gain > _LEAST_IMPROVEMENT and gain / spent_db > best_rate:
            best, best_rate = (candidate.track, changed), gain / spent_db
    return best


def _affordable(state: _State, candidate: _Candidate) -> _Candidate | None:
    """Return the candidate, with a smaller cut if the track or its section would lose too much; None if too little of it remains."""
    before = state.strips[candidate.track].unmasking_lu
    left, lost = _LARGEST_LOSS_LU + before, before - _tried(state, candidate)[0].unmasking_lu
    smaller = candidate if lost <= left else _shallower(candidate, left / lost)
    if smaller is None or smaller.band.gain_db > 0:
        return smaller
    return _within_section(state, smaller)


def _within_section(state: _State, candidate: _Candidate) -> _Candidate | None:
    """Return the candidate with its cut reduced until its section, if it is one of several tracks, loses at most 3 dB in any third octave."""
    members = section_of(state.strips, candidate.track)
    if len(members) < 2:
        return candidate
    before = section_loss_db([state.strips[n] for n in members])
    reduced: _Candidate | None = candidate
    while reduced is not None:
        changed = _tried(state, reduced)[0]
        loss = section_loss_db([changed if n == candidate.track else state.strips[n] for n in members])
        if loss <= max(LARGEST_SECTION_LOSS_DB, before):
            return reduced
        reduced = _shallower(reduced, min(0.9, max(LARGEST_SECTION_LOSS_DB - before, 0.0) / (loss - before)))
    return None


def _shallower(candidate: _Candidate, factor: float) -> _Candidate | None:
    depth = round(candidate.band.gain_db * factor, 1)
    return replace(candidate, band=replace(candidate.band, gain_db=depth)) if depth <= -_SMALLEST_CUT_DB else None


def _tried(state: _State, candidate: _Candidate) -> tuple[Strip, masking.Cells]:
    """Return the track with the band added, and its cells.

    A boost keeps the loudness: its purpose is clarity, not level. A cut does not, so the track becomes quieter. (sound.md 3.1 makes up
    for the loss; then the rest of the track masks as much as the cut uncovered, and no cut improved the shipped stems.)
    """
    old = state.strips[candidate.track]
    changed = _with_band(old, candidate)
    cells = state.cells[candidate.track]
    filtered = cells * (changed.sound.eq_power / old.sound.eq_power)[:, None].astype(np.float32)
    loudness = [
        loudness_of(c[:, state.active[candidate.track]].sum(axis=1, dtype=np.float64)) for c in (cells, filtered)
    ]
    less_lu = loudness[0] - loudness[1]
    if candidate.band.gain_db < 0:
        return replace(changed, unmasking_lu=old.unmasking_lu - less_lu), filtered
    return replace(changed, gain_db=old.gain_db + less_lu), filtered * np.float32(10.0 ** (less_lu / 10.0))


def _with_band(strip: Strip, candidate: _Candidate) -> Strip:
    """Return the track with the band added; a second one in the same region adds its gain to the first."""
    bands = _bands_by_region(strip)
    old = bands.get(candidate.region)
    bands[candidate.region] = candidate.band
    if old is not None:
        bands[candidate.region] = replace(old, gain_db=round(old.gain_db + candidate.band.gain_db, 1))
    return strip.with_eq(tuple(bands.values()))


def _tone_distance_db(cells: masking.Cells) -> float:
    """Return the distance of a mix from the usual tone: RMS difference of 28 third octaves in dB, without the level."""
    level = 10.0 * np.log10(np.maximum(cells.mean(axis=1, dtype=np.float64), 1e-20))
    difference = level - np.array(TONE_DB)
    return float(np.sqrt(np.mean((difference - difference.mean()) ** 2)))


def _candidates(state: _State) -> list[_Candidate]:
    """Return the changes to try: per masker and region a cut for each of the tracks that it masks most, and the boosts of leads."""
    total = state.spread.sum(axis=0)
    audible = masking.audible_cells(state.spread, total)
    masked = state.weights * ~audible * state.priorities[:, None, None].astype(np.float32)
    masked /= np.maximum(total - state.spread, 1e-20)
    # how much of what is masked of track i in band b is caused by track j: (28, i, j)
    blame = np.matmul(masked.transpose(1, 0, 2), state.spread.transpose(1, 2, 0)).astype(np.float64)
    needs = np.stack([_needed_regions(strip) for strip in state.strips])
    found = []
    for masker in range(len(state.strips)):
        for region in range(6):
            thirds = np.flatnonzero(thirds_of(region))
            maskees = np.argsort(-blame[thirds][:, :, masker].sum(axis=0), kind="stable")[:_MASKEES]
            for maskee in map(int, maskees):
                band = _cut(state, maskee, masker, region, needs, blame[:, maskee, masker])
                if band is not None:
                    promise = float(blame[thirds, maskee, masker].sum())
                    found.append(_Candidate(masker, region, band, promise))
    return found + _boosts(state, masked, needs)


def _cut(
    state: _State, maskee_number: int, masker_number: int, region: int, needs: npt.NDArray[np.bool_], blame: Array
) -> EqBandDecision | None:
    """Return the cut of the masker in a region that helps the maskee; None if a rule forbids it or it would be too small."""
    maskee, masker = state.strips[maskee_number], state.strips[masker_number]
    may_cut = not needs[masker_number, region] or _priority(maskee) > _priority(masker)
    if maskee_number == masker_number or not needs[maskee_number, region] or not may_cut:
        return None
    thirds, together = thirds_of(region), state.active[maskee_number]
    if _is_protected(masker, maskee, region) or not together.any() or not blame[thirds].sum() > 0:
        return None
    powers = [state.cells[n][thirds][:, together].mean(dtype=np.float64) for n in (maskee_number, masker_number)]
    over = 10.0 * np.log10(max(powers[1], 1e-20) / max(powers[0], 1e-20))
    reduced = needs[masker_number, region] and not (region == _INTELLIGIBILITY_REGION and _is_lead(maskee))
    depth = min(_LARGEST_CUT_DB, 0.5 * (over + 6.0)) * (_NEEDED_CUT_FACTOR if reduced else 1.0)
    depth = min(depth, _remaining_cut_db(masker, region))
    if depth < _SMALLEST_CUT_DB:
        return None
    centre, q = centre_and_q(np.where(thirds, blame, 0.0))
    centre, depth = rounded_hz(centre), round(float(depth), 1)
    cause = f"the {masker.title} masks the {maskee.title} there (it is {over:.0f} dB louder)"
    if over < 1:
        cause = f"the {masker.title} and the {maskee.title} overlap there, and the {maskee.title} needs that range more"
    return EqBandDecision(centre, -depth, q, cause)


def _boosts(state: _State, masked: masking.Cells, needs: npt.NDArray[np.bool_]) -> list[_Candidate]:
    """Return a small boost of each lead in each region where some of it is masked; at most two on a track, of 3 dB.

    A voice may be boosted from 80 Hz to 8 kHz, an instrument only in its strongest regions, so that a kick does not become boxy.
    """
    found = []
    for n, strip in enumerate(state.strips):
        gains = {region_of(band.centre_hz): band.gain_db for band in strip.eq}
        if not _is_lead(strip):
            continue
        for region in range(1, 5):
            weight = np.where(thirds_of(region), masked[n].sum(axis=1, dtype=np.float64) * strip.sound.spectrum, 0.0)
            own = needs[n, region] or strip.request.instrument is Group.VOCAL
            full = gains.get(region, 0.0) < 0 or gains.get(region, 0.0) + _BOOST_DB > _LARGEST_BOOST_DB
            too_many = region not in gains and sum(gain > 0 for gain in gains.values()) >= _BOOSTS
            if not own or full or too_many or not weight.sum() > 0:
                continue
            centre, q = centre_and_q(weight)
            cause = f"the other tracks mask the lead, the {strip.title}, there"
            found.append(_Candidate(n, region, EqBandDecision(rounded_hz(centre), _BOOST_DB, q, cause), inf))
    return found


def _bands_by_region(strip: Strip) -> dict[int, EqBandDecision]:
    return {region_of(band.centre_hz): band for band in strip.eq}


def _remaining_cut_db(strip: Strip, region: int) -> float:
    """Return how many dB may still be cut: 6 in a region, 10 on a track, 0 in a region with a cleaning band or a boost."""
    present = _bands_by_region(strip).get(region)
    if present is not None and (present.gain_db > 0 or present.cleaning):
        return 0.0
    cuts = -sum(band.gain_db for band in strip.eq if band.gain_db < 0 and not band.cleaning)
    return float(min(_REGION_CUTS_DB + (present.gain_db if present else 0.0), _TRACK_CUTS_DB - cuts))


def _is_protected(masker: Strip, maskee: Strip, region: int) -> bool:
    """Return whether a track must not be cut in a region: a lead vocal anywhere, kick and bass below 250 Hz except for a lead."""
    group = masker.request.instrument
    if group is Group.VOCAL and _is_lead(masker):
        return True
    return group in (Group.KICK, Group.BASS) and region <= 1 and maskee.request.presence is not Presence.LEAD


def _is_lead(strip: Strip) -> bool:
    """Return whether a track is marked LEAD, or is a vocal that is not marked BACKGROUND."""
    if strip.request.instrument is Group.VOCAL:
        return strip.request.presence is not Presence.BACKGROUND
    return strip.request.presence is Presence.LEAD


def _priority(strip: Strip) -> float:
    return styles.priority(strip.request.instrument, strip.request.presence)


def _needed_regions(strip: Strip) -> npt.NDArray[np.bool_]:
    """Return which of the six regions a track needs: its two strongest with a tilt of +3 dB per octave; a voice also 2 to 8 kHz."""
    tilt = 10.0 ** (_TILT_DB * np.log2(CENTRES_HZ / 1000.0) / 10.0)
    power = np.bincount(REGION_OF, strip.features.spectrum * tilt, minlength=6)
    needed = np.zeros(6, bool)
    needed[np.argsort(-power, kind="stable")[:_NEEDED_REGIONS]] = True
    needed[_INTELLIGIBILITY_REGION] |= strip.request.instrument is Group.VOCAL
    return needed
