"""Enhancement: each planted fault is reduced and nothing gets worse; each flag works alone; the requested loudness is reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from faults import RATE, noise, stereo

from tonnbook import audio_files, demo
from tonnbook.dsp.filters import Filter, high_shelf, low_shelf
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.dsp.spectrum import THIRD_OCTAVES, third_octave_energies
from tonnbook.dsp.true_peak import true_peak_db
from tonnbook.models.enhancement import EnhancementRequest
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import AnalysisStyle, ClippingVerdict, EnhancementStyle, LoudnessPreference
from tonnbook.studio.analysis.findings import Findings
from tonnbook.studio.analysis.listening import measure_findings
from tonnbook.studio.enhancement import repairs
from tonnbook.studio.enhancement.engine import EnhancementOutcome, enhance
from tonnbook.studio.enhancement.session import Repair, severity, worsened
from tonnbook.studio.measure.reference_tone import reference_tone_db

SECONDS = 6.0
Array = np.ndarray
ONLY = {
    **dict.fromkeys(("fix_clipping", "fix_stereo", "fix_tone", "fix_loudness", "fix_compression"), False),
    "apply_mastering": False,
}


@pytest.fixture(scope="module")
def good() -> Array:
    """A mix of noise with hits, with the spectrum of pop and no faults."""
    t = np.arange(round(SECONDS * RATE)) / RATE
    beat = 0.35 + np.exp(-6.0 * np.mod(t, 0.5)) * 1.2
    middle, side = (_coloured(noise(seed, SECONDS)) for seed in (1, 2))
    audio = stereo(middle * beat, 0.3 * side * beat)
    return audio * 10 ** ((-20.0 - integrated_loudness(audio, RATE)) / 20)


def _coloured(pink: Array) -> Array:
    spectrum, freqs = np.fft.rfft(pink), np.fft.rfftfreq(len(pink), 1 / RATE)
    tone = np.interp(
        np.log(np.maximum(freqs, 1.0)), np.log(THIRD_OCTAVES), reference_tone_db(AnalysisStyle.POP, is_master=False)
    )
    return np.fft.irfft(spectrum * 10 ** (tone / 20), len(pink))


def enhanced(folder: Path, audio: Array, **fields: object) -> EnhancementOutcome:
    source = audio_files.write(folder / "mix.wav", audio, RATE, 24)
    requested = {"style": EnhancementStyle.POP, "apply_mastering": False, **fields}
    return enhance(source, EnhancementRequest(source=source, **requested), folder / "enhanced.wav", None)


def shelved(audio: Array, sos: Array) -> Array:
    return Filter(sos, 2).process(audio)


def widened(audio: Array, gain_db: float) -> Array:
    middle, side = 0.5 * (audio[0] + audio[1]), 0.5 * (audio[0] - audio[1])
    return stereo(middle, side * 10 ** (gain_db / 20))


def with_hits(audio: Array) -> Array:
    """Add hits far above the level of the rest."""
    t = np.arange(audio.shape[1]) / RATE
    return 0.4 * audio + 0.7 * np.exp(-np.mod(t, 0.5) / 0.004) * np.sin(2 * np.pi * 1500.0 * np.mod(t, 0.5))


def squashed(audio: Array) -> Array:
    """Overcompress: the hits are as loud as the sound between them."""
    return np.tanh(5.0 * audio) / 5.0


FAULTS: dict[str, tuple[Callable[[Array], Array], set[str]]] = {
    "clipped": (lambda x: np.clip(2.5 * x, -0.5, 0.5), {"clipping"}),
    "one channel clipped": (lambda x: np.stack([np.clip(1.2 * x[0], -0.2, 0.2), x[1]]), {"clipping"}),
    "one side reversed": (lambda x: x * np.array([[1.0], [-1.0]]), {"phase", "mono compatibility", "stereo field"}),
    "one side late": (lambda x: np.stack([x[0], np.roll(x[0], 529)]), {"phase", "mono compatibility"}),
    "too wide": (lambda x: widened(x, 9.0), {"stereo field"}),
    "narrow": (lambda x: widened(x, -12.0), {"stereo field"}),
    "too much bass": (lambda x: shelved(x, low_shelf(180.0, 8.0, 0.7, RATE)), {"low mid"}),
    "too little bass": (lambda x: shelved(x, low_shelf(180.0, -8.0, 0.7, RATE)), {"bass"}),
    "harsh": (lambda x: shelved(x, high_shelf(2000.0, 6.0, 0.7, RATE)), {"high mid", "high"}),
    "mono": (lambda x: x.mean(axis=0).repeat(2).reshape(-1, 2).T, {"stereo field"}),
    "nearly mono": (lambda x: widened(x, -25.0), {"stereo field"}),
    "squashed": (squashed, {"compression"}),
    "wild": (with_hits, {"compression"}),
    "muffled": (lambda x: shelved(x, high_shelf(2500.0, -10.0, 0.7, RATE)), {"high mid", "high"}),
    "dull": (lambda x: shelved(x, high_shelf(2500.0, -6.0, 0.7, RATE)), {"high mid", "high"}),
}


def test_a_good_mix_needs_no_repair(tmp_path: Path, good: Array) -> None:
    outcome = enhanced(tmp_path, good)
    assert not any(severity(outcome.notes.before, is_master=False).values())
    assert [stage.stage for stage in outcome.notes.stages if stage.done] == ["loudness"]
    made = audio_files.read(outcome.track)[0]
    assert np.abs(made - good).max() < 2e-3


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_reduced_and_nothing_gets_worse(tmp_path: Path, good: Array, fault: str) -> None:
    plant, expected = FAULTS[fault]
    outcome = enhanced(tmp_path, plant(good))
    before, after = outcome.notes.before, outcome.notes.after
    was, now = severity(before, is_master=False), severity(after, is_master=False)
    assert expected <= {name for name, value in was.items() if value}, was
    assert all(now[name] < was[name] for name in expected), outcome.notes.stages
    assert worsened(before, after, is_master=False) == ()
    assert after.loudness_lufs == pytest.approx(before.loudness_lufs, abs=0.1)


@pytest.mark.parametrize(
    ("fault", "expected", "mastered"),
    [
        ("dull", {"high mid", "high"}, False),
        ("dull", {"high mid", "high"}, True),
        ("over-compressed", {"compression"}, False),
        ("delay", {"phase", "mono compatibility"}, False),
    ],
)
def test_the_planted_faults_of_the_lessons_are_reduced_too(
    tmp_path: Path, fault: str, expected: set[str], mastered: bool
) -> None:
    source = demo.faulty_mix(fault)
    request = EnhancementRequest(source=source, style=EnhancementStyle.POP, apply_mastering=mastered)
    outcome = enhance(source, request, tmp_path / "enhanced.wav", None)
    before, after = outcome.notes.before, outcome.notes.after
    was, now = severity(before, is_master=False), severity(after, is_master=False)
    assert all(now[name] < was[name] for name in expected), outcome.notes.stages
    assert worsened(before, after, is_master=False) == ()
    assert after.loudness_lufs == pytest.approx(before.loudness_lufs, abs=0.1)


@pytest.mark.parametrize(
    ("preference", "lufs"), [(LoudnessPreference.STREAMING, -14.0), (LoudnessPreference.CD, -9.0), ("NO_CHANGE", -20.0)]
)
@pytest.mark.parametrize("mastered", [False, True])
def test_the_requested_loudness_is_reached(
    tmp_path: Path, good: Array, preference: LoudnessPreference, lufs: float, mastered: bool
) -> None:
    outcome = enhanced(tmp_path, good, loudness=preference, apply_mastering=mastered)
    audio, rate = audio_files.read(outcome.track)
    assert integrated_loudness(audio, rate) == pytest.approx(lufs, abs=0.1)
    assert true_peak_db(audio, rate) <= -1.0
    assert audio.shape[1] == round(SECONDS * RATE)


def test_without_fixing_the_loudness_a_preference_has_no_effect(tmp_path: Path, good: Array) -> None:
    outcome = enhanced(tmp_path, good, fix_loudness=False, loudness="CD_LOUDNESS")
    assert outcome.notes.after.loudness_lufs == pytest.approx(-20.0, abs=0.1)
    assert outcome.notes.target_lufs == pytest.approx(-20.0, abs=0.1)
    assert "its own loudness" in notes_of(outcome)["loudness"].text


@pytest.mark.parametrize(
    ("flag", "stage"), [("fix_clipping", "clipping"), ("fix_tone", "tone"), ("fix_stereo", "stereo")]
)
def test_each_flag_runs_its_own_stage_only(tmp_path: Path, good: Array, flag: str, stage: str) -> None:
    bad = np.clip(widened(shelved(good, low_shelf(180.0, -7.0, 0.7, RATE)), 10.0) * 3.0, -0.6, 0.6)
    outcome = enhanced(tmp_path, bad, **{**ONLY, flag: True})
    assert {s.stage for s in outcome.notes.stages if s.done} == {stage}
    others = {s.stage: s.text for s in outcome.notes.stages if s.stage not in (stage, "loudness")}
    assert set(others.values()) == {"Not requested."}


def test_a_stage_that_makes_a_verdict_worse_is_dropped_and_noted(
    tmp_path: Path, good: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def widen(track: Path, out: Path) -> None:
        audio_files.write(out, widened(audio_files.read(track)[0], 12.0), RATE, 32)

    def stereo(found: Findings) -> Repair:
        return Repair(StageNotes(stage="stereo", done=True, text="Made wider."), widen)

    monkeypatch.setattr(repairs, "stereo", stereo)
    outcome = enhanced(tmp_path, good)
    (note,) = [stage for stage in outcome.notes.stages if stage.stage == "stereo"]
    assert not note.done
    assert note.dropped
    assert note.text.startswith("Tried and dropped: it made ")
    assert "stereo field" in note.text
    assert np.abs(audio_files.read(outcome.track)[0] - good).max() < 2e-3


def test_the_tone_curve_is_no_larger_than_needed(tmp_path: Path, good: Array) -> None:
    most = {
        fault: notes_of(enhanced(tmp_path, FAULTS[fault][0](good)))["tone"].numbers["highest_gain_db"]
        for fault in ("dull", "muffled")
    }
    assert most["dull"] <= 4.0 < most["muffled"] <= 9.0
    master = enhanced(tmp_path, FAULTS["muffled"][0](good), is_master=True)
    assert notes_of(master)["tone"].numbers["highest_gain_db"] <= 1.5


def test_a_second_pass_changes_the_spectrum_by_less_than_03_db(tmp_path: Path, good: Array) -> None:
    plant, _ = FAULTS["too little bass"]
    first = audio_files.read(enhanced(tmp_path, plant(good)).track)[0]
    second = audio_files.read(enhanced(tmp_path, first).track)[0]
    tones = [10 * np.log10(third_octave_energies(audio, RATE).mean(axis=1)) for audio in (first, second)]
    assert np.abs(tones[0] - tones[1])[2:27].max() < 0.3


def test_a_master_is_not_mastered_again(tmp_path: Path, good: Array) -> None:
    outcome = enhanced(tmp_path, good, is_master=True, apply_mastering=True)
    (note,) = [stage for stage in outcome.notes.stages if stage.stage == "mastering"]
    assert (note.done, note.text) == (False, "The track is a master already: only its level is set.")


def test_a_mono_file_becomes_stereo_3_lu_louder(tmp_path: Path) -> None:
    mono = noise(1, SECONDS)[None]
    outcome = enhanced(tmp_path, mono, **ONLY)
    audio, rate = audio_files.read(outcome.track)
    assert np.array_equal(audio[0], audio[1])
    assert integrated_loudness(audio, rate) == pytest.approx(integrated_loudness(mono, RATE) + 3.01, abs=0.1)


def test_the_preview_is_cut_from_the_finished_track(tmp_path: Path, good: Array) -> None:
    source = audio_files.write(tmp_path / "mix.wav", np.tile(good, (1, 6)), RATE, 24)
    request = EnhancementRequest(
        source=source, style=EnhancementStyle.POP, apply_mastering=False, preview_start_s=100.0
    )
    outcome = enhance(source, request, tmp_path / "out.wav", tmp_path / "preview.mp3")
    assert outcome.preview_start_s == pytest.approx(6.0, abs=0.01)
    assert audio_files.info(tmp_path / "preview.mp3").seconds == pytest.approx(30.0, abs=0.06)


def test_the_same_mix_gives_the_same_bytes(tmp_path: Path, good: Array) -> None:
    plant, _ = FAULTS["dull"]
    first = enhanced(tmp_path, plant(good)).track.read_bytes()
    assert enhanced(tmp_path, plant(good)).track.read_bytes() == first


@pytest.mark.parametrize("over_db", [3.0, 6.0, 9.0])
@pytest.mark.parametrize("fields", [{}, {**ONLY, "fix_clipping": True}], ids=["all flags", "clipping alone"])
def test_a_master_that_was_clipped_is_repaired_as_loud_as_it_was(
    tmp_path: Path, good: Array, over_db: float, fields: dict[str, bool]
) -> None:
    clipped = np.clip(good * 10 ** ((over_db + 5.0) / 20), -1.0, 1.0) * 0.9999
    outcome = enhanced(tmp_path, clipped, is_master=True, **fields)
    before, after = outcome.notes.before, outcome.notes.after
    assert (before.clipping, after.clipping) == (ClippingVerdict.MAJOR, ClippingVerdict.NONE), outcome.notes.stages
    assert worsened(before, after, is_master=True) == ()
    assert after.loudness_lufs == pytest.approx(before.loudness_lufs, abs=0.1)
    assert after.true_peak_dbtp <= before.true_peak_dbtp
    assert "limited by up to" in notes_of(outcome)["loudness"].text


@pytest.mark.parametrize("gain_db", [0.0, 12.0, 30.0])
def test_with_everything_off_no_sample_changes(tmp_path: Path, good: Array, gain_db: float) -> None:
    outcome = enhanced(tmp_path, np.clip(good * 10 ** (gain_db / 20), -1.0, 1.0), **ONLY)
    assert np.array_equal(audio_files.read(outcome.track)[0], audio_files.read(tmp_path / "mix.wav")[0])
    assert [stage.stage for stage in outcome.notes.stages if stage.done] == []
    assert "no sample was changed" in notes_of(outcome)["loudness"].text


def test_with_everything_off_a_float_mix_keeps_samples_above_full_scale(tmp_path: Path, good: Array) -> None:
    source = audio_files.write(tmp_path / "mix.wav", good * 6.0, RATE, 32)
    assert np.abs(audio_files.read(source)[0]).max() > 1.0
    outcome = enhance(
        source, EnhancementRequest(source=source, style=EnhancementStyle.POP, **ONLY), tmp_path / "out.wav", None
    )
    assert np.array_equal(audio_files.read(outcome.track)[0], audio_files.read(source)[0])


def test_a_loudness_that_cannot_be_kept_is_reduced_and_noted(tmp_path: Path, good: Array) -> None:
    square = np.clip(good * 10 ** (40.0 / 20), -1.0, 1.0)
    outcome = enhanced(tmp_path, square, **{**ONLY, "fix_loudness": True, "apply_mastering": True})
    assert outcome.notes.before.loudness_lufs > 0.0
    for stage in ("mastering", "loudness"):
        assert "LUFS cannot be reached below -1 dBTP" in notes_of(outcome)[stage].text
    assert outcome.notes.after.true_peak_dbtp <= -1.0


def test_a_body_without_the_compression_flag_does_not_request_it() -> None:
    body = {"audioFileLocation": "https://host/a.wav", "musicalStyle": "POP"}
    asked = [
        EnhancementRequest.from_wire({"mixReviveData": body | more}).fix_compression
        for more in ({}, {"fixDRCIssues": None}, {"fixDRCIssues": False}, {"fixDRCIssues": True})
    ]
    assert asked == [False, False, False, True]
    assert EnhancementRequest.model_json_schema()["properties"]["fixDRCIssues"]["default"] is False
    ours = EnhancementRequest(source="https://host/a.wav", style="POP")
    assert ours.fix_compression
    assert EnhancementRequest.from_wire(ours.to_wire()) == ours


def notes_of(outcome: EnhancementOutcome) -> dict[str, StageNotes]:
    return {stage.stage: stage for stage in outcome.notes.stages}


def mid(audio: Array) -> Array:
    return audio.mean(axis=0)


def level_db(audio: Array, beside: Array) -> float:
    return float(10 * np.log10(np.mean(np.square(audio)) / np.mean(np.square(beside)) + 1e-30))


@pytest.mark.parametrize(("fault", "width_db"), [("mono", -14.0), ("nearly mono", -16.0), ("narrow", -16.0)])
def test_widening_leaves_the_mono_sum_alone(tmp_path: Path, good: Array, fault: str, width_db: float) -> None:
    plant, _ = FAULTS[fault]
    source = audio_files.write(tmp_path / "mix.wav", plant(good), RATE, 32)
    repair = repairs.stereo(measure_findings(source))
    assert repair.processing is not None
    repair.processing(source, tmp_path / "wide.wav")
    wide = audio_files.read(tmp_path / "wide.wav")[0]
    assert level_db(mid(wide) - mid(plant(good)), good) < -120.0
    assert measure_findings(tmp_path / "wide.wav").width.width_db[0] == pytest.approx(width_db, abs=1.0)


def test_an_overcompressed_mix_keeps_its_loudness_and_regains_its_hits(tmp_path: Path, good: Array) -> None:
    bad = squashed(good)
    outcome = enhanced(tmp_path, bad)
    note = notes_of(outcome)["compression"]
    assert note.done
    assert note.numbers["plr_before_lu"] < 12.0
    assert note.numbers["plr_lu"] == pytest.approx(13.3, abs=0.3)
    left = enhanced(tmp_path, bad, fix_compression=False)
    assert notes_of(left)["compression"].text == "Not requested."
    assert np.abs(audio_files.read(left.track)[0] - bad).max() < 2e-3


def test_without_headroom_hits_are_not_emphasised(tmp_path: Path, good: Array) -> None:
    bad = squashed(good)
    loud = bad * 0.92 / np.abs(bad).max()
    note = notes_of(enhanced(tmp_path, loud))["compression"]
    assert not note.done
    assert "Choose a quieter loudness" in note.text


def test_a_loudness_that_needs_too_much_limiting_is_dropped_and_noted(tmp_path: Path, good: Array) -> None:
    fields = {**ONLY, "fix_loudness": True, "loudness": "CD_LOUDNESS"}
    outcome = enhanced(tmp_path, good, style=EnhancementStyle.ACOUSTIC, **fields)
    note = notes_of(outcome)["loudness"]
    assert not note.done
    assert note.text.startswith("Tried and dropped: it made compression worse.")
    assert outcome.notes.after.loudness_lufs == pytest.approx(-20.0, abs=0.1)
    assert outcome.notes.target_lufs == -9.0


def test_a_mix_that_would_need_harmful_limiting_is_turned_down(tmp_path: Path, good: Array) -> None:
    loud = good * 10 ** (7.9 / 20)  # 12.1 LU below -1 dBTP would be needed, and 15 are there
    outcome = enhanced(tmp_path, loud, **{**ONLY, "fix_loudness": True})
    assert outcome.notes.before.true_peak_dbtp > 0.0
    assert worsened(outcome.notes.before, outcome.notes.after, is_master=False) == ()
    note = notes_of(outcome)["loudness"]
    assert not note.done
    assert audio_files.read(outcome.track)[0].max() < 0.9


@pytest.mark.parametrize(("word", "lufs"), [("STREAMING_LOUDNESS", -14.0), ("CD_LOUDNESS", -9.0)])
@pytest.mark.parametrize("is_master", [False, True])
def test_the_loudness_preference_is_the_target_of_the_mastering(
    tmp_path: Path, good: Array, word: str, lufs: float, is_master: bool
) -> None:
    options = {**ONLY, "apply_mastering": True, "loudness": word, "is_master": is_master}
    outcome = enhanced(tmp_path, good, **options)
    assert integrated_loudness(*audio_files.read(outcome.track)) == pytest.approx(lufs, abs=0.1)
    mastering, loudness = outcome.notes.stages[-2:]
    assert mastering.done is not is_master
    if is_master:
        assert mastering.text == "The track is a master already: only its level is set."
    assert f"{lufs:.0f} requested by {word}" in loudness.text


def test_a_loudness_that_is_not_to_be_set_is_not_named_as_a_request(tmp_path: Path, good: Array) -> None:
    kept = enhanced(tmp_path, good, **ONLY, loudness="STREAMING_LOUDNESS").notes.stages[-1]
    assert "(STREAMING_LOUDNESS is used with fixLoudnessIssues or applyMastering only)" in kept.text
    own = enhanced(tmp_path, good, **{**ONLY, "fix_loudness": True}).notes.stages[-1]
    assert "-20.00 LUFS, -20.00 before, which is to be kept;" in own.text
    master = enhanced(tmp_path, good, **{**ONLY, "apply_mastering": True}, is_master=True).notes.stages[-2]
    assert master.text.endswith("no other loudness was requested, so it is kept.")


def test_a_style_that_is_treated_like_another_one_is_reported(tmp_path: Path, good: Array) -> None:
    notes = enhanced(tmp_path, good, style=EnhancementStyle.BALANCED).notes
    (tone,) = (stage for stage in notes.stages if stage.stage == "tone")
    assert tone.text.endswith("BALANCED is treated like OTHER: both mean the average of all styles.")
