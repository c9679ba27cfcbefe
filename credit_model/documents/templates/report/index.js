// The portfolio's index: search, filter and sort; only the rows in sight are in the document. A column is the place of
// each row's text in the column's list of texts, which is in the order to sort by.
const COLUMNS = DATA.columns;
const COUNT = DATA.files.length;
const ROW_HEIGHT = 44;
const SPARE_ROWS = 8;
const SORTED_BY = ["borrower", "month", "after", "cut", "factor", "risk", "outlook"].filter((name) => name in COLUMNS);
const PLANNED = DATA.outlooks.length > 0;
const WIDTH = PLANNED ? 8 : 7;
const filter = { text: "", factor: "", support: "", status: "", outlook: "", month: "", sort: "month", down: true };
let searched = [];
let shown = [];
let drawnFrom = -1;
let drawnTo = -1;

const textOf = (name, i) => (COLUMNS[name].place[i] < 0 ? "–" : told(COLUMNS[name].texts)[COLUMNS[name].place[i]]);
const asSearched = (text) => text.trim().toLowerCase().replaceAll(DATA.formats[view.lang].minus, "-");
const bitOf = Object.fromEntries(DATA.flags.map((flag) => [flag.name, flag.bit]));
const factorOf = (i) => COLUMNS.factor.place[i];
const monthOf = (i) => DATA.months[COLUMNS.month.place[i]];
/** What a filter holds for a factor: its id. */
const factorId = (place) => (place < 0 ? "none" : DATA.factors[place].id);

/** Rows that pass; `except` leaves one filter out, for counting what choosing another value of it would show. */
function passes(i, except) {
  if (filter.text && !searched[i].includes(filter.text)) return false;
  if (except !== "factor" && filter.factor && factorId(factorOf(i)) !== filter.factor) return false;
  if (except !== "month" && filter.month !== "" && monthOf(i) !== Number(filter.month)) return false;
  if (filter.support && DATA.supports[DATA.support[i]].name !== filter.support) return false;
  if (filter.outlook && DATA.outlooks[DATA.outlook[i]].name !== filter.outlook) return false;
  return !filter.status || Boolean(DATA.row_flags[i] & bitOf[filter.status]);
}
function select() {
  const key = COLUMNS[filter.sort].place;
  const sign = filter.down ? -1 : 1;
  shown = [];
  for (let i = 0; i < COUNT; i += 1) if (passes(i)) shown.push(i);
  shown.sort((a, b) => sign * (key[a] - key[b]) || a - b);
}
const indexAddress = () => ({
  q: filter.text, factor: filter.factor, support: filter.support, status: filter.status, outlook: filter.outlook, month: filter.month,
  sort: filter.sort === "month" && filter.down ? "" : `${filter.sort}${filter.down ? "-" : ""}`,
});
function readFilters() {
  const state = readAddress();
  const known = (name, values) => (values.includes(state.get(name)) ? state.get(name) : "");
  filter.text = asSearched(state.get("q") || "");
  filter.factor = known("factor", ["none", ...DATA.factors.map((factor) => factor.id)]);
  filter.support = known("support", DATA.supports.map((support) => support.name));
  filter.status = known("status", Object.keys(bitOf));
  filter.outlook = known("outlook", DATA.outlooks.map((outlook) => outlook.name));
  filter.month = /^-?\d+$/.test(state.get("month") || "") ? state.get("month") : "";
  const sort = (state.get("sort") || "month-").replace(/-$/, "");
  if (SORTED_BY.includes(sort)) [filter.sort, filter.down] = [sort, !state.get("sort") || state.get("sort").endsWith("-")];
}
function change(settings) {
  Object.assign(filter, settings);
  writeAddress(indexAddress());
  refresh();
}

// ---- the table --------------------------------------------------------------------------------------------------
const flagsOf = (i) => DATA.flags.filter((flag) => DATA.row_flags[i] & flag.bit);
const look = (place) => (place < 0 ? DATA.no_factor : DATA.factors[place]);
const named = (place) => [dot(look(place).colour), told(look(place).label)];
function tableRow(i, place) {
  return h(
    "tr",
    { "aria-rowindex": place + 2 },
    h("th", { scope: "row" }, h("a", { href: `${DATA.files[i]}${viewHash()}`, title: textOf("borrower", i) }, h("bdi", {}, textOf("borrower", i)))),
    h("td", {}, textOf("month", i)),
    h("td", { class: "number" }, h("span", { class: "was" }, textOf("before", i)), arrow(), textOf("after", i)),
    h("td", { class: "number wide" }, textOf("cut", i)),
    h("td", { class: "factor-cell" }, named(factorOf(i))),
    h("td", { class: "number wide" }, h("span", { class: "was" }, textOf("risk_before", i)), arrow(), textOf("risk", i)),
    PLANNED ? h("td", { class: "outlook-cell" }, textOf("outlook", i)) : null,
    h("td", { class: "badges-cell", title: flagsOf(i).map((flag) => told(flag.label)).join(say("comma")) },
      flagsOf(i).map((flag) => h("span", { class: `badge ${flag.tone}` }, told(flag.short)))),
  );
}
const spacer = (rows) => h("tr", { class: "spacer", "aria-hidden": "true", style: { height: `${rows * ROW_HEIGHT}px` } }, h("td", { colspan: WIDTH }));
/** Puts the rows in sight (or all, for paper) into the table, between two spacers. */
function drawRows(all) {
  const scroller = byId("rows");
  const first = Math.floor(scroller.scrollTop / ROW_HEIGHT);
  // Before there are rows the region is low; what it may grow to decides.
  const tallest = parseFloat(getComputedStyle(scroller).maxHeight) || scroller.clientHeight;
  const from = all ? 0 : clamp(first - SPARE_ROWS, 0, shown.length);
  const to = all ? shown.length : clamp(first + Math.ceil(tallest / ROW_HEIGHT) + SPARE_ROWS, 0, shown.length);
  if (!all && from === drawnFrom && to === drawnTo) return;
  const focused = document.activeElement?.closest?.("#rows tbody tr")?.getAttribute("aria-rowindex");
  [drawnFrom, drawnTo] = [from, to];
  const rows = [];
  if (from > 0) rows.push(spacer(from));
  for (let place = from; place < to; place += 1) rows.push(tableRow(shown[place], place));
  if (to < shown.length) rows.push(spacer(shown.length - to));
  if (!shown.length) rows.push(h("tr", {}, h("td", { colspan: WIDTH, class: "empty" }, say("no_rows"))));
  byId("body").replaceChildren(...rows);
  if (focused) document.querySelector(`#rows tr[aria-rowindex="${focused}"] a`)?.focus({ preventScroll: true });
}
function headCell(name, key, look) {
  if (!key) return h("th", { scope: "col", class: look }, say(name));
  const sort = () => change(filter.sort === key ? { down: !filter.down } : { sort: key, down: !["borrower", "factor", "outlook"].includes(key) });
  const state = filter.sort === key ? (filter.down ? "descending" : "ascending") : "none";
  return h("th", { scope: "col", class: look, "aria-sort": state, "data-sort": key }, h("button", { type: "button", onclick: sort }, [say(name), h("span", { class: "sort", "aria-hidden": "true" })]));
}
function tablePanel() {
  return h(
    "div",
    { class: "rows", id: "rows", tabindex: 0, role: "region", "aria-label": say("rows_label"), onscroll: () => requestAnimationFrame(() => drawRows(false)) },
    h("table", { class: PLANNED ? "listing planned" : "listing", id: "listing" },
      h("thead", {}, h("tr", { "aria-rowindex": 1 },
        headCell("borrower", "borrower"), headCell("month", "month"), headCell("limit_in_currency", "after", "number"), headCell("cut", "cut", "number wide"),
        headCell("leading_factor", "factor"), headCell("risk_then_now", "risk", "number wide"), PLANNED ? headCell("comes_back", "outlook") : null, headCell("status"))),
      h("tbody", { id: "body" })),
  );
}

// ---- filters and the months -------------------------------------------------------------------------------------
function factorFilters() {
  const counts = new Array(DATA.factors.length + 1).fill(0);
  for (let i = 0; i < COUNT; i += 1) if (passes(i, "factor")) counts[factorOf(i) + 1] += 1;
  const most = Math.max(...counts, 1);
  const total = Math.max(counts.reduce((a, b) => a + b, 0), 1);
  return counts.map((count, place) => ({ place: place - 1, count })).filter(({ place, count }) => place >= 0 || count || filter.factor === "none")
    .sort((a, b) => b.count - a.count || a.place - b.place)
    .map(({ place, count }) => h("li", {}, h(
      "button",
      { type: "button", "aria-pressed": String(filter.factor === factorId(place)), "data-factor": factorId(place),
        onclick: () => change({ factor: filter.factor === factorId(place) ? "" : factorId(place) }) },
      h("span", { class: "name" }, named(place)),
      h("span", { class: "meter", "aria-hidden": "true" }, h("i", { style: { width: `${(100 * count) / most}%`, background: look(place).colour } })),
      h("span", { class: "count" }, counted(count), h("small", {}, ` ${shareText(count, total)}`)))));
}
function monthlyCounts() {
  const counts = new Map(DATA.months.map((month) => [month, new Array(DATA.factors.length + 1).fill(0)]));
  for (let i = 0; i < COUNT; i += 1) if (passes(i, "month")) counts.get(monthOf(i))[factorOf(i) + 1] += 1;
  return counts;
}
/** Round counts to mark up to `most`, about three of them. */
function countTicks(most) {
  const power = 10 ** Math.floor(Math.log10(most / 3));
  const step = Math.max([1, 2, 5, 10].map((m) => m * power).find((m) => m >= most / 3), 1);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}
function monthDrawing(width) {
  const counts = monthlyCounts();
  const [first, last] = [DATA.months[0], DATA.months[DATA.months.length - 1]];
  const [left, right, top, height] = [40, 8, 8, 128];
  const step = (width - left - right) / (last - first + 1);
  const most = Math.max(...[...counts.values()].map((list) => list.reduce((a, b) => a + b, 0)), 1);
  const wide = Math.min(0.84 * step, 44);
  const y = (count) => top + height * (1 - count / most);
  const grid = countTicks(most).map((tick) => [
    svg("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
    svg("text", { class: "tick", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, counted(tick))]);
  const bars = [...counts].map(([month, list], at) => {
    let level = 0;
    const x = left + at * step;
    const parts = list.map((count, place) => {
      if (!count) return null;
      level += count;
      return svg("rect", { x: (x + (step - wide) / 2).toFixed(2), width: wide.toFixed(2), y: y(level).toFixed(2), height: (y(level - count) - y(level)).toFixed(2), fill: look(place - 1).colour });
    });
    return svg("g", { class: filter.month !== "" && filter.month !== String(month) ? "off" : "" }, parts,
      svg("rect", { class: "hit", x, width: step, y: top, height, onclick: () => change({ month: filter.month === String(month) ? "" : String(month) }) },
        svg("title", {}, `${told(DATA.month_names)[at]}: ${counted(level)}`)));
  });
  const strips = DATA.economy.map((series, place) => economyStrip(series, { left, right: width - right, step }, top + height + 40 + 60 * place));
  const axisTop = top + height;
  const every = [1, 2, 3, 6, 12, 24, 48].find((n) => n * step >= 66) || 96;
  const labels = DATA.months.map((month, at) => (month % every ? null
    : svg("text", { class: "tick", x: clamp(left + (at + 0.5) * step, left + 20, width - right - 22), y: axisTop + 17, "text-anchor": "middle" }, told(COLUMNS.month.texts)[at])));
  return svg("svg", { class: "months", viewBox: `0 0 ${width} ${axisTop + 26 + (strips.length ? 10 : 0) + 60 * strips.length}`, role: "img", "aria-label": told(DATA.months_label) }, grid, bars, labels.filter(Boolean), strips);
}
function economyStrip(series, x, top) {
  const { low, high } = series;
  const y = (value) => top + 42 - (28 * (value - low.value)) / (high.value - low.value || 1);
  let path = "";
  series.values.forEach((value, i) => {
    if (value !== null) path += `${path && series.values[i - 1] !== null ? "L" : "M"}${(x.left + (i + 0.5) * x.step).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  return [
    svg("text", { class: "panel-name", x: x.left, y: top + 4 }, told(series.label)),
    svg("text", { class: "tick", x: x.left - 6, y: y(high.value) + 4, "text-anchor": "end" }, told(high.text)),
    high.value > low.value ? svg("text", { class: "tick", x: x.left - 6, y: y(low.value) + 4, "text-anchor": "end" }, told(low.text)) : null,
    svg("path", { class: "economy-line", d: path })];
}
function chooser(id, setting, options) {
  return h("select", { id, onchange: (event) => change({ [setting]: event.target.value }) },
    options.map(([value, text]) => h("option", { value, selected: value === filter[setting] }, text)));
}
const statusSelect = () => chooser("status", "status",
  [["", say("status_all")], ...DATA.flags.filter((flag) => DATA.row_flags.some((flags) => flags & flag.bit)).map((flag) => [flag.name, told(flag.label)])]);
const supportSelect = () => chooser("support", "support", [["", say("support_all")], ...DATA.supports.map((support) => [support.name, told(support.label)])]);
const outlookSelect = () => chooser("outlook", "outlook", [["", say("comes_back_all")], ...DATA.outlooks.map((outlook, k) => [outlook.name, `${told(outlook.label)} (${counted(DATA.outlook.filter((one) => one === k).length)})`])]);
const monthSelect = () => chooser("month-filter", "month", [["", say("month_all")], ...DATA.months.map((month, at) => [String(month), told(COLUMNS.month.texts)[at]])]);
function clearFilters() {
  change({ text: "", factor: "", support: "", status: "", outlook: "", month: "" });
  for (const id of ["search", "support", "status", ...(PLANNED ? ["outlook"] : [])]) byId(id).value = "";
  byId("search").focus();
}
function toolbar() {
  const search = h("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", placeholder: say("search_hint"), value: filter.text, oninput: () => change({ text: asSearched(search.value) }) });
  return h(
    "div",
    { class: "toolbar", role: "search" },
    h("div", {}, h("label", { for: "search" }, say("search")), search),
    h("div", {}, h("label", { for: "support" }, say("support")), supportSelect()),
    h("div", {}, h("label", { for: "status" }, say("status")), statusSelect()),
    PLANNED ? h("div", {}, h("label", { for: "outlook" }, say("comes_back")), outlookSelect()) : null,
    h("div", {}, h("label", { for: "month-filter" }, say("month")), monthSelect()),
    h("button", { type: "button", class: "quiet", id: "clear", onclick: clearFilters }, say("clear")),
    h("p", { class: "counted", role: "status", "aria-live": "polite", id: "counted" }),
  );
}
function summary() {
  return h(
    "section",
    { class: "hero", "aria-labelledby": "title" },
    h("p", { class: "eyebrow" }, say("index_eyebrow")),
    h("h1", { id: "title" }, say("index_title"), DATA.span ? h("span", { class: "when" }, told(DATA.span)) : null),
    h("dl", { class: "facts tiles" }, DATA.tiles.map(({ id, term, value, note }) => h("div", { "data-tile": id },
      h("dt", {}, told(term)), h("dd", {}, told(value), note ? h("small", {}, told(note)) : null)))),
    h("p", { class: "lead" }, told(DATA.compared)));
}
function drawMonths() {
  if (COUNT) byId("months-drawing").replaceChildren(monthDrawing(Math.max(Math.round(byId("months-drawing").clientWidth), 280)));
}
function refresh() {
  select();
  drawnFrom = -1;
  byId("factors").replaceChildren(...factorFilters());
  drawMonths();
  byId("counted").textContent = say("counted", { shown: counted(shown.length), all: counted(COUNT) });
  byId("listing").setAttribute("aria-rowcount", String(shown.length + 1));
  byId("month-filter").value = filter.month;
  for (const head of document.querySelectorAll("[data-sort]")) {
    head.setAttribute("aria-sort", filter.sort === head.dataset.sort ? (filter.down ? "descending" : "ascending") : "none");
  }
  byId("rows").scrollTop = 0;
  drawRows(false);
}
function draw() {
  searched = DATA.files.map((_, i) => asSearched(`${textOf("borrower", i)} ${textOf("month", i)}`));
  byId("main").replaceChildren(
    summary(),
    h("div", { class: "columns overview" },
      h("section", { class: "card", "aria-labelledby": "months-title" }, h("h2", { id: "months-title" }, say("months_title")), h("p", { class: "lead" }, say("months_lead")), h("div", { id: "months-drawing" })),
      h("section", { class: "card", "aria-labelledby": "factors-title" }, h("h2", { id: "factors-title" }, say("factors_title")), h("p", { class: "lead" }, say("factors_lead")), h("ul", { class: "factor-filter", id: "factors" }))),
    h("section", { class: "card flush", "aria-label": say("rows_label") }, toolbar(), tablePanel()),
    footer());
  refresh();
}
function startIndex() {
  readFilters();
  const redraw = start(draw, indexAddress);
  window.addEventListener("hashchange", () => {
    readFilters();
    applyTheme();
    redraw();
  });
  window.addEventListener("resize", () => {
    drawnFrom = -1;
    drawMonths();
    drawRows(false);
  });
  window.addEventListener("beforeprint", () => drawRows(true));
  window.addEventListener("afterprint", () => { drawnFrom = -1; drawRows(false); });
}
startIndex();
