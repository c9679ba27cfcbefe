// The index over changes of a score: a table, searched by key, in the order of what moved most.
let sought = "";
const shownRows = () => DATA.rows.filter((row) => row.key.toLowerCase().includes(sought.toLowerCase()));

function tableRow(row) {
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("a", { href: row.file + viewHash() }, h("bdi", {}, row.key))),
    h("td", { class: "figure" }, told(row.before)),
    h("td", { class: "figure" }, told(row.after)),
    h("td", { class: "figure" }, h("strong", {}, told(row.change))),
    h("td", {}, row.colour ? dot(row.colour) : null, " ", told(row.moved)),
  );
}
function showRows() {
  const rows = shownRows();
  byId("rows").replaceChildren(...rows.map(tableRow));
  byId("counted").textContent = rows.length ? say("counted", { shown: counted(rows.length), all: counted(DATA.rows.length) }) : say("no_rows");
}
function draw() {
  const search = h("input", { type: "search", id: "search", value: sought, placeholder: say("search_hint"), oninput: (event) => { sought = event.target.value; showRows(); } });
  const columns = ["key", "before", "after", "change", "moved_most"];
  byId("main").replaceChildren(
    h("section", { class: "hero", "aria-labelledby": "title" },
      h("p", { class: "eyebrow" }, told(DATA.model)), h("h1", { id: "title" }, say("index_title")), h("p", { class: "lead" }, told(DATA.compared))),
    h("div", { class: "card" },
      h("p", {}, h("label", { for: "search" }, say("search"), " "), search),
      h("p", { id: "counted", role: "status", "aria-live": "polite" }),
      h("div", { class: "scores-scroll", tabindex: "0", role: "region", "aria-label": say("rows_label") },
        h("table", { class: "scores" },
          h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, say(name))))),
          h("tbody", { id: "rows" })))),
    footer());
  showRows();
}
start(draw, () => ({}));
readAddress();
