"""Finish an enhancement: master the repaired track, and set it to the requested loudness, below -1 dBTP.

Like a repair, the mastering is dropped if it makes a verdict worse than before it. The loudness is compared with the track as it was delivered,
because it is part of the request: it may undo part of a repair. A track set to the loudness of a release is judged as a master: -9 LUFS leave
8 LU to the peaks, which suits a pop master and is too compressed for an orchestra.

If a limiter at -1 dBTP would harm a master that is to keep its loudness, its peaks may be as high as they were. If that does not help, or
another loudness was requested, the track keeps its own loudness, or is turned down until its peaks fit. If the loudness is not to be changed,
the track keeps its own, whatever the repairs changed, and a track without repairs is passed on sample for sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tonnbook import audio_files
from tonnbook.errors import AudioError
from tonnbook.models.enhancement import TARGET_LUFS, EnhancementRequest
from tonnbook.models.mastering import CEILING_DBTP
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import AnalysisStyle, SampleRate
from tonnbook.studio.analysis.findings import Findings
from tonnbook.studio.analysis.listening import measure_findings
from tonnbook.studio.enhancement.session import NOT_REQUESTED, as_dropped, worsened_verdicts
from tonnbook.studio.mastering.chain import prepare
from tonnbook.studio.mastering.engine import master_song
from tonnbook.studio.mastering.loudness_search import set_level
from tonnbook.studio.mastering.plan import MasterPlan, MasterTarget
from tonnbook.studio.measure.progress import no_progress
from tonnbook.studio.measure.reference_tone import reference_tone_db
from tonnbook.studio.runtime.temporary_folder import temporary_folder

_DEPTH: Literal[24] = 24
_FLOAT: Literal[32] = 32
_HEADROOM_DB = 0.1
_OVERSHOOT_DBTP = 3.0  # most true peak of a signal clipped at full scale; no master has more
_AUDIBLE_DB = 0.1
_NO_DITHER = 0  # the seed is used at 16 bit only


@dataclass(frozen=True)
class RepairedTrack:
    """A track after its repairs, and what is requested for it."""

    track: Path
    findings: Findings
    original: Findings
    """Of the track as it was delivered; the same object as `findings` if no repair was made."""
    request: EnhancementRequest
    style: AnalysisStyle

    @property
    def sets_loudness(self) -> bool:
        """Whether a loudness is to be set: to repair it, or as the target of the mastering."""
        return self.request.fix_loudness or (self.request.apply_mastering and self.request.loudness in TARGET_LUFS)

    @property
    def target_lufs(self) -> float:
        """The requested loudness."""
        own = self.original.loudness_lufs
        return TARGET_LUFS.get(self.request.loudness, own) if self.sets_loudness else own

    @property
    def is_release(self) -> bool:
        """Whether the result has the loudness of a release."""
        return self.request.is_master or (self.sets_loudness and self.request.loudness in TARGET_LUFS)


@dataclass(frozen=True)
class FinishedTrack:
    """The notes of mastering and loudness, and the findings of the written file."""

    mastering: StageNotes
    loudness: StageNotes
    findings: Findings


def finish(repaired: RepairedTrack, out: Path, folder: Path) -> FinishedTrack:
    """Write the finished track to `out`; `folder` holds temporary files."""
    request = repaired.request
    mastering = StageNotes(stage="mastering", done=False, text=NOT_REQUESTED)
    if request.apply_mastering and request.is_master:
        level = "only its level is set" if repaired.sets_loudness else "no other loudness was requested, so it is kept"
        text = f"The track is a master already: {level}."
        mastering = StageNotes(stage="mastering", done=False, text=text)
    elif request.apply_mastering:
        mastered = folder / "mastered.wav"
        mastering, findings, worse = _master(repaired, mastered)
        if findings and not worse:
            mastered.replace(out)
            return FinishedTrack(mastering, _loudness_note(repaired, findings, None, CEILING_DBTP), findings)
        mastering = as_dropped(mastering, worse) if worse else mastering
    if not repaired.sets_loudness:
        return FinishedTrack(mastering, *_keep_loudness(repaired, out, folder))
    return FinishedTrack(mastering, *_set_loudness(repaired, out, folder))


def _master(repaired: RepairedTrack, out: Path) -> tuple[StageNotes, Findings | None, tuple[str, ...]]:
    """Master the track; return the note, the findings, and the verdicts that got worse. Without findings the loudness cannot be reached."""
    target, label = repaired.target_lufs, repaired.style.label
    try:
        outcome = master_song(repaired.track, _master_target(repaired, target, CEILING_DBTP), out)
    except AudioError:
        text = f"Tried and dropped: {target:.2f} LUFS cannot be reached below {CEILING_DBTP:g} dBTP."
        return StageNotes(stage="mastering", done=False, dropped=True, text=text), None, ()
    done = [stage.stage for stage in outcome.notes.stages if stage.done]
    note = StageNotes(stage="mastering", done=True, text=f"Mastered for {label}: {', '.join(done)}.")
    findings = measure_findings(out)
    return note, findings, worsened_verdicts(repaired.findings, findings, repaired.style, is_master=True)


def _keep_loudness(repaired: RepairedTrack, out: Path, folder: Path) -> tuple[StageNotes, Findings]:
    """Restore the loudness of the delivered track after the repairs; copy a track without repairs sample for sample."""
    own = f"{repaired.original.loudness_lufs:.2f} LUFS"
    text = f"Not requested: the track keeps its own loudness, {own}"
    if repaired.request.loudness in TARGET_LUFS:
        text += f" ({repaired.request.loudness.value} is used with fixLoudnessIssues or applyMastering only)"
    if repaired.findings is repaired.original:
        _copy(repaired, out)
        return StageNotes(stage="loudness", done=False, text=f"{text}; no sample was changed."), measure_findings(out)
    try:
        limited, findings = _level(repaired, repaired.target_lufs, _own_ceiling_dbtp(repaired), out, folder)
        text += f"{_limiter_text(limited)}."
    except AudioError:
        lufs, limited, findings = _turn_down(repaired, out, folder)
        text = f"Not requested, but {own} cannot be kept after the repairs: turned down to {lufs:.2f} LUFS, where its peaks fit."
    return StageNotes(stage="loudness", done=False, text=text, numbers=_numbers(repaired, findings, limited)), findings


def _set_loudness(repaired: RepairedTrack, out: Path, folder: Path) -> tuple[StageNotes, Findings]:
    """Set the level only: by a gain, and by the limiter where peaks would exceed the ceiling."""
    reason = ""
    for ceiling in _ceilings_dbtp(repaired):
        try:
            limited, findings = _level(repaired, repaired.target_lufs, ceiling, out, folder)
        except AudioError:
            text = f"Tried and dropped: {repaired.target_lufs:.2f} LUFS cannot be reached below {ceiling:g} dBTP."
            reason = reason or text
            continue
        worse = worsened_verdicts(repaired.original, findings, repaired.style, is_master=repaired.is_release)
        note = _loudness_note(repaired, findings, limited, ceiling)
        if not worse:
            return note, findings
        reason = reason or as_dropped(note, worse).text
    lufs, limited, findings = _turn_down(repaired, out, folder)
    text, numbers = f"{reason} Left at {lufs:.2f} LUFS instead.", _numbers(repaired, findings, limited)
    return StageNotes(stage="loudness", done=False, dropped=True, text=text, numbers=numbers), findings


def _ceilings_dbtp(repaired: RepairedTrack) -> tuple[float, ...]:
    """Return the ceilings to try, in this order."""
    own, request = _own_ceiling_dbtp(repaired), repaired.request
    keeps = request.is_master and request.loudness not in TARGET_LUFS
    return (CEILING_DBTP, own) if keeps and CEILING_DBTP < own <= _OVERSHOOT_DBTP else (CEILING_DBTP,)


def _own_ceiling_dbtp(repaired: RepairedTrack) -> float:
    """Return the true peak of the delivered track; -1 dBTP at least."""
    return max(CEILING_DBTP, round(repaired.original.true_peak_dbtp, 2))


def _turn_down(repaired: RepairedTrack, out: Path, folder: Path) -> tuple[float, float, Findings]:
    """Write the track at its own loudness, or at the loudness where its highest peak just fits below the ceiling.

    Returns that loudness in LUFS, the gain reduction of the limiter in dB, and the findings.
    """
    lufs = min(repaired.original.loudness_lufs, CEILING_DBTP - _HEADROOM_DB - repaired.findings.plr_lu)
    return lufs, *_level(repaired, lufs, CEILING_DBTP, out, folder)


def _level(
    repaired: RepairedTrack, target_lufs: float, ceiling_dbtp: float, out: Path, folder: Path
) -> tuple[float, Findings]:
    """Write the track at a loudness; return the largest gain reduction of the limiter in dB, and the findings.

    Raises AudioError if the loudness cannot be reached below the ceiling.
    """
    plan = MasterPlan(
        _master_target(repaired, target_lufs, ceiling_dbtp), None, None, None, False, 0.0, (None, None, None), None, ()
    )
    depth: audio_files.BitDepth = _DEPTH if ceiling_dbtp <= 0.0 else _FLOAT
    with temporary_folder(folder, "level-") as temporary:
        song = prepare(repaired.track, plan, max(repaired.findings.info.seconds, 0.01), temporary, no_progress)
        levelled = set_level(song, target_lufs, ceiling_dbtp, out, depth, _NO_DITHER, no_progress)
    return float(levelled.reduction.max(initial=0.0)), measure_findings(out)


def _copy(repaired: RepairedTrack, out: Path) -> None:
    """Write the track unchanged, at the rate of a finished one; as float if a 24-bit file cannot hold its samples."""
    info, rate = repaired.findings.info, int(_rate(repaired))
    fits = info.bit_depth in (16, 24) and info.rate == rate
    with audio_files.Writer(out, rate, info.channels, _DEPTH if fits else _FLOAT) as writer:
        for block in audio_files.blocks(repaired.track, rate):
            writer.write(block)


def _loudness_note(
    repaired: RepairedTrack, findings: Findings, limited_db: float | None, ceiling_dbtp: float
) -> StageNotes:
    peaks = f"true peak below {ceiling_dbtp:g} dBTP"
    if ceiling_dbtp > CEILING_DBTP:
        peaks += f", no higher than before (at {CEILING_DBTP:g} it would have to be limited harder, or turned down)"
    preference = repaired.request.loudness
    aim = f"{repaired.target_lufs:.0f} requested by {preference.value}"
    if preference not in TARGET_LUFS:
        aim = f"{repaired.target_lufs:.2f} before, which is to be kept"
    text = f"{findings.loudness_lufs:.2f} LUFS, {aim}; {peaks}{_limiter_text(limited_db)}."
    return StageNotes(stage="loudness", done=True, text=text, numbers=_numbers(repaired, findings, limited_db))


def _limiter_text(limited_db: float | None) -> str:
    """Return a clause with the gain reduction of the limiter; empty for None, where the notes of the mastering give it."""
    return f"; limited by up to {limited_db:.1f} dB" if limited_db is not None and limited_db >= _AUDIBLE_DB else ""


def _numbers(repaired: RepairedTrack, findings: Findings, limited_db: float | None) -> dict[str, float]:
    numbers = {"target_lufs": round(repaired.target_lufs, 2), "reached_lufs": round(findings.loudness_lufs, 2)}
    return numbers if limited_db is None else {**numbers, "limited_db": round(limited_db, 2)}


def _rate(repaired: RepairedTrack) -> SampleRate:
    return SampleRate.VIDEO if repaired.findings.info.rate % 48000 == 0 else SampleRate.CD


def _master_target(repaired: RepairedTrack, target_lufs: float, ceiling_dbtp: float) -> MasterTarget:
    tone = tuple(reference_tone_db(repaired.style, is_master=True).tolist())
    return MasterTarget(target_lufs, _rate(repaired), tone, f"the style {repaired.style.label}", ceiling_dbtp)
