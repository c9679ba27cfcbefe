// The page of warnings: search, filter and sort the open lines; a chosen alerted line shows its risk over time and what
// moved it. Lines are in order of risk; the first of them are alerted.
const COLUMNS = DATA.columns;
const COUNT = COLUMNS.borrower.texts.length;
const ALERTED = DATA.alerts.length;
const AT_ONCE = 200;
const SORTS = { rank: false, borrower: false, limit: true, risk_1: true, risk_3: true, risk_6: true };
const filter = { text: "", show: ALERTED ? "alerts" : "", player: "", plan: "", sort: "rank", down: false };
let shown = [];
let limit = AT_ONCE;
let chosen = ALERTED ? 0 : -1;

const textOf = (name, i) => told(COLUMNS[name].texts)[i];
const orderOf = (name, i) => (name === "rank" ? i : COLUMNS[name].order[i]);
const leadOf = (i) => (i < ALERTED ? DATA.alerts[i].lead : -1);
const look = (place) => (place < 0 ? DATA.no_player : DATA.players[place]);
const named = (place) => [dot(look(place).colour), told(look(place).label)];
const playerId = (place) => (place < 0 ? "none" : DATA.players[place].id);
const outcomeOf = (i) => (i < ALERTED && DATA.alerts[i].outcome >= 0 ? DATA.outcomes[DATA.alerts[i].outcome] : null);
const searched = COLUMNS.borrower.texts.map((text) => text.trim().toLowerCase());

function passes(i, except) {
  if (filter.text && !searched[i].includes(filter.text)) return false;
  if (filter.show === "alerts" && i >= ALERTED) return false;
  if (except !== "player" && filter.player && !(i < ALERTED && playerId(leadOf(i)) === filter.player)) return false;
  return !filter.plan || outcomeOf(i)?.id === filter.plan;
}
function select() {
  const sign = filter.down ? -1 : 1;
  shown = [];
  for (let i = 0; i < COUNT; i += 1) if (passes(i)) shown.push(i);
  shown.sort((a, b) => sign * (orderOf(filter.sort, a) - orderOf(filter.sort, b)) || a - b);
}
const pageAddress = () => ({
  q: filter.text, show: filter.show === "alerts" ? "" : "all", factor: filter.player, plan: filter.plan,
  sort: filter.sort === "rank" && !filter.down ? "" : `${filter.sort}${filter.down ? "-" : ""}`,
  line: chosen > 0 ? String(chosen + 1) : "",
});
function readFilters() {
  const state = readAddress();
  const known = (name, values) => (values.includes(state.get(name)) ? state.get(name) : "");
  filter.text = (state.get("q") || "").trim().toLowerCase();
  filter.show = state.get("show") === "all" || !ALERTED ? "" : "alerts";
  filter.player = known("factor", ["none", ...DATA.players.map((player) => player.id)]);
  filter.plan = known("plan", DATA.outcomes.map((outcome) => outcome.id));
  const sort = (state.get("sort") || "rank").replace(/-$/, "");
  if (Object.hasOwn(SORTS, sort)) [filter.sort, filter.down] = [sort, (state.get("sort") || "").endsWith("-")];
  const line = Number(state.get("line") || 1) - 1;
  chosen = Number.isInteger(line) && line >= 0 && line < ALERTED ? line : Math.min(0, ALERTED - 1);
}
function change(settings) {
  Object.assign(filter, settings);
  limit = AT_ONCE;
  writeAddress(pageAddress());
  refresh();
}

// ---- the table --------------------------------------------------------------------------------------------------
function choose(i) {
  chosen = i;
  writeAddress(pageAddress());
  for (const row of document.querySelectorAll("#body tr[data-line]")) row.classList.toggle("chosen", Number(row.dataset.line) === i);
  for (const button of document.querySelectorAll("#body button[aria-pressed]")) button.setAttribute("aria-pressed", String(Number(button.dataset.line) === i));
  byId("details").replaceChildren(...details());
}
function tableRow(i) {
  const alert = i < ALERTED;
  const borrower = h("bdi", {}, textOf("borrower", i));
  return h(
    "tr",
    { "data-line": i, class: [alert ? "alerted" : "", i === chosen ? "chosen" : ""].join(" ").trim() || null },
    h("td", { class: "number" }, counted(i + 1)),
    h("th", { scope: "row" }, alert ? h("button", { type: "button", class: "opener", "data-line": i, "aria-pressed": String(i === chosen), onclick: () => choose(i) }, borrower) : borrower),
    h("td", { class: "number" }, textOf("limit", i)),
    ["risk_1", "risk_3", "risk_6"].map((name) => h("td", { class: name === "risk_3" ? "number headline" : "number wide" }, textOf(name, i))),
    h("td", { class: "factor-cell" }, alert ? named(leadOf(i)) : null),
    DATA.outcomes.length ? h("td", { class: "wide" }, outcomeOf(i) ? told(outcomeOf(i).label) : null) : null,
  );
}
function headCell(text, key, look) {
  if (!key) return h("th", { scope: "col", class: look }, text);
  const sort = () => change(filter.sort === key ? { down: !filter.down } : { sort: key, down: SORTS[key] });
  return h("th", { scope: "col", class: look, "aria-sort": "none", "data-sort": key }, h("button", { type: "button", onclick: sort }, [text, h("span", { class: "sort", "aria-hidden": "true" })]));
}
function tablePanel() {
  return h(
    "div",
    { class: "rows", id: "rows", tabindex: 0, role: "region", "aria-label": say("rows_label") },
    h("table", { class: "listing", id: "listing" },
      h("thead", {}, h("tr", {},
        headCell(say("rank"), "rank", "number"), headCell(say("borrower"), "borrower"), headCell(say("limit"), "limit", "number"),
        headCell(told(DATA.leads[0]), "risk_1", "number wide"), headCell(told(DATA.leads[2]), "risk_3", "number"), headCell(told(DATA.leads[5]), "risk_6", "number wide"),
        headCell(say("leading"), null), DATA.outcomes.length ? headCell(say("plan"), null, "wide") : null)),
      h("tbody", { id: "body" })),
    h("p", { class: "more" }, h("button", { type: "button", class: "quiet", id: "more", onclick: () => { limit += AT_ONCE; drawRows(); } })),
  );
}
function drawRows() {
  const rows = shown.slice(0, limit).map(tableRow);
  if (!rows.length) rows.push(h("tr", {}, h("td", { colspan: 8, class: "empty" }, say("no_rows"))));
  byId("body").replaceChildren(...rows);
  const left = Math.max(shown.length - limit, 0);
  byId("more").hidden = !left;
  byId("more").textContent = say("more", { number: counted(Math.min(left, AT_ONCE)) });
}

// ---- the chosen line --------------------------------------------------------------------------------------------
const RISKS = [[0.001, "0.1%"], [0.01, "1%"], [0.05, "5%"], [0.2, "20%"], [0.5, "50%"], [0.8, "80%"], [0.95, "95%"]];
const logOdds = (risk) => Math.log(risk / (1 - risk));
function curve(alert) {
  const [width, height, left, right, top, bottom] = [440, 170, 66, 34, 18, 26];
  const low = Math.min(logOdds(0.005), ...alert.curve) - 0.3;
  const high = Math.max(logOdds(0.5), ...alert.curve) + 0.5;
  const x = (k) => left + (k * (width - left - right)) / (alert.curve.length - 1);
  const y = (score) => top + ((high - score) / (high - low)) * (height - top - bottom);
  const ticks = RISKS.filter(([risk]) => logOdds(risk) > low && logOdds(risk) < high).map(([risk, text]) => [
    svg("line", { class: "grid", x1: left - 20, x2: width - right + 20, y1: y(logOdds(risk)), y2: y(logOdds(risk)) }),
    svg("text", { class: "tick", x: left - 26, y: y(logOdds(risk)) + 4, "text-anchor": "end" }, text)]);
  const path = alert.curve.map((score, k) => `${k ? "L" : "M"}${x(k).toFixed(1)} ${y(score).toFixed(1)}`).join("");
  const dots = alert.curve.map((score, k) => [
    svg("circle", { class: "risk-dot", cx: x(k), cy: y(score), r: k === 2 ? 5 : 3.5 }),
    svg("text", { class: "risk-text", x: x(k), y: y(score) - 9, "text-anchor": "middle" }, told(alert.curve_texts[k])),
    svg("text", { class: "tick", x: x(k), y: height - 6, "text-anchor": "middle" }, told(DATA.leads[k]))]);
  return svg("svg", { class: "risk-curve", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${say("curve_title")}: ${alert.curve_texts.map(told).join(say("comma"))}` }, ticks, svg("path", { class: "risk-line", d: path }), dots);
}
function shares(alert) {
  const most = Math.max(...alert.shares.map(Math.abs), 0.01);
  const order = alert.shares.map((value, g) => g).sort((a, b) => alert.shares[b] - alert.shares[a] || a - b);
  return h("table", { class: "shares" }, h("tbody", {}, order.map((g) => {
    const value = alert.shares[g];
    const size = `${(50 * Math.abs(value)) / most}%`;
    const side = value > 0 ? { left: "50%", width: size } : { right: "50%", width: size };
    return h("tr", { class: value === 0 ? "still" : null },
      h("th", { scope: "row" }, named(g)),
      h("td", { class: "share-track", "aria-hidden": "true" }, h("i", { class: "middle" }), h("i", { class: value > 0 ? "worse" : "better", style: side })),
      h("td", { class: "figure", title: value > 0 ? say("raises_risk") : value < 0 ? say("lowers_risk") : null }, told(alert.share_texts[g])));
  })));
}
function details() {
  if (chosen < 0) return [h("p", { class: "empty" }, say("choose"))];
  const alert = DATA.alerts[chosen];
  return [
    h("h2", { id: "chosen-title" }, `${say("borrower")} `, h("bdi", {}, textOf("borrower", chosen))),
    h("p", { class: "lead" }, told(alert.since), say("separator"), told(DATA.headline), " ", h("b", {}, told(alert.then_now))),
    h("h3", {}, say("curve_title")), curve(alert),
    h("h3", {}, say("reasons_title")), h("ol", { class: "told" }, told(alert.reasons).map((text) => h("li", {}, text))),
    alert.plan === null ? null : h("p", { class: "keep-plan" }, h("b", {}, say("plan"), ": "), told(alert.plan)),
    h("h3", {}, say("shares_title")), h("p", { class: "lead" }, say("shares_lead")), shares(alert),
  ].filter(Boolean);
}

// ---- filters ----------------------------------------------------------------------------------------------------
function playerFilters() {
  const counts = new Array(DATA.players.length + 1).fill(0);
  for (let i = 0; i < ALERTED; i += 1) if (passes(i, "player")) counts[leadOf(i) + 1] += 1;
  const most = Math.max(...counts, 1);
  const total = Math.max(counts.reduce((a, b) => a + b, 0), 1);
  return counts.map((count, place) => ({ place: place - 1, count })).filter(({ place, count }) => place >= 0 || count || filter.player === "none")
    .sort((a, b) => b.count - a.count || a.place - b.place)
    .map(({ place, count }) => h("li", {}, h(
      "button",
      { type: "button", "aria-pressed": String(filter.player === playerId(place)), "data-factor": playerId(place),
        onclick: () => change({ player: filter.player === playerId(place) ? "" : playerId(place) }) },
      h("span", { class: "name" }, named(place)),
      h("span", { class: "meter", "aria-hidden": "true" }, h("i", { style: { width: `${(100 * count) / most}%`, background: look(place).colour } })),
      h("span", { class: "count" }, counted(count), h("small", {}, ` ${shareText(count, total)}`)))));
}
function chooser(id, setting, options) {
  return h("select", { id, onchange: (event) => change({ [setting]: event.target.value }) },
    options.map(([value, text]) => h("option", { value, selected: value === filter[setting] }, text)));
}
function toolbar() {
  const search = h("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", placeholder: say("search_hint"), value: filter.text, oninput: () => change({ text: search.value.trim().toLowerCase() }) });
  const clear = () => {
    change({ text: "", player: "", plan: "" });
    search.value = "";
    if (byId("plan")) byId("plan").value = "";
    search.focus();
  };
  return h(
    "div",
    { class: "toolbar", role: "search" },
    h("div", {}, h("label", { for: "search" }, say("search")), search),
    h("div", {}, h("label", { for: "show" }, say("alerts")), chooser("show", "show", [["alerts", say("alerts_only")], ["", say("alerts_all")]])),
    DATA.outcomes.length ? h("div", {}, h("label", { for: "plan" }, say("plan")), chooser("plan", "plan", [["", say("plan_all")], ...DATA.outcomes.map((outcome) => [outcome.id, told(outcome.label)])])) : null,
    h("button", { type: "button", class: "quiet", id: "clear", onclick: clear }, say("clear")),
    h("p", { class: "counted", role: "status", "aria-live": "polite", id: "counted" }),
  );
}
function summary() {
  return h(
    "section",
    { class: "hero", "aria-labelledby": "title" },
    h("p", { class: "eyebrow" }, say("eyebrow")),
    h("h1", { id: "title" }, say("title"), h("span", { class: "when" }, told(DATA.month))),
    h("dl", { class: "facts tiles" }, DATA.tiles.map(({ term, value }) => h("div", {}, h("dt", {}, told(term)), h("dd", {}, told(value))))),
    h("p", { class: "lead" }, told(DATA.valid)));
}
function refresh() {
  select();
  byId("factors").replaceChildren(...playerFilters());
  byId("counted").textContent = say("shown", { shown: counted(shown.length), all: counted(COUNT) });
  for (const head of document.querySelectorAll("[data-sort]")) {
    head.setAttribute("aria-sort", filter.sort === head.dataset.sort ? (filter.down ? "descending" : "ascending") : "none");
  }
  drawRows();
}
function draw() {
  byId("main").replaceChildren(
    summary(),
    h("div", { class: "columns" },
      h("div", { class: "card flush" }, toolbar(), tablePanel()),
      h("div", { class: "aside" },
        h("section", { class: "card", id: "details", "aria-live": "polite", "aria-labelledby": "chosen-title" }, details()),
        h("section", { class: "card", "aria-labelledby": "factors-title" }, h("h2", { id: "factors-title" }, say("factors_title")), h("p", { class: "lead" }, say("factors_lead")), h("ul", { class: "factor-filter", id: "factors" })))),
    footer());
  refresh();
}
readFilters();
const redraw = start(draw, pageAddress);
window.addEventListener("hashchange", () => {
  readFilters();
  applyTheme();
  redraw();
});
window.addEventListener("beforeprint", () => { limit = shown.length; drawRows(); });
