"""Separation by a trained network, where there is one: demucs (MIT, `pip install tonnbook[demucs]`), version 4.1 or later, and its weights.

Nothing is ever downloaded. Weights are looked for, in this order:

1. the folder that the environment variable `TONNBOOK_DEMUCS` names, with the files that demucs calls a local repository (`NAME.yaml` and the
   `.th` files it lists, or one `.th` file);
2. the cache of the Hugging Face hub, where demucs 4.1 keeps `htdemucs` once it has been used;
3. the cache of torch, where earlier versions kept it.

The network works at its own rate, in float32, on the whole mix at once: 120 MB of memory per minute. What it says of voice, drums and bass is
taken; "other" is what is left of the mix, so that the stems add up to it whatever the network leaves out.
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
"""Of the only model in the bag `htdemucs`; its files bear it as their name."""
_HUB = "models--adefossez--HTDemucs"
_TAKEN = ("vocals", "drums", "bass")


@dataclass(frozen=True)
class Network:
    """A network whose weights are on this machine."""

    name: str
    """As the answers call it: "demucs htdemucs"."""
    load: Callable[[], Any]
    """Returns the model, as `demucs.apply.apply_model` takes it."""


def find_network() -> Network | None:
    """Return the network that is there, None where the package or all weights are missing. Loads nothing yet."""
    if find_spec("demucs") is None:
        return None
    return _in_own_folder() or _in_hub_cache() or _in_torch_cache()


def network_stems(
    network: Network, source: Path, rate: int, folder: Path, progress: Progress = no_progress
) -> Iterator[Array]:
    """Yield blocks of (4, 2, frames) at `rate`: vocals, drums, bass and what is left of the mix.

    `folder` takes some large files for as long as that lasts. Raises AudioError where the weights are not those of such a network.
    """
    with temporary_folder(folder, "network-") as place:
        model = _loaded(network)
        made = _estimated(model, source, place, progress)
        stems = [audio_files.blocks(path, rate) for path in made]
        for mix in in_stereo(source, rate):
            parts = [_as_long(next(stem, np.empty((2, 0))), mix.shape[1]) for stem in stems]
            yield np.stack([*parts, mix - np.sum(parts, axis=0)])


def in_stereo(source: Path, rate: int) -> Iterator[Array]:
    """Yield (2, n) blocks of a mono or stereo file."""
    for block in audio_files.blocks(source, rate):
        yield block if len(block) == 2 else block.repeat(2, axis=0)


def _loaded(network: Network) -> Any:
    way_out = f"Remove the weights, or unset {FOLDER}, to have the mix taken apart without a network."
    try:
        model = network.load()
    except _what_loading_raises() as error:
        why = str(error) or type(error).__name__
        raise AudioError(f"The weights of {network.name} could not be loaded: {why}. {way_out}") from error
    if missing := sorted(set(_TAKEN) - set(model.sources)):
        raise AudioError(f"{network.name} makes no {' and no '.join(missing)}. {way_out}")
    return model


def _what_loading_raises() -> tuple[type[Exception], ...]:
    """Return what torch, pickle and safetensors raise for a file that is empty, cut short, or of something else."""
    own = (import_module("safetensors").SafetensorError,) if find_spec("safetensors") else ()
    known = (ImportError, OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError, EOFError)
    return (*known, UnpicklingError, *own)


def _estimated(model: Any, source: Path, folder: Path, progress: Progress) -> list[Path]:
    """Let the network work; write what it takes for voice, drums and bass into float files at its own rate."""
    torch, apply = import_module("torch"), import_module("demucs.apply")
    rate = int(model.samplerate)
    mix = np.concatenate(list(in_stereo(source, rate)), axis=1)
    middle = mix.mean(axis=0)
    mean, spread = middle.mean(), middle.std() + 1e-8  # as demucs.api.Separator has it: the network was trained so
    given = torch.from_numpy(((mix - mean) / spread).astype(np.float32))[None]

    def heard(event_of: dict[str, Any]) -> None:
        share = (event_of["model_idx_in_bag"] + event_of["segment_offset"] / mix.shape[1]) / event_of["models"]
        progress(min(1.0, share), "taking the mix apart with a network")

    # No random shifts: the same mix is to give the same stems.
    made = apply.apply_model(model, given, shifts=0, split=True, overlap=0.25, device="cpu", callback=heard)[0]
    return [
        audio_files.write(folder / f"{name}.wav", made[model.sources.index(name)].numpy() * spread + mean, rate, 32)
        for name in _TAKEN
    ]


def _as_long(block: Array, frames: int) -> Array:
    """Return a block of a stem as long as that of the mix: two conversions of rate may end a frame apart."""
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
    """Load from a folder; given one, demucs asks no server."""
    return import_module("demucs.pretrained").get_model(name, folder)


def _from_hub_file(weights: Path) -> Any:
    """Load from the cached file itself: asked by name, the hub's own loader would first ask its server for a newer one."""
    model = import_module("demucs.hf").load_safetensors_model(weights)
    model.eval()
    return model
