/** The form of a new study: counts the cells while one types, and adds rows in place. */

const RANGE = /^\s*\S+\s+to\s+\S+\s+in\s+(\d+)\s*$/;
const MOST_ROWS = 16;

/** Make the form count and grow. */
export function startNewStudy(form) {
  const place = document.getElementById("parameters");
  const more = document.getElementById("more-parameters");
  if (!place || !more) return;
  more.addEventListener("click", (event) => {
    event.preventDefault();
    addRow(place);
    more.disabled = place.children.length >= MOST_ROWS;
  });
  form.addEventListener("input", () => sayCells(place));
  sayCells(place);
}

function addRow(place) {
  const row = place.lastElementChild.cloneNode(true);
  for (const control of row.querySelectorAll("input, select")) {
    control.name = control.name.replace(/^p\d+/, `p${place.children.length}`);
    if (control.tagName === "INPUT") control.value = "";
    else control.selectedIndex = 0;
  }
  place.append(row);
  row.querySelector("input").focus();
}

function sayCells(place) {
  const counts = [...place.querySelectorAll("input[name$='.values']")].map(({ value }) => countLevels(value)).filter(Boolean);
  const cells = counts.reduce((n, levels) => n * levels, 1);
  const text = counts.length ? `${counts.join(" × ")} = ${cells.toLocaleString("en")} ${cells === 1 ? "cell" : "cells"}` : "";
  document.getElementById("cells").textContent = text;
}

function countLevels(text) {
  const range = RANGE.exec(text);
  if (range) return Number(range[1]);
  return text.split(/[,\n]/).filter((word) => word.trim()).length;
}
