/** Build static/vendor/plotly.min.js and its compressed forms: `make vendor`. */

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const VENDOR = new URL("../../static/vendor/", import.meta.url);
const PACKAGE = new URL("node_modules/plotly.js/", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", PACKAGE)));
const FILES = ["plotly.min.js", "plotly.css"];

await build({
  entryPoints: ["entry.cjs"],
  outfile: new URL("plotly.min.js", VENDOR).pathname,
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "Plotly",
  target: "es2020",
  alias: { stream: "stream-browserify" },
  define: { global: "window", "define.amd": "false", "process.env.NODE_DEBUG": "false" },
  loader: { ".css": "empty" }, // of maps, which are not drawn
  // The first line lets Chromium compile everything off the page's thread, where it would do so bit by bit.
  banner: { js: `//# allFunctionsCalledOnLoad\n/* plotly.js (core and heatmap - minified) v${version}, MIT, see plotly.LICENSE.txt */` },
  legalComments: "external",
});
copyFileSync(new URL("dist/plotly.css", PACKAGE), new URL("plotly.css", VENDOR));
copyFileSync(new URL("LICENSE", PACKAGE), new URL("plotly.LICENSE.txt", VENDOR));

const sums = FILES.map((name) => {
  const bytes = readFileSync(new URL(name, VENDOR));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  writeFileSync(new URL(`${name}.br`, VENDOR), brotliCompressSync(bytes, { params }));
  writeFileSync(new URL(`${name}.gz`, VENDOR), gzipSync(bytes, { level: 9 }));
  return `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
});
writeFileSync(new URL("SHA256SUMS", VENDOR), sums.join(""));
