"""Clean a recording: measure it, repair the faults that are certain, and leave the rest unchanged. Length, channels and timing stay.

Each stage writes a float file that the next one measures. A recording without faults is returned sample for sample. `SETTINGS` says what is
done for each sound source (sound.md 3.5): where its lowest note is, by how much its noise may be reduced, and how bleed is recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp import gate, linear_phase
from tonnbook.dsp.clicks import Declicker
from tonnbook.dsp.filters import Filter, high_pass, low_pass
from tonnbook.dsp.gate import GateSettings
from tonnbook.dsp.hum import HARMONICS, Hum, HumFinder, HumRemover
from tonnbook.dsp.levels import Array, db, peak
from tonnbook.dsp.loudness import LoudnessMeter
from tonnbook.dsp.noise_reduction import FrameLevels, NoiseReducer, noise_profile
from tonnbook.models.cleanup import CleanupNotes
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import SoundSource
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.measure.series import finite, series
from tonnbook.studio.measure.streams import through, write
from tonnbook.studio.runtime.temporary_folder import temporary_folder

RUMBLE_DB = -27.0
"""Level below the lowest note, relative to the whole, from which on it counts as rumble; less is not worth changing the lowest notes for."""

CLEAN_DB = 60.0
"""Signal-to-noise ratio above which noise is not reduced: a reducer could only do harm."""

_RUMBLE_CORNER = 0.65  # of the lowest note: rumble is measured this far below it
_FILTER_CORNER = (
    0.71  # of the lowest note: -6 dB there, closed half an octave lower, and fully open from the lowest note on
)
_STEP_S = 0.1
_SILENCE_DB = -150.0
_RESIDUE_PERCENTILE = 99.0
_INAUDIBLE_DB = -90.0  # dBFS: a gate that removes less than this has only closed on silence
_LEAST_CLOSED = 0.005


@dataclass(frozen=True)
class CleanupSettings:
    """What may be done to a recording of one sound source; the recording decides whether it is done."""

    rumble_below_hz: float | None = None
    """Frequency of the lowest note; None for a drum, whose lowest part belongs to its sound."""
    noise_floor_db: float | None = None
    """Lowest gain of the noise reduction in dB; None for no reduction, where a gate removes the noise between hits."""
    clicks: bool = False
    """Whether clicks are removed; not for drums, where every hit is one."""
    gate: GateSettings | None = None
    side_chain_hz: tuple[float | None, float | None] = (None, None)
    """Band whose level opens the gate."""
    opens_db: float | None = None
    """Level at which the gate opens, relative to the 95th percentile of the level; None separates two kinds of hits."""


_VOICE = CleanupSettings(
    rumble_below_hz=70.0,
    noise_floor_db=-18.0,
    clicks=True,
    gate=GateSettings(range_db=-12.0, hold_ms=250.0, release_ms=250.0, look_ahead_ms=30.0),
    side_chain_hz=(100.0, 8000.0),
    opens_db=-40.0,  # breaths are some 25 to 35 dB below the words they belong to, and are kept
)
_BACKING_VOICE = replace(  # several takes at once: their breaths and their noise add up, and the pauses are long
    _VOICE,
    rumble_below_hz=90.0,
    gate=GateSettings(range_db=-18.0, hold_ms=200.0, release_ms=200.0, look_ahead_ms=30.0),
    opens_db=-30.0,
)

SETTINGS: dict[SoundSource, CleanupSettings] = {
    SoundSource.VOCAL: _VOICE,
    SoundSource.BACKING_VOX: _BACKING_VOICE,
    # The lowest note of both guitars is E2, 82 Hz. An amplifier hisses more than a microphone; the quiet end of a plucked note is music.
    SoundSource.E_GUITAR: CleanupSettings(rumble_below_hz=60.0, noise_floor_db=-18.0, clicks=True),
    SoundSource.ACOUSTIC_GUITAR: CleanupSettings(rumble_below_hz=70.0, noise_floor_db=-15.0, clicks=True),
    # A double bass goes down to E1, 41 Hz, a tuba to about F1, 44 Hz, and a bow is itself close to noise.
    SoundSource.STRINGS: CleanupSettings(rumble_below_hz=40.0, noise_floor_db=-10.0, clicks=True),
    SoundSource.BRASS: CleanupSettings(rumble_below_hz=43.0, noise_floor_db=-12.0, clicks=True),
    SoundSource.KICK: CleanupSettings(gate=GateSettings(-24.0, 80.0, 120.0), side_chain_hz=(None, 120.0)),
    SoundSource.SNARE: CleanupSettings(gate=GateSettings(-18.0, 60.0, 100.0), side_chain_hz=(150.0, 6000.0)),
    SoundSource.PERCS: CleanupSettings(gate=GateSettings(-15.0, 40.0, 60.0), side_chain_hz=(200.0, None)),
}


@dataclass(frozen=True)
class CleanupOutcome:
    """A cleaned recording on disk."""

    path: Path
    notes: CleanupNotes


def clean(source: Path, sound_source: SoundSource, out: Path, progress: Progress = no_progress) -> CleanupOutcome:
    """Clean one recording into the WAV file `out`. The same recording gives the same bytes.

    Raises AudioError if the recording cannot be read.
    """
    settings, info = SETTINGS[sound_source], audio_files.info(source)
    with temporary_folder(out.parent, "cleanup-") as temporary:
        progress(0.0, "analysing the recording")
        hum, rumble_db = _measure(source, settings)
        repaired, first, clicks_s = _repair(source, settings, hum, rumble_db, temporary / "repaired.wav", progress)
        progress(0.5, "reducing noise")
        quiet, noise, pauses_s = _reduce_noise(repaired, settings, temporary / "quiet.wav")
        progress(0.8, "reducing bleed")
        gated, bleed = _reduce_bleed(quiet, settings, pauses_s, temporary / "gated.wav")
        loudness, removed_db = _write_result(source, gated, out, 32 if info.bit_depth == 32 else 24)
    stages = (*first, noise, bleed)
    notes = CleanupNotes(
        sound_source=sound_source,
        stages=stages,
        loudness_before_lufs=finite(loudness[0]),
        loudness_after_lufs=finite(loudness[1]),
        clicks_s=clicks_s,
        removed=series(removed_db, _STEP_S) if any(stage.done for stage in stages) else None,
    )
    return CleanupOutcome(out, notes)


def _measure(source: Path, settings: CleanupSettings) -> tuple[Hum | None, float]:
    """Return the hum, and the level below the lowest note in dB relative to the whole."""
    info = audio_files.info(source)
    finder = HumFinder(info.rate, info.channels)
    corner = settings.rumble_below_hz
    low = Filter(low_pass(_RUMBLE_CORNER * (corner or 1.0), info.rate, 10), info.channels)
    below, whole = 0.0, 0.0
    for block in audio_files.blocks(source):
        finder.measure(block)
        if corner is not None:
            below += float(np.square(low.process(block)).sum())
        whole += float(np.square(block).sum())
    return finder.hum(), db(np.sqrt(below / whole)) if whole else -200.0


def _repair(
    source: Path, settings: CleanupSettings, hum: Hum | None, rumble_db: float, out: Path, progress: Progress
) -> tuple[Path, tuple[StageNotes, ...], tuple[float, ...]]:
    """Remove rumble, hum and clicks; return the repaired file, or the source if there are none, the notes, and the times of the clicks in s."""
    info = audio_files.info(source)
    blocks: Iterable[Array] = audio_files.blocks(source)
    corner = settings.rumble_below_hz
    rumbles = corner is not None and rumble_db > RUMBLE_DB
    if hum is not None:
        remover = HumRemover(info.rate, info.channels, hum)
        progress(0.15, "measuring the hum")
        for block in audio_files.blocks(source):
            remover.measure(block)
        blocks = map(remover.process, blocks)
    if corner is not None and rumbles:
        response = linear_phase.impulse(1.0 - linear_phase.below(_FILTER_CORNER * corner, info.rate))
        bank = linear_phase.FilterBank(np.tile(response, (1, info.channels, 1)))
        blocks = (filtered[0] for filtered in through(blocks, bank))
    declicker = Declicker(info.rate, info.channels)
    if settings.clicks:
        blocks = through(blocks, declicker)
    progress(0.25, "repairing")
    if hum or rumbles or settings.clicks:
        write(blocks, out, info)
    notes = (
        _rumble_note(corner, rumble_db, done=rumbles),
        _hum_note(hum),
        _clicks_note(settings, len(declicker.positions)),
    )
    clicks_s = tuple(round(position / info.rate, 4) for position in sorted(declicker.positions))
    return (out if any(stage.done for stage in notes) else source), notes, clicks_s


def _rumble_note(corner: float | None, level_db: float, *, done: bool) -> StageNotes:
    if corner is None:
        text = "Not checked: low frequencies belong to the sound of a drum."
        return StageNotes(stage="rumble", done=False, text=text)
    finding = f"{level_db:.0f} dB of the whole below {corner:.0f} Hz, where this source rarely has notes"
    text = f"{finding}: removed by a linear-phase filter." if done else f"{finding}: too little to matter."
    numbers = {"level_db": round(level_db, 1), "corner_hz": corner}
    return StageNotes(stage="rumble", done=done, text=text, numbers=numbers)


def _hum_note(hum: Hum | None) -> StageNotes:
    if hum is None:
        return StageNotes(stage="hum", done=False, text="No mains hum.")
    partials = ", ".join(f"{n * hum.mains_hz:.0f}" for n in hum.harmonics)
    text = (
        f"Mains hum at {hum.mains_hz:.2f} Hz, constantly present at {partials} Hz: estimated up to the {HARMONICS}th "
        "harmonic, and subtracted."
    )
    numbers = {"mains_hz": round(hum.mains_hz, 3), "harmonics": float(len(hum.harmonics))}
    return StageNotes(stage="hum", done=True, text=text, numbers=numbers)


def _clicks_note(settings: CleanupSettings, clicks: int) -> StageNotes:
    if not settings.clicks:
        return StageNotes(stage="clicks", done=False, text="Not checked: every hit of a drum is a click.")
    text = f"{clicks} clicks, replaced by interpolation from both sides." if clicks else "No clicks."
    return StageNotes(stage="clicks", done=clicks > 0, text=text, numbers={"clicks": float(clicks)})


def _reduce_noise(source: Path, settings: CleanupSettings, out: Path) -> tuple[Path, StageNotes, Array]:
    """Reduce steady noise; return the file, the note, and the times in s at which only the residual noise sounds."""
    floor, nowhere = settings.noise_floor_db, np.empty(0)
    if floor is None:
        text = "Not checked: the gate removes the noise between the hits of a drum."
        return source, StageNotes(stage="noise", done=False, text=text), nowhere
    info = audio_files.info(source)
    frames = FrameLevels(info.rate)
    for block in audio_files.blocks(source):
        frames.measure(block)
    profile = noise_profile(audio_files.blocks(source), info.rate, frames.levels)
    if profile is None:
        text = "No steady noise in the quietest parts: nothing to reduce."
        return source, StageNotes(stage="noise", done=False, text=text), nowhere
    numbers = {"snr_db": round(profile.snr_db, 1), "profile_s": round(profile.seconds, 2), "floor_db": floor}
    if profile.snr_db > CLEAN_DB:
        text = f"The noise is {profile.snr_db:.0f} dB below the sound while it sounds: left unchanged, because a reduction could only do harm."
        return source, StageNotes(stage="noise", done=False, text=text, numbers=numbers), nowhere
    write(through(audio_files.blocks(source), NoiseReducer(info.rate, info.channels, profile, floor)), out, info)
    text = f"Steady noise, {profile.snr_db:.0f} dB below the sound while it sounds, measured in {profile.seconds:.1f} s of pauses: reduced by up to {-floor:.0f} dB."
    return out, StageNotes(stage="noise", done=True, text=text, numbers=numbers), frames.quiet_s


def _reduce_bleed(source: Path, settings: CleanupSettings, pauses_s: Array, out: Path) -> tuple[Path, StageNotes]:
    """Gate the recording; return the file and the note. `pauses_s` are the times at which only residual noise sounds."""

    def unchanged(text: str, numbers: dict[str, float] | None = None) -> tuple[Path, StageNotes]:
        return source, StageNotes(stage="bleed", done=False, text=text, numbers=numbers or {})

    if settings.gate is None:
        return unchanged("Not checked: this source keeps sounding between its notes.")
    info = audio_files.info(source)
    chain = gate.SideChain(info.rate, info.channels, _band(settings, info.rate))
    for block in audio_files.blocks(source):
        chain.measure(block)
    opens = _threshold_db(chain.levels_db, settings)
    if opens is None:
        return unchanged("All hits are of one kind: no bleed to reduce.")
    residue = _residual_noise_db(pauses_s, chain.levels_db)
    if residue > opens - gate.HYSTERESIS_DB:
        numbers = {"opens_dbfs": round(opens, 1), "left_dbfs": round(residue, 1)}
        text = "No gate: it would open and close on the residual noise, which is as loud as the quietest words."
        return unchanged(text, numbers)
    curve = gate.gate_gain(chain.levels_db, opens, settings.gate)
    closed = float(np.mean(curve < 10 ** (settings.gate.range_db / 40.0)))
    numbers = {"opens_dbfs": round(opens, 1), "shut": round(closed, 4), "range_db": settings.gate.range_db}
    if closed < _LEAST_CLOSED:
        return unchanged("The source never pauses: no bleed to reduce.", numbers)
    if not _gate(source, curve, out):
        return unchanged("The pauses are silent: no bleed to reduce.", numbers)
    text = f"Gated: below {opens:.0f} dBFS, while the source pauses, the level is reduced by {-settings.gate.range_db:.0f} dB, {closed:.0%} of the time."
    return out, StageNotes(stage="bleed", done=True, text=text, numbers=numbers)


def _gate(source: Path, curve: Array, out: Path) -> bool:
    """Write the gated file; return whether the gate has removed anything audible."""
    info, removed = audio_files.info(source), 0.0
    gain = gate.GainOverTime(info.rate, curve)

    def blocks() -> Iterator[Array]:
        nonlocal removed
        for block in audio_files.blocks(source):
            gated = gain.process(block)
            removed = max(removed, peak(gated - block))
            yield gated

    write(blocks(), out, info)
    return db(removed) > _INAUDIBLE_DB


def _residual_noise_db(pauses_s: Array, levels_db: Array) -> float:
    """Return the level in dBFS that the residual noise exceeds only 1 % of the time in the pauses."""
    steps = (pauses_s / gate.STEP_S).astype(np.intp)
    levels = levels_db[steps[steps < len(levels_db)]]
    return float(np.percentile(levels, _RESIDUE_PERCENTILE)) if len(levels) else _SILENCE_DB


def _threshold_db(levels_db: Array, settings: CleanupSettings) -> float | None:
    """Return the level in dBFS at which the gate opens, None if there is only one kind of hits."""
    if settings.opens_db is None:
        return gate.threshold_db(gate.hits_db(levels_db))
    return float(np.percentile(levels_db, 95.0)) + settings.opens_db if len(levels_db) else None


def _band(settings: CleanupSettings, rate: int) -> Array:
    low, high = settings.side_chain_hz
    sections = [high_pass(low, rate)] if low else []
    return np.vstack([*sections, *([low_pass(high, rate)] if high else [])])


def _write_result(
    source: Path, cleaned: Path, out: Path, depth: audio_files.BitDepth
) -> tuple[tuple[float, float], Array]:
    """Write the result; return the loudness before and after in LUFS, and the level of what was removed in dBFS, per 100 ms."""
    info = audio_files.info(source)
    before, after = LoudnessMeter(info.rate, info.channels), LoudnessMeter(info.rate, info.channels)
    step = max(1, round(_STEP_S * info.rate))
    levels, rest = [], np.empty((info.channels, 0))
    with audio_files.Writer(out, info.rate, info.channels, depth) as writer:
        for old, new in zip(audio_files.blocks(source), audio_files.blocks(cleaned), strict=True):
            writer.write(new)
            before.process(old)
            after.process(new)
            rest = np.concatenate([rest, new - old], axis=1)
            whole = rest.shape[1] // step * step
            levels.append(np.sqrt(np.square(rest[:, :whole]).mean(axis=0).reshape(-1, step).mean(axis=1)))
            rest = rest[:, whole:]
    return (before.integrated, after.integrated), db(np.concatenate(levels), _SILENCE_DB)
