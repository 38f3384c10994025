/** The history of a study: results in the order they came, and the best so far. */

import { Chart } from "./chart.js";
import { addDownloads } from "./download.js";
import { history as figureOf } from "./figures.js";
import { number } from "./format.js";
import { address } from "./service.js";
import { history } from "./study.js";
import { coloursOf, onThemeChange } from "./theme.js";

/** Draw the history that a figure asks for and keep it up to date. */
export async function start(figure) {
  const chart = new HistoryChart(figure);
  await chart.start();
  return chart;
}

class HistoryChart {
  #total = 0;
  #results = null;

  constructor(figure) {
    this.chart = new Chart(figure);
    this.dataset = figure.dataset;
  }

  async start() {
    await this.news();
    onThemeChange(() => this.#draw());
  }

  /** Fetch the results and draw them. */
  async news() {
    try {
      const asked = history(this.dataset.study, this.dataset.query, { isNews: this.#results !== null });
      const { content, isNew } = await asked;
      [this.#total, this.#results] = [content.total, content.items];
      if (!isNew && !this.chart.hasFailed) return;
      await this.#draw();
    } catch (error) {
      this.chart.fail(error);
    }
  }

  async #draw() {
    if (!this.#results?.length) return this.#sayNothing();
    const { metric, goal } = this.dataset;
    const isFirst = !this.chart.plot;
    const figure = figureOf(
      { points: this.#results, best: bestLine(this.#results) },
      { metric, goal, colours: coloursOf(this.chart.figure), width: this.chart.width, isLog: isWide(this.#results) },
    );
    figure.layout.meta = { key: String(this.#total) };
    await this.chart.draw(figure, this.#label());
    this.#sayHowMany();
    if (!isFirst) return;
    addDownloads(this.chart, () => this.#contents());
    this.chart.plot.on("plotly_click", ({ points }) => this.#open(points[0]?.customdata?.[0]));
  }

  #sayNothing() {
    this.chart.figure.dataset.drawn = "empty";
    const said = this.chart.body.querySelector(".empty");
    if (said && this.dataset.query) said.textContent = "No trial that matches has a result.";
  }

  /** Go to the trial of a result that was clicked; the line of the best has none. */
  #open(number) {
    if (number) location.assign(address(`/studies/${encodeURIComponent(this.dataset.study)}/trials/${number}`));
  }

  #label() {
    const best = this.#results.at(-1).best_so_far;
    return `History of ${this.#total} results; best ${this.dataset.metric} so far ${number(best)}.`;
  }

  #sayHowMany() {
    const said = this.chart.figure.querySelector("[data-sample]");
    if (!said) return;
    const [shown, all] = [this.#results.length, this.#total];
    said.textContent = shown < all ? `${shown} of ${all} results: an even sample and every improvement.` : "";
  }

  #contents() {
    const rows = this.#results.map((result) => [result.order, result.number, result.value, result.best_so_far]);
    return { name: "history", rows: [["order", "trial", "value", "best_so_far"], ...rows], json: this.#results };
  }
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
