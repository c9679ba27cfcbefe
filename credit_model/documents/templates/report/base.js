// What both pages share. Text reaches the document as text nodes only: nothing here ever parses markup.
const embedded = (id) => JSON.parse(document.getElementById(id).textContent);
const DATA = embedded("data");
const WORDS = embedded("words");
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const MINUS = "\u2212";
// The plots' colours of factors, by their place in the catalogue.
const FACTOR_COLOURS = [
  "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#661100", "#B2DF8A", "#332288", "#4D4D4D",
  "#F0E442", "#000000",
];
/** How loudly a badge speaks. */
const TONES = { unexplained: "warn", knock_out: "alert", delinquency: "alert", inactivity: "note", class_wide: "note" };
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
const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const factorColour = (index) => FACTOR_COLOURS[index % FACTOR_COLOURS.length];

// ---- words ------------------------------------------------------------------------------------------------------
/** The text for a key in the language shown, with its {places} filled. */
function say(key, places) {
  const text = WORDS[view.lang][key];
  return places ? text.replace(/\{(\w+)\}/g, (_, name) => places[name]) : text;
}
/** The same, in the words for a comparison with peers where there are any. */
const sayCompared = (key, places) =>
  say(DATA.reference.kind === "peers" && `${key}_peers` in WORDS[view.lang] ? `${key}_peers` : key, places);
const inLanguage = (texts) => texts[view.lang];
/** A text as the beginning of a line has it. */
const headed = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
const joinWords = (words) => {
  if (words.length < 2) return words.join("");
  return words.slice(0, -1).join(say("comma")) + say("and") + words[words.length - 1];
};

// ---- numbers, as Python's wording writes them -------------------------------------------------------------------
const probabilityOf = (score) => 1 / (1 + Math.exp(-score));
const withMinus = (text) => text.replace("-", MINUS);
const grouped = (text) => text.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

function probabilityText(probability) {
  if (probability < 0.01) return "<1%";
  if (probability > 0.99) return ">99%";
  return `${(100 * probability).toFixed(0)}%`;
}
function scoreText(score, signed) {
  const text = score.toFixed(2);
  if (text === "-0.00" || text === "0.00") return "0.00";
  return withMinus(signed && score > 0 ? `+${text}` : text);
}
function numberText(value, most) {
  const size = Math.abs(value);
  const places = size >= 100 ? 0 : size >= 10 ? Math.min(most, 1) : most;
  const text = value.toFixed(places);
  const trimmed = text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
  return withMinus(grouped(trimmed === "-0" ? "0" : trimmed));
}
function moneyText(amount) {
  if (amount === null) return say("unknown");
  const [before, after] = DATA.currency[view.lang];
  const digits = Number.isInteger(amount) || Math.abs(amount) >= 100 ? 0 : 2;
  const sign = amount < 0 ? MINUS : "";
  return sign + before + grouped(Math.abs(amount).toFixed(digits)) + after;
}
const shortMoney = (amount) => {
  const [scale, letter] = amount >= 1e6 ? [1e6, "M"] : amount >= 1e4 ? [1e3, "k"] : [1, ""];
  return `${numberText(amount / scale, 1)}${letter}`;
};

// ---- months -----------------------------------------------------------------------------------------------------
function monthShort(number) {
  if (DATA.month_type === "integer") return withMinus(String(number));
  return `${Math.floor(number / 12)}-${String((number % 12) + 1).padStart(2, "0")}`;
}
function monthWords(number) {
  if (DATA.month_type === "integer") return say("month_number", { number: withMinus(String(number)) });
  const [year, month] = [Math.floor(number / 12), number % 12];
  return say("month_words", { year, month: month + 1, name: say("month_names").split(" ")[month] });
}

// ---- scales -----------------------------------------------------------------------------------------------------
/** Round tick values inside [low, high], about `count` of them. */
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough);
  const result = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) result.push(i * step);
  return result;
}
const PROBABILITY_TICKS = [0.5, 0.1, 0.9, 0.25, 0.75, 0.01, 0.99, 0.001, 0.999, 0.05, 0.95, 0.0001, 0.9999];
/** Probabilities to mark on an axis of log-odds, at least `apart` (a share of the axis) from each other. */
function probabilityTicks(low, high, apart) {
  const taken = [];
  for (const probability of PROBABILITY_TICKS) {
    const at = (Math.log(probability / (1 - probability)) - low) / (high - low);
    if (at >= 0.02 && at <= 0.98 && taken.every((tick) => Math.abs(tick.at - at) >= apart)) {
      const digits = probability < 0.01 || probability > 0.99 ? String(+(100 * probability).toFixed(2)) : (100 * probability).toFixed(0);
      taken.push({ at, text: `${digits}%` });
    }
  }
  return taken;
}

// ---- language, theme, state in the address ----------------------------------------------------------------------
function readAddress() {
  const state = new URLSearchParams(location.hash.slice(1));
  if (["en", "zh"].includes(state.get("lang"))) view.lang = state.get("lang");
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
    document.documentElement.lang = view.lang === "zh" ? "zh-Hans" : "en";
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
