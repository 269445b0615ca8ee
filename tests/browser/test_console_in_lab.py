"""The console in a real JupyterLab: the mix in the browser is the studio's, edits reach Python, and nothing clicks."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from jlab import Notebook
from playwright.sync_api import expect

from tonnbook import audio_files
from tonnbook.dsp.loudness import integrated_loudness

OpenNotebook = Callable[..., Notebook]
WriteNotebook = Callable[[str, Sequence[str]], str]

pytestmark = pytest.mark.browser

MIX = """\
import numpy as np, tonnbook as tb
from pathlib import Path
from tempfile import mkdtemp
from tonnbook import audio_files
tonn, folder = tb.offline().tonn, Path(mkdtemp())
stems = {}
for name in ("kick", "bass", "guitar", "vocal"):
    audio, rate = audio_files.read(tb.demo.stems()[name])
    stems[name] = audio_files.write(folder / f"{name}.wav", audio[:, 4 * rate : 8 * rate], rate, 16)
tracks = [tb.MixTrack(source=path, instrument=group, reverb=reverb) for path, group, reverb in zip(
    stems.values(), ("KICK_GROUP", "BASS_GROUP", "E_GUITAR_GROUP", "VOCAL_GROUP"), ("NONE", "NONE", "LOW", "MEDIUM"))]
preview = tonn.preview_mix(tb.MixRequest(tracks=tracks, style="POP")).result(timeout=60)
console = tb.Console(preview)
console.set("guitar", eq="bass boost", gain_db=-4, pan_deg=-35).set("bass", compression="aggressive").set("kick", muted=True)
"""
ONE = """\
sine = audio_files.write(folder / "sine.wav", 0.3 * np.sin(2 * np.pi * 440 * np.arange(4 * 44100) / 44100)[None], 44100, 16)
alone = tb.MixRequest(tracks=[tb.MixTrack(source=sine, instrument="SYNTH_GROUP")], style="OTHER")
one = tb.Console(tonn.preview_mix(alone).result(timeout=60))
one"""

# The mix as the browser renders it: left, then right, as base64.
RENDER = """async () => {
  const { sound } = await globalThis[Symbol.for('tonnbook.page')].playback.render();
  const both = new Float32Array(2 * sound.length);
  for (const side of [0, 1]) both.set(sound.getChannelData(side), side * sound.length);
  const bytes = new Uint8Array(both.buffer);
  let text = '';
  for (let n = 0; n < bytes.length; n += 32768) text += String.fromCharCode(...bytes.subarray(n, n + 32768));
  return btoa(text);
}"""

# The largest step between two samples while the settings jump: a click is a step larger than the signal's own.
STEP = """async (change) => {
  const player = globalThis[Symbol.for('tonnbook.page')].playback;
  const analyser = new AnalyserNode(player.graph.context, { fftSize: 32768 });
  player.graph.master.connect(analyser);
  await new Promise((done) => setTimeout(done, 500));
  player.edit(0, change, false);
  await new Promise((done) => setTimeout(done, 300));
  const samples = new Float32Array(32768);
  analyser.getFloatTimeDomainData(samples);
  return samples.slice(1).reduce((steepest, x, n) => Math.max(steepest, Math.abs(x - samples[n])), 0);
}"""


# The loudness of the rendered mix that the page has, whether that is the one that plays, and the highest level in dB of
# what it plays in three seconds: the end of the loop is the tail of a reverb.
HELD = """async () => {
  const player = globalThis[Symbol.for('tonnbook.page')].playback;
  const analyser = new AnalyserNode(player.graph.context, { fftSize: 16384 });
  player.graph.master.connect(analyser);
  const samples = new Float32Array(16384);
  let power = 1e-20;
  for (let n = 0; n < 10; n++) {
    await new Promise((done) => setTimeout(done, 300));
    analyser.getFloatTimeDomainData(samples);
    power = Math.max(power, samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  }
  const playing = player.graph.nodes.some((node) => node.buffer === player.strips.at(-1).buffer);
  return { loudness: player.lufs.rendered, playing, level: 10 * Math.log10(power) };
}"""


def residual_db(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating], rate: int) -> float:
    """Return the level of a - b relative to b below 16 kHz in dB."""
    spectra = np.fft.rfft(a - b), np.fft.rfft(b)
    below = np.fft.rfftfreq(b.shape[1], 1 / rate) < 16000
    difference, whole = (float(np.square(np.abs(s[:, below])).sum()) for s in spectra)
    return 10 * np.log10(difference / whole)


def test_the_browser_mixes_as_the_studio_does(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    nb = open_nb(write_nb("console.ipynb", [MIX, "console", ONE])).run_all()
    page, single = nb.output(1), nb.output(2)
    nb.until("console.ready and one.ready")
    page.get_by_role("button", name="Render", exact=True).click()  # the local studio asks nothing
    nb.until("console.result is not None", timeout=60)
    page.locator(".tb-console").get_by_role("button", name="Loop", exact=True).click()
    page.locator(".tb-console").get_by_role("button", name="Play", exact=True).click()
    nb.until("console.playing")
    rendered = np.frombuffer(base64.b64decode(nb.page.evaluate(RENDER)), "<f4").reshape(2, -1).astype(float)
    mix, rate = audio_files.read(nb.py("str(console.result.mix.path)"))
    rendered *= 10 ** (nb.py("console.result.notes.trim_db - preview.notes.trim_db") / 20)
    assert integrated_loudness(rendered, rate) == pytest.approx(integrated_loudness(mix, rate), abs=0.05)
    assert residual_db(rendered, mix, rate) < -60  # EQ, compressors, pan, reverb and bus together; the file has 16 bits

    # edits of the page: a dragged band, a key, a fader; each is one step of undo
    page.get_by_role("button", name="Edit EQ and compressor of bass").click()
    band = page.get_by_role("slider", name="EQ band 3 of bass")
    band.scroll_into_view_if_needed()
    box = band.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    nb.page.mouse.move(x, y)
    nb.page.mouse.down()
    nb.page.mouse.move(x + 40, y - 30, steps=5)
    nb.page.mouse.up()
    nb.until("console.changes['bass.wav'].eq is not None")
    assert nb.py("max(b.gain_db for b in console.changes['bass.wav'].eq)") > 3
    nb.page.keyboard.press("z")  # of the console: JupyterLab undoes nothing
    nb.until("console.changes['bass.wav'].eq is None")
    page.get_by_role("slider", name="Fader of vocal").focus()
    nb.page.keyboard.press("ArrowDown")
    nb.until("console.value.get('vocal.wav') == {'gain_db': -0.5}")
    page.get_by_role("button", name="Mute vocal in the mix").click()
    nb.until("[c.gain_db for c in console.changes.values()][-1] == -60")
    nb.py("console.reset('vocal')")
    expect(page.get_by_role("button", name="Reset vocal")).to_be_disabled()
    page.get_by_text("Paste JSON").click()
    page.get_by_role("textbox", name="JSON of a final mix").fill("no json")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_text("this text is not JSON")).to_be_visible()

    # what is heard: the preview is there, and settings that jump make no click
    page.get_by_role("button", name="Hear the preview").click()
    nb.until("console.mode == 'preview'")
    rendered_button = page.get_by_role("button", name="Hear your settings as the studio rendered them")
    first = nb.page.evaluate(HELD)
    nb.py("console.set('guitar', gain_db=-8)")
    expect(rendered_button).to_have_text("Rendered (older settings)")
    page.get_by_role("button", name="Render", exact=True).click()
    expect(rendered_button).to_have_text("Rendered")
    rendered_button.click()
    nb.until("console.mode == 'rendered' and console.playing")
    second = nb.page.evaluate(HELD)
    assert second["loudness"] < first["loudness"]  # the second render replaced the first while it played
    assert second["playing"]
    assert second["level"] > -40
    nb.py("(one.seek(1.0), one.play())")
    nb.until("one.playing and not console.playing and one.position > 1")
    single.get_by_role("button", name="Loop").click()
    quiet = nb.page.evaluate(STEP, {})
    assert quiet > 0.001
    for change in ({"gain_db": -12}, {"eq": [[440, -12, 1]]}, {"pan_deg": 60}):
        assert nb.page.evaluate(STEP, change) < 1.5 * quiet, change
    assert nb.console_errors() == []
