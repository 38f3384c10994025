/** The service as the page sees it: addresses under its root path, and JSON answers. */

const root = document.documentElement.dataset.root ?? "";

/** An answer that is not a success, with the sentence of its problem+json body. */
export class ServiceError extends Error {
  constructor(status, detail) {
    super(detail);
    this.name = "ServiceError";
    this.status = status;
  }
}

/** Return the address of a page or resource, wherever the service is mounted. */
export const address = (path) => `${root}${path}`;

/** Return the address of a study's REST resource; parameters that are null are left out. */
export const studyResource = (study, name = "", parameters = {}) =>
  withQuery(address(`/api/v1/studies/${encodeURIComponent(study)}${name}`), parameters);

/** Return an address with a query; parameters that are null, undefined or "" are left out. */
export function withQuery(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Fetch JSON, or throw a `ServiceError` that says what was wrong. */
export async function getJson(path, { signal } = {}) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, signal });
  if (!answer.ok) throw await failure(answer);
  return answer.json();
}

/** Send JSON, and return the answer's, or throw a `ServiceError` that says what was wrong. */
export async function sendJson(method, path, content, more = {}) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", ...more };
  const answer = await fetch(path, { method, headers, body: content && JSON.stringify(content) });
  if (!answer.ok) throw await failure(answer);
  return answer.status === 204 ? null : answer.json();
}

/** Fetch bytes, or throw a `ServiceError` that says what was wrong. */
export async function getBytes(path, { signal } = {}) {
  const answer = await fetch(path, { signal });
  if (!answer.ok) throw await failure(answer);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Return the error that an answer stands for. */
export async function failure(answer) {
  const problem = await answer.json().catch(() => ({}));
  return new ServiceError(answer.status, problem.detail ?? `the service answered ${answer.status}`);
}
