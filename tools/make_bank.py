"""Cut the composer's instrument bank out of Debian's FluidR3Mono SoundFont.

    apt-get download fluidr3mono-gm-soundfont        # 2.315-7; MIT
    dpkg -x fluidr3mono-gm-soundfont_*.deb font
    python tools/make_bank.py font tonnbook/studio/composition/composer/bank

Keeps whole presets, without the zones outside the keys that the composer plays; samples stay the Vorbis streams of the original, bit for
bit. The licence and the checksum are written to the same folder. Running it twice gives the same bytes.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

INSTRUMENTS: dict[int, tuple[int, int]] = {
    0: (31, 91),  # piano
    4: (40, 88),  # Rhodes
    8: (62, 96),  # celesta
    11: (53, 96),  # vibraphone
    15: (50, 86),  # dulcimer, used as santoor
    20: (48, 79),  # reed organ, used as harmonium
    24: (48, 79),  # nylon guitar
    25: (40, 81),  # steel guitar
    26: (50, 81),  # jazz guitar
    27: (45, 84),  # clean guitar
    33: (28, 52),  # finger bass
    38: (24, 55),  # synth bass 1
    39: (24, 55),  # synth bass 2
    43: (28, 52),  # contrabass
    45: (48, 84),  # pizzicato
    46: (43, 91),  # harp
    47: (36, 57),  # timpani
    48: (40, 91),  # strings
    53: (48, 79),  # choir
    60: (38, 77),  # horns
    68: (60, 86),  # oboe
    73: (60, 94),  # flute
    75: (62, 91),  # pan flute
    80: (45, 100),  # square lead
    81: (40, 100),  # saw lead
    88: (43, 91),  # fantasia
    89: (40, 91),  # warm pad
    90: (43, 91),  # polysynth
    91: (48, 88),  # space voice
    92: (48, 91),  # bowed glass
    104: (48, 86),  # sitar
    107: (48, 86),  # koto, used as swarmandal
    108: (60, 91),  # kalimba
    110: (55, 91),  # fiddle, used as sarangi
    111: (58, 86),  # shenai
    112: (60, 96),  # tinker bell
    116: (33, 60),  # taiko
    119: (48, 72),  # reverse cymbal
}
_TOMS = {41, 43, 45, 47, 48, 50}
KITS: dict[int, set[int]] = {
    0: {36, 37, 38, 39, 42, 44, 46, 51, 54, 57, 82} | _TOMS,  # standard
    24: {36, 38, 39, 42, 44, 46, 57, 82} | _TOMS,  # electronic
    25: {36, 37, 38, 39, 42, 46, 56, 57, 63, 82} | _TOMS,  # TR-808
    40: {36, 37, 38, 42, 44, 46, 51, 54, 57, 80, 82} | _TOMS,  # brush
    48: {36, 38, 41, 43, 57, 80},  # orchestra
}

KEY_RANGE, INSTRUMENT, SAMPLE = 43, 41, 53  # generator numbers of the SoundFont 2.04 specification, section 8.1
_RECORDS = {
    "phdr": "<20sHHHIII",
    "pbag": "<HH",
    "pmod": "<10s",
    "pgen": "<HH",
    "inst": "<20sH",
    "ibag": "<HH",
    "imod": "<10s",
    "igen": "<HH",
    "shdr": "<20s5IBbHH",
}
Zone = tuple[list[tuple[int, int]], list[tuple[bytes]]]
"""The generators and the modulators of one zone."""


def chunks(font: bytes) -> dict[str, bytes]:
    """Return every chunk inside the LISTs of a RIFF file; odd chunks without a pad byte, as in this font, are accepted."""
    found, at = {}, 12
    while at < len(font) - 8:
        end = at + 8 + int.from_bytes(font[at + 4 : at + 8], "little")
        inner = at + 12
        while inner < end:
            name, size = font[inner : inner + 4].decode(), int.from_bytes(font[inner + 4 : inner + 8], "little")
            found[name] = font[inner + 8 : inner + 8 + size]
            inner += 8 + size
        at = end
    return found


class Font:
    """A parsed SoundFont: presets and instruments as lists of zones."""

    def __init__(self, data: bytes) -> None:
        parts = chunks(data)
        self.table = {name: list(struct.iter_unpack(form, parts[name])) for name, form in _RECORDS.items()}
        self.samples = parts["smpl"]

    def zones(self, kind: str, first: int, last: int) -> list[Zone]:
        """Return the zones of bags `first` to `last` of the presets ("p") or the instruments ("i")."""
        bags, gens, mods = (self.table[kind + name] for name in ("bag", "gen", "mod"))
        return [(gens[a[0] : b[0]], mods[a[1] : b[1]]) for a, b in pairwise(bags[first : last + 1])]

    def presets(self) -> Iterator[tuple[tuple[int, ...], list[Zone]]]:
        """Yield each preset's header with its zones."""
        heads = self.table["phdr"]
        for head, following in pairwise(heads):
            yield head, self.zones("p", head[3], following[3])

    def instrument(self, n: int) -> list[Zone]:
        """Return the zones of instrument `n`."""
        return self.zones("i", self.table["inst"][n][1], self.table["inst"][n + 1][1])


def keys_of(zone: Zone) -> set[int]:
    """Return the keys of a zone."""
    amount = dict(zone[0]).get(KEY_RANGE, 0x7F00)
    return set(range(amount & 0xFF, (amount >> 8) + 1))


def played_keys(bank: int, program: int) -> set[int]:
    """Return the keys that the composer plays on a preset; none if it does not use the preset."""
    if bank == 128:
        return KITS.get(program, set())
    low, high = INSTRUMENTS.get(program, (1, 0)) if bank == 0 else (1, 0)
    return set(range(low, high + 1))


class Cut:
    """The new font: copying a preset appends its records and renumbers its references."""

    def __init__(self, source: Font) -> None:
        self.source = source
        self.table: dict[str, list[tuple[object, ...]]] = {name: [] for name in _RECORDS}
        self.samples = bytearray()
        self._sample_numbers: dict[int, int] = {}

    def copy(self, zones: list[Zone], kind: str, reference: int, number_of: Callable[[int, Zone], int | None]) -> None:
        """Append `zones`; `number_of` returns the new number for `reference`, or None to omit the zone."""
        for generators, modulators in zones:
            target = dict(generators).get(reference)
            new = None if target is None else number_of(target, (generators, modulators))
            if target is not None and new is None:
                continue
            self.table[kind + "bag"].append((len(self.table[kind + "gen"]), len(self.table[kind + "mod"])))
            self.table[kind + "gen"] += [(g, new if g == reference and new is not None else a) for g, a in generators]
            self.table[kind + "mod"] += modulators

    def instrument(self, n: int, keys: set[int]) -> int:
        """Copy instrument `n` without the zones outside `keys`; return its new number."""
        self.table["inst"].append((self.source.table["inst"][n][0], len(self.table["ibag"])))
        number = len(self.table["inst"]) - 1
        self.copy(
            self.source.instrument(n), "i", SAMPLE, lambda s, zone: self.sample(s) if keys_of(zone) & keys else None
        )
        return number

    def sample(self, n: int) -> int:
        """Copy the Vorbis stream of sample `n` once; return its new number."""
        if n not in self._sample_numbers:
            name, start, end, *rest = self.source.table["shdr"][n]
            position = len(self.samples)
            self.samples += self.source.samples[start:end]
            self.table["shdr"].append((name, position, len(self.samples), *rest[:-2], 0, rest[-1]))
            self._sample_numbers[n] = len(self.table["shdr"]) - 1
        return self._sample_numbers[n]

    def preset(self, head: tuple[int, ...], zones: list[Zone]) -> None:
        """Copy one preset without the keys that the composer does not play."""
        keys = played_keys(head[2], head[1])
        self.table["phdr"].append((*head[:3], len(self.table["pbag"]), 0, 0, 0))
        self.copy(
            zones, "p", INSTRUMENT, lambda n, z: self.instrument(n, keys & keys_of(z)) if keys & keys_of(z) else None
        )

    def to_bytes(self) -> bytes:
        """Return the file, with the terminal records that the format requires."""
        ends: dict[str, tuple[object, ...]] = {
            "phdr": (b"EOP", 0, 0, len(self.table["pbag"]), 0, 0, 0),
            "pbag": (len(self.table["pgen"]), len(self.table["pmod"])),
            "pgen": (0, 0),
            "pmod": (bytes(10),),
            "inst": (b"EOI", len(self.table["ibag"])),
            "ibag": (len(self.table["igen"]), len(self.table["imod"])),
            "igen": (0, 0),
            "imod": (bytes(10),),
            "shdr": (b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0),
        }
        pdta = b"".join(
            chunk(name, b"".join(struct.pack(_RECORDS[name], *row) for row in [*self.table[name], ends[name]]))
            for name in ("phdr", "pbag", "pmod", "pgen", "inst", "ibag", "imod", "igen", "shdr")
        )
        about = b"Cut of FluidR3Mono_GM.sf3 (MIT, see LICENSE.fluidr3mono)\0"
        info = chunk("ifil", struct.pack("<HH", 3, 1)) + chunk("isng", b"EMU8000\0") + chunk("INAM", about)
        lists = [chunk("LIST", kind + body) for kind, body in
                 ((b"INFO", info), (b"sdta", chunk("smpl", bytes(self.samples))), (b"pdta", pdta))]  # fmt: skip
        return chunk("RIFF", b"sfbk" + b"".join(lists))


def chunk(name: str, body: bytes) -> bytes:
    """Return a RIFF chunk; an odd body is padded within it, which every reader accepts."""
    body += bytes(len(body) % 2)
    return name.encode() + struct.pack("<I", len(body)) + body


def main(font: Path, to: Path) -> None:
    """Cut the font of the unpacked package at `font` into the folder `to`."""
    source = Font(next(font.rglob("FluidR3Mono_GM.sf3")).read_bytes())
    cut = Cut(source)
    for head, zones in source.presets():
        if played_keys(head[2], head[1]):
            cut.preset(head, zones)
    data = cut.to_bytes()
    to.mkdir(parents=True, exist_ok=True)
    (to / "instruments.sf3").write_bytes(data)
    (to / "LICENSE.fluidr3mono").write_text(next(font.rglob("copyright")).read_text(encoding="utf-8"), encoding="utf-8")
    (to / "SHA256SUMS").write_text(f"{hashlib.sha256(data).hexdigest()}  instruments.sf3\n", encoding="utf-8")
    print(f"{len(data) / 1e6:.2f} MB, {len(cut.table['phdr'])} presets, {len(cut.table['shdr'])} samples")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
