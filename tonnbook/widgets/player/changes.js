// What changed, below the waveforms of a comparison. changes.py computes the drawing; this shows it, with the values at a position.

/** One row: its name, its drawing, and its value at a position. */
function changeRow({ label, unit, values, paths, tall }, hop) {
  const drawn = Object.entries(paths).map(([kind, d]) => svg("path", { class: `tb-change-${kind}`, d }));
  const drawing = svg("svg", { viewBox: `0 0 ${Math.max(1, values.length - 1)} 100`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...drawn);
  const reading = h("span", { class: "tb-level" });
  const size = tall ? "tb-tall" : "tb-low";
  const at = (seconds) => {
    const value = values[Math.min(values.length - 1, Math.max(0, Math.round(seconds / hop)))];
    if (value === null || value === undefined) return unit === "dB" ? "\u2013" : "silence";
    const sign = value < 0 ? "\u2212" : unit === "dB" && value > 0 ? "+" : "";
    return `${sign}${Math.abs(value).toFixed(1)} ${unit}`;
  };
  return {
    label, at,
    cells: [
      h("div", { class: `tb-strip tb-change ${size}` }, label), h("div", { class: `tb-lane tb-change ${size}` }, drawing),
      h("div", { class: `tb-info tb-change ${size}` }, reading),
    ],
    read(seconds) { const text = at(seconds); if (reading.textContent !== text) reading.textContent = text; },
  };
}

/** All rows with the legend above them; null if there are none. */
function changeRows({ rows = [], hop_s: hop, legend, about }) {
  if (!rows.length) return null;
  const built = rows.map((row) => changeRow(row, hop));
  const legendRow = h("div", { class: "tb-change-legend" }, h("b", {}, "What changed. "), legend, h("span", { class: "tb-screen-reader" }, ` ${about}`));
  return {
    cells: [[legendRow], ...built.map((row) => row.cells)],
    read: (seconds) => built.forEach((row) => row.read(seconds)),
    spoken: (seconds) => `${built[0].label} ${built[0].at(seconds)}`,
  };
}
