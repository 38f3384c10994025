/** Cells and levels: which row and column of a picture a cell of the study falls into. */

/** The place of every cell of a grid in a picture of two of its axes. */
export class Picture {
  #parameters;
  #strides;
  #columns;
  #rows;

  /** `matrix` is an answer of the posterior resource; its values are in display order. */
  constructor(parameters, matrix) {
    this.#parameters = parameters;
    this.#strides = strides(parameters);
    this.#columns = places(parameters, matrix.x, matrix.x_values);
    this.#rows = matrix.y ? places(parameters, matrix.y, matrix.y_values) : null;
    this.nx = matrix.x_values.length;
    this.ny = matrix.y ? matrix.y_values.length : 1;
  }

  /** Return [column, row] of a cell. */
  place(cell) {
    const row = this.#rows ? this.#rows.order[this.#level(cell, this.#rows.axis)] : 0;
    return [this.#columns.order[this.#level(cell, this.#columns.axis)], row];
  }

  /** Say whether a cell lies in the slice that fixes some parameters. */
  isInSlice(cell, fixed) {
    return Object.entries(fixed).every(([name, value]) => {
      const axis = this.#parameters.findIndex((parameter) => parameter.name === name);
      return axis < 0 || isLevel(this.#parameters[axis].values[this.#level(cell, axis)], value);
    });
  }

  #level(cell, axis) {
    return Math.floor(cell / this.#strides[axis]) % this.#parameters[axis].values.length;
  }
}

/** Where the arrow keys lead over a picture: columns to the right, rows up. */
export const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Return a place that is within a size. */
export const clamp = (place, size) => Math.max(0, Math.min(size - 1, place));

/** Return how many cells a grid has. */
export const countCells = (parameters) => parameters.reduce((n, { values }) => n * values.length, 1);

// A number in an address may be spelled as Python does it: 1e-07 for 1e-7.
const isLevel = (level, text) => String(level) === text || (typeof level === "number" && Number(text) === level);

// The last parameter runs fastest.
function strides(parameters) {
  const found = new Array(parameters.length).fill(1);
  for (let axis = parameters.length - 2; axis >= 0; axis--) {
    found[axis] = found[axis + 1] * parameters[axis + 1].values.length;
  }
  return found;
}

function places(parameters, name, values) {
  const axis = parameters.findIndex((parameter) => parameter.name === name);
  const at = new Map(values.map((value, i) => [`${typeof value}:${value}`, i]));
  const order = parameters[axis].values.map((value) => at.get(`${typeof value}:${value}`));
  return { axis, order };
}
