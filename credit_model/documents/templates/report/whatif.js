// The what-if panel: factors switched back to where they were; the answer is read from the embedded table of all
// mixtures, whose index has a factor's bit set where the factor is as it is now.
const WHAT_IF = DATA.what_if;
const EVERYTHING = DATA.factors.reduce((mask, factor) => mask | factor.bit, 0);
const MOST_PRESETS = 8;
let putBack = 0;

const maskOf = (ids) => DATA.factors.reduce((mask, factor) => mask | (ids.includes(factor.id) ? factor.bit : 0), 0);
const chosen = (mask) => DATA.factors.filter((factor) => mask & factor.bit);
const idsOf = (mask) => chosen(mask).map((factor) => factor.id);

function setPutBack(mask) {
  putBack = mask;
  writeAddress(pageAddress());
  showOutcome();
}
function gauge() {
  const { axis, scores, regions } = WHAT_IF;
  const place = (score) => ({ left: `${percent(axis, score)}%` });
  const wide = ({ from, to }) => percent(axis, to) - percent(axis, from);
  return h(
    "div",
    { class: "gauge", "aria-hidden": "true" },
    h("div", { class: "gauge-words" },
      regions.map((region) => h("span", { class: region.tone, style: { width: `${wide(region)}%` } }, wide(region) > 16 ? told(region.label) : ""))),
    h("div", { class: "gauge-track" },
      svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none" },
        regions.map((region) => svg("rect", { class: region.tone, x: 10 * percent(axis, region.from), y: 0, width: 10 * wide(region), height: 100 })),
        regions.slice(1).map((region) => svg("line", { class: region.tone === "kept" ? "keep-line" : "keep-line half", x1: 10 * percent(axis, region.from), x2: 10 * percent(axis, region.from), y1: 0, y2: 100 }))),
      h("i", { class: "mark then", style: place(scores[0]) }),
      h("i", { class: "mark now", style: place(scores[EVERYTHING]) }),
      h("i", { class: "mark here", id: "needle" })),
    h("div", { class: "gauge-axis" },
      riskMarks(axis, 0.13).map((tick) => h("span", { style: { left: `${100 * tick.at}%` } }, tick.text))),
    h("p", { class: "legend" },
      h("span", {}, h("i", { class: "mark here still" }), say("mark_here")),
      h("span", {}, h("i", { class: "mark now still" }), say("mark_now")),
      h("span", {}, h("i", { class: "mark then still" }), told(WHAT_IF.mark_then))),
  );
}
function factorSwitch(factor) {
  return h(
    "li",
    {},
    h("button", { type: "button", role: "switch", class: "switch", "aria-checked": "false", "data-switch": factor.id, onclick: () => setPutBack(putBack ^ factor.bit) },
      h("span", { class: "knob", "aria-hidden": "true" }),
      h("span", { class: "switch-label" }, told(factor.label)),
      h("small", { class: "switch-state" }),
      h("span", { class: "switch-figure" }, told(factor.text))),
  );
}
function preset(mask, text, look) {
  return h("button", { type: "button", class: `preset ${look}`, "data-preset": mask, "aria-pressed": "false", onclick: () => setPutBack(mask) }, text);
}
function presets() {
  const sets = WHAT_IF.presets.map(({ put_back: mask, label }) => preset(mask, told(label), "restores"));
  const rest = sets.slice(MOST_PRESETS);
  const more = rest.length
    ? h("details", { class: "more" }, h("summary", {}, say("more_sets", { number: counted(rest.length) })), h("div", { class: "preset-list" }, rest))
    : null;
  return h("div", { class: "presets" },
    h("h3", {}, told(WHAT_IF.presets_title)),
    h("p", {}, told(WHAT_IF.presets_lead)),
    h("div", { class: "preset-list" }, sets.slice(0, MOST_PRESETS)), more,
    h("div", { class: "preset-list ends" }, preset(0, say("all_as_now"), "plain"), preset(EVERYTHING, told(WHAT_IF.all_put_back), "plain")));
}

function whatIfPanel() {
  return h(
    "section",
    { class: "card", id: "what-if", "aria-labelledby": "what-if-title" },
    h("h2", { id: "what-if-title" }, told(WHAT_IF.title)),
    h("p", { class: "lead" }, told(WHAT_IF.lead)),
    h("div", { class: "what-if" },
      h("div", {}, h("ul", { class: "switches" }, DATA.factors.map(factorSwitch)), presets()),
      h("div", { class: "answer" },
        h("div", { role: "status", "aria-live": "polite", id: "outcome" },
          h("p", { class: "outcome-head" }, h("strong", { id: "outcome-verdict" })),
          h("p", { class: "outcome-figures" },
            h("span", {}, h("data", { id: "risk" }), h("small", {}, told(WHAT_IF.risk_label))),
            h("span", {}, h("data", { id: "score" }), h("small", {}, say("keep_score")))),
          h("p", { class: "outcome-words", id: "outcome-words" })),
        gauge())),
  );
}
/** Prints the mixture's answer: its row of the table. */
function showOutcome() {
  const row = EVERYTHING & ~putBack;
  const { tone, head, words } = WHAT_IF.states[WHAT_IF.state[row]];
  const put = (id, value, text) => {
    byId(id).setAttribute("value", String(value));
    byId(id).textContent = text;
  };
  put("score", WHAT_IF.scores[row], told(WHAT_IF.score_texts)[row]);
  put("risk", WHAT_IF.risks[row], told(WHAT_IF.risk_texts)[row]);
  byId("outcome").className = tone;
  byId("outcome-verdict").textContent = told(head);
  byId("outcome-words").textContent = putBack ? filled(told(words), { factors: joined(chosen(putBack).map((factor) => told(factor.name))) }) : told(WHAT_IF.given);
  byId("needle").style.setProperty("left", `${percent(WHAT_IF.axis, WHAT_IF.scores[row])}%`);
  byId("needle").className = `mark here ${tone}`;
  for (const factor of DATA.factors) {
    const button = document.querySelector(`[data-switch="${CSS.escape(factor.id)}"]`);
    const back = Boolean(putBack & factor.bit);
    button.setAttribute("aria-checked", String(back));
    button.querySelector(".switch-state").textContent = back ? told(WHAT_IF.as_then) : say("as_now");
  }
  for (const button of document.querySelectorAll("[data-preset]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.preset) === putBack));
  }
}
