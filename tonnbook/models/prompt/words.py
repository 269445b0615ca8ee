"""The words that the prompt reader knows: genres, styles, emotions, tempi, instruments, stems, and the words between them.

Patterns are regular expressions, matched at word boundaries. Meanings are plain strings, because the models of the service's own
words use this table for the nearest match (`meant`) and are imported before the reader.
"""

from __future__ import annotations

import re
from typing import NamedTuple

CLEAR, NEAR, WEAK = 0, 1, 2
"""How certain a meaning is: the word itself; the nearest that we have; an occasion or a colour, which any clearer word overrides."""


class Word(NamedTuple):
    """One row of the table."""

    pattern: str
    meaning: str
    """A genre, an emotion, a tempo, a voice of the studio or a stem; "" for a style that has an emotion only."""
    rank: int = CLEAR
    hint: str = ""
    """A style's nearest emotion, or the genre that an instrument suggests."""


WORDS: dict[str, tuple[Word, ...]] = {
    "genre": (
        Word(r"lo-?\s?fi|chill-?\s?hop|hip-?\s?hop|trap|boom-?\s?bap|rap|drill|phonk", "hiphop"),
        Word(r"edm|house|techno|trance|synth-?\s?wave|retro-?wave|8-bit|chip-?tunes?|dubstep|electro(?:nica?)?|electronic"
             r"|drums? (?:and|n|&) bass(?=$| music| track)|drum (?:and|n|&) bass|dnb|synth-?\s?pop", "electronic"),
        Word(r"r\s?(?:&|and|n|'n')\s?b|rnb|soul|neo-?soul|funky?|motown", "rnb"),
        Word(r"cinematic|orchestral?|orchestra|soundtracks?|scores?|symphon\w+|film music|movie music|classical", "cinematic"),
        Word(r"indian classical|indian|bollywood|ragas?|hindustani|carnatic|desi|bhangra|qawwali", "indian"),
        Word(r"indie|folk|acoustic|rock|singer-?songwriter|country|unplugged|alternative", "indie"),
        Word(r"ambient|drones?|new age|soundscapes?", "ambient"),
        Word(r"pop", "pop"),
        Word(r"jazz(?:y)?|blues|gospel", "rnb", NEAR),
        Word(r"cyberpunk|industrial", "electronic", NEAR),
        Word(r"medieval|fantasy", "cinematic", NEAR),
        Word(r"dance|club|80s|eighties", "electronic", WEAK),
        Word(r"film|movie|trailer|documentary|blockbuster|game", "cinematic", WEAK),
        Word(r"campfire", "indie", WEAK),
        Word(r"spa|meditation|meditative|yoga|atmospheric|sleep", "ambient", WEAK),
        Word(r"jingle|commercial|corporate|mainstream|radio", "pop", WEAK),
        Word(r"soulful|groovy", "rnb", WEAK),
    ),
    "style": (  # kinds of music that we do not have: the nearest genre, and the nearest emotion
        Word(r"action", "cinematic", NEAR, "energetic"),
        Word(r"(?:heavy |death |black )?metal|hard rock|grunge", "indie", NEAR, "angry"),
        Word(r"punk(?: rock)?", "indie", NEAR, "energetic"),
        Word(r"disco", "electronic", NEAR, "energetic"),
        Word(r"lullab(?:y|ies)|bedtime", "", NEAR, "calm"),
        Word(r"christmas|xmas", "", NEAR, "joyful"),
    ),
    "emotion": (
        Word(r"upbeat|energetic|energi[sz]ing|party|hype|workout|adrenaline|lively", "energetic"),
        Word(r"epic|victor\w+|triumph\w*|heroic|majestic|glorious", "triumphant"),
        Word(r"peaceful(?:ly)?|calm(?:ing|er|ly)?|serene|tranquil|soothing", "calm"),
        Word(r"chill(?:ed|ing)?(?! ?-?hop)|mellow|relax\w*|laid-?\s?back|easy-?going|cozy|cosy", "relaxing"),
        Word(r"uplifting|inspir\w+|hopeful", "inspirational"),
        Word(r"motivat\w+|determined|confident|ambitious|empowering", "motivational"),
        Word(r"horror|spooky|scary|scarier|creepy|eerie|haunt\w+|sinister|ghostly|halloween", "scary"),
        Word(r"suspense\w*|tens(?:e|er|ion)|chase|thriller|urgent|dramatic|mysterious|mystery", "tense"),
        Word(r"anxious|fear\w*|nervous|panic\w*|dread|terrif\w+|uneasy", "fearful"),
        Word(r"gloomy|depress\w+|bleak|hopeless|despair\w*|desolate|grim", "depressing"),
        Word(r"melanchol\w+|nostalgi\w+|sad(?:der|ness|ly)?|sorrow\w*|heartbr\w+|tearful|lonely|mournful|wistful"
             r"|bittersweet", "sad"),
        Word(r"ethereal|dream(?:y|ier|like)?|floating|spacey|surreal|magical|hazy", "dreamy"),
        Word(r"playful|cheer(?:ful|y|fully)|quirky|funny|cute|whimsical|bouncy|silly", "cheerful"),
        Word(r"celebrat\w+|joy(?:ful|ous|fully)?|festive|jubilant|euphoric|birthday", "joyful"),
        Word(r"angry|anger|angrier|furious|aggressive|rage|brutal|fierce|violent", "angry"),
        Word(r"happ(?:y|ier|iness|ily)|feel-?\s?good|optimistic|light-?hearted", "happy"),
        Word(r"dark(?:er)?|ominous|menacing|intense", "tense", NEAR),
        Word(r"romantic|romance|love|sensual", "dreamy", NEAR),
        Word(r"tender|sleepy|spiritual|sacred", "calm", NEAR),
        Word(r"adventur\w+", "inspirational", NEAR),
        Word(r"powerful|driving|gym|dynamic", "energetic", WEAK),
        Word(r"grand", "triumphant", WEAK),
        Word(r"quiet|still|gentle|soft", "calm", WEAK),
        Word(r"smooth", "relaxing", WEAK),
        Word(r"emotional|moving|reflective", "inspirational", WEAK),
        Word(r"sports?", "motivational", WEAK),
        Word(r"wedding", "joyful", WEAK),
        Word(r"fun", "cheerful", WEAK),
        Word(r"sunny|bright|positive|warm|summer\w*", "happy", WEAK),
        Word(r"heavy", "angry", WEAK),
    ),
    "tempo": (
        Word(r"slow(?:er|ly|-paced)?|down-?\s?tempo|ballad|largo|adagio|lento|andante", "slow"),
        Word(r"mid-?\s?tempo|medium(?:[ -]tempo|[ -]paced)?|moderate(?:ly)?|moderato", "medium"),
        Word(r"fast(?:er|-?\s?paced)?|up-?\s?tempo|presto|allegro|quick|rapid|vivace", "fast"),
    ),
    "instrument": (
        Word(r"rhodes|(?:electric|e-)\s?pianos?|keys", "rhodes", hint="rnb"),
        Word(r"(?:grand |upright |solo )?pianos?", "piano"),
        Word(r"sitars?", "sitar", hint="indian"),
        Word(r"tablas?", "tabla", hint="indian"),
        Word(r"tanpura", "tanpura", hint="indian"),
        Word(r"harmonium", "harmonium", hint="indian"),
        Word(r"bansuri", "bansuri", hint="indian"),
        Word(r"sarangi", "sarangi", hint="indian"),
        Word(r"she(?:h)?nai", "shehnai", hint="indian"),
        Word(r"pan flutes?|panpipes", "pan-flute"),
        Word(r"flutes?", "flute"),
        Word(r"violins?|fiddles?", "violin"),
        Word(r"oboes?", "oboe", hint="cinematic"),
        Word(r"french horns?|horns?|brass|trumpets?|trombones?", "horns", hint="cinematic"),
        Word(r"ukuleles?", "nylon-guitar", hint="indie"),
        Word(r"(?:acoustic|nylon|classical|spanish) guitars?", "nylon-guitar", hint="indie"),
        Word(r"jazz guitars?", "jazz-guitar"),
        Word(r"electric guitars?|guitars?", "clean-guitar"),
        Word(r"vibraphones?|marimbas?|xylophones?", "vibraphone"),
        Word(r"kalimbas?|thumb pianos?", "kalimba"),
        Word(r"celestas?|glockenspiels?|music box", "celesta"),
        Word(r"bells?|chimes", "bells"),
        Word(r"strings", "violin"),
        Word(r"(?:synth |warm |soft )?pads?", "pads"),
        Word(r"synth(?:s|esizers?)?", "saw-lead", hint="electronic"),
    ),
    "stem": (
        Word(r"drums?|drumming|drummers?|percussion|beats?", "percussion"),
        Word(r"bass(?:line)?", "bass"),
        Word(r"melod(?:y|ies)|leads?", "melody"),
        Word(r"chords?|harmon(?:y|ies)", "chords"),
    ),
    "vocals": (Word(r"vocals?|vocalists?|singing|singers?|lyrics|voices?|rapping|choirs?", ""),),
}  # fmt: skip
"""All words by kind. No song has vocals; the words are known so that "without vocals" is understood."""

NO_LEADS = frozenset({"tabla", "tanpura", "harmonium", "pads"})
"""Instruments that do not play the melody."""

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
"""All voices that are excluded with an instrument; "guitar" means every guitar."""

ALWAYS = r"drums?|drumming|percussion|bass(?:line)?|melod(?:y|ies)|chords?"
"""What every song has unless the prompt excludes it."""

SPLIT = (
    r"(?:and then|then|followed by|(?:and )?(?:slowly |gradually )?build(?:s|ing)?(?: up)? (?:to|into)|turn(?:s|ing)?(?: in)?to"
    r"|turn(?:s|ing)|becom(?:es|ing)|mov(?:es|ing) (?:in)?to|chang(?:es|ing) (?:in)?to"
    r"|transition(?:s|ing)? (?:in)?to|switch(?:es|ing) to|after that|afterwards|finally"
    r"|before (?:it )?(?:getting|becoming|turning))|->|→"
)
"""Words between two sections."""

ENDING = r"(?:and )?end(?:s|ing)?(?: in| with| on| up)?|(?:and )?finish(?:es|ing)?(?: in| with| on)?"
"""Words that begin a section if an emotion follows; "a happy ending" begins none."""

PART = (
    r"(?:the )?(?:(?P<nth>first|second|third|next|last|other|final) )?(?P<share>half|third|quarter|part|section)"
    r"|(?:the )?(?:intro(?:duction)?|verse|pre-?chorus|chorus|refrain|bridge|outro|beginning|middle|end(?:ing)?|drop|break-?down|finale)"
)
"""Names of the parts of a song."""

SHARES = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4}

NEGATORS = (
    r"not(?! only| just)|no|without|never|minus|free (?:of|from)|don'?t|do not|doesn'?t|isn'?t|avoid|neither|nor|nothing|anything but"
    r"|instead of|rather than"
)
REDUCERS = r"less|fewer"
SMALL = frozenset(
    re.findall(
        r"\S+",
        """
        a all an any as at be feel feeling get have is it like make makes making many me much music need of on or overly
        quite really so some sound sounding that the these this to too use using very want
        """,
    )
)
"""Words that may stand between a negation and the word that it negates."""

FILLERS = frozenset(
    re.findall(
        r"\S+",
        """
        a about across add also an and any are around as at background be beat beats begin beginning begins bit but by
        can clip come compose create do duration each end ending feature featuring feel feeling feels first for from generate
        get give go goes good great have i if in instrumental into intro is it it's its just key kind lasting length let like little
        long made make me mood move moves music my need nice nor of off on or our out part piece please quite really rest section some
        something song sound sounding sounds start starting starts study style tempo that the theme there this through
        to total track tune up use using very vibe vibes video want we which with work would write you your
        """,
    )
)
"""Words that say nothing about the music, or nothing that changes it."""


def meant(kind: str, text: str) -> str | None:
    """Return the "genre", "emotion" or "tempo" (`kind`) that a word means; None for an unknown word or another kind."""
    if kind not in ("genre", "emotion", "tempo"):
        return None
    found = [(word.rank, word.meaning) for word in WORDS[kind] if re.fullmatch(word.pattern, text)]
    if kind != "tempo":
        styles = [word for word in WORDS["style"] if re.fullmatch(word.pattern, text)]
        found += [(word.rank, word.meaning if kind == "genre" else word.hint) for word in styles]
    return min(((rank, meaning) for rank, meaning in found if meaning), default=(0, None))[1]
