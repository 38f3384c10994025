/** The map as a control: a cell cursor for the keyboard, and what can be done with one cell. */

import { button, element } from "./chart.js";
import { peakOf } from "./figures.js";
import { areaOf, scales } from "./film.js";
import { level, number } from "./format.js";
import { MOVES, clamp } from "./grid.js";
import { layerOf, valueText } from "./layers.js";
import { address, getJson, sendJson, studyResource, withQuery } from "./service.js";
import { cellAt, fixed } from "./study.js";

/**
 * A cursor over a drawn heatmap, and a menu for the cell under it.
 *
 * `look` returns {matrix, results, isExcluded} of what is shown, `looking` is told when somebody does; `fixed` returns the levels of the parameters
 * that are not on the axes.
 */
export class CellCursor {
  #at = null;
  #tools;
  #box = element("div", { className: "cell-cursor", hidden: true, "aria-hidden": "true" });
  #said = element("p", { className: "visually-hidden", role: "status" });
  #menu = element("div", { className: "cell-menu", role: "group", "aria-label": "This cell", hidden: true });

  constructor(chart, { study, look, looking, fixed }) {
    Object.assign(this, { chart, study, look, looking, fixed });
    this.pad = button("Choose a cell", () => this.#open(), {
      className: "cell-pad",
      "aria-label": "Choose a cell of the map: arrow keys move, Enter opens what can be done with it",
    });
    this.pad.addEventListener("keydown", (event) => this.#key(event));
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

  /** Whether somebody stands on a cell. */
  get isPlaced() {
    return !this.#box.hidden;
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
    const peak = peakOf(matrix) ?? { i: 0, j: 0 };
    const [i, j] = this.#at ?? [peak.i, peak.j];
    this.#at = [clamp(i + across, matrix.x_values.length), clamp(j + up, matrix.z.length)];
    this.#place();
    this.looking();
    this.tell();
  }

  /** Say what is known of the cell under the cursor. */
  tell() {
    if (this.#at) this.#said.textContent = this.#sentence();
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
    const { matrix, results, isExcluded } = this.look();
    const [i, j] = this.#at;
    const found = results(i, j); // null while they are fetched
    if (isExcluded(i, j)) return `${words(this.#place2d())}: excluded, not searched.`;
    const value = matrix.isShaded ? "…" : valueText(matrix.layer, matrix.z[j][i]);
    const tested = found?.count ? `, ${found.count} ${found.count === 1 ? "result" : "results"}` : found ? ", not tested" : "";
    return `${words(this.#place2d())}: ${layerOf(matrix.layer).title} ${value}${tested}.`;
  }

  #place2d() {
    const { matrix } = this.look();
    const [i, j] = this.#at;
    return { [matrix.x]: matrix.x_values[i], ...(matrix.y ? { [matrix.y]: matrix.y_values[j] } : {}) };
  }

  // -------------------------------------------------------------------- menu
  async #open() {
    if (!this.#at) return;
    this.#place();
    const assignments = { ...this.fixed(), ...this.#place2d() };
    const known = await cellAt(this.study, assignments).catch(() => ({ is_searched: true, trials: [] }));
    const act = (text, work) => button(text, () => this.#do(work));
    this.#menu.replaceChildren(
      element("p", { text: words(assignments) }),
      ...known.trials.map((trial) => this.#line(trial)),
      element(
        "p",
        { className: "buttons" },
        act("Queue it", () => this.#queue(assignments)),
        known.is_searched
          ? act("Exclude it", () => this.#rule(assignments, exclude))
          : act("Search it again", () => this.#rule(assignments, allow)),
        button("Note …", () => this.#write(assignments, known.trials[0])),
        element("a", { className: "button", href: this.#whatIf(assignments), text: "What if …" }),
        this.#closing(),
      ),
    );
    this.#menu.hidden = false;
    this.#menu.querySelector("button").focus();
  }

  /** A trial of the cell: its page, its value, its notes. */
  #line({ number: trial, state, value, notes }) {
    const said = [state, value === null ? "" : number(value), notes].filter(Boolean).join(" · ");
    const link = element("a", { href: this.#trial(trial), text: `Trial ${trial}` });
    return element("p", { className: "quiet" }, link, `: ${said}`);
  }

  #closing() {
    return button("Close", () => this.#close());
  }

  #close() {
    this.#menu.hidden = true;
    this.pad.focus();
  }

  /** Do something, say what was done, and offer to take it back; `work` returns {text, undo, trial}. */
  async #do(work) {
    try {
      const { text, undo, trial } = await work();
      const more = [];
      const back = async () => ({ text: (await undo()) ?? "Taken back." });
      if (undo) more.push(button("Take that back", () => this.#do(back)));
      if (trial) more.push(element("a", { className: "button", href: this.#trial(trial), text: "Its page" }));
      const said = element("p", { role: "status", text });
      this.#menu.replaceChildren(said, element("p", { className: "buttons" }, ...more, this.#closing()));
      this.#menu.querySelector("button").focus();
    } catch (error) {
      this.#menu.querySelector("[role=alert]")?.remove();
      this.#menu.append(element("p", { className: "chart-error", role: "alert", text: error.message }));
    }
  }

  async #queue(assignments) {
    const { number: trial } = await sendJson("POST", studyResource(this.study, "/trials"), { assignments });
    const undo = () => sendJson("DELETE", studyResource(this.study, `/trials/${trial}`));
    return { trial, undo, text: `Queued as trial ${trial}: the next worker that asks gets it.` };
  }

  /** Change the rules of the study: a revision, which the opposite change takes back. */
  async #rule(assignments, change) {
    const study = await getJson(studyResource(this.study));
    const changes = change(study, assignments);
    const resource = studyResource(this.study);
    const { n_cells: count, cells_tested: tested } = await sendJson("PATCH", resource, changes, { "If-Match": `"${study.version}"` });
    // A study that had tested everything goes on, unless its budget is spent, too.
    const wasAtEnd = study.state === "exhausted" && study.cells_tested >= study.n_cells;
    if (wasAtEnd && tested < count) await sendJson("PATCH", resource, { state: "active" }).catch(() => null);
    const back = change === exclude ? allow : exclude;
    return { undo: async () => (await this.#rule(assignments, back)).text, text: `${change === exclude ? "Excluded" : "Searched again"}: the grid has ${count.toLocaleString("en")} cells now.` };
  }

  // -------------------------------------------------------------------- notes
  #write(assignments, trial) {
    const field = element("textarea", { rows: 3, maxlength: 10_000 });
    field.value = trial?.notes ?? "";
    const save = button("Save the note", () => this.#do(() => this.#note(assignments, trial, field.value)));
    const about = trial ? `Note on trial ${trial.number}` : `Note on ${words(assignments)}, kept with the study's notes`;
    this.#menu.replaceChildren(
      element("label", {}, element("span", { text: about }), field),
      element("p", { className: "buttons" }, save, this.#closing()),
    );
    field.focus();
  }

  /** Note something on a cell's newest trial, or with the study if it has none. */
  async #note(assignments, trial, text) {
    const path = trial ? `/trials/${trial.number}` : "";
    const resource = studyResource(this.study, path);
    const before = trial ? trial.notes : (await getJson(resource)).notes;
    const notes = trial ? text : [before, `${words(assignments)}: ${text}`].filter(Boolean).join("\n");
    await sendJson("PATCH", resource, { notes });
    const undo = () => sendJson("PATCH", resource, { notes: before }).then(() => null);
    return { undo, trial: trial?.number, text: trial ? `Noted on trial ${trial.number}.` : "Noted with the study." };
  }

  #trial(trial) {
    return address(`/studies/${encodeURIComponent(this.study)}/trials/${trial}`);
  }

  #whatIf(assignments) {
    return withQuery(address(`/studies/${encodeURIComponent(this.study)}/what-if`), fixed(assignments));
  }
}

/** Return the change of a study that forbids a combination. */
function exclude({ constraints }, assignments) {
  return { constraints: { ...constraints, forbid: [...(constraints?.forbid ?? []), assignments] } };
}

/** Return the change that takes this rule out again. */
function allow({ constraints }, assignments) {
  const same = (table) => Object.keys(table).length === Object.keys(assignments).length
    && Object.entries(assignments).every(([name, value]) => [table[name]].flat().length === 1 && [table[name]].flat()[0] === value);
  const kept = (constraints?.forbid ?? []).filter((table) => !same(table));
  if (kept.length === (constraints?.forbid ?? []).length) throw new Error("A rule of the study excludes it; the settings list the rules.");
  const { forbid: _gone, ...others } = constraints;
  const rules = kept.length ? { ...others, forbid: kept } : others;
  return { constraints: Object.keys(rules).length ? rules : null };
}

const words = (assignments) =>
  Object.entries(assignments).map(([name, value]) => `${name} ${level(value)}`).join(", ");

