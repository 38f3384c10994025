/** A map that follows in colours, a byte a square; its numbers are fetched once somebody looks. */

import { probability } from "./frames.js";
import { layerOf } from "./layers.js";

const SHADES = 254; // from the least value, 1, to the largest, 255

/** Return the matrix that a feed of colours stands for, with values as near as a byte can say. */
export function matrixOf(bytes) {
  const end = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  const { layer, low, high, x_values: columns } = head;
  const even = (byte) => (byte ? low + ((high - low) * (byte - 1)) / SHADES : null);
  const values = Array.from(bytes.subarray(end + 1), layerOf(layer).isProbability ? probability : even);
  const z = [];
  for (let at = 0; at < values.length; at += columns.length) z.push(values.slice(at, at + columns.length));
  return { ...head, z, isShaded: true };
}
