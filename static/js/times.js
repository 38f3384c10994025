/** Times that say how long ago they were, kept true while somebody looks. */

import { ago } from "./format.js";

const EVERY_MS = 30_000;

/** Keep all times of the page true. */
export function startTimes() {
  setInterval(() => {
    if (!document.hidden) tellTimes();
  }, EVERY_MS);
}

function tellTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const age = now - Date.parse(time.dateTime);
    if (age < 0) continue; // it lies ahead, and the server said so
    const text = ago(age);
    if (time.textContent !== text) time.textContent = text;
  }
}
