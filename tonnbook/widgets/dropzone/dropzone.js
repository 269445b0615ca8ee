// A place for sound files: what has arrived is in the trait `items`, what is on the way in the list of transfers.

function render({ model, el }) {
  const heading = h("b", {}, model.get("title"));
  const hint = h("span", { class: "tb-quiet" });
  const area = h("div", { class: "tb-area" });
  const items = h("ul", { class: "tb-items", "aria-label": "Files" });
  const root = frame("dropzone", area, items);
  const target = dropTarget(model, root);
  area.append(h("div", {}, heading, h("br"), hint), h("div", { class: "tb-choose" }, target.buttons));
  root.append(target.list, target.line);

  const show = () => {
    const files = model.get("items");
    const example = model.get("example");
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    const endings = model.get("limits").endings.map((each) => each.slice(1).toUpperCase()).join(", ");
    hint.textContent = files.length ? `${files.length} file${files.length === 1 ? "" : "s"}, ${sizeText(bytes)}`
      : `${endings}, or a folder.${example.length ? ` Until then the example is used: ${example.join(", ")}.` : ""}`;
    items.hidden = !files.length;
    items.replaceChildren(...files.map(({ name, size, note }) => h("li", {}, icon("check"),
      h("span", { class: "tb-name", title: name }, name), h("span", { class: "tb-quiet" }, `${sizeText(size)}, ${note}`),
      h("button", { type: "button", class: "tb-button", "aria-label": `Remove ${name}`, onclick: () => model.send({ kind: "remove", name }) }, "Remove"))));
  };
  model.on("change:items", show);
  el.append(root);
  show();
  return () => { model.off("change:items", show); target.stop(); root.remove(); };
}

export default { render };
