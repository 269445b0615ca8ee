// The keys of the player: which there are, and when the player gets them.

const KEYS = {
  all: [
    ["Space", "play, pause"], ["\u2190 \u2192", "1 s back, forward; with Shift 5 s"], ["Home End", "start, end"], ["i o", "set loop start, end"],
    ["l", "loop on, off"], ["Delete", "clear the loop"], ["m", "mute"], ["?", "this help"],
  ],
  stems: [["1 \u2026 9", "solo a stem; with Shift only that one"], ["0", "no solo"]],
  compare: [["x", "switch to the next sound"], ["a b", "or 1 2: switch to A, B, \u2026"], ["=", "equal loudness on, off"]],
};

function helpPanel(kind) {
  const rows = [...KEYS.all.slice(0, 3), ...(KEYS[kind] ?? []), ...KEYS.all.slice(3)];
  const keys = rows.map(([key, does]) => [h("dt", {}, key.split(" ").map((k) => h("kbd", {}, k))), h("dd", {}, does)]);
  return h("div", { class: "tb-help", hidden: true },
    h("dl", {}, keys), h("p", { class: "tb-quiet" }, "Click or drag on the waveform to seek; drag with Shift to set a loop."));
}

/** Give a single key to the widget under the pointer, and keep it from the notebook, unless text is being edited. */
function pressPointed(event) {
  const { pointed } = PAGE;
  const target = event.composedPath?.()[0] ?? event.target;
  if (target?.closest?.(".tonnbook")) return;
  const single = event.key.length === 1 || event.key === "ArrowLeft" || event.key === "ArrowRight";
  if (!pointed?.root.isConnected || !single || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target?.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target?.tagName)) return;
  pointed.press(event);
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Let a widget have the keys while the pointer is in it, and the focus where it is clicked. */
function takeKeys(root, press) {
  if (!("pointed" in PAGE)) globalThis.addEventListener("keydown", pressPointed, true);
  PAGE.pointed ??= null;
  root.tabIndex = -1;
  root.addEventListener("pointerenter", () => { PAGE.pointed = { root, press }; });
  root.addEventListener("pointerleave", () => { if (PAGE.pointed?.root === root) PAGE.pointed = null; });
  root.addEventListener("click", (event) => { if (!event.target.closest("button, a, input, [tabindex='0']")) root.focus({ preventScroll: true }); });
}

/** Handle one key; return false for a key that the player does not use. */
function press(playback, event, bar) {
  const { key } = event;
  const control = event.target.closest?.(".tonnbook")?.contains(event.target) && event.target.closest("button, a, input");
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (control && (key === " " || key === "Enter")) return false;        // these press the button itself
  if (control?.type === "range" && /^(Arrow|Home|End|Page)/.test(key)) return false;
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  const step = event.shiftKey ? 5 : 1;
  const moves = { ArrowLeft: -step, ArrowRight: step, ArrowDown: -step, ArrowUp: step, PageDown: -10, PageUp: 10 };
  const letter = playback.comparing && !event.shiftKey ? LETTERS.slice(0, playback.tracks.length).indexOf(key.toUpperCase()) : -1;
  if (letter >= 0 && key.length === 1) { playback.active = letter; playback.applyGains(); }
  else if (key === " " || key === "k") playback.toggle();
  else if (key in moves) playback.seek(playback.position + moves[key]);
  else if (key === "Home") playback.seek(0);
  else if (key === "End") playback.seek(playback.duration);
  else if (key === "l") playback.setLoop(!playback.loop);
  else if (key === "i" || key === "[") playback.mark(0);
  else if (key === "o" || key === "]") playback.mark(1);
  else if (key === "c" || key === "Delete") playback.setLoop(false, null);
  else if (key === "m") bar.mute.click();
  else if (key === "?") bar.question.click();
  else if (playback.comparing && key === "x") { playback.active = (playback.active + 1) % playback.tracks.length; playback.applyGains(); }
  else if (playback.comparing && (key === "g" || key === "=")) { playback.matched = !playback.matched; playback.applyGains(); }
  else if (playback.comparing && digit > 0 && digit <= playback.tracks.length) { playback.active = digit - 1; playback.applyGains(); }
  else if (!playback.comparing && playback.tracks.length > 1 && digit) soloByDigit(playback, Number(digit), event.shiftKey);
  else return false;
  return true;
}

function soloByDigit(playback, digit, alone) {
  const chosen = playback.strips[digit - 1];
  if (digit && !chosen) return;
  const was = chosen?.solo;
  if (!digit || alone) for (const each of playback.strips) each.solo = false;
  if (chosen) chosen.solo = alone || !was;
  playback.applyGains();
}
