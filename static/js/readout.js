/** What is known of the cell under the pointer, in all layers. */

import { element } from "./chart.js";
import { level, number } from "./format.js";
import { READ_OUT, layerOf, valueText } from "./layers.js";

/** A small panel beside the pointer. */
export class Readout {
  #panel = element("div", { className: "readout", hidden: true });
  #look = null;
  #cell = null;

  constructor(body) {
    this.body = body;
  }

  /** Attach to a drawn plot; `look` returns {matrix, layers, results, isExcluded} of what is shown. */
  attach(plot, look) {
    this.#look = look;
    plot.on("plotly_hover", ({ points, event }) => {
      const [j, i] = points[0].pointIndex ?? [];
      if (i === undefined) return;
      this.#cell = [i, j];
      this.refresh();
      this.#place(event);
    });
    plot.on("plotly_unhover", () => this.hide());
  }

  /** Put the panel back after the body was emptied. */
  keep() {
    this.body.append(this.#panel);
  }

  get isOpen() {
    return this.#cell !== null;
  }

  hide() {
    this.#cell = null;
    this.#panel.hidden = true;
  }

  /** Say anew what is known of the cell, because more came in. */
  refresh() {
    if (this.#cell) this.#fill(this.#look(), ...this.#cell);
  }

  #fill({ matrix, layers, results, isExcluded }, i, j) {
    const rows = [[matrix.x, level(matrix.x_values[i])]];
    if (matrix.y) rows.push([matrix.y, level(matrix.y_values[j])]);
    const names = [...new Set([matrix.layer, ...READ_OUT])];
    for (const name of names) {
      const known = name !== matrix.layer ? layers.get(name) : matrix.isShaded ? null : matrix;
      const text = known ? valueText(name, known.z[j][i]) : known === false ? "–" : "…";
      rows.push([layerOf(name).title, text]);
    }
    if (isExcluded(i, j)) rows.push(["excluded", "not searched"]);
    const found = results(i, j);
    if (found?.count) rows.push([found.count === 1 ? "result" : "results", shortList(found)]);
    this.#panel.replaceChildren(element("table", {}, element("tbody", {}, ...rows.map(row))));
  }

  #place(event) {
    const box = this.body.getBoundingClientRect();
    this.#panel.hidden = false;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { offsetWidth: width, offsetHeight: height } = this.#panel;
    const left = x + 16 + width > box.width ? Math.max(0, x - width - 12) : x + 16;
    const top = Math.min(Math.max(0, y - height / 2), Math.max(0, box.height - height));
    this.#panel.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}

const row = ([name, value]) =>
  element("tr", {}, element("th", { scope: "row", text: name }), element("td", { text: value }));

const shortList = ({ values, count }) => {
  const shown = values.slice(0, 4).map((value) => number(value)).join(", ");
  return values.length < count ? `mean ${shown} of ${count}` : shown;
};
