// The what-if panel: factors switched back to where they were; the answer is read from the embedded table of all
// mixtures, whose index has bit g set where factor g is as it is now.
const EVERYTHING = (1 << DATA.factors.length) - 1;
let putBack = 0;

const scoreNow = () => DATA.coalitions[EVERYTHING & ~putBack];
const maskOf = (ids) => DATA.factors.reduce((mask, factor, g) => mask | (ids.includes(factor.id) ? 1 << g : 0), 0);
const idsOf = (mask) => DATA.factors.filter((_, g) => (mask >> g) & 1).map((factor) => factor.id);
const labelsOf = (mask) => DATA.factors.filter((_, g) => (mask >> g) & 1).map((factor) => inLanguage(factor.label));

function setPutBack(mask) {
  putBack = mask;
  writeAddress(pageAddress());
  showOutcome();
}

function gaugeScale() {
  const [low, high] = [Math.min(0, ...DATA.coalitions), Math.max(0, ...DATA.coalitions)];
  const margin = Math.max(0.08 * (high - low), 0.2);
  return { low: low - margin, high: high + margin };
}
function gauge() {
  const scale = gaugeScale();
  const zero = 10 * percent(scale, 0);
  const place = (score) => ({ left: `${percent(scale, score)}%` });
  return h(
    "div",
    { class: "gauge", "aria-hidden": "true" },
    h("div", { class: "gauge-words" },
      h("span", { class: "lost", style: { width: `${zero / 10}%` } }, zero > 160 ? say("lost") : ""),
      h("span", { class: "kept" }, zero < 840 ? say("kept") : "")),
    h("div", { class: "gauge-track" },
      svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none" },
        svg("rect", { class: "lost", x: 0, y: 0, width: zero, height: 100 }),
        svg("rect", { class: "kept", x: zero, y: 0, width: 1000 - zero, height: 100 }),
        svg("line", { class: "keep-line", x1: zero, x2: zero, y1: 0, y2: 100 })),
      h("i", { class: "mark then", style: place(DATA.coalitions[0]) }),
      h("i", { class: "mark now", style: place(DATA.coalitions[EVERYTHING]) }),
      h("i", { class: "mark here", id: "needle" })),
    h("div", { class: "gauge-axis" },
      probabilityTicks(scale.low, scale.high, 0.13).map((tick) => h("span", { style: { left: `${100 * tick.at}%` } }, tick.text))),
    h("p", { class: "legend" },
      h("span", {}, h("i", { class: "mark here still" }), say("mark_here")),
      h("span", {}, h("i", { class: "mark now still" }), say("mark_now")),
      h("span", {}, h("i", { class: "mark then still" }), sayCompared("mark_then"))),
  );
}

function factorSwitch(factor, g) {
  const flip = () => setPutBack(putBack ^ (1 << g));
  return h(
    "li",
    {},
    h("button", { type: "button", role: "switch", class: "switch", "aria-checked": "false", "data-switch": factor.id, onclick: flip },
      h("span", { class: "knob", "aria-hidden": "true" }),
      h("span", { class: "switch-label" }, headed(inLanguage(factor.label))),
      h("small", { class: "switch-state" }),
      h("span", { class: "switch-figure" }, scoreText(factor.value, true))),
  );
}
function preset(mask, text, kind) {
  return h("button", { type: "button", class: `preset ${kind}`, "data-preset": mask, "aria-pressed": "false", onclick: () => setPutBack(mask) }, text);
}
function presets() {
  const sets = DATA.restoring.map((mask) => preset(mask, headed(joinWords(labelsOf(mask))), "restores"));
  const shown = sets.slice(0, 8);
  const more = sets.length > shown.length
    ? h("details", { class: "more" }, h("summary", {}, say("more_sets", { number: sets.length - shown.length })), h("div", { class: "preset-list" }, sets.slice(8)))
    : null;
  const words = DATA.restoring.length ? sayCompared("presets_lead") : sayCompared(DATA.score[1] >= 0 ? "presets_kept_anyway" : "presets_none");
  return h("div", { class: "presets" },
    h("h3", {}, say("presets_title")),
    h("p", {}, words),
    h("div", { class: "preset-list" }, shown), more,
    h("div", { class: "preset-list ends" }, preset(0, say("all_as_now"), "plain"), preset(EVERYTHING, sayCompared("all_put_back"), "plain")));
}

function whatIfPanel() {
  return h(
    "section",
    { class: "card", id: "what-if", "aria-labelledby": "what-if-title" },
    h("h2", { id: "what-if-title" }, say("what_if_title")),
    h("p", { class: "lead" }, sayCompared("what_if_lead", { reference: referenceWhen() })),
    h("div", { class: "what-if" },
      h("div", {}, h("ul", { class: "switches" }, DATA.factors.map(factorSwitch)), presets()),
      h("div", { class: "answer" },
        h("div", { role: "status", "aria-live": "polite", id: "outcome" },
          h("p", { class: "outcome-head" }, h("strong", { id: "outcome-verdict" })),
          h("p", { class: "outcome-figures" },
            h("span", {}, h("data", { id: "probability" }), h("small", {}, say("probability_of_keeping", { tier: DATA.tier[0] }))),
            h("span", {}, h("data", { id: "score" }), h("small", {}, say("keep_score")))),
          h("p", { class: "outcome-words", id: "outcome-words" })),
        gauge())),
  );
}

/** What the mixture means; the tier is named only where it is known: as given, or kept. */
function outcomeWords(score) {
  const given = say("tier_given", { tier: DATA.tier[1], limit: moneyText(DATA.limit[1]) });
  if (!putBack) return score < 0 ? given : say("kept_by_model_only", { given });
  const places = { factors: joinWords(labelsOf(putBack)), tier: DATA.tier[0], limit: moneyText(DATA.limit[0]) };
  if (score >= 0) return sayCompared("would_be_kept", places);
  return sayCompared("would_be_lost", places);
}
function showOutcome() {
  const score = scoreNow();
  const probability = probabilityOf(score);
  const kept = score >= 0;
  const put = (id, value, text) => {
    byId(id).setAttribute("value", String(value));
    byId(id).textContent = text;
  };
  put("score", score, scoreText(score));
  put("probability", probability, probabilityText(probability));
  byId("outcome").className = kept ? "kept" : "lost";
  byId("outcome-verdict").textContent = say(kept ? "limit_kept" : "limit_lost");
  byId("outcome-words").textContent = outcomeWords(score);
  const needle = byId("needle");
  needle.style.setProperty("left", `${percent(gaugeScale(), score)}%`);
  needle.className = `mark here ${kept ? "kept" : "lost"}`;
  for (const [g, factor] of DATA.factors.entries()) {
    const button = document.querySelector(`[data-switch="${CSS.escape(factor.id)}"]`);
    const back = Boolean((putBack >> g) & 1);
    button.setAttribute("aria-checked", String(back));
    button.querySelector(".switch-state").textContent = back ? sayCompared("as_then", { month: monthShort(DATA.reference.month) }) : say("as_now");
  }
  for (const button of document.querySelectorAll("[data-preset]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.preset) === putBack));
  }
}
