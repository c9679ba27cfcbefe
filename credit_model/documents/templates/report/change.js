// The change chart: from the keep score at the reference to the decision's, factor by factor, opening into features.
const opened = new Set();

/** Lowest first, unchanged last: the order in which factors and features are told. */
const byContribution = (list) => [...list].sort((a, b) => (a.value === 0) - (b.value === 0) || a.value - b.value);

function changeScale() {
  let [low, high] = [Math.min(0, ...DATA.score), Math.max(0, ...DATA.score)];
  let level = DATA.score[0];
  for (const factor of byContribution(DATA.factors)) {
    let inner = level;
    for (const feature of byContribution(factor.features)) {
      inner += feature.value;
      [low, high] = [Math.min(low, inner), Math.max(high, inner)];
    }
    level += factor.value;
    [low, high] = [Math.min(low, level), Math.max(high, level)];
  }
  const margin = Math.max(0.08 * (high - low), 0.15);
  return { low: low - margin, high: high + margin };
}
const percent = (scale, score) => (100 * (score - scale.low)) / (scale.high - scale.low);

/** A row's picture: the tinted lost side, the keep line, grid, and what `marks` draws over them. */
function track(scale, grid, ...marks) {
  const zero = 10 * percent(scale, 0);
  const back = svg(
    "svg",
    { class: "ground", viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "lost", x: 0, y: 0, width: zero, height: 100 }),
    grid.map((tick) => svg("line", { class: "grid", x1: 10 * percent(scale, tick), x2: 10 * percent(scale, tick), y1: 0, y2: 100 })),
    svg("line", { class: "keep-line", x1: zero, x2: zero, y1: 0, y2: 100 }),
  );
  const front = svg("svg", { class: "marks", viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true" }, marks);
  return h("td", { class: "track" }, back, front);
}
function bar(scale, from, to, kind) {
  const [a, b] = [10 * percent(scale, from), 10 * percent(scale, to)];
  if (a === b) return svg("line", { class: "level", x1: a, x2: a, y1: 3, y2: 17 });
  return svg("rect", { class: `${kind} ${to < from ? "lowers" : "raises"}`, x: Math.min(a, b), y: 2, width: Math.max(Math.abs(a - b), 2), height: 16 });
}

function endRow(scale, grid, which) {
  const score = DATA.score[which];
  const label = which ? say("at_decision", { month: monthWords(DATA.month) }) : referenceLabel();
  const dot = h("span", { class: `dot ${score >= 0 ? "kept" : "lost"}`, style: { left: `${percent(scale, score)}%` } });
  const cell = track(scale, grid);
  cell.append(dot);
  return h(
    "tr",
    { class: "end" },
    h("th", { scope: "row" }, h("span", { class: "end-label" }, label), limitAt(which)),
    cell,
    h("td", { class: "figure" }, h("strong", {}, scoreText(score)), h("small", {}, probabilityText(probabilityOf(score)))),
  );
}
/** The limit at one end: the one in force before the decision, and the one that it gave. Peers have none of their own. */
function limitAt(which) {
  if (!which && DATA.reference.kind === "peers") return null;
  return h("small", {}, say("limit_of", { limit: moneyText(DATA.limit[which]) }));
}
/** Features that paper leaves out where a factor is open: less than this share of all that moved. */
const MINOR_SHARE = 0.03;
const isMinor = (feature) => {
  const moved = DATA.factors.flatMap((factor) => factor.features).reduce((sum, other) => sum + Math.abs(other.value), 0);
  return Math.abs(feature.value) < MINOR_SHARE * moved;
};
/** The value then and now; once, where it did not change. */
const valuesOf = (feature) => (feature.then ? [inLanguage(feature.then), arrow(), inLanguage(feature.now)] : [inLanguage(feature.now)]);
function featureRow(scale, grid, feature, from) {
  return h(
    "tr",
    { class: `feature${isMinor(feature) ? " minor" : ""}` },
    h("th", { scope: "row" }, headed(inLanguage(feature.label)), h("small", {}, valuesOf(feature))),
    track(scale, grid, bar(scale, from, from + feature.value, "thin")),
    h("td", { class: "figure" }, scoreText(feature.value, true)),
  );
}
/** The features that moved nothing, in one row. */
function stillRow(features) {
  const list = features.map((feature, i) => [i ? say("separator") : "", headed(inLanguage(feature.label)), " ", h("span", { class: "value" }, valuesOf(feature))]);
  return h("tr", { class: "feature still" }, h("td", { colspan: 3 }, h("small", {}, h("b", {}, say("no_effect")), " ", list)));
}
function factorRows(scale, grid, factor, from) {
  const index = DATA.factors.indexOf(factor);
  const toggle = () => {
    opened.has(index) ? opened.delete(index) : opened.add(index);
    const open = opened.has(index);
    button.setAttribute("aria-expanded", String(open));
    for (const row of rows) row.hidden = !open;
  };
  const button = h(
    "button",
    { type: "button", class: "opener", "aria-expanded": String(opened.has(index)), onclick: toggle },
    h("span", { class: "chevron", "aria-hidden": "true" }),
    h("span", {}, headed(inLanguage(factor.label))),
  );
  let level = from;
  const moving = byContribution(factor.features).filter((feature) => feature.value !== 0);
  const rows = moving.map((feature) => {
    const row = featureRow(scale, grid, feature, level);
    level += feature.value;
    return row;
  });
  const still = factor.features.filter((feature) => feature.value === 0);
  if (still.length) rows.push(stillRow(still));
  for (const row of rows) row.hidden = !opened.has(index);
  const about = factor.about === "borrower" ? null : h("span", { class: "tag" }, say("not_borrower"));
  const head = h(
    "tr",
    { class: `factor${factor.value === 0 ? " still" : ""}` },
    h("th", { scope: "row" }, button, about),
    track(scale, grid, bar(scale, from, from + factor.value, "solid")),
    h("td", { class: "figure" }, scoreText(factor.value, true)),
  );
  return h("tbody", { "data-factor": factor.id }, head, rows);
}
function axisCell(labels, place) {
  return h(
    "td",
    { class: `axis ${place}`, "aria-hidden": "true" },
    labels.map((label) => h("span", { style: { left: `${100 * label.at}%` } }, label.text)),
  );
}

function changeChart() {
  const scale = changeScale();
  const narrow = matchMedia("(max-width: 640px)").matches;
  const grid = ticks(scale.low, scale.high, narrow ? 3 : 7);
  let level = DATA.score[0];
  const bodies = byContribution(DATA.factors).map((factor) => {
    const rows = factorRows(scale, grid, factor, level);
    level += factor.value;
    return rows;
  });
  const all = h("button", { type: "button", class: "quiet", id: "open-all", onclick: () => openAll() }, say(opened.size ? "close_all" : "open_all"));
  const scoreLabels = grid.map((tick) => ({ at: percent(scale, tick) / 100, text: withMinus(String(+tick.toFixed(6))) }));
  return h(
    "section",
    { class: "card", id: "change", "aria-labelledby": "change-title" },
    h("div", { class: "card-head" }, h("h2", { id: "change-title" }, say("change_title")), all),
    h("p", { class: "lead" }, say("change_lead")),
    h(
      "table",
      { class: "change" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("factor")), axisCell(probabilityTicks(scale.low, scale.high, narrow ? 0.24 : 0.1), "top"), h("th", { scope: "col", class: "figure" }, say("score_change")))),
      h("tbody", {}, endRow(scale, grid, 0)),
      bodies,
      h("tbody", {}, endRow(scale, grid, 1)),
      h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, say("keep_score")), axisCell(scoreLabels, "bottom"), h("td", {}))),
    ),
    h("p", { class: "legend" },
      h("span", {}, h("i", { class: "swatch lowers" }), say("lowers")),
      h("span", {}, h("i", { class: "swatch raises" }), say("raises")),
      h("span", {}, h("i", { class: "swatch lost" }), say("lost_side"))),
    h("p", { class: "lead paper-only" }, say("minor_on_paper", { share: probabilityText(MINOR_SHARE) })),
  );
}
function openAll() {
  if (opened.size) opened.clear();
  else DATA.factors.forEach((_, index) => opened.add(index));
  byId("change").replaceWith(changeChart());
  byId("open-all").focus();
}
/** The change by whose doing it is; the three always sum to the whole change. */
function splitLine() {
  const sums = { borrower: 0, economy: 0, lender: 0 };
  for (const factor of DATA.factors) sums[factor.about] += factor.value;
  const parts = Object.keys(sums).filter((about) => DATA.factors.some((factor) => factor.about === about));
  return h("dl", { class: "split" },
    parts.map((about) => h("div", {}, h("dt", {}, say(`about_${about}`)), h("dd", {}, scoreText(sums[about], true)))),
    h("div", { class: "sum" }, h("dt", {}, say("whole_change")), h("dd", {}, scoreText(DATA.score[1] - DATA.score[0], true))));
}
