from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from test_plot_mix import Page

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness
from tonnbook.models.analysis import Analysis
from tonnbook.models.cleanup import Cleanup
from tonnbook.models.enhancement import Enhancement, EnhancementNotes
from tonnbook.models.files import RemoteFile
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import AnalysisStyle
from tonnbook.plots import compare_mixes, report
from tonnbook.studio.analysis.engine import analyse

RATE = 44100


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return analysed(tmp_path_factory.mktemp("a") / "good <mix>.wav", 0.02, 0.3)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return analysed(tmp_path_factory.mktemp("b") / "bad.wav", 0.6, 2.0)


def analysed(path: Path, level: float, width: float) -> Analysis:
    middle, side = np.random.default_rng(3).standard_normal((2, 5 * RATE))
    audio = level * np.stack([middle + width * side, middle - width * side])
    audio_files.write(path, audio.clip(-0.95, 0.95), RATE)
    made = analyse(path, AnalysisStyle.POP, is_master=False)
    return Analysis(path.name, made.verdicts, made.notes, path)


def test_each_verdict_has_a_symbol_a_word_and_its_sentence(bad: Analysis) -> None:
    page = Page(report(bad).to_html())
    assert page.open == []
    rows = {row.what: row for row in report(bad).rows}
    assert (rows["Stereo field"].mark, rows["Stereo field"].word) == ("▼", "Wide")
    assert (rows["Clipping"].mark, rows["Clipping"].word) == ("✗", "Major")
    assert (rows["Loudness"].mark, rows["Loudness"].word) == ("▼", "Too loud: less")
    assert (rows["In mono"].mark, rows["In mono"].word) == ("✗", "Not safe")
    assert "flat tops" in page.words
    assert "✓ good" in page.words


def test_the_picture_has_a_description(bad: Analysis, good: Analysis) -> None:
    (alt,) = Page(report(bad).to_html()).alts
    assert f"integrated {bad.verdicts.loudness_lufs:.1f} LUFS, recommended -24 to -15, clipped in" in alt
    assert "20 Hz to 200 Hz −" in alt
    assert "Width: side +" in alt
    assert "clipped" not in Page(report(good).to_html()).alts[0]


def test_a_page_is_small_enough_for_a_notebook(bad: Analysis) -> None:
    shown = report(bad)._repr_mimebundle_()
    assert len(shown["text/html"]) < 130_000
    assert "✗ Clipping: Major." in shown["text/plain"]


def test_a_report_is_kept_as_one_file_with_its_sound(good: Analysis, tmp_path: Path) -> None:
    html = report(good).save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "good &lt;mix&gt;.wav" in html
    assert "<mix>" not in html
    sound, rate = audio_files.decode(b64decode(re.findall(r'audio/mpeg;base64,([^"]+)', html)[0]))
    assert (sound.shape[1] / rate) == pytest.approx(5.0, abs=0.1)
    assert 'src="http' not in html
    silent = report(good).save(tmp_path / "silent.html", players=False).read_text(encoding="utf-8")
    assert "<audio" not in silent


def test_a_report_goes_into_a_folder_by_its_name_and_says_which_folder_is_missing(
    good: Analysis, tmp_path: Path
) -> None:
    assert report(good).save(tmp_path, players=False) == tmp_path / "good <mix> report.html"
    with pytest.raises(FileNotFoundError, match=r"the folder .*elsewhere does not exist: create it first"):
        report(good).save(tmp_path / "elsewhere" / "page.html")


def players_of(page: Path) -> dict[str, np.ndarray]:
    html = page.read_text(encoding="utf-8")
    found = re.findall(r'aria-label="([^"]+)" src="data:audio/mpeg;base64,([^"]+)"', html)
    return {label: audio_files.decode(b64decode(mp3))[0] for label, mp3 in found}


def made(path: Path, gain: float, start_s: float = 0.0, stop_s: float = 5.0) -> RemoteFile:
    """Return a file that was made from the good mix: another level, or a part of it."""
    audio, _ = audio_files.read(path)
    part = audio[:, round(start_s * RATE) : round(stop_s * RATE)]
    return RemoteFile("made.wav", lambda _: audio_files.write(path.with_name("made.wav"), gain * part, RATE, 32))


def test_a_saved_report_has_before_and_after_in_step_and_at_equal_loudness(
    good: Analysis, bad: Analysis, tmp_path: Path
) -> None:
    assert good.path
    notes = EnhancementNotes(
        before=bad.verdicts,
        after=good.verdicts,
        stages=(StageNotes(stage="tone", done=True, text="A <curve>."),),
        target_lufs=-14.0,
    )
    enhanced = Enhancement("good <mix>.wav", "id", None, made(good.path, 3.0), notes=notes, original=good.path)
    page = report(good, after=enhanced)
    sounds = players_of(page.save(tmp_path / "page.html"))
    assert list(sounds) == ["before", "after (turned down by 9.5 dB)"]
    before, after = sounds.values()
    assert before.shape == after.shape
    assert integrated_loudness(before, RATE) == pytest.approx(integrated_loudness(after, RATE), abs=0.1)
    shown = Page(page.to_html())
    assert shown.open == []
    assert "A <curve>." in shown.words
    assert "ClippingMajorNonediffers" in shown.words
    assert "✓ tone" in str(page)
    assert "<audio" not in page.to_html()


def test_of_a_preview_the_same_part_is_heard_before_it(good: Analysis, tmp_path: Path) -> None:
    assert good.path
    part = made(good.path, 1.0, 1.5, 3.5)
    preview = Enhancement("good <mix>.wav", "id", None, part, preview_start_s=1.5, original=good.path)
    before, after = players_of(report(good, preview).save(tmp_path / "page.html")).values()
    assert before.shape == after.shape
    assert np.std(before - after) < 0.2 * np.std(before)


def test_a_cleaned_recording_is_heard_beside_the_one_that_came(good: Analysis, tmp_path: Path) -> None:
    assert good.path
    cleaned = Cleanup("good <mix>.wav", made(good.path, 0.5), None, good.path)
    page = report(Analysis(good.name, good.verdicts), after=cleaned)
    assert list(players_of(page.save(tmp_path / "page.html"))) == ["before (turned down by 6.0 dB)", "after"]


def test_a_live_analysis_has_its_verdicts_only(good: Analysis) -> None:
    live = report(Analysis("mix.wav", good.verdicts))
    assert live.picture is None
    assert Page(live.to_html()).alts == []
    assert "measured by the service" in live.to_html()


def test_comparing_two_mixes(good: Analysis, bad: Analysis) -> None:
    table = compare_mixes(good, bad)
    rows = {row.what: row for row in table}
    assert rows["Stereo field"].change == "differs"
    assert rows["Loudness"].change == f"+{bad.verdicts.loudness_lufs - good.verdicts.loudness_lufs:.1f}"
    assert rows["Clips"].a == "0"
    assert "good &lt;mix&gt;.wav" in table._repr_mimebundle_()["text/html"]
    assert Page(table._repr_mimebundle_()["text/html"]).open == []
    assert str(table).splitlines()[0].split() == ["good", "<mix>.wav", "bad.wav", "change"]


def test_a_mix_compared_with_itself_does_not_differ(good: Analysis) -> None:
    assert compare_mixes(good, good).differing == ()
    assert compare_mixes(good, good).names == ("A: good <mix>.wav", "B: good <mix>.wav")


def test_anything_but_an_analysis_is_refused(good: Analysis) -> None:
    with pytest.raises(TypeError, match="report takes the result"):
        report("mix.wav")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"after takes the result of tonn\.enhance"):
        report(good, good)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="compare_mixes takes"):
        compare_mixes(good, "mix.wav")  # type: ignore[arg-type]
