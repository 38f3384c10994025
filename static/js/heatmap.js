/** The heatmap of a posterior: exact at rest, a film of frames while time moves. */

import { CellCursor } from "./cells.js";
import { Chart, settled } from "./chart.js";
import { addDownloads } from "./download.js";
import { decadeBelow, defaultColour, describe, hasGaps, hasText, heatmap, roundUp, scaleOf } from "./figures.js";
import { FilmCanvas } from "./film.js";
import { Film, probability } from "./frames.js";
import { Picture, countCells } from "./grid.js";
import { showKey } from "./key.js";
import { READ_OUT, layerOf } from "./layers.js";
import { knownAt, markTraces, markedPlaces } from "./marks.js";
import { outlineControl, outlines } from "./outline.js";
import { ramp } from "./palettes.js";
import { refreshParts } from "./parts.js";
import { Readout } from "./readout.js";
import { Slider } from "./slider.js";
import { definitionOf, forgetDefinition, marks, moments, posterior, posteriorFeed, results, shades } from "./study.js";
import { coloursOf, onThemeChange } from "./theme.js";
import { rememberView, viewOf, viewOfForm } from "./view.js";

const REST_DELAY = 150;
const EXACT_UP_TO = 100; // squares, whose numbers are as few bytes as their colours

/** Draw the heatmap that a figure asks for and keep it up to date. */
export async function start(figure) {
  const map = new Heatmap(figure);
  await map.start();
  return map;
}

class Heatmap {
  #asking = null;
  #film = null;
  #filmKey = "";
  #canvas;
  #cursor = null;
  #others = new Map();
  #shown = null;
  #slider = null;
  #rest = settled(() => this.refresh(), REST_DELAY);

  constructor(figure) {
    this.chart = new Chart(figure);
    this.study = figure.dataset.study;
    this.isCompact = "compact" in figure.dataset;
    this.hasSlider = "slider" in figure.dataset;
    this.view = viewOf(figure, { ownsAddress: this.hasSlider });
    this.readout = new Readout(this.chart.body);
    this.#canvas = new FilmCanvas(this.chart.body);
    this.form = document.querySelector(`form[data-for="${figure.id}"]`);
  }

  async start() {
    this.definition = await definitionOf(this.study);
    await this.refresh({ isGlance: this.view.at === null && this.view.layer === "p_best" });
    this.#listen();
    addDownloads(this.chart, () => this.#contents());
    if (!this.hasSlider) return;
    this.#cursor = new CellCursor(this.chart, { study: this.study, look: () => this.#look(), looking: () => this.#fetchOthers(), fixed: () => this.#fixed() });
    this.#cursor.keep();
    this.#cursor.add(outlineControl(this.view.outline, (outline) => this.#outline(outline)));
    await this.#addSlider();
  }

  #listen() {
    onThemeChange(() => this.#draw());
    this.chart.onResize(() => this.#draw());
    this.chart.body.addEventListener("pointermove", () => this.#fetchOthers());
    this.readout.attach(this.chart.plot, () => this.#look());
    if (!this.form) return;
    this.form.addEventListener("change", () => this.#controlsChanged());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#controlsChanged();
    });
    this.#showControls();
  }

  /** React to news of the study: follow, unless an older moment is looked at. */
  async news() {
    const isPast = this.#slider && (this.view.at !== null || this.#slider.isPlaying);
    await Promise.all([this.#slider && this.#fetchMoments({ isNews: true }), !isPast && this.refresh({ isNews: true })]);
  }

  /** Fetch what the view asks for and draw it: exactly, but at news and at first if nobody looks closely. */
  async refresh({ isNews = false, isGlance = isNews } = {}) {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const { signal } = asking;
    try {
      const picture = isGlance && this.#areColoursEnough() ? shades : posteriorFeed;
      const [found, { content: known, isNew: areMarksNew }] = await Promise.all([
        picture(this.study, this.view, { signal, isNews }),
        marks(this.study, this.view, { signal, isNews }),
      ]);
      const isSeen = this.#shown !== null && isNews && (!found.isNew || this.#hasNumbersOf(found.content));
      if (isSeen && !areMarksNew && !this.chart.hasFailed) return;
      const matrix = isSeen ? this.#shown.matrix : found.content;
      if (matrix.revision > this.definition.revision) await this.#learnGrid();
      if (signal.aborted) return;
      const parameters = known.parameters ?? this.definition.parameters;
      this.#shown = { matrix, known, picture: new Picture(parameters, matrix) };
      this.#others.clear();
      await this.#draw();
    } catch (error) {
      if (!signal.aborted) this.chart.fail(error);
    } finally {
      if (this.#asking === asking) this.chart.figure.removeAttribute("aria-busy");
    }
  }

  /** Whether a picture in colours is of what is shown already, perhaps with its numbers. */
  #hasNumbersOf(picture) {
    const { matrix } = this.#shown ?? {};
    return picture.isShaded && ["seq", "layer", "x", "y", "reduce"].every((name) => matrix?.[name] === picture[name]);
  }

  #areColoursEnough() {
    if (this.view.outline || this.readout.isOpen || this.#cursor?.isPlaced) return false;
    const levels = (axis) => this.definition.parameters.find(({ name }) => name === axis)?.values.length ?? 1;
    return levels(this.view.x) * levels(this.view.y) > EXACT_UP_TO && !this.chart.body.matches(":hover");
  }

  /** Fetch the numbers behind the colours, because somebody looks. */
  #becomeExact(shown) {
    if (!shown.matrix.isShaded) return null;
    shown.exact ??= posterior(this.study, { ...this.view, at: shown.matrix.seq }).then((matrix) => {
      if (shown !== this.#shown) return null;
      shown.matrix = matrix;
      return this.#draw();
    });
    shown.exact.catch(() => (shown.exact = undefined)); // so that it is asked for again
    return shown.exact;
  }

  /** Read the definition again: the grid was edited while the page was open. */
  async #learnGrid() {
    forgetDefinition(this.study);
    this.definition = await definitionOf(this.study);
    this.newest = this.moments = undefined;
    if (!this.#slider) return;
    await this.#fetchMoments();
    await this.#loadFilm();
  }

  async #draw() {
    const { matrix, known } = this.#shown;
    const { goal, metric } = this.definition;
    const scale = scaleOf(matrix, { goal, metric, colour: this.#colour, top: this.#top, bottom: this.#bottom });
    const found = this.#markTraces(known);
    showKey(this.chart.figure, found, scale);
    const figure = heatmap(matrix, {
      scale,
      marks: found,
      colours: coloursOf(this.chart.figure),
      width: this.chart.width,
      height: this.chart.height,
      isCompact: this.isCompact,
    });
    if (this.view.outline) figure.layout.shapes = outlines((await this.#belief()).z, this.view.outline);
    figure.layout.meta = { key: `${matrix.layer}:${matrix.seq}` };
    await this.chart.draw(figure, describe(matrix, known));
    this.#canvas.hide();
    this.readout.keep();
    this.#cursor?.keep();
  }

  /** Return what is outlined: the layer's own shares, or those of P(best) over the same axes. */
  #belief() {
    const { matrix } = this.#shown;
    if (layerOf(matrix.layer).isProbability) return matrix;
    const reduce = matrix.reduce === "slice" ? "slice" : "sum";
    this.#shown.belief ??= posterior(this.study, { ...this.view, layer: "p_best", reduce, at: matrix.seq });
    return this.#shown.belief;
  }

  get #colour() {
    const { matrix } = this.#shown;
    if (!layerOf(matrix.layer).isProbability) return "linear";
    return this.view.colour ?? defaultColour(matrix.layer, matrix);
  }

  /** The top of the scale of a probability; the same for the whole film, so that moments can be compared. */
  get #top() {
    const highest = Math.max(...this.#shown.matrix.z.map((row) => Math.max(...row)));
    const brightest = this.#film ? probability(this.#film.brightest) : 0;
    return roundUp(Math.max(highest, brightest * 0.98));
  }

  /** The bottom of a logarithmic scale; the same for the whole film, too. */
  get #bottom() {
    const lowest = this.#shown.matrix.z.flat().reduce((low, p) => (p > 0 && p < low ? p : low), 1);
    const dimmest = this.#film ? probability(this.#film.dimmest) : 1;
    return decadeBelow(Math.min(lowest, dimmest * 1.02), this.#top);
  }

  #markTraces(known) {
    const { matrix, picture } = this.#shown;
    const cellPixels = Math.min(
      (this.chart.width - 180) / picture.nx,
      (this.chart.height - 100) / picture.ny,
    );
    const fixed = matrix.reduce === "slice" ? this.view.fixed : {};
    return markTraces(markedPlaces(known, picture, fixed), { cellPixels, hasText: hasText(matrix, this.chart.width) });
  }

  // ------------------------------------------------------------------ controls
  #controlsChanged() {
    this.newest = undefined; // squares of another picture
    this.view = viewOfForm(this.form, this.view);
    this.#showControls();
    rememberView(this.view);
    this.#loadFilm().catch((error) => this.chart.fail(error));
    this.refresh();
    this.#retell();
  }

  #outline(outline) {
    this.view.outline = outline;
    rememberView(this.view);
    this.#draw();
  }

  /** Let the words and tables beside the map say what it shows now. */
  #retell() {
    refreshParts().catch((error) => this.chart.fail(error));
  }

  /** Let the form show the view, and only the controls that mean something in it. */
  #showControls() {
    for (const name of ["layer", "x", "y", "reduce"]) {
      const control = this.form.elements.namedItem(name);
      if (control && this.view[name]) control.value = this.view[name];
    }
    const at = this.form.elements.namedItem("at");
    if (at) at.value = this.view.at ?? "";
    for (const label of this.form.querySelectorAll("[data-fix]")) {
      const { x, y, reduce } = this.view;
      const isUsed = reduce === "slice" && label.dataset.fix !== x && label.dataset.fix !== y;
      label.hidden = !isUsed;
      for (const input of label.querySelectorAll("select, input")) input.disabled = !isUsed;
    }
  }

  // ---------------------------------------------------------------------- time
  async #addSlider() {
    this.#slider = new Slider({
      moving: (moment) => this.#moving(moment),
      rested: (moment) => this.#rested(moment),
    });
    this.chart.body.after(this.#slider.element);
    try {
      await this.#fetchMoments();
      await this.#loadFilm();
    } catch (error) {
      this.chart.fail(error);
    }
  }

  async #fetchMoments(options) {
    const before = this.moments;
    const found = await moments(this.study, before?.at(-1)?.seq ?? 0, options);
    if (this.moments !== before) return; // the grid was edited meanwhile, and all are read again
    this.moments = [...(before ?? []), ...found];
    const isFirst = !this.#slider.moment;
    this.#slider.setMoments(this.moments, { at: isFirst ? this.view.at : null });
  }

  async #loadFilm() {
    const { layer, x, y, reduce, fixed } = this.view;
    if (layer !== "p_best" || !this.#slider?.moment) return;
    const view = { x, y, reduce, revision: this.definition.revision };
    for (const [name, value] of Object.entries(fixed)) view[`fix.${name}`] = value;
    const key = JSON.stringify(view);
    if (key !== this.#filmKey) {
      this.#film = new Film(this.study, view, countCells(this.definition.parameters));
      this.#filmKey = key;
    }
    await this.#film.load(this.moments, this.#slider.place);
  }

  #moving(moment) {
    this.#rest.cancel();
    this.view.at = this.#slider.isAtEnd && !this.#slider.isPlaying ? null : moment.seq;
    if (this.view.layer !== "p_best") return this.#rest();
    this.#loadFilm().catch((error) => this.chart.fail(error));
    const frame = this.#film?.frame(moment.seq);
    // A heatmap of an older grid has other cells than the frames: it waits for the exact one.
    if (frame && !this.#shown.known.parameters) this.#showFrame(frame, moment);
    else this.#rest();
  }

  #rested(moment) {
    this.view.at = this.#slider.isAtEnd ? null : moment.seq;
    rememberView(this.view);
    if (this.form) this.#showControls();
    this.#rest();
    this.#retell();
  }

  /** Show a frame in place of the exact heatmap, which comes back when time rests. */
  #showFrame(frame, moment) {
    const { matrix, picture, known } = this.#shown;
    const { nx, ny } = picture;
    if (frame.length !== nx * ny) return;
    const marks = this.#markTraces(knownAt(this.#newestKnown(known), moment));
    const palette = this.#framePalette();
    this.#canvas.show(this.chart.plot, { frame, nx, ny, palette, marks, hasGaps: hasGaps(matrix) });
    this.chart.figure.setAttribute("aria-busy", "true");
  }

  #newestKnown(known) {
    if (known.parameters) return known;
    if (!this.newest || known.n_results >= this.newest.n_results) this.newest = known;
    return this.newest;
  }

  #framePalette() {
    const colours = ramp(layerOf("p_best").palette);
    const [top, bottom] = [this.#top, this.#bottom];
    const decades = Math.log10(top / bottom);
    const share = this.#colour === "log" ? (p) => Math.log10(Math.max(p, bottom) / bottom) / decades : (p) => p / top;
    const scaled = new Uint8ClampedArray(colours.length);
    for (let byte = 0; byte < 256; byte++) {
      const at = Math.min(255, Math.round(255 * share(probability(byte))));
      scaled.set(colours.subarray(4 * at, 4 * at + 4), 4 * byte);
    }
    return scaled;
  }

  // ---------------------------------------------------------------- one cell
  /** Fetch how many results each square has, and the other layers, once somebody looks. */
  async #fetchOthers() {
    const shown = this.#shown;
    await this.#becomeExact(shown)?.catch((error) => this.chart.fail(error));
    if (shown !== this.#shown || shown.matrix.isShaded) return;
    if (!shown.areResultsAsked) {
      shown.areResultsAsked = true;
      const asked = results(this.study, { ...this.view, at: shown.matrix.seq });
      asked.then((found) => this.#learnResults(shown, found), (error) => this.chart.fail(error));
    }
    await this.#fetchLayers();
  }

  #learnResults(shown, { squares, counts, values }) {
    shown.results = new Map(squares.map((square, at) => [square, { count: counts[at], values: values[at] }]));
    if (shown !== this.#shown) return;
    this.readout.refresh();
    this.#cursor?.tell();
  }

  async #fetchLayers() {
    const view = this.view;
    const { matrix } = this.#shown;
    const missing = READ_OUT.filter((name) => name !== matrix.layer && !this.#others.has(name));
    if (!missing.length) return;
    for (const name of missing) this.#others.set(name, null);
    for (const layer of missing) {
      const reduce = view.reduce === "slice" ? "slice" : layerOf(layer).reduce;
      const asked = posterior(this.study, { ...view, layer, reduce, at: matrix.seq });
      // A layer that a study does not have is shown as missing, not as a broken chart.
      const found = await asked.catch(() => false);
      if (this.#shown.matrix !== matrix) return;
      this.#others.set(layer, found);
      this.readout.refresh();
    }
  }

  #look() {
    const { matrix, picture, known, results: found } = this.#shown;
    const square = (i, j) => j * picture.nx + i;
    return {
      matrix,
      layers: this.#others,
      results: (i, j) => found && (found.get(square(i, j)) ?? { values: [], count: 0 }),
      isExcluded: (i, j) => known.excluded.squares.includes(square(i, j)),
    };
  }

  /** Return the levels of the parameters out of sight, in the grid's own values. */
  #fixed() {
    const { x, y } = this.#shown.matrix;
    const others = this.definition.parameters.filter(({ name }) => name !== x && name !== y);
    return Object.fromEntries(others.map(({ name, values }) => {
      const text = this.form?.querySelector(`[name="fix.${CSS.escape(name)}"]`)?.value;
      return [name, values.find((value) => String(value) === text || (typeof value === "number" && Number(text) === value)) ?? values[0]];
    }));
  }

  async #contents() {
    await this.#becomeExact(this.#shown);
    const { matrix } = this.#shown;
    const head = [matrix.y ?? "", matrix.x, matrix.layer];
    const rows = matrix.z.flatMap((row, j) =>
      row.map((z, i) => [matrix.y ? matrix.y_values[j] : "", matrix.x_values[i], z]),
    );
    return { name: `${matrix.layer}-${matrix.x}-${matrix.y ?? "all"}-${matrix.seq}`, rows: [head, ...rows], json: matrix };
  }
}

