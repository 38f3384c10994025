/** The key beside a map: what its marks are, and what its colours mean. */

import { paint } from "./frames.js";
import { ramp } from "./palettes.js";

const SHADES = Uint8Array.from({ length: 256 }, (_, i) => i);
const bars = new Map();

/** Show the names of a map's marks and its scale, as `scaleOf` returns it. */
export function showKey(figure, marks, scale) {
  const names = new Map(marks.map(({ uid, name }) => [uid, name]));
  for (const item of figure.querySelectorAll("[data-kind]")) {
    const name = names.get(item.dataset.kind);
    item.hidden = name === undefined;
    if (name) item.lastElementChild.textContent = name;
  }
  const [title, bar] = figure.querySelector(".key-scale").children;
  title.textContent = scale.title;
  bar.querySelector("image").setAttribute("href", picture(scale));
  bar.querySelectorAll("span").forEach((tick, i) => (tick.textContent = scale.ticks[i]));
}

function picture({ palette, isReversed }) {
  const name = `${palette}${isReversed}`;
  if (!bars.has(name)) {
    const canvas = document.createElement("canvas");
    paint(canvas, isReversed ? SHADES.toReversed() : SHADES, SHADES.length, 1, ramp(palette));
    bars.set(name, canvas.toDataURL());
  }
  return bars.get(name);
}
