"""Masters: songs by name and by index, and the differences between them."""

from pathlib import Path

import pytest

from tonnbook.models.files import local_file
from tonnbook.models.mastering import MasterNotes
from tonnbook.models.masters import Master, Masters
from tonnbook.models.notes import Sound


def a_master(name: str, before: float, after: float, tilt: float = 0.0) -> Master:
    def sound(loudness: float, tilt: float) -> Sound:
        tone = tuple(tilt * n for n in range(28))
        return Sound(loudness_lufs=loudness, true_peak_dbtp=-1.0, width_db=-12.0 - tilt, tone_db=tone)

    notes = MasterNotes(target_lufs=-14.0, before=sound(before, tilt), after=sound(after, tilt / 2))
    return Master(name, "task", None, local_file(Path(f"{name}.mp3")), notes=notes)


@pytest.fixture
def masters() -> Masters:
    songs = (a_master("one", -20.0, -14.0, 0.4), a_master("two", -26.0, -15.5, -0.4), a_master("three", -23.0, -14.5))
    return Masters(songs, {"four": "it is <silent>"})


def test_a_song_is_found_by_index_and_by_name_and_a_slice_is_an_album(masters: Masters) -> None:
    assert masters[1] is masters["two"]
    assert [song.name for song in masters[1:]] == ["two", "three"]
    assert isinstance(masters[1:], Masters)
    with pytest.raises(KeyError, match="there are one, two, three"):
        masters["five"]


def test_the_differences_are_shown_before_and_after(masters: Masters) -> None:
    assert masters.before is not None
    assert masters.after is not None
    assert (masters.before.loudness_lu, masters.after.loudness_lu) == (6.0, 1.5)
    assert masters.after.tone_db == pytest.approx(masters.before.tone_db / 2)
    shown = masters._repr_html_()
    for spread in (masters.before, masters.after):
        assert "".join(f"<td>{figure}</td>" for figure in spread.figures) in shown
        assert str(spread) in str(masters)
    assert "it is &lt;silent&gt;" in shown


def test_one_song_has_no_differences(masters: Masters) -> None:
    assert "apart" not in masters[:1]._repr_html_()
