"""The bands that play by hand: pop, indie and cinematic.

All tables are musical judgement (composition.md 3.2 and 3.4); `patterns` says how they are written.
"""

from __future__ import annotations

from tonnbook.studio.composition.composer.patterns import Band, Comp, Groove

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
        (
            ("R.......5.......", "R..R..R.R..R..a.", "R.R.R.R.R.R.R.a."),
            ("R...........5...", "R.....R.R.....a.", "R.R.8.R.R.R.8.a."),
        ),
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
        (
            ("R.......5.......", "R..RR...5..RR.a.", "R.R.R.R.5.R.R.a."),
            ("R...........R...", "R...R.5.R...R.a.", "R.RRR.R.5.5.R.a."),
        ),
        (
            Comp("steel-guitar", "strum", _STRUMS, 0.95, 48, 72, 3),
            Comp(
                "steel-guitar-2", "strum", ("....6.......5...", "9...7.6...6.7.6.", "9.7.8.7.9.7.8.7."), 0.95, 55, 79, 2
            ),
            Comp(
                "clean-guitar",
                "broken",
                ("0...2...1...2...", "0.2.1.2.3.2.1.2.", "0.2.3.2.1.2.3.2."),
                1.1,
                57,
                81,
                layer="extra",
            ),
            Comp("harmonium", "held", voices=2, layer="pad", low=55, high=76),
        ),
        (
            Groove("standard-kit", _INDIE_DRUMS),
            Groove(
                "brush-kit",
                _INDIE_DRUMS
                | {"hat": ("", "6.4.6.4.6.4.6.4.", "7.5.7.5.7.5.7.5."), "ride": ("6...5.4.6...5.4.", "", "")},
            ),
            Groove(
                "standard-kit",
                _INDIE_DRUMS
                | {"tom": ("6...........5...", "", "7.5.7.5.7.5.7.5."), "hat": ("", "7.6.7.6.7.6.7...", "")},
            ),
        ),
        tender=("nylon-guitar", "celesta", "flute"),
        bright=("clean-guitar", "celesta", "flute"),
        dark=("violin", "clean-guitar", "nylon-guitar"),
        strong=("clean-guitar",),
        rhythm="straight",
        looseness=1.3,
    ),
)

_CINE_DRUMS = {
    "bass drum": ("6.......4.......", "8.......6.......", "9.......8.......".replace("8", "7")),
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
        (
            ("R...............", "R.......R.......", "R.R.R.R.R.R.R.R."),
            ("R.......5.......", "R...........5...", "R...R...R...R..."),
        ),
        (
            Comp("strings", "held", voices=3, low=52, high=79),
            Comp(
                "harp",
                "broken",
                ("0.1.2.3.4.3.2.1.", "0.1.2.3.4.3.2.1.", ""),
                0.5,
                48,
                76,
                3,
                layer="chords",
            ),
            Comp("string-ostinato", "broken", ("", "0.1.2.1.0.1.2.1.", "0012001200120012"), 0.5, 57, 76, 3),
            Comp("choir", "held", voices=2, layer="pad", low=52, high=74),
            Comp("horns", "held", layer="extra", low=43, high=67, voices=2),
        ),
        (Groove("orchestra-kit", _CINE_DRUMS, "roll"),),
        tender=("oboe", "violin", "flute"),
        bright=("horns", "violin", "flute"),
        dark=("violin", "oboe", "horns"),
        strong=("horns", "violin"),
        rhythm="long",
        looseness=1.2,
    ),
    Band(
        "chamber",
        "contrabass",
        (("R...............", "R.......5.......", "R...R...R...5..."),),
        (
            Comp("strings", "held", voices=3, low=52, high=76),
            Comp(
                "pizzicato",
                "broken",
                ("0...1...2...1...", "0.2.1.2.0.2.1.2.", "0.2.1.2.3.2.1.2."),
                0.6,
                55,
                79,
                3,
            ),
            Comp(
                "piano",
                "broken",
                ("0.1.2.1.3.1.2.1.", "0.1.2.1.3.1.2.1.", "0.1.2.3.0.1.2.3."),
                0.9,
                48,
                72,
                3,
            ),
            Comp("choir", "held", voices=2, layer="pad", low=52, high=74),
            Comp("low-strings", "low", voices=1, layer="extra", low=40, high=55),
        ),
        (Groove("orchestra-kit", _CINE_DRUMS | {"march": ("", "", "5..5..5.5..5..5.")}, "roll"),),
        tender=("violin", "oboe", "celesta"),
        bright=("flute", "horns", "celesta"),
        dark=("violin", "oboe", "horns"),
        strong=("violin", "horns"),
        rhythm="long",
        looseness=1.2,
    ),
)
