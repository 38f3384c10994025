/** What every chart on a page shares: where it is drawn, how it fails, what can be taken home. */

import { CONFIG, loadPlotly } from "./plotly.js";

/** A figure on the page that Plotly draws over the server's first paint. */
export class Chart {
  #plot = null;
  #error = null;

  constructor(figure) {
    this.figure = figure;
    this.body = figure.querySelector(".chart-body");
  }

  get width() {
    return this.body.clientWidth;
  }

  get height() {
    return this.body.clientHeight;
  }

  /** The element that Plotly draws into, once it has drawn. */
  get plot() {
    return this.#plot;
  }

  /** Whether anything was drawn: until then what goes wrong is told by who starts the chart. */
  get isDrawn() {
    return "drawn" in this.figure.dataset;
  }

  /** Draw a figure; the first paint goes away only when there is something to put in its place. */
  async draw({ data, layout }, label) {
    const Plotly = await loadPlotly();
    if (!this.#plot) await new Promise((next) => setTimeout(next)); // so that charts are drawn one by one
    const plot = this.#plot ?? this.#place();
    await Plotly.react(plot, data, layout, CONFIG);
    this.#plot = plot;
    this.body.replaceChildren(plot);
    plot.setAttribute("aria-label", label);
    this.figure.dataset.drawn = layout.meta?.key ?? "yes";
    this.forgive();
    return plot;
  }

  #place() {
    const plot = document.createElement("div");
    plot.className = "plot";
    plot.setAttribute("role", "img");
    this.body.append(plot);
    return plot;
  }

  /** Say beside the chart what went wrong; what was drawn stays. */
  fail(error) {
    if (error.name === "AbortError") return;
    if (!this.isDrawn) throw error;
    if (!this.#error) {
      this.#error = document.createElement("p");
      this.#error.className = "chart-error";
      this.#error.setAttribute("role", "alert");
      this.body.after(this.#error);
    }
    this.#error.textContent = `This chart could not be brought up to date: ${error.message}.`.replace("..", ".");
  }

  /** Whether what is drawn is not what it should be. */
  get hasFailed() {
    return this.#error !== null;
  }

  /** Take back what `fail` said. */
  forgive() {
    this.#error?.remove();
    this.#error = null;
  }

  /** Call a function when the chart is much wider or narrower than when it was drawn. */
  onResize(listener) {
    let drawnAt = this.width;
    new ResizeObserver(() => {
      if (Math.abs(this.width - drawnAt) < 40) return;
      drawnAt = this.width;
      listener();
    }).observe(this.body);
  }
}

/** Return a function that runs `work` once, `delay` ms after its last call. */
export function settled(work, delay) {
  let timer = 0;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), delay);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** Return an element with a class, attributes and children. */
export function element(tag, { className, text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Return a button that does something. */
export function button(text, onClick, attributes = {}) {
  const made = element("button", { type: "button", text, ...attributes });
  made.addEventListener("click", onClick);
  return made;
}

/** Return a select among [value, text] pairs. */
export function choice(options, chosen, onChange) {
  const made = element("select");
  for (const [value, text] of options) made.append(new Option(text, value));
  made.value = chosen;
  if (onChange) made.addEventListener("change", () => onChange(made.value));
  return made;
}
