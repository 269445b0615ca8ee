"""Which instrument a track is, guessed from its file name, as an assistant would who gets a folder of stems."""

from __future__ import annotations

import re

from tonnbook.models.vocabulary import InstrumentGroup as Group

_WORDS: tuple[tuple[Group, str], ...] = (  # first match wins: the narrower words stand before the wider
    (Group.BACKING_VOX, r"bvs?|bgvs?|bvox|bvocals?|back(?:ing)? ?vo[a-z]*|choir|harmon(?:y|ies)|adlibs?|gang"),
    (Group.BACKING_TRACK, r"backing|playback|instrumental|karaoke"),
    (Group.VOCAL, r"vocals?|vox|voc|voice|lead ?vo[a-z]*|singer|rap"),
    (Group.KICK, r"kick|kik|bd|bass ?drum|kd"),
    (Group.SNARE, r"snare|snr|sd|rim ?shot|clap"),
    (Group.CYMBALS, r"hi ?hats?|hats?|hh|cymbals?|cym|ride|crash|overheads?|ohs?|splash"),
    (Group.PERCS, r"percs?|percussion|shaker|tamb(?:ourine)?|congas?|bongos?|cowbell|tabla|cajon|triangle"),
    (Group.DRUMS, r"drums?|drm|kit|toms?|beat"),
    (Group.BASS, r"bass|bs|sub|808"),
    (Group.ACOUSTIC_GUITAR, r"ac(?:oustic)? ?g(?:uitar|tr|t)s?|acoustic|nylon|ukulele|uke|banjo|mandolin"),
    (Group.E_GUITAR, r"e(?:lectric|l)? ?g(?:uitar|tr|t)s?|guitars?|gtrs?|gits?|riff"),
    (Group.KEYS, r"keys|piano|pno|rhodes|wurli|wurlitzer|organ|hammond|clav|epiano"),
    (Group.STRINGS, r"strings?|violins?|violas?|cell(?:o|i|os)|str|orchestra"),
    (Group.BRASS, r"brass|horns?|trumpets?|tpt|trombones?|sax|saxophone"),
    (Group.SYNTH, r"synths?|syn|pads?|arp|pluck|moog|juno"),
    (Group.FX, r"fx|sfx|efx|riser|sweep|impact|noise|ambience|atmos?"),
)
_PATTERNS = [(group, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])")) for group, words in _WORDS]


def guess_instrument(file_name: str) -> Group | None:
    """Return the instrument that a file name tells, or None: "03 Ac Gtr_L.wav" is an acoustic guitar."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", file_name.rpartition(".")[0] or file_name)
    words = re.sub(r"[\W_]+", " ", spaced).lower()
    return next((group for group, pattern in _PATTERNS if pattern.search(words)), None)
