"""Apply repairs to a track one after the other, and keep each only if it makes no verdict of the analysis worse.

A repair is rendered into a new file, that file is analysed, and if any verdict got worse the file is dropped, and the notes say so. The
loudness is not compared: it is no fault, and is set at the end as requested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tonnbook.models.analysis import Verdicts
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import Advice, AnalysisStyle, ClippingVerdict, StereoField, TonalLevel
from tonnbook.studio.analysis import verdicts as rules
from tonnbook.studio.analysis.findings import Findings
from tonnbook.studio.analysis.listening import measure_findings
from tonnbook.studio.measure.streams import summed

Processing = Callable[[Path, Path], None]
"""Process one audio file into another. Linear, so that processing stems processes their sum."""

NOT_REQUESTED = "Not requested."
_FIELD_SEVERITY = {StereoField.BALANCED: 0, StereoField.MONO: 2}


@dataclass(frozen=True)
class Repair:
    """What a stage has found, and the processing that repairs it; None if there is nothing to do."""

    note: StageNotes
    processing: Processing | None = None
    ignored: frozenset[str] = frozenset()
    """Verdicts that may get worse, because a later stage decides them."""


def severity(verdicts: Verdicts, *, is_master: bool) -> Mapping[str, int]:
    """Return how bad each verdict is, 0 for no fault. Of the stereo fields mono is the worst."""
    compression = verdicts.master_drc if is_master else verdicts.mix_drc
    levels = dict(verdicts.tonal_profile)
    return {
        "clipping": list(ClippingVerdict).index(verdicts.clipping),
        "compression": int(compression is not Advice.OPTIMAL),
        "stereo field": _FIELD_SEVERITY.get(verdicts.stereo_field, 1),
        "mono compatibility": int(not verdicts.mono_compatible),
        "phase": int(verdicts.phase_issues),
        **{name.replace("_", " "): int(level is not TonalLevel.MEDIUM) for name, level in levels.items()},
    }


def worsened(before: Verdicts, after: Verdicts, *, is_master: bool) -> tuple[str, ...]:
    """Return the names of the verdicts that got worse."""
    old, new = severity(before, is_master=is_master), severity(after, is_master=is_master)
    return tuple(name for name in old if new[name] > old[name])


def worsened_verdicts(before: Findings, after: Findings, style: AnalysisStyle, *, is_master: bool) -> tuple[str, ...]:
    """Return the names of the verdicts that got worse between two analyses of a track."""
    old, new = (rules.judge(each, style, is_master=is_master) for each in (before, after))
    return worsened(old, new, is_master=is_master)


def as_dropped(note: StageNotes, worse: tuple[str, ...]) -> StageNotes:
    """Return the note of a stage that was tried, and dropped because it made the verdicts `worse`."""
    text = f"Tried and dropped: it made {' and '.join(worse)} worse. {note.text}"
    return note.model_copy(update={"done": False, "dropped": True, "text": text})


class RepairSession:
    """A track under repair: its current file and findings, its stems if it was separated, and the notes of all stages so far."""

    def __init__(
        self, source: Path, findings: Findings, style: AnalysisStyle, folder: Path, *, is_master: bool
    ) -> None:
        self.track, self.findings, self.style, self.folder = source, findings, style, folder
        self.is_master = is_master
        self.stems: Mapping[str, Path] = {}
        """They add up to the track, after every repair."""
        self.notes: list[StageNotes] = []

    def skip(self, stage: str) -> None:
        """Note that a stage was not requested."""
        self.notes.append(StageNotes(stage=stage, done=False, text=NOT_REQUESTED))

    def apply(self, repair: Repair) -> None:
        """Apply a repair to the track and to its stems, unless it makes a verdict worse."""
        note, processing = repair.note, repair.processing
        if processing is None:
            self.notes.append(note)
            return
        repaired = self.folder / f"{note.stage}.wav"
        processing(self.track, repaired)
        if self._accept(note, repaired, repair.ignored):
            self.stems = {name: _processed(path, processing, note.stage) for name, path in self.stems.items()}

    def replace_stems(self, note: StageNotes, changed: Mapping[str, Path]) -> None:
        """Replace some stems by changed ones, unless the sum makes a verdict worse."""
        if not changed:
            self.notes.append(note)
            return
        stems = {**self.stems, **changed}
        if self._accept(note, summed(tuple(stems.values()), self.folder / f"{note.stage}.wav")):
            self.stems = stems

    def _accept(self, note: StageNotes, repaired: Path, ignored: frozenset[str] = frozenset()) -> bool:
        """Analyse a repaired file; make it the track if no verdict got worse, and add the note. Return whether it was accepted."""
        findings = measure_findings(repaired)
        all_worse = worsened_verdicts(self.findings, findings, self.style, is_master=self.is_master)
        worse = tuple(name for name in all_worse if name not in ignored)
        self.notes.append(as_dropped(note, worse) if worse else note)
        if worse:
            return False
        self.track, self.findings = repaired, findings
        return True


def _processed(path: Path, processing: Processing, stage: str) -> Path:
    out = path.with_name(f"{path.stem}-{stage}.wav")
    processing(path, out)
    return out
