"""Sound files: the one room that knows codecs. Inside the house audio is (channels, frames) float64; here it is turned at the edge.

Reads WAV, FLAC, MP3, AIFF and OGG through libsndfile; changes of rate go through soxr. An error names the file, never its folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from tonnbook.errors import AudioError

Array = npt.NDArray[np.float64]
Audio = npt.NDArray[np.floating[Any]]
Format = Literal["wav", "flac", "ogg", "mp3"]
BitDepth = Literal[16, 24, 32]

BLOCK = 65536
_READABLE = "WAV, FLAC, MP3, AIFF or OGG"
_KNOWN = {"WAV": "wav", "WAVEX": "wav", "RF64": "wav", "FLAC": "flac", "MP3": "mp3", "AIFF": "aiff", "OGG": "ogg"}
_DEPTHS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}
_LOSSY = ("VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
_MP3_LEVELS = {320: 0.0, 256: 0.25, 160: 0.5, 96: 0.75}  # what LAME makes of libsndfile's level at 44.1 and 48 kHz
_OGG_QUALITY = 0.6
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# Rates and channels; beyond them libsndfile crashes (Vorbis), or says nothing that would help.
_LIMITS: dict[str, tuple[Container[int], int]] = {"mp3": (_MP3_RATES, 2), "ogg": (range(8000, 192001), 8)}
_SLACK_BYTES = 4096
_HEADER_BYTES = 64  # the first chunks of a float WAV (RIFF, fmt, fact) and the beginning of its PEAK chunk
_PEAK_TIME_OFFSET = 12  # after its name, size and version
_UNKNOWN_BYTES = 0x7FFF0000


@dataclass(frozen=True)
class AudioInfo:
    """What a file says of itself. `bit_depth` is 0 for a lossy file and None where the coding has no such thing."""

    path: Path
    format: str
    rate: int
    channels: int
    frames: int
    bit_depth: int | None

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.rate


def info(path: Path | str) -> AudioInfo:
    """Return what the file says of itself; AudioError if it is missing, empty, or no sound."""
    with _opened(Path(path)) as file:
        return _described(Path(path), file)


def read(path: Path | str, rate: int | None = None) -> tuple[Array, int]:
    """Return the whole file as (channels, frames), at `rate` if one is asked for, and its rate."""
    found = info(path)
    parts = list(blocks(path, rate))
    return (np.concatenate(parts, axis=1) if parts else np.empty((found.channels, 0))), rate or found.rate


def blocks(
    path: Path | str, rate: int | None = None, block: int = BLOCK, start_s: float = 0.0, stop_s: float | None = None
) -> Iterator[Array]:
    """Yield the file piece by piece, each `block` frames long but the last, at `rate` if one is asked for.

    The pieces put together are the same as the whole, bit for bit, at the file's own rate and at any other.
    """
    source = Path(path)
    with _opened(source) as file:
        _described(source, file)
        start = min(round(start_s * file.samplerate), file.frames)
        stop = file.frames if stop_s is None else min(round(stop_s * file.samplerate), file.frames)
        pieces = _decoded(source, file, start, stop, block)
        if rate is None or rate == file.samplerate:
            yield from pieces
        else:
            yield from _cut(_resampled(pieces, file.samplerate, rate, file.channels), file.channels, block)


def decode(data: bytes) -> tuple[Array, int]:
    """Return the sound in the bytes of a file as (channels, frames), and its rate."""
    try:
        samples, rate = soundfile.read(BytesIO(data), dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"these {len(data)} bytes cannot be read as sound; known are {_READABLE}.") from error
    return np.ascontiguousarray(samples.T), rate


def write(path: Path | str, audio: Audio, rate: int, bit_depth: BitDepth = 24, dither_seed: int | None = None) -> Path:
    """Write (channels, frames) to a file; the suffix says the format. Return its path."""
    with Writer(path, rate, len(audio), bit_depth, dither_seed) as writer:
        writer.write(audio)
    return Path(path)


def encode(
    audio: Audio,
    rate: int,
    format: Format = "ogg",  # noqa: A002 - the word of the field
    bit_depth: BitDepth = 16,
    kbps: int = 256,
) -> bytes:
    """Return (channels, frames) as the bytes of a file. `kbps` is the constant bit rate of an MP3: 320, 256, 160 or 96."""
    name = f"the {format.upper()} stream"
    held = BytesIO()
    with _created(held, name, format, rate, len(audio), bit_depth, kbps) as file:
        _put(file, name, audio, bit_depth, None)
    return held.getvalue()


class Writer:
    """Writes a file block by block, whole or not at all: what is unfinished is called `<name>.part`, and goes away on an error.

    Parameters
    ----------
    path
        .wav, .flac, .ogg or .mp3; an older file of that name stays until the new one is whole.
    bit_depth
        16 or 24, rounded half to even; 32 is float and for WAV only. OGG and MP3 have none.
    dither_seed
        Adds triangular noise of ±1 LSB before the rounding, the same for the same seed; digital silence stays silent. None: no dither.
    kbps
        The constant bit rate of an MP3: 320, 256, 160 or 96.
    """

    def __init__(
        self,
        path: Path | str,
        rate: int,
        channels: int,
        bit_depth: BitDepth = 24,
        dither_seed: int | None = None,
        kbps: int = 256,
    ) -> None:
        self.path = Path(path)
        self._part = self.path.with_name(self.path.name + ".part")
        self._bit_depth = bit_depth
        self._random = None if dither_seed is None else np.random.default_rng(dither_seed)
        format_ = self.path.suffix.lower().lstrip(".")
        self._file = _created(self._part, self.path.name, format_, rate, channels, bit_depth, kbps)

    def write(self, block: Audio) -> None:
        """Add (channels, frames)."""
        _put(self._file, self.path.name, block, self._bit_depth, self._random)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                if self._file.subtype == "FLOAT":
                    _clear_peak_time(self._part)
                os.replace(self._part, self.path)
        finally:
            self._part.unlink(missing_ok=True)


def _clear_peak_time(path: Path) -> None:
    """Set the time of writing in the PEAK chunk of a float WAV to 0, so that the same sound always gives the same bytes.

    Whoever derives a dither seed from such a file would get another one every second.
    """
    with path.open("r+b") as file:
        position = file.read(_HEADER_BYTES).find(b"PEAK")
        if position >= 0:
            file.seek(position + _PEAK_TIME_OFFSET)
            file.write(bytes(4))


def _opened(path: Path) -> soundfile.SoundFile:
    if not path.is_file():
        raise AudioError(f"{path.name}: there is no such file. Check the name and the folder.")
    if not path.stat().st_size:
        raise AudioError(f"{path.name} is empty (0 bytes). Export it again.")
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path.name} cannot be read as sound. Export it again as {_READABLE}.") from error


def _described(path: Path, file: soundfile.SoundFile) -> AudioInfo:
    if file.format not in _KNOWN:
        raise AudioError(f"{path.name} has the format {file.format}, which is not read. Convert it to {_READABLE}.")
    if file.frames <= 0:
        raise AudioError(f"{path.name} holds no sound: it has 0 samples. Export it again.")
    if _cut_short(file):
        raise _broken(path)
    depth = 0 if file.subtype in _LOSSY else _DEPTHS.get(file.subtype)
    return AudioInfo(path, _KNOWN[file.format], file.samplerate, file.channels, file.frames, depth)


def _cut_short(file: soundfile.SoundFile) -> bool:
    """Say whether a WAV or AIFF ends long before the length in its header; libsndfile mentions it in its log, and reads on.

    A program that writes into a pipe cannot know the length, and puts the largest number there.
    """
    found = re.search(r"^ *(?:data|SSND) : (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    return found is not None and int(found[1]) - int(found[2]) > _SLACK_BYTES and int(found[1]) < _UNKNOWN_BYTES


def _decoded(path: Path, file: soundfile.SoundFile, start: int, stop: int, block: int) -> Iterator[Array]:
    try:
        if start:
            file.seek(start)
        while start < stop:
            samples = file.read(min(block, stop - start), dtype="float64", always_2d=True)
            if not len(samples):
                break
            if not np.isfinite(samples).all():
                raise AudioError(f"{path.name} holds values that are no numbers (NaN or infinity). Export it again.")
            yield np.ascontiguousarray(samples.T)
            start += len(samples)
    except soundfile.LibsndfileError as error:
        raise _broken(path) from error
    if start < stop and file.format != "MP3":  # whose length may be an estimate
        raise _broken(path)


def _broken(path: Path) -> AudioError:
    return AudioError(
        f"{path.name} is damaged: the sound breaks off before its end. Export it again, or upload it again."
    )


def _resampled(pieces: Iterable[Array], from_rate: int, to_rate: int, channels: int) -> Iterator[Array]:
    stream = soxr.ResampleStream(from_rate, to_rate, channels, dtype="float64", quality="VHQ")
    for piece in pieces:
        yield stream.resample_chunk(np.ascontiguousarray(piece.T)).T
    yield stream.resample_chunk(np.empty((0, channels)), last=True).T


def _cut(pieces: Iterable[Array], channels: int, block: int) -> Iterator[Array]:
    """Yield the same samples in pieces of `block` frames."""
    held = np.empty((channels, 0))
    for piece in pieces:
        held = np.concatenate([held, piece], axis=1)
        while held.shape[1] >= block:
            yield np.ascontiguousarray(held[:, :block])
            held = held[:, block:]
    if held.shape[1]:
        yield np.ascontiguousarray(held)


def _created(
    target: Path | BytesIO, name: str, format_: str, rate: int, channels: int, bit_depth: BitDepth, kbps: int
) -> soundfile.SoundFile:
    options = _options(name, format_, bit_depth, kbps)
    rates, most = _LIMITS.get(format_, (range(1, 655351), 8))
    if rate not in rates or not 1 <= channels <= most:
        kind = format_.upper()
        raise AudioError(f"{name}: {kind} cannot hold {channels} channels at {rate} Hz. Write WAV, or change the rate.")
    if isinstance(target, Path) and not target.parent.is_dir():
        raise AudioError(f"{name} cannot be written: there is no folder {target.parent.name}. Create it first.")
    try:
        return soundfile.SoundFile(target, "w", rate, channels, format=format_.upper(), **options)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{name} cannot be written: {error.error_string} Check the folder's permissions.") from error


def _options(name: str, format_: str, bit_depth: BitDepth, kbps: int) -> dict[str, Any]:
    if format_ == "ogg":
        return {"subtype": "VORBIS", "compression_level": 1.0 - _OGG_QUALITY}
    if format_ == "mp3":
        if kbps not in _MP3_LEVELS:
            raise ValueError(f"kbps must be one of {sorted(_MP3_LEVELS)}, not {kbps}")
        level = _MP3_LEVELS[kbps]
        return {"subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT", "compression_level": level}
    if format_ not in ("wav", "flac"):
        raise AudioError(f"{name}: tonnbook writes .wav, .flac, .ogg and .mp3. Choose one of these suffixes.")
    if bit_depth not in (16, 24, 32) or (bit_depth == 32 and format_ == "flac"):
        raise ValueError(f"bit_depth {bit_depth} is not to be had in {format_.upper()}")
    return {"subtype": "FLOAT" if bit_depth == 32 else f"PCM_{bit_depth}"}


def _put(
    file: soundfile.SoundFile, name: str, audio: Audio, bit_depth: BitDepth, random: np.random.Generator | None
) -> None:
    """Write in pieces: libsndfile puts a whole OGG block on the stack, and crashes where that is too much."""
    try:
        for start in range(0, audio.shape[1], BLOCK):
            piece = np.asarray(audio[:, start : start + BLOCK], dtype=np.float64).T
            whole_numbers = file.subtype in ("PCM_16", "PCM_24")
            file.write(_rounded(piece, bit_depth, random) if whole_numbers else np.ascontiguousarray(piece))
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{name} could not be written to the end. Is the disk full?") from error


def _rounded(piece: Array, bit_depth: BitDepth, random: np.random.Generator | None) -> npt.NDArray[np.signedinteger]:
    """Return (frames, channels) as whole numbers, in the upper bits of the type; beyond full scale is cut off."""
    scale = 2.0 ** (bit_depth - 1)
    scaled = np.multiply(piece, scale, order="C")
    if random is not None:
        noise = random.random((*piece.shape, 2))  # frame by frame, so that the cut into blocks does not matter
        triangular = noise[..., 0] - noise[..., 1]
        triangular[~piece.any(axis=1)] = 0.0
        scaled += triangular
    whole = np.clip(np.rint(scaled, out=scaled), -scale, scale - 1.0, out=scaled)
    return whole.astype(np.int16) if bit_depth == 16 else whole.astype(np.int32) << 8
