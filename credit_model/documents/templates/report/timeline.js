// The timeline: limit above, keep score below, one mark for every decision, and a reading for the month chosen.
const HEIGHT = { top: 26, limit: 118, gap: 30, score: 128, axis: 34 };
let monthChosen = null;

const movement = (i) => {
  const [before, after] = [i ? DATA.track.limit[i - 1] : null, DATA.track.limit[i]];
  return before === null || after === null ? 0 : Math.sign(after - before);
};
const decisionIndex = () => DATA.track.months.indexOf(DATA.month);
const referenceIndex = () => (DATA.reference.kind === "peers" || !DATA.reference.known ? -1 : DATA.track.months.indexOf(DATA.reference.month));

/** Months as places on a line of `width` pixels; gaps in the panel stay gaps. */
function monthScale(width) {
  const { months } = DATA.track;
  const [first, last] = [months[0], months[months.length - 1]];
  const [left, right] = [64, 16];
  const step = (width - left - right) / Math.max(last - first + 1, 1);
  return { left, right: width - right, step, at: (number) => left + (number - first + 0.5) * step };
}
function limitPanel(x, top) {
  const { months, limit } = DATA.track;
  const most = Math.max(...limit.filter((value) => value !== null), 1);
  const y = (amount) => top + HEIGHT.limit * (1 - amount / (1.08 * most));
  const marks = ticks(0, most, 3).map((tick) => [
    svg("line", { class: "grid", x1: x.left, x2: x.right, y1: y(tick), y2: y(tick) }),
    svg("text", { class: "tick", x: x.left - 8, y: y(tick) + 4, "text-anchor": "end" }, shortMoney(tick)),
  ]);
  let [line, area] = ["", ""];
  months.forEach((month, i) => {
    if (limit[i] === null) return;
    const [a, b, level] = [x.at(month) - x.step / 2, x.at(month) + x.step / 2, y(limit[i])];
    const follows = i > 0 && limit[i - 1] !== null && months[i - 1] === month - 1;
    line += `${follows ? "L" : "M"}${a.toFixed(1)} ${level.toFixed(1)}L${b.toFixed(1)} ${level.toFixed(1)}`;
    area += `M${a.toFixed(1)} ${y(0).toFixed(1)}V${level.toFixed(1)}H${b.toFixed(1)}V${y(0).toFixed(1)}Z`;
  });
  const arrows = months.map((month, i) => {
    const moved = movement(i);
    if (!moved) return null;
    const [cx, cy] = [x.at(month) - x.step / 2, y(Math.max(limit[i], limit[i - 1])) - 9];
    const shape = moved < 0 ? `M${cx - 5} ${cy - 5}h10l-5 8z` : `M${cx - 5} ${cy + 3}h10l-5 -8z`;
    return svg("path", { class: moved < 0 ? "cut" : "rise", d: shape });
  });
  return [marks, svg("path", { class: "area", d: area }), svg("path", { class: "limit-line", d: line }), arrows];
}
function scorePanel(x, top) {
  const { months, score, decision } = DATA.track;
  const known = score.filter((value) => value !== null);
  if (!known.length) return svg("text", { class: "tick", x: x.left, y: top + 20 }, say("no_scores"));
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)];
  const margin = Math.max(0.12 * (high - low), 0.3);
  const y = (value) => top + HEIGHT.score * (1 - (value - low + margin) / (high - low + 2 * margin));
  const bottom = top + HEIGHT.score;
  const labels = probabilityTicks(low - margin, high + margin, 0.2).map((tick) => [
    svg("line", { class: "grid", x1: x.left, x2: x.right, y1: bottom - tick.at * HEIGHT.score, y2: bottom - tick.at * HEIGHT.score }),
    svg("text", { class: "tick", x: x.left - 8, y: bottom - tick.at * HEIGHT.score + 4, "text-anchor": "end" }, tick.text),
  ]);
  let path = "";
  months.forEach((month, i) => {
    if (score[i] === null) return;
    const follows = i > 0 && score[i - 1] !== null && months[i - 1] === month - 1;
    path += `${follows ? "L" : "M"}${x.at(month).toFixed(1)} ${y(score[i]).toFixed(1)}`;
  });
  const dots = months.map((month, i) => (score[i] === null ? null
    : svg("circle", { class: `${decision[i] ? "decided" : "between"} ${score[i] >= 0 ? "kept" : "lost"}`, cx: x.at(month), cy: y(score[i]), r: decision[i] ? 3.4 : 1.6 })));
  return [
    svg("rect", { class: "lost", x: x.left, y: y(0), width: x.right - x.left, height: bottom - y(0) }),
    labels,
    svg("line", { class: "keep-line", x1: x.left, x2: x.right, y1: y(0), y2: y(0) }),
    svg("path", { class: "score-line", d: path }), dots,
  ];
}
function monthAxis(x, top) {
  const { months } = DATA.track;
  const [first, last] = [months[0], months[months.length - 1]];
  const every = [1, 2, 3, 6, 12, 24, 48].find((n) => n * x.step >= 62) || 96;
  const labels = [];
  for (let month = Math.ceil(first / every) * every; month <= last; month += every) {
    labels.push(svg("line", { class: "tick-line", x1: x.at(month), x2: x.at(month), y1: top, y2: top + 5 }));
    labels.push(svg("text", { class: "tick", x: clamp(x.at(month), x.left + 18, x.right - 22), y: top + 19, "text-anchor": "middle" }, monthShort(month)));
  }
  return labels;
}
/** A line through both panels with its name above, e.g. at the reference. */
function landmark(x, month, text, kind, bottom, anchor) {
  const at = x.at(month);
  return [
    svg("line", { class: `landmark ${kind}`, x1: at, x2: at, y1: HEIGHT.top - 6, y2: bottom }),
    svg("text", { class: `landmark-name ${kind}`, x: at + (anchor === "end" ? 4 : anchor === "start" ? -4 : 0), y: HEIGHT.top - 12, "text-anchor": anchor }, text),
  ];
}
function timelineDrawing(width) {
  const x = monthScale(width);
  const scoreTop = HEIGHT.top + HEIGHT.limit + HEIGHT.gap;
  const bottom = scoreTop + HEIGHT.score;
  const decisionNear = x.at(DATA.month);
  const landmarks = [landmark(x, DATA.month, say("mark_decision"), "decision", bottom, decisionNear > width - 80 ? "end" : "start")];
  const reference = referenceIndex();
  if (reference >= 0) {
    const near = decisionNear - x.at(DATA.reference.month) < 150;
    landmarks.push(landmark(x, DATA.reference.month, say("mark_reference"), "reference", bottom, near && x.at(DATA.reference.month) > 90 ? "end" : "start"));
  }
  return svg(
    "svg",
    { class: "timeline", viewBox: `0 0 ${width} ${bottom + HEIGHT.axis}`, role: "img", "aria-label": timelineWords() },
    svg("rect", { class: "later", x: Math.min(decisionNear + x.step / 2, x.right), y: HEIGHT.top, width: Math.max(x.right - decisionNear - x.step / 2, 0), height: bottom - HEIGHT.top }),
    limitPanel(x, HEIGHT.top), scorePanel(x, scoreTop), monthAxis(x, bottom), landmarks,
    svg("text", { class: "panel-name", x: x.left, y: scoreTop - 9 }, say("probability_axis")),
    svg("line", { class: "cursor", id: "cursor", x1: 0, x2: 0, y1: HEIGHT.top, y2: bottom }),
  );
}
function timelineWords() {
  const cuts = DATA.track.months.filter((_, i) => movement(i) < 0).length;
  const rises = DATA.track.months.filter((_, i) => movement(i) > 0).length;
  return say("timeline_words", {
    from: monthWords(DATA.track.months[0]), to: monthWords(DATA.track.months[DATA.track.months.length - 1]), cuts, rises,
  });
}
function readingOf(i) {
  const { months, limit, score, decision } = DATA.track;
  const parts = [monthWords(months[i]), say("limit_of", { limit: moneyText(limit[i]) })];
  if (score[i] !== null) parts.push(say("reading_score", { score: scoreText(score[i]), probability: probabilityText(probabilityOf(score[i])) }));
  const moved = movement(i);
  if (moved) parts.push(say(moved < 0 ? "event_decrease" : "event_increase"));
  else if (decision[i]) parts.push(say("event_kept"));
  return parts.join(say("separator"));
}
function chooseMonth(i, drawing) {
  monthChosen = i;
  byId("reading").textContent = readingOf(i);
  byId("month").value = String(i);
  byId("month").setAttribute("aria-valuetext", readingOf(i));
  const x = monthScale(Number(drawing.getAttribute("viewBox").split(" ")[2])).at(DATA.track.months[i]);
  for (const end of ["x1", "x2"]) drawing.querySelector("#cursor").setAttribute(end, x);
  for (const cell of document.querySelectorAll("#history .chosen")) cell.classList.remove("chosen");
  for (const cell of document.querySelectorAll(`#history [data-month="${i}"]`)) cell.classList.add("chosen");
}
function drawTimeline(width) {
  const drawing = timelineDrawing(width);
  const scale = monthScale(width);
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const at = ((event.clientX - box.left) * width) / box.width;
    const near = DATA.track.months.map((month, i) => [Math.abs(scale.at(month) - at), i]).sort((a, b) => a[0] - b[0])[0][1];
    if (near !== monthChosen) chooseMonth(near, drawing);
  });
  byId("timeline-drawing").replaceChildren(drawing);
  chooseMonth(monthChosen === null ? decisionIndex() : monthChosen, drawing);
}
function timelinePanel() {
  const slider = h("input", { type: "range", id: "month", min: 0, max: DATA.track.months.length - 1, step: 1, oninput: () => chooseMonth(Number(slider.value), document.querySelector("svg.timeline")) });
  return h(
    "section",
    { class: "card", id: "timeline", "aria-labelledby": "timeline-title" },
    h("h2", { id: "timeline-title" }, say("timeline_title")),
    h("p", { class: "lead" }, say("timeline_lead")),
    h("div", { id: "timeline-drawing" }),
    h("div", { class: "reader" }, h("label", { for: "month" }, say("month")), slider, h("output", { id: "reading", for: "month" })),
    h("p", { class: "legend" },
      h("span", {}, h("i", { class: "glyph" }, "▼"), say("event_decrease")),
      h("span", {}, h("i", { class: "glyph rises" }, "▲"), say("event_increase")),
      h("span", {}, h("i", { class: "dot-key" }), say("dot_decision")),
      h("span", {}, h("i", { class: "dot-key small" }), say("dot_between")),
      h("span", {}, h("i", { class: "swatch lost" }), say("lost_side"))),
  );
}
