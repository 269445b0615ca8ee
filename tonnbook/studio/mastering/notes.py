"""Report on a finished master: what each stage did and why, with the numbers measured on the written file."""

from __future__ import annotations

from tonnbook.dsp.linear_phase import gains_between, impulse, response
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.mastering import MasterNotes, Tone
from tonnbook.models.notes import StageNotes
from tonnbook.models.tone import distance_db
from tonnbook.studio.mastering.loudness_search import INAUDIBLE_CLIP_DB, LevelledSong
from tonnbook.studio.mastering.plan import INVERTED_WIDTH_DB, MasterPlan, mono_loss_text
from tonnbook.studio.mastering.preview import NEAR_LU, Preview
from tonnbook.studio.measure.series import series
from tonnbook.studio.measure.song_features import SongFeatures

HEAVY_DB = 14.0
"""Above this far over the ceiling a master is limited so heavily that the notes warn about it."""

_USUAL_SHARE_LEFT = 0.7  # of the distance to the reference tone: more is left only where the limits cut the curve


def master_notes(
    features: SongFeatures, plan: MasterPlan, levelled: LevelledSong, start_s: float, preview: Preview | None
) -> MasterNotes:
    """Return the notes of a master; `start_s` is where a preview starts, `preview` is None where none was written."""
    target, after, tone = plan.target, levelled.features, _tone(plan)
    return MasterNotes(
        target_lufs=target.target_lufs,
        ceiling_dbtp=target.ceiling_dbtp,
        gain_db=round(levelled.level.gain_db, 2),
        before=features.sound(),
        after=after.sound(),
        stages=(
            *(_with_result(stage, features, plan, after, tone) for stage in plan.stages),
            *_level_stages(plan, levelled),
        ),
        tone=tone,
        gain_reduction=series(levelled.reduction, 0.01),
        preview_start_s=start_s,
        info=_info(features, levelled, preview),
    )


def _tone(plan: MasterPlan) -> Tone:
    """Return the reference spectrum and the gain that the filter really has in each third octave."""
    applied, rate = (0.0,) * len(THIRD_OCTAVES), int(plan.target.rate)
    if plan.tone_db is not None:
        curve = response(impulse(gains_between(THIRD_OCTAVES, plan.tone_db, rate)), THIRD_OCTAVES, rate)
        applied = tuple(curve.round(2).tolist())
    target_db = tuple(round(level, 2) for level in plan.target.tone_db)
    return Tone(centres_hz=THIRD_OCTAVES, target_db=target_db, applied_db=applied)


def _with_result(
    stage: StageNotes, features: SongFeatures, plan: MasterPlan, after: SongFeatures, tone: Tone
) -> StageNotes:
    """Return the notes of a planned stage; those of the tone with its result in the master and in the filter."""
    if stage.stage != "tone" or not stage.done:
        return stage
    was, now = (distance_db(song.tone_db.tolist(), plan.target.tone_db) for song in (features, after))
    lowest, highest, cut = min(tone.applied_db), max(tone.applied_db), stage.numbers["held_back"]
    text = (
        f"The tone was {was:.1f} dB from {plan.target.tone_name}; with a linear-phase curve of {lowest:+.1f} to {highest:+.1f} dB "
        f"the master is {now:.1f} dB from it."
    )
    if now > _USUAL_SHARE_LEFT * was and cut:
        text += f" {cut:.0f} third octaves would need more than mastering should change: correct them in the mix."
    numbers = {"distance_before_db": round(was, 2), "distance_after_db": round(now, 2), "held_back": cut}
    numbers |= {"lowest_gain_db": lowest, "highest_gain_db": highest}
    return stage.model_copy(update={"text": text, "numbers": numbers})


def _level_stages(plan: MasterPlan, levelled: LevelledSong) -> tuple[StageNotes, ...]:
    level, after, target = levelled.level, levelled.features, plan.target
    most, working = float(levelled.reduction.max(initial=0.0)), float((levelled.reduction > 0.1).mean())
    limited = (
        f"Gain of {level.gain_db:+.1f} dB; the limiter reduced it by up to {most:.1f} dB, during {working:.0%} of the time."
        if most > 0.1
        else f"Gain of {level.gain_db:+.1f} dB; the limiter had nothing to do."
    )
    reached = (
        f"The written file has {after.loudness_lufs:.2f} LUFS for a target of {target.target_lufs:g} and {after.true_peak_dbtp:.2f} dBTP, "
        f"after {levelled.renders} render{'s' if levelled.renders > 1 else ''}."
    )
    depth = target.rate.bit_depth
    dither = (
        "16 bit, with triangular dither of one step." if depth == 16 else "24 bit: the steps are inaudible, no dither."
    )
    clipped = {"clipped_db": round(levelled.clip_db, 2), "over_db": round(levelled.over_db, 2)}
    worked = {"gain_db": round(level.gain_db, 2), "most_db": round(most, 2), "working": round(working, 4)}
    missed = {"miss_lu": round(after.loudness_lufs - target.target_lufs, 3), "renders": float(levelled.renders)}
    return (
        StageNotes(stage="clip", done=levelled.clip_db > 0, text=_clip_text(levelled), numbers=clipped),
        StageNotes(stage="limiter", done=most > 0.1, text=limited, numbers=worked),
        StageNotes(stage="loudness", done=True, text=reached, numbers=missed),
        StageNotes(stage="dither", done=depth == 16, text=dither, numbers={"bit_depth": float(depth)}),
    )


def _clip_text(levelled: LevelledSong) -> str:
    over = levelled.over_db
    if levelled.clip_db:
        audible = ", which is audible" if levelled.clip_db > INAUDIBLE_CLIP_DB else ""
        return (
            f"The hits are {over:.1f} dB over the ceiling: the clipper rounds their peaks by {levelled.clip_db:.1f} dB{audible}, "
            "the limiter reduces the rest."
        )
    where = f"{over:.1f} dB over the ceiling" if over > 0.0 else f"{-over:.1f} dB below the ceiling"
    return f"The hits are {where}: nothing for the clipper to do."


def _info(features: SongFeatures, levelled: LevelledSong, preview: Preview | None) -> tuple[str, ...]:
    lines = []
    if features.channels == 1:
        lines.append(
            "The song is mono; it is measured and mastered as it is played on both sides, 3 LU louder than the file itself."
        )
    width = features.width_db
    if width is not None and width > INVERTED_WIDTH_DB:
        lines.append(
            f"The channels work against each other (correlation {features.correlation:+.2f}): in mono, as many phones play it, the song "
            f"loses {mono_loss_text(width)} of its level. Invert the polarity of one channel in the mix and master it again."
        )
    if levelled.over_db > HEAVY_DB:
        lines.append(
            f"The target needed heavy limiting: the hits were {levelled.over_db:.1f} dB over the ceiling. A quieter target keeps more punch."
        )
    if preview is not None and preview.quieter_lu > NEAR_LU:
        lines.append(
            f"The preview plays {preview.quieter_lu:.1f} LU quieter than that part of the master: as an MP3 of the same loudness its peaks "
            "would pass the ceiling."
        )
    return tuple(lines)
