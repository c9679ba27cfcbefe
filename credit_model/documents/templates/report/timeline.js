// The timeline: limit above, keep score below, one mark for every decision, and a reading for the month chosen.
const TRACK = DATA.track;
const HEIGHT = { top: 26, limit: 118, gap: 30, score: 128, axis: 34 };
let monthChosen = null;

/** Months as places on a line of `width` pixels; gaps in the panel stay gaps. */
function monthScale(width) {
  const [first, last] = [TRACK.months[0], TRACK.months[TRACK.months.length - 1]];
  const [left, right] = [64, 16];
  const step = (width - left - right) / Math.max(last - first + 1, 1);
  return { left, right: width - right, step, at: (number) => left + (number - first + 0.5) * step };
}
/** The months in which `values` goes on from the month before. */
const follows = (values, i) => i > 0 && values[i - 1] !== null && TRACK.months[i - 1] === TRACK.months[i] - 1;
function mark(x, y, text) {
  return [
    svg("line", { class: "grid", x1: x.left, x2: x.right, y1: y, y2: y }),
    svg("text", { class: "tick", x: x.left - 8, y: y + 4, "text-anchor": "end" }, text),
  ];
}
function limitPanel(x, top) {
  const { limit, moved } = TRACK;
  const y = (amount) => top + HEIGHT.limit * (1 - placeOn(TRACK.limit_axis, amount));
  let [line, area] = ["", ""];
  TRACK.months.forEach((month, i) => {
    if (limit[i] === null) return;
    const [a, b, level] = [x.at(month) - x.step / 2, x.at(month) + x.step / 2, y(limit[i])];
    line += `${follows(limit, i) ? "L" : "M"}${a.toFixed(1)} ${level.toFixed(1)}L${b.toFixed(1)} ${level.toFixed(1)}`;
    area += `M${a.toFixed(1)} ${y(0).toFixed(1)}V${level.toFixed(1)}H${b.toFixed(1)}V${y(0).toFixed(1)}Z`;
  });
  const arrows = TRACK.months.map((month, i) => {
    if (!moved[i]) return null;
    const [cx, cy] = [x.at(month) - x.step / 2, y(Math.max(limit[i], limit[i - 1])) - 9];
    const shape = moved[i] < 0 ? `M${cx - 5} ${cy - 5}h10l-5 8z` : `M${cx - 5} ${cy + 3}h10l-5 -8z`;
    return svg("path", { class: moved[i] < 0 ? "cut" : "rise", d: shape });
  });
  const marks = TRACK.limit_ticks.map(([amount, text]) => mark(x, y(amount), told(text)));
  return [marks, svg("path", { class: "area", d: area }), svg("path", { class: "limit-line", d: line }), arrows];
}
function scorePanel(x, top) {
  const { score, decided, kept, score_axis: axis } = TRACK;
  if (!axis) return svg("text", { class: "tick", x: x.left, y: top + 20 }, say("no_scores"));
  const y = (value) => top + HEIGHT.score * (1 - placeOn(axis, value));
  const [bottom, line] = [top + HEIGHT.score, y(DATA.keep_line)];
  let path = "";
  TRACK.months.forEach((month, i) => {
    if (score[i] !== null) path += `${follows(score, i) ? "L" : "M"}${x.at(month).toFixed(1)} ${y(score[i]).toFixed(1)}`;
  });
  const dots = TRACK.months.map((month, i) => (score[i] === null ? null
    : svg("circle", { class: `${decided[i] ? "decided" : "between"} ${kept[i] ? "kept" : "lost"}`, cx: x.at(month), cy: y(score[i]), r: decided[i] ? 3.4 : 1.6 })));
  return [
    svg("rect", { class: "lost", x: x.left, y: line, width: x.right - x.left, height: bottom - line }),
    riskMarks(axis, 0.2).map((tick) => mark(x, bottom - tick.at * HEIGHT.score, tick.text)),
    svg("line", { class: "keep-line", x1: x.left, x2: x.right, y1: line, y2: line }),
    svg("path", { class: "score-line", d: path }), dots,
  ];
}
/** Months to name below an axis, so many apart that their names have `room` pixels. */
function namedMonths(step, first, last, room) {
  const every = [1, 2, 3, 6, 12, 24, 48].find((n) => n * step >= room) || 96;
  const months = [];
  for (let month = Math.ceil(first / every) * every; month <= last; month += every) months.push(month);
  return months;
}
function monthAxis(x, top) {
  const first = TRACK.months[0];
  const names = told(TRACK.axis_months);
  return namedMonths(x.step, first, TRACK.months[TRACK.months.length - 1], 62).map((month) => [
    svg("line", { class: "tick-line", x1: x.at(month), x2: x.at(month), y1: top, y2: top + 5 }),
    svg("text", { class: "tick", x: clamp(x.at(month), x.left + 18, x.right - 22), y: top + 19, "text-anchor": "middle" }, names[month - first]),
  ]);
}
/** A line through both panels with its name above, e.g. at the reference. */
function landmark(x, place, text, look, bottom, anchor) {
  const at = x.at(TRACK.months[place]);
  return [
    svg("line", { class: `landmark ${look}`, x1: at, x2: at, y1: HEIGHT.top - 6, y2: bottom }),
    svg("text", { class: `landmark-name ${look}`, x: at + (anchor === "end" ? 4 : anchor === "start" ? -4 : 0), y: HEIGHT.top - 12, "text-anchor": anchor }, text),
  ];
}
function timelineDrawing(width) {
  const x = monthScale(width);
  const scoreTop = HEIGHT.top + HEIGHT.limit + HEIGHT.gap;
  const bottom = scoreTop + HEIGHT.score;
  const decided = x.at(TRACK.months[TRACK.decision]);
  const landmarks = [landmark(x, TRACK.decision, say("mark_decision"), "decision", bottom, decided > width - 80 ? "end" : "start")];
  if (TRACK.reference >= 0) {
    const at = x.at(TRACK.months[TRACK.reference]);
    landmarks.push(landmark(x, TRACK.reference, say("mark_reference"), "reference", bottom, decided - at < 150 && at > 90 ? "end" : "start"));
  }
  return svg(
    "svg",
    { class: "timeline", viewBox: `0 0 ${width} ${bottom + HEIGHT.axis}`, role: "img", "aria-label": told(TRACK.words) },
    svg("rect", { class: "later", x: Math.min(decided + x.step / 2, x.right), y: HEIGHT.top, width: Math.max(x.right - decided - x.step / 2, 0), height: bottom - HEIGHT.top }),
    limitPanel(x, HEIGHT.top), scorePanel(x, scoreTop), monthAxis(x, bottom), landmarks,
    svg("text", { class: "panel-name", x: x.left, y: scoreTop - 9 }, say("risk_axis")),
    svg("line", { class: "cursor", id: "cursor", x1: 0, x2: 0, y1: HEIGHT.top, y2: bottom }),
  );
}
function chooseMonth(i, drawing) {
  monthChosen = i;
  const reading = told(TRACK.readings)[i];
  byId("reading").textContent = reading;
  byId("month").value = String(i);
  byId("month").setAttribute("aria-valuetext", reading);
  const x = monthScale(Number(drawing.getAttribute("viewBox").split(" ")[2])).at(TRACK.months[i]);
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
    const away = TRACK.months.map((month) => Math.abs(scale.at(month) - at));
    const near = away.indexOf(Math.min(...away));
    if (near !== monthChosen) chooseMonth(near, drawing);
  });
  byId("timeline-drawing").replaceChildren(drawing);
  chooseMonth(monthChosen === null ? TRACK.decision : monthChosen, drawing);
}
function timelinePanel() {
  const slider = h("input", { type: "range", id: "month", min: 0, max: TRACK.months.length - 1, step: 1, oninput: () => chooseMonth(Number(slider.value), document.querySelector("svg.timeline")) });
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
