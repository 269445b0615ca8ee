// The view of the player: one sound, stems in sync, or sounds to compare. stems.js, which page.py puts before this, plays them.

/** A waveform as one closed path, from two bytes per column: the square roots of peak and RMS, 0 to 255. */
function wavePath(columns, part) {
  const heights = Array.from({ length: columns.length / 2 }, (_, n) => (columns[2 * n + part] / 255) * 49);
  const upper = heights.map((y, x) => `${x} ${(50 - y).toFixed(1)}`);
  const lower = heights.map((y, x) => `${x} ${(50 + y).toFixed(1)}`).reverse();
  return `M${upper.join("L")}L${lower.join("L")}Z`;
}

function waveform(peaks) {
  const columns = Uint8Array.from(atob(peaks), (c) => c.charCodeAt(0));
  const drawing = svg("svg", { class: "tb-waveform", viewBox: `0 0 ${columns.length / 2 - 1} 100`, preserveAspectRatio: "none", "aria-hidden": "true" });
  drawing.append(svg("path", { class: "tb-peak", d: wavePath(columns, 0) }), svg("path", { class: "tb-rms", d: wavePath(columns, 1) }));
  return drawing;
}

const dbText = (db) => (db <= LOWEST_DB ? "silent" : `${db > 0 ? "+" : db < 0 ? "\u2212" : ""}${Math.abs(db).toFixed(1)} dB`);

/** A fader in dB; a double click sets it to 0. */
function fader(label, highest, onchange) {
  const input = h("input", { type: "range", class: "tb-fader", min: LOWEST_DB, max: highest, step: 0.5, value: 0, "aria-label": label });
  const set = (db) => {
    input.value = db;
    input.title = `${label}: ${dbText(db)} (double click: 0 dB)`;
    input.setAttribute("aria-valuetext", dbText(db));
    input.style.setProperty("--fill", `${((db - LOWEST_DB) / (highest - LOWEST_DB)) * 100}%`);
  };
  input.addEventListener("input", () => { set(Number(input.value)); onchange(Number(input.value)); });
  input.addEventListener("dblclick", () => { set(0); onchange(0); });
  set(0);
  return input;
}

const LETTERS = "ABCDEFGHI";

/** One track: the controls on its left, its waveform, and its level on the right. */
function strip(playback, track, index) {
  const state = playback.strips[index];
  const button = (label, key) => h("button", {
    type: "button", class: `tb-button tb-${key}`, "aria-label": `${label} ${track.name}`, title: `${label} ${track.name}`,
    onclick: () => { state[key] = !state[key]; playback.applyGains(); },
  }, label[0]);
  const name = h("span", { class: "tb-name", title: track.name }, track.name);
  const isB = playback.comparing && playback.tracks.length === 2 && index === 1;   // two sounds are blue and orange; more are all blue
  let controls = [];
  if (playback.comparing) {
    const letter = LETTERS[index];
    const shownName = track.name === letter ? letter : `${letter}: ${track.name}`;
    controls = [h("button", { type: "button", class: `tb-button tb-pick${isB ? " tb-pick-B" : ""}`, "aria-label": `Switch to ${shownName}`,
      onclick: () => { playback.active = index; playback.applyGains(); } }, h("b", {}, letter), track.name !== letter && name)];
  } else if (playback.tracks.length > 1) {
    const level = fader(`Volume of ${track.name}`, 6, (db) => { state.db = db; playback.applyGains(); });
    controls = [name, button("Solo", "solo"), button("Mute", "mute"), level];
  }
  const download = h("a", { class: "tb-button tb-bare tb-square tb-download", "aria-label": `Download ${track.name}`, title: `Download ${track.name}` }, icon("download"));
  const row = h("div", { class: "tb-strip" }, controls);
  const lane = h("div", { class: `tb-lane${isB ? " tb-lane-B" : ""}` }, waveform(track.peaks));
  const info = h("div", { class: "tb-info" }, h("span", { class: "tb-level" }, track.level), download);
  return { row, lane, info, level: info.firstChild, download, buttons: { solo: row.querySelector(".tb-solo"), mute: row.querySelector(".tb-mute"), pick: row.querySelector(".tb-pick") } };
}

/** The slider over all lanes: seeks, and shows the playhead, the loop and the markers. */
function slider(playback, markers, changes) {
  const head = h("div", { class: "tb-head" });
  const band = h("div", { class: "tb-band", hidden: true });
  const share = (seconds) => `${(100 * seconds) / playback.duration}%`;
  const until = (n) => markers[n + 1]?.start_s ?? playback.duration;
  const flags = markers.map(({ start_s, label }, n) => (
    h("span", { class: "tb-marker", style: `left:${share(start_s)};width:${share(until(n) - start_s)}` }, label)));
  const node = h("div", {
    class: "tb-slider", role: "slider", tabindex: 0, "aria-label": "Position", "aria-valuemin": 0, "aria-valuemax": playback.duration.toFixed(2),
  }, band, flags, head);
  const secondsAt = (event) => {
    const box = node.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * playback.duration;
  };
  let from = null;
  let over = null;                          // position of the pointer: the values of the changes are shown there, else at the playhead
  node.addEventListener("pointerleave", () => { over = null; changes?.read(playback.position); });
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    from = { at: secondsAt(event), looping: event.shiftKey };
    if (!from.looping) playback.seek(from.at);
  });
  node.addEventListener("pointermove", (event) => {
    const here = secondsAt(event);
    over = here;
    changes?.read(here);
    if (!from) return;
    if (from.looping) showBand([Math.min(from.at, here), Math.max(from.at, here)], true);
    else if (playback.playing) showHead(here);
    else playback.seek(here);
  });
  node.addEventListener("pointerup", (event) => {
    if (!from) return;
    const { at, looping } = from;
    from = null;
    const here = secondsAt(event);
    if (looping) playback.setLoop(true, [Math.min(at, here), Math.max(at, here)]);
    else if (Math.abs(here - at) > playback.duration / 500) playback.seek(here);
  });
  node.addEventListener("pointercancel", () => { from = null; });
  const showHead = (seconds) => { head.style.transform = `translateX(${(seconds / playback.duration) * node.clientWidth}px)`; };
  const showBand = (region, on) => {
    band.hidden = !region;
    band.classList.toggle("tb-on", on);
    if (region) { band.style.left = share(region[0]); band.style.width = share(region[1] - region[0]); }
  };
  return {
    node,
    show() {
      const { position } = playback;
      if (!from || from.looping || !playback.playing) showHead(position);
      if (!from?.looping) showBand(playback.region, playback.loop !== null);
      node.setAttribute("aria-valuenow", position.toFixed(2));
      const text = [`${clockText(position)} of ${clockText(playback.duration)}`, changes?.spoken(position)];
      node.setAttribute("aria-valuetext", text.filter(Boolean).join("; "));
      changes?.read(over ?? position);
    },
  };
}

/** The row of buttons above the waveforms. */
function transport(playback, help) {
  const play = iconButton("play", "Play", () => playback.toggle(), { class: "tb-button tb-play" });
  const loop = iconButton("loop", "Loop", () => playback.setLoop(!playback.loop));
  const mute = iconButton("sound", "Mute", () => { playback.masterMuted = !playback.masterMuted; playback.applyGains(); }, { class: "tb-button tb-square tb-bare" });
  const volume = fader("Volume", 0, (db) => { playback.masterDb = db; playback.applyGains(); });
  const match = !playback.comparing ? null : h("button", { type: "button", class: "tb-button tb-match", title: "Equal loudness: louder sounds are turned down (=)",
    onclick: () => { playback.matched = !playback.matched; playback.applyGains(); } }, icon("match"), "Equal loudness");
  const time = h("span", { class: "tb-time" });
  const question = h("button", { type: "button", class: "tb-button tb-square tb-bare", "aria-label": "Keys", title: "Keys (?)", "aria-expanded": "false",
    onclick: () => { help.hidden = !help.hidden; question.setAttribute("aria-expanded", String(!help.hidden)); } }, "?");
  const title = h("span", { class: "tb-title" }, playback.model.get("title"));
  const node = h("div", { class: "tb-transport" }, play, loop, time, title, match, h("span", { class: "tb-volume" }, mute, volume), question);
  return {
    node, title, question, mute,
    show() {
      play.disabled = !playback.ready;
      const word = playback.playing ? "Pause" : "Play";
      if (play.title !== word) { play.title = word; play.setAttribute("aria-label", word); play.replaceChildren(icon(playback.playing ? "pause" : "play")); }
      loop.setAttribute("aria-pressed", String(playback.loop !== null));
      match?.setAttribute("aria-pressed", String(playback.matched));
      if (mute.getAttribute("aria-pressed") !== String(playback.masterMuted)) {
        mute.setAttribute("aria-pressed", String(playback.masterMuted));
        mute.replaceChildren(icon(playback.masterMuted ? "silent" : "sound"));
      }
      this.clock();
    },
    clock() {
      const text = `${clockText(playback.position)} / ${clockText(playback.duration)}`;
      if (time.textContent !== text) time.textContent = text;
    },
  };
}

/** Text for the gain that equal loudness applies to one sound of a comparison. */
function gainText(playback, index) {
  const db = playback.tracks[index].gain_db;
  if (!playback.matched) return "; unchanged";
  return db <= -0.05 ? `; turned down ${(-db).toFixed(1)} dB` : "; unchanged";
}

/** Text for the screen reader: the state after a change. */
function stateText(playback) {
  const soloed = playback.tracks.filter((_, n) => playback.strips[n].solo).map((t) => t.name);
  return [
    playback.playing ? "Playing" : "Paused",
    playback.comparing && `${LETTERS[playback.active]}: ${playback.tracks[playback.active].name}, ${playback.matched ? "equal loudness" : "original level"}`,
    soloed.length > 0 && `solo ${soloed.join(", ")}`,
    playback.loop && `loop ${clockText(playback.loop[0])} to ${clockText(playback.loop[1])}`,
  ].filter(Boolean).join("; ");
}

function view(playback, model, el) {
  const kind = model.get("kind");
  const help = helpPanel(kind);
  const bar = transport(playback, help);
  const changes = changeRows(model.get("changes"));
  const over = slider(playback, model.get("markers"), changes);
  const strips = playback.tracks.map((track, index) => strip(playback, track, index));
  const rows = strips.map(({ row, lane, info }) => [row, lane, info]);
  if (model.get("peaks")) {
    rows.unshift([
      h("div", { class: "tb-strip tb-quiet" }, "sum"),
      h("div", { class: "tb-lane tb-whole" }, waveform(model.get("peaks"))),
      h("div", { class: "tb-info" }, h("span", { class: "tb-level" }, model.get("level"))),
    ]);
  }
  if (changes) rows.push(...changes.cells);
  const [first] = rows;
  if (model.get("markers").length) rows.unshift([h("div", { class: "tb-flags" })]);   // a row for the labels of the markers
  rows.forEach((cells, row) => cells.forEach((cell) => { cell.style.gridRow = row + 1; }));
  over.node.style.gridRow = `1 / span ${rows.length}`;   // across all lanes
  const board = h("div", { class: "tb-board" }, rows, over.node);
  if (kind === "one") bar.title.after(first[2]);         // one sound: its level is shown in the bar
  const note = h("div", { class: "tb-note tb-quiet" });
  const problem = h("div", { class: "tb-note tb-bad", role: "alert" });
  const { line, announce } = liveRegion();
  const root = frame(`player tb-${kind}`, bar.node, help, board, note, problem, line);

  const show = () => {
    bar.show();
    over.show();
    strips.forEach((each, index) => {
      const state = playback.strips[index];
      for (const key of ["solo", "mute"]) each.buttons[key]?.setAttribute("aria-pressed", String(state[key]));
      each.buttons.pick?.setAttribute("aria-pressed", String(index === playback.active));
      each.lane.classList.toggle("tb-off", !playback.audible(index));
      if (playback.comparing) each.level.textContent = playback.tracks[index].level + gainText(playback, index);
      setDownload(each.download, state.file, playback.tracks[index].name);
    });
    const loading = playback.ready ? "" : playback.problem ? "" : `Loading ${playback.loaded} of ${playback.strips.length} \u2026`;
    const reduced = playback.reduced && `Decoded at ${playback.plan.rate / 1000} kHz${playback.plan.channels === 1 ? " mono" : ""} to save memory, because the sound is long. Downloads have full quality.`;
    note.textContent = [loading, model.get("note"), reduced].filter(Boolean).join(" ");
    problem.textContent = playback.problem;
    root.classList.toggle("tb-blind", model.get("blind"));
    Object.assign(root.dataset, { ready: playback.ready ? "1" : "", playing: playback.playing ? "1" : "" });
    announce(stateText(playback));
    if (playback.playing) frameNumber ||= requestAnimationFrame(tick);
  };
  let frameNumber = 0;
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  let drawn = 0;
  const tick = (now) => {
    frameNumber = playback.playing ? requestAnimationFrame(tick) : 0;
    if (reducedMotion.matches && now - drawn < 250) return;
    drawn = now;
    over.show();
    bar.clock();
  };
  root.addEventListener("keydown", (event) => {
    if (press(playback, event, bar)) { event.preventDefault(); event.stopPropagation(); }
  });
  takeKeys(root, (event) => press(playback, event, bar));
  const resized = new ResizeObserver(() => over.show());
  resized.observe(over.node);
  playback.addEventListener("change", show);
  model.on("change:blind", show);
  el.append(root);
  playback.viewAttached();
  show();
  return () => {
    cancelAnimationFrame(frameNumber);
    resized.disconnect();
    playback.removeEventListener("change", show);
    model.off("change:blind", show);
    strips.forEach((each) => setDownload(each.download, null, ""));
    root.remove();
    playback.viewDetached();
  };
}

/** Set a download link to the encoded sound, or hide it. */
function setDownload(link, file, name) {
  if (link.file === file) return;
  if (link.href) URL.revokeObjectURL(link.href);
  link.file = file;
  link.toggleAttribute("hidden", !file);
  if (!file) return link.removeAttribute("href");
  const types = { ogg: "audio/ogg", mp3: "audio/mpeg", flac: "audio/flac", wav: "audio/wav" };
  link.href = URL.createObjectURL(new Blob([file.data], { type: types[file.format] }));
  link.download = `${name.replace(/\.(wav|flac|mp3|ogg|aiff?)$/i, "")}.${file.format}`;
}

/** Follow what Python sets; begin with the state that the model, or the same cell, had before. */
function follow(playback) {
  const { model, tracks, strips, listeners } = playback;
  const adopt = () => {
    if (playback.reporting) return;
    tracks.forEach(({ name }, index) => {
      strips[index].solo = model.get("soloed").includes(name);
      strips[index].mute = model.get("muted").includes(name);
      if (playback.comparing && model.get("active") === name) playback.active = index;
    });
    playback.matched = model.get("matched");
    const loop = model.get("loop");
    if (JSON.stringify(loop) !== JSON.stringify(playback.loop ?? [])) playback.setLoop(loop.length > 0, loop.length > 0 ? loop : playback.region);
    playback.applyGains();
  };
  playback.offset = Math.min(playback.duration, model.get("position") || PAGE.positions.get(playback.key) || 0);
  PAGE.positions.set(playback.key, playback.offset);
  for (const name of ["soloed", "muted", "active", "matched", "loop"]) {
    listeners[`change:${name}`] = adopt;
    model.on(`change:${name}`, adopt);
  }
  adopt();
}

export default () => {
  let playback;
  return {
    initialize({ model }) {
      playback = new Playback(model);
      follow(playback);
      return () => playback.close();
    },
    render: ({ model, el }) => view(playback, model, el),
  };
};
