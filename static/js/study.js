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
export function posterior(study, { layer, x, y, reduce, at, fixed = {} }, options) {
  const levels = Object.fromEntries(Object.entries(fixed).map(([name, value]) => [`fix.${name}`, value]));
  return getJson(resource(study, "posterior", { layer, x, y, reduce, at, ...levels }), options);
}

/** Return which cells were tested, pending, failed, best and next at a snapshot. */
export const marks = (study, at, options) => getJson(resource(study, "marks", { at }), options);

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
