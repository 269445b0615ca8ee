"""Read and write audio files; the only module that uses codecs.

Audio in memory is float64 of shape (channels, frames); files are converted here. Reads WAV, FLAC, MP3, AIFF and OGG with libsndfile, converts
sample rates with soxr. Errors name the file, never its folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from math import log10
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
"""Default number of frames in a block."""

_READABLE = "WAV, FLAC, MP3, AIFF or OGG"
_KNOWN = {"WAV": "wav", "WAVEX": "wav", "RF64": "wav", "FLAC": "flac", "MP3": "mp3", "AIFF": "aiff", "OGG": "ogg"}
_DEPTHS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}
_LOSSY = ("VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
_MP3_LEVELS = {
    320: 0.0,
    256: 0.25,
    160: 0.5,
    96: 0.75,
    80: 0.84,
}  # compression level of libsndfile for each bit rate, at 44.1 and 48 kHz
_OGG_QUALITY = 0.6
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# Rates and highest number of channels; beyond them libsndfile crashes (Vorbis) or gives no useful error.
_LIMITS: dict[str, tuple[Container[int], int]] = {"mp3": (_MP3_RATES, 2), "ogg": (range(8000, 192001), 8)}
_SLACK_BYTES = 4096
_HEADER_BYTES = 64  # the first chunks of a float WAV (RIFF, fmt, fact) and the beginning of its PEAK chunk
_PEAK_TIME_OFFSET = 12  # after its name, size and version
_UNKNOWN_LENGTH_BYTES = 0x7FFF0000
_LARGEST = 1000.0  # +60 dBFS: no mix has such samples, and the squares of much larger ones overflow
_MOST_FRAMES = 1 << 48  # libsndfile gives 2^63 - 1 for a FLAC without a length


@dataclass(frozen=True)
class AudioInfo:
    """Properties of an audio file. `bit_depth` is 0 for a lossy file and None for a coding without one."""

    path: Path
    format: str
    rate: int
    channels: int
    frames: int
    bit_depth: int | None

    @property
    def seconds(self) -> float:
        """Duration in s."""
        return self.frames / self.rate


def info(path: Path | str) -> AudioInfo:
    """Return the properties of a file; raises AudioError if it is missing, empty, truncated or not audio."""
    with _open(Path(path)) as file:
        return _info_of(Path(path), file)


def comment(path: Path | str) -> str:
    """Return the comment that is stored in a file, "" without one; raises AudioError if the file cannot be read."""
    with _open(Path(path)) as file:
        return str(file.comment)


def read(path: Path | str, rate: int | None = None) -> tuple[Array, int]:
    """Return the whole file as (channels, frames), converted to `rate` if it is given, and the rate. Raises AudioError as `blocks` does."""
    found = info(path)
    parts = list(blocks(path, rate))
    return (np.concatenate(parts, axis=1) if parts else np.empty((found.channels, 0))), rate or found.rate


def blocks(
    path: Path | str, rate: int | None = None, block: int = BLOCK, start_s: float = 0.0, stop_s: float | None = None
) -> Iterator[Array]:
    """Yield a file in blocks of `block` frames (the last may be shorter), converted to `rate` if it is given.

    `start_s` and `stop_s` select a part. The concatenated blocks are bit for bit the same as the whole file, at its own rate and at any other.
    Raises AudioError if the file is missing, empty, truncated, not audio, or holds NaN, infinity or samples over +60 dBFS.
    """
    source = Path(path)
    with _open(source) as file:
        _info_of(source, file)
        start = min(round(start_s * file.samplerate), file.frames)
        stop = file.frames if stop_s is None else min(round(stop_s * file.samplerate), file.frames)
        pieces = _decode_blocks(source, file, start, stop, block)
        if rate is None or rate == file.samplerate:
            yield from pieces
        else:
            yield from _regrouped(_resampled(pieces, file.samplerate, rate, file.channels), file.channels, block)


def decode(data: bytes) -> tuple[Array, int]:
    """Return the audio in the bytes of a file as (channels, frames), and its rate. Raises AudioError if they are not audio."""
    try:
        samples, rate = soundfile.read(BytesIO(data), dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"these {len(data)} bytes cannot be read as audio; {_READABLE} can.") from error
    return np.ascontiguousarray(samples.T), rate


def write(path: Path | str, audio: Audio, rate: int, bit_depth: BitDepth = 24, dither_seed: int | None = None) -> Path:
    """Write (channels, frames) to a file and return its path. The parameters and errors are those of `Writer`."""
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
    """Return (channels, frames) encoded as the bytes of a file. The parameters and errors are those of `Writer`."""
    name = f"the {format.upper()} stream"
    buffer = BytesIO()
    with _create(buffer, name, format, rate, len(audio), bit_depth, kbps) as file:
        _write_blocks(file, name, audio, bit_depth, None)
    return buffer.getvalue()


class Writer:
    """Write an audio file block by block, as a context manager: to `<name>.part`, renamed when complete and deleted after an error.

    Raises AudioError if the file cannot be written or the format cannot hold the rate and channels, ValueError for a wrong bit depth or rate.

    Parameters
    ----------
    path
        .wav, .flac, .ogg or .mp3; the suffix selects the format. An existing file is replaced when the new one is complete.
    bit_depth
        16 or 24, rounded half to even; 32 is float and for WAV only. OGG and MP3 have none.
    dither_seed
        Seed of triangular dither of ±1 LSB, added before rounding; digital silence stays silent. None for no dither.
    kbps
        The constant bit rate of an MP3: 320, 256, 160, 96 or 80.
    comment
        Text to store in the file, which `comment` reads; None for none.
    """

    def __init__(
        self,
        path: Path | str,
        rate: int,
        channels: int,
        bit_depth: BitDepth = 24,
        dither_seed: int | None = None,
        kbps: int = 256,
        comment: str | None = None,
    ) -> None:
        self.path = Path(path)
        self._part = self.path.with_name(self.path.name + ".part")
        self._bit_depth = bit_depth
        self._random = None if dither_seed is None else np.random.default_rng(dither_seed)
        format_ = self.path.suffix.lower().lstrip(".")
        self._file = _create(self._part, self.path.name, format_, rate, channels, bit_depth, kbps)
        if comment is not None:
            self._file.comment = comment

    def write(self, block: Audio) -> None:
        """Write the next (channels, frames)."""
        _write_blocks(self._file, self.path.name, block, self._bit_depth, self._random)

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


def mark_padding(path: Path, before: int, after: int) -> None:
    """Mark frames at the start and at the end of an MP3 as padding, which decoders skip, in addition to the encoder's own.

    A loop is encoded with sound on both sides, so that its ends are encoded like any other part. Each padding has 12 bits in the LAME
    tag: with the encoder's own at most 4095 frames. The tag ends with a CRC-16 of itself.
    """
    content = bytearray(path.read_bytes())
    tag = content.index(b"Info", 0, _HEADER_BYTES)
    own = int.from_bytes(content[tag + 141 : tag + 144], "big")
    start, end = (own >> 12) + before, (own & 0xFFF) + after
    if max(start, end) > 0xFFF:
        raise ValueError(f"at most 4095 frames can be marked at each end, not {start} and {end}")
    content[tag + 141 : tag + 144] = (start << 12 | end).to_bytes(3, "big")
    content[tag + 154 : tag + 156] = _crc16(content[content.index(b"\xff") : tag + 154]).to_bytes(2, "big")
    path.write_bytes(content)


def _crc16(data: bytearray) -> int:
    """Return the CRC-16 with polynomial 0x8005, reflected, which the LAME tag has."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def _clear_peak_time(path: Path) -> None:
    """Set the time of writing in the PEAK chunk of a float WAV to 0, so that the same audio always gives the same bytes.

    Otherwise a dither seed derived from such a file would change every second.
    """
    with path.open("r+b") as file:
        position = file.read(_HEADER_BYTES).find(b"PEAK")
        if position >= 0:
            file.seek(position + _PEAK_TIME_OFFSET)
            file.write(bytes(4))


def _open(path: Path) -> soundfile.SoundFile:
    if not path.is_file():
        raise AudioError(f"{path.name}: there is no such file. Check the name and the folder.")
    if not path.stat().st_size:
        raise AudioError(f"{path.name} is empty (0 bytes). Export it again.")
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path.name} cannot be read as sound. Export it again as {_READABLE}.") from error


def _info_of(path: Path, file: soundfile.SoundFile) -> AudioInfo:
    if file.format not in _KNOWN:
        raise AudioError(
            f"{path.name} has the format {file.format}, which is not supported. Convert it to {_READABLE}."
        )
    if file.frames <= 0:
        raise AudioError(f"{path.name} is empty: it has 0 samples. Export it again.")
    if file.frames > _MOST_FRAMES:
        raise AudioError(
            f"{path.name} does not say how long it is, as a file that was written to a pipe. Convert it to WAV, or export it again."
        )
    if _is_truncated(file):
        raise _damaged(path)
    depth = 0 if file.subtype in _LOSSY else _DEPTHS.get(file.subtype)
    return AudioInfo(path, _KNOWN[file.format], file.samplerate, file.channels, file.frames, depth)


def _is_truncated(file: soundfile.SoundFile) -> bool:
    """Return whether a WAV or AIFF ends long before the length in its header, which libsndfile only mentions in its log.

    A program that writes to a pipe does not know the length, and writes the largest number instead: that is accepted.
    """
    found = re.search(r"^ *(?:data|SSND) : (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    return found is not None and int(found[1]) - int(found[2]) > _SLACK_BYTES and int(found[1]) < _UNKNOWN_LENGTH_BYTES


def _decode_blocks(path: Path, file: soundfile.SoundFile, start: int, stop: int, block: int) -> Iterator[Array]:
    try:
        if start:
            file.seek(start)
        while start < stop:
            samples = file.read(min(block, stop - start), dtype="float64", always_2d=True)
            if not len(samples):
                break
            if not np.isfinite(samples).all():
                raise AudioError(f"{path.name} contains NaN or infinity. Export it again.")
            if (peak := max(samples.max(), -samples.min())) > _LARGEST:
                raise AudioError(
                    f"{path.name} holds samples of {20.0 * log10(peak):+.0f} dBFS; at most +60 dBFS are read. Export it again."
                )
            yield np.ascontiguousarray(samples.T)
            start += len(samples)
    except soundfile.LibsndfileError as error:
        raise _damaged(path) from error
    if start < stop and file.format != "MP3":  # the length of an MP3 may be an estimate
        raise _damaged(path)


def _damaged(path: Path) -> AudioError:
    return AudioError(f"{path.name} is damaged: the audio ends too early. Export it again, or upload it again.")


def _resampled(pieces: Iterable[Array], from_rate: int, to_rate: int, channels: int) -> Iterator[Array]:
    stream = soxr.ResampleStream(from_rate, to_rate, channels, dtype="float64", quality="VHQ")
    for piece in pieces:
        yield stream.resample_chunk(np.ascontiguousarray(piece.T)).T
    yield stream.resample_chunk(np.empty((0, channels)), last=True).T


def _regrouped(pieces: Iterable[Array], channels: int, block: int) -> Iterator[Array]:
    """Yield the same samples in blocks of `block` frames."""
    buffer = np.empty((channels, 0))
    for piece in pieces:
        buffer = np.concatenate([buffer, piece], axis=1)
        while buffer.shape[1] >= block:
            yield np.ascontiguousarray(buffer[:, :block])
            buffer = buffer[:, block:]
    if buffer.shape[1]:
        yield np.ascontiguousarray(buffer)


def _create(
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
        raise ValueError(f"bit_depth {bit_depth} is not available in {format_.upper()}")
    return {"subtype": "FLOAT" if bit_depth == 32 else f"PCM_{bit_depth}"}


def _write_blocks(
    file: soundfile.SoundFile, name: str, audio: Audio, bit_depth: BitDepth, random: np.random.Generator | None
) -> None:
    """Write in blocks: libsndfile puts a whole OGG block on the stack, and crashes if it is too large."""
    try:
        for start in range(0, audio.shape[1], BLOCK):
            piece = np.asarray(audio[:, start : start + BLOCK], dtype=np.float64).T
            integers = file.subtype in ("PCM_16", "PCM_24")
            file.write(_rounded(piece, bit_depth, random) if integers else np.ascontiguousarray(piece))
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{name} could not be written to the end. Is the disk full?") from error


def _rounded(piece: Array, bit_depth: BitDepth, random: np.random.Generator | None) -> npt.NDArray[np.signedinteger]:
    """Return (frames, channels) as integers, in the upper bits of the type; values beyond full scale are clipped."""
    scale = 2.0 ** (bit_depth - 1)
    scaled = np.multiply(piece, scale, order="C")
    if random is not None:
        noise = random.random((*piece.shape, 2))  # frame by frame, so that the cut into blocks changes nothing
        triangular = noise[..., 0] - noise[..., 1]
        triangular[~piece.any(axis=1)] = 0.0
        scaled += triangular
    whole = np.clip(np.rint(scaled, out=scaled), -scale, scale - 1.0, out=scaled)
    return whole.astype(np.int16) if bit_depth == 16 else whole.astype(np.int32) << 8
