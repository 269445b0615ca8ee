"""The beginning of an MP3 as a file of its own, without encoding it again: frames are copied, and the header is told the new length.

Frames as in ISO/IEC 11172-3, 2.4.1; the first one carries the Info tag of LAME, whose delay and padding give the exact length.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path

from tonnbook.errors import AudioError

SAMPLES = 1152
"""Sample frames of one MPEG-1 layer III frame."""
_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES = (44100, 48000, 32000)
_TAG = 36
"""Where the tag begins in a stereo frame: after its header of 4 bytes and its side information of 32."""
_DELAYS = 120 + 21
"""Where delay and padding stand in the tag, 12 bits each: after frames, bytes, table and quality, and 21 bytes of LAME's own."""
_MUSIC_LENGTH, _MUSIC_CRC, _TAG_CRC = 120 + 28, 120 + 32, 120 + 34
_DECODER_DELAY = 529


def beginning(source: Path, to: Path, frames: int) -> Path:
    """Write the first `frames` sample frames of a stereo MP3 with an Info tag as another MP3, at its own bit rate.

    Raises AudioError for a file of another kind, or one that is shorter.
    """
    data = source.read_bytes()
    ends = _ends(data)
    head = bytearray(data[: next(ends, 0)])
    if (
        bytes(head[_TAG : _TAG + 4]) not in (b"Info", b"Xing")
        or head[_TAG + 7] & 0x0F != 0x0F
        or len(head) < _TAG + 156
    ):
        raise AudioError(f"{source.name} cannot be shortened: it has no Info tag, or is no stereo MP3.")
    packed = int.from_bytes(head[_TAG + _DELAYS : _TAG + _DELAYS + 3], "big")
    delay = packed >> 12
    count = ceil((frames + delay + _DECODER_DELAY) / SAMPLES) + 1  # one more: frames overlap
    end = next((end for n, end in enumerate(ends, start=1) if n == count), None)
    if end is None:
        raise AudioError(f"{source.name} cannot be shortened: it is not longer than {frames} frames.")
    _put(head, _TAG + 8, count, 4)
    _put(head, _TAG + 12, end, 4)
    head[_TAG + 16 : _TAG + 116] = bytes(n * 256 // 100 for n in range(100))  # where to seek: constant bit rate
    _put(head, _TAG + _DELAYS, delay << 12 | count * SAMPLES - delay - frames, 3)
    _put(head, _TAG + _MUSIC_LENGTH, end, 4)
    _put(head, _TAG + _MUSIC_CRC, 0, 2)
    _put(head, _TAG + _TAG_CRC, _crc(head[: _TAG + _TAG_CRC]), 2)
    part = to.with_name(to.name + ".part")
    part.write_bytes(bytes(head) + data[len(head) : end])
    part.replace(to)
    return to


def _ends(data: bytes) -> Iterator[int]:
    """Yield where each frame ends."""
    at = 0
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] & 0xFE == 0xFA:  # MPEG 1, layer III
        kbps, rate = data[at + 2] >> 4, data[at + 2] >> 2 & 3
        if not 0 < kbps < 15 or rate == 3:
            return
        at += 144_000 * _KBPS[kbps] // _RATES[rate] + (data[at + 2] >> 1 & 1)
        yield at


def _put(head: bytearray, at: int, value: int, size: int) -> None:
    head[at : at + size] = value.to_bytes(size, "big")


def _crc(data: bytes | bytearray) -> int:
    """Return the CRC-16 of a tag: polynomial 0x8005, bits reflected."""
    found = 0
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ (0xA001 if found & 1 else 0)
    return found
