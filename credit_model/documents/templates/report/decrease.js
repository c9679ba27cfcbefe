// The page of one decrease: what happened, why, what would have kept the limit, and the months before.
function referenceWhen() {
  const { kind, month } = DATA.reference;
  return kind === "peers" ? say("when_peers") : say("when_own", { month: monthWords(month) });
}
function referenceLabel() {
  const { kind, month, censored, known } = DATA.reference;
  if (!known) return say("reference_unknown");
  return say(censored ? "reference_censored" : `reference_${kind}`, { month: monthWords(month) });
}
const pageAddress = () => ({ back: idsOf(putBack).join(",") });

/** The verdict, and the kinds of rule that apply besides: a knock-out can lead to a cut by itself. */
function verdict() {
  const { kind, head, body } = verdictOfModel();
  const rules = DATA.kinds.map((rule) => say(`applies_${rule}`));
  return { kind, head: headed(head), body: [body, ...rules].join(say("sentence_gap")) };
}
function verdictOfModel() {
  const agrees = DATA.score[1] < 0;
  const places = {
    tier: DATA.tier[0], before: probabilityText(probabilityOf(DATA.score[0])), after: probabilityText(probabilityOf(DATA.score[1])),
    reference: referenceWhen(), decision: monthWords(DATA.month),
  };
  if (!DATA.reference.known) return { kind: "unknown", head: say("verdict_unknown"), body: say(agrees ? "verdict_unknown_agrees" : "verdict_unknown_against", places) };
  if (!agrees) return { kind: "unexplained", head: say("verdict_unexplained"), body: say("verdict_unexplained_body", places) };
  const leading = byContribution(DATA.factors)[0];
  if (DATA.status === "not_worsened" || leading.value >= 0) return { kind: "unexplained", head: say("verdict_nothing"), body: say("verdict_nothing_body", places) };
  const second = byContribution(DATA.factors)[1];
  const key = `verdict_${leading.about}`;
  const names = { factor: inLanguage(leading.label), second: second ? inLanguage(second.label) : "" };
  const head = DATA.near_tie ? say("verdict_tie", names) : say(DATA.kinds.includes("knock_out") ? "verdict_knock_out" : key, names);
  const already = DATA.score[0] < 0 ? [say("verdict_already")] : [];
  return { kind: "explained", head, body: [say("verdict_body", places), ...already].join(say("sentence_gap")) };
}
function badges() {
  const list = [];
  if (DATA.score[1] >= 0) list.push(["warn", say("badge_unexplained")]);
  if (DATA.near_tie) list.push(["note", say("badge_near_tie")]);
  if (!DATA.reference.known) list.push(["note", say("badge_unknown")]);
  else if (DATA.reference.censored) list.push(["note", say("badge_censored")]);
  for (const kind of DATA.kinds) list.push([TONES[kind], say(`badge_${kind}`)]);
  return list.map(([tone, text]) => h("li", { class: `badge ${tone}` }, text));
}
function fact(term, value, note) {
  return h("div", {}, h("dt", {}, term), h("dd", {}, value, note ? h("small", {}, note) : null));
}
function arrowPair(before, after) {
  return [h("span", { class: "was" }, before), arrow(), h("span", { class: "is" }, after)];
}
function hero() {
  const [before, after] = DATA.limit;
  const cut = before > 0 ? `${MINUS}${Math.round((100 * (before - after)) / before)}%` : "";
  const told = verdict();
  const list = badges();
  return h(
    "section",
    { class: "hero", "aria-labelledby": "title" },
    h("p", { class: "eyebrow" }, say("eyebrow")),
    h("h1", { id: "title" }, h("bdi", {}, DATA.borrower), h("span", { class: "when" }, monthWords(DATA.month))),
    list.length ? h("ul", { class: "badges" }, list) : null,
    h("dl", { class: "facts" },
      fact(say("limit"), arrowPair(moneyText(before), moneyText(after)), `${cut}${cut ? say("separator") : ""}${say("tiers", { before: DATA.tier[0], after: DATA.tier[1], most: DATA.n_tiers - 1 })}`),
      fact(say("probability_of_keeping", { tier: DATA.tier[0] }), DATA.reference.known
        ? arrowPair(probabilityText(probabilityOf(DATA.score[0])), probabilityText(probabilityOf(DATA.score[1]))) : probabilityText(probabilityOf(DATA.score[1])),
        say(DATA.reference.known ? "score_pair" : "score_one", { before: scoreText(DATA.score[0]), after: scoreText(DATA.score[1]) })),
      fact(say("compared_with"), h("span", { class: "plain" }, referenceLabel()))),
    h("div", { class: `verdict ${told.kind}` }, h("h2", {}, told.head), h("p", {}, told.body)),
  );
}
function reasonItem(reason) {
  return h(
    "li",
    { "data-rank": reason.rank, value: reason.rank },
    h("p", { class: "reason-text" }, inLanguage(reason.text)),
    h("p", { class: "reason-source" }, h("span", { class: "code" }, reason.code), headed(inLanguage(reason.factor)), h("span", { class: "from" }, inLanguage(reason.source)),
      reason.exemption ? h("span", { class: "tag" }, say(`badge_${reason.exemption}`)) : null,
      reason.near_tie ? h("span", { class: "tag" }, say("badge_near_tie")) : null),
  );
}
function reasonsPanel() {
  const groups = ["borrower", "economy", "lender"].filter((about) => DATA.reasons.some((reason) => reason.about === about));
  const body = groups.length
    ? groups.map((about) => [
      about === "borrower" ? null : h("h3", {}, say(`reasons_${about}`)),
      h("ol", { class: "reasons" }, DATA.reasons.filter((reason) => reason.about === about).map(reasonItem))])
    : h("p", { class: "empty" }, say(`reasons_${DATA.status}`));
  const coverage = groups.length && DATA.coverage !== null ? h("p", { class: "coverage" }, say("coverage", { share: probabilityText(DATA.coverage) })) : null;
  const notes = DATA.notes.length ? h("ul", { class: "notes" }, DATA.notes.map((note) => h("li", {}, inLanguage(note)))) : null;
  return h("section", { class: "card", id: "reasons", "aria-labelledby": "reasons-title" },
    h("h2", { id: "reasons-title" }, say("reasons_title")), body, coverage, notes,
    h("details", { class: "in-words" }, h("summary", {}, say("in_words")), h("p", {}, inLanguage(DATA.paragraph))), DATA.reference.known ? splitLine() : null);
}
function footer() {
  const { model, catalogue, report } = DATA.versions;
  return h("footer", { class: "foot" },
    h("p", {}, say("method")),
    h("p", {}, say("versions", { model, catalogue, report })));
}
function draw() {
  const title = `${DATA.borrower} ${monthShort(DATA.month)} – ${say("eyebrow")}`;
  document.title = title;
  const parts = DATA.reference.known ? [hero(), h("div", { class: "columns" }, changeChart(), reasonsPanel()), whatIfPanel()] : [hero(), reasonsPanel()];
  byId("main").replaceChildren(...parts, ...(DATA.track.months.length ? [timelinePanel(), historyPanel()] : []), footer());
  if (DATA.track.months.length) {
    drawTimeline(timelineWidth());
    showDecisionMonth();
  }
  if (DATA.reference.known) showOutcome();
}
// Wider than the paper, so that the lettering comes out as small as the rest.
const PAPER_WIDTH = 900;
const timelineWidth = () => Math.max(Math.round(byId("timeline-drawing").clientWidth), 300);

function startPage() {
  const readBack = () => { putBack = maskOf((readAddress().get("back") || "").split(",")); };
  readBack();
  const redraw = start(draw, pageAddress);
  window.addEventListener("hashchange", () => {
    readBack();
    applyTheme();
    redraw();
  });
  if (!DATA.track.months.length) return;
  new ResizeObserver(() => {
    if (document.querySelector("svg.timeline") && Number(document.querySelector("svg.timeline").getAttribute("viewBox").split(" ")[2]) !== timelineWidth()) {
      drawTimeline(timelineWidth());
    }
  }).observe(byId("main"));
  window.addEventListener("beforeprint", () => drawTimeline(PAPER_WIDTH));
  window.addEventListener("afterprint", () => drawTimeline(timelineWidth()));
  matchMedia("(max-width: 640px)").addEventListener("change", redraw);
}
startPage();
