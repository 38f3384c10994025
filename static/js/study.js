/** What charts ask of a study. Each answer is fetched once and shared between the charts. */

import { address, getJson, withQuery } from "./service.js";

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

/** Return one layer as a matrix; `view` is {layer, x, y, reduce, at, fixed}. */
export const posterior = (study, view, options) => ofPicture(study, "posterior", view, options);

/** Return which squares were tested, and which cells were pending, failed, best and next. */
export const marks = (study, view, options) => ofPicture(study, "marks", view, options);

/** Return how many results each square has, and which. */
export const results = (study, view, options) => ofPicture(study, "results", view, options);

function ofPicture(study, name, { layer, x, y, reduce, at, fixed: levels = {} }, options) {
  return getJson(resource(study, name, { layer, x, y, reduce, at, ...fixed(levels) }), options);
}

/** Return the newest trials of a combination, and whether it is searched. */
export const cellAt = (study, assignments) => getJson(resource(study, "cell", fixed(assignments)));

/** Return a combination as the part of an address that fixes each parameter. */
export const fixed = (assignments) =>
  Object.fromEntries(Object.entries(assignments).map(([name, value]) => [`fix.${name}`, value]));

/** Return the snapshots after a seq, briefly: what the time slider needs. */
export async function moments(study, after = 0) {
  const found = [];
  for (;;) {
    const { items, has_more: hasMore } = await getJson(resource(study, "moments", { after: found.at(-1)?.seq ?? after }));
    found.push(...items);
    if (!hasMore) return found;
  }
}

/** Return the results to draw as a history, all or those that a query leaves. */
export const history = (study, query = "") => getJson(`${resource(study, "history")}${query && `?${query}`}`);

/** Return the address of what a chart asks for beside the REST API. */
export const resource = (study, name, parameters = {}) =>
  withQuery(address(`/studies/${encodeURIComponent(study)}/charts/${name}`), parameters);
