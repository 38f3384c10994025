/** A canvas over a drawn heatmap that shows frames and marks while time moves: ~1 ms each. */

import { element } from "./chart.js";
import { paint } from "./frames.js";

/** The canvas of one chart. It covers the plot's area exactly and is hidden at rest. */
export class FilmCanvas {
  #canvas = element("canvas", { className: "film", hidden: true, "aria-hidden": "true" });
  #pixels = document.createElement("canvas");

  constructor(body) {
    this.body = body;
  }

  /** Show a frame of nx by ny cells and the marks of some traces over a plot. */
  show(plot, { frame, nx, ny, palette, marks, hasGaps }) {
    const area = areaOf(plot);
    const context = this.#cover(area);
    paint(this.#pixels, frame, nx, ny, palette);
    const { x, y } = scales(plot, area);
    context.imageSmoothingEnabled = false;
    const [left, top] = [x(-0.5), y(ny - 0.5)];
    context.drawImage(this.#pixels, left, top, x(nx - 0.5) - left, y(-0.5) - top);
    if (hasGaps) rule(context, { nx, ny, x, y, area, colour: plot._fullLayout.plot_bgcolor });
    for (const trace of marks) drawMarks(context, trace, x, y);
  }

  hide() {
    this.#canvas.hidden = true;
  }

  #cover({ left, top, width, height }) {
    const canvas = this.#canvas;
    if (canvas.parentNode !== this.body) this.body.append(canvas);
    canvas.hidden = false;
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    Object.assign(canvas.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    return context;
  }
}

// Plotly has no public name for the area inside the axes; a test watches that this one stays.
export function areaOf(plot) {
  const { l: left, t: top, w: width, h: height } = plot._fullLayout._size;
  return { left, top, width, height };
}

/** Return how places on the axes become pixels, zoomed or not. */
export function scales(plot, { width, height }) {
  const [x0, x1] = plot._fullLayout.xaxis.range;
  const [y0, y1] = plot._fullLayout.yaxis.range;
  return { x: (i) => ((i - x0) / (x1 - x0)) * width, y: (j) => ((y1 - j) / (y1 - y0)) * height };
}

function rule(context, { nx, ny, x, y, area, colour }) {
  context.fillStyle = colour;
  for (let i = 1; i < nx; i++) context.fillRect(x(i - 0.5) - 0.5, 0, 1, area.height);
  for (let j = 1; j < ny; j++) context.fillRect(0, y(j - 0.5) - 0.5, area.width, 1);
}

function drawMarks(context, { x: columns, y: rows, marker }, x, y) {
  context.fillStyle = marker.color;
  context.strokeStyle = marker.line.color;
  context.lineWidth = marker.line.width;
  const radius = marker.size / 2;
  columns.forEach((column, at) => {
    if (column === null) return;
    context.beginPath();
    SHAPES[marker.symbol](context, x(column), y(rows[at]), radius);
    context.fill();
    context.stroke();
  });
}

/** The shapes of Plotly's symbols of the same names. */
const SHAPES = {
  circle: (context, x, y, r) => context.arc(x, y, r, 0, 2 * Math.PI),
  diamond: polygon([[1.3, 0], [0, 1.3], [-1.3, 0], [0, -1.3]]),
  square: polygon([[1, 1], [-1, 1], [-1, -1], [1, -1]]),
  hourglass: polygon([[1, 1], [-1, 1], [1, -1], [-1, -1]]),
  "triangle-down": polygon([[-1.155, -0.5], [1.155, -0.5], [0, 1]]),
  x: polygon(cross()),
  star: polygon(star()),
};

function polygon(corners) {
  return (context, x, y, r) => {
    corners.forEach(([dx, dy], i) => (i ? context.lineTo(x + r * dx, y + r * dy) : context.moveTo(x + r * dx, y + r * dy)));
    context.closePath();
  };
}

function star() {
  return Array.from({ length: 10 }, (_, i) => {
    const [size, angle] = [i % 2 ? 0.535 : 1.4, (Math.PI * i) / 5];
    return [size * Math.sin(angle), -size * Math.cos(angle)];
  });
}

function cross() {
  const arm = Math.SQRT2 / 4;
  const corner = [[0, arm], [arm, 2 * arm], [2 * arm, arm]];
  const turn = ([x, y], quarter) => [[x, y], [y, -x], [-x, -y], [-y, x]][quarter];
  return [0, 1, 2, 3].flatMap((quarter) => corner.map((point) => turn(point, quarter)));
}
