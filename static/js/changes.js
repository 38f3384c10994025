/**
 * What a page asks for at each news: all of it in one request, and of each only what changed.
 *
 * The service packs a change against what the page has; the browser unpacks it with its own
 * inflate, which is first fed those bytes as they are (RFC 1951: a stored block).
 */

import { ServiceError, address, failure } from "./service.js";

const MOST_HELD = 64;
const WINDOW = 32_768; // bytes that a change points back, at most

const held = new Map(); // by address: {tag, bytes}, the last one last
let asked = new Map(); // by address: what is waited for until the request goes out

/** Fetch an address alone, and remember the answer: the next one is told by its change. */
export async function fetchWhole(path, { signal } = {}) {
  const answer = await fetch(path, { signal });
  if (!answer.ok) throw await failure(answer);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  hold(path, tagOf(answer), bytes);
  return bytes;
}

/** Return {bytes, isNew} of an address as it is now; all that is asked for in one go is one request. */
export function fetchChange(path) {
  if (!("DecompressionStream" in globalThis)) return fetchWhole(path).then((bytes) => ({ bytes, isNew: true }));
  if (!asked.size) setTimeout(send);
  if (!asked.has(path)) asked.set(path, Promise.withResolvers?.() ?? withResolvers());
  return asked.get(path).promise;
}

async function send() {
  const waiting = [...asked].map(([path, { resolve, reject }]) => ({ path, known: held.get(path), resolve, reject }));
  asked = new Map();
  try {
    for await (const { n, ...piece } of pieces(waiting)) {
      await taken(waiting[n], piece).then(waiting[n].resolve, waiting[n].reject);
    }
    throw new ServiceError(0, "the answer of the service was cut short");
  } catch (error) {
    for (const { reject } of waiting) reject(error); // those that have their piece do not mind
  }
}

/** Yield the pieces of an answer as they come: what is said of each, and its bytes. */
async function* pieces(waiting) {
  const of = waiting.map(({ path, known }) => ["of", `${known?.tag ?? ""} ${path}`]);
  const answer = await fetch(`${address("/changes")}?${new URLSearchParams(of)}`);
  if (!answer.ok) throw await failure(answer);
  const reader = answer.body.getReader();
  let [rest, said] = [new Uint8Array(), null];
  for (;;) {
    const end = said ? said.size : rest.indexOf(10) + 1;
    if (said ? rest.length >= end : end) {
      const part = rest.subarray(0, end);
      rest = rest.subarray(end);
      if (said) yield { ...said, bytes: part };
      said = said ? null : JSON.parse(new TextDecoder().decode(part));
      continue;
    }
    const { done, value } = await reader.read();
    if (done) return;
    rest = joined(rest, value);
  }
}

/** Make a piece the whole answer that it stands for. */
async function taken({ path, known }, { status, tag, is_change: isChange, start = 0, end = 0, bytes }) {
  if (status === 304) return { bytes: known.bytes, isNew: false };
  if (status !== 200) throw await failure(new Response(bytes, { status }));
  const old = isChange ? known.bytes : new Uint8Array();
  const middle = await inflated(old.subarray(0, old.length - end).slice(-WINDOW), bytes);
  const whole = joined(old.subarray(0, start), middle, old.subarray(old.length - end));
  hold(path, tag, whole);
  return { bytes: whole, isNew: true };
}

async function inflated(dictionary, packed) {
  const n = dictionary.length;
  const stored = n ? [Uint8Array.of(0, n, n >> 8, ~n, ~n >> 8), dictionary] : [];
  const stream = new Blob([...stored, packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer()).subarray(n);
}

function hold(path, tag, bytes) {
  held.delete(path);
  if (tag) held.set(path, { tag, bytes });
  if (held.size > MOST_HELD) held.delete(held.keys().next().value);
}

const tagOf = (answer) => answer.headers.get("ETag")?.replace("W/", "").replaceAll('"', "");

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
