/** Small maps of every pair of axes: which pair is worth a closer look. */

import { decadeBelow, peakOf, roundUp } from "./figures.js";
import { paint } from "./frames.js";
import { element } from "./chart.js";
import { level } from "./format.js";
import { layerOf } from "./layers.js";
import { ramp } from "./palettes.js";
import { definitionOf, posterior } from "./study.js";
import { shown } from "./query.js";

/** Draw the matrix of marginals that a figure asks for. */
export async function start(figure) {
  const matrix = new Marginals(figure);
  await matrix.news();
  return matrix;
}

class Marginals {
  #isDrawn = false;

  constructor(figure) {
    this.figure = figure;
    this.body = figure.querySelector(".chart-body");
    this.study = figure.dataset.study;
  }

  /** Fetch all pairs and draw them; a pair that fails is left out and said so. */
  async news() {
    const { parameters } = await definitionOf(this.study);
    const names = parameters.map((parameter) => parameter.name);
    const pairs = names.flatMap((y, j) => names.slice(0, j).map((x) => [x, y]));
    const at = shown().get("at");
    const options = { isNews: this.#isDrawn };
    const asked = pairs.map(([x, y]) => posterior(this.study, { layer: "p_best", x, y, reduce: "sum", at }, options));
    const found = await Promise.all(asked.map((one) => one.catch(() => null)));
    if (!found.some(Boolean)) await asked[0]; // throws what was wrong with all of them
    this.#draw(names, pairs, found);
    this.#isDrawn = true;
  }

  #draw(names, pairs, found) {
    const shade = sharedScale(found);
    const rows = names.slice(1).map((y) => {
      const cells = names.slice(0, -1).map((x) => {
        const at = pairs.findIndex((pair) => pair[0] === x && pair[1] === y);
        return element("td", {}, ...(found[at] ? [small(found[at], shade)] : []));
      });
      return element("tr", {}, element("th", { scope: "row", text: y }), ...cells);
    });
    const foot = names.slice(0, -1).map((x) => element("th", { scope: "col", text: x }));
    const head = element("tr", {}, element("td", {}), ...foot);
    const table = element("table", { className: "marginals" }, element("thead", {}, head), element("tbody", {}, ...rows));
    table.style.setProperty("--columns", rows.length);
    this.body.replaceChildren(table);
    this.figure.dataset.drawn = "yes";
  }
}

/** Return how a probability becomes a colour: one logarithmic scale for all maps, so that they compare. */
function sharedScale(found) {
  const values = found.flatMap((matrix) => (matrix ? matrix.z.flat() : [])).filter((p) => p > 0);
  const top = roundUp(values.reduce((high, p) => Math.max(high, p), 0));
  const bottom = decadeBelow(values.reduce((low, p) => Math.min(low, p), 1), top);
  const decades = Math.log10(top / bottom);
  return (p) => Math.round((255 * Math.log10(Math.min(top, Math.max(bottom, p ?? 0)) / bottom)) / decades);
}

function small(matrix, shade) {
  const [nx, ny] = [matrix.x_values.length, matrix.y_values.length];
  const canvas = element("canvas", { role: "img", "aria-label": `${matrix.x} and ${matrix.y}: ${peak(matrix)}` });
  paint(canvas, Uint8Array.from(matrix.z.flat(), shade), nx, ny, ramp(layerOf("p_best").palette));
  const query = shown();
  query.set("x", matrix.x);
  query.set("y", matrix.y);
  const isShown = shown().get("x") === matrix.x && shown().get("y") === matrix.y;
  return element("a", { href: `?${query}`, ...(isShown && { "aria-current": "true" }) }, canvas);
}

function peak(matrix) {
  const { i, j } = peakOf(matrix);
  return `highest at ${level(matrix.x_values[i])}, ${level(matrix.y_values[j])}`;
}
