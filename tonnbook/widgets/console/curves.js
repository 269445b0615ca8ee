// The EQ curve with its six points, and the compressor's curve with its gain reduction over time.

const EQ_SIZE = { width: 520, height: 190, low: 20, high: 20000, db: 20 };
const FREE_BANDS = [60, 150, 400, 1000, 3000, 10000];     // where unused bands wait, at 0 dB
const CURVE_HZ = Array.from({ length: 131 }, (_, n) => 20 * 1000 ** (n / 130));
const hertzText = (hz) => (hz >= 1000 ? `${Number((hz / 1000).toPrecision(3))} kHz` : `${Number(hz.toPrecision(3))} Hz`);
const signedDb = (db) => `${db > 0 ? "+" : db < 0 ? "\u2212" : ""}${Math.abs(db).toFixed(1)} dB`;
const within = (value, [low, high]) => Math.min(high, Math.max(low, value));
const rounded = (value, digits) => Number(value.toFixed(digits));

/** Six bands: the used ones, then unused ones at 0 dB. */
function sixBands(bands) {
  const free = [...FREE_BANDS];
  for (const [hz] of bands.slice(0, 6)) free.splice(free.reduce((best, each, n) => (Math.abs(Math.log(each / hz)) < Math.abs(Math.log(free[best] / hz)) ? n : best), 0), 1);
  return [...bands.slice(0, 6), ...free.map((hz) => [hz, 0, 1])];
}

/** The path of an EQ curve in a box. */
function eqPath(bands, rate, width, height) {
  const filters = bands.filter(([, db]) => db).map((band) => EQUATIONS.bell(band, rate));
  const points = CURVE_HZ.map((hz, n) => {
    const db = filters.reduce((sum, filter) => sum + EQUATIONS.responseDb(filter, hz, rate), 0);
    return `${((n / 130) * width).toFixed(1)} ${(height * (0.5 - within(db, [-24, 24]) / 44)).toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}

/** Follow a drag from an element: `move` gets the position in its drawing, `end` is called when the pointer is released. */
function draggable(node, drawing, { width, height }, move, end) {
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    const to = (moved) => {
      const box = drawing.getBoundingClientRect();
      move(((moved.clientX - box.left) / box.width) * width, ((moved.clientY - box.top) / box.height) * height);
    };
    const stop = () => {
      node.removeEventListener("pointermove", to);
      for (const name of ["pointerup", "pointercancel"]) node.removeEventListener(name, stop);
      end();
    };
    node.addEventListener("pointermove", to);
    for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, stop);
  });
}

/** Call `done` when no further call came for half a second: a turn of the wheel or a held key is one edit. */
function debounced(done) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(done, 500); };
}

/** The EQ of a track: `get` returns its bands, `edit(bands, done)` changes them. */
function eqGraph(label, ranges, rate, get, edit) {
  const { width, height, low, high, db: span } = EQ_SIZE;
  const x = (hz) => (width * Math.log(hz / low)) / Math.log(high / low), y = (db) => height * (0.5 - db / (2.2 * span));
  const [hzRange, dbRange, qRange] = ranges;
  const lines = [50, 100, 200, 500, 1000, 2000, 5000, 10000].map((hz) => [
    svg("path", { class: "tb-grid", d: `M${x(hz)} 0V${height}` }), svg("text", { class: "tb-scale", x: x(hz) + 2, y: height - 4 }, hz >= 1000 ? `${hz / 1000}k` : String(hz)),
  ]);
  const levels = [-12, 0, 12].map((db) => [svg("path", { class: db ? "tb-grid" : "tb-zero", d: `M0 ${y(db)}H${width}` }), svg("text", { class: "tb-scale", x: 3, y: y(db) - 3 }, db > 0 ? `+${db}` : String(db).replace("-", "\u2212"))]);
  const before = svg("path", { class: "tb-before" }), curve = svg("path", { class: "tb-curve" });
  const drawing = svg("svg", { class: "tb-graph", viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `EQ of ${label}` }, ...lines.flat(), ...levels.flat(), before, curve);
  const points = FREE_BANDS.map((_, n) => {
    const point = svg("g", { class: "tb-point", role: "slider", tabindex: 0, "aria-label": `EQ band ${n + 1} of ${label}`, "aria-valuemin": dbRange[0], "aria-valuemax": dbRange[1] },
      svg("circle", { r: 10 }), svg("text", { y: 4 }, String(n + 1)));
    const set = (change, done) => edit(get().map((band, m) => (m === n ? change(band) : band)), done);
    const finish = debounced(() => set((band) => band, true));
    const turn = (factor) => { set(([hz, db, q]) => [hz, db, rounded(within(q * factor, qRange), 2)], false); finish(); };
    draggable(point, drawing, EQ_SIZE, (px, py) => set(([, , q]) => [
      rounded(within(low * (high / low) ** (px / width), hzRange), 1), rounded(within((0.5 - py / height) * 2.2 * span, dbRange), 1), q,
    ], false), () => set((band) => band, true));
    point.addEventListener("wheel", (event) => { event.preventDefault(); turn(1.12 ** -Math.sign(event.deltaY)); }, { passive: false });
    point.addEventListener("dblclick", () => set(([hz, , q]) => [hz, 0, q], true));
    point.addEventListener("keydown", (event) => {
      const fine = event.shiftKey, tone = 2 ** (fine ? 1 / 48 : 1 / 12), level = fine ? 0.1 : 0.5;
      const moves = { ArrowRight: [tone, 0], ArrowLeft: [1 / tone, 0], ArrowUp: [1, level], ArrowDown: [1, -level] };
      if (event.key in moves) {
        const [ratio, step] = moves[event.key];
        set(([hz, db, q]) => [rounded(within(hz * ratio, hzRange), 1), rounded(within(db + step, dbRange), 1), q], false);
        finish();
      } else if (event.key === "PageUp" || event.key === "]") turn(1.12);
      else if (event.key === "PageDown" || event.key === "[") turn(1 / 1.12);
      else if (event.key === "Delete" || event.key === "Backspace") set(([hz, , q]) => [hz, 0, q], true);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    drawing.append(point);
    return point;
  });
  return {
    node: drawing,
    show(original) {
      const bands = get();
      curve.setAttribute("d", eqPath(bands, rate, width, height));
      before.setAttribute("d", eqPath(original, rate, width, height));
      points.forEach((point, n) => {
        const [hz, db, q] = bands[n];
        point.setAttribute("transform", `translate(${x(hz).toFixed(1)} ${y(db).toFixed(1)})`);
        point.setAttribute("aria-valuenow", db);
        point.setAttribute("aria-valuetext", `${hertzText(hz)}, ${signedDb(db)}, Q ${q.toFixed(2)}`);
        point.classList.toggle("tb-unused", db === 0);
      });
    },
  };
}

const DYNAMICS = { width: 190, height: 190 };

/** The compressor of a track: the curve with handles for threshold and ratio, and the reduction over time below. */
function compressorGraph(label, ranges, get, edit, seek) {
  const { width, height } = DYNAMICS, [thresholds, ratios] = ranges;
  const at = (db) => (width * (db + 60)) / 60, up = (db) => height - (height * (db + 60)) / 60;
  const grid = [-48, -36, -24, -12].map((db) => svg("path", { class: "tb-grid", d: `M${at(db)} 0V${height}M0 ${up(db)}H${width}` }));
  const scale = [svg("text", { class: "tb-scale", x: width - 84, y: height - 4 }, "in, dBFS"), ...[-48].map((db) => svg("text", { class: "tb-scale", x: at(db) + 2, y: height - 4 }, String(db).replace("-", "\u2212")))];
  const curve = svg("path", { class: "tb-curve" });
  const handle = (name, range) => svg("g", { class: "tb-point", role: "slider", tabindex: 0, "aria-label": `${name} of ${label}`, "aria-valuemin": range[0], "aria-valuemax": range[1] }, svg("circle", { r: 9 }), svg("text", { y: 4 }, name[0]));
  const threshold = handle("Threshold", thresholds), ratio = handle("Ratio", ratios);
  const drawing = svg("svg", { class: "tb-graph tb-dynamics", viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Compressor of ${label}` },
    ...grid, svg("path", { class: "tb-before", d: `M0 ${height}L${width} 0` }), ...scale, curve, ratio, threshold);
  const set = (n, value, done) => edit(get().map((each, m) => (m === n ? value : each)), done);
  const ratioAt = (py) => {        // the ratio whose curve reaches this height at 0 dBFS
    const [limit] = get(), out = Math.min(0, ((height - py) / height) * 60 - 60), over = -limit;
    return over <= 0 ? 1 : rounded(within(over / Math.max(over + out, 0.01), ratios), 2);
  };
  draggable(threshold, drawing, DYNAMICS, (px) => set(0, rounded(within((px / width) * 60 - 60, thresholds), 1), false), () => set(0, get()[0], true));
  draggable(ratio, drawing, DYNAMICS, (_, py) => set(1, ratioAt(py), false), () => set(1, get()[1], true));
  const keys = (node, n, step) => {
    const finish = debounced(() => set(n, get()[n], true));
    node.addEventListener("keydown", (event) => {
      const sign = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
      if (!sign) return;
      event.preventDefault();
      event.stopPropagation();
      set(n, rounded(within(step(get()[n], sign, event.shiftKey), ranges[n]), 2), false);
      finish();
    });
  };
  keys(threshold, 0, (db, sign, fine) => db + sign * (fine ? 0.1 : 0.5));
  keys(ratio, 1, (value, sign, fine) => value + sign * (fine ? 0.05 : 0.25));
  const trace = svg("path", { class: "tb-reduction" }), head = svg("path", { class: "tb-playhead" });
  const time = svg("svg", { class: "tb-graph tb-time-line", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, trace, head);
  const most = h("span", { class: "tb-quiet" });
  time.addEventListener("click", (event) => { const box = time.getBoundingClientRect(); seek((event.clientX - box.left) / box.width); });
  return {
    node: h("div", { class: "tb-compressor" }, drawing, h("div", { class: "tb-reductions" }, most, time)),
    show(reductions) {
      const [limit, value] = get();
      const out = (db) => db - EQUATIONS.reductionDb(db, limit, value);
      curve.setAttribute("d", `M${Array.from({ length: 61 }, (_, n) => `${at(n - 60).toFixed(1)} ${up(out(n - 60)).toFixed(1)}`).join("L")}`);
      threshold.setAttribute("transform", `translate(${at(limit).toFixed(1)} ${up(out(limit)).toFixed(1)})`);
      ratio.setAttribute("transform", `translate(${width - 10} ${Math.max(10, up(out(0))).toFixed(1)})`);
      threshold.setAttribute("aria-valuenow", limit);
      threshold.setAttribute("aria-valuetext", `${limit.toFixed(1)} dBFS`);
      ratio.setAttribute("aria-valuenow", value);
      ratio.setAttribute("aria-valuetext", value === 1 ? "off" : `${value} to 1`);
      const largest = Math.max(0, ...(reductions ?? [0])), span = largest > 12 ? 24 : 12;
      most.textContent = value === 1 ? "Compressor off" : reductions ? `Gain reduction: at most ${largest.toFixed(1)} dB; the picture is ${span} dB high` : "Measuring the gain reduction \u2026";
      trace.setAttribute("d", reductions?.length ? `M0 0L${reductions.map((db, n) => `${((100 * n) / reductions.length).toFixed(2)} ${Math.min(100, (db / span) * 100).toFixed(1)}`).join("L")}L100 0Z` : "");
    },
    showHead(share) { head.setAttribute("d", `M${(100 * share).toFixed(2)} 0V100`); },
  };
}
