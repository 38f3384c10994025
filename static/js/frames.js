/** Frames of the film of p_best: one byte a cell, log10 p over six decades. For colour only. */

import { getBytes } from "./service.js";
import { resource } from "./study.js";

const DECADES = 6;
const FRAMES_PER_BLOCK = 64;
const CELLS_PER_BLOCK = 4_000_000;

/** Return the probability that a byte of a frame stands for. */
export const probability = (byte) => (byte === 0 ? 0 : 10 ** (DECADES * (byte / 255 - 1)));

/** Return the byte that a frame holds for a probability. */
export const byteOf = (p) =>
  p > 0 ? Math.max(0, Math.min(255, Math.round(255 * (1 + Math.log10(p) / DECADES)))) : 0;

/**
 * The frames of one view of a study.
 *
 * They are fetched in blocks of neighbouring snapshots. A full block never changes, so its
 * address is always the same and the browser keeps it.
 */
export class Film {
  /** The largest byte in any frame that is here, and the smallest above 0. */
  brightest = 0;
  dimmest = 255;
  #view;
  #study;
  #nCells;
  #blocks = new Map();
  #frames = new Map();

  /** `view` is {x, y, reduce} and the levels that a slice fixes. */
  constructor(study, view, nCells) {
    this.#study = study;
    this.#view = view;
    this.#nCells = nCells;
  }

  /** Return the frame of a snapshot if it is here. */
  frame(seq) {
    return this.#frames.get(seq) ?? null;
  }

  /** Fetch the frames around the snapshot at a place in the list, unless they are here. */
  async load(snapshots, place) {
    const size = Math.max(1, Math.min(FRAMES_PER_BLOCK, Math.floor(CELLS_PER_BLOCK / this.#nCells)));
    const first = Math.floor(place / size) * size;
    const block = snapshots.slice(first, first + size).map((snapshot) => snapshot.seq);
    const path = resource(this.#study, "frames", { ...this.#view, first: block[0], last: block.at(-1) });
    if (!this.#blocks.has(path)) this.#blocks.set(path, this.#fetch(path, block));
    await this.#blocks.get(path);
  }

  async #fetch(path, seqs) {
    try {
      const bytes = await getBytes(path);
      const size = bytes.length / seqs.length;
      if (!Number.isInteger(size)) throw new Error(`${seqs.length} frames in ${bytes.length} bytes`);
      for (const byte of bytes) {
        if (byte > this.brightest) this.brightest = byte;
        if (byte > 0 && byte < this.dimmest) this.dimmest = byte;
      }
      seqs.forEach((seq, i) => this.#frames.set(seq, bytes.subarray(i * size, (i + 1) * size)));
    } catch (error) {
      this.#blocks.delete(path); // so that it is asked for again
      throw error;
    }
  }
}

/** Paint a frame into a canvas, one pixel a cell, the first row of the frame at the bottom. */
export function paint(canvas, frame, nx, ny, colours) {
  canvas.width = nx;
  canvas.height = ny;
  const context = canvas.getContext("2d");
  const image = context.createImageData(nx, ny);
  const source = new Uint32Array(colours.buffer);
  const target = new Uint32Array(image.data.buffer);
  for (let j = 0; j < ny; j++) {
    const row = (ny - 1 - j) * nx;
    for (let i = 0; i < nx; i++) target[row + i] = source[frame[j * nx + i]];
  }
  context.putImageData(image, 0, 0);
}
