// What brings the limit back: the path of the risk under each way, against the line, and the levers month by month.
const PLAN = DATA.plan;
const PLAN_HEIGHT = { top: 22, score: 190, axis: 28 };
let wayChosen = PLAN ? PLAN.first : 0;

const wayIds = () => (PLAN ? PLAN.ways.map((way) => way.id) : []);
function chooseWay(place) {
  wayChosen = place;
  writeAddress(pageAddress());
  showWay();
}
function planScale(width) {
  const [left, right] = [64, 20];
  const step = (width - left - right) / PLAN.months.length;
  return { left, right: width - right, step, at: (k) => left + (k + 0.5) * step };
}
function planDrawing(width) {
  const x = planScale(width);
  const [top, bottom] = [PLAN_HEIGHT.top, PLAN_HEIGHT.top + PLAN_HEIGHT.score];
  const y = (score) => top + PLAN_HEIGHT.score * (1 - placeOn(PLAN.axis, score));
  const line = y(PLAN.line);
  const path = ({ scores }) => scores.map((score, k) => `${k ? "L" : "M"}${x.at(k).toFixed(1)} ${y(score).toFixed(1)}`).join("");
  const way = PLAN.ways[wayChosen];
  const names = told(PLAN.short);
  const marked = namedMonths(x.step, 0, PLAN.months.length - 1, 62);
  const others = PLAN.ways.filter((one) => one !== way).map((one) => svg("path", { class: `way ${one.id}`, d: path(one) }));
  const reached = way.reached === null ? null : [
    svg("line", { class: "landmark back", x1: x.at(way.reached), x2: x.at(way.reached), y1: top, y2: bottom }),
    svg("text", { class: "landmark-name back", x: clamp(x.at(way.reached), x.left + 26, x.right - 26), y: top - 8, "text-anchor": "middle" }, names[way.reached]),
  ];
  return svg(
    "svg",
    { class: "timeline plan-paths", viewBox: `0 0 ${width} ${bottom + PLAN_HEIGHT.axis}`, role: "img", "aria-label": told(PLAN.words) },
    svg("rect", { class: "lost", x: x.left, y: line, width: x.right - x.left, height: Math.max(bottom - line, 0) }),
    riskMarks(PLAN.axis, 0.11).map((tick) => {
      const at = bottom - tick.at * PLAN_HEIGHT.score;
      return [svg("line", { class: "grid", x1: x.left, x2: x.right, y1: at, y2: at }), svg("text", { class: "tick", x: x.left - 8, y: at + 4, "text-anchor": "end" }, tick.text)];
    }),
    svg("line", { class: "keep-line", x1: x.left, x2: x.right, y1: line, y2: line }),
    reached, others,
    svg("path", { class: `way chosen ${way.id}`, d: path(way) }),
    way.scores.map((score, k) => svg("circle", { class: `decided ${way.over[k] ? "kept" : "lost"}`, cx: x.at(k), cy: y(score), r: k === way.reached ? 6 : 3.8 })),
    marked.map((k) => [
      svg("line", { class: "tick-line", x1: x.at(k), x2: x.at(k), y1: bottom, y2: bottom + 5 }),
      svg("text", { class: "tick", x: x.at(k), y: bottom + 19, "text-anchor": "middle" }, names[k])]),
  );
}
function leverItem(lever) {
  return h("li", { "data-lever": lever.id },
    h("p", { class: "reason-text" }, told(lever.action)),
    h("p", { class: "lever-share" },
      h("span", { class: "meter", "aria-hidden": "true" }, h("i", { style: { width: `${100 * lever.share}%` } })),
      h("span", {}, say("plan_adds", { score: told(lever.added) }))));
}
function planTable(way) {
  const short = told(PLAN.short);
  const [risks, states] = [told(way.risks), told(way.states)];
  const levels = way.cells.map((column) => told(column.levels));
  const moves = way.cells.map((column) => told(column.moves));
  const look = (k) => (k === way.reached ? "reached" : way.over[k] ? "over" : k ? "" : "now");
  return h("table", { class: "plan-table" },
    h("caption", { class: "unseen" }, `${say("plan_table")}${say("separator")}${told(way.label)}`),
    h("thead", {}, h("tr", {},
      h("th", { scope: "col" }, say("month")),
      way.cells.map((column) => h("th", { scope: "col", class: "number" }, joined(column.does.map(told)), h("small", {}, told(column.label)))),
      h("th", { scope: "col", class: "number" }, say("plan_risk")), h("th", { scope: "col" }, say("plan_state")))),
    h("tbody", {}, short.map((month, k) => h("tr", { class: look(k) },
      h("th", { scope: "row" }, month),
      levels.map((texts, j) => h("td", { class: "number" }, texts[k], h("small", { class: "move" }, moves[j][k]))),
      h("td", { class: "number" }, risks[k]), h("td", {}, states[k])))));
}
function planPanel() {
  const several = PLAN.ways.length > 1;
  return h(
    "section",
    { class: "card", id: "plan", "aria-labelledby": "plan-title" },
    h("h2", { id: "plan-title" }, told(PLAN.title)),
    h("p", { class: "lead" }, told(PLAN.lead)),
    h("p", { class: `outlook ${PLAN.outlook}` }, h("strong", {}, told(PLAN.head))),
    several ? h("div", { class: "preset-list ways", role: "group", "aria-label": say("plan_ways") },
      PLAN.ways.map((way, place) => h("button", { type: "button", class: "preset plain", "data-way": way.id, "aria-pressed": "false", onclick: () => chooseWay(place) }, told(way.label)))) : null,
    h("div", { class: "plan" },
      h("div", {}, h("p", { class: "panel-head" }, say("plan_axis")), h("div", { id: "plan-drawing" }),
        h("p", { class: "legend" },
          h("span", {}, h("i", { class: "line-key chosen" }), say("plan_chosen")),
          several ? h("span", {}, h("i", { class: "line-key" }), say("plan_others")) : null,
          h("span", {}, h("i", { class: "line-key level" }), told(PLAN.goal)),
          h("span", {}, h("i", { class: "swatch lost" }), say("plan_under")))),
      h("div", { class: "plan-answer", role: "status", "aria-live": "polite", id: "way" })),
    h("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": say("plan_table"), id: "plan-months" }),
    h("p", { class: "legend", id: "plan-moves" }, say("plan_moves")),
    h("ul", { class: "notes" }, h("li", {}, told(PLAN.validity)), PLAN.later ? h("li", {}, told(PLAN.later)) : null),
  );
}
/** Prints the way that is chosen: its answer, its path and its table. */
function showWay() {
  const way = PLAN.ways[wayChosen];
  byId("way").replaceChildren(...[
    h("h3", {}, told(way.label)),
    h("p", { class: "way-text" }, told(way.text)),
    way.levers.length ? h("ul", { class: "levers" }, way.levers.map(leverItem)) : "",
    way.facts.length ? h("p", { class: "way-facts" }, way.facts.map((fact) => h("span", {}, told(fact)))) : "",
    told(way.proof).map((text) => h("p", { class: "proof" }, text)),
  ].flat());
  byId("plan-months").replaceChildren(planTable(way));
  byId("plan-moves").hidden = !way.cells.length;
  for (const button of document.querySelectorAll("[data-way]")) button.setAttribute("aria-pressed", String(button.dataset.way === way.id));
  drawPlan(planWidth());
}
const planWidth = () => Math.max(Math.round(byId("plan-drawing").clientWidth), 280);
function drawPlan(width) {
  byId("plan-drawing").replaceChildren(planDrawing(width));
}
