"""The instruments and stems that the prompt reader knows."""

from __future__ import annotations

INSTRUMENTS: tuple[tuple[str, str, str], ...] = (
    (r"rhodes|(?:electric|e-)\s?pianos?|keys", "rhodes", "rnb"),
    (r"(?:grand |upright |solo )?pianos?", "piano", ""),
    (r"sitars?", "sitar", "indian"),
    (r"tablas?", "tabla", "indian"),
    (r"tanpura", "tanpura", "indian"),
    (r"harmonium", "harmonium", "indian"),
    (r"bansuri", "bansuri", "indian"),
    (r"sarangi", "sarangi", "indian"),
    (r"she(?:h)?nai", "shehnai", "indian"),
    (r"pan flutes?|panpipes", "pan-flute", ""),
    (r"flutes?", "flute", ""),
    (r"violins?|fiddles?", "violin", ""),
    (r"oboes?", "oboe", "cinematic"),
    (r"french horns?|horns?|brass|trumpets?|trombones?", "horns", "cinematic"),
    (r"ukuleles?", "nylon-guitar", "indie"),
    (r"(?:acoustic|nylon|classical|spanish) guitars?", "nylon-guitar", "indie"),
    (r"jazz guitars?", "jazz-guitar", ""),
    (r"electric guitars?|guitars?", "clean-guitar", ""),
    (r"vibraphones?|marimbas?|xylophones?", "vibraphone", ""),
    (r"kalimbas?|thumb pianos?", "kalimba", ""),
    (r"celestas?|glockenspiels?|music box", "celesta", ""),
    (r"bells?|chimes", "bells", ""),
    (r"strings", "violin", ""),
    (r"(?:synth |warm |soft )?pads?", "pads", ""),
    (r"synth(?:s|esizers?)?", "saw-lead", "electronic"),
)
"""Pattern, voice, and the genre that it hints at."""

NO_LEADS = frozenset({"tabla", "tanpura", "harmonium", "pads"})
"""Instruments that do not take the melody."""

_PADS = ("warm-pad", "fantasia", "glass-pad", "space-voice")
RELATED: dict[str, tuple[str, ...]] = {
    "piano": ("piano", "soft-piano"),
    "nylon-guitar": ("nylon-guitar", "steel-guitar", "steel-guitar-2"),
    "clean-guitar": ("clean-guitar", "jazz-guitar", "nylon-guitar", "steel-guitar", "steel-guitar-2"),
    "violin": ("violin", "strings", "low-strings", "string-ostinato"),
    "saw-lead": ("saw-lead", "square-lead", "saw-chords", "polysynth", *_PADS),
    "flute": ("flute", "pan-flute"),
    "pads": _PADS,
}
"""All voices that stay away where one of them was asked away; "guitar" means every guitar."""

STEMS: tuple[tuple[str, str], ...] = (
    (r"drums?|drumming|drummers?|percussion|beats?", "percussion"),
    (r"bass(?:line)?", "bass"),
    (r"melod(?:y|ies)|leads?", "melody"),
    (r"chords?|harmon(?:y|ies)", "chords"),
)
ALWAYS = r"drums?|drumming|percussion|bass(?:line)?|melod(?:y|ies)|chords?"
"""What every song has unless it is asked away."""

VOCALS = r"vocals?|vocalists?|singing|singers?|lyrics|voices?|rapping|choirs?"
"""What no song has."""
