"""Compose the score of a plan: tempo, key, bands and theme of the song, then the parts of every section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tonnbook.models.composition import TEMPO_BPM, Emotion, Genre
from tonnbook.studio.composition.composer.voices import VOICES
from tonnbook.studio.composition.composer.writing.bands import band_for, lead_for, without
from tonnbook.studio.composition.composer.writing.bass import bass_notes
from tonnbook.studio.composition.composer.writing.comping import comp_notes
from tonnbook.studio.composition.composer.writing.form import bars_of, ending_beats, fit, ritardando
from tonnbook.studio.composition.composer.writing.groove import percussion, transition
from tonnbook.studio.composition.composer.writing.harmony import chord_spans
from tonnbook.studio.composition.composer.writing.melody import harmony_line, melody_notes, register_error
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
from tonnbook.studio.composition.composer.writing.score import Note, Part, Score, ScoreSection
from tonnbook.studio.composition.composer.writing.tala import Cycle, Tala, cycles, tabla_notes, tala_for
from tonnbook.studio.composition.composer.writing.theme import Theme, new_theme
from tonnbook.studio.composition.composer.writing.theory import SCALES

Played = tuple[str, str, list[Note]]
"""Role, voice, notes."""

_BUSYNESS = {Genre.AMBIENT: -0.2, Genre.CINEMATIC: -0.2, Genre.HIPHOP: -0.3}


@dataclass(frozen=True)
class Song:
    """The properties that all sections share."""

    plan: Plan
    tonic: int
    theme: Theme
    bands: tuple[Band, ...]
    """One for each section; they share bass, rhythm and chord tones."""
    tala: Tala
    cycles: tuple[Cycle, ...]
    """The position of the cycle in each section."""
    bpm: float
    beats: tuple[float, ...]
    ending: float
    """Length of the last bar in beats; 0 in a loop."""

    @property
    def indian(self) -> bool:
        """True if the song has a raga and a tala instead of a band and chords."""
        return self.plan.genre is Genre.INDIAN

    @property
    def ducked(self) -> bool:
        """True if the kick ducks bass and chords."""
        return self.bands[0].ducked and not self.indian


def compose_score(plan: Plan) -> Score:
    """Return the score of a plan. The same plan gives the same score, on every machine."""
    song = song_of(plan)
    sections = tuple(_score_section(song, n) for n in range(len(plan.sections)))
    played = [part for section in sections for part in _played(song, section)]
    return Score(plan, song.bpm, sections, tuple(_parts(played, plan)))


def song_of(plan: Plan) -> Song:
    """Return the properties that the sections of a plan share."""
    rng = plan.rng("song")
    tonic = rng.randrange(12)
    genre = Genre.POP if plan.genre is Genre.INDIAN else plan.genre
    moods = [MOODS[section.emotion] for section in plan.sections]
    bands = tuple(without(band_for(genre, mood, plan.rng("band")), plan.without) for mood in moods)
    tala = tala_for(plan.tempo, plan.duration_s, plan.looping, rng)
    theme = new_theme("straight" if plan.genre is Genre.INDIAN else bands[0].rhythm, plan.rng("theme"))
    meter = tala.bar if plan.genre is Genre.INDIAN else 4.0
    fitted = fit(plan, TEMPO_BPM[plan.genre][plan.tempo], meter)
    first = bars_of(fitted.beats[0], meter, moods[0], opens=True)
    opening = sum(bar.beats for bar in first if "opening" in bar.layers)
    last = fitted.beats[-1]
    ending = 0.0 if plan.looping else ending_beats(last, meter, plan.sections[-1].length_ms / 1000 / last)
    cycle = cycles(tala, fitted.beats, opening, ending)
    key = plan.tonic if plan.tonic is not None else tonic
    return Song(plan, key, theme, bands, tala, cycle, fitted.bpm, fitted.beats, ending)


def _score_section(song: Song, n: int) -> ScoreSection:
    """Return section `n` of the score with its bars and chords."""
    plan, planned = song.plan, song.plan.sections[n]
    mood = MOODS[planned.emotion] if song.indian else with_mode(MOODS[planned.emotion], plan.major)
    start, end = planned.start_ms / 1000, (planned.start_ms + planned.length_ms) / 1000
    final = n == len(plan.sections) - 1 and not plan.looping
    after = plan.sections[n + 1].emotion if n + 1 < len(plan.sections) else planned.emotion
    section = ScoreSection(
        index=n,
        emotion=planned.emotion,
        start=start,
        end=end,
        beat_s=(end - start) / song.beats[n],
        meter=song.tala.bar if song.indian else 4.0,
        tonic=song.tonic,
        mode=f"raga {RAGAS[planned.emotion].name}" if song.indian else mood.mode,
        bars=bars_of(song.beats[n], song.tala.bar if song.indian else 4.0, mood, n == 0, song.ending if final else 0.0),
        final=final,
        step_up=MOODS[after].arousal - mood.arousal,
        slowing=ritardando(plan.genre, mood, song.beats[n]) if final else 0.0,
    )
    if song.indian:
        return replace(section, chords=(drone(section, RAGAS[planned.emotion]),))
    loops = list(mood.progressions)
    plan.rng("progressions", planned.emotion).shuffle(loops)
    turned = loops[n % len(loops) :] + loops[: n % len(loops)]
    return replace(section, chords=chord_spans(section.bars, mood, song.tonic, turned, song.bands[n].colours, final))


def with_mode(mood: Mood, major: bool | None) -> Mood:
    """Return the mood in a major or minor mode. If its own mode is another, mode and chords come from a similar mood.

    The chord on the tonic decides: lydian and mixolydian are major, dorian and phrygian minor, locrian is neither.
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


def _played(song: Song, section: ScoreSection) -> Iterator[Played]:
    """Yield the parts of a section without the excluded stems and voices; the melody always has a voice."""
    players = _indian(song, section) if song.indian else _western(song, section)
    silent, without_voices = song.plan.silent, song.plan.without
    for part in players:
        if part[0] not in silent and (part[1] not in without_voices or part[0] == "melody"):
            yield part


def _western(song: Song, section: ScoreSection) -> Iterator[Played]:
    plan, band, mood = song.plan, song.bands[section.index], MOODS[section.emotion]
    rng = plan.rng("groove", section.index, section.emotion)
    groove = rng.choice(band.grooves)
    swing = sum(groove.swing) / 2
    lines = rng.choice(band.bass_lines)
    yield (
        "bass",
        band.bass,
        bass_notes(section, VOICES[band.bass], lines, plan.rng("bass", section.index), swing, band.looseness),
    )
    lead = plan.lead or _lead(band, mood, plan.rng("lead").randrange(6))
    tune = melody_notes(
        section, song.theme, VOICES[lead], plan.rng("melody", section.index), swing, _BUSYNESS.get(plan.genre, 0.0)
    )
    for comp in _layered(band.comps):
        rng = plan.rng("chords", comp.voice, section.index)
        yield "chords", comp.voice, comp_notes(section, comp, tune, rng, swing, band.looseness)
    yield "melody", lead, tune + harmony_line(section, tune, VOICES[lead])
    for voice, struck in percussion(section, groove, plan.rng("percussion", section.index), band.looseness).items():
        yield "percussion", voice, struck
    yield from transition(section, groove)


def _layered(comps: Sequence[Comp]) -> Iterator[Comp]:
    """Yield the accompanying voices. Of those on the layer "chords" only the first plays in thin bars too."""
    always = [comp for comp in comps if comp.layer == "chords"]
    return (replace(comp, layer="full") if comp in always[1:] else comp for comp in comps)


def _lead(band: Band, mood: Mood, turn: int) -> str:
    """Return the lead voice: the first of the mood's voices, from `turn` on, that can play in its register."""
    choices = list(dict.fromkeys(lead_for(band, mood, turn + n) for n in range(6)))
    return min(choices, key=lambda voice: (max(1.0, register_error(VOICES[voice], mood)), choices.index(voice)))


def _indian(song: Song, section: ScoreSection) -> Iterator[Played]:
    plan, raga, cycle = song.plan, RAGAS[section.emotion], song.cycles[section.index]
    yield "bass", "tanpura", tanpura_notes(section, raga, plan.rng("tanpura", section.index))
    yield "chords", "harmonium", harmonium_notes(section, raga, cycle.entry)
    yield "chords", "swarmandal", swarmandal_notes(section, raga, plan.rng("swarmandal", section.index))
    yield "chords", "santoor", santoor_notes(section, raga, cycle.entry, plan.rng("santoor", section.index))
    leads = [voice for voice in raga.lead if voice not in plan.without] or raga.lead
    lead = plan.lead or leads[plan.rng("lead", section.emotion).randrange(len(leads))]
    tune = raga_melody(section, raga, song.theme, VOICES[lead], cycle.entry, plan.rng("melody", section.index))
    yield "melody", lead, tune
    yield "percussion", "tabla", tabla_notes(section, cycle, plan.rng("percussion", section.index))


def _parts(played: Sequence[Played], plan: Plan) -> Iterator[Part]:
    """Yield one part for each role and voice, with the notes of all sections in order."""
    names = dict.fromkeys((role, voice) for role, voice, _ in played)
    limit = plan.duration_s - (0.0 if plan.looping else 0.25)
    for role, voice in sorted(names, key=lambda pair: ROLES.index(pair[0])):
        notes = sorted(
            (note for r, v, line in played for note in line if (r, v) == (role, voice) and note.start < limit),
            key=lambda note: (note.start, note.key),
        )
        if notes:
            yield Part(role, voice, tuple(notes))
