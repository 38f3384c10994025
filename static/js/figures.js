/** Figures as plain objects for Plotly: no element, no address, no clock. */

import { IN_ITS_ROOM, levelAxis, numberAxis } from "./axes.js";
import { PERCENT, level, levels, literal, number, percent } from "./format.js";
import { layerOf, valueText } from "./layers.js";
import { colorscale } from "./palettes.js";

const FLOOR = 1e-6;
const BESIDE = 12; // pixels above and to the right of a plot
const MARGIN = Object.freeze({ autoexpand: false, pad: 2, t: BESIDE, r: BESIDE });
const LEGEND = Object.freeze({ orientation: "h", x: 0, y: 1, xanchor: "left", yanchor: "bottom" });
const HIGHEST_FLOOR = 0.01;
const MOST_BITS = 6;
const MOST_CELLS_WITH_TEXT = 10;
const PIXELS_FOR_TEXT = 60;
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
 * It is drawn in index space, every cell equally large, with the grid's own values as labels. The page shows its key.
 */
export function heatmap(matrix, { scale, marks, colours, width, height, isCompact }) {
  const { layer } = matrix;
  const withText = hasText(matrix, width);
  const map = {
    type: "heatmap",
    z: scale.isLog ? logarithms(matrix.z) : matrix.z,
    x: [...matrix.x_values.keys()],
    y: [...Array(rowsOf(matrix)).keys()],
    zsmooth: false,
    xgap: gap(matrix),
    ygap: gap(matrix),
    hoverinfo: "none",
    hoverongaps: true,
    ...coloured(scale),
    ...(withText && { text: matrix.z.map((row) => row.map((z) => valueText(layer, z))), texttemplate: "%{text}" }),
  };
  return { data: [map, ...marks], layout: layout(matrix, { colours, width, height, isCompact }) };
}

/** Return a figure with its key drawn into it, for a picture that leaves the page. */
export const withKey = ({ data, layout }) => ({
  data: data.map((trace) => ({ ...trace, ...(trace.colorbar && { showscale: true }) })),
  layout: { ...layout, showlegend: data.length > 1, margin: { ...layout.margin, autoexpand: true } },
});

/** Return how colours run over a layer: from which value to which, in which direction, and what to write beside them. */
export function scaleOf({ layer, z }, { goal, metric, colour, top, bottom }) {
  const { palette, isProbability, isDiverging, title } = layerOf(layer);
  const isLog = colour === "log";
  const [low, high] = isLog ? [bottom, top] : isProbability ? [0, top] : isDiverging ? around(z) : spread(z);
  const middle = isLog ? Math.sqrt(low * high) : (low + high) / 2;
  const [first, ...others] = [low, middle, high].map((value) => valueText(layer, value));
  return {
    low,
    high,
    isLog,
    palette,
    isReversed: layer === "mean" && goal === "minimize",
    title: layer === "mean" || layer === "sd" ? `${title} (${metric})` : title,
    ticks: [isLog ? `≤ ${first}` : first, ...others],
  };
}

/** Return the parts of a heatmap trace that depend on its colours. */
function coloured({ low, high, isLog, palette, isReversed, title, ticks }) {
  const [zmin, zmax] = isLog ? [Math.log10(low), Math.log10(high)] : [low, high];
  const colorbar = {
    x: 1,
    thickness: 14,
    outlinewidth: 0,
    len: 1,
    title: { text: literal(title), side: "right" },
    tickvals: [zmin, (zmin + zmax) / 2, zmax],
    ticktext: ticks,
    ...IN_ITS_ROOM,
  };
  return { zmin, zmax, colorscale: colorscale(palette), reversescale: isReversed, showscale: false, colorbar };
}

/** Return a range with 0 in its middle. */
function around(z) {
  const most = Math.min(MOST_BITS, Math.max(...spread(z).map(Math.abs))) || 1;
  return [-most, most];
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
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function layout(matrix, { colours, width, height, isCompact }) {
  const rows = matrix.y ? levels(matrix.y_values) : [""];
  const columns = levels(matrix.x_values);
  const isLarge = Math.max(columns.length, rows.length) > 20;
  const given = { font: colours.font, width, isFixed: !isLarge || isCompact };
  const up = levelAxis(matrix.y ?? "", rows, { ...given, length: height - 60 });
  const across = levelAxis(matrix.x, columns, { ...given, length: width - up.room - BESIDE, isAcross: true });
  return {
    ...frame(colours),
    dragmode: isLarge && !isCompact ? "zoom" : false,
    showlegend: false,
    margin: { ...MARGIN, l: Math.max(up.room, across.before), b: across.room },
    legend: LEGEND,
    xaxis: across.axis,
    yaxis: up.axis,
    plot_bgcolor: colours.empty,
  };
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
  return { data: [results, line], layout: ruled({ across, up, colours }) };
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
export function lines({ x_title: x, y_title: y, is_log: isLog, has_zero: hasZero, is_share: isShare, series }, { colours, width }) {
  const hue = { line: colours.accent, step: colours.accent, "step-2": colours.second, "line-2": colours.second, "step-4": colours.third, "step-5": colours.fourth, "step-6": colours.accent };
  const word = isShare ? (tick) => number(100 * tick, 6) + PERCENT : undefined;
  const data = series.map((one) => ({
    type: "scatter",
    mode: one.look === "points" ? "markers" : one.x.length > 60 ? "lines" : "lines+markers",
    name: literal(one.name),
    x: one.x,
    y: one.y,
    marker: { color: hue[one.look] ?? colours.point, size: 5 },
    line: { color: hue[one.look] ?? colours.point, width: 2.5, ...LOOKS[one.look] },
    ...(isShare && { text: one.y.map(percent) }),
    hovertemplate: `${literal(x)} %{x}<br>${literal(one.name)} ${isShare ? "%{text}" : "%{y:.4~g}"}<extra></extra>`,
  }));
  const across = numberAxis(x, [0, ...series.flatMap((one) => one.x)], { colours, most: ticksIn(width), isAcross: true, hasZero: true });
  const up = numberAxis("", series.flatMap((one) => one.y), { colours, most: 6, isLog, hasZero, word });
  return { data, layout: ruled({ across, up, colours }) };
}

/** Return the layout of a chart of numbers over numbers. */
function ruled({ across, up, colours }) {
  return {
    ...frame(colours),
    dragmode: false,
    hovermode: "closest",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    margin: { ...MARGIN, l: up.room, b: across.room },
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

/** Return where a matrix is highest, and how high; null if it holds no number. */
export function peakOf({ z }) {
  let peak = null;
  z.forEach((row, j) =>
    row.forEach((value, i) => {
      if (value !== null && (!peak || value > peak.value)) peak = { i, j, value };
    }),
  );
  return peak;
}

