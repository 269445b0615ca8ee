"""Measurements of a song for tests: spectra, onsets, tempo, changes, key, and 27 simple features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tonnbook.dsp.loudness import LoudnessMeter

Array = npt.NDArray[np.float64]
RATE = 44100
FRAME, HOP = 4096, 1024
FRAMES_PER_S = RATE / HOP


def spectrogram(audio: Array) -> Array:
    """Return the magnitudes of the mono sum, (bins, frames)."""
    mono = audio.mean(axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(mono, FRAME // 2), FRAME)[::HOP]
    return np.abs(np.fft.rfft(windows * np.hanning(FRAME), axis=1)).T


def bands(magnitudes: Array, count: int = 40, low: float = 40.0, high: float = 16000.0) -> Array:
    """Return the log energy of `count` bands, equally wide in octaves, (count, frames)."""
    freqs = np.fft.rfftfreq(FRAME, 1 / RATE)
    edges = np.geomspace(low, high, count + 1)
    place = np.digitize(freqs, edges) - 1
    power = magnitudes**2
    rows = [power[place == n].sum(axis=0) if (place == n).any() else np.zeros(power.shape[1]) for n in range(count)]
    return 10 * np.log10(np.array(rows) + 1e-6)


def onset_strength(magnitudes: Array) -> Array:
    """Return how much energy arrives in each frame: the half-wave rectified flux of the band levels, smoothed over 50 ms."""
    levels = bands(magnitudes, 24)
    levels = np.maximum(levels, levels.max() - 60)
    flux = np.maximum(0, np.diff(levels, axis=1, prepend=levels[:, :1])).mean(axis=0)
    return np.convolve(flux, (0.25, 0.5, 0.25), "same")


def tempogram(strength: Array, bpms: Array) -> Array:
    """Return the autocorrelation of the onsets at the period of each tempo, 1 at period 0."""
    centred = strength - np.convolve(strength, np.ones(65) / 65, "same")
    spectrum = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(centred)]
    lags = 60 * FRAMES_PER_S / bpms
    return np.interp(lags, np.arange(len(correlation)), correlation / correlation[0])


def chroma(magnitudes: Array, low: float = 60.0, high: float = 2000.0) -> Array:
    """Return the energy of the twelve pitch classes, (12, frames), C first."""
    freqs = np.fft.rfftfreq(2 * (len(magnitudes) - 1), 1 / RATE)
    inside = (freqs > low) & (freqs < high)
    keys = np.round(69 + 12 * np.log2(freqs[inside] / 440)).astype(int) % 12
    rows = np.zeros((12, magnitudes.shape[1]))
    np.add.at(rows, keys, magnitudes[inside])
    return rows


def pitch_classes(audio: Array) -> Array:
    """Return the mean energy of the twelve pitch classes, seen through windows long enough to tell low notes apart."""
    size = 16384
    windows = np.lib.stride_tricks.sliding_window_view(audio.mean(axis=0), size)[:: size // 4]
    magnitudes = np.abs(np.fft.rfft(windows * np.hanning(size), axis=1)).T
    return np.sqrt(chroma(magnitudes**2, 100.0, 1500.0)).mean(axis=1)


def novelty(audio: Array, half_s: float = 6.0) -> tuple[Array, Array]:
    """Return (seconds, novelty): how much the sound of the next `half_s` seconds differs from that of the last.

    Features: band levels, chroma, onsets and their variances, averaged over each side; Euclidean, each scaled by its spread.
    """
    magnitudes = spectrogram(audio)
    strength = onset_strength(magnitudes)
    levels = bands(magnitudes, 24)
    tones = chroma(magnitudes)
    tones = 20 * tones / (tones.sum(axis=0, keepdims=True) + 1e-9)
    features = np.vstack([levels, tones, 4 * strength, np.repeat(strength[None] ** 2, 1, axis=0)])
    features /= features.std(axis=1, keepdims=True) + 1e-9
    half = int(half_s * FRAMES_PER_S)
    sums = np.cumsum(np.pad(features, ((0, 0), (1, 0))), axis=1)
    squares = np.cumsum(np.pad(features**2, ((0, 0), (1, 0))), axis=1)
    centres = np.arange(half, features.shape[1] - half)
    before = (sums[:, centres] - sums[:, centres - half]) / half
    after = (sums[:, centres + half] - sums[:, centres]) / half
    spread_before = np.sqrt(np.maximum(0, (squares[:, centres] - squares[:, centres - half]) / half - before**2))
    spread_after = np.sqrt(np.maximum(0, (squares[:, centres + half] - squares[:, centres]) / half - after**2))
    distance = np.sqrt(np.sum((after - before) ** 2, axis=0) + np.sum((spread_after - spread_before) ** 2, axis=0))
    return centres / FRAMES_PER_S, distance


def percentiles_at(audio: Array, places: Sequence[float], slack_s: float = 0.5) -> list[float]:
    """Return, for each place in seconds, the share of moments away from all places that are less of a change, 0 to 1."""
    times, distance = novelty(audio, 4.5)
    elsewhere = distance[np.all([np.abs(times - place) > 2.0 for place in places], axis=0)]
    return [float(np.mean(elsewhere < distance[np.abs(times - place) <= slack_s].max())) for place in places]


MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
"""Frequency of each degree of a key (Albrecht & Shanahan 2013)."""


def estimate_key(audio: Array, tonics: Sequence[int] = range(12)) -> tuple[int, bool]:
    """Return the tonic, one of `tonics`, and whether the key is a minor one, by the profile that fits the pitch classes best."""
    tones = pitch_classes(audio)
    scores = {
        (tonic, minor): np.corrcoef(np.roll(profile, tonic), tones)[0, 1]
        for tonic in tonics
        for minor, profile in ((False, MAJOR), (True, MINOR))
    }
    return max(scores, key=lambda key: scores[key])


def estimate_key_over_drone(drone: Array, melody: Array) -> tuple[int, bool]:
    """Return the strongest pitch class of a drone as the tonic, and whether the melody over it is in minor."""
    return estimate_key(melody, [int(pitch_classes(drone).argmax())])


def simple_features(audio: Array) -> Array:
    """Return 27 figures of a song: spectrum, dynamics, rhythm, stereo and tonality."""
    magnitudes = spectrogram(audio)
    power = magnitudes**2 + 1e-9
    freqs = np.fft.rfftfreq(FRAME, 1 / RATE)[:, None]
    total = power.sum(axis=0)
    centroid = np.log2((freqs * power).sum(axis=0) / total + 1)
    rolloff = np.log2(freqs[np.argmax(np.cumsum(power, axis=0) > 0.85 * total, axis=0), 0] + 1)
    flatness = np.log(power).mean(axis=0) - np.log(power.mean(axis=0))
    levels = bands(magnitudes, 8, 30, 16000)
    loud = levels.mean(axis=1) - levels.mean()
    strength = onset_strength(magnitudes)
    peaks = (
        (strength[1:-1] > strength[:-2]) & (strength[1:-1] >= strength[2:]) & (strength[1:-1] > 1.5 * strength.mean())
    )
    meter = LoudnessMeter(RATE, 2).process(audio)
    momentary = meter.momentary[np.isfinite(meter.momentary)]
    side = audio[0] - audio[1]
    tones = chroma(magnitudes).mean(axis=1)
    tones /= tones.sum()
    rhythm = tempogram(strength, np.array([60.0, 90.0, 120.0, 240.0]))
    bass = levels[1:3].mean(axis=0)
    figures = [
        *(f(x) for x in (centroid, rolloff, flatness) for f in (np.mean, np.std)),
        *loud,
        strength.mean(), strength.std() / strength.mean(), peaks.sum() / (len(strength) / FRAMES_PER_S),
        *rhythm,
        momentary.std(), 20 * np.log10(np.abs(audio).max() / audio.std()),
        10 * np.log10((side**2).mean() / (audio**2).mean() + 1e-6),
        -(tones * np.log2(tones + 1e-9)).sum(), bass.std(), levels[6:].mean(axis=0).std(),
    ]  # fmt: skip
    return np.array(figures, dtype=np.float64)


def classified(features: Array, labels: Array, groups: Array) -> Array:
    """Return the label that linear discriminant analysis gives each row when the rows of its group are left out."""
    found = np.empty(len(labels), dtype=labels.dtype)
    for group in np.unique(groups):
        train, test = groups != group, groups == group
        mean, spread = features[train].mean(axis=0), features[train].std(axis=0) + 1e-9
        x, y = (features[train] - mean) / spread, labels[train]
        kinds = np.unique(y)
        centres = np.array([x[y == kind].mean(axis=0) for kind in kinds])
        within = np.vstack([x[y == kind] - centres[n] for n, kind in enumerate(kinds)])
        shrunk = 0.8 * np.cov(within.T) + 0.2 * np.eye(x.shape[1])
        weights = np.linalg.solve(shrunk, centres.T)
        scores = (features[test] - mean) / spread @ weights - 0.5 * np.sum(centres.T * weights, axis=0)
        found[test] = kinds[np.argmax(scores, axis=1)]
    return found


def cents_off(sound: Array, key: int, harmonics: int = 4) -> float:
    """Return by how many cents a note is higher than its key, up to 80: the shift at which its first partials are strongest.

    Averaged over the note, louder moments counting more, so that a vibrato comes out at its middle.
    """
    size = 16384 if key < 55 else 8192
    mono = np.pad(sound[int(0.05 * RATE) :], (0, size))
    windows = np.lib.stride_tricks.sliding_window_view(mono, size)[: len(sound) : size // 4] * np.hanning(size)
    magnitudes = np.abs(np.fft.rfft(windows, 4 * size, axis=1))
    shifts = np.arange(-80.0, 81.0)
    bins = 440 * 2 ** ((key - 69 + shifts / 100) / 12) * 4 * size / RATE
    fits = sum(
        np.array([np.interp(h * bins, np.arange(len(m)), m) ** 0.5 for m in magnitudes])
        for h in range(1, harmonics + 1)
    )
    loud = np.sqrt((windows**2).sum(axis=1))
    return float(np.average(shifts[np.argmax(fits, axis=1)], weights=loud * (loud > 0.03 * loud.max())))
