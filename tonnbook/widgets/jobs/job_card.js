// The card of a job. Python updates the state from the thread that polls the job; only the clock runs here.

const ENDED = ["done", "failed"];
const STATUS_ICON = { done: "check", failed: "alert" };

function render({ model, el }) {
  const mark = h("span", { class: "tb-mark" });
  const name = h("b", {}, model.get("name"));
  const status = h("span", { class: "tb-status" });
  const elapsed = h("span", { class: "tb-elapsed", title: "Time since the start" });
  const id = h("code", { class: "tb-id" });
  const copy = iconButton("copy", "Copy the task id", () => copyText(copy, model.get("task_id")), { class: "tb-button tb-square tb-bare" });
  const task = h("span", { class: "tb-task" }, h("span", { class: "tb-quiet" }, "task"), id, copy);
  const fill = h("div", { class: "tb-fill" });
  const bar = h("div", { class: "tb-bar", role: "progressbar", "aria-label": `Progress of ${model.get("name")}`, "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const message = h("div", { class: "tb-message" });
  const { line, announce } = liveRegion();
  const root = frame("job", h("div", { class: "tb-top" }, mark, name, status, elapsed, task), bar, message, line);

  let updated = performance.now();
  const seconds = () => model.get("elapsed_s") + (ENDED.includes(model.get("status")) ? 0 : (performance.now() - updated) / 1000);
  const tick = () => { elapsed.textContent = clockText(seconds(), ENDED.includes(model.get("status")) ? 1 : 0); };
  const show = () => {
    updated = performance.now();
    const state = model.get("status");
    const progress = model.get("progress");
    root.dataset.status = state;
    mark.replaceChildren(icon(STATUS_ICON[state] ?? "clock"));
    status.textContent = progress !== null && state === "running" ? `${Math.round(progress * 100)} %` : state;
    task.hidden = !model.get("task_id");
    id.textContent = model.get("task_id");
    id.title = model.get("task_id");
    bar.classList.toggle("tb-unknown", progress === null && !ENDED.includes(state));
    fill.style.width = `${(progress ?? 0) * 100}%`;
    if (progress === null) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", Math.round(progress * 100));
    message.textContent = model.get("message");
    announce(`${model.get("name")} ${state}. ${state === "running" ? "" : model.get("message")}`);
    tick();
  };
  const events = ["name", "status", "message", "task_id", "progress", "elapsed_s"].map((trait) => `change:${trait}`);
  for (const event of events) model.on(event, show);
  const clock = setInterval(tick, 500);
  el.append(root);
  show();
  if (!ENDED.includes(model.get("status"))) model.send({ kind: "now" });
  return () => {
    clearInterval(clock);
    for (const event of events) model.off(event, show);
    root.remove();
  };
}

export default { render };
