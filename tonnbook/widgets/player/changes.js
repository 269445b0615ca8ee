// What changed, under the waveforms of a comparison. changes.py draws it; here it is shown, and read off at a place.

/** One row: its name, its drawing, and its value at a place. */
function changeRow({ label, unit, values, paths, tall }, hop) {
  const drawn = Object.entries(paths).map(([kind, d]) => svg("path", { class: `tb-change-${kind}`, d }));
  const drawing = svg("svg", { viewBox: `0 0 ${Math.max(1, values.length - 1)} 100`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...drawn);
  const reading = h("span", { class: "tb-level" });
  const size = tall ? "tb-tall" : "tb-low";
  const at = (seconds) => {
    const value = values[Math.min(values.length - 1, Math.max(0, Math.round(seconds / hop)))];
    if (value === null || value === undefined) return unit === "dB" ? "\u2013" : "nothing";
    const sign = value < 0 ? "\u2212" : unit === "dB" && value > 0 ? "+" : "";
    return `${sign}${Math.abs(value).toFixed(1)} ${unit}`;
  };
  return {
    label, at,
    cells: [
      h("div", { class: `tb-strip tb-change ${size}` }, label), h("div", { class: `tb-lane tb-change ${size}` }, drawing),
      h("div", { class: `tb-words tb-change ${size}` }, reading),
    ],
    read(seconds) { const text = at(seconds); if (reading.textContent !== text) reading.textContent = text; },
  };
}

/** All rows with the line above them that says how to read them; nothing where nothing is drawn. */
function changeRows({ rows = [], hop_s: hop, legend, about }) {
  if (!rows.length) return null;
  const made = rows.map((row) => changeRow(row, hop));
  const how = h("div", { class: "tb-change-legend" }, h("b", {}, "What changed. "), legend, h("span", { class: "tb-unseen" }, ` ${about}`));
  return {
    cells: [[how], ...made.map((row) => row.cells)],
    read: (seconds) => made.forEach((row) => row.read(seconds)),
    spoken: (seconds) => `${made[0].label} ${made[0].at(seconds)}`,
  };
}
