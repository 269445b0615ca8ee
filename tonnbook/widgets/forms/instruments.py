"""Guess the instrument of a recording from its file name."""

from __future__ import annotations

import re

from tonnbook.models.vocabulary import InstrumentGroup as Group
from tonnbook.models.vocabulary import SoundSource

_WORDS: tuple[tuple[Group, str], ...] = (  # the first match wins, so more specific words come first
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
    """Return the instrument in a file name, or None: the acoustic guitar for "03 Ac Gtr_L.wav"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", file_name.rpartition(".")[0] or file_name)
    words = re.sub(r"[\W_]+", " ", spaced).lower()
    return next((group for group, pattern in _PATTERNS if pattern.search(words)), None)


def guess_sound_source(file_name: str) -> SoundSource | None:
    """Return the sound source in a file name, None if there is none that a cleanup accepts."""
    instrument = guess_instrument(file_name)
    return SoundSource(instrument.value) if instrument and instrument.value in {s.value for s in SoundSource} else None
