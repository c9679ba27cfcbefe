// The page of one change of a score: from what to what, why, and what if a factor were as before.
const pageAddress = () => ({ back: idsOf(putBack).join(",") });

function hero() {
  const { head, body, facts } = DATA.verdict;
  const fact = ({ id, term, was, is }) =>
    h("div", { "data-fact": id }, h("dt", {}, told(term)), h("dd", {}, was === null ? h("span", { class: "plain" }, told(is)) : arrowPair(told(was), told(is))));
  return h(
    "section",
    { class: "hero", "aria-labelledby": "title" },
    h("p", { class: "eyebrow" }, say("eyebrow")),
    h("h1", { id: "title" }, h("bdi", {}, DATA.key)),
    h("dl", { class: "facts" }, facts.map(fact)),
    h("div", { class: "verdict raised" }, h("h2", {}, told(head)), h("p", {}, told(body))),
  );
}
function reasonItem(reason) {
  return h(
    "li",
    { "data-rank": reason.rank, "data-factor-id": reason.factor_id, value: reason.rank },
    h("p", { class: "reason-text" }, told(reason.text)),
    h("p", { class: "reason-source" }, h("span", { class: "code" }, reason.code), h("span", { class: "from-factor" }, dot(reason.colour), told(reason.factor)), h("span", { class: "from" }, told(reason.weight))),
  );
}
function reasonsPanel() {
  const { title, empty, items, coverage } = DATA.reasons;
  return h("section", { class: "card", id: "reasons", "aria-labelledby": "reasons-title" },
    h("h2", { id: "reasons-title" }, told(title)),
    items.length ? h("ol", { class: "reasons" }, items.map(reasonItem)) : h("p", { class: "empty" }, told(empty)),
    coverage ? h("p", { class: "coverage" }, told(coverage)) : null,
    splitLine());
}
function draw() {
  const parts = [hero(), h("div", { class: "columns" }, changeChart(), reasonsPanel())];
  if (WHAT_IF) parts.push(whatIfPanel());
  byId("main").replaceChildren(...parts, footer());
  if (WHAT_IF) showOutcome();
}
function startPage() {
  const readBack = () => {
    putBack = maskOf((readAddress().get("back") || "").split(","));
  };
  readBack();
  const redraw = start(draw, pageAddress);
  window.addEventListener("hashchange", () => {
    readBack();
    applyTheme();
    redraw();
  });
  matchMedia("(max-width: 640px)").addEventListener("change", redraw);
}
startPage();
