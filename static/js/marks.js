/** What is known of cells, as shapes on a heatmap: never told by colour alone. */

const HALO = "#111418";
const FILL = "#ffffff";
const SMALLEST = 5;
const SMALLEST_STANDING_OUT = 12;
const MOST = 1000; // more tell no one where they are not, and each is a node of the page

/** Every kind of mark: its name in the legend, its shape and where it sits in a cell with text. */
const KINDS = [
  { kind: "tested", name: "tested", symbol: "circle", corner: [-1, 1] },
  { kind: "pending", name: "pending", symbol: "hourglass", corner: [-1, 1] },
  { kind: "failed", name: "failed", symbol: "triangle-down", corner: [-1, 1] },
  { kind: "infeasible", name: "infeasible", symbol: "x", corner: [-1, 1] },
  { kind: "excluded", name: "excluded", symbol: "square", corner: [-1, 1], colour: HALO, edge: FILL, shrink: 0.7 },
  { kind: "best", name: "best so far", symbol: "star", corner: [1, 1], colour: "#ff9f1c", grow: 1.7 },
  { kind: "next", name: "next", symbol: "diamond", corner: [1, 1], colour: "#4cc9f0", grow: 1.25 },
];

/** Return how many squares each kind of mark stands on, and where: what the marks resource knows of a picture. */
export function markedPlaces(known, picture, fixed) {
  const listed = ({ n, squares }) => ({ n, places: squares.map((s) => [s % picture.nx, Math.floor(s / picture.nx)]) });
  const found = (cells) => {
    const places = distinct(cells.filter((cell) => cell !== null && cell !== undefined), picture, fixed);
    return { n: places.length, places };
  };
  return {
    tested: listed(known.tested),
    pending: found(known.pending),
    failed: found(known.failed),
    infeasible: listed(known.infeasible),
    excluded: listed(known.excluded),
    best: found([known.best]),
    next: found([known.next]),
  };
}

/**
 * Return what was known at a moment, from what is known at a later one.
 *
 * Squares are listed in the order of their first results and a moment says how many results it has
 * seen; after a deletion this is an approximation, which the exact answer soon replaces.
 */
export function knownAt(latest, { seq, n_observations: n, infeasible, pending, best, next }) {
  const until = ({ squares, first }, end) => {
    const after = first.findIndex((order) => order >= end);
    const known = after < 0 ? squares.length : after;
    return { n: known, squares: squares.slice(0, known), first: first.slice(0, known) };
  };
  return {
    ...latest,
    seq,
    n_results: n,
    tested: until(latest.tested, n),
    infeasible: until(latest.infeasible, infeasible),
    failed: [],
    pending,
    best,
    next,
  };
}

/** Return one scatter trace for each kind of mark. */
export function markTraces(marked, { cellPixels, hasText }) {
  const size = Math.max(SMALLEST, Math.min(hasText ? 10 : 14, 0.38 * cellPixels));
  return KINDS.filter(({ kind }) => marked[kind].n).map((kind) => {
    const { n, places: found } = marked[kind.kind];
    const isCrowd = n > MOST;
    const places = isCrowd ? [[null, null]] : found; // a legend needs something to stand for
    const [dx, dy] = hasText ? kind.corner.map((side) => 0.33 * side) : [0, 0];
    return {
      type: "scatter",
      uid: kind.kind,
      mode: "markers",
      name: isCrowd ? `${n.toLocaleString("en")} ${kind.name}, too many to mark` : kind.name,
      x: places.map(([i]) => (isCrowd ? null : i + dx)),
      y: places.map(([, j]) => (isCrowd ? null : j + dy)),
      hoverinfo: "skip",
      cliponaxis: false,
      marker: {
        symbol: kind.symbol,
        size: kind.grow ? Math.max(SMALLEST_STANDING_OUT, size * kind.grow) : size * (kind.shrink ?? 1),
        color: kind.colour ?? FILL,
        line: { color: kind.edge ?? HALO, width: size < 7 ? 1 : 1.5 },
      },
    };
  });
}

function distinct(cells, picture, fixed) {
  const seen = new Map();
  for (const cell of cells) {
    if (!picture.isInSlice(cell, fixed)) continue;
    const place = picture.place(cell);
    seen.set(place.join(), place);
  }
  return [...seen.values()];
}
