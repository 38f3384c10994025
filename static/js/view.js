/** Which picture of the posterior is shown: read from the page, kept in its address. */

import { layerOf } from "./layers.js";
import { show, shown } from "./query.js";

const FIXED = "fix.";

/** Return the view that a figure starts with; a page's own chart follows the address. */
export function viewOf(figure, { ownsAddress }) {
  const { layer, x, y, reduce } = figure.dataset;
  const start = { layer: layer || "p_best", x, y: y || null, reduce: reduce || null, at: null, colour: null, outline: null, fixed: {} };
  if (!ownsAddress) return { ...start, reduce: start.reduce ?? layerOf(start.layer).reduce };
  const query = shown();
  const view = { ...start, fixed: fixedOf(query) };
  for (const name of ["layer", "x", "y", "reduce", "colour", "outline"]) view[name] = query.get(name) || view[name];
  view.at = query.has("at") && query.get("at") !== "" ? Number(query.get("at")) : null;
  view.reduce ??= layerOf(view.layer).reduce;
  return view;
}

/** Put a view into the page's address. */
export function rememberView({ layer, x, y, reduce, at, colour, outline, fixed }) {
  const stale = [...shown().keys()].filter((name) => name.startsWith(FIXED));
  show({
    ...Object.fromEntries(stale.map((name) => [name, null])),
    layer,
    x,
    y,
    reduce,
    at,
    colour,
    outline,
    ...Object.fromEntries(Object.entries(fixed).map(([name, value]) => [FIXED + name, value])),
  });
}

/** Return the view that a form of controls asks for. */
export function viewOfForm(form, before) {
  const given = new FormData(form);
  const query = new URLSearchParams([...given].map(([name, value]) => [name, String(value)]));
  const picked = Object.fromEntries(
    ["layer", "x", "y", "reduce", "colour"].map((name) => [name, query.get(name) || before[name]]),
  );
  const view = { ...before, ...picked, fixed: picked.reduce === "slice" ? fixedOf(query) : {} };
  if (view.layer !== before.layer && view.reduce !== "slice") view.reduce = layerOf(view.layer).reduce;
  // One axis cannot be both: who picks the other's axis wants them to change places.
  if (view.y !== null && view.x === view.y) {
    if (view.x !== before.x) view.y = before.x;
    else view.x = before.y;
  }
  return view;
}

function fixedOf(query) {
  const entries = [...query].filter(([name, value]) => name.startsWith(FIXED) && value !== "");
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(FIXED.length), value]));
}
