/** What charts ask of a study. Each answer is fetched once and shared between the charts. */

import { fetchChange, fetchWhole } from "./changes.js";
import { address, getJson, withQuery } from "./service.js";
import { matrixOf } from "./shades.js";

const studies = new Map();

/** Return the definition of a study: its parameters, metric and goal. */
export function definitionOf(study) {
  if (!studies.has(study)) {
    const asked = getJson(resource(study, "definition"));
    asked.catch(() => studies.delete(study));
    studies.set(study, asked);
  }
  return studies.get(study);
}

/** Forget the definition of a study: its grid was edited. */
export const forgetDefinition = (study) => studies.delete(study);

/**
 * Return {content, isNew} of a chart's feed: whole, or at news together with all else that is asked for.
 */
export async function feed(path, { isNews = false, signal, read = json } = {}) {
  const { bytes, isNew } = isNews ? await fetchChange(path) : { bytes: await fetchWhole(path, { signal }), isNew: true };
  return { content: read(bytes), isNew };
}

const json = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/** Return one layer as a matrix; `view` is {layer, x, y, reduce, at, fixed}. */
export const posterior = async (study, view, options) => (await posteriorFeed(study, view, options)).content;

/** Return the same, and whether it is new. */
export const posteriorFeed = (study, view, options) => ofPicture(study, "posterior", view, options);

/** Return the newest picture of a layer in colours, and whether it is new. */
export const shades = (study, view, options) => ofPicture(study, "shades", view, { ...options, read: matrixOf });

/** Return which squares were tested, and which cells were pending, failed, best and next, and whether that is new. */
export const marks = (study, view, options) => ofPicture(study, "marks", view, options);

/** Return how many results each square has, and which. */
export const results = async (study, view) => (await ofPicture(study, "results", view)).content;

function ofPicture(study, name, { layer, x, y, reduce, at, fixed: levels = {} }, options) {
  return feed(resource(study, name, { layer, x, y, reduce, at, ...fixed(levels) }), options);
}

/** Return the newest trials of a combination, and whether it is searched. */
export const cellAt = (study, assignments) => getJson(resource(study, "cell", fixed(assignments)));

/** Return a combination as the part of an address that fixes each parameter. */
export const fixed = (assignments) =>
  Object.fromEntries(Object.entries(assignments).map(([name, value]) => [`fix.${name}`, value]));

/** Return the snapshots after a seq, briefly: what the time slider needs. */
export async function moments(study, after = 0, options = {}) {
  const found = [];
  for (;;) {
    const path = resource(study, "moments", { after: found.at(-1)?.seq ?? after });
    const { items, has_more: hasMore } = (await feed(path, options)).content;
    found.push(...items);
    if (!hasMore) return found;
  }
}

/** Return the results to draw as a history, all or those that a query leaves, and whether they are new. */
export const history = (study, query = "", options = {}) => feed(`${resource(study, "history")}${query && `?${query}`}`, options);

/** Return the address of what a chart asks for beside the REST API. */
export const resource = (study, name, parameters = {}) =>
  withQuery(address(`/studies/${encodeURIComponent(study)}/charts/${name}`), parameters);
