"""The sounds that can be played: files, folders and archives of files, arrays, files on a server, mixes, and mappings of those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from tonnbook.errors import AudioError, redacted
from tonnbook.models.files import RemoteFile
from tonnbook.sound_files import HasFiles, files_in, sound_files

Audio: TypeAlias = npt.NDArray[np.floating[Any]]

_ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".aif", ".aiff")


@runtime_checkable
class HasPlayable(Protocol):
    """A result that names its sounds, as mixes do."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The sounds by name."""


Playable: TypeAlias = "Path | str | npt.NDArray[Any] | RemoteFile | HasPlayable | Mapping[str, Playable] | Sequence[Path | str] | HasFiles"


@dataclass(frozen=True)
class Source:
    """One sound: a file, or an array (channels, frames) with its rate in Hz."""

    name: str
    path: Path | None = None
    array: Audio | None = None
    rate: int = 0

    @property
    def native_rate(self) -> int:
        """Sample rate of the file or array, Hz."""
        if self.path is None:
            return self.rate
        from tonnbook import audio_files

        return audio_files.info(self.path).rate

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        if self.path is None:
            return self.array.shape[1] / self.rate if self.array is not None else 0.0
        from tonnbook import audio_files

        return audio_files.info(self.path).seconds

    def read(self, rate: int | None = None) -> tuple[Audio, int]:
        """Return the sound as (channels, frames) and its rate in Hz; a file is resampled to `rate` if that is given."""
        if self.path is None:
            assert self.array is not None
            return self.array, self.rate
        from tonnbook import audio_files

        return audio_files.read(self.path, rate)


def sources(sound: Playable, rate: int | None = None, name: str = "sound") -> list[Source]:
    """Return the sources that `sound` consists of, in order.

    An array is (channels, frames), (frames,) or (frames, 2); it needs `rate` in Hz. Raises TypeError for what cannot be played,
    AudioError for a file that does not exist.
    """
    if (files := files_in(sound)) is not None:
        return sources(files, rate)
    match sound:
        case RemoteFile():
            return [_file(sound.path, display_name(sound.name))]
        case Path():
            return [_file(sound, display_name(sound.name))]
        case str() if sound.startswith(("http://", "https://")):
            raise TypeError(f"{redacted(sound)} is a link; download it first, or play the result it came with")
        case str():
            return [_file(Path(sound), display_name(Path(sound).name))]
        case np.ndarray():
            return [_array(sound, rate, name)]
        case HasPlayable():
            return sources(sound.playable, rate)
        case list() | tuple() if sound:
            if not all(isinstance(each, str | Path) for each in sound):
                raise TypeError("a list to play contains paths; pass other sounds in a mapping of names to sounds")
            return sources(sound_files(sound), rate)
        case Mapping() if sound:
            return [_renamed(key, value, rate) for key, value in sound.items()]
    raise TypeError(_error_text(sound))


def display_name(file_name: str) -> str:
    """Return a file name without its audio ending: "vocal" for "vocal.flac"."""
    stem, dot, ending = file_name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in _ENDINGS else file_name


def add_audio(total: Audio | None, audio: Audio) -> Audio:
    """Return the sum of two sounds of any length, mono or stereo, in float32 to save memory. `total` may be overwritten."""
    if total is None:
        return audio.astype(np.float32)
    shape = (max(total.shape[0], audio.shape[0]), max(total.shape[1], audio.shape[1]))
    if total.shape != shape:
        padded = np.zeros(shape, np.float32)
        padded[:, : total.shape[1]] = total
        total = padded
    total[:, : audio.shape[1]] += audio
    return total


def _renamed(name: str, sound: Playable, rate: int | None) -> Source:
    found = sources(sound, rate, name)
    if len(found) != 1:
        raise TypeError(f"{name!r} consists of several sounds; play it separately")
    return Source(display_name(name), found[0].path, found[0].array, found[0].rate)


def _file(path: Path, name: str) -> Source:
    if not path.is_file():
        raise AudioError(f"{path.name} does not exist; check the path, or download it again")
    return Source(name, path=path)


def _array(array: npt.NDArray[Any], rate: int | None, name: str) -> Source:
    if rate is None:
        raise TypeError("an array has no sample rate: pass rate=, for instance rate=44100")
    integers = np.issubdtype(array.dtype, np.integer)
    audio = (
        array / -float(np.iinfo(array.dtype).min) if integers and array.dtype.kind == "i" else np.asarray(array, float)
    )
    if audio.ndim == 1:
        audio = audio[np.newaxis]
    if audio.ndim == 2 and audio.shape[0] > 2 >= audio.shape[1]:
        audio = audio.T
    if audio.ndim != 2 or audio.shape[0] not in (1, 2) or not audio.shape[1]:
        raise TypeError(f"an array of shape {array.shape} cannot be played; pass (frames,), (1, frames) or (2, frames)")
    if not np.isfinite(audio).all():
        raise AudioError(f"{name} contains NaN or infinite values; find out where they come from first")
    return Source(name, array=audio, rate=int(rate))


def _error_text(sound: object) -> str:
    if hasattr(sound, "task_id") and hasattr(sound, "result"):
        return "this is a job, which has no sound yet: play(await job), or play(job.result())"
    if isinstance(sound, Mapping):
        return "the mapping is empty: there is nothing to play"
    return f"cannot play a {type(sound).__name__}: pass a path, an array with rate=, a result of a job, or a mapping of those"
