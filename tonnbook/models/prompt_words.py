"""The words that the prompt reader knows: genres, emotions, tempi, instruments, connectives. Regular expressions, matched on word bounds."""

from __future__ import annotations

import re

from tonnbook.models.composition import Emotion, Genre, Tempo

GENRES: tuple[tuple[str, Genre], ...] = (
    (r"lo-?\s?fi|chill-?\s?hop|hip-?\s?hop|trap|boom-?\s?bap|rap|drill|phonk", Genre.HIPHOP),
    ((r"edm|house|techno|trance|synth-?wave|retro-?wave|8-bit|chiptune|dubstep|electro(?:nica?)?|electronic|dance|club"
     r"|drum (?:and|n|&) bass|dnb|80s|eighties|synth-?pop"), Genre.ELECTRONIC),
    (r"r\s?(?:&|and|n|'n')\s?b|rnb|soul(?:ful)?|neo-?soul|funky?|motown", Genre.RNB),
    ((r"cinematic|film|movie|trailer|orchestral?|orchestra|soundtrack|score|symphon\w+|classical|documentary|blockbuster"
     r"|game"), Genre.CINEMATIC),
    (r"indian|bollywood|ragas?|hindustani|carnatic|desi|bhangra|indian classical|qawwali", Genre.INDIAN),
    (r"indie|folk|acoustic|rock|singer-?songwriter|campfire|country|unplugged|alternative", Genre.INDIE),
    (r"ambient|drone|spa|meditation|meditative|yoga|new age|soundscapes?|atmospheric|sleep", Genre.AMBIENT),
    (r"pop|jingle|commercial|corporate|mainstream|radio", Genre.POP),
)  # fmt: skip

INSTRUMENTS: tuple[tuple[str, str, Genre | None], ...] = (
    (r"rhodes|electric piano", "rhodes", Genre.RNB),
    (r"pianos?", "piano", None),
    (r"sitars?", "sitar", Genre.INDIAN),
    (r"tablas?|tanpura|harmonium", "", Genre.INDIAN),
    (r"bansuri", "bansuri", Genre.INDIAN),
    (r"sarangi", "sarangi", Genre.INDIAN),
    (r"she(?:h)?nai", "shehnai", Genre.INDIAN),
    (r"pan flutes?|panpipes", "pan-flute", None),
    (r"flutes?", "flute", None),
    (r"violins?|fiddles?", "violin", None),
    (r"oboes?", "oboe", Genre.CINEMATIC),
    (r"french horns?|horns?|brass", "horns", Genre.CINEMATIC),
    (r"ukuleles?", "nylon-guitar", Genre.INDIE),
    (r"acoustic guitars?|nylon guitars?|classical guitars?", "nylon-guitar", Genre.INDIE),
    (r"jazz guitars?", "jazz-guitar", None),
    (r"electric guitars?|guitars?", "clean-guitar", None),
    (r"vibraphones?|vibes|marimbas?|xylophones?", "vibraphone", None),
    (r"kalimbas?|thumb pianos?", "kalimba", None),
    (r"celestas?|glockenspiels?|music box", "celesta", None),
    (r"bells?|chimes", "bells", None),
    (r"strings", "violin", None),
    (r"synth(?:s|esizers?)?", "saw-lead", Genre.ELECTRONIC),
)
"""Pattern, voice that takes the melody (none where the voice is no lead), and the genre that it hints at."""

EMOTIONS: tuple[tuple[str, Emotion], ...] = (
    (
        r"upbeat|energetic|energi[sz]ing|party|powerful|driving|hype|workout|gym|adrenaline|lively|dynamic",
        Emotion.ENERGETIC,
    ),
    (r"epic|victor\w+|triumph\w*|heroic|majestic|glorious|grand", Emotion.TRIUMPHANT),
    (r"peaceful|calm(?:ing|er)?|serene|tranquil|quiet|still|gentle|soothing", Emotion.CALM),
    (r"chill(?:ed|ing)?(?! ?-?hop)|mellow|relax\w*|laid-?back|easy-?going|smooth|cozy|cosy", Emotion.RELAXING),
    (r"uplifting|inspir\w+|hopeful|emotional|moving|reflective", Emotion.INSPIRATIONAL),
    (r"motivat\w+|determined|confident|ambitious|empowering|sports?", Emotion.MOTIVATIONAL),
    (r"horror|spooky|scary|scarier|creepy|eerie|haunt\w+|sinister|ghostly|halloween", Emotion.SCARY),
    (r"suspense\w*|tens(?:e|ion)|chase|thriller|urgent|dramatic|mysterious|mystery", Emotion.TENSE),
    (r"anxious|fear\w*|nervous|panic\w*|dread|terrif\w+|uneasy", Emotion.FEARFUL),
    (r"gloomy|depress\w+|bleak|hopeless|despair\w*|desolate|grim", Emotion.DEPRESSING),
    (
        r"melanchol\w+|nostalgi\w+|sad(?:der|ness)?|sorrow\w*|heartbr\w+|tearful|lonely|mournful|wistful|bittersweet",
        Emotion.SAD,
    ),
    (r"ethereal|dream(?:y|ier|like)?|floating|spacey|surreal|magical|hazy", Emotion.DREAMY),
    (r"playful|cheer(?:ful|y)|quirky|funny|cute|whimsical|bouncy|fun|silly", Emotion.CHEERFUL),
    (r"celebrat\w+|wedding|joy(?:ful|ous)?|festive|jubilant|euphoric|birthday", Emotion.JOYFUL),
    (r"angry|anger|angrier|furious|aggressive|rage|brutal|fierce|violent", Emotion.ANGRY),
    (r"happ(?:y|ier|iness)|sunny|bright|feel-?good|optimistic|positive|light-?hearted|warm|summer\w*", Emotion.HAPPY),
)

TEMPI: tuple[tuple[str, Tempo], ...] = (
    (r"slow(?:er|ly)?|down-?tempo|ballad|largo|adagio|lento|andante", Tempo.SLOW),
    (r"mid-?tempo|medium(?: tempo| paced)?|moderate(?:ly)?|moderato", Tempo.MEDIUM),
    (r"fast(?:er|-?paced)?|up-?tempo|presto|allegro|quick|rapid|vivace", Tempo.FAST),
)

STEMS: tuple[tuple[str, str], ...] = (
    (r"drums?|percussion|beats?", "percussion"),
    (r"bass(?:line)?", "bass"),
    (r"melod(?:y|ies)|leads?", "melody"),
    (r"chords?|pads?|harmon(?:y|ies)", "chords"),
)

SPLIT = (
    r"(?:and then|then|followed by|(?:and )?(?:slowly |gradually )?build(?:s|ing)?(?: up)? (?:to|into)|turn(?:s|ing)?(?: in)?to"
    r"|turn(?:s|ing)|(?:and )?end(?:s|ing)?(?: in| with| on| up)?|becom(?:es|ing)|mov(?:es|ing) (?:in)?to|chang(?:es|ing) to"
    r"|transition(?:s|ing)? (?:in)?to|switch(?:es|ing) to|after that|finally|before (?:it )?(?:getting|becoming|turning))|->|→"
)
"""What stands between two sections."""

USUAL: dict[Genre, Emotion] = {
    Genre.POP: Emotion.HAPPY,
    Genre.AMBIENT: Emotion.CALM,
    Genre.INDIE: Emotion.CHEERFUL,
    Genre.RNB: Emotion.RELAXING,
    Genre.CINEMATIC: Emotion.INSPIRATIONAL,
    Genre.HIPHOP: Emotion.RELAXING,
    Genre.ELECTRONIC: Emotion.ENERGETIC,
    Genre.INDIAN: Emotion.CALM,
}
"""The emotion of a genre about which nothing else is said."""

FITTING: dict[Emotion, Genre] = {
    Emotion.TRIUMPHANT: Genre.CINEMATIC,
    Emotion.SCARY: Genre.CINEMATIC,
    Emotion.TENSE: Genre.CINEMATIC,
    Emotion.FEARFUL: Genre.CINEMATIC,
    Emotion.CALM: Genre.AMBIENT,
    Emotion.DREAMY: Genre.AMBIENT,
}
"""The genre of an emotion where none is named; pop for all others."""

PACE: dict[Emotion, Tempo] = {
    Emotion.ENERGETIC: Tempo.FAST,
    Emotion.ANGRY: Tempo.FAST,
    Emotion.CALM: Tempo.SLOW,
    Emotion.SAD: Tempo.SLOW,
    Emotion.DREAMY: Tempo.SLOW,
    Emotion.DEPRESSING: Tempo.SLOW,
    Emotion.RELAXING: Tempo.SLOW,
}
"""The tempo of an emotion where none is named; medium for all others."""

NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60, "ninety": 90,
}  # fmt: skip

FILLERS = frozenset(
    re.findall(
        r"\S+",
        """
        a about across add also an and any are around as at background be beat beats begin beginning begins bit but by
        can clip come compose create do duration end ending feature featuring feel feeling feels for from generate get
        give go good great have i in instrumental into intro is it it's just key kind lasting length let like little
        long lyrics made make me mood music my need nice of off on or our out part piece please really section short
        singing some something song sound sounding sounds start starting starts study style tempo that the theme there
        this through to track tune up use using very vibe vibes video vocals voice want we which with work would write
        you your
        """,
    )
)
"""Words that say nothing about the music, or nothing that we would do otherwise."""
