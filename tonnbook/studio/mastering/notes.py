"""What an answer says of a finished master: each stage with what it did, told by what was measured on the written file."""

from __future__ import annotations

from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.mastering import MasterNotes, Tone
from tonnbook.models.notes import StageNotes
from tonnbook.models.tone import distance_db
from tonnbook.studio.mastering.decisions import TURNED_DB, in_words, lost_in_mono_db
from tonnbook.studio.mastering.loudness_search import Levelled
from tonnbook.studio.mastering.plan import MasterPlan
from tonnbook.studio.mastering.preview import NEAR_LU, Preview
from tonnbook.studio.mastering.sketch import UNHEARD_CLIP_DB
from tonnbook.studio.mastering.tone import USUAL_SHARE_LEFT, applied_db
from tonnbook.studio.measure.series import series
from tonnbook.studio.measure.song_features import SongFeatures

HEAVY_DB = 14.0
"""Beyond so much over the ceiling a master is squashed, and the notes say so."""


def notes_of(
    features: SongFeatures, plan: MasterPlan, levelled: Levelled, start_s: float, preview: Preview | None
) -> MasterNotes:
    """Return the notes of a master; `preview` is None where none was cut."""
    wished, after, tone = plan.target, levelled.features, _tone(plan)
    return MasterNotes(
        target_lufs=wished.target_lufs,
        ceiling_dbtp=wished.ceiling_dbtp,
        gain_db=round(levelled.level.gain_db, 2),
        before=features.sound(),
        after=after.sound(),
        stages=(
            *(_measured(stage, features, plan, after, tone) for stage in plan.stages),
            *_level_stages(plan, levelled),
        ),
        tone=tone,
        gain_reduction=series(levelled.reduction, 0.01),
        preview_start_s=start_s,
        info=_info(features, levelled, preview),
    )


def _tone(plan: MasterPlan) -> Tone:
    applied = (0.0,) * len(THIRD_OCTAVES)
    if plan.tone_db is not None:
        applied = tuple(applied_db(plan.tone_db, int(plan.target.rate)).round(2).tolist())
    return Tone(
        centres_hz=THIRD_OCTAVES, target_db=tuple(round(db, 2) for db in plan.target.tone_db), applied_db=applied
    )


def _measured(
    stage: StageNotes, features: SongFeatures, plan: MasterPlan, after: SongFeatures, tone: Tone
) -> StageNotes:
    """Return the notes of a stage; those of the tone say what came of it, in the master and in the filter."""
    if stage.stage != "tone" or not stage.done:
        return stage
    was, now = (distance_db(heard.tone_db.tolist(), plan.target.tone_db) for heard in (features, after))
    lowest, highest, held = min(tone.applied_db), max(tone.applied_db), stage.numbers["held_back"]
    text = (
        f"The tone lay {was:.1f} dB from {plan.target.tone_name}; with a linear-phase curve of {lowest:+.1f} to {highest:+.1f} dB "
        f"the master lies {now:.1f} dB from it."
    )
    if now > USUAL_SHARE_LEFT * was and held:
        text += f" In {held:.0f} third-octaves it would take more than a master should do: that is for the mix to set right."
    numbers = {"distance_before_db": round(was, 2), "distance_after_db": round(now, 2), "held_back": held}
    numbers |= {"lowest_gain_db": lowest, "highest_gain_db": highest}
    return stage.model_copy(update={"text": text, "numbers": numbers})


def _level_stages(plan: MasterPlan, levelled: Levelled) -> tuple[StageNotes, ...]:
    level, after, wished = levelled.level, levelled.features, plan.target
    most, working = float(levelled.reduction.max(initial=0.0)), float((levelled.reduction > 0.1).mean())
    limited = (
        f"Gain of {level.gain_db:+.1f} dB; the limiter took up to {most:.1f} dB, and was at work for {working:.0%} of the time."
        if most > 0.1
        else f"Gain of {level.gain_db:+.1f} dB; the limiter had nothing to do."
    )
    landed = (
        f"The written file has {after.loudness_lufs:.2f} LUFS for {wished.target_lufs:g} wished and {after.true_peak_dbtp:.2f} dBTP, "
        f"after {levelled.renders} render{'s' if levelled.renders > 1 else ''}."
    )
    depth = wished.rate.bit_depth
    dither = (
        "16 bit, with triangular dither of one step."
        if depth == 16
        else "24 bit: its steps are far below hearing, no dither."
    )
    clipped = {"clipped_db": round(levelled.clip_db, 2), "over_db": round(levelled.over_db, 2)}
    worked = {"gain_db": round(level.gain_db, 2), "most_db": round(most, 2), "working": round(working, 4)}
    missed = {"miss_lu": round(after.loudness_lufs - wished.target_lufs, 3), "renders": float(levelled.renders)}
    return (
        StageNotes(stage="clip", done=levelled.clip_db > 0, text=_clip(levelled), numbers=clipped),
        StageNotes(stage="limiter", done=most > 0.1, text=limited, numbers=worked),
        StageNotes(stage="loudness", done=True, text=landed, numbers=missed),
        StageNotes(stage="dither", done=depth == 16, text=dither, numbers={"bit_depth": float(depth)}),
    )


def _clip(levelled: Levelled) -> str:
    over = levelled.over_db
    if levelled.clip_db:
        further = " more than goes unheard," if levelled.clip_db > UNHEARD_CLIP_DB else ""
        return (
            f"Before it the hits stand {over:.1f} dB over the ceiling: their tips were rounded by {levelled.clip_db:.1f} dB,{further} "
            "and the rest is the limiter's."
        )
    where = f"{over:.1f} dB over the ceiling" if over > 0.0 else f"{-over:.1f} dB below the ceiling"
    return f"The hits stand {where}: nothing that a clipper would have to take."


def _info(features: SongFeatures, levelled: Levelled, preview: Preview | None) -> tuple[str, ...]:
    lines = []
    if features.channels == 1:
        lines.append(
            "The song is mono; it was measured and mastered as it sounds from both sides, 3 LU louder than the file reads."
        )
    width = features.width_db
    if width is not None and width > TURNED_DB:
        lost = in_words(lost_in_mono_db(width))
        lines.append(
            f"The channels stand against each other (correlation {features.correlation:+.2f}): played in mono, as by many phones, the song "
            f"loses {lost} of its level. Turn the polarity of one channel round in the mix, and master it again."
        )
    if levelled.over_db > HEAVY_DB:
        lines.append(
            f"The target was reached with heavy limiting: the hits stood {levelled.over_db:.1f} dB over the ceiling. A quieter target keeps more punch."
        )
    if preview is not None and preview.quieter_lu > NEAR_LU:
        lines.append(
            f"The preview plays {preview.quieter_lu:.1f} LU quieter than its place in the master: as an MP3 of the same loudness its peaks "
            "would pass the ceiling."
        )
    return tuple(lines)
