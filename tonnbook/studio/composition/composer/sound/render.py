"""Render a score to four raw stems, block by block, so that no song is in memory as a whole. Includes the effects.

All effects are linear, so that the stems add up to the mix.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tonnbook.dsp.filters import Filter, high_pass, low_pass
from tonnbook.dsp.levels import Array
from tonnbook.dsp.reverb import Convolver
from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.sound.balance import drum_gain, part_gain
from tonnbook.studio.composition.composer.sound.soundfont import RATE
from tonnbook.studio.composition.composer.sound.synth import Synth
from tonnbook.studio.composition.composer.voices import DRUM_PAN, KIT_BANK, VOICES
from tonnbook.studio.composition.composer.writing.score import Note, Part, Score
from tonnbook.studio.measure.progress import Progress

BLOCK = Convolver.PARTITION * 8
TAIL_S = 7.0
"""Seconds rendered after the end of a loop (longest release, echo and reverb), which are added to its start."""

HIGH_PASS_HZ = 24.0
"""Cut-off of the high-pass filter of every stem, against offsets of the samples and thumps of bends."""


@dataclass(frozen=True)
class RawStem:
    """A stem on disk as interleaved float32, before mixing and limiting."""

    role: str
    path: Path
    frames: int

    def blocks(self, size: int = BLOCK) -> Iterator[Array]:
        """Yield blocks of shape (2, n)."""
        with self.path.open("rb") as file:
            while len(samples := np.fromfile(file, np.float32, 2 * size)):
                yield samples.reshape(-1, 2).T.astype(np.float64)


class PartPlayer:
    """Renders one part block by block: notes with their pan, filters, width, echo."""

    def __init__(self, part: Part, synth: Synth, gain: float, drums: dict[int, float], beat_s: float) -> None:
        self.voice = VOICES[part.voice]
        self._notes = deque(part.notes)
        self._synth = synth
        self._gain = gain
        self._drums = drums
        self._ringing = np.zeros((2, 0))
        voice = self.voice
        low = [low_pass(voice.low_pass_hz, RATE)] if voice.low_pass_hz else []
        high = [high_pass(voice.high_pass_hz, RATE)] if voice.high_pass_hz else []
        self._filter = Filter(np.vstack([*low, *high]) if low or high else np.empty((0, 6)), 2)
        self._wide = widener(voice.name, voice.width) if voice.width else None
        self._echo = echoes(beat_s, voice.echo) if voice.echo else None

    def play(self, start: int, frames: int) -> Array:
        """Return the next block of shape (2, frames), which begins at frame `start` of the song."""
        out = np.zeros((2, max(frames, self._ringing.shape[1])))
        out[:, : self._ringing.shape[1]] = self._ringing
        while self._notes and round(self._notes[0].start * RATE) < start + frames:
            out = self._add_note(self._notes.popleft(), start, out)
        self._ringing = out[:, frames:]
        block = self._filter.process(out[:, :frames])
        middle = 0.5 * (block[0] + block[1])
        if self._wide:
            block = block + self._wide.process(middle)
        if self._echo:
            block = block + self._echo.process(middle)
        return block

    def _add_note(self, note: Note, start: int, out: Array) -> Array:
        sound = self._synth.sound(self.voice, note)
        at = max(0, round(note.start * RATE) - start)
        if at + len(sound) > out.shape[1]:
            out = np.concatenate([out, np.zeros((2, at + len(sound) - out.shape[1] + BLOCK // 4))], axis=1)
        drum = self.voice.bank == KIT_BANK
        gain = self._gain * (self._drums.get(note.key, 1.0) if drum else 1.0)
        angle = pi / 4 * (1 + (DRUM_PAN.get(note.key, 0.0) if drum else self.voice.pan))
        for side, level in enumerate((cos(angle), sin(angle))):
            out[side, at : at + len(sound)] += np.float32(gain * level) * sound
        return out


def render_stem(score: Score, role: str, side_chain: bool, synth: Synth, to: Path, progress: Progress) -> RawStem:
    """Render all parts of one role into the raw file `to`; with `side_chain` the kick ducks bass and chords."""
    frames = round(score.plan.duration_ms * RATE / 1000)
    genre = score.plan.genre
    players = _players(score, role, synth)
    reverb = Convolver(reverb_response(genre)) if players else None
    rumble_filter = Filter(high_pass(HIGH_PASS_HZ, RATE), 2)
    kicks = _kicks(score) if side_chain and role in ("bass", "chords") else []
    total = frames + int(TAIL_S * RATE) if score.plan.looping else frames
    with to.open("w+b") as file:
        for start in range(0, total, BLOCK):
            block = rumble_filter.process(_mixed(players, reverb, genre, start, kicks))
            whole = np.ascontiguousarray(block[:, : max(0, min(BLOCK, frames - start))].T, np.float32)
            file.seek(8 * start)
            file.write(whole.tobytes())
            if start + BLOCK > frames and score.plan.looping:
                _add_tail(file, block[:, max(0, frames - start) :], max(0, start - frames), frames)
            progress(min(1.0, (start + BLOCK) / total), f"Playing the {role}")
    return RawStem(role, to, frames)


def _players(score: Score, role: str, synth: Synth) -> list[PartPlayer]:
    players = []
    beat_s = 60 / score.bpm
    for rank, part in enumerate(score.of(role)):
        drum = VOICES[part.voice].bank == KIT_BANK
        drums = {key: drum_gain(synth, part, key) for key in {n.key for n in part.notes}} if drum else {}
        gain = part_gain(synth, part, rank, score, drums)
        players.append(PartPlayer(part, synth, gain, drums, beat_s))
    return players


def _mixed(players: list[PartPlayer], reverb: Convolver | None, genre: Genre, start: int, kicks: list[float]) -> Array:
    """Return one block of a stem: its parts and their reverb."""
    dry = np.zeros((2, BLOCK))
    send = np.zeros((1, BLOCK))
    for player in players:
        block = player.play(start, BLOCK)
        dry += block
        send += player.voice.send * 0.5 * block.sum(axis=0, keepdims=True)
    if reverb is not None:
        dry += REVERBS[genre].wet * reverb.process(send)
    return dry * ducked(BLOCK, start, kicks) if kicks else dry


def _add_tail(file: BinaryIO, ringing: Array, at: int, frames: int) -> None:
    """Add sound from after the end of a loop of `frames` frames to its start, from frame `at` on; wrap around if it is longer."""
    samples = np.ascontiguousarray(ringing.T, np.float32)
    while len(samples):
        at %= frames
        piece, samples = samples[: frames - at], samples[frames - at :]
        file.seek(8 * at)
        existing = np.frombuffer(file.read(8 * len(piece)), np.float32).reshape(-1, 2)
        file.seek(8 * at)
        file.write((existing + piece).tobytes())
        at += len(piece)


def _kicks(score: Score) -> list[float]:
    """Return the times of the kicks in s; of a loop, also those of the times before and after."""
    kicks = [
        n.start for p in score.of("percussion") for n in p.notes if VOICES[p.voice].bank == KIT_BANK and n.key == 36
    ]
    turns = (-score.plan.duration_s, 0.0, score.plan.duration_s) if score.plan.looping else (0.0,)
    return [kick + turn for turn in turns for kick in kicks]


@dataclass(frozen=True, slots=True)
class Reverb:
    """The reverb of a genre."""

    wet: float
    """Level of the reverb relative to the dry sound, 0 to 1."""
    rt60_s: float
    predelay_ms: float = 18.0


REVERBS: dict[Genre, Reverb] = {
    Genre.AMBIENT: Reverb(0.45, 4.5, 35),
    Genre.CINEMATIC: Reverb(0.35, 2.8, 28),
    Genre.INDIAN: Reverb(0.25, 2.0),
    Genre.RNB: Reverb(0.20, 1.6),
    Genre.ELECTRONIC: Reverb(0.18, 1.6),
    Genre.POP: Reverb(0.16, 1.3),
    Genre.INDIE: Reverb(0.15, 1.1),
    Genre.HIPHOP: Reverb(0.14, 1.0),
}


def reverb_response(genre: Genre) -> Array:
    """Return the impulse response of a genre's reverb, (2, frames): decaying noise that becomes darker, after early reflections.

    The energy of each channel is 1, so that noise keeps its level.
    """
    reverb = REVERBS[genre]
    rng = np.random.default_rng(zlib.crc32(genre.encode()))
    frames = int(reverb.rt60_s * RATE)
    t = np.arange(frames) / RATE
    noise = rng.standard_normal((2, frames)) * 10 ** (-3 * t / reverb.rt60_s)
    dark = Filter(low_pass(2200, RATE), 2).process(noise)
    tail = dark * np.minimum(1, t / 0.4) + noise * np.maximum(0, 1 - t / 0.4)
    early = np.zeros((2, frames))
    for side in early:
        delays = np.sort(rng.integers(int(0.004 * RATE), int(0.05 * RATE), 9))
        side[delays] = rng.choice((-1.0, 1.0), 9) * np.linspace(6, 2, 9)
    band = np.vstack([low_pass(5000, RATE), high_pass(180, RATE)])
    out = Filter(band, 2).process(
        np.concatenate([np.zeros((2, int(reverb.predelay_ms * RATE / 1e3))), tail + early], 1)
    )
    out[:, -2048:] *= np.linspace(1, 0, 2048)
    scaled: Array = out / np.sqrt(np.sum(out**2, axis=1, keepdims=True))
    return scaled


class Taps:
    """Several delays of a mono signal, each with a gain for left and right; used for echoes and stereo width."""

    def __init__(self, delays: Sequence[int], gains: Sequence[tuple[float, float]]) -> None:
        self._delays = delays
        self._gains = gains
        self._before = np.zeros(max(delays, default=0))

    def process(self, block: Array) -> Array:
        """Return the delayed copies of a block of shape (frames,), as (2, frames), without the block itself."""
        history = np.concatenate([self._before, block])
        keep = len(self._before)
        out = np.zeros((2, len(block)))
        for delay, (left, right) in zip(self._delays, self._gains, strict=True):
            copy = history[keep - delay : len(history) - delay]
            out[0] += left * copy
            out[1] += right * copy
        self._before = history[len(history) - keep :] if keep else history[:0]
        return out


def widener(name: str, width: float) -> Taps:
    """Return the stereo width of a voice: short delays, added on one side and subtracted on the other, so that the mono sum is unchanged."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    delays = np.sort(rng.integers(int(0.003 * RATE), int(0.028 * RATE), 8))
    gains = rng.choice((-1.0, 1.0), 8) * np.linspace(1.0, 0.35, 8)
    gains *= 0.8 * width / np.sqrt(np.sum(gains**2))
    return Taps([int(d) for d in delays], [(float(g), -float(g)) for g in gains])


def echoes(beat_s: float, level: float) -> Taps:
    """Return an echo of four repeats, three sixteenths apart, that alternates between the sides and decays."""
    step = int(0.75 * beat_s * RATE)
    gains = [level * 0.55**n for n in range(4)]
    return Taps(
        [step * (n + 1) for n in range(4)], [(g, 0.3 * g) if n % 2 else (0.3 * g, g) for n, g in enumerate(gains)]
    )


def ducked(frames: int, start: int, kicks: Sequence[float], depth_db: float = -12.0, back_s: float = 0.22) -> Array:
    """Return the gain of a ducked part for `frames` frames from frame `start`: `depth_db` at every kick, 0 dB again after `back_s`.

    `kicks` are times in seconds.
    """
    gain = np.ones(frames)
    length = int(back_s * RATE)
    low = 10 ** (depth_db / 20)
    curve = low + (1 - low) * (np.arange(length) / length) ** 1.6
    curve[:64] = np.linspace(1, curve[63], 64)  # no click at the kick
    for kick in kicks:
        at = round(kick * RATE) - start
        if -length < at < frames:
            inside = slice(max(0, at), min(frames, at + length))
            gain[inside] = np.minimum(gain[inside], curve[inside.start - at : inside.stop - at])
    return gain
