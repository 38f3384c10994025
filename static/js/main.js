/** Where the page's scripts start: colours, charts as they come into view, live news. */

import { element } from "./chart.js";
import { refreshLater, startLater } from "./later.js";
import { startLive } from "./live.js";
import { refreshParts } from "./parts.js";
import { startTheme } from "./theme.js";
import { startTimes } from "./times.js";

const CHARTS = {
  heatmap: () => import("./heatmap.js"),
  history: () => import("./history.js"),
  lines: () => import("./lines.js"),
  marginals: () => import("./marginals.js"),
};

const TRY_AGAIN_AFTER_MS = [2000, 5000, 15_000, 60_000];

const drawn = [];

/**
 * Start a chart; if it breaks, it says so and the rest of the page goes on.
 *
 * It is tried again unless it was refused: a service that has just started may need some seconds.
 */
async function startChart(figure, tries = 0) {
  const before = figure.querySelector(":scope > .chart-error");
  try {
    const { start } = await CHARTS[figure.dataset.chart]();
    drawn.push(await start(figure));
    before?.remove();
  } catch (error) {
    const text = `This chart could not be drawn: ${error.message}`;
    const said = element("p", { className: "chart-error", role: "alert", text });
    if (before) before.replaceWith(said);
    else figure.querySelector(".chart-body").after(said);
    const isRefused = error.status >= 400 && error.status < 500;
    if (!isRefused && tries < TRY_AGAIN_AFTER_MS.length) {
      setTimeout(() => startChart(figure, tries + 1), TRY_AGAIN_AFTER_MS[tries]);
    }
  }
}

const watch = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      startChart(target);
    }
  },
  { rootMargin: "50px" },
);
const watched = new WeakSet();

/** Start the charts of the page, also those that came with a new part. */
function startChartsInView() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    if (!(figure.dataset.chart in CHARTS) || watched.has(figure)) continue;
    watched.add(figure);
    watch.observe(figure);
  }
}

async function startForms() {
  const form = document.getElementById("new-study");
  if (form) (await import("./new_study.js")).startNewStudy(form);
  const painter = document.getElementById("painter");
  if (painter) (await import("./painter.js")).startPainter(painter);
  const file = document.querySelector("input[type=file][data-fills]");
  if (file) (await import("./painter.js")).startFile(file);
}

const following = new Map();

/** Let a chart follow, once more if there was news meanwhile: words must not wait for what is computed for it. */
async function follow(chart) {
  const isBusy = following.has(chart);
  following.set(chart, isBusy);
  if (isBusy) return;
  await chart.news();
  const isLate = following.get(chart);
  following.delete(chart);
  if (isLate) await follow(chart);
}

async function onNews() {
  drawn.forEach(follow);
  await Promise.all([refreshParts(), refreshLater()]);
  startChartsInView();
}

document.documentElement.dataset.js = "";
startTheme();
startTimes();
startChartsInView();
startLater();
startForms();
startLive(onNews);
