/** The history of a study: results in the order they came, and the best so far. */

import { Chart } from "./chart.js";
import { addDownloads } from "./download.js";
import { history } from "./figures.js";
import { getJson, studyResource } from "./service.js";
import { coloursOf, onThemeChange } from "./theme.js";

const MOST_POINTS = 1000;

/** Draw the history that a figure asks for and keep it up to date. */
export async function start(figure) {
  const chart = new HistoryChart(figure);
  await chart.start();
  return chart;
}

class HistoryChart {
  #results = null;

  constructor(figure) {
    this.chart = new Chart(figure);
    this.dataset = figure.dataset;
  }

  async start() {
    await this.news();
    onThemeChange(() => this.#results && this.#draw());
    addDownloads(this.chart, () => this.#contents());
  }

  /** Fetch the results and draw them. */
  async news() {
    try {
      const answer = await getJson(studyResource(this.dataset.study, "/history"));
      this.#results = (answer.items ?? answer).map((result, i) => ({ order: i + 1, ...result }));
      if (this.#results.length) await this.#draw();
    } catch (error) {
      this.chart.fail(error);
    }
  }

  async #draw() {
    const shown = sample(this.#results, MOST_POINTS);
    const { metric, goal } = this.dataset;
    const figure = history(
      { points: shown, best: bestLine(this.#results) },
      { metric, goal, colours: coloursOf(this.chart.figure), isLog: isWide(this.#results) },
    );
    figure.layout.meta = { key: String(this.#results.length) };
    await this.chart.draw(figure, this.#label());
    this.#sayHowMany(shown.length);
  }

  #label() {
    const best = this.#results.at(-1).best_so_far;
    return `History of ${this.#results.length} results; best ${this.dataset.metric} so far ${best}.`;
  }

  #sayHowMany(count) {
    const said = this.chart.figure.querySelector("[data-sample]");
    if (!said) return;
    const all = this.#results.length;
    said.textContent = count < all ? `${count} of ${all} results: an even sample and every improvement.` : "";
  }

  #contents() {
    const rows = this.#results.map((r) => [r.number, r.value, r.best_so_far, r.completed_at]);
    return { name: "history", rows: [["trial", "value", "best_so_far", "completed_at"], ...rows], json: this.#results };
  }
}

/** Return at most `most` results, evenly taken, and every one that was an improvement. */
export function sample(results, most) {
  if (results.length <= most) return results;
  const step = results.length / most;
  const even = new Set(Array.from({ length: most }, (_, i) => Math.floor(i * step)));
  return results.filter((result, i) => even.has(i) || isImprovement(results, i));
}

/** Return the corners of the best-so-far line, and its end. */
export function bestLine(results) {
  const corners = results.filter((_result, i) => isImprovement(results, i) || i === results.length - 1);
  return corners.map(({ order, best_so_far: value }) => ({ order, value }));
}

const isImprovement = (results, i) => i === 0 || results[i].best_so_far !== results[i - 1].best_so_far;

/** Say whether positive values span so much that a log axis shows more. */
function isWide(results) {
  let [low, high] = [Infinity, -Infinity];
  for (const { value } of results) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > 0 && high / low > 50;
}
