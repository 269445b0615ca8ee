// The form of a composition. Sections live as lengths, so every state of the time line is a valid one.

const LEAST_MS = 1000;
const MOST_MS = 900000;
const SNAP_MS = 100;   // where a border that is dragged comes to rest; typing is exact to the millisecond

function render({ model, el }) {
  const copyOf = () => JSON.parse(JSON.stringify(model.get("value")));
  const tell = (name, value) => { model.set(name, value); model.save_changes(); };
  const blockedBy = (genre, tempo) => model.get("blocked").filter(([g, t]) => g === genre && t === tempo).map(([, , emotion]) => emotion);
  let timer = 0;
  let drawn = "";

  const modes = ["prompt", "parameters"].map((mode) => h("button", { type: "button", class: "tb-button", onclick: () => tell("mode", mode) }, mode === "prompt" ? "Prompt" : "Parameters"));
  const state = h("span", { class: "tb-state", role: "status" });
  const words = h("textarea", { "aria-label": "Prompt", placeholder: "30 seconds of peaceful lo-fi, then a happy ending" });
  words.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(send, 150); });
  words.addEventListener("blur", () => { if (timer) send(); });
  const send = () => { clearTimeout(timer); timer = 0; tell("prompt", words.value); };
  const heard = h("ul", { class: "tb-heard", "aria-live": "polite", "aria-label": "What was understood" });
  const summary = h("p", { class: "tb-quiet" });

  const select = (name, label) => {
    const node = h("select", { "aria-label": label }, model.get("choices")[name].map(({ value, label: text }) => h("option", { value }, text)));
    node.addEventListener("change", () => { const value = copyOf(); value[name] = node.value; tell("value", value); });
    return node;
  };
  const title = h("input", { type: "text", "aria-label": "Title" });
  title.addEventListener("change", () => { const value = copyOf(); value.title = title.value; tell("value", value); });
  const seed = h("input", { type: "number", min: 0, step: 1, placeholder: "any", "aria-label": "Seed", title: "Another number, another song. The local studio's own field: the live service takes none." });
  seed.addEventListener("change", () => { const value = copyOf(); value.seed = seed.value === "" ? null : Number(seed.value); tell("value", value); });
  const beside = h("p", { class: "tb-quiet tb-beside" });
  const genre = select("genre", "Genre");
  const tempo = select("tempo", "Tempo");
  const total = h("input", { type: "number", min: 1, max: MOST_MS / 1000, step: 0.5, "aria-label": "Duration in seconds" });
  total.addEventListener("change", () => tell("value", stretched(copyOf(), Math.round(1000 * Number(total.value)))));
  const line = h("div", { class: "tb-line", role: "group", "aria-label": "Sections on a time line" });
  const rows = h("div", { class: "tb-rows" });
  const blocked = h("p", { class: "tb-quiet" });
  const faults = h("ul", { class: "tb-faults", role: "alert" });
  const papers = writing(model, `tb-composition-${Math.random().toString(36).slice(2, 8)}`);

  const labelled = (label, node) => h("label", {}, label, node);
  const promptSide = h("div", {}, words, beside, heard, summary);
  const both = h("div", { class: "tb-fields" }, labelled("Seed", seed));
  const fields = h("div", { class: "tb-fields" }, labelled("Genre", genre), labelled("Tempo", tempo), labelled("Seconds", total), labelled("Title", title));
  const parameterSide = h("div", {}, fields, line, rows, blocked);
  const root = frame("composition", h("div", { class: "tb-top" }, h("b", {}, "Composition"), h("div", { class: "tb-modes", role: "group", "aria-label": "How to ask" }, modes), state), promptSide, parameterSide, both, faults, papers.node);

  root.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.tagName === "INPUT") event.target.blur(); });

  function stretched(value, wanted) {
    const least = LEAST_MS * value.sections.length;
    const goal = Math.min(MOST_MS, Math.max(least, wanted || least));
    const before = value.sections.reduce((sum, each) => sum + each.length_ms, 0);
    let at = 0, done = 0;
    value.sections.forEach((each, n) => {
      at += each.length_ms;
      const rest = LEAST_MS * (value.sections.length - n - 1);
      const end = Math.min(goal - rest, Math.max(done + LEAST_MS, Math.round((goal * at) / before)));
      each.length_ms = end - done;
      done = end;
    });
    return value;
  }

  /** How far a drag of `by` ms moves the seam after section `n`: to a tenth of a second, and no section under its least. */
  function dragged(lengths, n, by) {
    const end = Math.round((lengths[n] + by) / SNAP_MS) * SNAP_MS;
    return Math.max(LEAST_MS - lengths[n], Math.min(lengths[n + 1] - LEAST_MS, end - lengths[n]));
  }

  /** Move the seam after section `n` by `by` ms: what one section gains, the next one gives. */
  function moved(n, by) {
    const value = copyOf();
    const [a, b] = [value.sections[n], value.sections[n + 1]];
    const step = Math.max(LEAST_MS - a.length_ms, Math.min(b.length_ms - LEAST_MS, Math.round(by)));
    a.length_ms += step;
    b.length_ms -= step;
    tell("value", value);
  }

  function seam(n) {
    const node = h("div", { class: "tb-seam", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": `Border after section ${n + 1}; arrow keys move it` });
    node.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -500, ArrowRight: 500 }[event.key];
      if (!step) return;
      event.preventDefault();
      moved(n, step);
      line.querySelectorAll(".tb-seam")[n]?.focus();
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
        const step = dragged(before, n, (move.clientX - from) * scale);
        left.style.flexGrow = before[n] + step;
        right.style.flexGrow = before[n + 1] - step;
        first.value = String((before[n] + step) / 1000);
        second.value = String((before[n + 1] - step) / 1000);
      };
      const ended = (up) => {
        node.removeEventListener("pointermove", follow);
        if (up.type === "pointerup") moved(n, dragged(before, n, (up.clientX - from) * scale));
        else { drawn = ""; show(); }
      };
      node.addEventListener("pointermove", follow);
      for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, ended, { once: true });
    });
    return node;
  }

  function sectionRow(section, n, count, refused, reason) {
    const emotions = model.get("choices").emotion.map(({ value, label }) => h("option", { value, disabled: refused.includes(value) && value !== section.emotion, title: refused.includes(value) ? reason : null }, refused.includes(value) ? `${label} (blocked)` : label));
    const emotion = h("select", { "aria-label": `Emotion of section ${n + 1}` }, emotions);
    emotion.value = section.emotion;
    emotion.addEventListener("change", () => { const value = copyOf(); value.sections[n].emotion = emotion.value; tell("value", value); });
    const seconds = h("input", { type: "number", min: 1, step: 0.5, value: String(section.length_ms / 1000), "aria-label": `Seconds of section ${n + 1}` });
    seconds.addEventListener("change", () => { const value = copyOf(); value.sections[n].length_ms = Math.max(LEAST_MS, Math.round(1000 * Number(seconds.value) || LEAST_MS)); tell("value", value); });
    const split = h("button", { type: "button", class: "tb-button", disabled: section.length_ms < 2 * LEAST_MS, onclick: () => {
      const value = copyOf();
      const half = Math.round(section.length_ms / 2);
      value.sections.splice(n, 1, { ...section, length_ms: half }, { ...section, length_ms: section.length_ms - half });
      tell("value", value);
    } }, "Split");
    const remove = h("button", { type: "button", class: "tb-button", disabled: count === 1, onclick: () => {
      const value = copyOf();
      const [gone] = value.sections.splice(n, 1);
      value.sections[Math.max(0, n - 1)].length_ms += gone.length_ms;
      tell("value", value);
    } }, "Remove");
    return h("div", {}, `${n + 1}.`, emotion, seconds, "s", split, remove);
  }

  function showParameters() {
    const value = model.get("value");
    if (JSON.stringify(value) === drawn) return;   // an echo: whoever types meanwhile keeps the field and the focus
    drawn = JSON.stringify(value);
    const refused = blockedBy(value.genre, value.tempo);
    const named = (name) => model.get("choices")[name].find((each) => each.value === value[name])?.label ?? value[name];
    const reason = `not offered for ${named("genre")} at ${named("tempo").toLowerCase()} tempo`;
    blocked.textContent = refused.length ? `Emotions marked "blocked" are ${reason}; another tempo may have them.` : "";
    blocked.hidden = refused.length === 0;
    genre.value = value.genre;
    tempo.value = value.tempo;
    title.value = value.title;
    const sum = value.sections.reduce((all, each) => all + each.length_ms, 0);
    total.value = String(sum / 1000);
    line.replaceChildren(...value.sections.flatMap((section, n) => {
      const part = h("div", { class: "tb-part", style: `flex: ${section.length_ms} 1 0`, title: `${section.emotion}, ${section.length_ms / 1000} s` }, section.emotion);
      return n + 1 < value.sections.length ? [part, seam(n)] : [part];
    }));
    rows.replaceChildren(...value.sections.map((section, n) => sectionRow(section, n, value.sections.length, refused, reason)));
  }

  /** What is sent beside the prompt and overrules it, and the way to be rid of it. */
  function showBeside() {
    const given = model.get("value").beside ?? {};
    const parts = Object.entries(given).filter(([name]) => name !== "duration_ms" || !given.sections).map(([name, each]) =>
      name === "sections" ? each.map(({ emotion, length }) => `${emotion} ${length / 1000} s`).join(", then ") : name === "duration_ms" ? `${each / 1000} s` : `${name} ${each}`);
    const drop = h("button", { type: "button", class: "tb-button", onclick: () => { const value = copyOf(); value.beside = {}; tell("value", value); } }, "Leave it to the prompt");
    beside.replaceChildren(...(parts.length ? [`Set beside the prompt: ${parts.join("; ")} `, drop] : []));
    beside.hidden = parts.length === 0;
  }

  function showReading() {
    showBeside();
    if (document.activeElement !== seed) seed.value = model.get("value").seed ?? "";
    const reading = model.get("reading");
    if (document.activeElement !== words) words.value = model.get("prompt");
    const known = (reading.understood ?? []).map(({ words: said, meaning }) => h("li", {}, `${said}: ${meaning}`));
    const assumed = (reading.assumed ?? []).map((each) => h("li", { class: "tb-quiet" }, `assumed ${each}`));
    const lost = (reading.not_understood ?? []).map((each) => h("li", { class: "tb-lost" }, `${each}: not understood`));
    heard.replaceChildren(...known, ...assumed, ...lost);
    summary.textContent = reading.sections ? `${reading.genre}, ${reading.tempo}${reading.bpm ? `, ${reading.bpm} bpm` : ""}: ${reading.sections.map((each) => `${each.emotion} ${each.length_ms / 1000} s`).join(", then ")}` : "";
  }

  function show() {
    const prompted = model.get("mode") === "prompt";
    modes[0].setAttribute("aria-pressed", String(prompted));
    modes[1].setAttribute("aria-pressed", String(!prompted));
    promptSide.hidden = !prompted;
    parameterSide.hidden = prompted;
    const wrong = model.get("faults");
    state.replaceChildren(icon(wrong.length ? "alert" : "check"), wrong.length ? `${new Set(wrong.map(({ message }) => message)).size} to put right` : "ready");
    state.classList.toggle("tb-bad", wrong.length > 0);
    const said = new Map();   // a message of several sections is written once, with their numbers
    for (const { path, message } of wrong) said.set(message, [...(said.get(message) ?? []), ...(path[0] === "sections" && path.length > 1 ? [path[1] + 1] : [])]);
    faults.replaceChildren(...[...said].map(([message, at]) => h("li", {}, at.length ? `Section ${at.join(", ")}: ${message}` : message)));
    papers.show();
    showReading();
    showParameters();
  }

  const events = ["mode", "value", "reading", "faults", "views"].map((name) => `change:${name}`);
  for (const event of events) model.on(event, show);
  el.append(root);
  show();
  return () => {
    clearTimeout(timer);
    for (const event of events) model.off(event, show);
    root.remove();
  };
}

export default { render };
