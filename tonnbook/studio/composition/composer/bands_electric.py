"""The bands of machines and keyboards: R&B, hip-hop, electronic and ambient.

All tables are musical judgement (composition.md 3.2 and 3.4); `patterns` says how they are written.
"""

from __future__ import annotations

from tonnbook.studio.composition.composer.patterns import Band, Comp, Groove

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
        (
            ("R.......R.R.....", "R......R..5...a.", "R..R....R.5...a."),
            ("R.......5.......", "R..8...R..R...a.", "R..8....R.R.5.a."),
        ),
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
        colours=(7, 9),
        rhythm="syncopated",
        looseness=1.4,
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
        (
            ("R.........R.....", "R......RR.....a.", "R......RR...8.a."),
            ("R.........5.....", "R......5R.....a.", "R..R...5R.....a."),
        ),
        (
            Comp(
                "rhodes",
                "block",
                ("8.......5.......", "8.......5.6.....", "8..6....6.7....."),
                hold=0.98,
                voices=3,
                late_ms=14,
            ),
            Comp(
                "nylon-guitar",
                "broken",
                ("", "..1...2...1...3.", "..1.2...3.2.1..."),
                0.9,
                55,
                76,
                layer="extra",
            ),
            Comp("warm-pad", "held", voices=3, layer="pad", low=55, high=74),
        ),
        (Groove("dusty-kit", _BOOM_BAP, "snare", (0.58, 0.62), 11.0),),
        tender=("soft-piano", "vibraphone", "nylon-guitar"),
        bright=("vibraphone", "flute", "soft-piano"),
        dark=("flute", "vibraphone", "soft-piano"),
        strong=("flute", "square-lead"),
        colours=(7,),
        rhythm="syncopated",
        looseness=1.3,
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
        colours=(7,),
        rhythm="syncopated",
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
        (
            ("R.......R.......", "..R...R...R...R.", "..R...R...R...8."),
            ("R.....R...R.....", "..RR..RR..RR..Ra", ".RRR.RRR.RRR.RRR"),
        ),
        (
            Comp(
                "saw-chords", "block", ("6...............", "..7...7...7...7.", "8..7..7.8..7..7."), hold=0.55, voices=3
            ),
            Comp("polysynth", "broken", ("0...1...2...3...", "0.1.2.3.2.1.0.2.", "0123210301232103"), 0.7, 60, 86),
            Comp("warm-pad", "held", voices=3, layer="pad", low=52, high=79),
        ),
        (Groove("electronic-kit", _EDM, "claps"),),
        tender=("polysynth", "square-lead", "kalimba"),
        bright=("saw-lead", "square-lead"),
        dark=("saw-lead", "square-lead"),
        strong=("saw-lead",),
        rhythm="syncopated",
        looseness=0.3,
        ducked=True,
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
        (
            Groove(
                "electronic-kit", _EDM | {"snare": ("....6.......6...", "....9.......9...", "....9.......9...")}, "toms"
            ),
        ),
        tender=("square-lead", "polysynth", "bells"),
        bright=("saw-lead", "square-lead"),
        dark=("saw-lead", "square-lead"),
        strong=("saw-lead", "square-lead"),
        rhythm="straight",
        looseness=0.3,
        ducked=True,
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
            Comp(
                "vibraphone",
                "broken",
                ("0...........2...", "0.....2.....3...", "0..2..3..2..1..."),
                1.1,
                60,
                86,
                layer="pad",
            ),
            Comp("space-voice", "held", voices=2, layer="pad", low=55, high=81),
        ),
        (Groove("brush-kit", _AMBIENT, "none"),),
        tender=("pan-flute", "celesta", "soft-piano"),
        bright=("celesta", "pan-flute", "kalimba"),
        dark=("soft-piano", "pan-flute", "glass-pad"),
        strong=("celesta", "pan-flute"),
        colours=(9,),
        rhythm="long",
        looseness=2.0,
    ),
    Band(
        "glass",
        "soft-bass",
        (("R...............", "R...............", "R...........5..."),),
        (
            Comp("warm-pad", "held", voices=3, low=52, high=76),
            Comp(
                "kalimba",
                "broken",
                ("0.......2.......", "0...2...1...3...", "0.2...1...3.2..."),
                1.1,
                64,
                88,
                layer="pad",
            ),
            Comp("glass-pad", "held", voices=2, layer="pad", low=57, high=84),
        ),
        (Groove("brush-kit", _AMBIENT, "none"),),
        tender=("vibraphone", "soft-piano", "pan-flute"),
        bright=("vibraphone", "celesta", "pan-flute"),
        dark=("soft-piano", "space-voice", "pan-flute"),
        strong=("vibraphone", "pan-flute"),
        colours=(9,),
        rhythm="long",
        looseness=2.0,
    ),
)
