"""Verdicts of the analysis: each changes at its threshold, tested 0.2 dB below and above it, for mixes, masters and styles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faults import BEYOND_DB, RATE, found, noise, sine, stereo, time, tones, with_peak

from tonnbook import audio_files
from tonnbook.dsp.levels import to_gain
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.errors import AudioError
from tonnbook.models.vocabulary import Advice, AnalysisStyle, ClippingVerdict, StereoField, TonalLevel
from tonnbook.studio.analysis import verdicts as rules
from tonnbook.studio.analysis.engine import analyse, report
from tonnbook.studio.analysis.findings import Findings
from tonnbook.studio.analysis.listening import measure_findings
from tonnbook.studio.analysis.verdicts import plr_range_lu
from tonnbook.studio.enhancement import repairs
from tonnbook.studio.measure.reference_tone import TREATED_LIKE, reference_profile_db, reference_tone_db, treatment_text

POP = AnalysisStyle.POP
TONES_HZ = (100.0, 700.0, 4000.0, 12000.0)


@pytest.mark.parametrize(
    ("lufs", "below", "above"), [(-24.0, Advice.MORE, Advice.OPTIMAL), (-15.0, Advice.OPTIMAL, Advice.LESS)]
)
def test_loudness_of_a_mix(tmp_path: Path, lufs: float, below: Advice, above: Advice) -> None:
    assert [verdicts.mix_loudness for verdicts in _at_loudness(tmp_path, lufs)] == [below, above]


@pytest.mark.parametrize(
    ("lufs", "below", "above"),
    [
        (-17.5, Advice.MORE, Advice.OPTIMAL),
        (-15.0, Advice.OPTIMAL, Advice.LESS_APPLE),
        (-13.0, Advice.LESS_APPLE, Advice.LESS),
    ],
)
def test_loudness_of_a_master(tmp_path: Path, lufs: float, below: Advice, above: Advice) -> None:
    assert [verdicts.master_loudness for verdicts in _at_loudness(tmp_path, lufs)] == [below, above]


def _at_loudness(folder: Path, lufs: float) -> list[rules.Verdicts]:
    tone = sine(1000.0)
    gain = lufs - found(folder, tone).loudness_lufs
    return [
        rules.judge(found(folder, tone * to_gain(gain + beyond)), POP, is_master=True)
        for beyond in (-BEYOND_DB, BEYOND_DB)
    ]


@pytest.mark.parametrize(("beyond", "expected"), [(-BEYOND_DB, Advice.OPTIMAL), (BEYOND_DB, Advice.LESS)])
def test_a_mix_without_headroom(tmp_path: Path, beyond: float, expected: Advice) -> None:
    steady = sine(1000.0)
    steady *= to_gain(-18.0 - found(tmp_path, steady).loudness_lufs)
    findings = with_peak(steady, -1.0 + beyond + 18.0, tmp_path)
    assert findings.loudness_lufs == pytest.approx(-18.0, abs=0.2)
    assert rules.judge(findings, POP, is_master=False).mix_loudness is expected


@pytest.mark.parametrize(
    ("style", "is_master", "low", "high"),
    [
        (POP, False, 12.0, 21.0),
        (POP, True, 7.0, 13.0),
        (AnalysisStyle.METAL, True, 6.0, 12.0),
        (AnalysisStyle.HOUSE, True, 6.0, 12.0),
        (AnalysisStyle.JAZZ, True, 10.0, 20.0),
        (AnalysisStyle.ORCHESTRAL, True, 10.0, 20.0),
        (AnalysisStyle.WARM, True, 7.0, 13.0),
    ],
)
def test_compression(tmp_path: Path, style: AnalysisStyle, is_master: bool, low: float, high: float) -> None:
    assert plr_range_lu(style, is_master=is_master) == (low, high)
    steady = sine(1000.0, 0.05)
    advice = []
    for plr in (low - BEYOND_DB, low + BEYOND_DB, high - BEYOND_DB, high + BEYOND_DB):
        verdicts = rules.judge(with_peak(steady, plr, tmp_path), style, is_master=is_master)
        advice.append(verdicts.master_drc if is_master else verdicts.mix_drc)
    assert advice == [Advice.LESS, Advice.OPTIMAL, Advice.OPTIMAL, Advice.MORE]


def test_near_the_edge_the_loudness_range_decides(tmp_path: Path) -> None:
    even = sine(1000.0, 0.05, seconds=31.0)
    step = np.where(time(31.0) < 15.5, 1.0, to_gain(-16.0))
    verdicts = [
        rules.judge(with_peak(sound, plr, tmp_path), POP, is_master=False).mix_drc
        for sound, plr in ((even, 12.8), (even, 13.2), (even * step, 19.8), (even * step, 20.2))
    ]
    assert verdicts == [Advice.LESS, Advice.OPTIMAL, Advice.OPTIMAL, Advice.MORE]


@pytest.mark.parametrize(
    ("runs", "length", "expected"),
    [
        (0, 4, ClippingVerdict.NONE),
        (1, 3, ClippingVerdict.MINOR),
        (9, 4, ClippingVerdict.MINOR),
        (10, 4, ClippingVerdict.MAJOR),
        (5, 9, ClippingVerdict.MINOR),
        (5, 10, ClippingVerdict.MAJOR),
        (20, 2, ClippingVerdict.NONE),
    ],
)
def test_clipping(tmp_path: Path, runs: int, length: int, expected: ClippingVerdict) -> None:
    rate = 8000
    audio = sine(440.0, 0.3, 60.0, rate)
    starts = [rate * (2 * n + 1) for n in range(runs)]
    for start in starts:
        audio[start : start + length] = 1.0
    findings = found(tmp_path, audio, rate)
    assert rules.clipping(findings) is expected
    clips = report(findings, POP, is_master=False).notes.clips
    assert clips.places_s == (() if expected is ClippingVerdict.NONE else tuple(start / rate for start in starts))


def test_clipping_under_full_scale_is_found(tmp_path: Path) -> None:
    wave = np.clip(noise(1) * 4.0, -0.4, 0.4) * 0.9
    findings = found(tmp_path, wave)
    assert rules.clipping(findings) is ClippingVerdict.MAJOR
    assert findings.clipping.ceiling_dbfs == pytest.approx(20 * np.log10(0.36), abs=0.01)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((-0.25, 0.25), (-1.0, 1.0)),
        ((-1.0, 1.0), (-0.25, 0.25)),
        ((-0.25, 0.25), (-0.3, 0.3)),
        ((-1.0, 0.25), (-1.0, 1.0)),
        ((-0.3, 0.25), (-1.0, 1.0)),
    ],
)
def test_each_channel_is_clipped_at_a_level_of_its_own(
    tmp_path: Path, left: tuple[float, float], right: tuple[float, float]
) -> None:
    whole = np.stack([noise(1), noise(2)]) * 4.0
    assert np.abs(whole).max() < 1.0
    findings = found(tmp_path, np.stack([side.clip(*ends) for side, ends in zip(whole, (left, right), strict=True)]))
    assert rules.clipping(findings) is ClippingVerdict.MAJOR
    for ceilings, (low, high) in zip(findings.clipping.ceilings, (left, right), strict=True):
        expected = tuple(end if end < 1.0 else np.inf for end in (high, -low))
        assert ceilings == pytest.approx(expected, abs=1e-4)
    loudest = max(end for ends in findings.clipping.ceilings for end in ends if np.isfinite(end))
    assert findings.clipping.ceiling_dbfs == pytest.approx(20 * np.log10(loudest))


def _scaled_to(folder: Path, middle: np.ndarray, side: np.ndarray, width_db: float) -> Findings:
    """Return the findings for a side at `width_db` relative to the middle, as the analysis measures it."""
    gain = width_db - float(found(folder, stereo(middle, side)).width.width_db[0])
    return found(folder, stereo(middle, side * to_gain(gain)))


@pytest.mark.parametrize(
    ("width_db", "below", "above"),
    [
        (-43.01, StereoField.MONO, StereoField.NARROW),  # where the correlation is 0.9999
        (-20.0, StereoField.NARROW, StereoField.BALANCED),
        (-5.0, StereoField.BALANCED, StereoField.WIDE),
    ],
)
def test_width(tmp_path: Path, width_db: float, below: StereoField, above: StereoField) -> None:
    middle, side = noise(1), noise(2)
    side -= middle * (side @ middle) / (middle @ middle)
    verdicts = [rules.stereo_field(_scaled_to(tmp_path, middle, side, width_db + b)) for b in (-BEYOND_DB, BEYOND_DB)]
    assert verdicts == [below, above]


def test_a_side_60_db_down_is_mono_however_it_leans(tmp_path: Path) -> None:
    assert rules.stereo_field(found(tmp_path, noise(1))) is StereoField.MONO
    assert rules.stereo_field(found(tmp_path, np.stack([noise(1), 0.5 * noise(1)]))) is StereoField.MONO


def test_polarity_of_one_side(tmp_path: Path) -> None:
    middle, side = noise(1), 0.3 * noise(2)
    good, turned = stereo(middle, side), stereo(middle, side) * np.array([[1.0], [-1.0]])
    verdicts = [rules.judge(found(tmp_path, audio), POP, is_master=False) for audio in (good, turned)]
    assert [v.phase_issues for v in verdicts] == [False, True]
    assert [v.mono_compatible for v in verdicts] == [True, False]
    assert [v.stereo_field for v in verdicts] == [StereoField.BALANCED, StereoField.WIDE]


def test_a_mono_track_with_one_side_inverted(tmp_path: Path) -> None:
    verdicts = rules.judge(found(tmp_path, np.stack([noise(1), -noise(1)])), POP, is_master=False)
    assert (verdicts.phase_issues, verdicts.mono_compatible, verdicts.stereo_field) == (True, False, StereoField.WIDE)


def test_delay_of_one_side(tmp_path: Path) -> None:
    sound = noise(1)
    late = np.roll(sound, round(0.012 * RATE))
    verdicts = rules.judge(found(tmp_path, np.stack([sound, late])), POP, is_master=False)
    assert (verdicts.phase_issues, verdicts.mono_compatible, verdicts.stereo_field) == (
        True,
        False,
        StereoField.STEREO_UPMIX,
    )


@pytest.mark.parametrize(("share", "expected"), [(0.71, StereoField.BALANCED), (0.79, StereoField.STEREO_UPMIX)])
def test_a_side_that_is_made_from_the_middle(tmp_path: Path, share: float, expected: StereoField) -> None:
    middle = noise(1, 12.0)
    made, own = np.roll(middle, 400), noise(2, 12.0)
    findings = found(tmp_path, stereo(middle, 0.35 * (np.sqrt(share) * made + np.sqrt(1 - share) * own)))
    assert findings.upmix == pytest.approx(share, abs=0.03)
    assert rules.stereo_field(findings) is expected


@pytest.mark.parametrize(("low_hz", "high_hz"), [(300, 450), (600, 900), (1200, 1800), (2400, 3600), (5000, 9000)])
def test_phase_of_a_band(tmp_path: Path, low_hz: float, high_hz: float) -> None:
    rest = noise(3)
    verdicts = []
    for beyond in (-BEYOND_DB, BEYOND_DB):
        middle, side = sine(low_hz, 0.2), sine(high_hz, 0.2 * to_gain(beyond))
        verdicts.append(rules.phase_issues(found(tmp_path, stereo(middle + 1e-4 * rest, side))))
    assert verdicts == [False, True]


@pytest.mark.parametrize(("share", "expected"), [(0.08, False), (0.12, True)])
def test_how_long_it_is_out_of_phase(tmp_path: Path, share: float, expected: bool) -> None:
    seconds = 20.0
    early = time(seconds) < share * (seconds - 0.2) + 0.2
    middle, side = sine(600.0, 0.2, seconds), sine(900.0, 0.2, seconds)
    findings = found(tmp_path, stereo(middle, side * np.where(early, 1.2, 0.3)))
    assert rules.phase_issues(findings) is expected


@pytest.mark.parametrize(("beyond", "expected"), [(-BEYOND_DB, False), (BEYOND_DB, True)])
def test_bass_that_is_not_mono(tmp_path: Path, beyond: float, expected: bool) -> None:
    edge_db = 10 * np.log10(1 / 3)  # where the correlation is 0.5
    findings = found(tmp_path, stereo(sine(60.0, 0.2), sine(85.0, 0.2 * to_gain(edge_db + beyond))))
    assert rules.phase_issues(findings) is expected


@pytest.mark.parametrize(("beyond", "expected"), [(-BEYOND_DB, False), (BEYOND_DB, True)])
def test_loudness_of_the_mono_sum(tmp_path: Path, beyond: float, expected: bool) -> None:
    change = -2.5 + beyond
    side_power = 10 ** (-change / 10) - 1.0
    findings = found(tmp_path, stereo(sine(1000.0), np.sqrt(side_power) * sine(1004.0)))
    assert findings.mono_change_lu == pytest.approx(change, abs=0.03)
    assert rules.mono_compatible(findings) is expected


@pytest.mark.parametrize(("beyond", "expected"), [(-BEYOND_DB, True), (BEYOND_DB, False)])
@pytest.mark.parametrize("octave_hz", [250.0, 1000.0, 8000.0])
def test_an_octave_that_cancels(tmp_path: Path, octave_hz: float, beyond: float, expected: bool) -> None:
    side_power = 10 ** ((6.0 + beyond) / 10) - 1.0
    middle, side = sine(octave_hz * 0.9, 0.02), np.sqrt(side_power) * sine(octave_hz * 1.1, 0.02)
    findings = found(tmp_path, stereo(middle + sine(90.0, 0.3) + sine(3000.0, 0.3), side))
    assert findings.mono_change_lu > -2.0
    assert rules.mono_compatible(findings) is expected


@pytest.mark.parametrize(
    ("style", "is_master"),
    [(POP, False), (POP, True), (AnalysisStyle.METAL, True), (AnalysisStyle.JAZZ, False), (AnalysisStyle.WARM, False)],
)
@pytest.mark.parametrize("band", range(4))
def test_tone(tmp_path: Path, style: AnalysisStyle, is_master: bool, band: int) -> None:
    target = reference_profile_db(style, is_master=is_master)
    tolerance = rules.TONAL_TOLERANCE_DB[band]
    verdicts = []
    for away in (-tolerance - BEYOND_DB, -tolerance + BEYOND_DB, tolerance - BEYOND_DB, tolerance + BEYOND_DB):
        powers = 10 ** (target / 10)
        wanted = 10 ** ((target[band] + away) / 10)
        if wanted >= 1.0:  # a bass with nearly all of the power cannot have 3 dB more
            continue
        powers *= (1.0 - wanted) / (powers.sum() - powers[band])
        powers[band] = wanted
        audio = tones(dict(zip(TONES_HZ, 10 * np.log10(powers), strict=True)))
        bands = rules.tonal_bands(found(tmp_path, audio), style, is_master=is_master)
        profile = rules.tonal_profile(bands)
        verdicts.append((profile.bass, profile.low_mid, profile.high_mid, profile.high)[band])
    assert verdicts == [TonalLevel.LOW, TonalLevel.MEDIUM, TonalLevel.MEDIUM, TonalLevel.HIGH][: len(verdicts)]
    assert len(verdicts) >= 3


@pytest.mark.parametrize("is_master", [False, True])
@pytest.mark.parametrize("style", AnalysisStyle)
def test_every_style_has_its_figures(style: AnalysisStyle, is_master: bool) -> None:
    shares = reference_profile_db(style, is_master=is_master)
    assert np.sum(10 ** (shares / 10)) == pytest.approx(1.0)
    assert np.all((shares > -26.0) & (shares < -0.5))
    low, high = plr_range_lu(style, is_master=is_master)
    assert 0 < low < high


def test_a_style_differs_from_every_other_one_or_is_said_to_be_treated_like_it() -> None:
    figures = {
        style: (reference_tone_db(style, is_master=True).tobytes(), plr_range_lu(style, is_master=True))
        for style in AnalysisStyle
    }
    for style, (like, reason) in TREATED_LIKE.items():
        assert figures[style] == figures[like]
        assert treatment_text(style) == f"{style.value} is treated like {like.value}: {reason}"
    own = [style for style in AnalysisStyle if style not in TREATED_LIKE]
    assert len({figures[style] for style in own}) == len(own)
    assert {like for like, _ in TREATED_LIKE.values()} <= set(own)
    assert treatment_text(AnalysisStyle.OTHER) == ""


def test_the_default_target_is_that_of_the_design_page() -> None:
    shares = reference_profile_db(AnalysisStyle.OTHER, is_master=False)
    assert shares == pytest.approx([-3.3, -3.6, -10.7, -19.9], abs=0.1)


def test_bit_depth_and_sample_rate_are_those_of_the_file(tmp_path: Path) -> None:
    sound = np.stack([noise(1), noise(2)])
    expected = {"a.wav": (16, 16), "b.wav": (24, 24), "c.wav": (32, 32), "d.flac": (24, 24), "e.mp3": (16, 0)}
    for name, (depth, reported) in expected.items():
        path = audio_files.write(tmp_path / name, sound, RATE, depth)  # type: ignore[arg-type]
        verdicts = rules.judge(measure_findings(path), POP, is_master=False)
        assert (verdicts.bit_depth, verdicts.sample_rate) == (reported, RATE), name


def test_the_sentences_contain_the_numbers(tmp_path: Path) -> None:
    sound = stereo(noise(1), 2.0 * noise(2))
    path = audio_files.write(tmp_path / "wide.wav", sound, RATE)
    made = analyse(path, POP, is_master=True)
    summary = made.verdicts.summary
    assert set(summary) == {
        *("intro", "mix_loudness", "master_loudness", "mix_drc", "master_drc", "clipping", "stereo_field"),
        *("mono_compatibility", "phase_issues", "tonal_profile", "summary", "outro"),
    }
    assert f"{made.verdicts.loudness_lufs:.1f} LUFS" in summary["intro"]
    assert "Very wide" in summary["stereo_field"]
    assert f"{made.notes.width_db:.1f} dB" in summary["stereo_field"]
    assert f"{made.notes.mono_change_lu:+.1f} LU" in summary["mono_compatibility"]
    assert "its width (wide)" in summary["summary"]


@pytest.mark.parametrize(("silent", "sounding"), [("left", "right"), ("right", "left")])
def test_a_silent_channel_is_reported_as_silent(tmp_path: Path, silent: str, sounding: str) -> None:
    sides = {sounding: noise(1), silent: np.zeros_like(noise(1))}
    path = audio_files.write(tmp_path / "cable.wav", np.stack([sides["left"], sides["right"]]), RATE)
    summary = analyse(path, POP, is_master=False).verdicts.summary
    assert summary["stereo_field"].startswith(f"Only the {sounding} channel has a signal; the {silent} one is silent")
    assert f"the {silent} channel, which is silent" in summary["summary"]
    assert f"the {silent} one is silent" in summary["phase_issues"]
    assert f"the {silent} one adds nothing" in summary["mono_compatibility"]
    for wrong in ("leans", "reversed", "cancel there", "made from mono"):
        assert wrong not in " ".join(summary.values())


def test_a_quiet_channel_is_not_reported_as_silent(tmp_path: Path) -> None:
    path = audio_files.write(tmp_path / "leaning.wav", np.stack([noise(1), 0.01 * noise(1)]), RATE)
    summary = analyse(path, POP, is_master=False).verdicts.summary
    assert "silent" not in " ".join(summary.values())
    assert "leans to the left by 40.0 dB" in summary["stereo_field"]


@pytest.mark.parametrize(
    ("rate", "words", "there"),
    [
        (8000, "which ends at 4 kHz: the treble (8-20 kHz)", 3),
        (16000, "which ends at 8 kHz: the treble (8-20 kHz)", 3),
        (22050, "", 4),
    ],
)
def test_a_range_above_the_end_of_the_file_is_not_judged(tmp_path: Path, rate: int, words: str, there: int) -> None:
    """Noise with the spectrum of the style up to the end of the file has no tonal problem."""
    spectrum = np.fft.rfft(np.random.default_rng(4).standard_normal(4 * rate))
    hz = np.maximum(np.fft.rfftfreq(4 * rate, 1 / rate), 1.0)
    tone = np.interp(np.log(hz), np.log(THIRD_OCTAVES), reference_tone_db(POP, is_master=False))
    audio = np.fft.irfft(spectrum * 10 ** (tone / 20) / np.sqrt(hz))
    path = audio_files.write(tmp_path / "low.wav", 0.1 * audio[None] / np.abs(audio).max(), rate)
    made = analyse(path, POP, is_master=False)
    assert [level for _, level in made.verdicts.tonal_profile] == [TonalLevel.MEDIUM] * 4
    assert [band.level_db is not None for band in made.notes.tonal] == [True] * there + [False] * (4 - there)
    assert words in made.verdicts.summary["tonal_profile"]
    assert ("Not in this file" in made.verdicts.summary["tonal_profile"]) == bool(words)
    assert not repairs.tone(measure_findings(path), POP, is_master=False).note.done


def test_the_notes_of_pink_noise(tmp_path: Path) -> None:
    made = analyse(
        audio_files.write(tmp_path / "pink.wav", np.stack([noise(1), noise(1)]), RATE, 32), POP, is_master=False
    )
    assert made.notes.tilt_db == pytest.approx(-3.0, abs=0.2)
    assert made.notes.correlation == 1.0
    assert made.notes.width_db is None
    assert made.notes.mono_change_lu == 0.0
    assert made.notes.balance_db == 0.0
    assert made.notes.crest_db == pytest.approx(20 * np.log10(np.abs(noise(1)).max() / 0.05), abs=0.05)


def test_pauses_do_not_count(tmp_path: Path) -> None:
    middle, side = noise(1), 0.3 * noise(2)
    hiss = 1e-4 * noise(4)
    with_pause = np.concatenate([stereo(middle, side), np.stack([hiss, -hiss])], axis=1)
    alone, paused = found(tmp_path, stereo(middle, side)), found(tmp_path, with_pause)
    assert paused.width.width_db == pytest.approx(alone.width.width_db, abs=0.1)
    assert not rules.phase_issues(paused)


@pytest.mark.parametrize("audio", [np.zeros((2, RATE)), noise(1)[: RATE // 5]])
def test_a_silent_or_short_file_raises_an_error(tmp_path: Path, audio: np.ndarray) -> None:
    with pytest.raises(AudioError, match=r"planted\.wav is too short or too quiet"):
        found(tmp_path, audio)
