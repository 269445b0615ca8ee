// The table of a form: a row for each track or song, a first row that sets a column for all, or for the selected rows, and buttons for rows.

/** `more` holds whether the columns named in `advanced` are displayed, also after the table is drawn again. */
function rowsTable(field, rows, prefix, changed, act, advanced, more) {
  const columns = field.fields.filter((each) => each.kind !== "file");
  const extra = columns.filter(({ name }) => advanced.includes(name));
  const kind = ({ name }) => advanced.includes(name) ? "tb-extra" : null;
  const rowsName = field.label.toLowerCase();
  const boxes = rows.map((row) => h("input", { type: "checkbox", "aria-label": `Select ${row.source}`, onchange: () => showSelection() }));
  const selected = () => boxes.flatMap((box, n) => box.checked ? [n] : []);
  const controls = rows.map((row, n) => Object.fromEntries(columns.map((column) => {
    const built = control(column, { "aria-label": `${column.label} of ${row.source}`, "data-row": n, "data-column": column.name }, changed);
    return [column.name, { ...built, ...withMessage(built.node, `${prefix}-${n}-${column.name}`), input: built.node }];
  })));
  const all = Object.fromEntries(columns.map((column) => {
    const optional = { ...column, default: null, required: false };
    const built = control(optional, { "aria-label": `${column.label} of all ${rowsName}` }, () => {
      const value = built.get();
      if (value === null) return;
      const some = selected();
      controls.forEach((row, n) => { if (!some.length || some.includes(n)) row[column.name].set(value); });
      changed(true);
    });
    return [column.name, built];
  }));
  const every = h("input", { type: "checkbox", "aria-label": `Select all ${rowsName}`, onchange: () => { for (const box of boxes) box.checked = every.checked; showSelection(); } });
  const allName = h("span", {});
  const missing = rows.map((row, n) => withMessage(h("span", { title: row.source }, row.source), `${prefix}-${n}-source`));
  const head = h("tr", {}, h("td", {}), h("th", { scope: "col" }, field.fields.find((each) => each.kind === "file")?.label ?? ""),
    columns.map((column) => h("th", { scope: "col", title: column.help, class: kind(column) }, column.label)));
  const allRow = h("tr", { class: "tb-all" }, h("td", {}, every), h("th", { scope: "row" }, allName), columns.map((column) => h("td", { class: kind(column) }, all[column.name].node)));
  const body = rows.map((row, n) => h("tr", {}, h("td", {}, boxes[n]), h("th", { scope: "row" }, missing[n].node),
    columns.map((column) => h("td", { class: kind(column) }, controls[n][column.name].node))));
  const actions = Object.entries({ up: "Move up", down: "Move down", duplicate: "Duplicate", remove: "Remove" }).map(([action, label]) =>
    h("button", { type: "button", class: "tb-button", onclick: () => act(action, selected()) }, label));
  const tools = h("div", { class: "tb-tools", role: "group", "aria-label": `Selected ${rowsName}` }, actions);
  const showSelection = () => {
    const count = selected().length;
    every.checked = count > 0 && count === boxes.length;
    allName.textContent = count ? `${count} selected` : `All ${rowsName}`;
    tools.hidden = !count;
  };
  showSelection();
  const table = h("table", { class: "tb-tracks" }, h("thead", {}, head), h("tbody", {}, allRow, body));
  const toggle = h("button", { type: "button", class: "tb-button tb-bare", onclick: () => { more.on = !more.on; showMore(); } }, "More columns");
  const showMore = () => {
    table.classList.toggle("tb-few", !more.on);
    toggle.setAttribute("aria-pressed", String(more.on));
    toggle.textContent = more.on ? "Fewer columns" : "More columns";
  };
  showMore();
  return {
    node: h("div", {}, h("div", { class: "tb-scroll", tabindex: 0, role: "region", "aria-label": field.label }, table), extra.length > 0 && toggle, tools),
    controls: controls.map((row, n) => ({ ...row, source: { ...missing[n], input: boxes[n] } })),
    get: () => rows.map((row, n) => ({ ...row, ...Object.fromEntries(columns.map(({ name }) => [name, controls[n][name].get()])) })),
    reveal() { more.on = true; showMore(); },
    select(numbers) { boxes.forEach((box, n) => { box.checked = numbers.includes(n); }); showSelection(); },
    set(values) {
      values.forEach((value, n) => columns.forEach(({ name }) => controls[n]?.[name].set(value[name] ?? null)));
      if (values.some((value) => extra.some(({ name, default: usual }) => (value[name] ?? null) !== (usual ?? null)))) this.reveal();
      for (const { name } of columns) {
        const first = values[0]?.[name] ?? null;
        all[name].set(values.every((value) => value[name] === first) ? first : null);
      }
    },
  };
}
