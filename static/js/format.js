/** Numbers and times as people read them. Exact values stay in tables and exports. */

const MINUS = "\u2212";
export const PERCENT = "\u00a0%";

/** Return a number with a few significant digits, as short as it can be. */
export function number(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? scientific(value, digits) : plain(value, digits);
  return text.replace("-", MINUS);
}

/** Return a probability as a percentage that no line break parts from its sign. */
export function percent(p) {
  if (p === null || p === undefined || Number.isNaN(p)) return "–";
  if (p > 0 && p < 0.0001) return `< 0.01${PERCENT}`;
  const shown = 100 * p;
  const digits = shown >= 10 ? 0 : shown >= 1 ? 1 : 2;
  if (p < 1 && Number(shown.toFixed(digits)) >= 100) return `> 99${PERCENT}`;
  return `${Number(shown.toFixed(digits))}${PERCENT}`;
}

/** Return a level of a parameter as a label: the user's own value, shortened if very long. */
export function level(value) {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  const exact = String(value);
  return exact.length <= 9 ? exact : String(Number(value.toPrecision(4)));
}

/** Return the labels of all levels of an axis; they are shortened only if they stay different. */
export function levels(values) {
  const short = values.map(level);
  return new Set(short).size === values.length ? short : values.map(String);
}

/** Return a text that Plotly shows as it is: what it draws is read as a kind of HTML. */
export const literal = (text) =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("$", "&#36;");

/** Return how long ago something was, in words that change slowly. */
export function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}

/** Return a local time of day, with the date if it was not today. */
export function moment(text) {
  const time = new Date(text);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  if (time.toDateString() === new Date().toDateString()) return clock;
  return `${[time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-")} ${clock}`;
}

const two = (n) => String(n).padStart(2, "0");

const plain = (value, digits) => String(Number(value.toPrecision(digits)));

function scientific(value, digits) {
  const [mantissa, exponent] = value.toExponential(Math.min(digits, 3) - 1).split("e");
  return `${Number(mantissa)}e${Number(exponent)}`;
}
