// A form for one request, with or without a table. The fields come from the Python model, and Python validates every change: nothing is validated here.

const TYPING_PAUSE_MS = 250;   // a change is sent after this pause in typing
let forms = 0;

/** The control of one field: an element, and functions that read and write its value. */
function control(field, attributes, changed) {
  if (field.kind === "choice") return chooser(field, attributes, changed);
  if (field.kind === "toggle") {
    const box = h("input", { type: "checkbox", ...attributes, onchange: () => changed(true) });
    return { node: box, get: () => box.checked, set: (value) => { box.checked = value === true; } };
  }
  if (field.kind === "file") {     // the page has only its name; what is typed is a path or a link, which Python reads
    let name = null;
    const input = h("input", { type: "text", placeholder: "path or link", spellcheck: "false", autocomplete: "off", ...attributes,
      onchange: () => { if (input.value !== (name ?? "")) changed(true, { kind: "source", field: field.name, text: input.value }); } });
    return { node: input, get: () => name, set: (value) => { name = value; input.value = value ?? ""; input.title = value ?? ""; } };
  }
  const number = field.kind === "number";
  const input = h("input", {
    type: "text", inputmode: number ? "decimal" : null, spellcheck: "false", autocomplete: "off",
    placeholder: number ? rangeText(field) : null, ...attributes, oninput: () => changed(false), onchange: () => changed(true),
  });
  const read = () => {
    const text = input.value.trim();
    if (text === "") return null;
    return number && Number.isFinite(Number(text)) ? Number(text) : text;   // Python reports what is not a number
  };
  return { node: input, get: read, set: (value) => { if (read() !== value) input.value = value ?? ""; } };
}

function rangeText({ low, high, unit }) {
  const range = low !== undefined && high !== undefined ? `${low} to ${high}` : "";
  return [range, unit].filter(Boolean).join(" ");
}

function chooser(field, attributes, changed) {
  const select = h("select", { ...attributes, onchange: () => changed(true) });
  const add = (value, label) => { const option = h("option", {}, label); option.fieldValue = value; select.append(option); return option; };
  if (!field.required && field.default === null) add(null, "\u2013");
  for (const { value, label } of field.choices) add(value, label);
  return {
    node: select,
    get: () => select.selectedOptions[0]?.fieldValue ?? null,
    set: (value) => {
      const options = [...select.options];
      const option = options.find((each) => each.fieldValue === value) ?? add(value, value === null ? "choose \u2026" : `${value}?`);
      option.selected = true;
    },
  };
}

/** A control with a line below it for an error or a hint; an error also marks the control as invalid. */
function withMessage(cell, id) {
  const line = h("div", { class: "tb-message", id });
  return {
    node: h("div", { class: "tb-cell" }, cell, line),
    show(error, hint) {
      if (error) cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
      if (error || hint) cell.setAttribute("aria-describedby", id);
      else cell.removeAttribute("aria-describedby");
      line.textContent = error ? error[0].toUpperCase() + error.slice(1) : hint ?? "";
      line.className = `tb-message ${error ? "tb-bad" : "tb-quiet"}`;
    },
  };
}

/** One field outside the table, with its label. */
function single(field, prefix, changed) {
  const id = `${prefix}-${field.name}`;
  const built = control(field, { id, title: field.help, list: field.kind === "file" ? `${prefix}-demo` : null }, changed);
  const label = h("label", { for: id }, field.label, field.unit && h("span", { class: "tb-quiet" }, ` (${field.unit})`));
  const { node, show } = withMessage(built.node, `${id}-message`);
  const choose = field.kind === "file" && h("button", { type: "button", class: "tb-button", "aria-label": `Choose a file for ${field.label}`, onclick: () => changed(true, { kind: "field", field: field.name }) }, "Choose a file");
  const row = field.kind === "toggle" ? [node, label] : [label, choose ? h("div", { class: "tb-file" }, node, choose) : node];
  return { ...built, input: built.node, show, node: h("div", { class: `tb-field tb-field-${field.kind}` }, row) };
}

function render({ model, el }) {
  const prefix = `tb-form-${(forms += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  const fields = model.get("fields");
  const tableField = fields.find((field) => field.kind === "table");
  const advanced = model.get("advanced_fields");
  let timer = 0;
  let tracks = null;
  const more = { on: false };
  let selection = [];      // rows to select when the table is drawn again
  let lastValue = "";      // the value last sent to Python or received from it; the same value again changes nothing

  const values = () => ({
    ...Object.fromEntries(Object.entries(singles).map(([name, each]) => [name, each.get()])),
    ...(tracks && { [tableField.name]: tracks.get() }),
  });
  const send = () => {
    clearTimeout(timer);
    timer = 0;
    const value = values();
    if (JSON.stringify(value) === lastValue) return;
    lastValue = JSON.stringify(value);
    tracks?.set(value[tableField.name]);       // updates the first row, whose value depends on all others
    model.set("value", value);
    model.save_changes();
  };
  const changed = (now, message) => {
    clearTimeout(timer);
    if (message) {
      if (timer) send();
      model.send(message);
      if (message.kind === "field") target.buttons[0].click();
    } else if (now) send();
    else timer = setTimeout(send, TYPING_PAUSE_MS);
  };

  const singles = Object.fromEntries(fields.filter((f) => f.kind !== "table").map((f) => [f.name, single(f, prefix, changed)]));
  const fieldGroups = (isAdvanced) => {       // checkboxes form a group of their own, below the others
    const chosen = fields.filter((f) => f.kind !== "table" && advanced.includes(f.name) === isAdvanced);
    return [false, true].map((toggles) => chosen.filter((f) => (f.kind === "toggle") === toggles).map((f) => singles[f.name].node))
      .filter((nodes) => nodes.length).map((nodes) => h("div", { class: "tb-fields" }, nodes));
  };
  const act = (action, rows) => {
    if (timer) send();
    const last = tracks.controls.length - 1;
    const step = { up: rows[0] > 0 ? -1 : 0, down: rows.at(-1) < last ? 1 : 0 }[action];
    selection = step === undefined ? [] : rows.map((n) => n + step);
    model.send({ kind: "rows", action, rows });
  };
  const table = h("div", {});
  const summary = h("div", { class: "tb-summary", role: "alert" });
  const state = h("span", { class: "tb-state", role: "status" });
  const note = h("p", { class: "tb-quiet tb-note" });
  const details = fields.some(({ name }) => advanced.includes(name)) && h("details", { class: "tb-more" }, h("summary", {}, "More"), fieldGroups(true));
  const code = codeExport(model, prefix);
  const files = h("div", { class: "tb-files" });
  const root = frame("form");
  const target = dropTarget(model, root, { multiple: Boolean(tableField), folders: Boolean(tableField) });
  if (tableField) {
    const place = h("input", { type: "text", "aria-label": "Path or link to add", placeholder: "path or link", spellcheck: "false", autocomplete: "off",
      onkeydown: (event) => { if (event.key === "Enter") add(); } });
    const add = () => { if (place.value.trim()) { changed(true, { kind: "add", text: place.value }); place.value = ""; } };
    files.append(...target.buttons, place, h("button", { type: "button", class: "tb-button", onclick: add }, "Add"),
      h("button", { type: "button", class: "tb-button", onclick: () => changed(true, { kind: "demo" }) }, "Add demo files"));
  } else files.append(...target.buttons.slice(1), h("datalist", { id: `${prefix}-demo` }, model.get("demo_files").map((name) => h("option", { value: `demo: ${name}` }))));
  const presets = presetTools(model, (message) => changed(true, message));
  const sender = sendButton(model, () => { if (timer) send(); });
  root.append(h("form", { onsubmit: (event) => event.preventDefault(), "aria-label": model.get("title") },
    h("div", { class: "tb-top" }, h("b", {}, model.get("title")), state), summary, table, files, target.list, target.line,
    fieldGroups(false), details, presets.node, note, sender.node), code.node);
  root.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    const cell = event.target.closest?.("[data-row]");
    const json = /^\s*[[{]/.test(text);
    if (!json && !(tableField && /[\t\n]/.test(text.trim()))) return;
    event.preventDefault();
    changed(true, json ? { kind: "load", text } : { kind: "paste", text, row: Number(cell?.dataset.row ?? 0), column: cell?.dataset.column ?? null });
  });
  root.addEventListener("focusout", () => { if (timer) send(); });   // send before the user runs a cell

  const at = (path) => {
    const [name, row, column] = path;
    return name === tableField?.name ? tracks?.controls[row]?.[column] : singles[name];
  };
  const showErrors = () => {
    const errors = model.get("errors");
    const hints = model.get("hints");
    const message = (list, path) => list.find((each) => JSON.stringify(each.path) === JSON.stringify(path))?.message;
    for (const [name, each] of Object.entries(singles)) each.show(message(errors, [name]), message(hints, [name]));
    tracks?.controls.forEach((row, n) => {
      for (const [column, each] of Object.entries(row)) each.show(message(errors, [tableField.name, n, column]), message(hints, [tableField.name, n, column]));
    });
    if (tracks && errors.some(({ path }) => path[0] === tableField.name && advanced.includes(path[2]))) tracks.reveal();
    const count = tracks ? `${tracks.controls.length} ${tableField.label.toLowerCase()}` : "";
    const missing = model.get("missing");
    const fault = errors.length ? errorCount(errors.length) : missing ? `${missing} file${missing === 1 ? "" : "s"} not found` : "";
    state.replaceChildren(icon(fault ? "alert" : "check"), [!errors.length && count, fault || "ready"].filter(Boolean).join(", "));
    state.classList.toggle("tb-bad", Boolean(fault));
    const items = errors.map((error) => h("li", {}, errorLink(error)));
    const list = h("ul", {}, items);
    if (summary.textContent !== list.textContent) summary.replaceChildren(...(items.length ? [list] : []));   // screen readers speak an alert when it changes
    const hidden = more && errors.some(({ path }) => advanced.includes(path[0]));
    if (hidden) more.open = true;
  };
  const errorLink = ({ path, message }) => {
    const field = fields.find(({ name }) => name === path[0]);
    const column = field?.fields?.find(({ name }) => name === path[2]);
    const row = model.get("value")[path[0]]?.[path[1]]?.source;
    const label = [row, column?.label ?? field?.label].filter(Boolean).join(", ");
    const target = at(path)?.input;
    const text = label ? `${label}: ${message}` : message;
    return target ? h("button", { type: "button", class: "tb-link", onclick: () => target.focus() }, text) : text;
  };
  const fill = () => {
    const value = model.get("value");
    if (JSON.stringify(value) === lastValue) return;
    if (tableField) {
      const rows = value[tableField.name] ?? [];
      const before = tracks?.get().map((row) => row.source).join("\n");
      if (before !== rows.map((row) => row.source).join("\n")) {
        tracks = rowsTable(tableField, rows, prefix, changed, act, advanced, more);
        tracks.select(selection);
        table.replaceChildren(tracks.node);
      }
      tracks.set(rows);
    }
    for (const [name, each] of Object.entries(singles)) each.set(value[name] ?? null);
    lastValue = JSON.stringify(values());
    showErrors();
  };
  const showNote = () => { note.textContent = model.get("note"); };
  const listeners = { "change:missing": showErrors, "change:value": fill, "change:errors": showErrors, "change:hints": showErrors, "change:code": code.show, "change:note": showNote };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  el.append(root);
  fill();
  code.show();
  showNote();
  return () => {
    clearTimeout(timer);
    for (const part of [target, sender, presets]) part.stop();
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
    root.remove();
  };
}

export default { render };
