// The page of one decrease: what happened, why, what would have kept the limit, what brings it back, and the months before.
const pageAddress = () => ({ back: idsOf(putBack).join(","), way: PLAN && wayChosen !== PLAN.first ? PLAN.ways[wayChosen].id : "" });
const tag = (text) => h("span", { class: "tag" }, told(text));

function fact({ id, term, was, is, note, plain }) {
  const value = was ? arrowPair(told(was), told(is)) : h("span", { class: plain ? "plain" : "is" }, told(is));
  return h("div", { "data-fact": id }, h("dt", {}, told(term)), h("dd", {}, value, note ? h("small", {}, told(note)) : null));
}
function hero() {
  const { support, head, body, badges, facts } = DATA.verdict;
  return h(
    "section",
    { class: "hero", "aria-labelledby": "title" },
    h("p", { class: "eyebrow" }, say("eyebrow")),
    h("h1", { id: "title" }, h("bdi", {}, DATA.borrower), h("span", { class: "when" }, told(DATA.when))),
    badges.length ? h("ul", { class: "badges" }, badges.map(({ tone, text }) => h("li", { class: `badge ${tone}` }, told(text)))) : null,
    h("dl", { class: "facts" }, facts.map(fact)),
    h("div", { class: `verdict ${support}` }, h("h2", {}, told(head)), body.map((paragraph) => h("p", {}, told(paragraph)))),
  );
}
function reasonItem(reason) {
  return h(
    "li",
    { "data-rank": reason.rank, "data-factor-id": reason.factor_id, value: reason.rank },
    h("p", { class: "reason-text" }, told(reason.text)),
    h("p", { class: "reason-source" }, h("span", { class: "code" }, reason.code), h("span", { class: "from-factor" }, dot(reason.colour), told(reason.factor)), h("span", { class: "from" }, told(reason.source)), reason.tags.map(tag)),
  );
}
function reasonsPanel() {
  const { title, empty, groups, coverage, notes, paragraph } = DATA.reasons;
  const body = groups.length
    ? groups.map(({ head, items }) => [head ? h("h3", {}, told(head)) : null, h("ol", { class: "reasons" }, items.map(reasonItem))])
    : h("p", { class: "empty" }, told(empty));
  return h("section", { class: "card", id: "reasons", "aria-labelledby": "reasons-title" },
    h("h2", { id: "reasons-title" }, told(title)), body,
    coverage ? h("p", { class: "coverage" }, told(coverage)) : null,
    notes.length ? h("ul", { class: "notes" }, notes.map((note) => h("li", {}, told(note)))) : null,
    h("details", { class: "in-words" }, h("summary", {}, say("in_words")), h("p", {}, told(paragraph))),
    CHANGE ? splitLine() : null);
}
function draw() {
  const parts = CHANGE ? [hero(), h("div", { class: "columns" }, changeChart(), reasonsPanel()), whatIfPanel()] : [hero(), reasonsPanel()];
  if (PLAN) parts.push(planPanel());
  byId("main").replaceChildren(...parts, timelinePanel(), historyPanel(), footer());
  if (PLAN) showWay();
  drawTimeline(timelineWidth());
  showDecisionMonth();
  if (CHANGE) showOutcome();
}
// Wider than the paper, so that the lettering comes out as small as the rest.
const PAPER_WIDTH = 900;
const PLAN_ON_PAPER = 600;
const timelineWidth = () => Math.max(Math.round(byId("timeline-drawing").clientWidth), 300);

function startPage() {
  const readBack = () => {
    const state = readAddress();
    putBack = maskOf((state.get("back") || "").split(","));
    if (PLAN) wayChosen = wayIds().includes(state.get("way")) ? wayIds().indexOf(state.get("way")) : PLAN.first;
  };
  const drawAll = (width) => {
    drawTimeline(width || timelineWidth());
    if (PLAN) drawPlan(width ? PLAN_ON_PAPER : planWidth());
  };
  readBack();
  const redraw = start(draw, pageAddress);
  window.addEventListener("hashchange", () => {
    readBack();
    applyTheme();
    redraw();
  });
  new ResizeObserver(() => {
    if (document.querySelector("svg.timeline") && Number(document.querySelector("svg.timeline").getAttribute("viewBox").split(" ")[2]) !== timelineWidth()) {
      drawAll();
    }
  }).observe(byId("main"));
  window.addEventListener("beforeprint", () => drawAll(PAPER_WIDTH));
  window.addEventListener("afterprint", () => drawAll());
  matchMedia("(max-width: 640px)").addEventListener("change", redraw);
}
startPage();
