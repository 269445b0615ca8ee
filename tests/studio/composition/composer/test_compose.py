"""The finished files: lengths, sums, levels, ends, loops, sameness. Songs are short; test_sound.py renders longer ones."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import mido
import numpy as np
import pytest
from audio_measures import RATE, onset_strength, spectrogram
from song_plans import allowed, plan

from tonnbook.audio_files import info, read
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.true_peak import true_peak_db
from tonnbook.studio.composition.composer.compose import Composition, compose
from tonnbook.studio.composition.composer.sound import mixdown
from tonnbook.studio.composition.composer.sound.render import RawStem, render_stem
from tonnbook.studio.composition.composer.sound.synth import Synth
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.midi import midi_bytes
from tonnbook.studio.composition.composer.writing.plan import ROLES
from tonnbook.studio.composition.composer.writing.score import Note
from tonnbook.studio.composition.composer.writing.tala import BOL_KEYS
from tonnbook.studio.composition.engine import frame
from tonnbook.studio.measure.progress import no_progress

ASKED = {
    "pop": plan("pop", "happy sad", "medium", 11_111),
    "indian": plan("indian", "calm", "medium", 13_007),
    "ambient": plan("ambient", "dreamy", "slow", 12_500),
    "electronic": plan("electronic", "energetic angry", "fast", 10_999),
    "cinematic": plan("cinematic", "scary triumphant", "medium", 12_001),
    "loop": plan("hiphop", "relaxing", "medium", 11_000, looping=True),
    "pop loop": plan("pop", "happy happy", "fast", 8_000, looping=True),
    "electronic loop": plan("electronic", "angry angry", "fast", 8_500, looping=True),
    "indian loop": plan("indian", "joyful joyful", "medium", 15_000, looping=True),
    "ambient loop": plan("ambient", "calm calm", "medium", 13_000, looping=True),
}
LOOPS = [name for name, asked in ASKED.items() if asked.looping]


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Composition]:
    """A handful of short songs."""
    made = {}
    for name, asked in ASKED.items():
        folder = tmp_path_factory.mktemp(name)
        made[name] = compose(asked, folder)
    return made


def whole(path: Path) -> np.ndarray:
    """Return the samples of a 16-bit file as whole numbers."""
    return np.rint(read(path)[0] * 2**15).astype(np.int64)


@pytest.mark.parametrize("name", ASKED)
def test_every_file_is_exactly_as_long_as_asked(name: str, songs: dict[str, Composition]) -> None:
    frames = round(ASKED[name].duration_ms * RATE / 1000)
    for path in (songs[name].mix, *songs[name].stems.values()):
        found = info(path)
        assert (found.frames, found.rate, found.channels, found.bit_depth) == (frames, RATE, 2, 16)


def test_every_combination_is_as_long_as_asked_at_any_length(tmp_path: Path) -> None:
    """Score, renderer and slices agree on the frame, for 736 songs of odd lengths in one section and in three; without sound."""
    synth = Synth(0)
    lengths = set()
    for n, (genre, emotion, tempo) in enumerate(allowed()):
        for ms, emotions in ((1_001 + 2 * n, emotion), (3_737 + 2 * n, f"{emotion} {emotion} {emotion}")):
            score = compose_score(plan(genre, emotions, tempo, ms))
            frames = round(ms * RATE / 1000)
            assert abs(score.sections[-1].end * RATE - frames) <= 0.501
            assert all(section.at(section.beats) == pytest.approx(section.end, abs=1e-9) for section in score.sections)
            mute = replace(score, parts=())
            stem = render_stem(mute, "melody", False, synth, tmp_path / "raw", no_progress)
            assert stem.frames == stem.path.stat().st_size / 8 == frames
            slices = [frame(s.start_ms + s.length_ms) - frame(s.start_ms) for s in score.plan.sections]
            assert (len(slices), sum(slices)) == (len(emotions.split()), frames)
            lengths.add(ms)
    assert len(lengths) == 736


@pytest.mark.parametrize("name", ASKED)
def test_the_mix_is_the_sum_of_its_stems(name: str, songs: dict[str, Composition]) -> None:
    song = songs[name]
    assert tuple(song.stems) == ROLES
    total = sum(whole(path) for path in song.stems.values())
    assert np.array_equal(total, whole(song.mix))


@pytest.mark.parametrize("name", ASKED)
def test_levels(name: str, songs: dict[str, Composition]) -> None:
    audio, rate = read(songs[name].mix)
    assert integrated_loudness(audio, rate) == pytest.approx(-16.0, abs=0.5)
    assert true_peak_db(audio, rate) <= -1.0
    assert np.abs(audio).max() < 0.9
    assert np.abs(audio.mean(axis=1)).max() < 1e-4
    crest = 20 * np.log10(np.abs(audio).max() / audio.std())
    assert 9 <= crest <= 18


@pytest.mark.parametrize("name", ASKED)
def test_every_stem_is_audible(name: str, songs: dict[str, Composition]) -> None:
    for role, path in songs[name].stems.items():
        assert integrated_loudness(*read(path)) > -55, role


@pytest.mark.parametrize("name", [name for name in ASKED if name not in LOOPS])
def test_a_song_begins_and_ends_in_silence(name: str, songs: dict[str, Composition]) -> None:
    audio, rate = read(songs[name].mix)
    assert np.abs(audio[:, 0]).max() < 1e-3
    assert 20 * np.log10(np.abs(audio[:, -rate // 20 :]).std() + 1e-9) < -60


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_has_no_seam(name: str, songs: dict[str, Composition]) -> None:
    song = songs[name]
    audio, _ = read(song.mix)
    twice = np.concatenate([audio, audio], axis=1)
    strength = onset_strength(spectrogram(twice))
    bars = [section.at(bar.start) for section in song.score.sections for bar in section.bars][1:]
    frames = [round(start * RATE / 1024) for start in bars]
    lines = [strength[max(0, f - 3) : f + 4].max() for f in frames]
    seam = round(ASKED[name].duration_s * RATE / 1024)
    assert strength[seam - 3 : seam + 4].max() <= 1.1 * max(lines)  # a handful of bars has no percentiles
    jump = np.abs(audio[:, 0] - audio[:, -1]).max()
    assert jump <= np.percentile(np.abs(np.diff(audio, axis=1)), 99.9)


def test_the_limiter_of_a_loop_has_the_same_gain_on_both_sides_of_the_seam(tmp_path: Path) -> None:
    audio = 0.1 * np.random.default_rng(4).normal(size=(2, RATE)).clip(-1, 1)
    audio[:, -50:] = 1.5
    path = tmp_path / "stem.raw"
    audio.T.astype(np.float32).tofile(path)
    raw = [RawStem("melody", path, RATE)]
    song, loop = (mixdown._limiter_curve(raw, 1.0, -1.0, looping) for looping in (False, True))
    assert len(song) == len(loop) == -(-RATE // 8)
    assert song[0] == 1.0
    assert loop[0] == pytest.approx(loop[-1], abs=0.02)
    assert loop[0] < 0.7


def lateness_ms(audio: np.ndarray, notes: Sequence[Note]) -> list[float]:
    """Return how late each note is in the sound: when it rises over what rang before; nothing for notes that others cover."""
    level = np.abs(audio).max(axis=0)
    late = []
    for note in notes:
        at = round(note.start * RATE)
        before = level[max(0, at - 441) : at].max(initial=0.0)
        rise = np.nonzero(level[at : at + 2205] > max(2 * before, 0.02 * level.max()))[0]
        late += [rise[0] / RATE * 1000 for _ in rise[:1]]
    return late


@pytest.mark.parametrize("name", ["pop", "indian", "electronic", "loop"])
def test_strokes_begin_at_the_times_of_the_score(name: str, songs: dict[str, Composition]) -> None:
    song = songs[name]
    strokes = [n for part in song.score.of("percussion") for n in part.notes if n.bol or n.key in (36, 38, 42)]
    late = lateness_ms(read(song.stems["percussion"])[0], strokes)
    assert len(late) > max(10, len(strokes) / 4)
    assert np.median(late) <= 15
    assert np.percentile(late, 90) <= 25


@pytest.mark.parametrize("voice", ["piano", "nylon-guitar", "harp", "santoor", "kalimba"])
def test_plucked_notes_begin_at_the_times_of_the_score(voice: str, tmp_path: Path) -> None:
    score = compose_score(plan("pop", "happy", "medium", 8_000, lead="piano"))
    (part,) = score.of("melody")
    alone = replace(score, parts=(replace(part, voice=voice),))
    stem = render_stem(alone, "melody", False, Synth(0), tmp_path / "raw", no_progress)
    late = lateness_ms(np.concatenate(list(stem.blocks()), axis=1), part.notes)
    assert len(late) > len(part.notes) / 3
    assert np.median(late) <= 15
    assert np.percentile(late, 90) <= 25


def test_the_midi_file_has_the_same_notes(songs: dict[str, Composition]) -> None:
    for name in ("pop", "indian", "cinematic"):
        score = songs[name].score
        file = mido.MidiFile(file=BytesIO(midi_bytes(score)))
        assert file.length == pytest.approx(score.plan.duration_s, abs=0.002)
        ons = [m for track in file.tracks for m in track if m.type == "note_on"]
        offs = [m for track in file.tracks for m in track if m.type == "note_off"]
        both_hands = sum(len(BOL_KEYS.get(n.bol, "1")) for part in score.parts for n in part.notes)
        assert len(ons) == len(offs) == both_hands
        markers = [m.text for m in file.tracks[0] if m.type == "marker"]
        assert [text.split(":")[0] for text in markers] == [str(s.emotion) for s in score.plan.sections]
    melody = mido.MidiFile(file=BytesIO(midi_bytes(songs["pop"].score, "melody")))
    assert all(track.name.startswith(("conductor", "melody")) for track in melody.tracks)


def test_another_process_makes_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from song_plans import plan\n"
        "from tonnbook.studio.composition.composer.compose import compose\n"
        "compose(plan('rnb', 'happy', 'medium', 4000), Path(sys.argv[1]))"
    )
    prints = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent), "PATH": "/usr/bin:/bin"}
        subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=environment)
        prints.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())])
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 5


@pytest.mark.parametrize("ms", [1000, 1777, 3000])
def test_the_shortest_songs_are_songs(ms: int, tmp_path: Path) -> None:
    song = compose(plan("pop", "joyful", "fast", ms), tmp_path)
    assert info(song.mix).frames == round(ms * RATE / 1000)
    assert integrated_loudness(*read(song.mix)) == pytest.approx(-16, abs=0.6)


def test_an_excluded_stem_is_a_silent_file(tmp_path: Path) -> None:
    song = compose(plan("ambient", "calm", "slow", 5000, silent=frozenset({"percussion"})), tmp_path)
    assert not whole(song.stems["percussion"]).any()
    assert whole(song.stems["chords"]).any()


def test_progress_increases_and_has_messages(tmp_path: Path) -> None:
    seen: list[tuple[float, str]] = []
    compose(plan("indie", "happy", "medium", 15_000), tmp_path, lambda share, message: seen.append((share, message)))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len(set(shares)) >= 8
    assert all(message for _, message in seen)
