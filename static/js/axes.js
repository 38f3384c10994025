/** Axes with ticks and room worked out beforehand: Plotly finds both by drawing everything several times. */

import { literal, number } from "./format.js";

const SIZE = 13;
const TITLE_ROOM = 26;
const MOST_LETTERS = 24;
/** Labels have their room: without this Plotly measures every label once for each of them. */
export const IN_ITS_ROOM = Object.freeze({ ticklabeloverflow: "allow" });
const ANGLE = -40;
const SLANT = { across: 22, down: Math.sin((-ANGLE * Math.PI) / 180), left: Math.cos((ANGLE * Math.PI) / 180) };

const pen = new OffscreenCanvas(1, 1).getContext("2d");

/** Return how wide the longest of some texts is, in pixels. */
export function widest(texts, font, size = SIZE) {
  pen.font = `${size}px ${font}`;
  return Math.max(0, ...texts.map((text) => pen.measureText(text).width));
}

/**
 * Return an axis of equally large levels, labelled as far as there is room, and the room that its labels need.
 *
 * Slanted labels end below their cells; `before` is how far the first one reaches to the left of the plot.
 */
export function levelAxis(name, labels, { font, width, length, isAcross = false, isFixed }) {
  const texts = labels.map((label) => shortened(label, letters(width)));
  const areNames = labels.some((label) => Number.isNaN(Number(label)));
  const wide = widest(texts, font);
  const isSlanted = isAcross && areNames && labels.length * (wide + 10) > length;
  const each = !isAcross || isSlanted ? SLANT.across : wide + 10;
  const step = Math.max(1, Math.ceil((labels.length * each) / Math.max(length, each)));
  const shown = [...labels.keys()].filter((i) => i % step === 0);
  const long = isAcross ? (isSlanted ? wide * SLANT.down + 12 : SIZE + 6) : wide + 6;
  const axis = {
    title: { text: literal(name), standoff: 8, font: { size: SIZE } },
    tickmode: "array",
    tickvals: shown,
    ticktext: shown.map((i) => literal(texts[i])),
    tickangle: isSlanted ? ANGLE : 0,
    range: [-0.5, labels.length - 0.5],
    showgrid: false,
    zeroline: false,
    ticks: "",
    fixedrange: isFixed,
    ...IN_ITS_ROOM,
  };
  const before = isSlanted ? Math.ceil(widest(texts.slice(0, 1), font) * SLANT.left - length / labels.length / 2) : 0;
  return { axis, room: Math.ceil(long) + (name ? TITLE_ROOM : 4), before };
}

/** Return an axis of numbers with round ticks, and the room that its labels need. */
export function numberAxis(name, values, { colours, most, isAcross = false, isLog = false, hasZero = false, word = (tick) => number(tick, 6) }) {
  const { range, ticks } = isLog ? decades(values, most) : steps(values, { most, isWhole: isAcross, hasZero });
  const texts = ticks.map(word);
  const long = isAcross ? SIZE + 6 : widest(texts, colours.font) + 6;
  const axis = {
    ...(name && { title: { text: literal(name), standoff: 8, font: { size: SIZE } } }),
    type: isLog ? "log" : "linear",
    range,
    tickmode: "array",
    tickvals: ticks,
    ticktext: texts,
    tickangle: 0,
    fixedrange: true,
    gridcolor: colours.line,
    linecolor: colours.line,
    zeroline: false,
    ...IN_ITS_ROOM,
  };
  return { axis, room: Math.ceil(long) + (name ? TITLE_ROOM : 4) };
}

function steps(values, { most, isWhole, hasZero }) {
  const [lowest, highest] = ends(values);
  const low = hasZero ? Math.min(0, lowest) : lowest;
  const high = highest > low ? highest : low + (Math.abs(low) / 10 || 1);
  const pad = (high - low) / 20;
  const step = Math.max(isWhole ? 1 : 0, round((high - low) / most));
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { range: [low - (hasZero && low === 0 ? pad / 5 : pad), high + pad], ticks };
}

function decades(values, most) {
  const [low, high] = ends(values).map(Math.log10);
  const whole = range(Math.ceil(low), Math.floor(high));
  const between = range(Math.floor(low), Math.floor(high)).flatMap((n) => [1, 2, 5].map((times) => times * 10 ** n));
  const inside = between.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
  const every = Math.ceil(whole.length / most);
  const ticks = whole.length > 2 ? whole.filter((_, i) => i % every === 0).map((n) => 10 ** n) : inside;
  const pad = (high - low) / 20 || 0.1;
  return { range: [low - pad, high + pad], ticks: ticks.map((tick) => Number(tick.toPrecision(6))) };
}

function ends(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

const range = (first, last) => Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);

/** Return the round number that is at least as large: 1, 2 or 5 times a power of ten. */
function round(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * [1, 2, 5, 10].find((times) => times * power >= step * (1 - 1e-9));
}

/** Return how many letters a label may have: beside the plot, at most a third of the chart. */
const letters = (width) => Math.max(8, Math.min(MOST_LETTERS, Math.floor(width / 28)));

const shortened = (text, most) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
