// A form for one request, with or without a table. The fields come from the Python model, and Python judges every change: nothing is checked here.

const SOON = 250;   // milliseconds of quiet while somebody types, before the change is sent
let forms = 0;

/** The control of one field: an element, and how to read and write its value. */
function control(field, attributes, changed) {
  if (field.kind === "choice") return chooser(field, attributes, changed);
  if (field.kind === "toggle") {
    const box = h("input", { type: "checkbox", ...attributes, onchange: () => changed(true) });
    return { node: box, get: () => box.checked, set: (value) => { box.checked = value === true; } };
  }
  if (field.kind === "file") {     // a page knows no folders: another file is set in Python
    const input = h("input", { type: "text", readonly: true, placeholder: "none", ...attributes });
    return { node: input, get: () => input.value || null, set: (value) => { input.value = value ?? ""; input.title = value ?? ""; } };
  }
  const number = field.kind === "number";
  const input = h("input", {
    type: "text", inputmode: number ? "decimal" : null, spellcheck: "false", autocomplete: "off",
    placeholder: number ? rangeText(field) : null, ...attributes, oninput: () => changed(false), onchange: () => changed(true),
  });
  const read = () => {
    const text = input.value.trim();
    if (text === "") return null;
    return number && Number.isFinite(Number(text)) ? Number(text) : text;   // what is no number goes to Python as it is, to be named
  };
  return { node: input, get: read, set: (value) => { if (read() !== value) input.value = value ?? ""; } };
}

function rangeText({ low, high, unit }) {
  const range = low !== undefined && high !== undefined ? `${low} to ${high}` : "";
  return [range, unit].filter(Boolean).join(" ");
}

function chooser(field, attributes, changed) {
  const select = h("select", { ...attributes, onchange: () => changed(true) });
  const add = (value, label) => { const option = h("option", {}, label); option.given = value; select.append(option); return option; };
  if (!field.required && field.default === null) add(null, "\u2013");
  for (const { value, label } of field.choices) add(value, label);
  return {
    node: select,
    get: () => select.selectedOptions[0]?.given ?? null,
    set: (value) => {
      const options = [...select.options];
      const wanted = options.find((option) => option.given === value) ?? add(value, value === null ? "choose \u2026" : `${value}?`);
      wanted.selected = true;
    },
  };
}

/** A place for a remark and an error under a control, and the words to the control that it is wrong. */
function remarked(cell, id) {
  const remark = h("div", { class: "tb-remark", id });
  return {
    node: h("div", { class: "tb-cell" }, cell, remark),
    say(fault, hint) {
      if (fault) cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
      if (fault || hint) cell.setAttribute("aria-describedby", id);
      else cell.removeAttribute("aria-describedby");
      remark.textContent = fault ? fault[0].toUpperCase() + fault.slice(1) : hint ?? "";
      remark.className = `tb-remark ${fault ? "tb-bad" : "tb-quiet"}`;
    },
  };
}

/** The table of tracks: a row each, and one row above that sets a column for all. */
function tracksTable(field, rows, prefix, changed) {
  const columns = field.fields.filter((each) => each.kind !== "file");
  const controls = rows.map((row, n) => Object.fromEntries(columns.map((column) => {
    const made = control(column, { "aria-label": `${column.label} of ${row.source}` }, changed);
    return [column.name, { ...made, ...remarked(made.node, `${prefix}-${n}-${column.name}`), input: made.node }];
  })));
  const all = Object.fromEntries(columns.map((column) => {
    const either = { ...column, default: null, required: false };
    const made = control(either, { "aria-label": `${column.label} of all tracks` }, () => {
      const value = made.get();
      if (value === null) return;
      for (const row of controls) row[column.name].set(value);
      changed(true);
    });
    return [column.name, made];
  }));
  const head = h("tr", {}, h("th", { scope: "col" }, field.fields.find((each) => each.kind === "file")?.label ?? ""),
    columns.map((column) => h("th", { scope: "col", title: column.help }, column.label)));
  const allRow = h("tr", { class: "tb-all" }, h("th", { scope: "row" }, "All tracks"), columns.map((column) => h("td", {}, all[column.name].node)));
  const body = rows.map((row, n) => h("tr", {}, h("th", { scope: "row", title: row.source }, row.source),
    columns.map((column) => h("td", {}, controls[n][column.name].node))));
  return {
    node: h("table", { class: "tb-tracks" }, h("thead", {}, head), h("tbody", {}, allRow, body)),
    controls,
    get: () => rows.map((row, n) => ({ ...row, ...Object.fromEntries(columns.map(({ name }) => [name, controls[n][name].get()])) })),
    set(values) {
      values.forEach((value, n) => columns.forEach(({ name }) => controls[n][name].set(value[name] ?? null)));
      for (const { name } of columns) {
        const first = values[0]?.[name] ?? null;
        all[name].set(values.every((value) => value[name] === first) ? first : null);
      }
    },
  };
}

/** One field beside the table, with its label. */
function single(field, prefix, changed) {
  const id = `${prefix}-${field.name}`;
  const made = control(field, { id, title: field.help }, changed);
  const label = h("label", { for: id }, field.label, field.unit && h("span", { class: "tb-quiet" }, ` (${field.unit})`));
  const { node, say } = remarked(made.node, `${id}-remark`);
  const row = field.kind === "toggle" ? [node, label] : [label, node];
  return { ...made, input: made.node, say, node: h("div", { class: `tb-field tb-field-${field.kind}` }, row) };
}

function render({ model, el }) {
  const prefix = `tb-form-${(forms += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  const fields = model.get("fields");
  const tableField = fields.find((field) => field.kind === "table");
  const behind = model.get("behind");
  let timer = 0;
  let tracks = null;
  let told = "";           // what Python was told last, or told us: an echo of it changes nothing

  const values = () => ({
    ...Object.fromEntries(Object.entries(singles).map(([name, each]) => [name, each.get()])),
    ...(tracks && { [tableField.name]: tracks.get() }),
  });
  const send = () => {
    clearTimeout(timer);
    timer = 0;
    const value = values();
    if (JSON.stringify(value) === told) return;
    told = JSON.stringify(value);
    tracks?.set(value[tableField.name]);       // the row above may have to say that the column is no longer one
    model.set("value", value);
    model.save_changes();
  };
  const changed = (now) => {
    clearTimeout(timer);
    if (now) send();
    else timer = setTimeout(send, SOON);
  };

  const singles = Object.fromEntries(fields.filter((f) => f.kind !== "table").map((f) => [f.name, single(f, prefix, changed)]));
  const pick = (wanted) => {       // what is ticked stands together, below the rest
    const chosen = fields.filter((f) => f.kind !== "table" && behind.includes(f.name) === wanted);
    return [false, true].map((ticks) => chosen.filter((f) => (f.kind === "toggle") === ticks).map((f) => singles[f.name].node))
      .filter((nodes) => nodes.length).map((nodes) => h("div", { class: "tb-fields" }, nodes));
  };
  const table = h("div", { class: "tb-scroll" });
  const summary = h("div", { class: "tb-summary", role: "alert" });
  const state = h("span", { class: "tb-state", role: "status" });
  const note = h("p", { class: "tb-quiet tb-note" });
  const more = behind.length > 0 && h("details", { class: "tb-more" }, h("summary", {}, "More"), pick(true));
  const papers = writing(model, prefix);
  const root = frame("form", h("form", { onsubmit: (event) => event.preventDefault(), "aria-label": model.get("title") },
    h("div", { class: "tb-top" }, h("b", {}, model.get("title")), state), summary, table, pick(false), more, note), papers.node);
  root.addEventListener("focusout", () => { if (timer) send(); });   // whoever leaves a field may run a cell next

  const at = (path) => {
    const [name, row, column] = path;
    return name === tableField?.name ? tracks?.controls[row]?.[column] : singles[name];
  };
  const judge = () => {
    const faults = model.get("faults");
    const hints = model.get("hints");
    const message = (list, path) => list.find((each) => JSON.stringify(each.path) === JSON.stringify(path))?.message;
    for (const [name, each] of Object.entries(singles)) each.say(message(faults, [name]), message(hints, [name]));
    tracks?.controls.forEach((row, n) => {
      for (const [column, each] of Object.entries(row)) each.say(message(faults, [tableField.name, n, column]), message(hints, [tableField.name, n, column]));
    });
    const count = tracks ? `${tracks.controls.length} ${tableField.label.toLowerCase()}` : "";
    state.replaceChildren(icon(faults.length ? "alert" : "check"), faults.length ? `${faults.length} to put right` : [count, "ready"].filter(Boolean).join(", "));
    state.classList.toggle("tb-bad", faults.length > 0);
    const items = faults.map((fault) => h("li", {}, faultLink(fault)));
    const list = h("ul", {}, items);
    if (summary.textContent !== list.textContent) summary.replaceChildren(...(items.length ? [list] : []));   // an alert speaks when it changes
    const hidden = more && faults.some(({ path }) => behind.includes(path[0]));
    if (hidden) more.open = true;
  };
  const faultLink = ({ path, message }) => {
    const field = fields.find(({ name }) => name === path[0]);
    const column = field?.fields?.find(({ name }) => name === path[2]);
    const row = model.get("value")[path[0]]?.[path[1]]?.source;
    const place = [row, column?.label ?? field?.label].filter(Boolean).join(", ");
    const target = at(path)?.input;
    const text = place ? `${place}: ${message}` : message;
    return target ? h("button", { type: "button", class: "tb-link", onclick: () => target.focus() }, text) : text;
  };
  const fill = () => {
    const value = model.get("value");
    if (JSON.stringify(value) === told) return;
    if (tableField) {
      const rows = value[tableField.name] ?? [];
      const before = tracks?.get().map((row) => row.source).join("\n");
      if (before !== rows.map((row) => row.source).join("\n")) {
        tracks = tracksTable(tableField, rows, prefix, changed);
        table.replaceChildren(tracks.node);
      }
      tracks.set(rows);
    }
    for (const [name, each] of Object.entries(singles)) each.set(value[name] ?? null);
    told = JSON.stringify(values());
    judge();
  };
  const remark = () => { note.textContent = model.get("note"); };
  const listeners = { "change:value": fill, "change:faults": judge, "change:hints": judge, "change:views": papers.show, "change:note": remark };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  el.append(root);
  fill();
  papers.show();
  remark();
  return () => {
    clearTimeout(timer);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
    root.remove();
  };
}

export default { render };
