/** Parts of a page that the server draws again when there is news. */

import { fetchChange } from "./changes.js";

let last = "";

/** Fetch the page's parts and put the new ones in place of the old. */
export async function refreshParts() {
  const names = [...new Set([...document.querySelectorAll("[data-part]:not([data-keep])")].map((part) => part.dataset.part))];
  if (!names.length) return;
  const query = new URLSearchParams(location.search);
  query.set("part", names.join(","));
  const path = `${location.pathname}?${query}`;
  const { bytes, isNew } = await fetchChange(path);
  // Not new, and of the last address: after another one the page shows something else.
  if (!isNew && path === last) return;
  last = path;
  for (const part of parsed(bytes).querySelectorAll("[data-part]")) swap(part);
}

/** Return parts as a document of their own. */
export const parsed = (bytes) => new DOMParser().parseFromString(new TextDecoder().decode(bytes), "text/html");

function swap(fresh) {
  const old = document.querySelector(`[data-part="${CSS.escape(fresh.dataset.part)}"]`);
  if (!old || old.outerHTML === fresh.outerHTML || isBeingUsed(old)) return;
  const open = new Set([...old.querySelectorAll("details[open][id]")].map(({ id }) => id));
  for (const details of fresh.querySelectorAll("details[id]")) if (open.has(details.id)) details.open = true;
  const ticked = new Set([...old.querySelectorAll("input[type=checkbox]:checked")].map(keyOf));
  for (const box of fresh.querySelectorAll("input[type=checkbox]")) if (ticked.has(keyOf(box))) box.checked = true;
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const adopted = document.adoptNode(fresh);
  old.replaceWith(adopted);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

const keyOf = ({ name, value }) => `${name}=${value}`;

/** Say whether somebody types, or has text selected, in a part: then it stays as it is. */
function isBeingUsed(part) {
  const active = document.activeElement;
  if (part.contains(active) && active.matches("input, textarea, select")) return true;
  const selection = getSelection();
  return selection.type === "Range" && part.contains(selection.anchorNode);
}
