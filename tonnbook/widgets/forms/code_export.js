// The request in writing, as every form shows it.

/** The request in writing: JSON, Python, curl; one at a time. */
function writing(model, prefix) {
  const names = { json: "JSON", python: "Python", curl: "curl" };
  const text = h("pre", { class: "tb-code", role: "tabpanel", id: `${prefix}-writing`, tabindex: 0 });
  const copy = iconButton("copy", "Copy", () => copyText(copy, text.textContent), { class: "tb-button tb-square tb-bare" });
  let chosen = "json";
  const tabs = Object.entries(names).map(([key, label]) => h("button", {
    type: "button", role: "tab", class: "tb-tab", id: `${prefix}-tab-${key}`, "aria-controls": `${prefix}-writing`,
    onclick: () => { chosen = key; show(); },
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = tabs[(tabs.indexOf(event.currentTarget) + step + tabs.length) % tabs.length];
      next.click();
      next.focus();
    },
  }, label));
  const show = () => {
    tabs.forEach((tab, n) => {
      const on = Object.keys(names)[n] === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      if (on) text.setAttribute("aria-labelledby", tab.id);
    });
    text.textContent = model.get("views")[chosen] ?? "";
  };
  const node = h("div", { class: "tb-writing" }, h("div", { class: "tb-tabs" }, h("div", { role: "tablist", "aria-label": "The request in writing" }, tabs), copy), text);
  return { node, show };
}
