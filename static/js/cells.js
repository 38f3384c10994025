/** The map as a control: a cell cursor for the keyboard, and what can be done with one cell. */

import { element } from "./chart.js";
import { areaOf, scales } from "./film.js";
import { level } from "./format.js";
import { layerOf, valueText } from "./layers.js";
import { address, sendJson, studyResource, withQuery } from "./service.js";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * A cursor over a drawn heatmap, and a menu for the cell under it.
 *
 * `look` returns {matrix, results} of what is shown; `fixed` returns the levels of the parameters
 * that are not on the axes.
 */
export class CellCursor {
  #at = null;
  #tools;
  #box = element("div", { className: "cell-cursor", hidden: true, "aria-hidden": "true" });
  #said = element("p", { className: "visually-hidden", role: "status" });
  #menu = element("div", { className: "cell-menu", role: "group", "aria-label": "This cell", hidden: true });

  constructor(chart, { study, look, fixed }) {
    Object.assign(this, { chart, study, look, fixed });
    this.pad = element("button", {
      type: "button",
      className: "cell-pad",
      text: "Choose a cell",
      "aria-label": "Choose a cell of the map: arrow keys move, Enter opens what can be done with it",
    });
    this.pad.addEventListener("keydown", (event) => this.#key(event));
    this.pad.addEventListener("click", () => this.#open());
    this.pad.addEventListener("focus", () => this.#go(0, 0));
    this.pad.addEventListener("blur", () => (this.#box.hidden = this.#menu.hidden));
    this.#menu.addEventListener("keydown", (event) => event.key === "Escape" && this.#close());
    this.#tools = element("div", { className: "cell-tools" }, this.pad, this.#said);
    chart.body.after(this.#tools, this.#menu);
    chart.plot.on("plotly_click", ({ points }) => {
      const [j, i] = points[0]?.pointIndex ?? [];
      if (i === undefined) return;
      this.#at = [i, j];
      this.#open();
    });
  }

  /** Put another control beside the cursor's. */
  add(control) {
    this.#tools.append(control);
  }

  /** Draw the cursor where its cell is now, because the map was drawn again. */
  keep() {
    this.chart.body.append(this.#box);
    if (this.#at) this.#place();
  }

  #key(event) {
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    this.#go(...MOVES[event.key]);
  }

  #go(across, up) {
    const { matrix } = this.look();
    const [i, j] = this.#at ?? peakOf(matrix);
    this.#at = [clamp(i + across, matrix.x_values.length), clamp(j + up, matrix.z.length)];
    this.#place();
    this.#said.textContent = this.#sentence();
  }

  #place() {
    const { matrix } = this.look();
    const [i, j] = this.#at.map((place, k) => Math.min(place, [matrix.x_values.length, matrix.z.length][k] - 1));
    this.#at = [i, j];
    const area = areaOf(this.chart.plot);
    const { x, y } = scales(this.chart.plot, area);
    this.#box.hidden = false;
    Object.assign(this.#box.style, {
      left: `${area.left + x(i - 0.5)}px`,
      top: `${area.top + y(j + 0.5)}px`,
      width: `${x(i + 0.5) - x(i - 0.5)}px`,
      height: `${y(j - 0.5) - y(j + 0.5)}px`,
    });
  }

  #sentence() {
    const { matrix, results } = this.look();
    const [i, j] = this.#at;
    const { count } = results(i, j);
    const value = valueText(matrix.layer, matrix.z[j][i]);
    const tested = count ? `${count} ${count === 1 ? "result" : "results"}` : "not tested";
    return `${words(this.#place2d())}: ${layerOf(matrix.layer).title} ${value}, ${tested}.`;
  }

  #place2d() {
    const { matrix } = this.look();
    const [i, j] = this.#at;
    return { [matrix.x]: matrix.x_values[i], ...(matrix.y ? { [matrix.y]: matrix.y_values[j] } : {}) };
  }

  // -------------------------------------------------------------------- menu
  #open() {
    if (!this.#at) return;
    this.#place();
    const assignments = { ...this.fixed(), ...this.#place2d() };
    const act = (text, work) => {
      const button = element("button", { type: "button", text });
      button.addEventListener("click", () => this.#do(work));
      return button;
    };
    const close = element("button", { type: "button", text: "Close" });
    close.addEventListener("click", () => this.#close());
    this.#menu.replaceChildren(
      element("p", { text: words(assignments) }),
      element(
        "p",
        { className: "buttons" },
        act("Queue it", () => this.#queue(assignments)),
        act("Exclude it", () => this.#exclude(assignments)),
        element("a", { className: "button", href: this.#whatIf(assignments), text: "What if …" }),
        close,
      ),
    );
    this.#menu.hidden = false;
    this.#menu.querySelector("button").focus();
  }

  #close() {
    this.#menu.hidden = true;
    this.pad.focus();
  }

  async #do(work) {
    try {
      const { text, number } = await work();
      const undo = element("button", { type: "button", text: "Take that back" });
      undo.addEventListener("click", () => this.#do(() => this.#takeBack(number)));
      const trial = address(`/studies/${encodeURIComponent(this.study)}/trials/${number}`);
      const more = number ? [undo, element("a", { className: "button", href: trial, text: "Its page and notes" })] : [];
      const close = element("button", { type: "button", text: "Close" });
      close.addEventListener("click", () => this.#close());
      const said = element("p", { role: "status", text });
      this.#menu.replaceChildren(said, element("p", { className: "buttons" }, ...more, close));
      this.#menu.querySelector("button").focus();
    } catch (error) {
      this.#menu.append(element("p", { className: "chart-error", role: "alert", text: error.message }));
    }
  }

  async #queue(assignments) {
    const { number } = await sendJson("POST", studyResource(this.study, "/trials"), { assignments });
    return { number, text: `Queued as trial ${number}: the next worker that asks gets it.` };
  }

  async #exclude(assignments) {
    const { number } = await this.#queue(assignments);
    const failure = { kind: "infeasible", reason: "excluded by hand" };
    await sendJson("POST", studyResource(this.study, `/trials/${number}/failure`), failure);
    return { number, text: `Excluded, as trial ${number}: it will not be suggested.` };
  }

  async #takeBack(number) {
    await sendJson("DELETE", studyResource(this.study, `/trials/${number}`));
    return { number: null, text: "Taken back." };
  }

  #whatIf(assignments) {
    const fixed = Object.fromEntries(Object.entries(assignments).map(([name, value]) => [`fix.${name}`, value]));
    return withQuery(address(`/studies/${encodeURIComponent(this.study)}/what-if`), fixed);
  }
}

const words = (assignments) =>
  Object.entries(assignments).map(([name, value]) => `${name} ${level(value)}`).join(", ");

const clamp = (place, size) => Math.max(0, Math.min(size - 1, place));

function peakOf({ z }) {
  let [at, most] = [[0, 0], -Infinity];
  z.forEach((row, j) => row.forEach((value, i) => {
    if (value > most) [at, most] = [[i, j], value];
  }));
  return at;
}
