/** The outline of the cells that together hold 50, 80 or 95 % of a belief. */

import { choice, element } from "./chart.js";

const SHARES = { 50: "solid", 80: "dash", 95: "dot" };
const CHOICES = { "": "none", 50: "50 %", 80: "80 %", 95: "95 %", all: "50, 80 and 95 %" };

/** Return a control that picks which outlines are drawn; `changed` is told. */
export function outlineControl(chosen, changed) {
  const control = choice(Object.entries(CHOICES), chosen in CHOICES ? chosen : "", (value) => changed(value || null));
  return element("label", { className: "outline-control" }, element("span", { text: "Outline of" }), control);
}

/** Return Plotly's shapes for the outlines that are chosen, around squares of a matrix of shares. */
export function outlines(z, chosen) {
  if (!chosen) return [];
  const shares = chosen === "all" ? Object.keys(SHARES) : [chosen].filter((share) => share in SHARES);
  return shares.flatMap((share) => {
    const path = around(smallest(z, Number(share) / 100));
    const shape = { type: "path", path, xref: "x", yref: "y", layer: "above", name: `outline-${share}` };
    return [
      { ...shape, line: { color: "#111418", width: 4.5 } },
      { ...shape, line: { color: "#ffffff", width: 2, dash: SHARES[share] } },
    ];
  });
}

/** Return which squares are among the fewest that hold a share of the whole. */
export function smallest(z, share) {
  const squares = z.flatMap((row, j) => row.map((p, i) => [p ?? 0, i, j])).sort((a, b) => b[0] - a[0]);
  const whole = squares.reduce((sum, [p]) => sum + p, 0);
  const inside = z.map((row) => row.map(() => false));
  let held = 0;
  for (const [p, i, j] of squares) {
    if (held >= share * whole) break;
    inside[j][i] = true;
    held += p;
  }
  return inside;
}

/** Return the border between squares that are inside and those that are not, as a path. */
function around(inside) {
  const is = (i, j) => Boolean(inside[j]?.[i]);
  const lines = [];
  inside.forEach((row, j) => row.forEach((isIn, i) => {
    if (!isIn) return;
    const [left, right, low, high] = [i - 0.5, i + 0.5, j - 0.5, j + 0.5];
    if (!is(i - 1, j)) lines.push(`M${left},${low}L${left},${high}`);
    if (!is(i + 1, j)) lines.push(`M${right},${low}L${right},${high}`);
    if (!is(i, j - 1)) lines.push(`M${left},${low}L${right},${low}`);
    if (!is(i, j + 1)) lines.push(`M${left},${high}L${right},${high}`);
  }));
  return lines.join("");
}
