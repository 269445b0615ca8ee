"""The words that the prompt reader knows: genres, emotions, tempi, connectives. Regular expressions, matched on word bounds.

Plain strings, so that the models of the service's own words can offer the nearest match without knowing the reader.
"""

from __future__ import annotations

import re

CLEAR, NEAR, WEAK = 0, 1, 2
"""How much a word says: what it means; the nearest that we have to what it means; or an occasion, a colour, that a clearer word overrules."""

Word = tuple[str, str, int]
"""Pattern, meaning, and how much it says."""

GENRES: tuple[Word, ...] = (
    (r"lo-?\s?fi|chill-?\s?hop|hip-?\s?hop|trap|boom-?\s?bap|rap|drill|phonk", "hiphop", CLEAR),
    ((r"edm|house|techno|trance|synth-?\s?wave|retro-?wave|8-bit|chip-?tunes?|dubstep|electro(?:nica?)?|electronic"
     r"|drums? (?:and|n|&) bass(?=$| music| track)|drum (?:and|n|&) bass|dnb|synth-?\s?pop"), "electronic", CLEAR),
    (r"r\s?(?:&|and|n|'n')\s?b|rnb|soul|neo-?soul|funky?|motown", "rnb", CLEAR),
    ((r"cinematic|orchestral?|orchestra|soundtracks?|scores?|symphon\w+|film music|movie music|classical"), "cinematic", CLEAR),
    (r"indian classical|indian|bollywood|ragas?|hindustani|carnatic|desi|bhangra|qawwali", "indian", CLEAR),
    (r"indie|folk|acoustic|rock|singer-?songwriter|country|unplugged|alternative", "indie", CLEAR),
    (r"ambient|drones?|new age|soundscapes?", "ambient", CLEAR),
    (r"pop", "pop", CLEAR),
    (r"jazz(?:y)?|blues|gospel", "rnb", NEAR),
    (r"cyberpunk|industrial", "electronic", NEAR),
    (r"medieval|fantasy", "cinematic", NEAR),
    (r"dance|club|80s|eighties", "electronic", WEAK),
    (r"film|movie|trailer|documentary|blockbuster|game", "cinematic", WEAK),
    (r"campfire", "indie", WEAK),
    (r"spa|meditation|meditative|yoga|atmospheric|sleep", "ambient", WEAK),
    (r"jingle|commercial|corporate|mainstream|radio", "pop", WEAK),
    (r"soulful|groovy", "rnb", WEAK),
)  # fmt: skip

STYLES: tuple[tuple[str, str, str], ...] = (
    (r"action", "cinematic", "energetic"),
    (r"(?:heavy |death |black )?metal|hard rock|grunge", "indie", "angry"),
    (r"punk(?: rock)?", "indie", "energetic"),
    (r"disco", "electronic", "energetic"),
    (r"lullab(?:y|ies)|bedtime", "", "calm"),
    (r"christmas|xmas", "", "joyful"),
)
"""Kinds of music that we do not have: pattern, the nearest genre, the nearest emotion."""

EMOTIONS: tuple[Word, ...] = (
    (r"upbeat|energetic|energi[sz]ing|party|hype|workout|adrenaline|lively", "energetic", CLEAR),
    (r"epic|victor\w+|triumph\w*|heroic|majestic|glorious", "triumphant", CLEAR),
    (r"peaceful(?:ly)?|calm(?:ing|er|ly)?|serene|tranquil|soothing", "calm", CLEAR),
    (r"chill(?:ed|ing)?(?! ?-?hop)|mellow|relax\w*|laid-?\s?back|easy-?going|cozy|cosy", "relaxing", CLEAR),
    (r"uplifting|inspir\w+|hopeful", "inspirational", CLEAR),
    (r"motivat\w+|determined|confident|ambitious|empowering", "motivational", CLEAR),
    (r"horror|spooky|scary|scarier|creepy|eerie|haunt\w+|sinister|ghostly|halloween", "scary", CLEAR),
    (r"suspense\w*|tens(?:e|er|ion)|chase|thriller|urgent|dramatic|mysterious|mystery", "tense", CLEAR),
    (r"anxious|fear\w*|nervous|panic\w*|dread|terrif\w+|uneasy", "fearful", CLEAR),
    (r"gloomy|depress\w+|bleak|hopeless|despair\w*|desolate|grim", "depressing", CLEAR),
    ((r"melanchol\w+|nostalgi\w+|sad(?:der|ness|ly)?|sorrow\w*|heartbr\w+|tearful|lonely|mournful|wistful"
     r"|bittersweet"), "sad", CLEAR),
    (r"ethereal|dream(?:y|ier|like)?|floating|spacey|surreal|magical|hazy", "dreamy", CLEAR),
    (r"playful|cheer(?:ful|y|fully)|quirky|funny|cute|whimsical|bouncy|silly", "cheerful", CLEAR),
    (r"celebrat\w+|joy(?:ful|ous|fully)?|festive|jubilant|euphoric|birthday", "joyful", CLEAR),
    (r"angry|anger|angrier|furious|aggressive|rage|brutal|fierce|violent", "angry", CLEAR),
    (r"happ(?:y|ier|iness|ily)|feel-?\s?good|optimistic|light-?hearted", "happy", CLEAR),
    (r"dark(?:er)?|ominous|menacing|intense", "tense", NEAR),
    (r"romantic|romance|love|sensual", "dreamy", NEAR),
    (r"tender|sleepy|spiritual|sacred", "calm", NEAR),
    (r"adventur\w+", "inspirational", NEAR),
    (r"powerful|driving|gym|dynamic", "energetic", WEAK),
    (r"grand", "triumphant", WEAK),
    (r"quiet|still|gentle|soft", "calm", WEAK),
    (r"smooth", "relaxing", WEAK),
    (r"emotional|moving|reflective", "inspirational", WEAK),
    (r"sports?", "motivational", WEAK),
    (r"wedding", "joyful", WEAK),
    (r"fun", "cheerful", WEAK),
    (r"sunny|bright|positive|warm|summer\w*", "happy", WEAK),
    (r"heavy", "angry", WEAK),
)  # fmt: skip

TEMPI: tuple[Word, ...] = (
    (r"slow(?:er|ly|-paced)?|down-?\s?tempo|ballad|largo|adagio|lento|andante", "slow", CLEAR),
    (r"mid-?\s?tempo|medium(?:[ -]tempo|[ -]paced)?|moderate(?:ly)?|moderato", "medium", CLEAR),
    (r"fast(?:er|-?\s?paced)?|up-?\s?tempo|presto|allegro|quick|rapid|vivace", "fast", CLEAR),
)

SPLIT = (
    r"(?:and then|then|followed by|(?:and )?(?:slowly |gradually )?build(?:s|ing)?(?: up)? (?:to|into)|turn(?:s|ing)?(?: in)?to"
    r"|turn(?:s|ing)|becom(?:es|ing)|mov(?:es|ing) (?:in)?to|chang(?:es|ing) (?:in)?to"
    r"|transition(?:s|ing)? (?:in)?to|switch(?:es|ing) to|after that|afterwards|finally"
    r"|before (?:it )?(?:getting|becoming|turning))|->|→"
)
"""What stands between two sections."""

ENDING = r"(?:and )?end(?:s|ing)?(?: in| with| on| up)?|(?:and )?finish(?:es|ing)?(?: in| with| on)?"
"""What begins a section where an emotion follows; "a happy ending" begins none."""

PART = (
    r"(?:the )?(?:(?P<nth>first|second|third|next|last|other|final) )?(?P<share>half|third|quarter|part|section)"
    r"|(?:the )?(?:intro(?:duction)?|verse|pre-?chorus|chorus|refrain|bridge|outro|beginning|middle|end(?:ing)?|drop|break-?down|finale)"
)
"""The name of a part of a song."""

SHARES = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4}

NEGATORS = (
    r"not(?! only| just)|no|without|never|minus|free (?:of|from)|don'?t|do not|doesn'?t|isn'?t|avoid|neither|nor|nothing|anything but"
    r"|instead of|rather than"
)
LESSENERS = r"less|fewer"
SMALL = frozenset(
    re.findall(
        r"\S+",
        """
        a all an any as at be feel feeling get have is it like make makes making many me much music need of on or overly
        quite really so some sound sounding that the these this to too use using very want
        """,
    )
)
"""What may stand between a "no" and the word that it is about."""

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
"""Words that say nothing about the music, or nothing that we would do otherwise."""


def meant(kind: str, text: str) -> str | None:
    """Return what a word means: of "genre", "emotion" or "tempo". None for a word that nobody knows here."""
    table = {"genre": GENRES, "emotion": EMOTIONS, "tempo": TEMPI}.get(kind, ())
    styles = [(pattern, genre if kind == "genre" else emotion, NEAR) for pattern, genre, emotion in STYLES]
    found = [(rank, word) for pattern, word, rank in (*table, *styles) if word and re.fullmatch(pattern, text)]
    return min(found)[1] if found and table else None
