// The songs of an album on their way. Python sets the rows from the thread that watches the jobs; a preview comes when it is asked for.

const ENDED = ["done", "failed"];
const MARKS = { done: "check", failed: "alert" };

function render({ model, el }) {
  const body = h("tbody");
  const { line, say } = announcer();
  const head = ["Song", "State", "Progress", "Before", "After", "Preview"].map((word) => h("th", { scope: "col" }, word));
  const root = frame("album", h("table", {}, h("thead", {}, h("tr", {}, head)), body), line);
  const sounds = new Map();          // song name -> object URL, made once
  let sounding = null;               // { name, audio, button }
  let wanted = null;                 // the name last asked for; a preview that comes after another was asked for stays silent

  const stop = () => {
    if (!sounding) return;
    sounding.audio.pause();
    sounding.button.replaceChildren(icon("play"));
    sounding.button.setAttribute("aria-pressed", "false");
    sounding = null;
  };
  const start = (name, url) => {
    stop();
    const button = rows.get(name)?.button;
    if (!button) return;
    const audio = new Audio(url);
    sounding = { name, audio, button };
    button.replaceChildren(icon("pause"));
    button.setAttribute("aria-pressed", "true");
    audio.onended = stop;
    audio.play().catch(() => {
      if (sounding?.audio !== audio) return;  // stopped before it had begun: the promise of play() fails then, too
      stop();
      say(`the preview of ${name} cannot be played here`);
    });
  };
  const press = (name) => {
    wanted = sounding?.name === name ? null : name;
    if (!wanted) stop();
    else if (sounds.has(name)) start(name, sounds.get(name));
    else model.send({ kind: "preview", name });
  };
  const heard = (message, buffers) => {
    if (message.kind === "no preview") say(message.message);
    if (message.kind !== "preview" || !buffers?.length) return;
    sounds.set(message.name, URL.createObjectURL(new Blob([buffers[0]], { type: "audio/mpeg" })));
    if (message.name === wanted) start(message.name, sounds.get(message.name));
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
      const share = song.status === "done" ? 1 : song.progress ?? 0;
      parts.fill.style.width = `${share * 100}%`;
      parts.bar.setAttribute("aria-valuenow", Math.round(share * 100));
      parts.message.textContent = song.message;
      parts.before.textContent = song.before;
      parts.after.textContent = song.after;
      parts.button.disabled = song.status !== "done";
    }
    const ended = songs.filter((song) => ENDED.includes(song.status)).length;
    say(`${ended} of ${songs.length} songs have ended`);
  };
  model.on("change:songs", show);
  model.on("msg:custom", heard);
  el.append(root);
  show();
  return () => {
    stop();
    for (const url of sounds.values()) URL.revokeObjectURL(url);
    model.off("change:songs", show);
    model.off("msg:custom", heard);
    root.remove();
  };
}

export default { render };
