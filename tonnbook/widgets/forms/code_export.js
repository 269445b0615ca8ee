// Shared by all forms: the number of errors as text, and the code export.

const errorCount = (count) => `${count} error${count === 1 ? "" : "s"}`;

/** Tabs with the request as JSON, Python and curl. */
function codeExport(model, prefix) {
  const names = { json: "JSON", python: "Python", curl: "curl" };
  const text = h("pre", { class: "tb-code", role: "tabpanel", id: `${prefix}-code`, tabindex: 0 });
  const copy = iconButton("copy", "Copy", () => copyText(copy, text.textContent), { class: "tb-button tb-square tb-bare" });
  let selected = "json";
  const tabs = Object.entries(names).map(([key, label]) => h("button", {
    type: "button", role: "tab", class: "tb-tab", id: `${prefix}-tab-${key}`, "aria-controls": `${prefix}-code`,
    onclick: () => { selected = key; show(); },
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
      const on = Object.keys(names)[n] === selected;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      if (on) text.setAttribute("aria-labelledby", tab.id);
    });
    text.textContent = model.get("code")[selected] ?? "";
  };
  const node = h("div", { class: "tb-code-export" }, h("div", { class: "tb-tabs" }, h("div", { role: "tablist", "aria-label": "Request as code" }, tabs), copy), text);
  return { node, show };
}
