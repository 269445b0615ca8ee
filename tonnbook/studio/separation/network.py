"""Separate a mix with a trained network if there is one: demucs (MIT, `pip install tonnbook[demucs]`), version 4.1 or later, and its weights.

Nothing is ever downloaded. Weights are searched for in this order:

1. the folder named by the environment variable `TONNBOOK_DEMUCS`, with the files that demucs calls a local repository (`NAME.yaml` and the `.th`
   files it lists, or one `.th` file);
2. the cache of the Hugging Face hub, where demucs 4.1 keeps `htdemucs` once it has been used;
3. the cache of torch, where earlier versions kept it.

The network processes the whole mix at once, at its own rate and in float32: 120 MB of memory per minute. Vocals, drums and bass are its output;
"other" is the remainder of the mix, so that the stems add up to it whatever the network omits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np

from tonnbook import audio_files
from tonnbook.dsp.levels import Array
from tonnbook.errors import AudioError
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.runtime.temporary_folder import temporary_folder

FOLDER = "TONNBOOK_DEMUCS"
"""The environment variable that names a folder with weights."""

NAME = "htdemucs"
_SIGNATURE = "955717e8"
"""Signature of the only model in the bag `htdemucs`, and the name of its files."""
_HUB = "models--adefossez--HTDemucs"
_ESTIMATED = ("vocals", "drums", "bass")


@dataclass(frozen=True)
class Network:
    """A network with weights on this machine."""

    name: str
    """Name in the answers, for example "demucs htdemucs"."""
    load: Callable[[], Any]
    """Returns the model, as `demucs.apply.apply_model` takes it."""


def find_network() -> Network | None:
    """Return the network to use, None if the package or all weights are missing. Loads nothing yet."""
    if find_spec("demucs") is None:
        return None
    return _in_own_folder() or _in_hub_cache() or _in_torch_cache()


def network_stems(
    network: Network, source: Path, rate: int, folder: Path, progress: Progress = no_progress
) -> Iterator[Array]:
    """Yield blocks of (4, 2, frames) at `rate`: vocals, drums, bass and the remainder of the mix.

    `folder` holds large temporary files meanwhile. Raises AudioError if the weights cannot be loaded or estimate other stems.
    """
    with temporary_folder(folder, "network-") as temporary:
        model = _loaded(network)
        paths = _estimate(model, source, temporary, progress)
        stems = [audio_files.blocks(path, rate) for path in paths]
        for mix in in_stereo(source, rate):
            parts = [_fit_length(next(stem, np.empty((2, 0))), mix.shape[1]) for stem in stems]
            yield np.stack([*parts, mix - np.sum(parts, axis=0)])


def in_stereo(source: Path, rate: int) -> Iterator[Array]:
    """Yield the blocks of a mono or stereo file as stereo, (2, frames), at `rate`."""
    for block in audio_files.blocks(source, rate):
        yield block if len(block) == 2 else block.repeat(2, axis=0)


def _loaded(network: Network) -> Any:
    advice = f"Remove the weights, or unset {FOLDER}, to separate the mix without a network."
    try:
        model = network.load()
    except _loading_errors() as error:
        reason = str(error) or type(error).__name__
        raise AudioError(f"The weights of {network.name} could not be loaded: {reason}. {advice}") from error
    if missing := sorted(set(_ESTIMATED) - set(model.sources)):
        raise AudioError(f"{network.name} estimates no {' and no '.join(missing)}. {advice}")
    return model


def _loading_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of torch, pickle and safetensors for a file that is empty, truncated, or of another kind."""
    own = (import_module("safetensors").SafetensorError,) if find_spec("safetensors") else ()
    known = (ImportError, OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError, EOFError)
    return (*known, UnpicklingError, *own)


def _estimate(model: Any, source: Path, folder: Path, progress: Progress) -> list[Path]:
    """Run the network; write its vocals, drums and bass into float files at its own rate."""
    torch, apply = import_module("torch"), import_module("demucs.apply")
    rate = int(model.samplerate)
    mix = np.concatenate(list(in_stereo(source, rate)), axis=1)
    middle = mix.mean(axis=0)
    mean, spread = middle.mean(), middle.std() + 1e-8  # as in demucs.api.Separator: the network was trained this way
    normalised = torch.from_numpy(((mix - mean) / spread).astype(np.float32))[None]

    def report(event: dict[str, Any]) -> None:
        fraction = (event["model_idx_in_bag"] + event["segment_offset"] / mix.shape[1]) / event["models"]
        progress(min(1.0, fraction), "separating the mix with a network")

    # No random shifts, so that the same mix gives the same stems.
    stems = apply.apply_model(model, normalised, shifts=0, split=True, overlap=0.25, device="cpu", callback=report)[0]
    return [
        audio_files.write(folder / f"{name}.wav", stems[model.sources.index(name)].numpy() * spread + mean, rate, 32)
        for name in _ESTIMATED
    ]


def _fit_length(block: Array, frames: int) -> Array:
    """Pad or cut a block of a stem to the length of the mix: two conversions of the rate may differ by a frame."""
    return np.pad(block, ((0, 0), (0, max(0, frames - block.shape[1]))))[:, :frames]


def _in_own_folder() -> Network | None:
    folder = Path(os.environ.get(FOLDER, "") or os.devnull)
    if not folder.is_dir():
        return None
    bags, models = sorted(folder.glob("*.yaml")), sorted(folder.glob("*.th"))
    if not models:
        return None
    name = bags[0].stem if bags else models[0].stem.rsplit("-", 1)[0]
    return Network(f"demucs {name}", partial(_from_repository, name, folder))


def _in_hub_cache() -> Network | None:
    home = Path(os.environ.get("HF_HOME") or _cache() / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    for weights in sorted(hub.glob(f"{_HUB}/snapshots/*/{_SIGNATURE}.safetensors")):
        return Network(f"demucs {NAME}", partial(_from_hub_file, weights))
    return None


def _in_torch_cache() -> Network | None:
    home = Path(os.environ.get("TORCH_HOME") or _cache() / "torch")
    folder = home / "hub" / "checkpoints"
    if any(folder.glob(f"{_SIGNATURE}-*.th")):
        return Network(f"demucs {NAME}", partial(_from_repository, _SIGNATURE, folder))
    return None


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _from_repository(name: str, folder: Path) -> Any:
    """Load a model from a folder; with a folder, demucs makes no request to a server."""
    return import_module("demucs.pretrained").get_model(name, folder)


def _from_hub_file(weights: Path) -> Any:
    """Load a model from the cached file; by name, the loader of the hub would first ask its server for a newer version."""
    model = import_module("demucs.hf").load_safetensors_model(weights)
    model.eval()
    return model
