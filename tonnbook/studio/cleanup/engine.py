"""The cleaner: listens to a recording, repairs what it is sure of, and leaves the rest alone. Length, channels and timing stay.

Each stage writes a float file that the next one listens to, so that every stage judges what the one before it has left. A recording in
which nothing is found comes back as it was, sample for sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp import gate, linear_phase
from tonnbook.dsp.clicks import Declicker
from tonnbook.dsp.filters import Filter, high_pass, low_pass
from tonnbook.dsp.hum import Hum, HumFinder, HumRemover
from tonnbook.dsp.levels import Array, db, peak
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.noise_reduction import FrameLevels, NoiseReducer, noise_profile
from tonnbook.models.cleanup import CleanupNotes
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import SoundSource
from tonnbook.studio.cleanup.notes import click_notes, hum_notes, rumble_notes
from tonnbook.studio.cleanup.settings import SETTINGS, CleanupSettings
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.measure.series import finite, series
from tonnbook.studio.measure.streams import through, write
from tonnbook.studio.runtime.temporary_folder import temporary_folder

RUMBLE_DB = -27.0
"""What lies below a source counts as rumble from this much of the whole on; less is not worth touching the lowest notes for."""

CLEAN_DB = 60.0
"""A recording whose noise lies this far under it is left alone: a reducer could only do harm."""

_WELL_BELOW = 0.65  # of the corner: the lowest note is far
_HALFWAY = 0.71  # of the corner: half open there, shut half an octave lower, and open from the corner on
_STEP_S = 0.1
_NOTHING_DB = -150.0
_HARDLY_EVER = 99.0
_SILENT_DB = -90.0  # of full scale: what a gate takes away below this was silence


@dataclass(frozen=True)
class CleanupOutcome:
    """A cleaned recording on disk."""

    path: Path
    notes: CleanupNotes


def clean(source: Path, sound_source: SoundSource, out: Path, progress: Progress = no_progress) -> CleanupOutcome:
    """Clean one recording into the WAV file `out`; AudioError where it cannot be read. The same recording gives the same bytes."""
    settings, info = SETTINGS[sound_source], audio_files.info(source)
    with temporary_folder(out.parent, "cleanup-") as place:
        progress(0.0, "listening to the recording")
        hum, rumble = _heard(source, settings)
        repaired, first, clicks_s = _repaired(source, settings, hum, rumble, place / "repaired.wav", progress)
        progress(0.5, "looking for noise")
        quiet, noise, pauses_s = _without_noise(repaired, settings, place / "quiet.wav")
        progress(0.8, "looking for bleed")
        gated, bleed = _without_bleed(quiet, settings, pauses_s, place / "gated.wav")
        loudness, taken = _delivered(source, gated, out, 32 if info.bit_depth == 32 else 24)
    stages = (*first, noise, bleed)
    notes = CleanupNotes(
        sound_source=sound_source,
        stages=stages,
        loudness_before_lufs=finite(loudness[0]),
        loudness_after_lufs=finite(loudness[1]),
        clicks_s=clicks_s,
        taken=series(taken, _STEP_S) if any(stage.done for stage in stages) else None,
    )
    return CleanupOutcome(out, notes)


def _heard(source: Path, settings: CleanupSettings) -> tuple[Hum | None, float]:
    """Return the hum, and how much lies below the source, in dB of the whole."""
    info = audio_files.info(source)
    finder = HumFinder(info.rate, info.channels)
    corner = settings.rumble_below_hz
    low = Filter(low_pass(_WELL_BELOW * (corner or 1.0), info.rate, 10), info.channels)
    below, whole = 0.0, 0.0
    for block in audio_files.blocks(source):
        finder.measure(block)
        if corner is not None:
            below += float(np.square(low.process(block)).sum())
        whole += float(np.square(block).sum())
    return finder.hum(), db(np.sqrt(below / whole)) if whole else -200.0


def _repaired(
    source: Path, settings: CleanupSettings, hum: Hum | None, rumble_db: float, out: Path, progress: Progress
) -> tuple[Path, tuple[StageNotes, ...], tuple[float, ...]]:
    """Take out rumble, hum and clicks, as far as there are any; the third of what is returned says where the clicks were, in s."""
    info = audio_files.info(source)
    blocks: Iterable[Array] = audio_files.blocks(source)
    corner = settings.rumble_below_hz
    rumbles = corner is not None and rumble_db > RUMBLE_DB
    if hum is not None:
        remover = HumRemover(info.rate, info.channels, hum)
        progress(0.15, "following the hum")
        for block in audio_files.blocks(source):
            remover.measure(block)
        blocks = map(remover.process, blocks)
    if corner is not None and rumbles:
        response = linear_phase.impulse(1.0 - linear_phase.below(_HALFWAY * corner, info.rate))
        bank = linear_phase.FilterBank(np.tile(response, (1, info.channels, 1)))
        blocks = (filtered[0] for filtered in through(blocks, bank))
    declicker = Declicker(info.rate, info.channels)
    if settings.clicks:
        blocks = through(blocks, declicker)
    progress(0.25, "repairing")
    if hum or rumbles or settings.clicks:
        write(blocks, out, info)
    notes = (
        rumble_notes(corner, rumble_db, done=rumbles),
        hum_notes(hum),
        click_notes(settings, len(declicker.positions)),
    )
    places = tuple(round(place / info.rate, 4) for place in sorted(declicker.positions))
    return (out if any(stage.done for stage in notes) else source), notes, places


def _without_noise(source: Path, settings: CleanupSettings, out: Path) -> tuple[Path, StageNotes, Array]:
    """Reduce steady noise; the third of what is returned says where, in s, nothing but the rest of it sounds."""
    floor, nowhere = settings.noise_floor_db, np.empty(0)
    if floor is None:
        text = "Not looked for: between the hits of a drum the gate keeps it out."
        return source, StageNotes(stage="noise", done=False, text=text), nowhere
    info = audio_files.info(source)
    frames = FrameLevels(info.rate)
    for block in audio_files.blocks(source):
        frames.measure(block)
    profile = noise_profile(audio_files.blocks(source), info.rate, frames.levels)
    if profile is None:
        text = "No steady noise was found in the quietest parts, so nothing was reduced."
        return source, StageNotes(stage="noise", done=False, text=text), nowhere
    numbers = {"snr_db": round(profile.snr_db, 1), "profile_s": round(profile.seconds, 2), "floor_db": floor}
    if profile.snr_db > CLEAN_DB:
        text = f"The noise lies {profile.snr_db:.0f} dB under the sound where it sounds: left alone, for a reducer could only do harm."
        return source, StageNotes(stage="noise", done=False, text=text, numbers=numbers), nowhere
    write(through(audio_files.blocks(source), NoiseReducer(info.rate, info.channels, profile, floor)), out, info)
    text = f"Steady noise, {profile.snr_db:.0f} dB under the sound where it sounds, known from {profile.seconds:.1f} s without any: reduced by up to {-floor:.0f} dB."
    return out, StageNotes(stage="noise", done=True, text=text, numbers=numbers), frames.quiet_s


def _without_bleed(source: Path, settings: CleanupSettings, pauses_s: Array, out: Path) -> tuple[Path, StageNotes]:
    if settings.gate is None:
        return source, StageNotes(
            stage="bleed", done=False, text="Not looked for: this source sounds on between its notes."
        )
    info = audio_files.info(source)
    chain = gate.SideChain(info.rate, info.channels, _band(settings, info.rate))
    for block in audio_files.blocks(source):
        chain.measure(block)
    opens = _opening(chain.levels_db, settings)
    if opens is None:
        text = "Every hit is of one kind: nothing to keep out."
        return source, StageNotes(stage="bleed", done=False, text=text)
    left = _left_in(pauses_s, chain.levels_db)
    if left > opens - gate.HYSTERESIS_DB:
        text = "No gate: it would flutter on what is left of the noise, which comes up to the quietest words."
        numbers = {"opens_dbfs": round(opens, 1), "left_dbfs": round(left, 1)}
        return source, StageNotes(stage="bleed", done=False, text=text, numbers=numbers)
    curve = gate.gate_gain(chain.levels_db, opens, settings.gate)
    shut = float(np.mean(curve < 10 ** (settings.gate.range_db / 40.0)))
    numbers = {"opens_dbfs": round(opens, 1), "shut": round(shut, 4), "range_db": settings.gate.range_db}
    if shut < 0.005:
        return source, StageNotes(
            stage="bleed", done=False, text="It never pauses: nothing to keep out.", numbers=numbers
        )
    if not _gated(source, curve, out):
        text = "Its pauses are silent: nothing to keep out."
        return source, StageNotes(stage="bleed", done=False, text=text, numbers=numbers)
    text = f"Gated: what stays under {opens:.0f} dBFS while the source pauses is turned down by {-settings.gate.range_db:.0f} dB, {shut:.0%} of the time."
    return out, StageNotes(stage="bleed", done=True, text=text, numbers=numbers)


def _gated(source: Path, curve: Array, out: Path) -> bool:
    """Write the gated file; say whether anything was there to be turned down."""
    info, taken = audio_files.info(source), 0.0
    closing = gate.GainOverTime(info.rate, curve)

    def blocks() -> Iterator[Array]:
        nonlocal taken
        for block in audio_files.blocks(source):
            made = closing.process(block)
            taken = max(taken, peak(made - block))
            yield made

    write(blocks(), out, info)
    return db(taken) > _SILENT_DB


def _left_in(pauses_s: Array, levels_db: Array) -> float:
    """Return the level in dBFS that what is left of the noise hardly ever passes in the pauses."""
    places = (pauses_s / gate.STEP_S).astype(np.intp)
    heard = levels_db[places[places < len(levels_db)]]
    return float(np.percentile(heard, _HARDLY_EVER)) if len(heard) else _NOTHING_DB


def _opening(levels_db: Array, settings: CleanupSettings) -> float | None:
    if settings.opens_db is None:
        return gate.threshold_db(gate.hits_db(levels_db))
    return float(np.percentile(levels_db, 95.0)) + settings.opens_db if len(levels_db) else None


def _band(settings: CleanupSettings, rate: int) -> Array:
    low, high = settings.side_chain_hz
    sections = [high_pass(low, rate)] if low else []
    return np.vstack([*sections, *([low_pass(high, rate)] if high else [])])


def _delivered(source: Path, made: Path, out: Path, depth: audio_files.BitDepth) -> tuple[tuple[float, float], Array]:
    """Write the result; return the loudness before and after, and the level of what was taken away, per 100 ms."""
    info = audio_files.info(source)
    before, after = LoudnessMeter(info.rate, info.channels), LoudnessMeter(info.rate, info.channels)
    step = max(1, round(_STEP_S * info.rate))
    levels, rest = [], np.empty((info.channels, 0))
    with audio_files.Writer(out, info.rate, info.channels, depth) as writer:
        for old, new in zip(audio_files.blocks(source), audio_files.blocks(made), strict=True):
            writer.write(new)
            before.process(old)
            after.process(new)
            rest = np.concatenate([rest, new - old], axis=1)
            whole = rest.shape[1] // step * step
            levels.append(np.sqrt(np.square(rest[:, :whole]).mean(axis=0).reshape(-1, step).mean(axis=1)))
            rest = rest[:, whole:]
    return (before.integrated, after.integrated), db(np.concatenate(levels), _NOTHING_DB)
