/** The painter of a prior: weights over two parameters, painted with a brush or by keyboard. */

import { button, choice, element } from "./chart.js";
import { MOVES, clamp } from "./grid.js";
import { ramp } from "./palettes.js";

const MOST = 1024; // the largest weight, in units of the smallest
const MOST_UNDO = 50;
const LEAST_SPAN = Math.log(16); // from dark to bright, so that one stroke is no glare
const [CHARACTER, ROOM, LINE, MOST_ROOM] = [7, 14, 18, 120]; // pixels
const SIZES = [1, 3, 5, 9];
const TOOLS = { raise: "Raise", lower: "Lower", erase: "Erase" };

/** Put the painter into its place and keep the form's hidden field up to date. */
export function startPainter(host) {
  return new Painter(host);
}

/** Let a file fill the text field of its form. */
export function startFile(input) {
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (file) input.form.elements[input.dataset.fills].value = await file.text();
  });
}

class Painter {
  #colours = ramp("cividis");
  #past = [];
  #at = [0, 0];

  constructor(host) {
    this.host = host;
    this.field = host.closest("form").elements.painting;
    this.columns = JSON.parse(host.dataset.columns);
    this.rows = JSON.parse(host.dataset.rows);
    this.weights = JSON.parse(host.dataset.weights);
    this.ny = this.weights.length;
    this.nx = this.weights[0].length;
    this.#build();
    this.#draw();
    host.hidden = false;
  }

  #build() {
    this.tool = choice(Object.entries(TOOLS), "raise");
    this.size = choice(SIZES.map((size) => [size, `${size} × ${size}`]), this.nx * this.ny > 100 ? 3 : 1);
    this.undo = button("Undo", () => this.#undo(), { disabled: true });
    const bar = element(
      "div",
      { className: "controls" },
      element("label", {}, element("span", { text: "Brush" }), this.tool),
      element("label", {}, element("span", { text: "Size" }), this.size),
      button("Smooth", () => this.#change(() => this.#smooth())),
      button("Even", () => this.#change(() => this.#fill(1))),
      this.undo,
    );
    this.canvas = element("canvas", {
      className: "painting",
      width: this.nx,
      height: this.ny,
      tabindex: 0,
      role: "application",
      "aria-label": "Map of weights. Arrow keys move, space paints, R raises, L lowers, E erases, Z takes back.",
    });
    this.cursor = element("span", { className: "painting-cursor", hidden: true, "aria-hidden": "true" });
    const box = element("div", { className: "painting-box" });
    const widest = Math.max(0, ...this.rows.map((text) => text.length));
    box.style.marginInlineStart = `${Math.min(MOST_ROOM, widest * CHARACTER + ROOM)}px`;
    this.across = labels("painting-columns");
    this.up = labels("painting-rows");
    box.append(this.canvas, this.cursor, this.across, this.up);
    new ResizeObserver(() => this.#label()).observe(box);
    const { x, y } = this.host.dataset;
    const text = `Across: ${x}${y ? `; up: ${y}` : ""}. Paint with the pointer, or with arrow keys and space.`;
    this.said = element("p", { className: "note", role: "status", text });
    this.host.append(bar, box, this.said);
    this.canvas.addEventListener("pointerdown", (event) => this.#start(event));
    this.canvas.addEventListener("pointermove", (event) => event.buttons & 1 && this.#stroke(event));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("focus", () => this.#showCursor());
    this.canvas.addEventListener("blur", () => (this.cursor.hidden = true));
  }

  /** Write as many levels beside the map as have room, the first row at the bottom. */
  #label() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const longest = Math.max(...this.columns.map((text) => text.length));
    thin(this.across, this.columns, width / (longest * CHARACTER + ROOM), (i) => {
      const isClipped = i === this.nx - 1 && this.columns[i].length * CHARACTER > width / this.nx;
      return isClipped ? { right: 0, translate: "none" } : { left: `${(100 * (i + 0.5)) / this.nx}%` };
    });
    thin(this.up, this.rows, height / LINE, (j) => ({ bottom: `${(100 * (j + 0.5)) / this.ny}%` }));
  }

  // ------------------------------------------------------------------ pointer and keys
  #start(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#remember();
    this.#last = "";
    this.#stroke(event);
  }

  #last = "";

  #stroke(event) {
    const box = this.canvas.getBoundingClientRect();
    const i = Math.floor(((event.clientX - box.left) / box.width) * this.nx);
    const j = this.ny - 1 - Math.floor(((event.clientY - box.top) / box.height) * this.ny);
    const place = `${i},${j}`;
    if (place === this.#last) return;
    this.#last = place;
    this.#brush(i, j);
    this.#draw();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tools = { r: "raise", l: "lower", e: "erase" };
    const key = event.key.toLowerCase();
    if (event.key in MOVES) this.#move(...MOVES[event.key]);
    else if (key === " ") this.#change(() => this.#brush(...this.#at));
    else if (key in tools) this.tool.value = tools[key];
    else if (key === "z") this.#undo();
    else return;
    event.preventDefault();
    this.#say();
  }

  #move(across, up) {
    const [i, j] = this.#at;
    this.#at = [clamp(i + across, this.nx), clamp(j + up, this.ny)];
    this.#showCursor();
  }

  #showCursor() {
    const [i, j] = this.#at;
    this.cursor.hidden = false;
    this.cursor.style.left = `${(100 * i) / this.nx}%`;
    this.cursor.style.top = `${(100 * (this.ny - 1 - j)) / this.ny}%`;
    this.cursor.style.width = `${100 / this.nx}%`;
    this.cursor.style.height = `${100 / this.ny}%`;
  }

  #say() {
    const [i, j] = this.#at;
    const row = this.host.dataset.y ? `, ${this.host.dataset.y} ${this.rows[j]}` : "";
    const weight = Number(this.weights[j][i].toPrecision(3));
    this.said.textContent = `${this.host.dataset.x} ${this.columns[i]}${row}: weight ${weight}. Brush: ${TOOLS[this.tool.value]}.`;
  }

  // ------------------------------------------------------------------ changes
  #change(work) {
    this.#remember();
    work();
    this.#draw();
  }

  #remember() {
    this.#past.push(this.weights.map((row) => [...row]));
    if (this.#past.length > MOST_UNDO) this.#past.shift();
    this.undo.disabled = false;
  }

  #undo() {
    const before = this.#past.pop();
    if (before) this.weights = before;
    this.undo.disabled = !this.#past.length;
    this.#draw();
  }

  #brush(i, j) {
    const reach = (Number(this.size.value) - 1) / 2;
    for (let b = Math.max(0, j - reach); b <= Math.min(this.ny - 1, j + reach); b++) {
      for (let a = Math.max(0, i - reach); a <= Math.min(this.nx - 1, i + reach); a++) {
        this.weights[b][a] = this.#stroked(this.weights[b][a]);
      }
    }
  }

  #stroked(weight) {
    if (this.tool.value === "erase") return 1;
    return this.tool.value === "raise" ? Math.min(MOST, weight * 2) : Math.max(1 / MOST, weight / 2);
  }

  #smooth() {
    this.weights = this.weights.map((row, j) =>
      row.map((_, i) => {
        const near = [];
        for (let b = j - 1; b <= j + 1; b++) {
          for (let a = i - 1; a <= i + 1; a++) {
            if (this.weights[b]?.[a] !== undefined) near.push(this.weights[b][a]);
          }
        }
        return near.reduce((sum, one) => sum + one, 0) / near.length;
      }),
    );
  }

  #fill(weight) {
    this.weights = this.weights.map((row) => row.map(() => weight));
  }

  #draw() {
    // Around the middle of what is there, in steps of ratio: an even prior is mid-tone.
    const logs = this.weights.flat().filter((one) => one > 0).map(Math.log);
    const [low, high] = [Math.min(...logs), Math.max(...logs)];
    const [middle, span] = [(low + high) / 2, Math.max(high - low, LEAST_SPAN)];
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(this.nx, this.ny);
    this.weights.forEach((row, j) =>
      row.forEach((weight, i) => {
        const unit = weight > 0 ? 0.5 + (Math.log(weight) - middle) / span : 0;
        const shade = 4 * Math.round(255 * Math.max(0, Math.min(1, unit)));
        const to = 4 * ((this.ny - 1 - j) * this.nx + i);
        image.data.set(this.#colours.slice(shade, shade + 4), to);
      }),
    );
    context.putImageData(image, 0, 0);
    const { x, y } = this.host.dataset;
    const weights = this.weights.map((row) => row.map((one) => Number(one.toPrecision(4))));
    this.field.value = JSON.stringify({ x, y: y || null, weights });
  }
}

const labels = (className) => element("div", { className: `painting-labels ${className}`, "aria-hidden": "true" });

/** Put every so many-th text at its place, so that at most `most` are there. */
function thin(host, texts, most, placed) {
  const step = Math.max(1, Math.ceil(texts.length / Math.max(1, most)));
  host.replaceChildren(
    ...texts.flatMap((text, i) => {
      if (i % step) return [];
      const made = element("span", { text });
      Object.assign(made.style, placed(i));
      return [made];
    }),
  );
}
