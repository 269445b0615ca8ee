from __future__ import annotations

import io
import re
import subprocess
import sys
from base64 import b64decode

import numpy as np
from handmade_mixes import Mix
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from tonnbook.plots import Picture, plot_eq, plot_pan


def test_axes_show_their_picture_as_html_with_its_words_and_no_object_is_needed(mix: Mix) -> None:
    data, _ = DisplayFormatter().format(plot_eq(mix, track="vocal"))
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"].startswith("EQ of vocal: ")
    match = re.fullmatch(
        r'<img alt="EQ of vocal: [^"]+" style="[^"]+" src="data:image/png;base64,([^"]+)">', data["text/html"]
    )
    assert match
    with Image.open(io.BytesIO(b64decode(match[1]))) as image:
        assert image.size[0] > 900


def test_words_are_escaped() -> None:
    picture = Picture(2, 1)
    picture.alt = 'a "loud" <kick>'
    assert 'alt="a &quot;loud&quot; &lt;kick&gt;"' in picture.to_html()


def test_a_busy_picture_gets_coarser_rather_than_larger(big_mix: Mix) -> None:
    assert len(plot_pan(big_mix).figure.png()) <= 95_000
    picture = Picture(8, 8)
    picture.panel().imshow(np.random.default_rng(1).random((600, 600)))
    sharp, small = picture.png(10_000_000), picture.png(60_000)
    assert len(small) < len(sharp) / 2
    assert Image.open(io.BytesIO(small)).size[0] >= 8 * 64


def test_the_house_colours_survive_the_palette(mix: Mix) -> None:
    with Image.open(io.BytesIO(plot_pan(mix).figure.png())) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
    for wanted in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0x00, 0x9E, 0x73), (0xE6, 0x9F, 0x00)):
        assert min(max(abs(a - b) for a, b in zip(wanted, colour, strict=True)) for colour in colours) < 12


def test_neither_import_nor_drawing_touches_pyplot() -> None:
    code = """
import sys
from tonnbook.models.effects import TrackSettings
from tonnbook.plots import plot_compression, plot_eq, plot_gains, plot_pan
for plot in (plot_compression, plot_eq, plot_gains, plot_pan):
    plot({"a.wav": TrackSettings(), "b.wav": TrackSettings(gain_db=3)}).figure.png()
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
