from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import pytest
from handmade_mixes import Mix, mix_of

from tonnbook.plots import plot_mix


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.alts: list[str] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append(dict(attrs)["alt"] or "")
        elif tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_each_track_has_its_picture_and_its_reasons_beside_it(mix: Mix) -> None:
    page = Page(plot_mix(mix).to_html())
    assert page.open == []
    assert len(page.alts) == 8
    assert page.alts[1].startswith(
        "snare: gain +3.0 dB, pan 35° left, EQ +1.0 dB at 60 Hz (Q 0.7), compression 1.62:1 over"
    )
    assert page.alts[1].endswith("reverb −14.0 LU.")
    assert "turned down because it is number 7 <of many>" in page.words
    assert "EQ band 2 cut 2.8 dB at 310 Hz" in page.words
    assert "Lead vocal · lead · recorded at −30.5 LUFS · 83% audible above the other tracks" in page.words
    assert "set to -18 LUFS to leave room for the master" in page.words
    assert "tonnbook local studio" in page.words


def test_strips_of_one_page_share_their_scales(mix: Mix) -> None:
    assert len({picture.axes[0].get_ylim() for picture in plot_mix(mix)}) == 1
    assert len({picture.axes[3].get_xlim() for picture in plot_mix(mix)}) == 1


@pytest.mark.parametrize(("tracks", "most"), [(8, 200_000), (32, 400_000)])
def test_a_page_stays_small(tracks: int, most: int) -> None:
    html = plot_mix(mix_of(tracks)).to_html()
    pictures = [b64decode(data) for data in re.findall(r'base64,([^"]+)', html)]
    assert len(pictures) == tracks
    assert max(map(len, pictures)) < 95_000
    assert len(html) < most


def test_the_live_service_gets_its_settings_in_place_of_reasons(live: Mix) -> None:
    page = Page(plot_mix(live).to_html())
    assert "the service gives settings without reasons" in page.words
    assert "attack 74 ms" in page.words
    assert "reverb unknown" in page.alts[0]


def test_a_page_can_be_kept_as_one_file(mix: Mix, tmp_path: Path) -> None:
    kept = plot_mix(mix).save(tmp_path / "mix.html").read_text(encoding="utf-8")
    assert Page(kept.removeprefix("<!doctype html>")).open == []
    assert "http" not in kept


def test_the_text_twin_are_the_reasons(mix: Mix) -> None:
    assert plot_mix(mix)._repr_mimebundle_()["text/plain"].startswith("What was done and why: tonnbook local studio")
