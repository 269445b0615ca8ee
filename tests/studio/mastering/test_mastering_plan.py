"""The plan of a master and its reasons, from made-up measures."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.models.notes import StageNotes
from tonnbook.models.tone import difference_db, distance_db
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.mastering.plan import (
    LARGEST_TONE_GAIN_DB,
    LARGEST_TREBLE_LIFT_DB,
    MasterPlan,
    MasterTarget,
    decide,
    target_for,
)
from tonnbook.studio.measure.clipping import Clipping
from tonnbook.studio.measure.reference_tone import master_tone_db
from tonnbook.studio.measure.song_features import SongFeatures

STEPS = 2000


def master_target(target_lufs: float = -10.0, style: MusicalStyle = MusicalStyle.POP) -> MasterTarget:
    return target_for(style, target_lufs, SampleRate.CD)


def song(**changes: object) -> SongFeatures:
    """Return a song of 20 s at -20 LUFS with a PLR of 12, the tone of POP, even dynamics and a usual width."""
    tone = np.power(10.0, master_tone_db(MusicalStyle.POP) / 10.0)
    usual = SongFeatures(
        rate=44100,
        channels=2,
        seconds=STEPS / 100,
        energies=np.full(STEPS, 10.0 ** ((-20.0 + 0.691) / 10.0)),
        powers=np.full(STEPS, 0.01),
        true_peak_dbtp=-8.0,
        offsets=(0.0, 0.0),
        correlation=0.8,
        middle=tone * 1e-3,
        side=tone * 10.0 ** (-12.0 / 10.0) * 1e-3 * (np.array(THIRD_OCTAVES) >= 100.0),
        band_peaks=np.full((3, STEPS), 0.1),
        peaks=np.full(STEPS, 0.3),
    )
    return replace(usual, **changes)


def stage(plan: MasterPlan, name: str) -> StageNotes:
    return next(note for note in plan.stages if note.stage == name)


def changes_sound(plan: MasterPlan) -> bool:
    """Return whether a plan does anything between repairs and level."""
    return plan.tone_db is not None or plan.low_mono or plan.side_db != 0.0 or any(plan.bands)


def test_a_song_without_problems_gets_no_stage() -> None:
    plan = decide(song(), master_target())
    assert (plan.declip_at, plan.offsets, plan.tone_db, plan.low_mono, plan.side_db, plan.glue) == (
        None,
        None,
        None,
        False,
        0.0,
        None,
    )
    assert not changes_sound(plan)
    assert not any(note.done for note in plan.stages)


def test_every_reason_is_a_whole_sentence() -> None:
    for plan in (
        decide(song(), master_target()),
        decide(song(), master_target(-6.0)),
        decide(song(), master_target(-20.0)),
    ):
        assert all(note.text[0].isupper() and note.text.endswith(".") for note in plan.stages)


def test_the_same_measures_give_the_same_plan() -> None:
    assert decide(song(), master_target()) == decide(song(), master_target())


class TestTone:
    def bent(self, **gains: float) -> SongFeatures:
        gain = np.ones(len(THIRD_OCTAVES))
        for name, gain_db in gains.items():
            low, high = map(float, name.strip("_").split("_"))
            gain[[low <= centre <= high for centre in THIRD_OCTAVES]] = 10.0 ** (gain_db / 10.0)
        usual = song()
        return song(middle=usual.middle * gain, side=usual.side * gain)

    def test_a_dull_song_is_made_brighter_and_a_boomy_one_thinner(self) -> None:
        dull = np.array(decide(self.bent(_2000_16000=-6.0), master_target()).tone_db)
        boomy = np.array(decide(self.bent(_30_200=6.0), master_target()).tone_db)
        assert dull[THIRD_OCTAVES.index(5000)] > 1.0 > 0.0 > dull[THIRD_OCTAVES.index(500)]
        assert boomy[THIRD_OCTAVES.index(80)] < -1.0 < 0.0 < boomy[THIRD_OCTAVES.index(2000)]

    @pytest.mark.parametrize("by", [-6.0, 6.0])
    def test_the_curve_reduces_the_distance_by_a_third_as_the_plan_foresees(self, by: float) -> None:
        plan = decide(self.bent(_2000_16000=by), master_target())
        numbers = stage(plan, "tone").numbers
        assert numbers["foreseen_distance_db"] < 0.67 * numbers["distance_before_db"]
        after = self.bent(_2000_16000=by).tone_db + np.array(plan.tone_db)
        assert distance_db(after, master_target().tone_db) == pytest.approx(numbers["foreseen_distance_db"], abs=0.01)

    @pytest.mark.parametrize("by", [-30.0, 30.0])
    def test_the_curve_stays_within_its_limits(self, by: float) -> None:
        curve = np.array(decide(self.bent(_30_500=by), master_target()).tone_db)
        assert np.abs(curve).max() <= LARGEST_TONE_GAIN_DB
        assert curve[THIRD_OCTAVES.index(10000)] <= LARGEST_TREBLE_LIFT_DB

    def test_a_song_far_from_its_target_gets_most_of_what_the_limits_permit(self) -> None:
        """The song has no bass and noise in the treble, as `04_open_sky` of the album; least squares give the best curve within the limits."""
        far = self.bent(_30_63=-15.0, _10000_16000=15.0)
        numbers = stage(decide(far, master_target()), "tone").numbers
        before, after = numbers["distance_before_db"], numbers["foreseen_distance_db"]
        target = np.array(master_target().tone_db)
        here = np.array(difference_db(far.tone_db, target))
        effects = np.array([here - difference_db(far.tone_db + band, target) for band in np.eye(len(target))]).T
        highest = np.where(np.array(THIRD_OCTAVES) >= 8000, LARGEST_TREBLE_LIFT_DB, LARGEST_TONE_GAIN_DB)
        best = lsq_linear(effects, here, bounds=(-LARGEST_TONE_GAIN_DB, highest)).x
        possible = before - distance_db(far.tone_db + best, target)
        assert 0.85 * possible < before - after <= possible
        assert numbers["held_back"] >= 6

    def test_empty_bands_are_not_raised(self) -> None:
        curve = np.array(decide(self.bent(_200_800=6.0, _10000_16000=-60.0), master_target()).tone_db)
        assert (curve[[centre >= 10000 for centre in THIRD_OCTAVES]] <= 0.0).all()

    @pytest.mark.parametrize("empty_from_hz", [10000, 5000])
    def test_missing_treble_does_not_change_the_curve_below_it(self, empty_from_hz: int) -> None:
        """The tone of an MP3 of 128 kbit/s, or of a file at 8 kHz, is compared in the bands that it fills."""
        whole, narrow = self.bent(_200_800=6.0), self.bent(_200_800=6.0, **{f"_{empty_from_hz}_16000": -70.0})
        one, two = np.array(decide(whole, master_target()).tone_db), np.array(decide(narrow, master_target()).tone_db)
        kept = np.array(THIRD_OCTAVES) < 0.6 * empty_from_hz
        moved = (two - one)[kept]
        assert np.ptp(moved) < 0.7
        numbers = stage(decide(narrow, master_target()), "tone").numbers
        assert numbers["distance_before_db"] == pytest.approx(
            stage(decide(whole, master_target()), "tone").numbers["distance_before_db"], abs=0.6
        )

    def test_the_average_of_an_album_replaces_the_style(self) -> None:
        bent = self.bent(_2000_16000=-6.0)
        target = target_for(MusicalStyle.POP, -10.0, SampleRate.CD, tuple(bent.tone_db.tolist()))
        assert decide(bent, master_target()).tone_db is not None
        plan = decide(bent, target)
        assert plan.tone_db is None
        assert "the album's average" in stage(plan, "tone").text


class TestStereo:
    def test_a_small_side_in_the_bass_is_removed(self) -> None:
        usual = song()
        assert decide(song(side=usual.middle * 0.05), master_target()).low_mono
        assert not decide(usual, master_target()).low_mono

    @pytest.mark.parametrize("side", [0.7, 10.0, 1e6])
    def test_a_bass_that_is_mostly_in_the_side_is_kept(self, side: float) -> None:
        plan = decide(song(side=song().middle * side), master_target())
        assert not plan.low_mono
        assert "would lose" in stage(plan, "stereo").text

    @pytest.mark.parametrize("side", [10.0, 1e9])
    def test_channels_of_opposite_polarity_are_not_changed(self, side: float) -> None:
        plan = decide(song(side=song().middle * side), master_target())
        assert plan.side_db == 0.0
        assert "polarity" in stage(plan, "stereo").text
        assert stage(plan, "stereo").numbers["width_db"] <= 60.0

    @pytest.mark.parametrize(("side", "step"), [(1e-3, 1.5), (0.05, 0.0), (0.7, -1.5)])
    def test_the_width_changes_by_one_step_toward_the_usual_one(self, side: float, step: float) -> None:
        assert decide(song(side=song().middle * side), master_target()).side_db == step

    def test_mono_stays_mono(self) -> None:
        plan = decide(song(side=np.zeros(len(THIRD_OCTAVES))), master_target())
        assert (plan.low_mono, plan.side_db) == (False, 0.0)
        assert "mono" in stage(plan, "stereo").text


class TestMultiband:
    def test_only_a_band_whose_hits_stand_out_is_compressed(self) -> None:
        peaks = np.full((3, STEPS), 0.1)
        peaks[0, ::10] = 0.5
        low, middle, high = decide(song(band_peaks=peaks), master_target()).bands
        assert low is not None
        assert middle is high is None
        assert -20 < low.threshold_db < -6.02
        assert low.makeup_db > 0

    def test_an_empty_band_is_not_compressed(self) -> None:
        peaks = np.zeros((3, STEPS))
        peaks[2, ::10] = 1e-5
        assert not any(decide(song(band_peaks=peaks), master_target()).bands)


class TestRepairs:
    def test_a_clipped_song_is_repaired_and_a_single_flat_top_is_not(self) -> None:
        assert decide(song(clipping=Clipping(400, -1.0, 0.02)), master_target()).declip_at == pytest.approx(
            0.891, abs=0.001
        )
        assert decide(song(clipping=Clipping(1, -1.0, 1e-4)), master_target()).declip_at is None

    def test_an_offset_is_removed(self) -> None:
        assert decide(song(offsets=(0.01, 0.0)), master_target()).offsets == (0.01, 0.0)
        assert decide(song(offsets=(1e-4, 0.0)), master_target()).offsets is None


def test_a_master_at_its_target_is_not_changed() -> None:
    bent = song(
        middle=song().middle * np.linspace(0.1, 1.0, 28), true_peak_dbtp=-1.01, clipping=Clipping(400, -1.0, 0.02)
    )
    plan = decide(bent, master_target(-20.0))
    assert not changes_sound(plan)
    assert (plan.declip_at, plan.glue) == (None, None)
    assert "already" in stage(plan, "tone").text
    assert changes_sound(decide(bent, master_target(-19.0)))
