// The portfolio's index: search, filter and sort; only the rows in sight are in the document.
const ROWS = DATA.rows;
const COUNT = ROWS.borrower.length;
const ROW_HEIGHT = 44;
const SPARE_ROWS = 8;
const UNEXPLAINED = 1, NEAR_TIE = 2, CENSORED = 4, NO_REFERENCE = 8, KNOCK_OUT = 16, INACTIVITY = 32, DELINQUENCY = 64, CLASS_WIDE = 128;
const STATUSES = {
  unexplained: UNEXPLAINED, unknown: NO_REFERENCE, knock_out: KNOCK_OUT, delinquency: DELINQUENCY, inactivity: INACTIVITY, class_wide: CLASS_WIDE,
  near_tie: NEAR_TIE, censored: CENSORED,
};
const filter = { text: "", factor: "", status: "", month: "", sort: "month", down: true };
let shown = [];
let drawnFrom = -1;
let drawnTo = -1;

const cutShare = (i) => (ROWS.before[i] > 0 ? (ROWS.before[i] - ROWS.after[i]) / ROWS.before[i] : 0);
const asSearched = (text) => text.trim().toLowerCase().replaceAll(MINUS, "-");
const searched = ROWS.borrower.map((borrower, i) => asSearched(`${borrower} ${monthShort(ROWS.month[i])}`));
const KEYS = {
  borrower: borrowerRank(),
  month: ROWS.month,
  cut: ROWS.borrower.map((_, i) => cutShare(i)),
  after: ROWS.after,
  factor: ROWS.factor,
  probability: ROWS.score_after,
};
function borrowerRank() {
  const order = new Intl.Collator("en", { numeric: true });
  const sorted = ROWS.borrower.map((_, i) => i).sort((a, b) => order.compare(ROWS.borrower[a], ROWS.borrower[b]) || a - b);
  const rank = new Array(COUNT);
  sorted.forEach((i, place) => { rank[i] = place; });
  return rank;
}
/** Rows that pass; `except` leaves one filter out, for counting what choosing another value of it would show. */
function passes(i, except) {
  if (filter.text && !searched[i].includes(filter.text)) return false;
  if (except !== "factor" && filter.factor !== "" && ROWS.factor[i] !== Number(filter.factor)) return false;
  if (except !== "month" && filter.month !== "" && ROWS.month[i] !== Number(filter.month)) return false;
  return !filter.status || Boolean(ROWS.flags[i] & STATUSES[filter.status]);
}
function select() {
  const key = KEYS[filter.sort];
  const sign = filter.down ? -1 : 1;
  shown = [];
  for (let i = 0; i < COUNT; i += 1) if (passes(i)) shown.push(i);
  shown.sort((a, b) => sign * (key[a] - key[b]) || a - b);
}
const indexAddress = () => ({
  q: filter.text, factor: filter.factor === "" ? "" : DATA.factors[filter.factor]?.id ?? "none", status: filter.status, month: filter.month,
  sort: filter.sort === "month" && filter.down ? "" : `${filter.sort}${filter.down ? "-" : ""}`,
});
function readFilters() {
  const state = readAddress();
  filter.text = asSearched(state.get("q") || "");
  const place = DATA.factors.findIndex((factor) => factor.id === state.get("factor"));
  filter.factor = state.get("factor") === "none" ? "-1" : place < 0 ? "" : String(place);
  filter.status = state.get("status") in STATUSES ? state.get("status") : "";
  filter.month = /^-?\d+$/.test(state.get("month") || "") ? state.get("month") : "";
  const sort = (state.get("sort") || "month-").replace(/-$/, "");
  if (sort in KEYS) [filter.sort, filter.down] = [sort, !state.get("sort") || state.get("sort").endsWith("-")];
}
function change(settings) {
  Object.assign(filter, settings);
  writeAddress(indexAddress());
  refresh();
}

// ---- the table --------------------------------------------------------------------------------------------------
const factorLabel = (place) => (place < 0 ? say("no_factor") : headed(inLanguage(DATA.factors[place].label)));
function factorDot(place) {
  return h("i", { class: "factor-dot", style: { background: place < 0 ? "var(--unexplained)" : factorColour(place) } });
}
const rowStatuses = (flags) => Object.keys(STATUSES).filter((name) => flags & STATUSES[name]);
function rowBadges(flags) {
  const short = (name) => say(`short_${name}` in WORDS[view.lang] ? `short_${name}` : `badge_${name}`);
  return rowStatuses(flags).map((name) => h("span", { class: `badge ${TONES[name] || "note"}` }, short(name)));
}
function tableRow(i, place) {
  return h(
    "tr",
    { "aria-rowindex": place + 2 },
    h("th", { scope: "row" }, h("a", { href: `${ROWS.file[i]}${viewHash()}`, title: ROWS.borrower[i] }, h("bdi", {}, ROWS.borrower[i]))),
    h("td", {}, monthShort(ROWS.month[i])),
    h("td", { class: "number" }, h("span", { class: "was" }, grouped(String(ROWS.before[i]))), arrow(), grouped(String(ROWS.after[i]))),
    h("td", { class: "number wide" }, `${MINUS}${Math.round(100 * cutShare(i))}%`),
    h("td", { class: "factor-cell" }, factorDot(ROWS.factor[i]), factorLabel(ROWS.factor[i])),
    h("td", { class: "number wide" }, h("span", { class: "was" }, ROWS.flags[i] & NO_REFERENCE ? "–" : probabilityText(probabilityOf(ROWS.score_before[i]))), arrow(), probabilityText(probabilityOf(ROWS.score_after[i]))),
    h("td", { class: "badges-cell", title: rowStatuses(ROWS.flags[i]).map((name) => say(`badge_${name}`)).join(say("comma")) }, rowBadges(ROWS.flags[i])),
  );
}
const spacer = (rows) => h("tr", { class: "spacer", "aria-hidden": "true", style: { height: `${rows * ROW_HEIGHT}px` } }, h("td", { colspan: 7 }));
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
  if (!shown.length) rows.push(h("tr", {}, h("td", { colspan: 7, class: "empty" }, say("no_rows"))));
  byId("body").replaceChildren(...rows);
  if (focused) document.querySelector(`#rows tr[aria-rowindex="${focused}"] a`)?.focus({ preventScroll: true });
}
function headCell(name, key, kind) {
  if (!key) return h("th", { scope: "col", class: kind }, say(name));
  const sort = () => change(filter.sort === key ? { down: !filter.down } : { sort: key, down: key !== "borrower" && key !== "factor" });
  const state = filter.sort === key ? (filter.down ? "descending" : "ascending") : "none";
  return h("th", { scope: "col", class: kind, "aria-sort": state, "data-sort": key }, h("button", { type: "button", onclick: sort }, [say(name), h("span", { class: "sort", "aria-hidden": "true" })]));
}
function tablePanel() {
  return h(
    "div",
    { class: "rows", id: "rows", tabindex: 0, role: "region", "aria-label": say("rows_label"), onscroll: () => requestAnimationFrame(() => drawRows(false)) },
    h("table", { class: "listing", id: "listing" },
      h("thead", {}, h("tr", { "aria-rowindex": 1 },
        headCell("borrower", "borrower"), headCell("month", "month"), headCell("limit_in_currency", "after", "number"), headCell("cut", "cut", "number wide"),
        headCell("leading_factor", "factor"), headCell("keeping", "probability", "number wide"), headCell("status"))),
      h("tbody", { id: "body" })),
  );
}

// ---- filters and the months -------------------------------------------------------------------------------------
function factorFilters() {
  const counts = new Array(DATA.factors.length + 1).fill(0);
  for (let i = 0; i < COUNT; i += 1) if (passes(i, "factor")) counts[ROWS.factor[i] + 1] += 1;
  const most = Math.max(...counts, 1);
  const total = Math.max(counts.reduce((a, b) => a + b, 0), 1);
  return counts.map((count, place) => ({ place: place - 1, count })).filter(({ place, count }) => place >= 0 || count || filter.factor === "-1")
    .sort((a, b) => b.count - a.count || a.place - b.place)
    .map(({ place, count }) => h("li", {}, h(
      "button",
      { type: "button", "aria-pressed": String(filter.factor === String(place)), "data-factor": place < 0 ? "none" : DATA.factors[place].id,
        onclick: () => change({ factor: filter.factor === String(place) ? "" : String(place) }) },
      h("span", { class: "name" }, factorDot(place), factorLabel(place)),
      h("span", { class: "meter", "aria-hidden": "true" }, h("i", { style: { width: `${(100 * count) / most}%`, background: place < 0 ? "var(--unexplained)" : factorColour(place) } })),
      h("span", { class: "count" }, grouped(String(count)), h("small", {}, ` ${count && count / total < 0.005 ? "<1" : Math.round((100 * count) / total)}%`)))));
}
function monthlyCounts() {
  const counts = new Map(DATA.months.map((month) => [month, new Array(DATA.factors.length + 1).fill(0)]));
  for (let i = 0; i < COUNT; i += 1) if (passes(i, "month")) counts.get(ROWS.month[i])[ROWS.factor[i] + 1] += 1;
  return counts;
}
function monthDrawing(width) {
  const counts = monthlyCounts();
  const [first, last] = [DATA.months[0], DATA.months[DATA.months.length - 1]];
  const [left, right, top, height] = [40, 8, 8, 128];
  const economy = DATA.economy.slice(0, 2);
  const step = (width - left - right) / (last - first + 1);
  const most = Math.max(...[...counts.values()].map((list) => list.reduce((a, b) => a + b, 0)), 1);
  const wide = Math.min(0.84 * step, 44);
  const y = (count) => top + height * (1 - count / most);
  const grid = ticks(0, most, 3).filter(Number.isInteger).map((tick) => [
    svg("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
    svg("text", { class: "tick", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, grouped(String(tick)))]);
  const bars = [...counts].map(([month, list]) => {
    let level = 0;
    const x = left + (month - first) * step;
    const parts = list.map((count, place) => {
      if (!count) return null;
      level += count;
      return svg("rect", { x: (x + (step - wide) / 2).toFixed(2), width: wide.toFixed(2), y: y(level).toFixed(2), height: (y(level - count) - y(level)).toFixed(2), fill: place ? factorColour(place - 1) : "var(--unexplained)" });
    });
    return svg("g", { class: filter.month !== "" && filter.month !== String(month) ? "off" : "" }, parts,
      svg("rect", { class: "hit", x, width: step, y: top, height, onclick: () => change({ month: filter.month === String(month) ? "" : String(month) }) },
        svg("title", {}, `${monthWords(month)}: ${level}`)));
  });
  const strips = economy.map((series, place) => economyStrip(series, { left, right: width - right, first, step }, top + height + 40 + 60 * place));
  const axisTop = top + height;
  const every = [1, 2, 3, 6, 12, 24, 48].find((n) => n * step >= 58) || 96;
  const labels = [];
  for (let month = Math.ceil(first / every) * every; month <= last; month += every) {
    labels.push(svg("text", { class: "tick", x: clamp(left + (month - first + 0.5) * step, left + 20, width - right - 22), y: axisTop + 17, "text-anchor": "middle" }, monthShort(month)));
  }
  return svg("svg", { class: "months", viewBox: `0 0 ${width} ${axisTop + 26 + (economy.length ? 10 : 0) + 60 * economy.length}`, role: "img", "aria-label": say("months_label", { from: monthWords(first), to: monthWords(last) }) }, grid, bars, labels, strips);
}
function economyStrip(series, x, top) {
  const known = series.values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const y = (value) => top + 42 - (28 * (value - low)) / (high - low || 1);
  let path = "";
  series.values.forEach((value, i) => {
    if (value !== null) path += `${path && series.values[i - 1] !== null ? "L" : "M"}${(x.left + (i + 0.5) * x.step).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  return [
    svg("text", { class: "panel-name", x: x.left, y: top + 4 }, headed(inLanguage(series.label))),
    svg("text", { class: "tick", x: x.left - 6, y: y(high) + 4, "text-anchor": "end" }, numberText(high, 2)),
    high > low ? svg("text", { class: "tick", x: x.left - 6, y: y(low) + 4, "text-anchor": "end" }, numberText(low, 2)) : null,
    svg("path", { class: "economy-line", d: path })];
}
function statusSelect() {
  const options = [["", say("status_all")], ...Object.keys(STATUSES).filter((name) => ROWS.flags.some((flags) => flags & STATUSES[name])).map((name) => [name, say(`badge_${name}`)])];
  return h("select", { id: "status", onchange: (event) => change({ status: event.target.value }) },
    options.map(([value, text]) => h("option", { value, selected: value === filter.status }, text)));
}
function monthSelect() {
  const options = [["", say("month_all")], ...DATA.months.map((month) => [String(month), monthShort(month)])];
  return h("select", { id: "month-filter", onchange: (event) => change({ month: event.target.value }) },
    options.map(([value, text]) => h("option", { value, selected: value === filter.month }, text)));
}
function toolbar() {
  const search = h("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", placeholder: say("search_hint"), value: filter.text, oninput: () => change({ text: asSearched(search.value) }) });
  return h(
    "div",
    { class: "toolbar", role: "search" },
    h("div", {}, h("label", { for: "search" }, say("search")), search),
    h("div", {}, h("label", { for: "status" }, say("status")), statusSelect()),
    h("div", {}, h("label", { for: "month-filter" }, say("month")), monthSelect()),
    h("button", { type: "button", class: "quiet", id: "clear", onclick: () => { change({ text: "", factor: "", status: "", month: "" }); byId("search").value = ""; byId("status").value = ""; byId("search").focus(); } }, say("clear")),
    h("p", { class: "counted", role: "status", "aria-live": "polite", id: "counted" }),
  );
}
function summary() {
  const cuts = ROWS.borrower.map((_, i) => cutShare(i)).sort((a, b) => a - b);
  const unexplained = ROWS.flags.filter((flags) => flags & UNEXPLAINED).length;
  const borrowers = new Set(ROWS.borrower).size;
  const tile = (term, value, note) => h("div", {}, h("dt", {}, term), h("dd", {}, value, note ? h("small", {}, note) : null));
  return h(
    "section",
    { class: "hero", "aria-labelledby": "title" },
    h("p", { class: "eyebrow" }, say("index_eyebrow")),
    h("h1", { id: "title" }, say("index_title"), COUNT ? h("span", { class: "when" }, (DATA.months.length === 1 ? monthWords(DATA.months[0]) : say("from_to", { from: monthWords(DATA.months[0]), to: monthWords(DATA.months[DATA.months.length - 1]) }))) : null),
    h("dl", { class: "facts tiles" },
      tile(say("decreases"), grouped(String(COUNT)), say("of_borrowers", { number: grouped(String(borrowers)) })),
      tile(say("median_cut"), COUNT ? `${MINUS}${Math.round(100 * cuts[Math.floor(COUNT / 2)])}%` : "–", say("of_limit")),
      tile(say("not_supported"), grouped(String(unexplained)), COUNT ? say("share_of_all", { share: Math.round((100 * unexplained) / COUNT) }) : ""),
      tile(say("compared_with"), h("span", { class: "plain" }, say(`index_reference_${DATA.reference}`)))));
}
function refresh() {
  select();
  drawnFrom = -1;
  byId("factors").replaceChildren(...factorFilters());
  if (COUNT) byId("months-drawing").replaceChildren(monthDrawing(Math.max(Math.round(byId("months-drawing").clientWidth), 280)));
  byId("counted").textContent = say("counted", { shown: grouped(String(shown.length)), all: grouped(String(COUNT)) });
  byId("listing").setAttribute("aria-rowcount", String(shown.length + 1));
  byId("month-filter").value = filter.month;
  for (const head of document.querySelectorAll("[data-sort]")) {
    head.setAttribute("aria-sort", filter.sort === head.dataset.sort ? (filter.down ? "descending" : "ascending") : "none");
  }
  byId("rows").scrollTop = 0;
  drawRows(false);
}
function draw() {
  document.title = `${say("index_title")} – ${DATA.catalogue}`;
  byId("main").replaceChildren(
    summary(),
    h("div", { class: "columns overview" },
      h("section", { class: "card", "aria-labelledby": "months-title" }, h("h2", { id: "months-title" }, say("months_title")), h("p", { class: "lead" }, say("months_lead")), h("div", { id: "months-drawing" })),
      h("section", { class: "card", "aria-labelledby": "factors-title" }, h("h2", { id: "factors-title" }, say("factors_title")), h("p", { class: "lead" }, say("factors_lead")), h("ul", { class: "factor-filter", id: "factors" }))),
    h("section", { class: "card flush", "aria-label": say("rows_label") }, toolbar(), tablePanel()),
    h("footer", { class: "foot" }, h("p", {}, say("method")), h("p", {}, say("versions", DATA.versions))));
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
    if (COUNT) byId("months-drawing").replaceChildren(monthDrawing(Math.max(Math.round(byId("months-drawing").clientWidth), 280)));
    drawRows(false);
  });
  window.addEventListener("beforeprint", () => drawRows(true));
  window.addEventListener("afterprint", () => { drawnFrom = -1; drawRows(false); });
}
startIndex();
