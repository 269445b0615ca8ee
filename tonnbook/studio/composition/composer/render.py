"""From a score to four stems of raw sound, block by block: no song is ever whole in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tonnbook.dsp.filters import Filter, high_pass, low_pass
from tonnbook.dsp.levels import Array
from tonnbook.dsp.reverb import Convolver
from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.balance import drum_gain, part_gain
from tonnbook.studio.composition.composer.effects import ROOMS, ducked, echoes, room_response, widener
from tonnbook.studio.composition.composer.score import Note, Part, Score
from tonnbook.studio.composition.composer.soundfont import RATE
from tonnbook.studio.composition.composer.synth import Synth
from tonnbook.studio.composition.composer.voices import DRUM_PAN, KIT_BANK, VOICES

BLOCK = Convolver.PARTITION * 8
TAIL_S = 7.0
"""How far past the end a loop is rendered: longest release, echo and reverb; what rings there goes to the start."""

FLOOR_HZ = 24.0
"""Below it nothing is music: offsets of the samples and thumps of the bends."""


@dataclass(frozen=True)
class RawStem:
    """A stem on disk as interleaved float32, before the level of the song is set."""

    role: str
    path: Path
    frames: int

    def blocks(self, size: int = BLOCK) -> Iterator[Array]:
        """Yield (2, n) blocks."""
        with self.path.open("rb") as file:
            while len(samples := np.fromfile(file, np.float32, 2 * size)):
                yield samples.reshape(-1, 2).T.astype(np.float64)


class PartPlayer:
    """Plays one part block by block: notes, roof and floor, place, width, echo."""

    def __init__(self, part: Part, synth: Synth, gain: float, drums: dict[int, float], beat_s: float) -> None:
        self.voice = VOICES[part.voice]
        self._notes = deque(part.notes)
        self._synth = synth
        self._gain = gain
        self._drums = drums
        self._ringing = np.zeros((2, 0))
        voice = self.voice
        roof = [low_pass(voice.low_pass_hz, RATE)] if voice.low_pass_hz else []
        floor = [high_pass(voice.high_pass_hz, RATE)] if voice.high_pass_hz else []
        self._filter = Filter(np.vstack([*roof, *floor]) if roof or floor else np.empty((0, 6)), 2)
        self._wide = widener(voice.name, voice.width) if voice.width else None
        self._echo = echoes(beat_s, voice.echo) if voice.echo else None

    def play(self, start: int, frames: int) -> Array:
        """Return the next `frames` frames, which begin at frame `start` of the song, as (2, frames)."""
        out = np.zeros((2, max(frames, self._ringing.shape[1])))
        out[:, : self._ringing.shape[1]] = self._ringing
        while self._notes and round(self._notes[0].start * RATE) < start + frames:
            out = self._struck(self._notes.popleft(), start, out)
        self._ringing = out[:, frames:]
        block = self._filter.process(out[:, :frames])
        middle = 0.5 * (block[0] + block[1])
        if self._wide:
            block = block + self._wide.process(middle)
        if self._echo:
            block = block + self._echo.process(middle)
        return block

    def _struck(self, note: Note, start: int, out: Array) -> Array:
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


def render_stem(
    score: Score, role: str, side_chain: bool, synth: Synth, to: Path, progress: Callable[[float], None]
) -> RawStem:
    """Render all parts of one role into a raw file; with `side_chain` the kick presses bass and chords down."""
    frames = round(score.plan.duration_ms * RATE / 1000)
    genre = score.plan.genre
    players = _players(score, role, synth)
    room = Convolver(room_response(genre)) if players else None
    floor = Filter(high_pass(FLOOR_HZ, RATE), 2)
    kicks = _kicks(score) if side_chain and role in ("bass", "chords") else []
    total = frames + int(TAIL_S * RATE) if score.plan.looping else frames
    with to.open("w+b") as file:
        for start in range(0, total, BLOCK):
            block = floor.process(_mixed(players, room, genre, start, kicks))
            whole = np.ascontiguousarray(block[:, : max(0, min(BLOCK, frames - start))].T, np.float32)
            file.seek(8 * start)
            file.write(whole.tobytes())
            if start + BLOCK > frames and score.plan.looping:
                _wrapped(file, block[:, max(0, frames - start) :], max(0, start - frames), frames)
            progress(min(1.0, (start + BLOCK) / total))
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


def _mixed(players: list[PartPlayer], room: Convolver | None, genre: Genre, start: int, kicks: list[float]) -> Array:
    """Return one block of a stem: its parts and their reverb."""
    dry = np.zeros((2, BLOCK))
    send = np.zeros((1, BLOCK))
    for player in players:
        block = player.play(start, BLOCK)
        dry += block
        send += player.voice.send * 0.5 * block.sum(axis=0, keepdims=True)
    if room is not None:
        dry += ROOMS[genre].wet * room.process(send)
    return dry * ducked(BLOCK, start, kicks) if kicks else dry


def _wrapped(file: BinaryIO, ringing: Array, at: int, frames: int) -> None:
    """Add what rings past the end of a loop to its start, `at` frames in, where it will be heard; round again if need be."""
    samples = np.ascontiguousarray(ringing.T, np.float32)
    while len(samples):
        at %= frames
        piece, samples = samples[: frames - at], samples[frames - at :]
        file.seek(8 * at)
        there = np.frombuffer(file.read(8 * len(piece)), np.float32).reshape(-1, 2)
        file.seek(8 * at)
        file.write((there + piece).tobytes())
        at += len(piece)


def _kicks(score: Score) -> list[float]:
    return [
        n.start for p in score.of("percussion") for n in p.notes if VOICES[p.voice].bank == KIT_BANK and n.key == 36
    ]
