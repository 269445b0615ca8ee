"""From a plan to a score: tempo, key, band and theme of the song, then section by section what everybody plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tonnbook.models.composition import TEMPO_BPM, Emotion, Genre
from tonnbook.studio.composition.composer.voices import VOICES
from tonnbook.studio.composition.composer.writing.bands import band_for, lead_for, without
from tonnbook.studio.composition.composer.writing.bass import bass_notes
from tonnbook.studio.composition.composer.writing.comping import comp_notes
from tonnbook.studio.composition.composer.writing.form import bars_of, fit, ritardando
from tonnbook.studio.composition.composer.writing.groove import percussion, transition
from tonnbook.studio.composition.composer.writing.harmony import chord_spans
from tonnbook.studio.composition.composer.writing.melody import harmony_line, holds_register, melody_notes
from tonnbook.studio.composition.composer.writing.moods import MOODS, Mood
from tonnbook.studio.composition.composer.writing.patterns import Band, Comp
from tonnbook.studio.composition.composer.writing.plan import ROLES, Plan
from tonnbook.studio.composition.composer.writing.raga import (
    RAGAS,
    drone,
    harmonium_notes,
    santoor_notes,
    swarmandal_notes,
    tanpura_notes,
)
from tonnbook.studio.composition.composer.writing.raga_melody import raga_melody
from tonnbook.studio.composition.composer.writing.score import Note, Part, Score, Stage
from tonnbook.studio.composition.composer.writing.tala import Cycle, Tala, cycles, tabla_notes, tala_for
from tonnbook.studio.composition.composer.writing.theme import Theme, new_theme
from tonnbook.studio.composition.composer.writing.theory import SCALES

Played = tuple[str, str, list[Note]]
"""Role, voice, notes."""

_TASTE = {Genre.AMBIENT: -0.2, Genre.CINEMATIC: -0.2, Genre.HIPHOP: -0.3}


@dataclass(frozen=True)
class Song:
    """What all sections share."""

    plan: Plan
    tonic: int
    theme: Theme
    bands: tuple[Band, ...]
    """One per section; they share bass, rhythm and colours."""
    tala: Tala
    cycles: tuple[Cycle, ...]
    """Where the tala stands in each section."""
    bpm: float
    beats: tuple[float, ...]

    @property
    def indian(self) -> bool:
        """Whether raga and tala take the place of band and chords."""
        return self.plan.genre is Genre.INDIAN

    @property
    def ducked(self) -> bool:
        """Whether the kick presses bass and chords down."""
        return self.bands[0].ducked and not self.indian


def compose_score(plan: Plan) -> Score:
    """Return the score of a plan. The same plan gives the same score, on every machine."""
    song = song_of(plan)
    stages = tuple(_stage(song, n) for n in range(len(plan.sections)))
    played = [part for stage in stages for part in _section(song, stage)]
    return Score(plan, song.bpm, stages, tuple(_parts(played, plan)))


def song_of(plan: Plan) -> Song:
    """Return what the sections of a plan share."""
    dice = plan.dice("song")
    tonic = dice.randrange(12)
    genre = Genre.POP if plan.genre is Genre.INDIAN else plan.genre
    moods = [MOODS[section.emotion] for section in plan.sections]
    bands = tuple(without(band_for(genre, mood, plan.dice("band")), plan.without) for mood in moods)
    tala = tala_for(plan.tempo, plan.duration_s, plan.looping, dice)
    theme = new_theme("straight" if plan.genre is Genre.INDIAN else bands[0].rhythm, plan.dice("theme"))
    meter = tala.bar if plan.genre is Genre.INDIAN else 4.0
    fitted = fit(plan, TEMPO_BPM[plan.genre][plan.tempo], meter)
    first = bars_of(fitted.beats[0], meter, moods[0], opens=True)
    opening = sum(bar.beats for bar in first if "opening" in bar.layers)
    cycle = cycles(tala, fitted.beats, opening, plan.looping)
    key = plan.tonic if plan.tonic is not None else tonic
    return Song(plan, key, theme, bands, tala, cycle, fitted.bpm, fitted.beats)


def _stage(song: Song, n: int) -> Stage:
    """Return section `n` with its bars and its chords."""
    plan, section = song.plan, song.plan.sections[n]
    mood = MOODS[section.emotion] if song.indian else asked_mode(MOODS[section.emotion], plan.major)
    start, end = section.start_ms / 1000, (section.start_ms + section.length_ms) / 1000
    final = n == len(plan.sections) - 1 and not plan.looping
    after = plan.sections[n + 1].emotion if n + 1 < len(plan.sections) else section.emotion
    stage = Stage(
        index=n,
        emotion=section.emotion,
        start=start,
        end=end,
        beat_s=(end - start) / song.beats[n],
        meter=song.tala.bar if song.indian else 4.0,
        tonic=song.tonic,
        mode=f"raga {RAGAS[section.emotion].name}" if song.indian else mood.mode,
        bars=bars_of(song.beats[n], song.tala.bar if song.indian else 4.0, mood, opens=n == 0),
        final=final,
        step_up=MOODS[after].arousal - mood.arousal,
        slowing=ritardando(plan.genre, mood, song.beats[n]) if final else 0.0,
    )
    if song.indian:
        return replace(stage, chords=(drone(stage, RAGAS[section.emotion]),))
    loops = list(mood.progressions)
    plan.dice("progressions", section.emotion).shuffle(loops)
    turned = loops[n % len(loops) :] + loops[: n % len(loops)]
    return replace(stage, chords=chord_spans(stage.bars, mood, song.tonic, turned, song.bands[n].colours, final))


def asked_mode(mood: Mood, major: bool | None) -> Mood:
    """Return the mood in the mode that was asked for: its chords from a neighbouring mood of that mode, where its own is another.

    Modes count by the chord on their tonic: lydian and mixolydian are major ones, dorian and phrygian minor ones, locrian is neither.
    """
    scale = SCALES[mood.mode]
    if major is None or (7 in scale and major == (4 in scale)):
        return mood
    if major:
        donor = MOODS[Emotion.MOTIVATIONAL if mood.arousal > 0.6 else Emotion.INSPIRATIONAL]
    else:
        donor = MOODS[Emotion.TENSE if mood.dark else Emotion.SAD]
    return replace(
        mood, mode=donor.mode, progressions=donor.progressions, cadence=donor.cadence, half_cadence=donor.half_cadence
    )


def _section(song: Song, stage: Stage) -> Iterator[Played]:
    """Yield what everybody plays in a section."""
    players = _indian(song, stage) if song.indian else _western(song, stage)
    silent, away = song.plan.silent, song.plan.without
    yield from (part for part in players if part[0] not in silent and (part[1] not in away or part[0] == "melody"))


def _western(song: Song, stage: Stage) -> Iterator[Played]:
    plan, band, mood = song.plan, song.bands[stage.index], MOODS[stage.emotion]
    dice = plan.dice("groove", stage.index, stage.emotion)
    groove = dice.choice(band.grooves)
    swing = sum(groove.swing) / 2
    lines = dice.choice(band.bass_lines)
    yield (
        "bass",
        band.bass,
        bass_notes(stage, VOICES[band.bass], lines, plan.dice("bass", stage.index), swing, band.looseness),
    )
    lead = plan.lead or _lead(band, mood, plan.dice("lead").randrange(6))
    tune = melody_notes(
        stage, song.theme, VOICES[lead], plan.dice("melody", stage.index), swing, _TASTE.get(plan.genre, 0.0)
    )
    for comp in _layered(band.comps):
        dice = plan.dice("chords", comp.voice, stage.index)
        yield "chords", comp.voice, comp_notes(stage, comp, tune, dice, swing, band.looseness)
    yield "melody", lead, tune + harmony_line(stage, tune, VOICES[lead])
    for voice, struck in percussion(stage, groove, plan.dice("percussion", stage.index), band.looseness).items():
        yield "percussion", voice, struck
    yield from transition(stage, groove)


def _layered(comps: Sequence[Comp]) -> Iterator[Comp]:
    """Yield the accompanying voices; of those that always play the first does so in thin bars too."""
    always = [comp for comp in comps if comp.layer == "chords"]
    return (replace(comp, layer="full") if comp in always[1:] else comp for comp in comps)


def _lead(band: Band, mood: Mood, turn: int) -> str:
    """Return who leads: in turn, one of those for the mood who can hold its register."""
    choices = list(dict.fromkeys(lead_for(band, mood, turn + n) for n in range(6)))
    return min(choices, key=lambda voice: (max(1.0, holds_register(VOICES[voice], mood)), choices.index(voice)))


def _indian(song: Song, stage: Stage) -> Iterator[Played]:
    plan, raga, cycle = song.plan, RAGAS[stage.emotion], song.cycles[stage.index]
    yield "bass", "tanpura", tanpura_notes(stage, raga, plan.dice("tanpura", stage.index))
    yield "chords", "harmonium", harmonium_notes(stage, raga, cycle.entry)
    yield "chords", "swarmandal", swarmandal_notes(stage, raga, plan.dice("swarmandal", stage.index))
    yield "chords", "santoor", santoor_notes(stage, raga, cycle.entry, plan.dice("santoor", stage.index))
    leads = [voice for voice in raga.lead if voice not in plan.without] or raga.lead
    lead = plan.lead or leads[plan.dice("lead", stage.emotion).randrange(len(leads))]
    tune = raga_melody(stage, raga, song.theme, VOICES[lead], cycle.entry, plan.dice("melody", stage.index))
    yield "melody", lead, tune
    yield "percussion", "tabla", tabla_notes(stage, cycle, plan.dice("percussion", stage.index))


def _parts(played: Sequence[Played], plan: Plan) -> Iterator[Part]:
    """Yield one part per role and voice, with the notes of all sections in order, ended before the song does."""
    names = dict.fromkeys((role, voice) for role, voice, _ in played)
    limit = plan.duration_s - (0.0 if plan.looping else 0.25)
    for role, voice in sorted(names, key=lambda pair: ROLES.index(pair[0])):
        notes = sorted(
            (note for r, v, line in played for note in line if (r, v) == (role, voice) and note.start < limit),
            key=lambda note: (note.start, note.key),
        )
        if notes:
            yield Part(role, voice, tuple(notes))
