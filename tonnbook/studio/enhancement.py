"""The enhancement engine: repairs a finished mix stage by stage, and listens again after each one.

A stage that makes any verdict worse is dropped, and says so. The loudness that is asked for is no fault and is judged by itself: it is
reached within 0.1 LU, below -1 dBTP. Order (sound.md 3.4): clipping, stems, tone, stereo, mastering, loudness.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import log10
from pathlib import Path
from typing import Literal

from tonnbook import audio_files
from tonnbook.models.analysis import Verdicts
from tonnbook.models.enhancement import TARGET_LUFS, EnhanceNotes, EnhanceRequest
from tonnbook.models.mastering import CEILING_DBTP, StageNotes
from tonnbook.models.vocabulary import Advice, AnalysisStyle, ClippingVerdict, SampleRate, StereoField, TonalLevel
from tonnbook.studio import diagnosis_verdicts as rules
from tonnbook.studio import enhancement_stages as stages
from tonnbook.studio.diagnosis import diagnose
from tonnbook.studio.diagnosis_listening import Findings, listen
from tonnbook.studio.diagnosis_styles import tone_target_db
from tonnbook.studio.mastering_chain import prepare
from tonnbook.studio.mastering_engineer import master_song
from tonnbook.studio.mastering_level import level_to
from tonnbook.studio.mastering_level import listen as listen_to_level
from tonnbook.studio.mastering_plan import MasterPlan, Wish
from tonnbook.studio.mastering_preview import preview_start, write_preview
from tonnbook.studio.scratch import scratch
from tonnbook.studio.separation import separate

Progress = Callable[[float, str], None]
Repair = Callable[[Path, Findings, Path], StageNotes]

_DEPTH: Literal[24] = 24


@dataclass(frozen=True)
class EnhanceOutcome:
    """An enhanced track on disk."""

    track: Path
    preview: Path | None
    preview_start_s: float | None
    notes: EnhanceNotes
    stems: Mapping[str, Path] = field(default_factory=dict)
    """By the names that the service uses, where they were asked for; they add up to the track."""


def enhance(
    source: Path, request: EnhanceRequest, out: Path, preview: Path | None, progress: Progress = lambda _, __: None
) -> EnhanceOutcome:
    """Enhance a mix into the WAV file `out`, and its preview into the MP3 file `preview` where one is wanted.

    Raises AudioError where it cannot be measured. The same mix and request give the same bytes.
    """
    style = AnalysisStyle(request.style.value)
    before = diagnose(source, style, is_master=request.is_master)
    found = listen(source)
    target = _target_lufs(request, found)
    with scratch(out.parent, "enhance-") as place:
        current, notes = _repaired(source, found, request, style, place, progress)
        progress(0.5, "setting the level")
        notes += _finished(current, found, request, style, target, out, place)
    progress(0.9, "listening to the result")
    after = diagnose(out, style, is_master=request.is_master or _is_done(notes, "mastering"))
    start_s = None
    if preview is not None:
        start_s = preview_start(listen_to_level(out), request.preview_start_s)
        write_preview(out, start_s, preview)
    told = EnhanceNotes(before=before.verdicts, after=after.verdicts, stages=notes, target_lufs=round(target, 2))
    stems = _stems(out) if preview is None and request.get_stems else {}
    return EnhanceOutcome(out, preview, start_s, told, stems)


def _stems(track: Path) -> Mapping[str, Path]:
    """Take the finished track apart, at its own rate."""
    folder = track.parent / "stems"
    folder.mkdir()
    made = separate(track, folder, rate=audio_files.info(track).rate)
    return {"vocal" if name == "vocals" else name: path for name, path in made.items()}


def badness(said: Verdicts, *, is_master: bool) -> Mapping[str, int]:
    """Return how bad each verdict is, 0 for none: what may not grow. Loudness is left out: it is set in the end, as wished."""
    drc = said.master_drc if is_master else said.mix_drc
    levels = dict(said.tonal_profile)
    return {
        "clipping": list(ClippingVerdict).index(said.clipping),
        "compression": int(drc is not Advice.OPTIMAL),
        "stereo field": int(said.stereo_field is not StereoField.BALANCED),
        "mono compatibility": int(not said.mono_compatible),
        "phase": int(said.phase_issues),
        **{name.replace("_", " "): int(level is not TonalLevel.MEDIUM) for name, level in levels.items()},
    }


def worsened(before: Verdicts, after: Verdicts, *, is_master: bool) -> tuple[str, ...]:
    """Return the verdicts that got worse."""
    was, is_now = badness(before, is_master=is_master), badness(after, is_master=is_master)
    return tuple(name for name in was if is_now[name] > was[name])


def _repaired(
    source: Path, found: Findings, request: EnhanceRequest, style: AnalysisStyle, folder: Path, progress: Progress
) -> tuple[Path, tuple[StageNotes, ...]]:
    """Run the repairs that are asked for, each on what the one before it has left."""
    tone = partial(stages.tone, style=style, is_master=request.is_master)
    wanted: dict[str, tuple[bool, Repair]] = {
        "clipping": (request.fix_clipping, stages.clipping),
        "tone": (request.fix_tone, tone),
        "stereo": (request.fix_stereo, stages.stereo),
    }
    notes = []
    for n, (name, (asked, repair)) in enumerate(wanted.items()):
        progress(0.1 + 0.12 * n, f"repairing: {name}")
        if not asked:
            notes.append(StageNotes(stage=name, done=False, text="Not asked for."))
            continue
        out = folder / f"{name}.wav"
        note = repair(source, found, out)
        if note.done:
            source, found, note = _kept_or_dropped(source, found, out, note, style, is_master=request.is_master)
        notes.append(note)
    if request.stem_processing or request.drum_enhancement or request.vocal_enhancement:
        text = "The studio works on the whole mix: its separation is too rough to change drums or voice by themselves."
        notes.insert(1, StageNotes(stage="stems", done=False, text=text))
    return source, tuple(notes)


def _kept_or_dropped(
    source: Path, found: Findings, out: Path, note: StageNotes, style: AnalysisStyle, *, is_master: bool
) -> tuple[Path, Findings, StageNotes]:
    heard = listen(out)
    was, is_now = (rules.judge(each, style, is_master=is_master) for each in (found, heard))
    worse = worsened(was, is_now, is_master=is_master)
    return (source, found, _dropped(note, worse)) if worse else (out, heard, note)


def _dropped(note: StageNotes, worse: tuple[str, ...]) -> StageNotes:
    text = f"Tried and dropped, for it made {' and '.join(worse)} worse. {note.text}"
    return note.model_copy(update={"done": False, "text": text})


def _finished(
    source: Path,
    found: Findings,
    request: EnhanceRequest,
    style: AnalysisStyle,
    target_lufs: float,
    out: Path,
    folder: Path,
) -> tuple[StageNotes, StageNotes]:
    """Master the repaired mix where that is asked for; else, or where that did harm, set its level only."""
    wished = _wish(found, style, target_lufs)
    mastering = StageNotes(stage="mastering", done=False, text="Not asked for.")
    if request.apply_mastering and request.is_master:
        mastering = StageNotes(stage="mastering", done=False, text="It is a master already: its level is set, no more.")
    elif request.apply_mastering:
        made = folder / "mastered.wav"
        outcome = master_song(source, wished, made)
        done = [stage.stage for stage in outcome.notes.stages if stage.done]
        text = f"Mastered for {style.label}: {', '.join(done)}."
        mastering = StageNotes(stage="mastering", done=True, text=text)
        was, is_now = (rules.judge(listen(each), style, is_master=True) for each in (source, made))
        if worse := worsened(was, is_now, is_master=True):
            mastering = _dropped(mastering, worse)
        else:
            made.replace(out)
            reached = outcome.notes.after.loudness_lufs
            return mastering, _level_notes(request, target_lufs, reached if reached is not None else target_lufs)
    return mastering, _levelled(source, wished, request, out, folder)


def _levelled(source: Path, wished: Wish, request: EnhanceRequest, out: Path, folder: Path) -> StageNotes:
    """Set the level: by a gain, and by the limiter where peaks would pass -1 dBTP."""
    plan = MasterPlan(wished, None, None, None, False, 0.0, (None, None, None), None, ())
    song = prepare(source, plan, max(listen(source).info.seconds, 0.01), folder, lambda _, __: None)
    seed = int.from_bytes(hashlib.sha256(source.name.encode()).digest()[:8], "big")
    levelled = level_to(song, wished.target_lufs, CEILING_DBTP, out, _DEPTH, seed, lambda _, __: None)
    return _level_notes(request, wished.target_lufs, levelled.features.loudness_lufs)


def _level_notes(request: EnhanceRequest, target_lufs: float, reached_lufs: float) -> StageNotes:
    why = request.loudness.label if request.fix_loudness else "its own loudness"
    text = f"{reached_lufs:.2f} LUFS for {target_lufs:.2f} wished ({why}), true peak below {CEILING_DBTP:g} dBTP."
    numbers = {"target_lufs": round(target_lufs, 2), "reached_lufs": round(reached_lufs, 2)}
    return StageNotes(stage="loudness", done=request.fix_loudness, text=text, numbers=numbers)


def _wish(found: Findings, style: AnalysisStyle, target_lufs: float) -> Wish:
    rate = SampleRate.VIDEO if found.info.rate % 48000 == 0 else SampleRate.CD
    tone = tuple(tone_target_db(style, is_master=True).tolist())
    return Wish(target_lufs, rate, tone, f"the style {style.label}", CEILING_DBTP)


def _target_lufs(request: EnhanceRequest, found: Findings) -> float:
    """Return the loudness of the result, which is stereo: a mono track is kept as it sounds from both sides, 3 LU over its file."""
    own = found.loudness_lufs + (10.0 * log10(2.0) if found.info.channels == 1 else 0.0)
    return TARGET_LUFS.get(request.loudness, own) if request.fix_loudness else own


def _is_done(notes: tuple[StageNotes, ...], name: str) -> bool:
    return any(note.stage == name and note.done for note in notes)
