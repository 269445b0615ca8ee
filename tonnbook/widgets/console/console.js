// The view of the console: a channel strip per track, the EQ and the compressor of the selected track, the transport, and the request as code.

const METER_DB = 60;
let consoles = 0;

/** A button that is on or off. */
const toggle = (text, label, onclick, kind = "") => h("button", { type: "button", class: `tb-button ${kind}`, "aria-label": label, title: label, "aria-pressed": "false", onclick }, text);

/** A number with its label; `set` is called with each new value and whether the edit is complete. */
function numberField(label, [low, high], step, unit, set) {
  const input = h("input", { type: "number", min: low, max: high, step, "aria-label": label });
  const read = (done) => { if (input.value !== "" && Number.isFinite(Number(input.value))) set(within(Number(input.value), [low, high]), done); };
  input.addEventListener("input", () => read(false));
  input.addEventListener("change", () => { read(true); });
  return { node: h("label", { class: "tb-number" }, input, unit), show: (value) => { if (document.activeElement !== input && input.getRootNode().activeElement !== input) input.value = Number(value.toFixed(2)); } };
}

/** A slider that edits while it moves and commits when it is released; a double click sets `zero`. */
function rangeField(label, kind, [low, high], step, zero, text, set, reason = "") {
  const input = h("input", { type: "range", class: `tb-range ${kind}`, min: low, max: high, step, "aria-label": label });
  input.addEventListener("input", () => set(Number(input.value), false));
  input.addEventListener("change", () => set(Number(input.value), true));
  input.addEventListener("dblclick", () => set(zero(), true));
  return { node: input, show(value) { input.value = value; input.setAttribute("aria-valuetext", text(value)); input.title = [`${label}: ${text(value)}`, reason && `In the preview: ${reason}`].filter(Boolean).join("\n"); } };
}

const panText = (deg) => (deg === 0 ? "centre" : `${Math.abs(deg).toFixed(0)}\u00b0 ${deg < 0 ? "left" : "right"}`);

/** The strip of one track. */
function channelStrip(playback, index, ranges, select) {
  const { name, label, instrument, base, reasons } = playback.sources[index];
  const edit = (change, done) => playback.edit(index, change, done);
  const eq = svg("path", { class: "tb-curve" });
  const small = svg("svg", { viewBox: "0 0 72 30", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path", { class: "tb-zero", d: "M0 15H72" }), eq);
  const open = h("button", { type: "button", class: "tb-open", "aria-label": `Edit EQ and compressor of ${label}`, title: `Edit EQ and compressor of ${label}`, onclick: () => select(index) }, h("span", { class: "tb-name" }, label), small);
  const reduced = h("span", { class: "tb-less" });
  const pan = rangeField(`Pan of ${label}`, "tb-pan", ranges.pan_deg, 1, () => base.pan_deg, panText, (deg, done) => edit({ pan_deg: deg }, done), reasons.pan);
  const panWords = h("span", { class: "tb-small" });
  const mute = toggle("M", `Mute ${label} in the mix`, () => edit({ muted: !playback.strip(index).muted }, true), "tb-mute");
  const solo = toggle("S", `Solo ${label}, for listening`, () => { playback.strips[index].solo = !playback.strips[index].solo; playback.applyGains(); }, "tb-solo");
  const gain = rangeField(`Fader of ${label}`, "tb-upright", ranges.gain_db, 0.5, () => 0, (db) => `${signedDb(db)} to the preview`, (db, done) => edit({ gain_db: db }, done), reasons.gain);
  const exact = numberField(`Gain of ${label} relative to the preview, dB`, ranges.gain_db, 0.1, "dB", (db, done) => edit({ gain_db: db }, done));
  const bar = h("div", { class: "tb-meter-bar" });
  const reset = h("button", { type: "button", class: "tb-button tb-bare tb-reset", "aria-label": `Reset ${label}`, title: `Restore the preview's settings of ${label}`, onclick: () => playback.restore([name]) }, "Reset");
  const node = h("div", { class: "tb-channel", role: "group", "aria-label": label }, open, reduced, pan.node, panWords,
    h("div", { class: "tb-pair" }, mute, solo), h("div", { class: "tb-levels" }, gain.node, h("div", { class: "tb-meter", "aria-hidden": "true" }, bar)), exact.node, reset);
  if (instrument) open.title += ` (${instrument})`;
  let drawn = "";
  return {
    node,
    show(selected) {
      const now = playback.strip(index), bands = JSON.stringify(now.eq), changed = playback.differs(index);
      node.classList.toggle("tb-changed", changed);
      node.classList.toggle("tb-selected", selected);
      node.classList.toggle("tb-off", now.muted || !playback.audible(index));
      open.setAttribute("aria-pressed", String(selected));
      reset.disabled = !changed;
      pan.show(now.pan_deg);
      panWords.textContent = panText(now.pan_deg);
      gain.show(now.gain_db);
      exact.show(now.gain_db);
      mute.setAttribute("aria-pressed", String(now.muted));
      solo.setAttribute("aria-pressed", String(playback.strips[index].solo));
      if (drawn !== bands) { drawn = bands; eq.setAttribute("d", eqPath(now.eq, playback.plan.rate, 72, 30)); }
      if (!playback.playing) { bar.style.transform = "scaleY(0)"; reduced.textContent = now.compression[1] > 1 ? `${now.compression[1]}:1` : "\u2013"; }
    },
    meter({ peaks, reductions }) {
      const db = 20 * Math.log10(Math.max(peaks[index], 1e-6));
      bar.style.transform = `scaleY(${Math.max(0, 1 + db / METER_DB).toFixed(3)})`;
      if (playback.strip(index).compression[1] > 1) reduced.textContent = `\u2212${reductions[index].toFixed(1)} dB`;
    },
  };
}

/** A choice of presets. */
function presetChoice(label, presets, choose) {
  const select = h("select", { "aria-label": label, onchange: () => { if (select.value) choose(presets[select.value]); select.value = ""; } }, h("option", { value: "" }, "Preset"), Object.keys(presets).map((name) => h("option", { value: name }, name)));
  return select;
}

/** EQ, compressor and reasons of the selected track. */
function trackPanel(playback, index, ranges, presets) {
  const { label, base, reasons } = playback.sources[index];
  const edit = (change, done) => playback.edit(index, change, done);
  const original = sixBands(base.eq);
  const bands = () => sixBands(playback.strip(index).eq), compression = () => playback.strip(index).compression;
  const editEq = (eq, done) => edit({ eq }, done), editCompression = (values, done) => edit({ compression: values }, done);
  const graph = eqGraph(label, ranges.eq, playback.plan.rate, bands, editEq);
  const dynamics = compressorGraph(label, ranges.compression, compression, editCompression, (share) => playback.seek(share * playback.duration));
  const parts = [["centre", "Hz", 1], ["gain", "dB", 0.1], ["Q", "", 0.05]];
  const numbers = original.map((_, n) => parts.map(([part, unit, step], m) => numberField(`Band ${n + 1} ${part} of ${label}${unit && `, ${unit}`}`, ranges.eq[m], step, "",
    (value, done) => editEq(bands().map((band, k) => (k === n ? band.map((x, j) => (j === m ? value : x)) : band)), done))));
  const head = h("tr", {}, h("th", { scope: "col" }, "Band"), parts.map(([part, unit]) => h("th", { scope: "col" }, [part, unit].filter(Boolean).join(", "))));
  const rows = numbers.map((row, n) => h("tr", { title: reasons[`eq.band_${n + 1}`] }, h("th", { scope: "row" }, String(n + 1)), row.map((field) => h("td", {}, field.node))));
  const exact = h("details", { class: "tb-exact" }, h("summary", {}, "Bands as numbers"), h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
  const dials = [["Threshold", "dBFS", 0.5], ["Ratio", ": 1", 0.1], ["Attack", "ms", 0.1], ["Release", "ms", 1]].map(([word, unit, step], n) => {
    const field = numberField(`${word} of ${label}`, ranges.compression[n], step, unit, (value, done) => editCompression(compression().map((x, m) => (m === n ? value : x)), done));
    return { ...field, row: h("div", { class: "tb-dial" }, word, field.node) };
  });
  const back = (text, names) => h("button", { type: "button", class: "tb-button", onclick: () => playback.restore([playback.sources[index].name], names) }, text);
  const resets = { eq: back("As in the preview", ["eq"]), compression: back("As in the preview", ["compression"]) };
  const words = { gain: "Gain", pan: "Pan", compression: "Compression", reverb: "Reverb", track: "Recording" };
  const why = Object.entries(reasons).map(([setting, text]) => h("li", {}, h("b", {}, `${words[setting] ?? setting.replace("eq.band_", "EQ band ")}: `), text));
  const node = h("div", { class: "tb-panel", role: "group", "aria-label": `EQ and compressor of ${label}` }, h("div", { class: "tb-panel-head" }, h("b", {}, label)),
    h("div", { class: "tb-blocks" },
      h("div", { class: "tb-block tb-eq" }, h("div", { class: "tb-block-head" }, h("span", {}, "EQ"), presetChoice(`EQ preset of ${label}`, presets.eq, (eq) => editEq(sixBands(eq), true)), resets.eq), graph.node,
        h("p", { class: "tb-quiet tb-hint" }, "Drag a point for frequency and gain, turn the wheel on it for Q. Keys: arrows, Page Up and Page Down for Q, Delete for 0 dB."), exact),
      h("div", { class: "tb-block" }, h("div", { class: "tb-block-head" }, h("span", {}, "Compressor"), presetChoice(`Compressor preset of ${label}`, presets.compression, (values) => editCompression(values, true)), resets.compression),
        dynamics.node, h("div", { class: "tb-dials" }, dials.map((dial) => dial.row)))),
    why.length > 0 && h("details", { class: "tb-why", open: true }, h("summary", {}, "Why the preview has these settings"), h("ul", {}, why)));
  return {
    node,
    show() {
      graph.show(original);
      dynamics.show(playback.reductions?.[index]);
      bands().forEach((band, n) => band.forEach((value, m) => numbers[n][m].show(value)));
      compression().forEach((value, n) => dials[n].show(value));
      for (const name of ["eq", "compression"]) resets[name].disabled = !playback.differs(index, name);
    },
    showHead: dynamics.showHead,
  };
}

/** Play, position, what is heard, undo. */
function consoleBar(playback, model) {
  const play = iconButton("play", "Play", () => playback.toggle(), { class: "tb-button tb-play" });
  const loop = iconButton("loop", "Loop", () => playback.setLoop(!playback.loop));
  const time = h("span", { class: "tb-time" });
  const start = model.get("mixing").start_s;
  const seek = h("input", { type: "range", class: "tb-range tb-seek", min: 0, max: playback.duration.toFixed(2), step: 0.1, "aria-label": "Position", oninput: () => playback.seek(Number(seek.value)) });
  const words = { preview: "Preview", mine: "Mine", rendered: "Rendered" };
  const modes = MODES.map((mode) => toggle(words[mode], { preview: "Hear the preview", mine: "Hear your settings", rendered: "Hear your settings as the studio rendered them" }[mode], () => playback.choose(mode), "tb-mode"));
  const match = toggle("Equal loudness", "Equal loudness: the louder mixes are turned down", () => { playback.matched = !playback.matched; playback.applyGains(); }, "tb-match");
  const undo = h("button", { type: "button", class: "tb-button", title: "Undo (z)", onclick: () => model.send({ kind: "undo" }) }, "Undo");
  const redo = h("button", { type: "button", class: "tb-button", title: "Redo (Shift z)", onclick: () => model.send({ kind: "redo" }) }, "Redo");
  const reset = h("button", { type: "button", class: "tb-button", onclick: () => playback.restore(playback.sources.map(({ name }) => name)) }, "Reset all");
  const turned = h("span", { class: "tb-quiet tb-small" });
  return {
    node: h("div", { class: "tb-bar" }, play, loop, time, seek, h("div", { class: "tb-modes", role: "group", "aria-label": "What is heard" }, modes), match, turned, h("span", { class: "tb-gap" }), undo, redo, reset),
    show() {
      play.disabled = !playback.ready;
      const word = playback.playing ? "Pause" : "Play";
      if (play.title !== word) { play.title = word; play.setAttribute("aria-label", word); play.replaceChildren(icon(playback.playing ? "pause" : "play")); }
      loop.setAttribute("aria-pressed", String(playback.loop !== null));
      modes.forEach((button, n) => { button.disabled = !playback.has(MODES[n]); button.setAttribute("aria-pressed", String(playback.mode === MODES[n])); });
      modes[2].textContent = playback.outdated ? "Rendered (older settings)" : words.rendered;
      match.setAttribute("aria-pressed", String(playback.matched));
      const db = playback.matchDb(playback.mode);
      turned.textContent = db < -0.05 ? `turned down ${(-db).toFixed(1)} dB` : "";
      undo.disabled = !model.get("can_undo");
      redo.disabled = !model.get("can_redo");
      reset.disabled = !playback.sources.some((_, n) => playback.differs(n));
      this.clock();
    },
    clock() {
      const { position } = playback;
      time.textContent = `${clockText(start + position)} / ${clockText(start + playback.duration)}`;
      if (document.activeElement !== seek || playback.playing) seek.value = position;
      seek.setAttribute("aria-valuetext", `${clockText(start + position)} in the song`);
    },
  };
}

/** A text field that reads the JSON of a final mix. */
function pasteJson(model) {
  const text = h("textarea", { rows: 4, "aria-label": "JSON of a final mix", spellcheck: "false" });
  const read = h("button", { type: "button", class: "tb-button", onclick: () => { if (text.value.trim()) model.send({ kind: "load", text: text.value }); } }, "Read");
  return h("details", { class: "tb-paste" }, h("summary", {}, "Paste JSON"), text, read);
}

function consoleView(playback, model, el) {
  const prefix = `tb-console-${(consoles += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  const ranges = model.get("ranges"), presets = model.get("presets");
  const panels = new Map();
  let selected = 0;
  const select = (index) => { selected = index; show(); };
  const bar = consoleBar(playback, model);
  const channels = playback.sources.map((_, index) => channelStrip(playback, index, ranges, select));
  const place = h("div", {});
  const note = h("p", { class: "tb-quiet tb-note" }), problem = h("p", { class: "tb-bad tb-note", role: "alert" });
  const codeTexts = () => { const texts = model.get("code"); return { ...texts, curl: texts.curl.replace("%JSON%", () => texts.json) }; };
  const code = codeExport({ get: codeTexts }, prefix), sender = sendButton(model, () => {});
  const { line, announce } = liveRegion();
  const root = frame("console", bar.node, h("div", { class: "tb-channels", role: "group", "aria-label": "Channel strips", tabindex: 0 }, channels.map((each) => each.node)),
    h("p", { class: "tb-quiet tb-hint" }, "Space: play. x: preview, mine, rendered. z: undo. A double click on a fader or a pan restores the preview's setting."), place, note, problem, sender.node, code.node, pasteJson(model), line);
  let frameNumber = 0;
  const panel = () => {
    if (!panels.has(selected)) panels.set(selected, trackPanel(playback, selected, ranges, presets));
    const found = panels.get(selected);
    if (place.firstChild !== found.node) place.replaceChildren(found.node);
    return found;
  };
  const show = () => {
    bar.show();
    channels.forEach((each, n) => each.show(n === selected));
    const shown = panel();
    shown.show();
    shown.showHead(playback.position / playback.duration);
    const missing = playback.problem || model.get("sound_problem");
    note.textContent = [missing || playback.ready ? "" : `Loading ${playback.loaded} of ${playback.tracks.filter((t) => !t.optional).length} \u2026`, model.get("about")].filter(Boolean).join(" ");
    problem.textContent = [missing, model.get("note")].filter(Boolean).join(" ");
    Object.assign(root.dataset, { ready: playback.ready ? "1" : "", playing: playback.playing ? "1" : "", measured: playback.reductions && !playback.busy ? "1" : "" });
    announce(`${playback.playing ? "Playing" : "Paused"}; ${playback.mode}`);
    if (playback.playing) frameNumber ||= requestAnimationFrame(tick);
  };
  const tick = () => {
    frameNumber = playback.playing ? requestAnimationFrame(tick) : 0;
    bar.clock();
    panel().showHead(playback.position / playback.duration);
    if (playback.meters) channels.forEach((each) => each.meter(playback.meters));
  };
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input[type=number], select, textarea")) return;
    if (event.key === " " && !event.target.closest("button, summary")) playback.toggle();
    else if (event.key === "x") playback.choose(next());
    else if (event.key === "z" || event.key === "Z") model.send({ kind: event.shiftKey ? "redo" : "undo" });
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const next = () => {
    const known = MODES.filter((mode) => playback.has(mode));
    return known[(known.indexOf(playback.mode) + 1) % known.length];
  };
  const listeners = { "change:code": code.show };
  for (const name of ["note", "can_undo", "can_redo", "sound_problem", "about"]) listeners[`change:${name}`] = show;
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  playback.addEventListener("change", show);
  el.append(root);
  playback.viewAttached();
  code.show();
  show();
  return () => {
    cancelAnimationFrame(frameNumber);
    playback.removeEventListener("change", show);
    for (const [name, listener] of Object.entries(listeners)) model.off(name, listener);
    sender.stop();
    root.remove();
    playback.viewDetached();
  };
}

export default () => {
  let playback;
  return {
    initialize({ model }) {
      playback = new ConsolePlayback(model);
      return () => playback.close();
    },
    render: ({ model, el }) => consoleView(playback, model, el),
  };
};
