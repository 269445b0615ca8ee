from __future__ import annotations

import pytest
from handmade_mixes import Mix

from tonnbook.plots import reasons


def test_reasons_of_one_track(mix: Mix) -> None:
    lines = reasons(mix, "vocal")
    assert [(line.track, line.setting) for line in lines] == [("vocal", "gain"), ("vocal", "EQ band 2")]
    assert str(lines).splitlines()[2:] == [
        "vocal",
        "  gain         turned down because it is number 7 <of many>",
        "  EQ band 2    cut 2.8 dB at 310 Hz: the guitar masks the vocal there",
    ]


def test_reasons_of_the_whole_mix_end_with_the_whole_mix(mix: Mix) -> None:
    lines = list(reasons(mix))
    assert len(lines) == 17
    assert (lines[-1].track, lines[-1].text) == ("whole mix", "set to -18 LUFS to leave room for the master")


def test_html_is_a_table_whose_words_are_escaped(mix: Mix) -> None:
    html = reasons(mix, "kick").to_html()
    assert "number 0 &lt;of many&gt;" in html
    assert html.count('scope="col"') == 3
    assert html.count('scope="rowgroup" rowspan="2"') == 1


def test_without_reasons_the_settings_are_listed(live: Mix) -> None:
    lines = {line.setting: line.text for line in reasons(live, "masks-bass")}
    assert lines["gain"] == "−71.8 dB"
    assert lines["pan"] == "75° left"
    assert lines["EQ band 1"] == "−31.0 dB at 12.5 Hz (Q 2.7)"
    assert lines["compression"] == "1.8:1 over −3.9 dBFS, attack 74 ms, release 22 ms"


def test_an_unknown_track_is_refused(mix: Mix) -> None:
    with pytest.raises(ValueError, match="unknown track 'vox'"):
        reasons(mix, "vox")
