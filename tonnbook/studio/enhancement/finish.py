"""The end of an enhancement: the repaired track is mastered, and stands at the loudness that was asked for, below -1 dBTP.

Both are held to the rule of the repairs: what makes a verdict worse is dropped. The mastering is measured against the repaired track; the
loudness, which is a promise, against the track as it came: a repair that it takes back in part is no harm done. A track that is set to
the loudness of a release is judged as a master, for that is what it then is: -9 LUFS leave 8 LU to the peaks, right for a pop master, and
squashed for an orchestra.

Where a limiter at -1 dBTP would do harm to a master that is to stay as loud as it is, its peaks may go as high as they came; where that
does not help, or another loudness was asked for, the track keeps its own, or is turned down until its peaks fit. A track whose loudness
is not to be touched is never turned down: what the repairs took or gave is given back; and one to which nothing was done passes as it is.
"""

from __future__ import annotations

import hashlib
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
from tonnbook.studio.enhancement.judging import NOT_ASKED_FOR, dropped, harm
from tonnbook.studio.mastering.chain import prepare
from tonnbook.studio.mastering.engine import master_song
from tonnbook.studio.mastering.loudness_search import level_to
from tonnbook.studio.mastering.plan import MasterPlan, MasterTarget
from tonnbook.studio.measure.progress import no_progress
from tonnbook.studio.measure.reference_tone import reference_tone_db
from tonnbook.studio.runtime.temporary_folder import temporary_folder

_DEPTH: Literal[24] = 24
_FLOAT: Literal[32] = 32
_HEADROOM_DB = 0.1
_OVERSHOOT_DBTP = 3.0  # what a wave cut off at full scale may have between its samples; no master has more
_HEARD_DB = 0.1


@dataclass(frozen=True)
class Repaired:
    """What the repairs have left, and what is wished for it."""

    track: Path
    found: Findings
    as_it_came: Findings
    request: EnhancementRequest
    style: AnalysisStyle

    @property
    def target_lufs(self) -> float:
        """The loudness that is asked for."""
        request = self.request
        own = self.as_it_came.loudness_lufs
        return TARGET_LUFS.get(request.loudness, own) if request.fix_loudness else own

    @property
    def is_release(self) -> bool:
        """Whether the result stands at the loudness of a release."""
        return self.request.is_master or (self.request.fix_loudness and self.request.loudness in TARGET_LUFS)


@dataclass(frozen=True)
class Finished:
    """What was made of it in the end."""

    mastering: StageNotes
    loudness: StageNotes
    found: Findings
    """Measured on the written file."""


def finish(repaired: Repaired, out: Path, folder: Path) -> Finished:
    """Write the finished track to `out`."""
    request = repaired.request
    mastering = StageNotes(stage="mastering", done=False, text=NOT_ASKED_FOR)
    if request.apply_mastering and request.is_master:
        mastering = StageNotes(stage="mastering", done=False, text="It is a master already: its level is set, no more.")
    elif request.apply_mastering:
        made = folder / "mastered.wav"
        mastering, heard, worse = _mastered(repaired, made)
        if heard and not worse:
            made.replace(out)
            return Finished(mastering, _level_notes(repaired, heard, None, CEILING_DBTP), heard)
        mastering = dropped(mastering, worse) if worse else mastering
    if not request.fix_loudness:
        return Finished(mastering, *_as_loud_as_it_came(repaired, out, folder))
    return Finished(mastering, *_levelled(repaired, out, folder))


def _mastered(repaired: Repaired, out: Path) -> tuple[StageNotes, Findings | None, tuple[str, ...]]:
    """Master the track; return what was done, what was heard, and the verdicts that got worse. Nothing is heard of what cannot be reached."""
    target, label = repaired.target_lufs, repaired.style.label
    try:
        outcome = master_song(repaired.track, _wish(repaired, target, CEILING_DBTP), out)
    except AudioError:
        text = f"Tried and dropped, for {target:.2f} LUFS cannot be reached below {CEILING_DBTP:g} dBTP."
        return StageNotes(stage="mastering", done=False, text=text), None, ()
    done = [stage.stage for stage in outcome.notes.stages if stage.done]
    note = StageNotes(stage="mastering", done=True, text=f"Mastered for {label}: {', '.join(done)}.")
    heard = measure_findings(out)
    return note, heard, harm(repaired.found, heard, repaired.style, is_master=True)


def _as_loud_as_it_came(repaired: Repaired, out: Path, folder: Path) -> tuple[StageNotes, Findings]:
    """Give back what the repairs took of the loudness, or gave to it; pass on a track to which nothing was done, sample for sample."""
    own = f"{repaired.as_it_came.loudness_lufs:.2f} LUFS"
    text = f"Not asked for: it stays at its own loudness, {own}"
    if repaired.found is repaired.as_it_came:
        _passed_on(repaired, out)
        return StageNotes(stage="loudness", done=False, text=f"{text}; no sample was touched."), measure_findings(out)
    try:
        limited, heard = _level(repaired, repaired.target_lufs, _own_ceiling_dbtp(repaired), out, folder)
        text += f"{_said_of_limiter(limited)}."
    except AudioError:
        kept, limited, heard = _turned_down(repaired, out, folder)
        text = f"Not asked for, but {own} cannot be held after the repairs: turned down to {kept:.2f} LUFS, where its peaks fit."
    return StageNotes(stage="loudness", done=False, text=text, numbers=_numbers(repaired, heard, limited)), heard


def _levelled(repaired: Repaired, out: Path, folder: Path) -> tuple[StageNotes, Findings]:
    """Set the level, and nothing else: by a gain, and by the limiter where peaks would pass the ceiling."""
    why = ""
    for ceiling in _ceilings_dbtp(repaired):
        try:
            limited, heard = _level(repaired, repaired.target_lufs, ceiling, out, folder)
        except AudioError:
            why = (
                why
                or f"Tried and dropped, for {repaired.target_lufs:.2f} LUFS cannot be reached below {ceiling:g} dBTP."
            )
            continue
        worse = harm(repaired.as_it_came, heard, repaired.style, is_master=repaired.is_release)
        note = _level_notes(repaired, heard, limited, ceiling)
        if not worse:
            return note, heard
        why = why or dropped(note, worse).text
    kept, limited, heard = _turned_down(repaired, out, folder)
    text = f"{why} Left at {kept:.2f} LUFS instead."
    return StageNotes(stage="loudness", done=False, text=text, numbers=_numbers(repaired, heard, limited)), heard


def _ceilings_dbtp(repaired: Repaired) -> tuple[float, ...]:
    """Return where the peaks may be held, in the order in which it is tried."""
    own, request = _own_ceiling_dbtp(repaired), repaired.request
    stays = request.is_master and request.loudness not in TARGET_LUFS
    return (CEILING_DBTP, own) if stays and CEILING_DBTP < own <= _OVERSHOOT_DBTP else (CEILING_DBTP,)


def _own_ceiling_dbtp(repaired: Repaired) -> float:
    """Return where the peaks of the track stood when it came; -1 dBTP at the least."""
    return max(CEILING_DBTP, round(repaired.as_it_came.true_peak_dbtp, 2))


def _turned_down(repaired: Repaired, out: Path, folder: Path) -> tuple[float, float, Findings]:
    """Write the track as loud as it came, or where its highest peak just fits below the ceiling; return where that is."""
    kept = min(repaired.as_it_came.loudness_lufs, CEILING_DBTP - _HEADROOM_DB - repaired.found.plr_lu)
    return kept, *_level(repaired, kept, CEILING_DBTP, out, folder)


def _level(
    repaired: Repaired, target_lufs: float, ceiling_dbtp: float, out: Path, folder: Path
) -> tuple[float, Findings]:
    """Write the track at a loudness; return by how many dB the limiter went down at the most, and what is heard then.

    Raises AudioError where that loudness cannot be had below the ceiling.
    """
    plan = MasterPlan(
        _wish(repaired, target_lufs, ceiling_dbtp), None, None, None, False, 0.0, (None, None, None), None, ()
    )
    depth: audio_files.BitDepth = _DEPTH if ceiling_dbtp <= 0.0 else _FLOAT
    with temporary_folder(folder, "level-") as place:
        song = prepare(repaired.track, plan, max(repaired.found.info.seconds, 0.01), place, no_progress)
        seed = int.from_bytes(hashlib.sha256(repaired.request.name.encode()).digest()[:8], "big")
        made = level_to(song, target_lufs, ceiling_dbtp, out, depth, seed, no_progress)
    return float(made.reduction.max(initial=0.0)), measure_findings(out)


def _passed_on(repaired: Repaired, out: Path) -> None:
    """Write the track as it is, at the rate of a finished one; what a 24-bit file cannot hold goes into a float file."""
    info, rate = repaired.found.info, int(_rate(repaired))
    whole = info.bit_depth in (16, 24) and info.rate == rate
    with audio_files.Writer(out, rate, info.channels, _DEPTH if whole else _FLOAT) as writer:
        for block in audio_files.blocks(repaired.track, rate):
            writer.write(block)


def _level_notes(repaired: Repaired, heard: Findings, limited_db: float | None, ceiling_dbtp: float) -> StageNotes:
    why, held = repaired.request.loudness.label, f"true peak below {ceiling_dbtp:g} dBTP"
    if ceiling_dbtp > CEILING_DBTP:
        held += f", no higher than it came (at {CEILING_DBTP:g} it would have to be limited harder, or turned down)"
    text = f"{heard.loudness_lufs:.2f} LUFS for {repaired.target_lufs:.2f} wished ({why}), {held}{_said_of_limiter(limited_db)}."
    return StageNotes(stage="loudness", done=True, text=text, numbers=_numbers(repaired, heard, limited_db))


def _said_of_limiter(limited_db: float | None) -> str:
    """Return by how much it was limited, in words; nothing for None: the mastering says that itself."""
    return f"; limited by up to {limited_db:.1f} dB" if limited_db is not None and limited_db >= _HEARD_DB else ""


def _numbers(repaired: Repaired, heard: Findings, limited_db: float | None) -> dict[str, float]:
    numbers = {"target_lufs": round(repaired.target_lufs, 2), "reached_lufs": round(heard.loudness_lufs, 2)}
    return numbers if limited_db is None else {**numbers, "limited_db": round(limited_db, 2)}


def _rate(repaired: Repaired) -> SampleRate:
    return SampleRate.VIDEO if repaired.found.info.rate % 48000 == 0 else SampleRate.CD


def _wish(repaired: Repaired, target_lufs: float, ceiling_dbtp: float) -> MasterTarget:
    tone = tuple(reference_tone_db(repaired.style, is_master=True).tolist())
    return MasterTarget(target_lufs, _rate(repaired), tone, f"the style {repaired.style.label}", ceiling_dbtp)
