"""What may not grow: how bad the verdicts of an analysis are, and the bench on which each repair has to prove itself.

A repair is tried on a copy, the copy is listened to, and where any verdict got worse the copy is dropped, and the note says so. Loudness
is left out: it is no fault, it is set in the end, as wished.
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

Treatment = Callable[[Path, Path], None]
"""Reads one file and writes another; linear, so that what is done to stems is done to their sum."""

NOT_ASKED_FOR = "Not asked for."
_FIELDS = {StereoField.BALANCED: 0, StereoField.MONO: 2}


@dataclass(frozen=True)
class Repair:
    """What a stage has found, and its way to do it, if there is anything to do."""

    note: StageNotes
    treatment: Treatment | None = None
    apart_from: frozenset[str] = frozenset()
    """Verdicts that do not count as harm: what this repair does to them is settled by a later stage."""


def badness(said: Verdicts, *, is_master: bool) -> Mapping[str, int]:
    """Return how bad each verdict is, 0 for none. Of the stereo fields mono is the worst."""
    drc = said.master_drc if is_master else said.mix_drc
    levels = dict(said.tonal_profile)
    return {
        "clipping": list(ClippingVerdict).index(said.clipping),
        "compression": int(drc is not Advice.OPTIMAL),
        "stereo field": _FIELDS.get(said.stereo_field, 1),
        "mono compatibility": int(not said.mono_compatible),
        "phase": int(said.phase_issues),
        **{name.replace("_", " "): int(level is not TonalLevel.MEDIUM) for name, level in levels.items()},
    }


def worsened(before: Verdicts, after: Verdicts, *, is_master: bool) -> tuple[str, ...]:
    """Return the verdicts that got worse."""
    was, is_now = badness(before, is_master=is_master), badness(after, is_master=is_master)
    return tuple(name for name in was if is_now[name] > was[name])


def harm(before: Findings, after: Findings, style: AnalysisStyle, *, is_master: bool) -> tuple[str, ...]:
    """Return the verdicts that got worse between two findings."""
    was, is_now = (rules.judge(each, style, is_master=is_master) for each in (before, after))
    return worsened(was, is_now, is_master=is_master)


def dropped(note: StageNotes, worse: tuple[str, ...]) -> StageNotes:
    """Return the note of a stage that did harm."""
    text = f"Tried and dropped, for it made {' and '.join(worse)} worse. {note.text}"
    return note.model_copy(update={"done": False, "text": text})


class Bench:
    """The track as it is by now, its stems where it was taken apart, and the notes of what was done."""

    def __init__(self, source: Path, found: Findings, style: AnalysisStyle, folder: Path, *, is_master: bool) -> None:
        self.track, self.found, self.style, self.folder, self.is_master = source, found, style, folder, is_master
        self.stems: Mapping[str, Path] = {}
        """They add up to the track, whatever is done to it from here on."""
        self.notes: list[StageNotes] = []

    def skip(self, stage: str) -> None:
        """Note that a stage was not asked for."""
        self.notes.append(StageNotes(stage=stage, done=False, text=NOT_ASKED_FOR))

    def attempt(self, repair: Repair) -> None:
        """Do a repair to the track and to its stems, unless it does harm."""
        note, treatment = repair.note, repair.treatment
        if treatment is None:
            self.notes.append(note)
            return
        made = self.folder / f"{note.stage}.wav"
        treatment(self.track, made)
        if self._settle(note, made, repair.apart_from):
            self.stems = {name: self._treated(path, treatment, note.stage) for name, path in self.stems.items()}

    def change(self, note: StageNotes, made: Mapping[str, Path]) -> None:
        """Put other stems in the place of those that are there, unless the sum does harm."""
        if not made:
            self.notes.append(note)
            return
        stems = {**self.stems, **made}
        if self._settle(note, summed(tuple(stems.values()), self.folder / f"{note.stage}.wav")):
            self.stems = stems

    def _treated(self, path: Path, treatment: Treatment, stage: str) -> Path:
        out = path.with_name(f"{path.stem}-{stage}.wav")
        treatment(path, out)
        return out

    def _settle(self, note: StageNotes, made: Path, apart_from: frozenset[str] = frozenset()) -> bool:
        heard = measure_findings(made)
        got_worse = harm(self.found, heard, self.style, is_master=self.is_master)
        worse = tuple(name for name in got_worse if name not in apart_from)
        self.notes.append(dropped(note, worse) if worse else note)
        if worse:
            return False
        self.track, self.found = made, heard
        return True
