"""Enhance a finished mix: repair it stage by stage, with an analysis after each one, then master it and set its loudness.

A stage that makes any verdict worse is dropped, and its note says so; that includes mastering and loudness (`final_mastering`). The requested
loudness is reached within 0.1 LU, below -1 dBTP. The order is (sound.md 3.4): clipping, compression, stems, drums, vocals, tone, stereo,
mastering, loudness. Everything between clipping and mastering is linear, so what is done to the mix after its separation is done to its
stems too, and they still add up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tonnbook import audio_files
from tonnbook.models.enhancement import EnhancementNotes, EnhancementRequest
from tonnbook.models.mastering import CEILING_DBTP
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import AnalysisStyle
from tonnbook.studio.analysis.engine import report
from tonnbook.studio.analysis.listening import measure_findings
from tonnbook.studio.enhancement import repairs
from tonnbook.studio.enhancement import stems as stem_changes
from tonnbook.studio.enhancement.final_mastering import RepairedTrack, finish
from tonnbook.studio.enhancement.session import Repair, RepairSession
from tonnbook.studio.mastering.preview import PREVIEW_S, preview_start, write_preview
from tonnbook.studio.measure.progress import Progress, no_progress, part
from tonnbook.studio.measure.reference_tone import treatment_text
from tonnbook.studio.measure.song_features import measure_master
from tonnbook.studio.measure.streams import write
from tonnbook.studio.runtime.temporary_folder import temporary_folder
from tonnbook.studio.separation.engine import separate

_SERVICE_NAMES = {"vocals": "vocal"}


@dataclass(frozen=True)
class EnhancementOutcome:
    """An enhanced track on disk."""

    track: Path
    preview: Path | None
    preview_start_s: float | None
    notes: EnhancementNotes
    stems: Mapping[str, Path] = field(default_factory=dict)
    """Requested stems by the names of the service, as float files at the rate of the track; those of a preview are as long as it. They
    add up to the repaired track before its mastering and before its loudness was set: limiting a sum cannot be distributed over its parts."""


def enhance(
    source: Path, request: EnhancementRequest, out: Path, preview: Path | None, progress: Progress = no_progress
) -> EnhancementOutcome:
    """Enhance a mix into the WAV file `out`, and its preview into the MP3 file `preview` unless that is None.

    Raises AudioError if the mix cannot be analysed. The same mix and request give the same bytes.
    """
    style = AnalysisStyle(request.style.value)
    with temporary_folder(out.parent, "enhance-") as temporary:
        track = _in_stereo(source, temporary / "stereo.wav")
        original = measure_findings(track)
        session = RepairSession(track, original, style, temporary, is_master=request.is_master)
        target_lufs = RepairedTrack(track, original, original, request, style).target_lufs
        separation = _repair(session, request, target_lufs, progress, return_stems=request.get_stems)
        progress(0.6, "setting the level")
        finished = finish(RepairedTrack(session.track, session.findings, original, request, style), out, temporary)
        start_s, stop_s = (None, None) if preview is None else _write_preview(out, request, preview, progress)
        stems = _write_stems(session.stems, out, start_s or 0.0, stop_s) if request.get_stems else {}
    before = report(original, style, is_master=request.is_master).verdicts
    before = before.model_copy(update={"bit_depth": audio_files.info(source).bit_depth or 0})
    after = report(finished.findings, style, is_master=request.is_master or finished.mastering.done).verdicts
    notes = EnhancementNotes(
        before=before,
        after=after,
        stages=(*_with_treatment(session.notes, style), finished.mastering, finished.loudness),
        separation=separation,
        target_lufs=round(target_lufs, 2),
    )
    return EnhancementOutcome(out, preview, start_s, notes, stems)


def _with_treatment(stages: Sequence[StageNotes], style: AnalysisStyle) -> Iterator[StageNotes]:
    """Yield the notes; that on the tone says which other style this one is treated like, if it is."""
    for note in stages:
        text = treatment_text(style) if note.stage == "tone" else ""
        yield note.model_copy(update={"text": f"{note.text} {text}."}) if text else note


def _in_stereo(source: Path, out: Path) -> Path:
    """Return the track, or a stereo copy of a mono file: played on both sides it is 3 LU louder, and is measured as it will be heard."""
    info = audio_files.info(source)
    if info.channels == 1:
        return write((block.repeat(2, axis=0) for block in audio_files.blocks(source)), out, info, 2)
    return source


def _repair(
    session: RepairSession, request: EnhancementRequest, target_lufs: float, progress: Progress, *, return_stems: bool
) -> str:
    """Run the requested repairs one after the other; return the method of the separation, "" if the mix was not separated."""
    style, is_master = session.style, request.is_master

    def attempt(fraction: float, name: str, requested: bool, decide: Callable[[], Repair]) -> None:
        if not requested:
            session.skip(name)
            return
        progress(fraction, f"repairing: {name}")
        session.apply(decide())

    def compression() -> Repair:
        headroom_lu = CEILING_DBTP - target_lufs
        return repairs.compression(session.track, session.findings, style, headroom_lu, is_master=is_master)

    def tone() -> Repair:
        return repairs.tone(session.findings, style, is_master=is_master, to_be_mastered=request.apply_mastering)

    attempt(0.1, "clipping", request.fix_clipping, lambda: repairs.clipping(session.track, session.findings))
    attempt(0.15, "compression", request.fix_compression, compression)
    separation = _change_stems(session, request, progress, return_stems=return_stems)
    attempt(0.4, "tone", request.fix_tone, tone)
    attempt(0.5, "stereo", request.fix_stereo, lambda: repairs.stereo(session.findings))
    return separation


def _change_stems(
    session: RepairSession, request: EnhancementRequest, progress: Progress, *, return_stems: bool
) -> str:
    """Separate the mix if its stems are needed, and make the requested changes to them; return the method of the separation."""
    folder = session.folder / "stems"

    loudness = stem_changes.StemLoudness()

    def balance(stems: Mapping[str, Path], folder: Path, loudness: stem_changes.StemLoudness) -> stem_changes.Change:
        return stem_changes.balance(stems, session.style, folder, loudness)

    changes: dict[str, tuple[bool, Callable[..., stem_changes.Change]]] = {
        "stems": (request.stem_processing, balance),
        "drums": (request.drum_enhancement, stem_changes.drums),
        "vocals": (request.vocal_enhancement, stem_changes.vocals),
    }
    method = ""
    if return_stems or any(requested for requested, _ in changes.values()):
        folder.mkdir()
        rate = audio_files.info(session.track).rate
        separated = separate(session.track, folder, rate=rate, progress=part(progress, 0.2, 0.4))
        session.stems, method = separated.stems, separated.method
    for name, (requested, change) in changes.items():
        if requested:
            session.replace_stems(*change(session.stems, folder, loudness))
        else:
            session.skip(name)
    return method


def _write_preview(track: Path, request: EnhancementRequest, out: Path, progress: Progress) -> tuple[float, float]:
    """Write the preview; return its start and end in s."""
    progress(0.9, "cutting the preview")
    start_s = preview_start(measure_master(track), request.preview_start_s)
    write_preview(track, start_s, out)
    return start_s, start_s + PREVIEW_S


def _write_stems(stems: Mapping[str, Path], track: Path, start_s: float, stop_s: float | None) -> Mapping[str, Path]:
    """Write the stems beside the track, at its rate, from `start_s` to `stop_s`, None for the end."""
    folder, info = track.parent / "stems", audio_files.info(track)
    folder.mkdir()
    named = {_SERVICE_NAMES.get(name, name): path for name, path in stems.items()}
    return {
        name: write(audio_files.blocks(path, info.rate, start_s=start_s, stop_s=stop_s), folder / f"{name}.wav", info)
        for name, path in named.items()
    }
