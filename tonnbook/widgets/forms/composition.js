// The form of a composition. Sections are stored as lengths, so there can be no gaps and no overlaps.

const MIN_MS = 1000;
const SNAP_MS = 100;   // a dragged border snaps to this grid; typed lengths are exact to the millisecond

function render({ model, el }) {
  const copyOfValue = () => JSON.parse(JSON.stringify(model.get("value")));
  const setTrait = (name, value) => { model.set(name, value); model.save_changes(); };
  const blockedEmotions = (genre, tempo) => model.get("blocked").filter(([g, t]) => g === genre && t === tempo).map(([, , emotion]) => emotion);
  /** Change the sections. A total that they could not take is forgotten: their sum is the total again. */
  const editSections = (edit) => { const value = copyOfValue(); value.duration_ms = null; edit(value.sections); setTrait("value", value); };
  let timer = 0;
  let shownValue = "";

  const modes = ["prompt", "parameters"].map((mode) => h("button", { type: "button", class: "tb-button", onclick: () => setTrait("mode", mode) }, mode === "prompt" ? "Prompt" : "Parameters"));
  const state = h("span", { class: "tb-state", role: "status" });
  const promptInput = h("textarea", { "aria-label": "Prompt", placeholder: "30 seconds of peaceful lo-fi, then a happy ending" });
  promptInput.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(send, 150); });
  promptInput.addEventListener("blur", () => { if (timer) send(); });
  const send = () => { clearTimeout(timer); timer = 0; setTrait("prompt", promptInput.value); };
  const understood = h("ul", { class: "tb-understood", "aria-live": "polite", "aria-label": "Understood from the prompt" });
  const summary = h("p", { class: "tb-quiet" });

  const select = (name, label) => {
    const node = h("select", { "aria-label": label }, model.get("choices")[name].map(({ value, label: text }) => h("option", { value }, text)));
    node.addEventListener("change", () => { const value = copyOfValue(); value[name] = node.value; setTrait("value", value); });
    return node;
  };
  const title = h("input", { type: "text", "aria-label": "Title" });
  title.addEventListener("change", () => { const value = copyOfValue(); value.title = title.value; setTrait("value", value); });
  const seed = h("input", { type: "number", min: 0, step: 1, placeholder: "any", "aria-label": "Seed", title: "Each seed gives a different song. Only the local studio accepts a seed." });
  seed.addEventListener("change", () => { const value = copyOfValue(); value.seed = seed.value === "" ? null : Number(seed.value); setTrait("value", value); });
  const overrides = h("p", { class: "tb-quiet" });
  const genre = select("genre", "Genre");
  const tempo = select("tempo", "Tempo");
  const total = h("input", { type: "number", step: "any", "aria-label": "Duration in seconds" });
  total.addEventListener("change", () => {
    if (total.value === "") { shownValue = ""; show(); }
    else model.send({ kind: "seconds", seconds: Number(total.value) });
  });
  const line = h("div", { class: "tb-timeline", role: "group", "aria-label": "Timeline of sections" });
  const rows = h("div", { class: "tb-rows" });
  const blocked = h("p", { class: "tb-quiet" });
  const errors = h("div", { class: "tb-errors", role: "alert" });
  const note = h("p", { class: "tb-quiet", role: "status" });
  const presets = presetTools(model, (message) => model.send(message));
  const sender = sendButton(model, () => { if (timer) send(); });
  const code = codeExport(model, `tb-composition-${Math.random().toString(36).slice(2, 8)}`);

  const labelled = (label, node) => h("label", {}, label, node);
  const promptSide = h("div", {}, promptInput, overrides, understood, summary);
  const common = h("div", { class: "tb-fields" }, labelled("Seed", seed));
  const fields = h("div", { class: "tb-fields" }, labelled("Genre", genre), labelled("Tempo", tempo), labelled("Seconds", total), labelled("Title", title));
  const parameterSide = h("div", {}, fields, line, rows, blocked);
  const root = frame("composition", h("div", { class: "tb-top" }, h("b", {}, "Composition"), h("div", { class: "tb-modes", role: "group", "aria-label": "Input" }, modes), state), promptSide, parameterSide, common, errors, note, presets.node, sender.node, code.node);
  root.classList.add("tb-form");

  root.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.tagName === "INPUT") event.target.blur(); });

  root.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!/^\s*\{/.test(text)) return;
    event.preventDefault();
    model.send({ kind: "load", text });
  });

  /** How far a drag by `by` ms moves the border after section `n`: to a tenth of a second, and no section shorter than MIN_MS. */
  function snapped(lengths, n, by) {
    const end = Math.round((lengths[n] + by) / SNAP_MS) * SNAP_MS;
    return Math.max(MIN_MS - lengths[n], Math.min(lengths[n + 1] - MIN_MS, end - lengths[n]));
  }

  /** Move the border after section `n` by `by` ms: it changes the lengths of the two sections. */
  function moveBorder(n, by) {
    editSections((sections) => {
      const [a, b] = [sections[n], sections[n + 1]];
      const step = Math.max(MIN_MS - a.length_ms, Math.min(b.length_ms - MIN_MS, Math.round(by)));
      a.length_ms += step;
      b.length_ms -= step;
    });
  }

  function border(n) {
    const { sections } = model.get("value");
    const before = sections.slice(0, n).reduce((sum, each) => sum + each.length_ms, 0);
    const [at, end] = [before + sections[n].length_ms, before + sections[n].length_ms + sections[n + 1].length_ms].map((ms) => ms / 1000);
    const node = h("div", {
      class: "tb-border", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": `Border after section ${n + 1}; arrow keys move it`,
      "aria-valuenow": at, "aria-valuemin": before / 1000, "aria-valuemax": end, "aria-valuetext": `${at} s`,
    });
    node.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -500, ArrowRight: 500 }[event.key];
      if (!step) return;
      event.preventDefault();
      moveBorder(n, step);
      line.querySelectorAll(".tb-border")[n]?.focus();
    });
    node.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      node.focus();
      node.setPointerCapture(event.pointerId);
      const before = model.get("value").sections.map((each) => each.length_ms);
      const scale = before.reduce((all, each) => all + each, 0) / line.clientWidth;
      const from = event.clientX;
      const [left, right] = [line.querySelectorAll(".tb-part")[n], line.querySelectorAll(".tb-part")[n + 1]];
      const [first, second] = [n, n + 1].map((each) => rows.children[each].querySelector("input"));
      const follow = (move) => {
        const step = snapped(before, n, (move.clientX - from) * scale);
        left.style.flexGrow = before[n] + step;
        right.style.flexGrow = before[n + 1] - step;
        first.value = String((before[n] + step) / 1000);
        second.value = String((before[n + 1] - step) / 1000);
      };
      const ended = (up) => {
        node.removeEventListener("pointermove", follow);
        if (up.type === "pointerup") moveBorder(n, snapped(before, n, (up.clientX - from) * scale));
        else { shownValue = ""; show(); }
      };
      node.addEventListener("pointermove", follow);
      for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, ended, { once: true });
    });
    return node;
  }

  function sectionRow(section, n, count, blockedHere, reason) {
    const emotions = model.get("choices").emotion.map(({ value, label }) => h("option", { value, disabled: blockedHere.includes(value) && value !== section.emotion, title: blockedHere.includes(value) ? reason : null }, blockedHere.includes(value) ? `${label} (blocked)` : label));
    const emotion = h("select", { "aria-label": `Emotion of section ${n + 1}` }, emotions);
    emotion.value = section.emotion;
    emotion.addEventListener("change", () => editSections((sections) => { sections[n].emotion = emotion.value; }));
    const seconds = h("input", { type: "number", step: "any", value: String(section.length_ms / 1000), "aria-label": `Seconds of section ${n + 1}` });
    seconds.addEventListener("change", () => {
      if (seconds.value === "") { shownValue = ""; show(); }
      else editSections((sections) => { sections[n].length_ms = Math.round(1000 * Number(seconds.value)); });
    });
    const split = h("button", { type: "button", class: "tb-button", disabled: section.length_ms < 2 * MIN_MS, onclick: () => editSections((sections) => {
      const half = Math.round(section.length_ms / 2);
      sections.splice(n, 1, { ...section, length_ms: half }, { ...section, length_ms: section.length_ms - half });
    }) }, "Split");
    const remove = h("button", { type: "button", class: "tb-button", disabled: count === 1, onclick: () => editSections((sections) => {
      const [removed] = sections.splice(n, 1);
      sections[Math.max(0, n - 1)].length_ms += removed.length_ms;
    }) }, "Remove");
    return h("div", {}, `${n + 1}.`, emotion, seconds, "s", split, remove);
  }

  function showParameters() {
    const value = model.get("value");
    if (JSON.stringify(value) === shownValue) return;   // unchanged: a field that is being edited keeps its text and the focus
    shownValue = JSON.stringify(value);
    const blockedHere = blockedEmotions(value.genre, value.tempo);
    const named = (name) => model.get("choices")[name].find((each) => each.value === value[name])?.label ?? value[name];
    const reason = `not offered for ${named("genre")} at ${named("tempo").toLowerCase()} tempo`;
    blocked.textContent = blockedHere.length ? `Emotions marked "blocked" are ${reason}; try another tempo.` : "";
    blocked.hidden = blockedHere.length === 0;
    genre.value = value.genre;
    tempo.value = value.tempo;
    title.value = value.title;
    const sum = value.sections.reduce((all, each) => all + each.length_ms, 0);
    total.value = String((value.duration_ms ?? sum) / 1000);
    line.replaceChildren(...value.sections.flatMap((section, n) => {
      const part = h("div", { class: "tb-part", style: `flex: ${Math.max(0, section.length_ms)} 1 0`, title: `${section.emotion}, ${section.length_ms / 1000} s` }, section.emotion);
      return n + 1 < value.sections.length ? [part, border(n)] : [part];
    }));
    rows.replaceChildren(...value.sections.map((section, n) => sectionRow(section, n, value.sections.length, blockedHere, reason)));
  }

  /** The settings that override the prompt, with a button that removes them. */
  function showOverrides() {
    const given = model.get("value").overrides ?? {};
    const parts = Object.entries(given).filter(([name]) => name !== "duration_ms" || !given.sections).map(([name, each]) =>
      name === "sections" ? each.map(({ emotion, length }) => `${emotion} ${length / 1000} s`).join(", then ") : name === "duration_ms" ? `${each / 1000} s` : `${name} ${each}`);
    const remove = h("button", { type: "button", class: "tb-button", onclick: () => { const value = copyOfValue(); value.overrides = {}; setTrait("value", value); } }, "Remove");
    overrides.replaceChildren(...(parts.length ? [`Overrides the prompt: ${parts.join("; ")} `, remove] : []));
    overrides.hidden = parts.length === 0;
  }

  function showReading() {
    showOverrides();
    if (document.activeElement !== seed) seed.value = model.get("value").seed ?? "";
    const reading = model.get("reading");
    if (document.activeElement !== promptInput) promptInput.value = model.get("prompt");
    const known = (reading.understood ?? []).map(({ words, meaning }) => h("li", {}, `${words}: ${meaning}`));
    const assumed = (reading.assumed ?? []).map((each) => h("li", { class: "tb-quiet" }, `assumed ${each}`));
    const unknown = (reading.not_understood ?? []).map((each) => h("li", { class: "tb-not-understood" }, `${each}: not understood`));
    understood.replaceChildren(...known, ...assumed, ...unknown);
    summary.textContent = reading.sections ? `${reading.genre}, ${reading.tempo}${reading.bpm ? `, ${reading.bpm} bpm` : ""}: ${reading.sections.map((each) => `${each.emotion} ${each.length_ms / 1000} s`).join(", then ")}` : "";
  }

  function show() {
    const prompted = model.get("mode") === "prompt";
    modes[0].setAttribute("aria-pressed", String(prompted));
    modes[1].setAttribute("aria-pressed", String(!prompted));
    promptSide.hidden = !prompted;
    parameterSide.hidden = prompted;
    const found = model.get("errors");
    state.replaceChildren(icon(found.length ? "alert" : "check"), found.length ? errorCount(new Set(found.map(({ message }) => message)).size) : "ready");
    state.classList.toggle("tb-bad", found.length > 0);
    const sectionsOf = new Map();   // a message about several sections is displayed once, with their numbers
    for (const { path, message } of found) sectionsOf.set(message, [...(sectionsOf.get(message) ?? []), ...(path[0] === "sections" && path.length > 1 ? [path[1] + 1] : [])]);
    const items = [...sectionsOf].map(([message, at]) => h("li", {}, at.length ? `Section${at.length > 1 ? "s" : ""} ${at.join(", ")}: ${message}` : message));
    errors.replaceChildren(...(items.length ? [h("ul", {}, items)] : []));
    note.textContent = model.get("note");
    note.hidden = !note.textContent;
    total.setAttribute("aria-invalid", found.some(({ path }) => path[0] === "duration_ms"));
    code.show();
    showReading();
    showParameters();
  }

  const events = ["mode", "value", "reading", "errors", "code", "note"].map((name) => `change:${name}`);
  for (const event of events) model.on(event, show);
  el.append(root);
  show();
  return () => {
    clearTimeout(timer);
    for (const event of events) model.off(event, show);
    for (const part of [sender, presets]) part.stop();
    root.remove();
  };
}

export default { render };
