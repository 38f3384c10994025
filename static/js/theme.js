/** Light and dark: follows the system unless the reader chose, and tells the charts. */

// A cookie and no local storage: the server draws the first paint in the right colours.
const COOKIE = "beliefgrid_theme";
const A_YEAR_S = 31_536_000;
const CHANGED = "beliefgrid:theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** Let the button, if there is one, change the colours; the choice is kept. */
export function startTheme() {
  system.addEventListener("change", announce);
  const button = document.getElementById("theme");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    const path = `${document.documentElement.dataset.root}/`;
    document.cookie = `${COOKIE}=${next}; path=${path}; max-age=${A_YEAR_S}; samesite=lax`;
    document.documentElement.dataset.theme = next;
    announce();
    label(button);
  });
  label(button);
}

/** Call a function whenever the colours of the page change. */
export const onThemeChange = (listener) => document.addEventListener(CHANGED, listener);

/** Return the colours that a chart inside an element needs, as Plotly can read them. */
export function coloursOf(host) {
  const probe = document.createElement("span");
  host.append(probe);
  const named = (name) => {
    probe.style.color = `var(--chart-${name})`;
    return plain(getComputedStyle(probe).color);
  };
  const colours = {
    text: plain(getComputedStyle(host).color),
    font: getComputedStyle(host).fontFamily,
    line: named("line"),
    empty: named("empty"),
    accent: named("accent"),
    second: named("second"),
    third: named("third"),
    fourth: named("fourth"),
    point: named("point"),
  };
  probe.remove();
  return colours;
}

/** Return any CSS colour as rgba(): a page may use forms that Plotly does not know. */
function plain(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${r},${g},${b},${a / 255})`;
}

const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

const announce = () => document.dispatchEvent(new CustomEvent(CHANGED));

const label = (button) => {
  const text = isDark() ? "Light colours" : "Dark colours";
  button.setAttribute("aria-label", text);
  button.title = text;
};
