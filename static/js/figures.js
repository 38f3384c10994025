/** Figures as plain objects for Plotly: no element, no address, no clock. */

import { IN_ITS_ROOM, legendRoom, levelAxis, numberAxis, widest } from "./axes.js";
import { level, levels, literal, number } from "./format.js";
import { layerOf, valueText } from "./layers.js";
import { colorscale } from "./palettes.js";

const FLOOR = 1e-6;
const TITLE = { size: 13 };
const BAR = 14;
const MARGIN = Object.freeze({ autoexpand: false, pad: 2 });
const LEGEND = Object.freeze({ orientation: "h", x: 0, y: 1, xanchor: "left", yanchor: "bottom" });
const HIGHEST_FLOOR = 0.01;
const MOST_BITS = 6;
const MOST_CELLS_WITH_TEXT = 10;
const PIXELS_FOR_TEXT = 60;
const NARROW = 560;
const LINEAR_UP_TO_CELLS = 36;

/** Say whether the cells of a picture are few and large enough to carry their numbers. */
export const hasText = (matrix, width) =>
  Math.max(matrix.x_values.length, rowsOf(matrix)) <= MOST_CELLS_WITH_TEXT &&
  (width - 150) / matrix.x_values.length >= PIXELS_FOR_TEXT;

/** Say whether thin lines part the cells. */
export const hasGaps = (matrix) => Math.max(matrix.x_values.length, rowsOf(matrix)) <= 20;

/** Return `log` or `linear`: how the colours of a layer run unless the reader chose. */
export function defaultColour(layer, matrix) {
  const isMany = matrix.x_values.length * rowsOf(matrix) > LINEAR_UP_TO_CELLS;
  return layerOf(layer).isProbability && isMany ? "log" : "linear";
}

/** Return the smallest value of a logarithmic colour scale: a power of ten, well below its top. */
export function decadeBelow(p, top) {
  const decade = 10 ** Math.floor(Math.log10(p > 0 ? p : FLOOR) + 1e-9);
  const bottom = Math.min(HIGHEST_FLOOR, Math.max(FLOOR, decade));
  return bottom > top / 2 ? bottom / 10 : bottom;
}

/** Return the largest value of a colour scale for probabilities: a round number. */
export function roundUp(p) {
  return [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75].find((top) => p <= top) ?? 1;
}

/**
 * Return the heatmap of a posterior matrix.
 *
 * It is drawn in index space, every cell equally large, with the grid's own values as labels.
 */
export function heatmap(matrix, { goal, metric, colour, top, bottom, marks, colours, width, height, isCompact }) {
  const { layer } = matrix;
  const withText = hasText(matrix, width);
  const bar = colorbar(layer, { metric, colour, bottom, hasTitle: !isCompact && width >= NARROW });
  const map = {
    type: "heatmap",
    z: colour === "log" ? logarithms(matrix.z) : matrix.z,
    x: [...matrix.x_values.keys()],
    y: [...Array(rowsOf(matrix)).keys()],
    zsmooth: false,
    xgap: gap(matrix),
    ygap: gap(matrix),
    hoverinfo: "none",
    hoverongaps: true,
    ...scale(matrix, { goal, colour, top, bottom }),
    colorbar: bar,
    ...(withText && { text: matrix.z.map((row) => row.map((z) => valueText(layer, z))), texttemplate: "%{text}" }),
  };
  const names = marks.map(({ name }) => name);
  return { data: [map, ...marks], layout: layout(matrix, { names, bar, colours, width, height, isCompact }) };
}

/** Return the parts of a heatmap trace that depend on its colours. */
function scale({ layer, z }, { goal, colour, top, bottom }) {
  const { palette, isProbability, isDiverging } = layerOf(layer);
  const isLowGood = layer === "mean" && goal === "minimize";
  const range = colour === "log" ? { zmin: Math.log10(bottom), zmax: Math.log10(top) } : isProbability ? { zmin: 0, zmax: top } : isDiverging ? around(z) : spread(z);
  return { colorscale: colorscale(palette), reversescale: isLowGood, ...range };
}

/** Return a range with 0 in its middle. */
function around(z) {
  const { zmin, zmax } = spread(z);
  const most = Math.min(MOST_BITS, Math.max(Math.abs(zmin), Math.abs(zmax))) || 1;
  return { zmin: -most, zmax: most };
}

function spread(z) {
  let [low, high] = [Infinity, -Infinity];
  for (const row of z) {
    for (const value of row) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return { zmin: 0, zmax: 1 };
  return low === high ? { zmin: low - 0.5, zmax: high + 0.5 } : { zmin: low, zmax: high };
}

function colorbar(layer, { metric, colour, bottom, hasTitle }) {
  const { title, isProbability } = layerOf(layer);
  const unit = layer === "mean" || layer === "sd" ? ` (${literal(metric)})` : "";
  const ticks = colour === "log" ? logTicks(bottom) : isProbability ? { tickformat: ".3~%" } : { tickformat: ".3~g" };
  return {
    x: 1,
    thickness: BAR,
    outlinewidth: 0,
    len: 1,
    ...IN_ITS_ROOM,
    ...(hasTitle && { title: { text: title + unit, side: "right", font: TITLE } }),
    ...ticks,
  };
}

function logTicks(bottom) {
  const decades = [-6, -5, -4, -3, -2, -1, 0].filter((decade) => 10 ** decade >= bottom * 0.99);
  const text = (decade) => `${Number((100 * 10 ** decade).toPrecision(1))} %`;
  return { tickvals: decades, ticktext: decades.map((decade, i) => (i ? text(decade) : `≤ ${text(decade)}`)) };
}

function layout(matrix, { names, bar, colours, width, height, isCompact }) {
  const rows = matrix.y ? levels(matrix.y_values) : [""];
  const columns = levels(matrix.x_values);
  const isLarge = Math.max(columns.length, rows.length) > 20;
  const given = { font: colours.font, width, isFixed: !isLarge || isCompact };
  const size = width < NARROW ? 10 : 13;
  const right = barRoom(bar, colours.font);
  const up = levelAxis(matrix.y ?? "", rows, { ...given, length: height - 90 });
  const across = levelAxis(matrix.x, columns, { ...given, length: width - up.room - right, isAcross: true });
  return {
    ...frame(colours),
    dragmode: isLarge && !isCompact ? "zoom" : false,
    margin: { ...MARGIN, l: up.room, r: right, t: legendRoom(names, width - up.room - right, colours.font, size), b: across.room },
    legend: { ...LEGEND, font: { size }, itemwidth: 30, itemclick: false, itemdoubleclick: false },
    xaxis: across.axis,
    yaxis: up.axis,
    plot_bgcolor: colours.empty,
  };
}

function barRoom({ ticktext, title }, font) {
  return Math.ceil(BAR + 24 + widest(ticktext ?? ["0.00000"], font) + (title ? 28 : 0));
}

const gap = (matrix) => (hasGaps(matrix) ? 1 : 0);

const rowsOf = (matrix) => (matrix.y ? matrix.y_values.length : 1);

const logarithms = (z) => z.map((row) => row.map((p) => (p === null ? null : Math.log10(Math.max(p, FLOOR)))));

const frame = (colours) => ({
  paper_bgcolor: "rgba(0,0,0,0)",
  font: { color: colours.text, family: colours.font, size: 13 },
  hoverlabel: { font: { family: colours.font } },
});

/** Return the history of a study: every shown result and the exact best-so-far line. */
export function history({ points, best }, { metric, goal, colours, width, isLog }) {
  const results = {
    type: "scatter",
    mode: "markers",
    name: "result",
    x: points.map((point) => point.order),
    y: points.map((point) => point.value),
    customdata: points.map((point) => [point.number, number(point.value), literal(metric)]),
    marker: { color: colours.point, size: points.length > 300 ? 5 : 7, symbol: "circle-open", line: { width: 1.5 } },
    hovertemplate: "trial %{customdata[0]}<br>%{customdata[2]} %{customdata[1]}<extra></extra>",
  };
  const line = {
    type: "scatter",
    mode: "lines",
    name: "best so far",
    x: best.map((point) => point.order),
    y: best.map((point) => point.value),
    line: { color: colours.accent, width: 2.5, shape: "hv" },
    hovertemplate: "best so far %{y:.4~g}<extra></extra>",
  };
  const across = numberAxis("results, in the order they came", [0, points.at(-1).order], { colours, most: ticksIn(width), isAcross: true, hasZero: true });
  const values = [...points.map((point) => point.value), ...best.map((point) => point.value)];
  const up = numberAxis(`${metric} (${goal})`, values, { colours, most: 6, isLog });
  return { data: [results, line], layout: ruled({ across, up, names: ["result", "best so far"], colours, width }) };
}

/** Looks of lines beside their colour, so that colour is never alone. */
const LOOKS = {
  line: { dash: "solid", shape: "linear" },
  step: { dash: "solid", shape: "hv" },
  "step-2": { dash: "dash", shape: "hv" },
  "step-3": { dash: "dot", shape: "hv" },
  "step-4": { dash: "longdash", shape: "hv" },
  "step-5": { dash: "dashdot", shape: "hv" },
  "step-6": { dash: "longdashdot", shape: "hv" },
  "line-2": { dash: "dash", shape: "linear" },
  "line-3": { dash: "dot", shape: "linear" },
};

/** Return line charts: each series has its own dash and colour. */
export function lines({ x_title: x, y_title: y, is_log: isLog, has_zero: hasZero, series }, { colours, width }) {
  const hue = { line: colours.accent, step: colours.accent, "step-2": colours.second, "line-2": colours.second, "step-4": colours.third, "step-5": colours.fourth, "step-6": colours.accent };
  const data = series.map((one) => ({
    type: "scatter",
    mode: one.look === "points" ? "markers" : one.x.length > 60 ? "lines" : "lines+markers",
    name: literal(one.name),
    x: one.x,
    y: one.y,
    marker: { color: hue[one.look] ?? colours.point, size: 5 },
    line: { color: hue[one.look] ?? colours.point, width: 2.5, ...LOOKS[one.look] },
    hovertemplate: `${literal(x)} %{x}<br>${literal(one.name)} %{y:.4~g}<extra></extra>`,
  }));
  const across = numberAxis(x, [0, ...series.flatMap((one) => one.x)], { colours, most: ticksIn(width), isAcross: true, hasZero: true });
  const up = numberAxis("", series.flatMap((one) => one.y), { colours, most: 6, isLog, hasZero });
  const names = series.length > 1 ? series.map(({ name }) => name) : [];
  return { data, layout: ruled({ across, up, names, colours, width }) };
}

/** Return the layout of a chart of numbers over numbers. */
function ruled({ across, up, names, colours, width }) {
  return {
    ...frame(colours),
    dragmode: false,
    hovermode: "closest",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: names.length > 0,
    margin: { ...MARGIN, l: up.room, r: 12, t: legendRoom(names, width - up.room - 12, colours.font), b: across.room },
    legend: LEGEND,
    xaxis: across.axis,
    yaxis: up.axis,
  };
}

const ticksIn = (width) => Math.max(2, Math.floor(width / 90));

/** Return one sentence that says what a heatmap shows, for those who cannot see it. */
export function describe(matrix, known) {
  if (matrix.said) return matrix.said;
  const peak = peakOf(matrix);
  const where = peak && `${matrix.x} ${level(matrix.x_values[peak.i])}${matrix.y ? `, ${matrix.y} ${level(matrix.y_values[peak.j])}` : ""}`;
  const size = `${matrix.x_values.length} by ${rowsOf(matrix)} cells`;
  const most = peak ? `; highest at ${where}: ${valueText(matrix.layer, peak.value)}` : "";
  const tested = known ? `; ${known.n_results} results` : "";
  return `Heatmap of ${layerOf(matrix.layer).title} over ${size}${most}${tested}.`;
}

function peakOf({ z }) {
  let peak = null;
  z.forEach((row, j) =>
    row.forEach((value, i) => {
      if (value !== null && (!peak || value > peak.value)) peak = { i, j, value };
    }),
  );
  return peak;
}

