"""Separation by demucs: weights are searched for and never downloaded, and the stems add up to the mix.

The package and torch are too large for every test run, so a stand-in of some fifty lines takes their place: the same modules, the same
signatures (demucs 4.1.0), and a model file of a few bytes. Where the real ones are installed the last test runs a real, tiny, untrained
network through the same code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tonnbook import audio_files
from tonnbook.errors import AudioError
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.vocabulary import EnhancementStyle
from tonnbook.studio.enhancement.engine import enhance
from tonnbook.studio.separation import network as separation_network
from tonnbook.studio.separation.engine import separate

RATE = 44100
Array = np.ndarray

_TORCH = """
class Tensor:
    def __init__(self, values): self.values = values
    def __getitem__(self, place): return Tensor(self.values[place])
    def numpy(self): return self.values
    shape = property(lambda self: self.values.shape)

def from_numpy(values):
    return Tensor(values)
"""
_PRETRAINED = """
import json

class Model:
    def __init__(self, gains):
        self.sources, self.gains = list(gains), list(gains.values())
        self.samplerate, self.audio_channels = 44100, 2
    def eval(self): return self

def get_model(name, repo=None):
    if repo is None or not repo.is_dir():
        raise RuntimeError("this would have asked a server")
    files = [path for path in repo.iterdir() if path.suffix == ".th"]
    text = files[0].read_text()
    if not text:
        raise EOFError  # as torch.load does
    if text == "of another class":
        raise AttributeError("Can't get attribute 'Other'")
    return Model(json.loads(text))
"""
_HF = """
import json
from demucs.pretrained import Model
from safetensors import SafetensorError

def load_safetensors_model(path):
    text = path.read_text()
    if not text.endswith("}"):
        raise SafetensorError("Error while deserializing header: incomplete metadata, file not fully covered")
    return Model(json.loads(text))
"""
_SAFETENSORS = """
class SafetensorError(Exception):
    pass
"""
_APPLY = """
import numpy as np
import torch

def apply_model(model, mix, shifts=1, split=True, overlap=0.25, transition_power=1.0, progress=False, device=None, num_workers=0,
                segment=None, pool=None, lock=None, callback=None, callback_arg=None):
    assert isinstance(mix, torch.Tensor) and mix.values.dtype == np.float32 and mix.shape[:2] == (1, 2) and shifts == 0
    assert abs(mix.values.mean(axis=1).std() - 1.0) < 1e-3
    for offset in range(0, mix.shape[2], 44100):
        callback({"model_idx_in_bag": 0, "shift_idx": 0, "segment_offset": offset, "models": 1, "state": "end"})
    return torch.Tensor(np.stack([gain * mix.values for gain in model.gains], axis=1))
"""
GAINS = '{"drums": 0.5, "bass": 0.25, "other": 0.1, "vocals": 0.125}'


@pytest.fixture
def without_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put the stand-in for demucs on the import path, and empty every cache."""
    package = tmp_path / "installed" / "demucs"
    package.mkdir(parents=True)
    for name, code in {"__init__": "", "apply": _APPLY, "pretrained": _PRETRAINED, "hf": _HF}.items():
        (package / f"{name}.py").write_text(code)
    (package.parent / "torch.py").write_text(_TORCH)
    (package.parent / "safetensors.py").write_text(_SAFETENSORS)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("demucs", "torch", "safetensors")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(package.parent)
    for name in ("HF_HOME", "HF_HUB_CACHE", "TORCH_HOME", separation_network.FOLDER):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("demucs", "torch", "safetensors")]:
        del sys.modules[name]


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(GAINS)
    return path


@pytest.fixture
def with_weights(without_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(separation_network.FOLDER, str(put(without_weights / "own" / "small.th").parent))
    return without_weights


def mix(rate: int = RATE, seconds: float = 3.0, channels: int = 2) -> Array:
    """Noise up to 16 kHz, which a change of the rate preserves."""
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal((channels, round(seconds * rate))))
    spectrum[:, round(16000 * seconds) :] = 0.0
    return 0.1 * np.fft.irfft(spectrum, round(seconds * rate))


def left_db(stems: dict[str, Path], whole: Array) -> float:
    left = sum(audio_files.read(path)[0] for path in stems.values()) - whole
    return float(10 * np.log10(np.mean(np.square(left)) / np.mean(np.square(whole)) + 1e-30))


def test_without_the_package_or_without_weights_it_is_classical(
    without_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = audio_files.write(without_weights / "mix.wav", mix(seconds=1.0), RATE, 24)
    assert separation_network.find_network() is None
    assert separate(source, without_weights).method == "classical"
    put(without_weights / "own" / "small.th")
    monkeypatch.setenv(separation_network.FOLDER, str(without_weights / "own"))
    assert separation_network.find_network() is not None
    monkeypatch.setattr(separation_network, "find_spec", lambda name: None)
    assert separation_network.find_network() is None


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("cache/torch/hub/checkpoints/955717e8-8726e21a.th", "demucs htdemucs"),
        ("cache/huggingface/hub/models--adefossez--HTDemucs/snapshots/0a1b/955717e8.safetensors", "demucs htdemucs"),
        ("own/mine-0a1b2c3d.th", "demucs mine"),
    ],
)
def test_weights_are_found_in_each_place(
    without_weights: Path, place: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(without_weights / place)
    if "own" in place:
        monkeypatch.setenv(separation_network.FOLDER, str(path.parent))
    network = separation_network.find_network()
    assert network is not None
    assert network.name == name
    assert network.load().sources == ["drums", "bass", "other", "vocals"]


@pytest.mark.parametrize(("rate", "to_rate"), [(44100, 44100), (48000, 48000), (44100, 48000)])
def test_the_stems_are_the_networks_and_add_up(with_weights: Path, rate: int, to_rate: int) -> None:
    source = audio_files.write(with_weights / "mix.wav", mix(rate), rate, 32)
    outcome = separate(source, with_weights, rate=to_rate)
    assert outcome.method == "demucs small"
    whole = np.concatenate(list(audio_files.blocks(source, to_rate)), axis=1)
    assert left_db(dict(outcome.stems), whole) < -120.0
    drums = audio_files.read(outcome.stems["drums"])[0]
    assert drums.shape == whole.shape
    assert np.std(drums) / np.std(whole) == pytest.approx(0.5, abs=1e-3)
    assert np.std(audio_files.read(outcome.stems["other"])[0]) / np.std(whole) == pytest.approx(0.125, abs=1e-3)


def test_two_stems_of_a_mono_mix_and_the_progress(with_weights: Path) -> None:
    source = audio_files.write(with_weights / "mix.wav", mix(channels=1), RATE, 24)
    reports = []
    outcome = separate(source, with_weights, two_stems=True, progress=lambda share, text: reports.append((share, text)))
    assert set(outcome.stems) == {"vocals", "instrumental"}
    assert left_db(dict(outcome.stems), audio_files.read(source)[0].repeat(2, axis=0)) < -100.0
    assert [share for share, text in reports if "network" in text] == [pytest.approx(n / 3.0) for n in range(3)]
    assert sorted(path.name for path in with_weights.iterdir() if path.name.startswith("network-")) == []


def test_an_enhancement_names_the_method_of_the_separation(with_weights: Path) -> None:
    source = audio_files.write(with_weights / "mix.wav", mix(), RATE, 24)
    request = EnhancementRequest(source=source, style=EnhancementStyle.POP, apply_mastering=False, get_stems=True)
    assert enhance(source, request, with_weights / "out.wav", None).notes.separation == "demucs small"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("no weights", "could not be loaded"),
        ("", "could not be loaded: EOFError"),
        ("of another class", "could not be loaded: Can't get"),
        ('{"drums": 1, "bass": 1, "rest": 1}', "estimates no vocals"),
    ],
)
def test_wrong_weights_raise_an_audio_error(with_weights: Path, written: str, reason: str) -> None:
    (with_weights / "own" / "small.th").write_text(written)
    source = audio_files.write(with_weights / "mix.wav", mix(seconds=1.0), RATE, 24)
    with pytest.raises(AudioError, match=f"demucs small.*{reason}.*TONNBOOK_DEMUCS"):
        separate(source, with_weights)


def test_truncated_weights_raise_an_audio_error(without_weights: Path) -> None:
    place = "cache/huggingface/hub/models--adefossez--HTDemucs/snapshots/0a1b/955717e8.safetensors"
    put(without_weights / place).write_text(GAINS[:20])
    source = audio_files.write(without_weights / "mix.wav", mix(seconds=1.0), RATE, 24)
    with pytest.raises(AudioError, match=r"demucs htdemucs could not be loaded: .*incomplete.*Remove the weights"):
        separate(source, without_weights)


@pytest.mark.demucs
def test_the_real_package_with_a_tiny_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from demucs.htdemucs import HTDemucs

    sources = ["drums", "bass", "other", "vocals"]
    settings = {
        "channels": 8,
        "depth": 2,
        "t_layers": 1,
        "t_heads": 2,
        "bottom_channels": 16,
        "segment": 2.0,
        "nfft": 1024,
    }
    torch.manual_seed(1)
    state = HTDemucs(sources, **settings).state_dict()
    file = {"klass": HTDemucs, "args": (sources,), "kwargs": settings, "state": state}
    (tmp_path / "own").mkdir()
    torch.save(file, tmp_path / "own" / "tiny.th")
    monkeypatch.setenv(separation_network.FOLDER, str(tmp_path / "own"))
    source = audio_files.write(tmp_path / "mix.wav", mix(), RATE, 32)
    outcome = separate(source, tmp_path)
    assert outcome.method == "demucs tiny"
    assert left_db(dict(outcome.stems), audio_files.read(source)[0]) < -120.0
