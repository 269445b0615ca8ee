// Shared by all forms: the button that sends. Where sending costs credits the button only asks, and a second one, in another place, sends.

function sendButton(model, flush) {
  const button = h("button", { type: "button", class: "tb-button tb-send", onclick: () => { flush(); model.send({ kind: "send" }); } });
  const line = h("span", { role: "status" });
  const confirm = h("button", { type: "button", class: "tb-button tb-spend", onclick: () => model.send({ kind: "confirm", question: model.get("sending").question }) });
  const dismiss = h("button", { type: "button", class: "tb-button", onclick: () => model.send({ kind: "dismiss" }) }, "Do not send");
  const question = h("span", { class: "tb-question" }, confirm, dismiss);
  const node = h("div", { class: "tb-sending" }, button, line, question);
  const show = () => {
    const { state, verb, message, cost } = model.get("sending");
    button.textContent = verb;
    button.disabled = state === "running" || state === "asking";
    confirm.textContent = `Spend ${cost}`;
    question.hidden = state !== "asking";
    line.textContent = message || { running: "Sent; the progress is below.", done: "Done; the result is below." }[state] || "";
    line.className = state === "failed" ? "tb-bad" : state === "asking" ? "tb-asking" : "tb-quiet";
  };
  model.on("change:sending", show);
  show();
  return { node, stop: () => model.off("change:sending", show) };
}
