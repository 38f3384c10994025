/** Buttons that save exactly what a chart shows. */

import { button, element } from "./chart.js";
import { withKey } from "./figures.js";
import { loadPlotly } from "./plotly.js";

/** Add the buttons to a chart; `contents` returns {name, rows, json} of what is shown, or a promise of it. */
export function addDownloads(chart, contents) {
  const tools = element("p", { className: "chart-tools" }, "Save as ");
  for (const [kind, save] of Object.entries(KINDS)) {
    const offered = () => Promise.resolve(contents()).then((found) => save(chart, found)).catch((error) => chart.fail(error));
    tools.append(button(kind, offered, { "aria-label": `Save chart as ${kind}` }), " ");
  }
  chart.figure.append(tools);
}

const KINDS = {
  PNG: (chart, { name }) => picture(chart, name, "png"),
  SVG: (chart, { name }) => picture(chart, name, "svg"),
  CSV: async (_chart, { name, rows }) => offer(new Blob([csv(rows)], { type: "text/csv" }), `${name}.csv`),
  JSON: async (_chart, { name, json }) =>
    offer(new Blob([JSON.stringify(json, null, 1)], { type: "application/json" }), `${name}.json`),
};

async function picture(chart, name, format) {
  const Plotly = await loadPlotly();
  const size = { width: chart.width, height: chart.height, scale: format === "png" ? 2 : 1 };
  const address = await Plotly.toImage(withKey(chart.plot), { format, ...size });
  save(address, `${name}.${format}`);
}

function offer(blob, name) {
  const address = URL.createObjectURL(blob);
  save(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function save(href, download) {
  const link = element("a", { href, download });
  document.body.append(link);
  link.click();
  link.remove();
}

/** Return rows as CSV (RFC 4180). */
export const csv = (rows) => rows.map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";

function quoted(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
