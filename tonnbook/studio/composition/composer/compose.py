"""Compose a plan and render it to WAV files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tonnbook.studio.composition.composer.sound.mixdown import Mixdown, mix_down
from tonnbook.studio.composition.composer.sound.render import render_stem
from tonnbook.studio.composition.composer.sound.synth import Synth
from tonnbook.studio.composition.composer.writing.arrange import compose_score, song_of
from tonnbook.studio.composition.composer.writing.plan import ROLES, Plan
from tonnbook.studio.composition.composer.writing.score import Score
from tonnbook.studio.measure.progress import Progress, no_progress, part
from tonnbook.studio.runtime.temporary_folder import temporary_folder

_STEMS_FROM, _STEMS_TO = 0.04, 0.80


@dataclass(frozen=True)
class Composition(Mixdown):
    """A composed song: its score, its files and their measurements."""

    score: Score


def compose(plan: Plan, to: Path, progress: Progress = no_progress) -> Composition:
    """Compose a plan and write `mix.wav` and a WAV per stem into the folder `to`; stems sum to the mix."""
    progress(0.0, "Reading the plan")
    song = song_of(plan)
    score = compose_score(plan)
    progress(_STEMS_FROM, "Wrote the score")
    synth = Synth(song.tonic)
    with temporary_folder(to, "raw-") as raw_folder:
        raw = []
        for n, role in enumerate(ROLES):
            start, stop = (_STEMS_FROM + (_STEMS_TO - _STEMS_FROM) * k / len(ROLES) for k in (n, n + 1))
            stem_progress = part(progress, start, stop)
            raw.append(render_stem(score, role, song.ducked, synth, raw_folder / f"{role}.raw", stem_progress))
        progress(_STEMS_TO, "Mixing")
        done: Mixdown = mix_down(raw, to, plan.looping)
    progress(1.0, "Done")
    return Composition(**vars(done), score=score)
