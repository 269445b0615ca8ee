// Shared code of the widgets. page.py puts this text before each widget's own script, so nothing is imported.

// One object per browser page, shared by all widgets (each has its own copy of this module): the player that plays, and the audio contexts.
const PAGE = (globalThis[Symbol.for("tonnbook.page")] ??= { playback: null, contexts: new Map(), positions: new Map(), guarded: false });

/** Build an element: attributes by name, listeners as `onclick`, the properties value, checked and textContent. */
function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "textContent") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** Build an SVG element. */
function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

// Paths instead of characters: Debian and Binder have no font for such glyphs. 16 x 16 units, stroked or filled.
const ICONS = {
  play: { fill: "M4 2.5v11l9.5-5.5z" },
  pause: { fill: "M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z" },
  loop: { line: "M2.7 7.4V6.2A2.2 2.2 0 0 1 4.9 4h8M10.9 1.9 13 4l-2.1 2.1M13.3 8.6v1.2a2.2 2.2 0 0 1-2.2 2.2H3M5.1 9.9 3 12l2.1 2.1" },
  sound: { fill: "M2 6v4h2.6L8 13V3L4.6 6z", line: "M10.4 5.6a3.4 3.4 0 0 1 0 4.8M12.2 3.8a6 6 0 0 1 0 8.4" },
  silent: { fill: "M2 6v4h2.6L8 13V3L4.6 6z", line: "m10.5 6 3.6 4m0-4-3.6 4" },
  download: { line: "M8 2.5v7m-3-2.8 3 3 3-3M3 13h10" },
  copy: { line: "M5.5 5.5h7.5v7.5H5.5zM3.2 10.5H3V3h7.5v.3" },
  check: { line: "m3 8.5 3.3 3.3L13 4.6" },
  alert: { line: "M8 2.2 14.3 13.3H1.7zM8 6.4v3.2M8 11.3v.4" },
  clock: { line: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2M8 4.8V8l2.2 1.6" },
  match: { line: "M2.5 6h11M2.5 10h11" },
};

/** An icon, hidden from screen readers: its button has the label. */
function icon(name) {
  const parts = Object.entries(ICONS[name]).map(([kind, d]) => svg("path", { d, class: `tb-${kind}` }));
  return svg("svg", { viewBox: "0 0 16 16", class: "tb-icon", "aria-hidden": "true", focusable: "false" }, ...parts);
}

/** A button with an icon and an accessible name; `title` may add the key. */
function iconButton(name, label, onclick, attributes = {}) {
  return h("button", { type: "button", class: "tb-button tb-square", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
}

/**
 * The root element of a widget. JupyterLab handles single keys while a cell's output has the focus (x cuts the cell, arrows select
 * another); an element can opt out with an attribute, so the focused element gets it for keys without Ctrl or Alt.
 */
function frame(kind, ...children) {
  if (!PAGE.guarded) {
    PAGE.guarded = true;
    const attribute = "data-lm-suppress-shortcuts";
    globalThis.addEventListener("keydown", (event) => {
      const target = event.composedPath?.()[0] ?? event.target;
      if (!target?.closest?.(".tonnbook")) return;
      const forJupyter = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" || (event.shiftKey && event.key === "Enter");
      if (forJupyter) target.removeAttribute(attribute);
      else target.setAttribute(attribute, "true");
    }, true);
  }
  return h("div", { class: `tonnbook tb-${kind}` }, ...children);
}

/** A live region: screen readers speak its text when it changes. */
function liveRegion() {
  const line = h("div", { class: "tb-screen-reader", role: "status", "aria-live": "polite" });
  return { line, announce: (text) => { if (line.textContent !== text) line.textContent = text; } };
}

/** Copy text to the clipboard, and show that on the button for 1.5 s. */
async function copyText(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {   // no permission, or a page without https: use the older interface
    const area = h("textarea", { value: text, class: "tb-screen-reader" });
    button.parentNode.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const before = button.getAttribute("aria-label");
  button.replaceChildren(icon("check"));
  button.setAttribute("aria-label", "Copied");
  setTimeout(() => { button.replaceChildren(icon("copy")); button.setAttribute("aria-label", before); }, 1500);
}

/** 63.25 -> "1:03.2" */
function clockText(seconds, digits = 1) {
  const tenths = Math.floor(Math.max(0, seconds) * 10 ** digits + 1e-6) / 10 ** digits;
  const minutes = Math.floor(tenths / 60);
  return `${minutes}:${(tenths - minutes * 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
}
