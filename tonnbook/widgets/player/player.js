// The face of the player: stems in sync, or two sounds to compare, or one. desk.js, set in front of this, makes the sound.

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

const KEYS = {
  all: [
    ["Space", "play, pause"], ["\u2190 \u2192", "1 s back, on; with Shift 5 s"], ["Home End", "start, end"], ["i o", "loop from here, to here"],
    ["l", "loop on, off"], ["c", "clear the loop"], ["m", "silence"], ["?", "this help"],
  ],
  stems: [["1 \u2026 9", "solo a stem; with Shift that one alone"], ["0", "no solo"]],
  compare: [["x", "switch to the next"], ["1 2", "the first, the second, \u2026"], ["g", "equal loudness on, off"]],
};

function helpPanel(kind) {
  const rows = [...KEYS.all.slice(0, 3), ...(KEYS[kind] ?? []), ...KEYS.all.slice(3)];
  const keys = rows.map(([key, does]) => [h("dt", {}, key.split(" ").map((k) => h("kbd", {}, k))), h("dd", {}, does)]);
  return h("div", { class: "tb-help", hidden: true },
    h("dl", {}, keys), h("p", { class: "tb-quiet" }, "Click or drag on the waveform to go there; drag with Shift to loop a part."));
}

const LETTERS = "ABCDEFGHI";

/** The buttons at the left of one track and the words at its right. */
function strip(desk, track, index) {
  const state = desk.strips[index];
  const button = (word, key) => h("button", {
    type: "button", class: `tb-button tb-${key}`, "aria-label": `${word} ${track.name}`, title: `${word} ${track.name}`,
    onclick: () => { state[key] = !state[key]; desk.settle(); },
  }, word[0]);
  const name = h("span", { class: "tb-name", title: track.name }, track.name);
  const isB = desk.comparing && desk.tracks.length === 2 && index === 1;   // of two, one is blue and one orange; of more, all are blue
  let controls = [];
  if (desk.comparing) {
    const letter = LETTERS[index];
    const called = track.name === letter ? letter : `${letter}: ${track.name}`;
    controls = [h("button", { type: "button", class: `tb-button tb-pick${isB ? " tb-pick-B" : ""}`, "aria-label": `Hear ${called}`,
      onclick: () => { desk.active = index; desk.settle(); } }, h("b", {}, letter), track.name !== letter && name)];
  } else if (desk.tracks.length > 1) {
    const level = fader(`Volume of ${track.name}`, 6, (db) => { state.db = db; desk.settle(); });
    controls = [name, button("Solo", "solo"), button("Mute", "mute"), level];
  }
  const download = h("a", { class: "tb-button tb-bare tb-square tb-download", "aria-label": `Download ${track.name}`, title: `Download ${track.name}` }, icon("download"));
  const row = h("div", { class: "tb-strip" }, controls);
  const lane = h("div", { class: `tb-lane${isB ? " tb-lane-B" : ""}` }, waveform(track.peaks));
  const words = h("div", { class: "tb-words" }, h("span", { class: "tb-level" }, track.level), download);
  return { row, lane, words, level: words.firstChild, download, buttons: { solo: row.querySelector(".tb-solo"), mute: row.querySelector(".tb-mute"), pick: row.querySelector(".tb-pick") } };
}

/** The one slider over all lanes: seeks, shows the playhead, the loop and the markers. */
function slider(desk, markers, changes) {
  const head = h("div", { class: "tb-head" });
  const band = h("div", { class: "tb-band", hidden: true });
  const share = (seconds) => `${(100 * seconds) / desk.duration}%`;
  const until = (n) => markers[n + 1]?.start_s ?? desk.duration;
  const flags = markers.map(({ start_s, label }, n) => (
    h("span", { class: "tb-marker", style: `left:${share(start_s)};width:${share(until(n) - start_s)}` }, label)));
  const node = h("div", {
    class: "tb-slider", role: "slider", tabindex: 0, "aria-label": "Position", "aria-valuemin": 0, "aria-valuemax": desk.duration.toFixed(2),
  }, band, flags, head);
  const placeOf = (event) => {
    const box = node.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * desk.duration;
  };
  let from = null;
  let over = null;                          // where the pointer rests: there the changes are read, else at the playhead
  node.addEventListener("pointerleave", () => { over = null; changes?.read(desk.position); });
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    from = { at: placeOf(event), looping: event.shiftKey };
    if (!from.looping) desk.seek(from.at);
  });
  node.addEventListener("pointermove", (event) => {
    const here = placeOf(event);
    over = here;
    changes?.read(here);
    if (!from) return;
    if (from.looping) showBand([Math.min(from.at, here), Math.max(from.at, here)], true);
    else if (desk.playing) showHead(here);
    else desk.seek(here);
  });
  node.addEventListener("pointerup", (event) => {
    if (!from) return;
    const { at, looping } = from;
    from = null;
    const here = placeOf(event);
    if (looping) desk.setLoop(true, [Math.min(at, here), Math.max(at, here)]);
    else if (Math.abs(here - at) > desk.duration / 500) desk.seek(here);
  });
  node.addEventListener("pointercancel", () => { from = null; });
  const showHead = (seconds) => { head.style.transform = `translateX(${(seconds / desk.duration) * node.clientWidth}px)`; };
  const showBand = (region, on) => {
    band.hidden = !region;
    band.classList.toggle("tb-on", on);
    if (region) { band.style.left = share(region[0]); band.style.width = share(region[1] - region[0]); }
  };
  return {
    node,
    show() {
      const { position } = desk;
      if (!from || from.looping || !desk.playing) showHead(position);
      if (!from?.looping) showBand(desk.region, desk.loop !== null);
      node.setAttribute("aria-valuenow", position.toFixed(2));
      const said = [`${clockText(position)} of ${clockText(desk.duration)}`, changes?.spoken(position)];
      node.setAttribute("aria-valuetext", said.filter(Boolean).join("; "));
      changes?.read(over ?? position);
    },
  };
}

/** The row of buttons above the waveforms. */
function transport(desk, help) {
  const play = iconButton("play", "Play", () => desk.toggle(), { class: "tb-button tb-play" });
  const loop = iconButton("loop", "Loop", () => desk.setLoop(!desk.loop));
  const silent = iconButton("sound", "Silence", () => { desk.silent = !desk.silent; desk.settle(); }, { class: "tb-button tb-square tb-bare" });
  const volume = fader("Volume", 0, (db) => { desk.masterDb = db; desk.settle(); });
  const match = !desk.comparing ? null : h("button", { type: "button", class: "tb-button tb-match", title: "Equal loudness: the louder one is turned down (g)",
    onclick: () => { desk.matched = !desk.matched; desk.settle(); } }, icon("match"), "Equal loudness");
  const time = h("span", { class: "tb-time" });
  const question = h("button", { type: "button", class: "tb-button tb-square tb-bare", "aria-label": "Keys", title: "Keys (?)", "aria-expanded": "false",
    onclick: () => { help.hidden = !help.hidden; question.setAttribute("aria-expanded", String(!help.hidden)); } }, "?");
  const title = h("span", { class: "tb-title" }, desk.model.get("title"));
  const node = h("div", { class: "tb-transport" }, play, loop, time, title, match, h("span", { class: "tb-volume" }, silent, volume), question);
  return {
    node, title, question, silent,
    show() {
      play.disabled = !desk.ready;
      const word = desk.playing ? "Pause" : "Play";
      if (play.title !== word) { play.title = word; play.setAttribute("aria-label", word); play.replaceChildren(icon(desk.playing ? "pause" : "play")); }
      loop.setAttribute("aria-pressed", String(desk.loop !== null));
      match?.setAttribute("aria-pressed", String(desk.matched));
      if (silent.getAttribute("aria-pressed") !== String(desk.silent)) {
        silent.setAttribute("aria-pressed", String(desk.silent));
        silent.replaceChildren(icon(desk.silent ? "silent" : "sound"));
      }
      this.clock();
    },
    clock() {
      const text = `${clockText(desk.position)} / ${clockText(desk.duration)}`;
      if (time.textContent !== text) time.textContent = text;
    },
  };
}

/** What one key does; returns false for a key that is not ours. */
function press(desk, event, bar) {
  const { key } = event;
  const control = event.target.closest("button, a, input");
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (control && (key === " " || key === "Enter")) return false;        // the button's own keys
  if (control?.type === "range" && /^(Arrow|Home|End|Page)/.test(key)) return false;
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  const step = event.shiftKey ? 5 : 1;
  const moves = { ArrowLeft: -step, ArrowRight: step, ArrowDown: -step, ArrowUp: step, PageDown: -10, PageUp: 10 };
  if (key === " " || key === "k") desk.toggle();
  else if (key in moves) desk.seek(desk.position + moves[key]);
  else if (key === "Home") desk.seek(0);
  else if (key === "End") desk.seek(desk.duration);
  else if (key === "l") desk.setLoop(!desk.loop);
  else if (key === "i" || key === "[") desk.mark(0);
  else if (key === "o" || key === "]") desk.mark(1);
  else if (key === "c") desk.setLoop(false, null);
  else if (key === "m") bar.silent.click();
  else if (key === "?") bar.question.click();
  else if (desk.comparing && key === "x") { desk.active = (desk.active + 1) % desk.tracks.length; desk.settle(); }
  else if (desk.comparing && key === "g") { desk.matched = !desk.matched; desk.settle(); }
  else if (desk.comparing && digit > 0 && digit <= desk.tracks.length) { desk.active = digit - 1; desk.settle(); }
  else if (!desk.comparing && desk.tracks.length > 1 && digit) soloByDigit(desk, Number(digit), event.shiftKey);
  else return false;
  return true;
}

function soloByDigit(desk, digit, alone) {
  const chosen = desk.strips[digit - 1];
  if (digit && !chosen) return;
  const was = chosen?.solo;
  if (!digit || alone) for (const each of desk.strips) each.solo = false;
  if (chosen) chosen.solo = alone || !was;
  desk.settle();
}

/** What equal loudness does to one side of a comparison. */
function turned(desk, index) {
  const db = desk.tracks[index].gain_db;
  if (!desk.matched) return "; as it is";
  return db < 0 ? `; turned down ${(-db).toFixed(1)} dB` : "; as it is";
}

/** Words for the screen reader: what the last change did. */
function spoken(desk) {
  const soloed = desk.tracks.filter((_, n) => desk.strips[n].solo).map((t) => t.name);
  return [
    desk.playing ? "Playing" : "Paused",
    desk.comparing && `${LETTERS[desk.active]}: ${desk.tracks[desk.active].name}, ${desk.matched ? "equal loudness" : "own level"}`,
    soloed.length > 0 && `solo ${soloed.join(", ")}`,
    desk.loop && `loop ${clockText(desk.loop[0])} to ${clockText(desk.loop[1])}`,
  ].filter(Boolean).join("; ");
}

function view(desk, model, el) {
  const kind = model.get("kind");
  const help = helpPanel(kind);
  const bar = transport(desk, help);
  const changes = changeRows(model.get("changes"));
  const over = slider(desk, model.get("markers"), changes);
  const strips = desk.tracks.map((track, index) => strip(desk, track, index));
  const rows = strips.map(({ row, lane, words }) => [row, lane, words]);
  if (model.get("peaks")) {
    rows.unshift([
      h("div", { class: "tb-strip tb-quiet" }, "all together"),
      h("div", { class: "tb-lane tb-whole" }, waveform(model.get("peaks"))),
      h("div", { class: "tb-words" }, h("span", { class: "tb-level" }, model.get("level"))),
    ]);
  }
  if (changes) rows.push(...changes.cells);
  const [first] = rows;
  if (model.get("markers").length) rows.unshift([h("div", { class: "tb-flags" })]);   // a row for the labels that the slider draws
  rows.forEach((cells, row) => cells.forEach((cell) => { cell.style.gridRow = row + 1; }));
  over.node.style.gridRow = `1 / span ${rows.length}`;   // over all lanes at once
  const board = h("div", { class: "tb-board" }, rows, over.node);
  if (kind === "one") bar.title.after(first[2]);         // one sound: its level fits above
  const note = h("div", { class: "tb-note tb-quiet" });
  const problem = h("div", { class: "tb-note tb-bad", role: "alert" });
  const { line, say } = announcer();
  const root = frame(`player tb-${kind}`, bar.node, help, board, note, problem, line);

  const show = () => {
    bar.show();
    over.show();
    strips.forEach((each, index) => {
      const state = desk.strips[index];
      for (const key of ["solo", "mute"]) each.buttons[key]?.setAttribute("aria-pressed", String(state[key]));
      each.buttons.pick?.setAttribute("aria-pressed", String(index === desk.active));
      each.lane.classList.toggle("tb-off", !desk.audible(index));
      if (desk.comparing) each.level.textContent = desk.tracks[index].level + turned(desk, index);
      offer(each.download, state.file, desk.tracks[index].name);
    });
    const loading = desk.ready ? "" : desk.problem ? "" : `Loading ${desk.loaded} of ${desk.strips.length} \u2026`;
    const thin = desk.thinned && `Long: decoded at ${desk.plan.rate / 1000} kHz${desk.plan.channels === 1 ? " mono" : ""} to spare the browser's memory; downloads are whole.`;
    note.textContent = [loading, model.get("note"), thin].filter(Boolean).join(" ");
    problem.textContent = desk.problem;
    Object.assign(root.dataset, { ready: desk.ready ? "1" : "", playing: desk.playing ? "1" : "" });
    say(spoken(desk));
    if (desk.playing) frameNumber ||= requestAnimationFrame(tick);
  };
  let frameNumber = 0;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let drawn = 0;
  const tick = (now) => {
    frameNumber = desk.playing ? requestAnimationFrame(tick) : 0;
    if (calm.matches && now - drawn < 250) return;
    drawn = now;
    over.show();
    bar.clock();
  };
  root.addEventListener("keydown", (event) => {
    if (press(desk, event, bar)) { event.preventDefault(); event.stopPropagation(); }
  });
  const resized = new ResizeObserver(() => over.show());
  resized.observe(over.node);
  desk.addEventListener("change", show);
  el.append(root);
  desk.shown();
  show();
  return () => {
    cancelAnimationFrame(frameNumber);
    resized.disconnect();
    desk.removeEventListener("change", show);
    strips.forEach((each) => offer(each.download, null, ""));
    root.remove();
    desk.hidden();
  };
}

/** Point a link at the encoded sound, or take it away. */
function offer(link, file, name) {
  if (link.offered === file) return;
  if (link.href) URL.revokeObjectURL(link.href);
  link.offered = file;
  link.toggleAttribute("hidden", !file);
  if (!file) return link.removeAttribute("href");
  const types = { ogg: "audio/ogg", mp3: "audio/mpeg", flac: "audio/flac", wav: "audio/wav" };
  link.href = URL.createObjectURL(new Blob([file.data], { type: types[file.format] }));
  link.download = `${name.replace(/\.(wav|flac|mp3|ogg|aiff?)$/i, "")}.${file.format}`;
}

export default () => {
  let desk;
  return {
    initialize({ model }) {
      desk = new Desk(model);
      return () => desk.close();
    },
    render: ({ model, el }) => view(desk, model, el),
  };
};
