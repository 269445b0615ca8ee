"""The widgets in a real JupyterLab: clicks reach Python, changes in Python reach the page, and the sound itself is measured."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from jlab import Notebook, Server, poll, write_notebook
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor
from playwright.sync_api import Locator, Page, expect

from tonnbook.widgets.player.player import Player

OpenNotebook = Callable[..., Notebook]
WriteNotebook = Callable[[str, Sequence[str]], str]

pytestmark = pytest.mark.browser

SOUNDS = """\
import numpy as np, tonnbook as tb
from pathlib import Path
from tempfile import mkdtemp
from tonnbook import audio_files

RATE, folder = 44100, Path(mkdtemp())
def file(name, peak=0.5, hz=440, seconds=6):
    wave = peak * np.sin(2 * np.pi * hz * np.arange(seconds * RATE) / RATE)
    return audio_files.write(folder / name, np.stack([wave, wave]), RATE, bit_depth=16)
"""

# A cell that blocks the kernel until the test creates a file.
BUSY = "import os, time\nwhile not os.path.exists('{}'): time.sleep(0.05)"

# The level in dB of the player's output over the last 186 ms.
LEVEL = """async () => {
  const { graph } = globalThis[Symbol.for('tonnbook.page')].playback;
  const analyser = new AnalyserNode(graph.context, { fftSize: 8192 });
  graph.master.connect(analyser);
  await new Promise((done) => setTimeout(done, 400));
  const samples = new Float32Array(8192);
  analyser.getFloatTimeDomainData(samples);
  return 10 * Math.log10(samples.reduce((sum, x) => sum + x * x, 1e-20) / samples.length);
}"""

# The rectangle of an element's text on the page.
TEXT_BOX = "(node) => { const words = new Range(); words.selectNodeContents(node); return words.getBoundingClientRect().toJSON(); }"

GRAPH = "globalThis[Symbol.for('tonnbook.page')].playback?.graph"

NULL = (
    -90
)  # Chromium scales 16-bit samples above zero by 1/32767, those below by 1/32768; one sample late would be -33 dB

# The largest step between two samples while a key is pressed: a click is a step larger than the signal's own.
STEP = """async (key) => {
  const { graph } = globalThis[Symbol.for('tonnbook.page')].playback;
  const analyser = new AnalyserNode(graph.context, { fftSize: 32768 });
  graph.master.connect(analyser);
  await new Promise((done) => setTimeout(done, 800));
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  await new Promise((done) => setTimeout(done, 300));
  const samples = new Float32Array(32768);
  analyser.getFloatTimeDomainData(samples);
  return samples.slice(1).reduce((steepest, x, n) => Math.max(steepest, Math.abs(x - samples[n])), 0);
}"""


def level(nb: Notebook) -> float:
    """Return the level in dB of what the page plays."""
    return float(nb.page.evaluate(LEVEL))


def assert_no_console_errors(nb: Notebook) -> None:
    """Check that there is no error in the page's console."""
    assert nb.console_errors() == []


@pytest.fixture
def stems_nb(open_nb: OpenNotebook, write_nb: WriteNotebook) -> Notebook:
    """A player of three stems: a tone, the same inverted, and a high one."""
    turned = "audio_files.write(folder / 'b.flac', -audio_files.read(a)[0], RATE, bit_depth=16)"
    stems = f"a = file('a.flac')\nplayer = tb.play({{'a': a, 'turned': {turned}, 'high': file('c.flac', 0.05, 3000)}}); player"
    nb = open_nb(write_nb("stems.ipynb", [SOUNDS, stems])).run_all()
    nb.until("player.ready")
    return nb


def test_stems_play_on_the_same_sample_with_solo_mute_and_volume(stems_nb: Notebook) -> None:
    nb, page = stems_nb, stems_nb.output(1)
    page.get_by_role("button", name="Play", exact=True).click()
    nb.until("player.playing")
    here = nb.until("player.position", lambda v: v > 0.2)
    nb.until("player.position", lambda v: v > here)
    # a and its inverse cancel, so only the high one remains: peak 0.05 is -29.0 dB
    assert level(nb) == pytest.approx(-29.0, abs=0.1)
    page.get_by_role("button", name="Mute high").click()
    nb.until("player.muted == ['high']")
    assert level(nb) < NULL
    nb.screenshot("player-stems", page)
    page.get_by_role("button", name="Solo a", exact=True).click()
    nb.until("player.soloed == ['a']")
    assert level(nb) == pytest.approx(-9.0, abs=0.1)
    page.get_by_label("Volume of a", exact=True).fill("-10")
    assert level(nb) == pytest.approx(-19.0, abs=0.1)
    slider = page.get_by_role("slider", name="Position")
    slider.press("0")
    nb.until("player.soloed == []")
    page.get_by_label("Volume of a", exact=True).fill("0")
    slider.click(position={"x": 300, "y": 20})  # after a seek they still cancel
    assert level(nb) < NULL
    slider.press("3")
    nb.until("player.soloed == ['high']")
    assert_no_console_errors(nb)


def test_the_names_of_sections_are_above_the_waveforms(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    sections = "[{'start_s': 0.0, 'label': 'happy'}, {'start_s': 5.8, 'label': 'inspirational'}]"
    cell = f"player = tb.play({{'a': file('a.flac'), 'b': file('b.flac')}}); player.markers = {sections}; player"
    nb = open_nb(write_nb("sections.ipynb", [SOUNDS, cell])).run_all()
    nb.until("player.ready")
    highest = min(lane["y"] for lane in map(Locator.bounding_box, nb.output(1).locator(".tb-lane").all()) if lane)
    board = nb.output(1).locator(".tb-slider").bounding_box()
    flags = nb.output(1).locator(".tb-marker").all()
    assert board is not None
    assert len(flags) == 2
    for flag in flags:
        text, box = flag.evaluate(TEXT_BOX), flag.bounding_box()
        assert box is not None
        assert text["bottom"] <= highest
        assert box["x"] + box["width"] <= board["x"] + board["width"] + 1
    assert_no_console_errors(nb)


def test_the_position_follows_mouse_keys_loop_and_python(stems_nb: Notebook) -> None:
    nb, page = stems_nb, stems_nb.output(1)
    slider = page.get_by_role("slider", name="Position")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] / 2, "y": 10})
    assert nb.until("player.position") == pytest.approx(3.0, abs=0.05)
    slider.press("ArrowRight")
    nb.until("player.position", lambda v: v == pytest.approx(4.0, abs=0.05))
    slider.press("Home")
    nb.until("player.position == 0")
    expect(slider).to_have_attribute("aria-valuetext", "0:00.0 of 0:06.0")
    box = slider.bounding_box()
    assert box is not None
    nb.page.mouse.move(box["x"] + box["width"] / 6, box["y"] + 10)
    nb.page.keyboard.down("Shift")
    nb.page.mouse.down()
    nb.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 10, steps=4)
    nb.page.mouse.up()
    nb.page.keyboard.up("Shift")
    assert nb.until("player.loop") == pytest.approx([1.0, 1.5], abs=0.05)
    slider.press("Space")
    places = []

    def passed_twice() -> bool:
        places.append(nb.py("player.position"))
        return len(places) > 12

    poll(passed_twice, timeout=60)
    nb.until("player.position", lambda v: v > 1.0)
    assert all(0.0 <= place <= 1.51 for place in places)
    slider.press("c")
    nb.until("player.loop == []")
    nb.until("player.position", lambda v: v > 1.6)  # the loop has been cleared
    nb.py("player.pause()")
    nb.until("not player.playing")
    nb.py("player.seek(5.0)")
    nb.until("player.position == 5.0")
    slider.press("?")
    expect(page.get_by_text("solo a stem")).to_be_visible()
    assert len(nb.cells()) == 2  # no key of the player reached JupyterLab: c copies, 0 0 restarts the kernel
    nb.screenshot("player-help", page)
    assert_no_console_errors(nb)


def test_one_player_stops_the_other_and_a_cleared_output_stops(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    cells = [SOUNDS, "one = tb.play(file('one.flac')); one", "two = tb.play(file('two.flac')); two"]
    nb = open_nb(write_nb("two.ipynb", cells)).run_all()
    nb.until("one.ready and two.ready")
    nb.output(1).get_by_role("button", name="Play", exact=True).click()
    nb.until("one.playing")
    nb.output(2).get_by_role("button", name="Play", exact=True).click()
    nb.until("two.playing and not one.playing")
    nb.command("notebook:clear-all-cell-outputs")
    nb.until("not two.playing")
    assert nb.page.evaluate("globalThis[Symbol.for('tonnbook.page')].playback") is None


def test_ab_switches_by_one_key_at_equal_loudness_without_a_click(
    open_nb: OpenNotebook, write_nb: WriteNotebook
) -> None:
    cell = "ab = tb.compare(file('a.flac', 0.5), file('b.flac', 0.1), names=('before', 'after')); ab"
    nb = open_nb(write_nb("ab.ipynb", [SOUNDS, cell])).run_all()
    page = nb.output(1)
    nb.until("ab.ready")
    expect(page.get_by_text("turned down 14.0 dB")).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    nb.until("ab.playing")
    before = level(nb)
    slider = page.get_by_role("slider", name="Position")
    slider.press("x")
    nb.until("ab.active == 'after'")
    assert level(nb) == pytest.approx(before, abs=0.1)
    slider.press("g")
    nb.until("not ab.matched")
    expect(page.get_by_text("turned down")).not_to_be_visible()
    slider.press("Home")
    # B plays at 0.1 and A at 0.5: in the signal itself two samples differ by 0.5 * 2 pi * 440 / 44100 = 0.0313 at most
    assert nb.page.evaluate(STEP, "x") < 0.036
    nb.until("ab.active == 'before'")
    assert level(nb) == pytest.approx(-9.03, abs=0.1)
    page.get_by_role("button", name="Switch to B: after").click()
    nb.until("ab.active == 'after'")
    assert len(nb.cells()) == 2  # x cuts no cell
    for dark in (True, False):
        nb.theme(dark)
        nb.screenshot(f"compare-{'dark' if dark else 'light'}", page)
    assert_no_console_errors(nb)


def test_the_sound_arrives_while_the_cell_is_still_running(
    open_nb: OpenNotebook, write_nb: WriteNotebook, server: Server
) -> None:
    busy = "player = tb.play(file('a.flac', seconds=2)); display(player)\n" + BUSY.format("played")
    nb = open_nb(write_nb("busy.ipynb", [SOUNDS, busy]))
    nb.command("notebook:run-all-cells")
    nb.output(1).locator(".tb-player[data-ready='1']").wait_for(timeout=60000)
    nb.output(1).get_by_role("button", name="Play", exact=True).click()
    nb.output(1).locator(".tb-player[data-playing='1']").wait_for()
    assert nb.cells()[1]["execution_count"] is None
    (server.root / "played").touch()
    nb.until("player.ready and player.position > 0.5", timeout=20)


def test_a_browser_without_vorbis_gets_mp3(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    nb = open_nb(write_nb("no-vorbis.ipynb", [SOUNDS, "player = tb.play(file('a.wav', seconds=2)); player"]))
    nb.page.evaluate(
        """() => {
          const real = window.__decode = OfflineAudioContext.prototype.decodeAudioData;
          OfflineAudioContext.prototype.decodeAudioData = function (data) {
            const ogg = new Uint8Array(data)[0] === 'O'.charCodeAt(0);
            return ogg ? Promise.reject(new Error('no Vorbis here')) : real.call(this, data);
          };
        }"""
    )
    nb.run_all()
    nb.until("player.ready")
    assert nb.py("player._encoded[0].format") == "mp3"
    nb.page.evaluate("() => { OfflineAudioContext.prototype.decodeAudioData = window.__decode; }")


def test_a_form_and_python_update_each_other(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    nb = open_nb(
        write_nb("form.ipynb", ["import tonnbook as tb\nbuilder = tb.MixBuilder(tb.demo.stems()); builder"])
    ).run_all()
    page = nb.output(0)
    expect(page.get_by_text("8 tracks, ready")).to_be_visible()
    expect(page.get_by_text("guessed")).to_have_count(8)
    page.get_by_label("Reverb of vocal.flac").select_option("Medium")
    nb.until("builder.request.tracks[7].reverb.value == 'MEDIUM'")
    page.get_by_label("Pan of all tracks").select_option("Left")
    nb.until("{t.pan.value for t in builder.request.tracks} == {'LEFT'}")
    page.get_by_label("Instrument of pad.flac").select_option("Strings")
    poll(lambda: page.get_by_text("guessed").count(), lambda n: n == 7)
    page.get_by_label("Return stems").check()
    nb.until("builder.request.return_stems")
    expect(page.get_by_role("tabpanel")).to_contain_text('"returnStems": true')
    page.get_by_role("tab", name="Python").click()
    expect(page.get_by_role("tabpanel")).to_contain_text('reverb="MEDIUM"')

    page.get_by_text("More").click()
    webhook = page.get_by_label("Webhook")
    webhook.fill("nonsense")
    page.locator("[aria-invalid='true']").wait_for()
    expect(webhook).to_have_attribute("aria-invalid", "true")
    remark = webhook.get_attribute("aria-describedby")
    expect(page.locator(f"[id='{remark}']")).to_contain_text("not an http or https link")
    expect(page.get_by_role("alert")).to_contain_text("Webhook")
    nb.screenshot("form-error", page)
    nb.py("builder.set(webhook_url='https://me.example/hook', style='METAL').set('kick', presence='LEAD')")
    poll(lambda: webhook.input_value() == "https://me.example/hook")
    poll(lambda: page.locator("[aria-invalid]").count() == 0)
    expect(page.get_by_label("Style").locator("option:checked")).to_have_text("Metal")
    expect(page.get_by_label("Presence of kick.flac").locator("option:checked")).to_have_text("Lead")
    page.get_by_label("Style").focus()
    nb.page.keyboard.press("x")  # in JupyterLab's command mode this cuts the cell
    assert len(nb.cells()) == 1
    for dark in (True, False):
        nb.theme(dark)
        nb.screenshot(f"form-{'dark' if dark else 'light'}", page)
    assert_no_console_errors(nb)


def test_a_card_follows_a_job_while_the_cell_runs(
    open_nb: OpenNotebook, write_nb: WriteNotebook, server: Server
) -> None:
    job = """\
import tonnbook as tb
from tonnbook.clients.jobs import Job, StillRunning
from tonnbook.clients.polling import PollSettings, JobPoller
go = False
def begin(job):
    job.report(status='running', task_id='4f3c9a', progress=0.4, message='listening to vocal')
    return lambda: 'mixed' if go else StillRunning()
poller = JobPoller(PollSettings(first_s=0.05, longest_s=0.05))
job = Job('preview mix', begin, poller)
tb.watch(job)
poller.start(job)
"""
    job += BUSY.format("seen") + "\ngo = True"
    nb = open_nb(write_nb("job.ipynb", [job]))
    nb.command("notebook:run-all-cells")
    page = nb.output(0)
    page.get_by_text("listening to vocal").wait_for()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "40")
    expect(page.get_by_text("4f3c9a")).to_be_visible()
    assert nb.cells()[0]["execution_count"] is None
    (server.root / "seen").touch()
    page.get_by_text("preview mix ready", exact=True).wait_for()
    expect(page.locator(".tb-job")).to_contain_text("done")
    nb.screenshot("job-card", page)


def test_a_reloaded_page_requests_the_sound_and_a_saved_one_has_static_html(
    open_nb: OpenNotebook, write_nb: WriteNotebook, server: Server
) -> None:
    cells = [
        SOUNDS,
        "player = tb.play({'a': file('a.flac'), 'b': file('b.flac', 0.1, 880)}); player",
        "tb.MixBuilder(tb.demo.stems())",
    ]
    nb = open_nb(write_nb("saved.ipynb", cells)).run_all()
    nb.until("player.ready")
    saved = nb.save()
    nb.reload()
    nb.output(1).locator(".tb-player[data-ready='1']").wait_for(timeout=60000)
    nb.output(1).get_by_role("button", name="Play", exact=True).click()
    nb.until("player.playing and player.position > 0.1")
    assert level(nb) == pytest.approx(-8.9, abs=0.3)

    content = json.loads(saved.read_text())
    assert "widgets" not in content["metadata"]
    assert len(saved.read_text()) < 150_000
    page, _ = HTMLExporter().from_filename(str(saved))
    assert re.search(r'<audio[^>]* src="data:audio/mpeg;base64,', page)
    assert "<td>vocal.flac</td><td>Lead vocal</td>" in page

    # A copy has no signature, so it is not trusted, and its new kernel has no widgets: only the static HTML is displayed.
    content["cells"][1]["source"] += " "
    (server.root / "stranger.ipynb").write_text(json.dumps(content))
    other = open_nb("stranger.ipynb")
    audio = other.output(1).locator("audio")
    audio.wait_for(timeout=60000)
    heard: dict[str, Any] = audio.evaluate(
        "async (a) => { await a.play(); while (a.currentTime <= 0.2) await new Promise((r) => setTimeout(r, 50)); a.pause(); return {t: a.currentTime, d: a.duration}; }"
    )
    assert heard["t"] > 0.2
    assert heard["d"] == pytest.approx(6.0, abs=0.1)
    expect(other.output(1).get_by_role("img", name="Waveform")).to_be_visible()
    other.screenshot("static-html")


def test_long_sounds_are_decoded_within_a_bound_of_memory(page: Page) -> None:
    script = f"{Player._esm}\nexport {{ decodePlan }};"
    ask = """async ([script, tracks, seconds, channels]) => {
      const module = await import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
      return module.decodePlan(Array(tracks).fill({ seconds, channels }), 48000);
    }"""
    for tracks, seconds, rate, channels in [
        (8, 30, 48000, 2),
        (1, 480, 48000, 2),
        (8, 180, 22050, 2),
        (8, 480, 16000, 1),
    ]:
        plan = page.evaluate(ask, [script, tracks, seconds, 2])
        assert plan == {"rate": rate, "channels": channels}
        assert tracks * seconds * rate * channels * 4 <= 256e6


def test_a_trusted_notebook_plays_without_its_widgets(
    open_nb: OpenNotebook, write_nb: WriteNotebook, server: Server
) -> None:
    cells = [SOUNDS, "player = tb.play({'a': file('a.flac'), 'b': file('b.flac', 0.1, 880)}); player"]
    nb = open_nb(write_nb("owner.ipynb", cells)).run_all()
    nb.until("player.ready")
    expect(nb.output(1).locator("audio")).to_be_hidden()
    nb.save()
    nb.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
    nb.reload()  # signed by this server, so trusted; its kernel is a new one
    audio = nb.output(1).locator("audio")
    expect(audio).to_be_visible()
    expect(nb.output(1).get_by_text("model not found")).to_be_hidden()
    assert audio.evaluate("async (a) => { await a.play(); a.pause(); return a.duration; }") == pytest.approx(6, abs=0.1)
    nb.screenshot("trusted-static")


def test_a_notebook_executed_by_nbconvert_plays_without_kernel_and_network(server: Server, page: Page) -> None:
    path = write_notebook(server.root / "export.ipynb", [SOUNDS, "tb.play({'a': file('a.flac'), 'b': file('b.flac')})"])
    exporter = HTMLExporter(preprocessors=[ExecutePreprocessor(timeout=120)])
    exported = server.root / "export.html"
    exported.write_text(exporter.from_filename(str(path))[0])
    tab = page.context.new_page()
    tab.route(re.compile("^https?://"), lambda route: route.abort())
    tab.goto(exported.as_uri())
    audio = tab.locator("audio")
    expect(audio).to_be_visible()
    assert audio.evaluate("async (a) => { await a.play(); a.pause(); return a.duration; }") == pytest.approx(6, abs=0.1)
    tab.close()


def test_keys_work_where_the_pointer_is_and_never_reach_the_notebook(
    open_nb: OpenNotebook, write_nb: WriteNotebook
) -> None:
    cells = [SOUNDS, "player = tb.compare(file('a.flac'), file('b.flac', 0.1, 880), names=('one', 'two')); player"]
    nb = open_nb(write_nb("keys.ipynb", cells)).run_all()
    nb.until("player.ready")
    out, keyboard = nb.output(1), nb.page.keyboard
    out.locator(".tb-level").first.click()  # words beside a waveform, not a control
    for key, active in (("x", "two"), ("a", "one"), ("b", "two"), ("d", "two"), ("d", "two")):
        keyboard.press(key)
        nb.until("player.active", lambda name, expected=active: name == expected)
    nb.shown.locator(".jp-Cell").first.locator(
        ".jp-InputPrompt"
    ).click()  # the focus is in the notebook, in command mode
    out.locator(".tb-level").first.hover()
    keyboard.press("x")
    nb.until("player.active == 'one'")
    assert len(nb.cells()) == 2
    out.get_by_role("button", name="Play", exact=True).click()
    keyboard.press("i")
    nb.until("player.position > 0.6")
    keyboard.press("o")  # from here it repeats the part that it has just played
    start, end = nb.until("player.loop", lambda loop: loop and loop[1] < 3)
    nb.until("player.position", lambda at: start <= at < end - 0.1)
    assert nb.py("player.playing")


def test_the_state_is_set_from_python_and_kept(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    stems = "player = tb.play({'left': file('a.flac'), 'right': file('b.flac', 0.1, 880)}); player"
    nb = open_nb(write_nb("state.ipynb", [SOUNDS, stems])).run_all()
    nb.until("player.ready")
    nb.py(
        "[setattr(player, 'soloed', ['right']), setattr(player, 'position', 4.5), setattr(player, 'loop', [1.0, 2.0])]"
    )
    out = nb.output(1)
    expect(out.get_by_role("button", name="Solo right")).to_have_attribute("aria-pressed", "true")
    expect(out.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    nb.until("player.position == 1.0")  # a playhead behind the loop goes to its start
    nb.py("player.seek(1.5)")
    nb.until("player.position == 1.5")
    nb.save()
    nb.reload()
    out.locator(".tb-player[data-ready='1']").wait_for()
    expect(out.get_by_role("slider", name="Position")).to_have_attribute("aria-valuenow", "1.50")
    expect(out.get_by_role("button", name="Solo right")).to_have_attribute("aria-pressed", "true")
    nb.run_cell(1)  # another player of the same sounds
    nb.until("player.ready")
    expect(out.get_by_role("slider", name="Position")).to_have_attribute("aria-valuenow", "1.50")


def test_an_abx_test_plays_a_new_x_in_each_trial(open_nb: OpenNotebook, write_nb: WriteNotebook) -> None:
    cells = [
        SOUNDS,
        "test = tb.abx(file('a.flac', seconds=40), file('b.flac', 0.5, 60, 40), trials=3, seed=1); test",  # 60 Hz: a lower step between samples
    ]
    nb = open_nb(write_nb("abx.ipynb", cells)).run_all()
    nb.until("test.player.ready")
    out = nb.output(1)
    expect(out.locator(".tb-waveform").first).to_be_hidden()
    out.get_by_role("button", name="Switch to X").or_(out.get_by_role("button", name="Switch to C: X")).click()
    out.get_by_role("button", name="Play", exact=True).click()
    for answered in (1, 2, 3):
        nb.until("test.player.playing")
        x = nb.py("test._x")
        # both are equally loud, and the high tone is steeper: press 3 (X), which is already active
        out.get_by_role("slider", name="Position").focus()
        steep = nb.page.evaluate(STEP, "3")
        assert (steep > 0.012) == (x == "A")
        nb.page.evaluate(f"() => {{ globalThis.__before = {GRAPH}; }}")
        out.get_by_role("button", name=f"X is {x}").click()
        nb.until("len(test.trials)", lambda n, expected=answered: n == expected)
        if answered < 3:  # the new X has arrived
            nb.page.wait_for_function(f"() => {GRAPH} && {GRAPH} !== globalThis.__before")
    expect(out.get_by_text("3 of 3 right; guessing reaches that with a probability of 12.5%")).to_be_visible()
    expect(out.locator(".tb-waveform").first).to_be_visible()
    nb.screenshot("abx", out)
