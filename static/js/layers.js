/** The layers of a posterior: what each is called, in which colours, and how it is read. */

import { number, percent } from "./format.js";

const LAYERS = {
  p_best: { title: "P(best)", palette: "cividis", isProbability: true, reduce: "sum" },
  prior: { title: "prior P(best)", palette: "cividis", isProbability: true, reduce: "sum" },
  ratio: { title: "posterior / prior, bits", palette: "change", isDiverging: true, reduce: "sum" },
  mean: { title: "predicted mean", palette: "viridis", reduce: "mean" },
  sd: { title: "sd of the prediction", palette: "rocket", reduce: "mean" },
  acquisition: { title: "acquisition score", palette: "mako", reduce: "max" },
  counts: { title: "results", palette: "mako", reduce: "sum" },
  p_feasible: { title: "P(feasible)", palette: "cividis", reduce: "mean" },
};

/** The layers that a look at one cell lists. */
export const READ_OUT = ["p_best", "mean", "sd", "acquisition", "prior"];

/** Return what is known of a layer. */
export const layerOf = (name) => LAYERS[name] ?? { title: name, palette: "viridis", reduce: "mean" };

/** Return a value of a layer as text. */
export function valueText(name, value) {
  if (value === null || value === undefined) return "–";
  const { isProbability, isDiverging } = layerOf(name);
  return isProbability ? percent(value) : number(value, isDiverging ? 3 : 4);
}
