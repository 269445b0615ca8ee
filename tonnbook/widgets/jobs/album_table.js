// The songs of an album batch. Python updates the rows from the thread that polls the jobs, and sends a preview when it is requested.

const ENDED = ["done", "failed"];
const MARKS = { done: "check", failed: "alert" };

function render({ model, el }) {
  const body = h("tbody");
  const { line, announce } = liveRegion();
  const head = ["Song", "State", "Progress", "Before", "After", "Preview"].map((title) => h("th", { scope: "col" }, title));
  const root = frame("album", h("table", {}, h("thead", {}, h("tr", {}, head)), body), line);
  const sounds = new Map();          // song name -> object URL, made once
  let playing = null;                // { name, audio, button }
  let requested = null;              // the song last requested; a preview that arrives after another request is not played

  const stop = () => {
    if (!playing) return;
    playing.audio.pause();
    playing.button.replaceChildren(icon("play"));
    playing.button.setAttribute("aria-pressed", "false");
    playing = null;
  };
  const start = (name, url) => {
    stop();
    const button = rows.get(name)?.button;
    if (!button) return;
    const audio = new Audio(url);
    playing = { name, audio, button };
    button.replaceChildren(icon("pause"));
    button.setAttribute("aria-pressed", "true");
    audio.onended = stop;
    audio.play().catch(() => {
      if (playing?.audio !== audio) return;  // stopped before it started, which also rejects the promise of play()
      stop();
      announce(`The preview of ${name} cannot be played in this browser.`);
    });
  };
  const press = (name) => {
    requested = playing?.name === name ? null : name;
    if (!requested) stop();
    else if (sounds.has(name)) start(name, sounds.get(name));
    else model.send({ kind: "preview", name });
  };
  const onMessage = (message, buffers) => {
    if (message.kind === "no preview") announce(message.message);
    if (message.kind !== "preview" || !buffers?.length) return;
    sounds.set(message.name, URL.createObjectURL(new Blob([buffers[0]], { type: "audio/mpeg" })));
    if (message.name === requested) start(message.name, sounds.get(message.name));
  };

  let rows = new Map();
  const row = (name) => {
    const parts = { mark: h("span", { class: "tb-mark" }), status: h("span", {}), fill: h("div", { class: "tb-fill" }), message: h("div", { class: "tb-message" }), before: h("td", { class: "tb-level" }), after: h("td", { class: "tb-level" }) };
    parts.bar = h("div", { class: "tb-bar", role: "progressbar", "aria-label": `Progress of ${name}`, "aria-valuemin": 0, "aria-valuemax": 100 }, parts.fill);
    parts.button = iconButton("play", `Play the preview of ${name}`, () => press(name), { "aria-pressed": "false" });
    parts.node = h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "tb-state" }, parts.mark, parts.status), h("td", {}, parts.bar, parts.message), parts.before, parts.after, h("td", {}, parts.button));
    return parts;
  };
  const show = () => {
    const songs = model.get("songs");
    if ([...rows.keys()].join("\n") !== songs.map((song) => song.name).join("\n")) {
      rows = new Map(songs.map((song) => [song.name, row(song.name)]));
      body.replaceChildren(...[...rows.values()].map((parts) => parts.node));
    }
    for (const song of songs) {
      const parts = rows.get(song.name);
      parts.node.dataset.status = song.status;
      parts.mark.replaceChildren(icon(MARKS[song.status] ?? "clock"));
      parts.status.textContent = song.status;
      const fraction = song.status === "done" ? 1 : song.progress ?? 0;
      parts.fill.style.width = `${fraction * 100}%`;
      parts.bar.setAttribute("aria-valuenow", Math.round(fraction * 100));
      parts.message.textContent = song.message;
      parts.before.textContent = song.before;
      parts.after.textContent = song.after;
      parts.button.disabled = song.status !== "done";
    }
    const ended = songs.filter((song) => ENDED.includes(song.status)).length;
    announce(`${ended} of ${songs.length} songs finished`);
  };
  model.on("change:songs", show);
  model.on("msg:custom", onMessage);
  el.append(root);
  show();
  return () => {
    stop();
    for (const url of sounds.values()) URL.revokeObjectURL(url);
    model.off("change:songs", show);
    model.off("msg:custom", onMessage);
    root.remove();
  };
}

export default { render };
