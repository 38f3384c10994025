/** Times that say how long ago they were, kept true while somebody looks. */

import { ago } from "./format.js";

const YOUNG_MS = 60_000; // in which seconds are told
const EVERY_YOUNG_MS = 30_000;
const EVERY_MS = 60_000;

/** Keep all times of the page true; a page where nothing is new looks once a minute. */
export function startTimes() {
  const look = () => {
    const isYoung = !document.hidden && tellTimes() < YOUNG_MS;
    setTimeout(look, isYoung ? EVERY_YOUNG_MS : EVERY_MS);
  };
  setTimeout(look, EVERY_YOUNG_MS);
}

/** Say how long ago each time was; return the age of the youngest. */
function tellTimes() {
  const now = Date.now();
  let youngest = Infinity;
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const age = now - Date.parse(time.dateTime);
    if (age < 0) continue; // it lies ahead, and the server said so
    youngest = Math.min(youngest, age);
    const text = ago(age);
    if (time.textContent !== text) time.textContent = text;
  }
  return youngest;
}
