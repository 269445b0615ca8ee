"""What can be played: files, arrays, files on a server, mixes, and mappings of those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from tonnbook.errors import AudioError, redacted
from tonnbook.models.files import RemoteFile

Audio: TypeAlias = npt.NDArray[np.floating[Any]]

_ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".aif", ".aiff")


@runtime_checkable
class Playable(Protocol):
    """A result that knows its own sounds, as the mixes do."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The sounds by name."""


Thing: TypeAlias = "Path | str | npt.NDArray[Any] | RemoteFile | Playable | Mapping[str, Thing]"


@dataclass(frozen=True)
class Source:
    """One sound: a file, or an array with its rate."""

    name: str
    path: Path | None = None
    array: Audio | None = None
    rate: int = 0

    @property
    def native_rate(self) -> int:
        """The rate in Hz that the sound has of itself."""
        if self.path is None:
            return self.rate
        from tonnbook import audio_files

        return audio_files.info(self.path).rate

    @property
    def seconds(self) -> float:
        """Its length."""
        if self.path is None:
            return self.array.shape[1] / self.rate if self.array is not None else 0.0
        from tonnbook import audio_files

        return audio_files.info(self.path).seconds

    def read(self, rate: int | None = None) -> tuple[Audio, int]:
        """Return the sound as (channels, frames) and its rate in Hz; a file is resampled to `rate` where that is given."""
        if self.path is None:
            assert self.array is not None
            return self.array, self.rate
        from tonnbook import audio_files

        return audio_files.read(self.path, rate)


def sources(thing: Thing, rate: int | None = None, name: str = "sound") -> list[Source]:
    """Return the sounds of `thing`, in order.

    An array is (channels, frames), or (frames,), or (frames, 2); it needs `rate` in Hz. Raises TypeError for what cannot be
    played, AudioError for a file that is not there.
    """
    match thing:
        case RemoteFile():
            return [_file(thing.path, spoken_name(thing.name))]
        case Path():
            return [_file(thing, spoken_name(thing.name))]
        case str() if thing.startswith(("http://", "https://")):
            raise TypeError(f"{redacted(thing)} is a link; download it first, or play the result it came with")
        case str():
            return [_file(Path(thing), spoken_name(Path(thing).name))]
        case np.ndarray():
            return [_array(thing, rate, name)]
        case Playable():
            return sources(thing.playable, rate)
        case Mapping() if thing:
            return [_renamed(key, value, rate) for key, value in thing.items()]
    raise TypeError(_refusal(thing))


def spoken_name(file_name: str) -> str:
    """Return a file name without an audio ending: "vocal.flac" is "vocal" to a listener."""
    stem, dot, ending = file_name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in _ENDINGS else file_name


def _renamed(name: str, thing: Thing, rate: int | None) -> Source:
    found = sources(thing, rate, name)
    if len(found) != 1:
        raise TypeError(f"{name!r} is several sounds itself; play it on its own")
    return Source(spoken_name(name), found[0].path, found[0].array, found[0].rate)


def _file(path: Path, name: str) -> Source:
    if not path.is_file():
        raise AudioError(f"{path.name} is not there; check the path, or download it again")
    return Source(name, path=path)


def _array(array: npt.NDArray[Any], rate: int | None, name: str) -> Source:
    if rate is None:
        raise TypeError("an array has no sample rate of its own: pass rate=, for instance rate=44100")
    whole = np.issubdtype(array.dtype, np.integer)
    audio = array / -float(np.iinfo(array.dtype).min) if whole and array.dtype.kind == "i" else np.asarray(array, float)
    if audio.ndim == 1:
        audio = audio[np.newaxis]
    if audio.ndim == 2 and audio.shape[0] > 2 >= audio.shape[1]:
        audio = audio.T
    if audio.ndim != 2 or audio.shape[0] not in (1, 2) or not audio.shape[1]:
        raise TypeError(f"an array of shape {array.shape} is no sound: (frames,), (1, frames) or (2, frames) is")
    if not np.isfinite(audio).all():
        raise AudioError(f"{name} holds values that are not numbers (nan or infinity); find where they come from first")
    return Source(name, array=audio, rate=int(rate))


def _refusal(thing: object) -> str:
    if hasattr(thing, "task_id") and hasattr(thing, "result"):
        return "this is a job, not a sound yet: play(await job), or play(job.result())"
    if isinstance(thing, Mapping):
        return "there is nothing in it to play"
    return f"cannot play a {type(thing).__name__}: give a path, an array with rate=, a result of a job, or a mapping of those"
