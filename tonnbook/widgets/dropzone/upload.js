// Shared by all widgets that files can be dropped on: check files, and send them to the kernel in acknowledged chunks (see receiver.py).

const CHUNK_BYTES = 2 ** 21;   // a message of more than 10 MB closes the connection of a Jupyter server
const IN_FLIGHT = 6;
const SILENCE_MS = 4000;       // without an answer for so long, the file is offered again: the connection may have been cut
const SIGNATURES = { wav: /^(RIFF|RF64)....WAVE/s, flac: /^fLaC|^ID3/, mp3: /^ID3|^\xff[\xe0-\xff]/, zip: /^PK/ };

const sizeText = (bytes) => bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
const endingOf = (name) => name.slice(name.lastIndexOf(".")).toLowerCase();

/** The files of a drop or of a file chooser. Folders are read through; of those, only what can be used is taken. */
async function filesOf(transfer, endings) {
  const entries = [...(transfer.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = [];
  const walk = async (entry, inFolder) => {
    if (entry.name.startsWith(".")) return;
    if (entry.isFile) {
      if (!inFolder || endings.includes(endingOf(entry.name))) found.push(await new Promise((done, failed) => entry.file(done, failed)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {      // a reader returns at most 100 entries at a time
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const each of some) await walk(each, true);
    }
  };
  for (const entry of entries) await walk(entry, false);
  return found.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

/** The length of a sound file in seconds; null if the browser cannot tell. */
function secondsOf(file) {
  const audio = new Audio();
  const address = URL.createObjectURL(file);
  const length = new Promise((done) => {
    audio.preload = "metadata";
    audio.onloadedmetadata = () => done(Number.isFinite(audio.duration) ? audio.duration : null);
    audio.onerror = () => done(null);
    setTimeout(() => done(null), 2000);
    audio.src = address;
  });
  return length.finally(() => { audio.removeAttribute("src"); URL.revokeObjectURL(address); });
}

/** What is wrong with a file, before anything of it is sent; "" if nothing is. */
async function faultOf(file, { endings, file_bytes: most, seconds: longest }) {
  const ending = endingOf(file.name);
  if (!endings.includes(ending)) return `not accepted; ${endings.map((each) => each.slice(1).toUpperCase()).join(", ")} are`;
  if (!file.size) return "empty; export it again";
  if (file.size > most) return `${sizeText(file.size)}; at most ${sizeText(most)} are allowed`;
  const start = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()));
  if (!SIGNATURES[ending.slice(1)]?.test(start)) return `not a ${ending.slice(1).toUpperCase()} file, whatever its name says`;
  const seconds = ending === ".zip" ? null : await secondsOf(file);
  if (seconds > longest) return `${clockText(seconds, 0)} long; at most ${clockText(longest, 0)} are allowed`;
  return "";
}

/**
 * Send files one after another. `changed(transfers)` is called after each change; a transfer has name, size, sent, state ("waiting",
 * "sending", "done", "refused", "cancelled") and message.
 */
function uploads(model, changed) {
  const transfers = [];
  let current = null;

  const post = (kind, more = {}, buffers = []) => model.send({ kind, id: current.id, attempt: current.attempt, ...more }, undefined, buffers);
  const offer = () => {
    current.attempt += 1;
    current.heard = Date.now();
    current.inFlight = Infinity;      // nothing is sent before the answer
    post("offer", { name: current.name, size: current.size });
  };
  const fill = async () => {
    const { attempt } = current;
    if (current.filling) return;
    current.filling = true;
    const mine = current;
    try {
      while (mine === current && mine.attempt === attempt && mine.next < mine.size && mine.inFlight < IN_FLIGHT) {
        const offset = mine.next;
        const bytes = await mine.file.slice(offset, offset + CHUNK_BYTES).arrayBuffer();
        if (mine !== current || mine.attempt !== attempt) break;
        mine.next = offset + bytes.byteLength;
        mine.inFlight += 1;
        post("chunk", { offset }, [bytes]);
      }
    } catch (error) {
      if (mine === current) finish("refused", `cannot be read (${error.message}); drop it again`);
    } finally {
      mine.filling = false;
    }
    if (mine === current && mine.attempt !== attempt) fill();
  };
  const start = () => {
    current = transfers.find(({ state }) => state === "waiting") ?? null;
    if (!current) return;
    current.state = "sending";
    current.started = Date.now();
    offer();
    changed(transfers);
  };
  const finish = (state, message = "") => {
    Object.assign(current, { state, message, file: null });
    current = null;
    changed(transfers);
    start();
  };
  const answered = (message) => {
    if (!current || message?.id !== current.id) return;
    current.heard = Date.now();
    if (message.kind === "done") { current.sent = current.size; return finish("done"); }
    if (message.kind === "refused") return finish("refused", message.message);
    if (message.attempt !== current.attempt) return;
    if (message.kind === "lost") return offer();
    if (message.kind === "at") { current.next = message.received; current.inFlight = 0; }
    else if (message.kind === "ack") current.inFlight -= 1;
    else return;
    current.sent = message.received;
    changed(transfers);
    fill();
  };
  const watch = setInterval(() => { if (current && Date.now() - current.heard > SILENCE_MS) offer(); }, 500);
  model.on("msg:custom", answered);

  return {
    transfers,
    /** Check files and queue them. */
    async add(files) {
      const added = files.map((file) => ({ id: `${file.name}|${file.size}|${file.lastModified}`, name: file.name, size: file.size, file, sent: 0, state: "checking", message: "", attempt: 0, next: 0, inFlight: 0 }));
      const limits = model.get("limits");
      transfers.push(...added);
      changed(transfers);
      for (const [n, transfer] of added.entries()) {
        const fault = n >= limits.files ? `too many files; at most ${limits.files} are allowed` : await faultOf(transfer.file, limits);
        if (transfer.state !== "checking") continue;      // cancelled meanwhile
        Object.assign(transfer, fault ? { state: "refused", message: fault, file: null } : { state: "waiting" });
        if (current) changed(transfers);
        else start();
      }
      changed(transfers);
    },
    cancel(transfer) {
      if (transfer === current) { post("cancel"); finish("cancelled"); }
      else if (transfer.file) { Object.assign(transfer, { state: "cancelled", file: null }); changed(transfers); }
    },
    forget(transfer) { transfers.splice(transfers.indexOf(transfer), 1); changed(transfers); },
    stop() { clearInterval(watch); model.off("msg:custom", answered); },
  };
}

const TRANSFER_STATES = { checking: "checking", waiting: "waiting", cancelled: "cancelled" };

/**
 * A drop target with the list of its transfers: `target` takes drops, the returned node shows what is on the way and has the buttons
 * that choose files or a folder.
 */
function dropTarget(model, target, { multiple = true, folders = true } = {}) {
  const { line, announce } = liveRegion();
  const list = h("ul", { class: "tb-transfers", "aria-label": "Files on the way" });
  const rows = new Map();
  const over = (on) => target.classList.toggle("tb-over", on);

  const row = (transfer) => {
    const bar = h("progress", { max: transfer.size, "aria-label": `Progress of ${transfer.name}` });
    const state = h("span", { class: "tb-quiet" });
    const stop = h("button", { type: "button", class: "tb-button", onclick: () => transfer.file ? sending.cancel(transfer) : sending.forget(transfer) });
    const node = h("li", {}, h("span", { class: "tb-name", title: transfer.name }, transfer.name), bar, state, stop);
    return { node, show() {
      const underway = transfer.state === "sending";
      bar.hidden = !underway;
      bar.value = transfer.sent;
      const rate = underway && transfer.sent / (Date.now() - transfer.started) * 1e3;
      state.textContent = underway ? `${Math.floor(100 * transfer.sent / transfer.size)} % of ${sizeText(transfer.size)}${rate ? `, ${sizeText(rate)}/s` : ""}` : TRANSFER_STATES[transfer.state] ?? transfer.message;
      state.className = transfer.state === "refused" ? "tb-bad" : "tb-quiet";
      stop.textContent = transfer.file ? "Cancel" : "Close";
      stop.setAttribute("aria-label", `${stop.textContent} ${transfer.name}`);
    } };
  };
  let running = false;
  const show = (transfers) => {
    const shown = transfers.filter(({ state }) => state !== "done");
    for (const transfer of rows.keys()) if (!shown.includes(transfer)) { rows.get(transfer).node.remove(); rows.delete(transfer); }
    for (const transfer of shown) {
      if (!rows.has(transfer)) { rows.set(transfer, row(transfer)); list.append(rows.get(transfer).node); }
      rows.get(transfer).show();
    }
    list.hidden = !shown.length;
    all.hidden = shown.filter(({ file }) => file).length < 2;
    const now = transfers.some(({ file }) => file);
    if (now !== running) {
      running = now;
      const count = (state) => transfers.filter((each) => each.state === state).length;
      announce(now ? `Sending ${transfers.filter(({ file }) => file).length} files` : `${count("done")} files are here${count("refused") ? `, ${count("refused")} refused` : ""}`);
    }
  };
  const sending = uploads(model, show);
  const take = (files) => { if (files.length) sending.add(multiple ? files : files.slice(0, 1)); };
  const chooser = (label, attributes) => {
    const input = h("input", { type: "file", class: "tb-screen-reader", tabindex: -1, "aria-hidden": "true", ...attributes, onchange: () => {
      const chosen = [...input.files].filter(({ name }) => !input.webkitdirectory || (!name.startsWith(".") && model.get("limits").endings.includes(endingOf(name))));
      take(chosen);
      input.value = "";
    } });
    return [h("button", { type: "button", class: "tb-button", onclick: () => input.click() }, label), input];
  };
  const accept = model.get("limits").endings.join(",");
  const all = h("button", { type: "button", class: "tb-button", hidden: true, onclick: () => { for (const each of [...sending.transfers].reverse()) sending.cancel(each); } }, "Cancel all");
  const buttons = [chooser(multiple ? "Choose files" : "Choose a file", { accept, multiple }), folders && chooser("Choose a folder", { webkitdirectory: true }), all];
  const listeners = {
    dragover: (event) => { if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); event.stopPropagation(); over(true); } },
    dragleave: (event) => { if (!target.contains(event.relatedTarget)) over(false); },
    drop: (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.stopPropagation();      // JupyterLab would upload it into its file browser
      over(false);
      filesOf(event.dataTransfer, model.get("limits").endings).then((files) => files.length ? take(files) : announce("There are no sound files in it"));
    },
  };
  for (const [name, listener] of Object.entries(listeners)) target.addEventListener(name, listener);
  show([]);
  return {
    buttons: buttons.flat().filter(Boolean), list, line, take,
    stop() { sending.stop(); for (const [name, listener] of Object.entries(listeners)) target.removeEventListener(name, listener); },
  };
}
