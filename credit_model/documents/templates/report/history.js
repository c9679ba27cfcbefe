// The history table: one line a column of the data, one column a month, as the lender holds them.
const MONTHS_ON_PAPER = 12;

function cellText(column, value) {
  if (value === null) return "–";
  if (column.categories) return column.categories[value] ?? String(value);
  if (column.unit === "boolean") return say(value ? "yes" : "no");
  if (column.unit === "ratio" || column.unit === "share") return `${numberText(100 * value, 1)}%`;
  if (column.unit === "percent") return `${numberText(value, 2)}%`;
  if (column.unit === "money") return withMinus(grouped(value.toFixed(Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 2)));
  return numberText(value, 2);
}
const unitText = (column) => {
  const key = `unit_${column.unit}`;
  if (column.unit === "money") return DATA.currency_name;
  return WORDS[view.lang][key] || "";
};
function columnRow(column, columnClass) {
  const unit = unitText(column);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, headed(inLanguage(column.label)), unit ? h("small", {}, ` ${unit}`) : null),
    column.values.map((value, i) => h("td", { "data-month": i, class: columnClass(i) }, cellText(column, value))),
  );
}
function historyPanel() {
  const { months } = DATA.track;
  const decision = decisionIndex();
  const columnClass = (i) => [
    i <= decision && i > decision - MONTHS_ON_PAPER ? "" : "screen-only",
    i === decision ? "decision" : i === referenceIndex() ? "reference" : i > decision ? "after" : "",
  ].join(" ").trim();
  const heads = months.map((month, i) => {
    const mark = month === DATA.month ? say("mark_decision") : i === referenceIndex() ? say("mark_reference") : "";
    return h("th", { scope: "col", "data-month": i, class: columnClass(i) }, monthShort(month), h("small", {}, mark));
  });
  const table = h(
    "table",
    { class: "history" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("measure")), heads)),
    h("tbody", {}, DATA.history.map((column) => columnRow(column, columnClass))),
  );
  return h(
    "section",
    { class: "card", id: "history", "aria-labelledby": "history-title" },
    h("h2", { id: "history-title" }, say("history_title")),
    h("p", { class: "lead" }, say(DATA.decision_lag ? "history_lead_lag" : "history_lead"), h("span", { class: "paper-only" }, ` ${say("history_on_paper", { number: MONTHS_ON_PAPER })}`)),
    h("div", { class: "scroller", tabindex: 0, role: "region", "aria-labelledby": "history-title", id: "history-scroller" }, table),
  );
}
/** Scrolled so that the decision's month is in sight. */
function showDecisionMonth() {
  const scroller = byId("history-scroller");
  const cell = scroller.querySelector(`thead [data-month="${decisionIndex()}"]`);
  // clientWidth leaves the scroll bar out, which may lie over the last column.
  const edge = scroller.getBoundingClientRect().left + scroller.clientLeft + scroller.clientWidth;
  const beyond = cell.getBoundingClientRect().right - edge;
  if (beyond > 0) scroller.scrollLeft += beyond + 2;
}
