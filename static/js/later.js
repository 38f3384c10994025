/** Parts that are fetched when they come into view: what takes longer than a page may. */

import { fetchChange, fetchWhole } from "./changes.js";
import { element } from "./chart.js";
import { parsed } from "./parts.js";
import { withQuery } from "./service.js";

const AGAIN_AFTER_MS = 15_000;
const TRY_AGAIN_AFTER_MS = 5000;

const fetchedAt = new Map();
const inView = new Set();

const watch = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) inView.delete(target);
      else {
        inView.add(target);
        if (!fetchedAt.has(target.dataset.later)) fill(target);
      }
    }
  },
  { rootMargin: "200px" },
);

/** Fill the places of the page as they come into view. */
export function startLater() {
  for (const place of document.querySelectorAll("[data-later]")) watch.observe(place);
}

/** Fetch what is looked at again, if it is not quite new. */
export async function refreshLater() {
  const old = [...inView].filter((place) => performance.now() - fetchedAt.get(place.dataset.later) > AGAIN_AFTER_MS);
  await Promise.all(old.map(fill));
}

async function fill(place) {
  const { later: href, name } = place.dataset;
  const path = withQuery(href, { part: name });
  const isFilled = fetchedAt.has(href);
  fetchedAt.set(href, performance.now());
  place.setAttribute("aria-busy", "true");
  try {
    const { bytes, isNew } = isFilled ? await fetchChange(path) : { bytes: await fetchWhole(path), isNew: true };
    if (!isNew) return place.removeAttribute("aria-busy");
    const fresh = parsed(bytes).querySelector("[data-part]");
    // It is no part of this page, which must not be asked for it.
    delete fresh.dataset.part;
    Object.assign(fresh.dataset, { later: href, name });
    inView.delete(place);
    watch.unobserve(place);
    place.replaceWith(document.adoptNode(fresh));
    watch.observe(fresh);
  } catch (error) {
    place.removeAttribute("aria-busy");
    fetchedAt.delete(href);
    setTimeout(() => inView.has(place) && !fetchedAt.has(href) && fill(place), TRY_AGAIN_AFTER_MS);
    if (place.querySelector("[role=alert]")) return;
    place.append(element("p", { className: "chart-error", role: "alert", text: `This could not be fetched: ${error.message}.` }));
  }
}
