/** Colour scales: monotone in lightness and safe for colour-blind readers. */

const STOPS = {
  cividis: ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"],
  viridis: ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"],
  rocket: ["#221331", "#451c47", "#6a1f56", "#921c5b", "#b91657", "#d92847", "#ed513e", "#f47c56", "#f6a77f", "#f6d2b5"],
  mako: ["#1e1525", "#35264c", "#40498e", "#37659e", "#348fa7", "#40b7ad", "#79d6ae", "#c2ebd1"],
  // Around 0: what fell is blue, what stayed light, what rose red.
  change: ["#2166ac", "#67a9cf", "#d1e5f0", "#f2f2f2", "#fddbc7", "#ef8a62", "#b2182b"],
};

/** Return a palette as Plotly's colour scale. */
export function colorscale(name) {
  const stops = STOPS[name];
  return stops.map((colour, i) => [i / (stops.length - 1), colour]);
}

/** Return 256 colours of a palette as RGBA bytes. */
export function ramp(name) {
  const stops = STOPS[name].map(parse);
  const bytes = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) bytes.set([...between(stops, i / 255), 255], 4 * i);
  return bytes;
}

const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

function between(stops, where) {
  const place = where * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  return stops[low].map((c, k) => Math.round(c + (place - low) * (stops[low + 1][k] - c)));
}
