/** Light and dark: follows the system unless the reader chose, and tells the charts. */

const KEY = "beliefgrid.theme";
const CHANGED = "beliefgrid:theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** Apply the reader's choice and let the button, if there is one, change it. */
export function startTheme() {
  apply(localStorage.getItem(KEY));
  system.addEventListener("change", announce);
  const button = document.getElementById("theme");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    localStorage.setItem(KEY, next);
    apply(next);
    announce();
    label(button);
  });
  label(button);
}

/** Call a function whenever the colours of the page change. */
export const onThemeChange = (listener) => document.addEventListener(CHANGED, listener);

/** Return the colours that a chart inside an element needs. */
export function coloursOf(element) {
  const style = getComputedStyle(element);
  const named = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: style.color,
    font: style.fontFamily,
    line: named("--chart-line", "#8a8f98"),
    empty: named("--chart-empty", "#d5d8dd"),
    accent: named("--chart-accent", "#1f6feb"),
    point: named("--chart-point", "#6b7280"),
    surface: named("--chart-surface", "#ffffff"),
  };
}

const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

const announce = () => document.dispatchEvent(new CustomEvent(CHANGED));

const label = (button) => {
  const text = isDark() ? "Light colours" : "Dark colours";
  button.setAttribute("aria-label", text);
  button.title = text;
};

function apply(choice) {
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
}
