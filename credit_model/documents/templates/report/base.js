// What both pages share. JavaScript only prints: every text, number, colour, order and judgement comes ready from the
// embedded record. A text is a string, or one string a language. Text reaches the document as text nodes only: nothing
// here ever parses markup.
const embedded = (id) => JSON.parse(document.getElementById(id).textContent);
const DATA = embedded("data");
const WORDS = embedded("words");
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const view = { lang: DATA.lang, theme: "light", chosen: null };

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, setting] of Object.entries(value)) node.style.setProperty(key, setting);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG_NAMESPACE, tag), attributes, children);
/** " → ", read out as a word. */
const arrow = () => [h("span", { class: "arrow", "aria-hidden": "true" }, " → "), h("span", { class: "unseen" }, ` ${say("to")} `)];
const arrowPair = (before, after) => [h("span", { class: "was" }, before), arrow(), h("span", { class: "is" }, after)];
const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const dot = (colour) => h("i", { class: "factor-dot", "aria-hidden": "true", style: { background: colour } });

// ---- words ------------------------------------------------------------------------------------------------------
/** A text (or a list of texts) of the record in the language shown. */
const told = (texts) => (texts !== null && typeof texts === "object" && !Array.isArray(texts) ? texts[view.lang] : texts);
const filled = (text, places) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in places ? places[name] : whole));
/** The page's own words for a key in the language shown, with {places} filled. */
const say = (key, places) => filled(WORDS[view.lang][key], places || {});
/** Words as a list inside a sentence, joined by the language's own patterns. */
function joined(words) {
  const { two, start, middle, end } = DATA.formats[view.lang].list;
  const put = (pattern, a, b) => pattern.replace(/\{([01])\}/g, (_, place) => (place === "0" ? a : b));
  if (words.length < 2) return words.join("");
  if (words.length === 2) return put(two, ...words);
  const inner = words.slice(1, -1).reduce((list, word, i) => put(i ? middle : start, list, word), words[0]);
  return put(end, inner, words[words.length - 1]);
}
/** A count, with the language's groups of digits. */
const counted = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, DATA.formats[view.lang].group);
/** A share of counts as the language writes it: rounded half to even, as everywhere, and never to all or nothing. */
function shareText(part, whole) {
  const { percent, least, most } = DATA.formats[view.lang];
  const share = (100 * part) / whole;
  if (share > 0 && share < 1) return least;
  if (share > 99 && share < 100) return most;
  const rounded = share % 1 === 0.5 ? 2 * Math.round(share / 2) : Math.round(share);
  return percent.replace("0", String(rounded));
}

// ---- scales -----------------------------------------------------------------------------------------------------
/** Where a value lies on an axis { low, high }, as a share of its length. */
const placeOn = (axis, value) => (value - axis.low) / (axis.high - axis.low);
/** The marks for risks that have room on an axis of log-odds, at least `apart` (a share of it) from each other; long ones more. */
function riskMarks(axis, apart) {
  const taken = [];
  const room = (a, b) => apart * Math.max(1, (a.length + b.length) / 8);
  for (const [score, text] of DATA.risk_ticks) {
    const at = placeOn(axis, score);
    if (at >= 0.02 && at <= 0.98 && taken.every((mark) => Math.abs(mark.at - at) >= room(mark.text, text))) taken.push({ at, text });
  }
  return taken;
}

// ---- language, theme, state in the address ----------------------------------------------------------------------
function readAddress() {
  const state = new URLSearchParams(location.hash.slice(1));
  if (Object.hasOwn(DATA.languages, state.get("lang"))) view.lang = state.get("lang");
  if (["light", "dark"].includes(state.get("theme"))) view.chosen = state.get("theme");
  return state;
}
function writeAddress(more) {
  const state = new URLSearchParams();
  for (const [key, value] of Object.entries(more || {})) if (value) state.set(key, value);
  if (view.lang !== DATA.lang) state.set("lang", view.lang);
  if (view.chosen) state.set("theme", view.chosen);
  const hash = state.toString().replaceAll("%2C", ",");
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}
function applyTheme() {
  view.theme = view.chosen || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = view.theme;
}
/** Wires the header's switches and draws the page; `draw` fills <main>, `address` tells what else the address keeps. */
function start(draw, address) {
  const redraw = () => {
    document.documentElement.lang = DATA.languages[view.lang];
    document.title = told(DATA.title);
    for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
    const dark = byId("theme");
    dark.setAttribute("aria-checked", String(view.theme === "dark"));
    for (const button of document.querySelectorAll("[data-lang]")) {
      button.setAttribute("aria-pressed", String(button.dataset.lang === view.lang));
    }
    for (const link of document.querySelectorAll("a[data-keep]")) link.href = `${link.dataset.keep}${viewHash()}`;
    draw();
  };
  for (const button of document.querySelectorAll("[data-lang]")) {
    button.addEventListener("click", () => {
      view.lang = button.dataset.lang;
      writeAddress(address());
      redraw();
    });
  }
  byId("theme").addEventListener("click", () => {
    view.chosen = view.theme === "dark" ? "light" : "dark";
    applyTheme();
    writeAddress(address());
    redraw();
  });
  byId("print").addEventListener("click", () => window.print());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    applyTheme();
    redraw();
  });
  applyTheme();
  redraw();
  return redraw;
}
/** The part of the address that other pages of the report should open with. */
function viewHash() {
  const state = new URLSearchParams();
  if (view.lang !== DATA.lang) state.set("lang", view.lang);
  if (view.chosen) state.set("theme", view.chosen);
  return state.size ? `#${state}` : "";
}
const footer = () => h("footer", { class: "foot" }, h("p", {}, say("method")), h("p", {}, told(DATA.versions)));
