"""The bands of each genre: instruments and patterns, in the notation of `patterns`, and the choice of band and lead voice.

All tables are musical judgement. Indian songs have no band; see `raga` and `tala`.
"""

from __future__ import annotations

import random
from collections.abc import Set
from dataclasses import replace

from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.writing.moods import Mood
from tonnbook.studio.composition.composer.writing.patterns import Band, Comp, Groove

# fmt: off
_POP_DRUMS = {
    "kick": ("9.......5.......", "9..?..?.9.?.....", "9...9...9...9..?"),
    "rim": ("....5.......5...", "", ""),
    "snare": ("", "....9.......9..?", "....9.......9..?"),
    "hat": ("5...4...5...4...", "7.5.7.5.7.5.7.5.", "7.5.7.5.7.5.7.5."),
    "open": ("", "..............?.", "..6...6...6...6."),
    "tambourine": ("", "", "....6.......6..."),
    "shaker": ("..3...3...3...3.", "", "3.4.3.4.3.4.3.4."),
}
POP = (
    Band(
        "pop band",
        "finger-bass",
        (("R.......5.......", "R..R..R.R..R..a.", "R.R.R.R.R.R.R.a."), ("R...........5...", "R.....R.R.....a.", "R.R.8.R.R.R.8.a.")),
        (
            Comp("piano", "block", ("8.......6.......", "9..7..6...7.6...", "9...8...9...8.6."), hold=0.95, voices=3),
            Comp("clean-guitar", "broken", ("0...1...2...1...", "0.1.2.1.3.2.1.2.", "0.2.1.2.3.2.1.2."), 1.1, 55, 79),
            Comp("strings", "held", voices=3, layer="pad", low=55, high=81),
        ),
        (
            Groove("standard-kit", _POP_DRUMS),
            Groove("standard-kit", _POP_DRUMS | {"kick": ("9...............", "9.....?.9.7.....", "9..7..9.9..?..7.")}),
        ),
        tender=("vibraphone", "flute", "violin"),
        bright=("kalimba", "flute", "square-lead", "celesta"),
        dark=("violin", "clean-guitar", "square-lead"),
        strong=("square-lead", "clean-guitar"),
        rhythm="straight",
    ),
    Band(
        "synth pop",
        "square-bass",
        (("R.......8.......", "R.R.R.R.R.R.R.a.", "R.8.R.8.R.8.R.8."),),
        (
            Comp("piano", "block", ("8...............", "9.....7.....7...", "9..8..9...8.7..."), hold=0.9, voices=3),
            Comp("polysynth", "broken", ("0...2...1...2...", "0.2.1.2.3.2.1.2.", "0213021302130213"), 0.8, 60, 84),
            Comp("warm-pad", "held", voices=3, layer="pad", low=55, high=79),
        ),
        (Groove("standard-kit", _POP_DRUMS | {"clap": ("", "....7.......7...", "....8.......8...")}, fill="snare"),),
        tender=("vibraphone", "flute", "kalimba"),
        bright=("square-lead", "kalimba", "vibraphone"),
        dark=("square-lead", "violin", "flute"),
        strong=("saw-lead", "square-lead"),
        rhythm="syncopated",
    ),
)

_INDIE_DRUMS = {
    "kick": ("8.........?.....", "9.....7.9..?....", "9.?...7.9.9...7."),
    "rim": ("....5.......5...", "", ""),
    "snare": ("", "....9..4....9...", "....9..?....9..5"),
    "hat": ("5.3.5.3.5.3.5.3.", "7.6.7.6.7.6.7...", "8.6.8.6.8.6.8.6."),
    "open": ("", "..............6.", "..............7."),
    "tambourine": ("", "..5...5...5...5.", "..6...6...6...6."),
}
_STRUMS = ("8.......6...5...", "9...7.6...6.7.6.", "9.7.8.7.9.7.8.7.")
INDIE = (
    Band(
        "indie band",
        "finger-bass",
        (("R.......5.......", "R..RR...5..RR.a.", "R.R.R.R.5.R.R.a."), ("R...........R...", "R...R.5.R...R.a.", "R.RRR.R.5.5.R.a.")),
        (
            Comp("steel-guitar", "strum", _STRUMS, 0.95, 48, 72, 3),
            Comp("steel-guitar-2", "strum", ("....6.......5...", "9...7.6...6.7.6.", "9.7.8.7.9.7.8.7."), 0.95, 55, 79, 2),
            Comp("clean-guitar", "broken", ("0...2...1...2...", "0.2.1.2.3.2.1.2.", "0.2.3.2.1.2.3.2."), 1.1, 57, 81, layer="extra"),
            Comp("harmonium", "held", voices=2, layer="pad", low=55, high=76),
        ),
        (
            Groove("standard-kit", _INDIE_DRUMS),
            Groove("brush-kit", _INDIE_DRUMS | {"hat": ("", "6.4.6.4.6.4.6.4.", "7.5.7.5.7.5.7.5."), "ride": ("6...5.4.6...5.4.", "", "")}),
            Groove("standard-kit", _INDIE_DRUMS | {"tom": ("6...........5...", "", "7.5.7.5.7.5.7.5."), "hat": ("", "7.6.7.6.7.6.7...", "")}),
        ),
        tender=("nylon-guitar", "celesta", "flute"),
        bright=("clean-guitar", "celesta", "flute"),
        dark=("violin", "clean-guitar", "nylon-guitar"),
        strong=("clean-guitar",),
        rhythm="straight", looseness=1.3,
    ),
)

_CINE_DRUMS = {
    "bass drum": ("6.......4.......", "8.......6.......", "9.......7......."),
    "taiko": ("............3...", "9.....6.8.......", "9..6..8.9..6.887"),
    "low taiko": ("", "....5.....6.7.8.", "..7...7...7...7."),
    "timpani": ("4...............", "8...............", "9...........7.8."),
    "march": ("", "", "..5.5.5...5.5.55"),
    "triangle": ("3...3...3...3...", "....3.......3...", ""),
}
CINEMATIC = (
    Band(
        "orchestra",
        "contrabass",
        (("R...............", "R.......R.......", "R.R.R.R.R.R.R.R."), ("R.......5.......", "R...........5...", "R...R...R...R...")),
        (
            Comp("strings", "held", voices=3, low=52, high=79),
            Comp("harp", "broken", ("0.1.2.3.4.3.2.1.", "0.1.2.3.4.3.2.1.", ""), 0.5, 48, 76, 3, layer="chords"),
            Comp("string-ostinato", "broken", ("", "0.1.2.1.0.1.2.1.", "0012001200120012"), 0.5, 57, 76, 3),
            Comp("choir", "held", voices=2, layer="pad", low=52, high=74),
            Comp("horns", "held", layer="extra", low=43, high=67, voices=2),
        ),
        (Groove("orchestra-kit", _CINE_DRUMS, "roll"),),
        tender=("oboe", "violin", "flute"),
        bright=("horns", "violin", "flute"),
        dark=("violin", "oboe", "horns"),
        strong=("horns", "violin"),
        rhythm="long", looseness=1.2,
    ),
    Band(
        "chamber",
        "contrabass",
        (("R...............", "R.......5.......", "R...R...R...5..."),),
        (
            Comp("strings", "held", voices=3, low=52, high=76),
            Comp("pizzicato", "broken", ("0...1...2...1...", "0.2.1.2.0.2.1.2.", "0.2.1.2.3.2.1.2."), 0.6, 55, 79, 3),
            Comp("piano", "broken", ("0.1.2.1.3.1.2.1.", "0.1.2.1.3.1.2.1.", "0.1.2.3.0.1.2.3."), 0.9, 48, 72, 3),
            Comp("choir", "held", voices=2, layer="pad", low=52, high=74),
            Comp("low-strings", "low", voices=1, layer="extra", low=40, high=55),
        ),
        (Groove("orchestra-kit", _CINE_DRUMS | {"march": ("", "", "5..5..5.5..5..5.")}, "roll"),),
        tender=("violin", "oboe", "celesta"),
        bright=("flute", "horns", "celesta"),
        dark=("violin", "oboe", "horns"),
        strong=("violin", "horns"),
        rhythm="long", looseness=1.2,
    ),
)


_RNB_DRUMS = {
    "kick": ("9......?..6.....", "9......6..7....?", "9..?...6..7..6.."),
    "snare": ("....6..2.1..6..1", "....7..2....7.2.", "....8..2....8.2."),
    "clap": ("", "....8.......8...", "....8.......8..?"),
    "rim": ("....5.......5...", "..........?.....", "...?......?....."),
    "hat": ("6.3.6.4.6.346.34", "7.4.74457.4.7445", "8.4484458.448445"),
    "shaker": ("", "..3...3...3...3.", "..4...4...4...4."),
    "conga": ("", "...?..?....?..?.", "...5..6....5..6."),
}
RNB = (
    Band(
        "neo soul",
        "synth-bass",
        (("R.......R.R.....", "R......R..5...a.", "R..R....R.5...a."), ("R.......5.......", "R..8...R..R...a.", "R..8....R.R.5.a.")),
        (
            Comp("rhodes", "block", ("8.......5.6.....", "8.......6.7.....", "8..6....7.6...6."), hold=0.95, late_ms=8),
            Comp("jazz-guitar", "broken", ("", "..2...1.....3...", "..2.3.1...2.3..."), 0.5, 57, 81, layer="extra"),
            Comp("warm-pad", "held", voices=2, layer="pad", low=55, high=76),
        ),
        (Groove("808-kit", _RNB_DRUMS, "claps", (0.56, 0.60), 6.0),),
        tender=("jazz-guitar", "flute", "vibraphone"),
        bright=("jazz-guitar", "square-lead", "vibraphone"),
        dark=("flute", "jazz-guitar", "square-lead"),
        strong=("square-lead", "jazz-guitar"),
        colours=(7, 9), rhythm="syncopated", looseness=1.4,
    ),
)

_BOOM_BAP = {
    "kick": ("9......?..7.....", "9......7..8...?.", "9.?....7..9.?..?"),
    "snare": ("....8..2.1..8...", "....9..2.2..9...", "....9..2.2..9..3"),
    "hat": ("6.4.6.436.436.43", "7.5.7.547.557.5.", "7.557.5.7.557.55"),
    "open": ("", "..............?.", "......6.......?."),
    "shaker": ("", "..3...3...3...3.", ""),
}
_TRAP = {
    "kick": ("9.........7...?.", "9.....7....?..?.", "9..?..7...8...7."),
    "snare": ("........7.......", "........9.......", "........9......."),
    "clap": ("", "........7.......", "........9......?"),
    "hat": ("5.4.5.4.5.4.5.44", "7.5.7.5.7.5.7575", "7575757775757577"),
    "open": ("", "", "..........6....."),
    "cowbell": ("", "", "...?..?....?...."),
}
HIPHOP = (
    Band(
        "boom bap",
        "sub-bass",
        (("R.........R.....", "R......RR.....a.", "R......RR...8.a."), ("R.........5.....", "R......5R.....a.", "R..R...5R.....a.")),
        (
            Comp("rhodes", "block", ("8.......5.......", "8.......5.6.....", "8..6....6.7....."), hold=0.98, voices=3, late_ms=14),
            Comp("nylon-guitar", "broken", ("", "..1...2...1...3.", "..1.2...3.2.1..."), 0.9, 55, 76, layer="extra"),
            Comp("warm-pad", "held", voices=3, layer="pad", low=55, high=74),
        ),
        (Groove("dusty-kit", _BOOM_BAP, "snare", (0.58, 0.62), 11.0),),
        tender=("soft-piano", "vibraphone", "nylon-guitar"),
        bright=("vibraphone", "flute", "soft-piano"),
        dark=("flute", "vibraphone", "soft-piano"),
        strong=("flute", "square-lead"),
        colours=(7,), rhythm="syncopated", looseness=1.3,
    ),
    Band(
        "trap",
        "sub-bass",
        (("R...............", "R.....R....5....", "R..R..R...8...a."),),
        (
            Comp("piano", "broken", ("0...1...2...1...", "0..1..2.1..3..2.", "0..1..2.3..2..1."), 0.9, 60, 84),
            Comp("rhodes", "block", ("8...............", "7...............", "8.......7......."), hold=1.0),
            Comp("strings", "held", voices=2, layer="pad", low=55, high=79),
        ),
        (Groove("808-kit", _TRAP, "roll", (0.52, 0.56)),),
        tender=("bells", "flute", "kalimba"),
        bright=("bells", "flute", "square-lead"),
        dark=("flute", "bells", "violin"),
        strong=("square-lead", "bells"),
        colours=(7,), rhythm="syncopated",
    ),
)

_EDM = {
    "kick": ("9.......9.......", "9...9...9...9...", "9...9...9...9..."),
    "clap": ("....6.......6...", "....8.......8...", "....9.......9..?"),
    "hat": ("4.4.4.4.4.4.4.4.", "5.5.5.5.5.5.5.5.", "5445544554455445"),
    "open": ("", "..7...7...7...7.", "..8...8...8...8."),
    "snare": ("", "", "..............?."),
    "shaker": ("..4...4...4...4.", "3.433.433.433.43", ""),
}
ELECTRONIC = (
    Band(
        "house",
        "square-bass",
        (("R.......R.......", "..R...R...R...R.", "..R...R...R...8."), ("R.....R...R.....", "..RR..RR..RR..Ra", ".RRR.RRR.RRR.RRR")),
        (
            Comp("saw-chords", "block", ("6...............", "..7...7...7...7.", "8..7..7.8..7..7."), hold=0.55, voices=3),
            Comp("polysynth", "broken", ("0...1...2...3...", "0.1.2.3.2.1.0.2.", "0123210301232103"), 0.7, 60, 86),
            Comp("warm-pad", "held", voices=3, layer="pad", low=52, high=79),
        ),
        (Groove("electronic-kit", _EDM, "claps"),),
        tender=("polysynth", "square-lead", "kalimba"),
        bright=("saw-lead", "square-lead"),
        dark=("saw-lead", "square-lead"),
        strong=("saw-lead",),
        rhythm="syncopated", looseness=0.3, ducked=True,
    ),
    Band(
        "synthwave",
        "square-bass",
        (("R...R...R...R...", "R.R.R.R.R.R.R.R.", "RRRRRRRRRRRRRR8a"),),
        (
            Comp("saw-chords", "held", low=52, high=79, voices=3),
            Comp("polysynth", "broken", ("0...2...1...2...", "0.2.1.2.3.2.1.2.", "0213021302130213"), 0.7, 57, 84),
            Comp("warm-pad", "held", voices=3, layer="pad", low=52, high=76),
        ),
        (Groove("electronic-kit", _EDM | {"snare": ("....6.......6...", "....9.......9...", "....9.......9...")}, "toms"),),
        tender=("square-lead", "polysynth", "bells"),
        bright=("saw-lead", "square-lead"),
        dark=("saw-lead", "square-lead"),
        strong=("saw-lead", "square-lead"),
        rhythm="straight", looseness=0.3, ducked=True,
    ),
)

_AMBIENT = {
    "shaker": ("2.......2.......", "3.2.2...3.2.2...", "4.2.3.2.4.2.3.2."),
    "soft drum": ("5...............", "6.........4.....", "7.....5...6....."),
    "triangle": ("........2.......", "....3...........", "....3.......3..."),
    "ride": ("", "4...............", "4.......3......."),
}
AMBIENT = (
    Band(
        "drift",
        "soft-bass",
        (("R...............", "R...............", "R.......5......."),),
        (
            Comp("fantasia", "held", voices=3, low=52, high=79),
            Comp("vibraphone", "broken", ("0...........2...", "0.....2.....3...", "0..2..3..2..1..."), 1.1, 60, 86, layer="pad"),
            Comp("space-voice", "held", voices=2, layer="pad", low=55, high=81),
        ),
        (Groove("brush-kit", _AMBIENT, "none"),),
        tender=("pan-flute", "celesta", "soft-piano"),
        bright=("celesta", "pan-flute", "kalimba"),
        dark=("soft-piano", "pan-flute", "glass-pad"),
        strong=("celesta", "pan-flute"),
        colours=(9,), rhythm="long", looseness=2.0,
    ),
    Band(
        "glass",
        "soft-bass",
        (("R...............", "R...............", "R...........5..."),),
        (
            Comp("warm-pad", "held", voices=3, low=52, high=76),
            Comp("kalimba", "broken", ("0.......2.......", "0...2...1...3...", "0.2...1...3.2..."), 1.1, 64, 88, layer="pad"),
            Comp("glass-pad", "held", voices=2, layer="pad", low=57, high=84),
        ),
        (Groove("brush-kit", _AMBIENT, "none"),),
        tender=("vibraphone", "soft-piano", "pan-flute"),
        bright=("vibraphone", "celesta", "pan-flute"),
        dark=("soft-piano", "space-voice", "pan-flute"),
        strong=("vibraphone", "pan-flute"),
        colours=(9,), rhythm="long", looseness=2.0,
    ),
)
# fmt: on

BANDS: dict[Genre, tuple[Band, ...]] = {
    Genre.POP: POP,
    Genre.AMBIENT: AMBIENT,
    Genre.INDIE: INDIE,
    Genre.RNB: RNB,
    Genre.CINEMATIC: CINEMATIC,
    Genre.HIPHOP: HIPHOP,
    Genre.ELECTRONIC: ELECTRONIC,
}
_OTHER_LEADS = ("flute", "vibraphone", "piano")
"""Lead voices if all those of a band are excluded."""


def band_for(genre: Genre, mood: Mood, rng: random.Random) -> Band:
    """Return a random band of the genre. Hip-hop is trap for lively moods that are dark or very lively, else mostly boom bap."""
    choice = rng.choice(BANDS[genre])
    if genre is Genre.HIPHOP:
        hard = mood.arousal >= 0.6 and (mood.dark or mood.arousal > 0.8 or rng.random() < 0.4)
        return HIPHOP[1] if hard else HIPHOP[0]
    return choice


def without(band: Band, voices: Set[str]) -> Band:
    """Return a band without some voices: other voices of the band play their parts, or else other instruments."""
    if not voices:
        return band

    def left(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in (*names, *_OTHER_LEADS) if name not in voices)[: len(names)] or names

    comps = tuple(comp for comp in band.comps if comp.voice not in voices)
    comps = comps or tuple(comp for comp in POP[0].comps if comp.voice not in voices)[:1] or band.comps
    if not any(comp.layer == "chords" for comp in comps):
        comps = (replace(comps[0], layer="chords"), *comps[1:])
    tender, bright, dark, strong = (left(names) for names in (band.tender, band.bright, band.dark, band.strong))
    return replace(band, comps=comps, tender=tender, bright=bright, dark=dark, strong=strong)


def lead_for(band: Band, mood: Mood, turn: int) -> str:
    """Return the lead voice for a mood; `turn` cycles through the choices."""
    lively = band.strong if mood.arousal > 0.85 else band.dark if mood.dark else band.bright
    choices = band.tender if mood.arousal < 0.4 else lively
    return choices[turn % len(choices)]
