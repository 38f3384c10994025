/** Line charts of anything over anything: the page's own numbers, drawn by Plotly. */

import { Chart } from "./chart.js";
import { addDownloads } from "./download.js";
import { lines as figureOf } from "./figures.js";
import { number, percent } from "./format.js";
import { feed } from "./study.js";
import { coloursOf, onThemeChange } from "./theme.js";

/** Draw the lines that a figure asks for and keep them up to date. */
export async function start(figure) {
  const chart = new LinesChart(figure);
  await chart.start();
  return chart;
}

class LinesChart {
  #shown = null;

  constructor(figure) {
    this.chart = new Chart(figure);
    this.feed = figure.dataset.feed;
  }

  async start() {
    await this.news();
    onThemeChange(() => this.#draw());
  }

  /** Fetch the numbers and draw them. */
  async news() {
    try {
      const { content, isNew } = await feed(this.feed, { isNews: this.#shown !== null });
      this.#shown = content;
      if (!isNew && !this.chart.hasFailed) return;
      await this.#draw();
    } catch (error) {
      this.chart.fail(error);
    }
  }

  async #draw() {
    const shown = this.#shown;
    const count = shown.series.reduce((n, { x }) => n + x.length, 0);
    if (!count) {
      this.chart.figure.dataset.drawn = "empty";
      return;
    }
    const isFirst = !this.chart.plot;
    const figure = figureOf(shown, { colours: coloursOf(this.chart.figure), width: this.chart.width });
    figure.layout.meta = { key: String(count) };
    await this.chart.draw(figure, describe(shown));
    if (isFirst) addDownloads(this.chart, () => contents(this.chart.figure.id, this.#shown));
  }
}

function describe({ x_title: x, y_title: y, is_share: isShare, series }) {
  const word = isShare ? percent : (value) => number(value);
  return `${y} over ${x}: ${series.map(({ name, y: values }) => `${name} ends at ${word(values.at(-1))}`).join("; ")}.`;
}

function contents(name, shown) {
  const rows = shown.series.flatMap((one) => one.x.map((x, i) => [one.name, x, one.y[i]]));
  return { name, rows: [["series", shown.x_title, shown.y_title], ...rows], json: shown };
}
