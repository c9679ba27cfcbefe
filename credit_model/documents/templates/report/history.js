// The history table: one line a column of the data, one column a month, as the lender holds them.
const HISTORY = DATA.history;

function historyPanel() {
  const { months, decision, reference } = DATA.track;
  const columnClass = (i) => [
    i <= decision && i > decision - HISTORY.on_paper ? "" : "screen-only",
    i === decision ? "decision" : i === reference ? "reference" : i > decision ? "after" : "",
  ].join(" ").trim();
  const short = told(DATA.track.short);
  const heads = months.map((_, i) => {
    const mark = i === decision ? say("mark_decision") : i === reference ? say("mark_reference") : "";
    return h("th", { scope: "col", "data-month": i, class: columnClass(i) }, short[i], h("small", {}, mark));
  });
  const row = (column) => h(
    "tr",
    {},
    h("th", { scope: "row" }, told(column.label), column.unit ? h("small", {}, ` ${told(column.unit)}`) : null),
    told(column.cells).map((text, i) => h("td", { "data-month": i, class: columnClass(i) }, text)),
  );
  const table = h(
    "table",
    { class: "history" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("measure")), heads)),
    h("tbody", {}, HISTORY.columns.map(row)),
  );
  return h(
    "section",
    { class: "card", id: "history", "aria-labelledby": "history-title" },
    h("h2", { id: "history-title" }, say("history_title")),
    h("p", { class: "lead" }, told(HISTORY.lead), h("span", { class: "paper-only" }, ` ${told(HISTORY.paper)}`)),
    h("div", { class: "scroller", tabindex: 0, role: "region", "aria-labelledby": "history-title", id: "history-scroller" }, table),
  );
}
/** Scrolled so that the decision's month is in sight. */
function showDecisionMonth() {
  const scroller = byId("history-scroller");
  const cell = scroller.querySelector(`thead [data-month="${DATA.track.decision}"]`);
  // clientWidth leaves the scroll bar out, which may lie over the last column.
  const edge = scroller.getBoundingClientRect().left + scroller.clientLeft + scroller.clientWidth;
  const beyond = cell.getBoundingClientRect().right - edge;
  if (beyond > 0) scroller.scrollLeft += beyond + 2;
}
