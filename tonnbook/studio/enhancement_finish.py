"""The end of an enhancement: the repaired track is mastered, and stands at the loudness that was asked for, below -1 dBTP.

Both are held to the rule of the repairs: what makes a verdict worse is dropped. The mastering is measured against the repaired track; the
loudness, which is a promise, against the track as it came: a repair that it takes back in part is no harm done. A track that is set to
the loudness of a release is judged as a master, for that is what it then is: -9 LUFS leave 8 LU to the peaks, right for a pop master, and
squashed for an orchestra. Where the loudness is dropped the track keeps its own; and where even that would take a limiter that does harm,
it is turned down until its peaks fit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tonnbook.models.enhancement import TARGET_LUFS, EnhanceRequest
from tonnbook.models.mastering import CEILING_DBTP
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import AnalysisStyle, SampleRate
from tonnbook.studio.diagnosis_findings import Findings
from tonnbook.studio.diagnosis_listening import listen
from tonnbook.studio.diagnosis_styles import tone_target_db
from tonnbook.studio.enhancement_judging import NOT_ASKED_FOR, dropped, harm
from tonnbook.studio.mastering_chain import prepare
from tonnbook.studio.mastering_engineer import master_song
from tonnbook.studio.mastering_level import level_to
from tonnbook.studio.mastering_plan import MasterPlan, Wish
from tonnbook.studio.scratch import scratch

_DEPTH: Literal[24] = 24
_HEADROOM_DB = 0.1


@dataclass(frozen=True)
class Repaired:
    """What the repairs have left, and what is wished for it."""

    track: Path
    found: Findings
    as_it_came: Findings
    request: EnhanceRequest
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
    request, target = repaired.request, repaired.target_lufs
    mastering = StageNotes(stage="mastering", done=False, text=NOT_ASKED_FOR)
    if request.apply_mastering and request.is_master:
        mastering = StageNotes(stage="mastering", done=False, text="It is a master already: its level is set, no more.")
    elif request.apply_mastering:
        made = folder / "mastered.wav"
        outcome = master_song(repaired.track, _wish(repaired, target), made)
        done = [stage.stage for stage in outcome.notes.stages if stage.done]
        text = f"Mastered for {repaired.style.label}: {', '.join(done)}."
        mastering = StageNotes(stage="mastering", done=True, text=text)
        heard = listen(made)
        worse = harm(repaired.found, heard, repaired.style, is_master=True)
        if not worse:
            made.replace(out)
            return Finished(mastering, _level_notes(repaired, target, heard.loudness_lufs), heard)
        mastering = dropped(mastering, worse)
    return Finished(mastering, *_levelled(repaired, out, folder))


def _levelled(repaired: Repaired, out: Path, folder: Path) -> tuple[StageNotes, Findings]:
    """Set the level, and nothing else: by a gain, and by the limiter where peaks would pass -1 dBTP."""
    target = repaired.target_lufs
    note, heard = _level(repaired, target, out, folder)
    worse = harm(repaired.as_it_came, heard, repaired.style, is_master=repaired.is_release)
    if not worse:
        return note, heard
    # As loud as it came, or where its highest peak just fits below the ceiling:
    kept = min(repaired.as_it_came.loudness_lufs, CEILING_DBTP - _HEADROOM_DB - repaired.found.plr_lu)
    told, heard = _level(repaired, kept, out, folder)
    note = dropped(note, worse)
    numbers = {**told.numbers, "target_lufs": round(target, 2)}
    return note.model_copy(update={"text": f"{note.text} Left at {kept:.2f} LUFS instead.", "numbers": numbers}), heard


def _level(repaired: Repaired, target_lufs: float, out: Path, folder: Path) -> tuple[StageNotes, Findings]:
    """Write the track at a loudness, and listen to it."""
    wished = _wish(repaired, target_lufs)
    plan = MasterPlan(wished, None, None, None, False, 0.0, (None, None, None), None, ())
    with scratch(folder, "level-") as place:
        song = prepare(repaired.track, plan, max(repaired.found.info.seconds, 0.01), place, lambda _, __: None)
        seed = int.from_bytes(hashlib.sha256(repaired.request.name.encode()).digest()[:8], "big")
        level_to(song, target_lufs, CEILING_DBTP, out, _DEPTH, seed, lambda _, __: None)
    heard = listen(out)
    return _level_notes(repaired, target_lufs, heard.loudness_lufs), heard


def _level_notes(repaired: Repaired, target_lufs: float, reached_lufs: float) -> StageNotes:
    request = repaired.request
    why = request.loudness.label if request.fix_loudness else "its own loudness"
    text = f"{reached_lufs:.2f} LUFS for {target_lufs:.2f} wished ({why}), true peak below {CEILING_DBTP:g} dBTP."
    numbers = {"target_lufs": round(target_lufs, 2), "reached_lufs": round(reached_lufs, 2)}
    return StageNotes(stage="loudness", done=request.fix_loudness, text=text, numbers=numbers)


def _wish(repaired: Repaired, target_lufs: float) -> Wish:
    rate = SampleRate.VIDEO if repaired.found.info.rate % 48000 == 0 else SampleRate.CD
    tone = tuple(tone_target_db(repaired.style, is_master=True).tolist())
    return Wish(target_lufs, rate, tone, f"the style {repaired.style.label}", CEILING_DBTP)
