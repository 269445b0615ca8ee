// A button that saves an archive of the kernel on the user's computer. The page requests the chunks, a few at a time.

const IN_FLIGHT = 4;
const SILENCE_MS = 4000;      // without a chunk for so long, those that are missing are requested again

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

function render({ model, el }) {
  const get = h("button", { type: "button", class: "tb-button tb-get", onclick: () => { wanted = true; model.send({ kind: "collect" }); } }, icon("download"), "Download everything");
  const stop = h("button", { type: "button", class: "tb-button", onclick: () => end("Cancelled.") }, "Cancel");
  const bar = h("progress", { "aria-label": "Progress of the download" });
  const line = h("span", { role: "status" });
  const link = h("a", { download: model.get("name") });
  const root = frame("download", get, bar, stop, line, link);
  let wanted = false;         // by this page: another page of the same widget saves nothing
  let fetching = null;

  const say = (text, bad = false) => { if (line.textContent !== text) line.textContent = text; line.className = bad ? "tb-bad" : "tb-quiet"; };
  const busy = (on) => { get.disabled = on; bar.hidden = !on; stop.hidden = !fetching; };
  const end = (text) => { clearInterval(fetching?.watch); fetching = null; wanted = false; busy(false); say(text); };
  const request = () => {
    const { parts, chunk, size, number, asked } = fetching;
    for (let n = 0; n * chunk < size && asked.size < IN_FLIGHT; n += 1) {
      if (parts[n] || asked.has(n)) continue;
      asked.add(n);
      model.send({ kind: "chunk", number, offset: n * chunk });
    }
  };
  const begin = ({ size, number, chunk, message }) => {
    fetching = { size, number, chunk, message, parts: [], asked: new Set(), got: 0, heard: Date.now() };
    fetching.watch = setInterval(() => {
      if (Date.now() - fetching.heard < SILENCE_MS) return;
      fetching.heard = Date.now();
      fetching.asked.clear();
      request();
    }, 500);
    bar.max = size;
    bar.value = 0;
    busy(true);
    request();
  };
  const arrived = (message, buffers) => {
    if (!fetching || message?.kind !== "chunk" || message.number !== fetching.number) return;
    const n = message.offset / fetching.chunk;
    fetching.heard = Date.now();
    fetching.asked.delete(n);
    if (!fetching.parts[n]) {
      fetching.parts[n] = new Blob([buffers[0]]);      // a browser keeps large blobs on the disk
      fetching.got += fetching.parts[n].size;
    }
    bar.value = fetching.got;
    say(`${Math.floor(100 * fetching.got / fetching.size)} % of ${megabytes(fetching.size)}`);
    if (fetching.got < fetching.size) return request();
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob(fetching.parts, { type: "application/zip" }));
    link.textContent = `Save ${model.get("name")} again`;
    link.click();
    end(`${model.get("name")}, ${megabytes(fetching.size)}. ${fetching.message}`.trim());
  };
  const show = () => {
    const now = model.get("state");
    if (now.state === "collecting") { busy(true); bar.removeAttribute("value"); say(now.message || "Collecting the files"); }
    else if (now.state === "failed") { end(""); say(now.message, true); }
    else if (now.state === "ready" && wanted && !fetching) begin(now);
    else if (!fetching) busy(false);
  };
  model.on("change:state", show);
  model.on("msg:custom", arrived);
  el.append(root);
  show();
  return () => {
    clearInterval(fetching?.watch);
    URL.revokeObjectURL(link.href);
    model.off("change:state", show);
    model.off("msg:custom", arrived);
    root.remove();
  };
}

export default { render };
