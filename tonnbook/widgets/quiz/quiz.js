// A quiz: one select for each item, or one row of buttons for a single item. Python marks the answers.

function render({ model, el }) {
  const items = model.get("items");
  const options = model.get("options");
  const choose = (item, key) => { model.set("answers", { ...model.get("answers"), [item]: key }); model.save_changes(); };
  const named = (item) => (item ? `Answer for ${item}` : "Answer");
  const fields = items.map((item) => {
    const select = h("select", { "aria-label": named(item), onchange: () => choose(item, select.value) },
      h("option", { value: "" }, "\u2026"), options.map(([key]) => h("option", { value: key }, key)));
    return { item, select, mark: h("span", { class: "tb-quiz-mark" }), text: h("span", { class: "tb-quiz-text" }) };
  });
  const score = h("span", { class: "tb-quiz-score", role: "status" });
  const check = h("button", { type: "button", class: "tb-button", onclick: () => model.send({ kind: "check" }) }, "Check");
  const root = frame("quiz",
    h("p", {}, model.get("question")),
    h("dl", {}, options.map(([key, description]) => [h("dt", {}, key), h("dd", {}, description)])),
    h("div", { class: "tb-quiz-rows" }, fields.map(({ item, select, mark, text }) => h("div", { class: "tb-quiz-row" }, h("b", {}, item), select, mark, text))),
    h("div", { class: "tb-quiz-end" }, check, score));
  const show = () => {
    const answers = model.get("answers");
    const result = model.get("result");
    for (const { item, select, mark, text } of fields) {
      const line = result.find(({ name }) => name === item);
      select.value = answers[item] ?? "";
      mark.textContent = line?.mark ?? "";
      text.textContent = line?.text ?? "";
    }
    const right = result.filter(({ mark }) => mark === "\u2713").length;
    score.textContent = result.length ? `${right} of ${result.length} right` : "";
  };
  model.on("change:answers", show);
  model.on("change:result", show);
  el.append(root);
  show();
  return () => { model.off("change:answers", show); model.off("change:result", show); };
}

export default { render };
