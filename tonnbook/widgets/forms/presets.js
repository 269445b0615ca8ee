// Shared by all forms: save and load presets.

/** Load or save the settings of a form under a name. */
function presetTools(model, send) {
  const choice = h("select", { "aria-label": "Preset to load", onchange: () => { if (choice.value) send({ kind: "load preset", name: choice.value }); choice.value = ""; } });
  const name = h("input", { type: "text", "aria-label": "Name of the preset", placeholder: "name", autocomplete: "off" });
  const save = h("button", { type: "button", class: "tb-button", onclick: () => { if (name.value.trim()) send({ kind: "save preset", name: name.value }); name.value = ""; } }, "Save preset");
  const show = () => {
    const names = model.get("presets");
    choice.replaceChildren(h("option", { value: "" }, names.length ? "Load a preset" : "No presets yet"), ...names.map((each) => h("option", { value: each }, each)));
    choice.disabled = !names.length;
  };
  model.on("change:presets", show);
  show();
  const node = h("details", { class: "tb-more" }, h("summary", {}, "Presets"), h("div", { class: "tb-files" }, choice, name, save));
  return { node, stop: () => model.off("change:presets", show) };
}
