// What a chart needs around its drawing: Plotly itself, the theme, the palette's names as colours, and what two figures share.
// Stands in front of chart.js, in the same module.

function loadPlotly() {
  if (!window.__playgroundPlotly) {
    window.__playgroundPlotly = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const main = document.querySelector('script[src*="static/js/"]');
      const root = main ? main.src.split("/static/js/")[0] : window.location.origin;
      script.src = `${root}/app/static/plotly.min.js`;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        window.__playgroundPlotly = null;
        reject(new Error("plotly.min.js could not be loaded"));
      };
      document.head.appendChild(script);
    });
  }
  return window.__playgroundPlotly;
}

const luminance = (colour) => {
  const [r, g, b] = (colour.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const pageColour = () => getComputedStyle(document.querySelector(".stApp") || document.body).backgroundColor;
const themeNow = () => (luminance(pageColour()) < 110 ? "dark" : "light");
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function paint(value, colours) {
  if (typeof value === "string" && value.startsWith("@")) {
    const [name, opacity] = value.slice(1).split("/");
    const hex = colours[name];
    if (!opacity) return hex;
    const channel = (i) => parseInt(hex.slice(i, i + 2), 16);
    return `rgba(${channel(1)},${channel(3)},${channel(5)},${Number(opacity) / 100})`;
  }
  if (Array.isArray(value)) return value.map((item) => paint(item, colours));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, paint(v, colours)]));
  return value;
}

function setPath(target, path, value) {
  const keys = path.split(".");
  const last = keys.pop();
  let place = target;
  for (const key of keys) place = place[key] = place[key] || {};
  place[last] = value;
}

const withoutArrays = (traces) => JSON.stringify(traces, (k, v) => (k === "x" || k === "y" ? undefined : v));

// Everything in a layout that bars are read against: the main axes, the picked row, the labels.
const FRAME_KEYS = ["xaxis", "yaxis", "xaxis2", "shapes", "height", "font"];
const frameOf = (layout) => JSON.stringify(FRAME_KEYS.map((key) => layout[key]));

// Numbers between two lists of equal length; everything else is already what it becomes.
function blend(from, to, part) {
  if (!Array.isArray(to) || from?.length !== to.length) return to;
  return to.map((value, i) => (typeof value === "number" && typeof from[i] === "number" ? from[i] + (value - from[i]) * part : value));
}

function grow(node, scale) {
  if (!node || typeof node !== "object") return;
  for (const [key, value] of Object.entries(node)) {
    if ((key === "font" || key === "tickfont") && value && value.size) value.size *= scale;
    if (key === "margin") for (const side of ["l", "t", "b"]) if (value[side]) value[side] *= scale;
    if (key !== "margin") grow(value, scale);
  }
}
