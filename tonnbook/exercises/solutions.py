"""The solutions of the exercises, by lesson. Each is a function whose body is displayed; its docstring is the explanation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tonnbook as tb

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tonnbook.clients.beatoven.client import BeatovenClient
    from tonnbook.clients.tonn import TonnClient
    from tonnbook.models.cleanup import Cleanup
    from tonnbook.models.composition import CompositionOptions, CompositionRequest
    from tonnbook.models.enhancement import Enhancement
    from tonnbook.models.mixing import FinalMix, MixPreview, MixRequest
    from tonnbook.models.song import Song
    from tonnbook.widgets.player.player import Player


# ---- lesson 01, mixing


def pan_preferences(stems: Mapping[str, Path]) -> MixRequest:
    """A preference is one field of one track. `panPreference` changes from `NO_PREFERENCE` to `LEFT` and `RIGHT` in two tracks, and
    nothing else changes in the request. In the mix these two tracks move, and all others stay at their positions.
    """
    wider = tb.MixBuilder(stems, style="POP").set("guitar", pan="LEFT").set("synth", pan="RIGHT")
    return wider.request


def deepest_cut(preview: MixPreview) -> Axes:
    """Every EQ band of every track is in `preview.settings`; the deepest cut has the smallest gain.
    `tb.reasons(preview, name)` gives the reason for it.
    """
    bands = [(band.gain_db, band.centre_hz, name) for name, track in preview.settings.items() for band in track.eq]
    _, _, name = min(bands)
    return tb.plots.plot_eq(preview, track=name)


async def own_changes(tonn: TonnClient, preview: MixPreview, final: FinalMix) -> Player:
    """`gain_db` is added to the gain of the preview; `eq=()` removes the EQ; everything else stays. -60 dB, the minimum, nearly mutes
    a track.
    """
    changes = {
        "bass": tb.TrackEffects(gain_db=2),
        "pad": tb.TrackEffects(eq=()),
        "guitar": tb.TrackEffects(gain_db=-60),
    }
    mine = await tonn.final_mix(preview, changes)
    return tb.compare(final, mine, names=("automatic", "mine"))


def without_the_singer(final: FinalMix) -> Player:
    """The stems add up to the mix, so all stems except the vocal are the mix without the singer and without the reverb of the voice.
    (`play` plays the sum of a mapping of sounds.)
    """
    band = {name: stem for name, stem in final.stems.items() if name != "vocal.flac"}
    return tb.play(band)


# ---- lesson 02, batch mastering


def most_limited(masters: Any) -> dict[str, tuple[float, float]]:
    """`notes.gain_reduction` is the gain reduction of the limiter over time, `notes.before` contains the PLR. The first song is the answer.

    A high PLR suggests much gain reduction, but does not determine it: it depends on the single highest peak. The tonal match before
    the limiter raises or lowers the frequencies that the peaks consist of, and a clipper before it reduces hits that stand far out.
    """
    found = {s.name: (max(s.notes.gain_reduction.values), s.notes.before.plr_lu) for s in masters}
    return dict(sorted(found.items(), key=lambda song: song[1], reverse=True))


async def one_decibel_apart(tonn: TonnClient, songs: dict[str, Path], folder: Path) -> Any:
    """`forced_loudness_lufs` replaces the preset, in whole LUFS. Each song is a separate request, so each can have its own value."""
    builder = tb.AlbumBuilder(songs, forced_loudness=True, forced_loudness_lufs=-14)
    builder.set("04_open_sky", forced_loudness_lufs=-15)
    return await tonn.master_all(builder.requests, folder / "forced")


async def louder(tonn: TonnClient, songs: dict[str, Path], quiet: Any) -> Player:
    """At equal loudness the louder master has no advantage left, only the cost: flatter hits. Its PLR shows by how much."""
    loud = await tonn.master(songs[quiet.name], "POP", "HIGH")
    return tb.compare(quiet.master, loud.playable["master"], names=("-14 LUFS", "-8 LUFS"))


# ---- lesson 03, composition


async def sadder(beatoven: BeatovenClient, request: CompositionRequest) -> Any:
    """Only the emotion of the second section changes. The first section keeps its notes, because each section has its own random
    numbers. The second stays in minor, gets lower, and has fewer notes.
    """
    first, second = request.sections or ()
    darker = request.model_copy(
        update={"sections": (first, second.model_copy(update={"emotion": tb.vocabulary.Emotion.DEPRESSING}))}
    )
    sad_end = await beatoven.compose(darker)
    return tb.plot_score(sad_end)


def blocked(options: CompositionOptions) -> list[str]:
    """`blockedParams` lists them: a genre and a tempo with the emotions that are blocked there. The form disables them;
    `allowed_tempos` returns the tempos that work.
    """
    tempos = options.allowed_tempos(tb.vocabulary.Genre.INDIE, [tb.vocabulary.Emotion.ENERGETIC])
    return [f"{row.genre} {row.tempo}: not {', '.join(row.emotions)}" for row in options.blocked] + [
        f"indie energetic: {tempos}"
    ]


def versions(song: Song, again: Song) -> Player:
    """The notes of each version contain its key, chords and instruments, which differ. The request and the length are the same."""
    for each in (song, again):
        section = each.notes.sections[0] if each.notes else None
        print(each.version, section and (section.scale, [chord.name for chord in section.chords[:4]]))  # noqa: T201
    return tb.compare(song.mix, again.mix, names=("version 1", "version 2"))


# ---- lesson 04, diagnosis and enhancement


def delay_or_polarity(tonn: TonnClient) -> Any:
    """Both make the stereo field wide, unsafe in mono, and out of phase. They differ in the lowest octaves: an inverted channel has a
    correlation of -1 there, while 4 ms are a short part of a long wave, so that a delayed channel only lowers the correlation. In mono
    the inverted channel cancels the whole middle, the delayed one only narrow notches at regular distances (a comb filter).
    """
    delayed = tonn.analyse(tb.demo.faulty_mix("delay")).result()
    inverted = tonn.analyse(tb.demo.faulty_mix("polarity")).result()
    return tb.compare_mixes(delayed, inverted)


def one_repair(tonn: TonnClient, faulty: Path) -> Any:
    """Each `fix_...` is a separate flag. With all others off and without mastering, only the tone changes; the loudness stays."""
    others = dict.fromkeys(("fix_clipping", "fix_compression", "fix_stereo", "fix_loudness", "apply_mastering"), False)
    request = tb.EnhancementRequest(source=faulty, style="POP", **others)
    tone_only = tonn.enhance(request).result()
    return tb.compare(tone_only)


def louder_is_not_better(tonn: TonnClient, faulty: Path, enhanced: Enhancement) -> Player:
    """With equal loudness off (**G**), CD seems better because it is louder. With it on, its hits are flatter: the cost of 5 LU."""
    loud = tonn.enhance(tb.EnhancementRequest(source=faulty, style="POP", loudness="CD_LOUDNESS")).result()
    return tb.switch({"before": faulty, "streaming": enhanced.track, "CD": loud.track})


# ---- lesson 05, cleanup


def error_before_and_after(recordings: Mapping[str, Path], cleaned: Cleanup) -> list[str]:
    """If the clean voice is available, the error can be measured: the level of the difference, relative to that of the voice. The
    cleanup lowers it by about 6 dB. What remains is the noise under the words, and the parts of the voice that were removed.
    """
    from tonnbook.audio_files import read
    from tonnbook.dsp.levels import db, rms

    clean = read(tb.demo.faulty_recording("vocal"))[0]
    paths = {"before": recordings["E"], "after": cleaned.cleaned.path}
    return [f"{when}: error {db(rms(read(path)[0] - clean) / rms(clean)):.1f} dB" for when, path in paths.items()]


def wrong_source(tonn: TonnClient) -> Player:
    """The gate for a snare treats the loudest hits as the instrument, and everything between them as bleed. Applied to a voice, it keeps
    the loud syllables and attenuates their beginnings and ends: you see it in the drawing, and hear the speech in the residue. The
    gate works as designed; the sound source was wrong.
    """
    wrong = tonn.clean_up(tb.demo.faulty_recording("vocal"), "SNARE_GROUP").result()
    return tb.compare(wrong)


_BY_LESSON: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "01": (pan_preferences, deepest_cut, own_changes, without_the_singer),
    "02": (most_limited, one_decibel_apart, louder),
    "03": (sadder, blocked, versions),
    "04": (delay_or_polarity, one_repair, louder_is_not_better),
    "05": (error_before_and_after, wrong_source),
}

SOLUTIONS: Mapping[str, Callable[..., Any]] = {
    f"{lesson}-{number}": function
    for lesson, functions in _BY_LESSON.items()
    for number, function in enumerate(functions, start=1)
}
"""The solutions by the number of the exercise, such as "01-2"."""
