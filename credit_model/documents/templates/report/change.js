// The change chart: from the keep score at the reference to the decision's, factor by factor in the order told, opening
// into features.
const CHANGE = DATA.change;
const opened = new Set();
const isNarrow = () => matchMedia("(max-width: 640px)").matches;
const percent = (axis, score) => 100 * placeOn(axis, score);

/** A row's picture: the tinted lost side, the keep line, grid, and what `marks` draws over them. */
function track(grid, ...marks) {
  const line = DATA.keep_line === null ? null : 10 * percent(CHANGE.axis, DATA.keep_line);
  const back = svg(
    "svg",
    { class: "ground", viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" },
    line === null ? null : svg("rect", { class: "lost", x: 0, y: 0, width: line, height: 100 }),
    grid.map(([score]) => svg("line", { class: "grid", x1: 10 * percent(CHANGE.axis, score), x2: 10 * percent(CHANGE.axis, score), y1: 0, y2: 100 })),
    line === null ? null : svg("line", { class: "keep-line", x1: line, x2: line, y1: 0, y2: 100 }),
  );
  const front = svg("svg", { class: "marks", viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true" }, marks);
  return h("td", { class: "track" }, back, front);
}
/** Of some scores more is worse: then what raises them has the colour of what lowers the others. */
const COLOURS = DATA.worse === "higher" ? ["raises", "lowers"] : ["lowers", "raises"];
function bar([from, to], look) {
  const [a, b] = [10 * percent(CHANGE.axis, from), 10 * percent(CHANGE.axis, to)];
  if (a === b) return svg("line", { class: "level", x1: a, x2: a, y1: 3, y2: 17 });
  return svg("rect", { class: `${look} ${COLOURS[to < from ? 0 : 1]}`, x: Math.min(a, b), y: 2, width: Math.max(Math.abs(a - b), 2), height: 16 });
}
function endRow(grid, end) {
  const cell = track(grid);
  cell.append(h("span", { class: `dot ${end.kept === null ? "plain" : end.kept ? "kept" : "lost"}`, style: { left: `${percent(CHANGE.axis, end.score)}%` } }));
  return h(
    "tr",
    { class: "end" },
    h("th", { scope: "row" }, h("span", { class: "end-label" }, told(end.label)), end.limit ? h("small", {}, told(end.limit)) : null),
    cell,
    h("td", { class: "figure" }, h("strong", {}, told(end.score_text)), h("small", {}, told(end.risk))),
  );
}
/** The value then and now; once, where it did not change. */
const valuesOf = (feature) => (feature.then ? [told(feature.then), arrow(), told(feature.now)] : [told(feature.now)]);
function featureRow(grid, feature) {
  return h(
    "tr",
    { class: `feature${feature.minor ? " minor" : ""}` },
    h("th", { scope: "row" }, told(feature.label), h("small", {}, valuesOf(feature))),
    track(grid, bar(feature.span, "thin")),
    h("td", { class: "figure" }, told(feature.text)),
  );
}
/** The features that moved nothing, in one row. */
function stillRow(features) {
  const list = features.map((feature, i) => [i ? say("separator") : "", told(feature.label), " ", h("span", { class: "value" }, valuesOf(feature))]);
  return h("tr", { class: "feature still" }, h("td", { colspan: 3 }, h("small", {}, h("b", {}, say("no_effect")), " ", list)));
}
function factorRows(grid, factor) {
  const toggle = () => {
    opened.has(factor.id) ? opened.delete(factor.id) : opened.add(factor.id);
    const open = opened.has(factor.id);
    button.setAttribute("aria-expanded", String(open));
    for (const row of rows) row.hidden = !open;
  };
  const button = h(
    "button",
    { type: "button", class: "opener", "aria-expanded": String(opened.has(factor.id)), onclick: toggle },
    h("span", { class: "chevron", "aria-hidden": "true" }),
    h("span", {}, told(factor.label)),
  );
  const rows = factor.moved.map((feature) => featureRow(grid, feature));
  if (factor.still.length) rows.push(stillRow(factor.still));
  for (const row of rows) row.hidden = !opened.has(factor.id);
  const head = h(
    "tr",
    { class: `factor${factor.span[0] === factor.span[1] ? " still" : ""}` },
    h("th", { scope: "row" }, button, factor.apart ? h("span", { class: "tag" }, told(factor.apart)) : null),
    track(grid, bar(factor.span, "solid")),
    h("td", { class: "figure" }, told(factor.text)),
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
  const narrow = isNarrow();
  const grid = narrow ? CHANGE.ticks.narrow : CHANGE.ticks.wide;
  const all = h("button", { type: "button", class: "quiet", id: "open-all", onclick: () => openAll() }, say(opened.size ? "close_all" : "open_all"));
  const scores = grid.map(([score, text]) => ({ at: placeOn(CHANGE.axis, score), text: told(text) }));
  return h(
    "section",
    { class: "card", id: "change", "aria-labelledby": "change-title" },
    h("div", { class: "card-head" }, h("h2", { id: "change-title" }, say("change_title")), all),
    h("p", { class: "lead" }, say("change_lead")),
    h(
      "table",
      { class: "change" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("factor")), axisCell(riskMarks(CHANGE.axis, narrow ? 0.24 : 0.1), "top"), h("th", { scope: "col", class: "figure" }, say("score_change")))),
      h("tbody", {}, endRow(grid, CHANGE.ends[0])),
      DATA.factors.map((factor) => factorRows(grid, factor)),
      h("tbody", {}, endRow(grid, CHANGE.ends[1])),
      h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, say("keep_score")), axisCell(scores, "bottom"), h("td", {}))),
    ),
    h("p", { class: "legend" },
      h("span", {}, h("i", { class: `swatch ${COLOURS[0]}` }), say("lowers")),
      h("span", {}, h("i", { class: `swatch ${COLOURS[1]}` }), say("raises")),
      DATA.keep_line === null ? null : h("span", {}, h("i", { class: "swatch lost" }), say("lost_side"))),
    h("p", { class: "lead paper-only" }, told(CHANGE.minor)),
  );
}
function openAll() {
  if (opened.size) opened.clear();
  else for (const factor of DATA.factors) opened.add(factor.id);
  byId("change").replaceWith(changeChart());
  byId("open-all").focus();
}
/** The change by whose doing it is; the three always sum to the whole change. */
function splitLine() {
  const part = ({ label, text }, look) => h("div", { class: look }, h("dt", {}, told(label)), h("dd", {}, told(text)));
  return h("dl", { class: "split" }, CHANGE.split.map((one) => part(one)), part(CHANGE.whole, "sum"));
}
