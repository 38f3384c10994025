/** The line that says whether the page is live, and the button that holds it still. */

import { element } from "./chart.js";
import { ago } from "./format.js";

const WORDS = {
  connecting: "connecting",
  live: "live",
  polling: "looking every few seconds",
  lost: "connection lost, trying again",
  paused: "paused",
};

export class Status {
  #state = "connecting";
  #detail = "";
  #updatedAt = Date.now();
  #text = element("span", { className: "live-text" });
  #spoken = element("span", { className: "visually-hidden", role: "status" });
  #button = element("button", { type: "button", text: "Pause" });
  #timer = 0;

  constructor(place) {
    this.place = place;
    this.isPaused = false;
    place.removeAttribute("role"); // the seconds must not be read aloud; #spoken says what matters
    place.hidden = false;
    place.replaceChildren(this.#text, " ", this.#button, this.#spoken);
    this.#show();
  }

  onPause(listener) {
    this.#button.addEventListener("click", () => {
      this.isPaused = !this.isPaused;
      this.#button.textContent = this.isPaused ? "Go on" : "Pause";
      this.say(this.isPaused ? "paused" : "connecting");
      listener();
    });
  }

  updated() {
    this.#updatedAt = Date.now();
    this.#detail = "";
    this.#show();
  }

  say(state, detail = "") {
    if (this.isPaused && state !== "paused") return;
    const isNew = state !== this.#state;
    [this.#state, this.#detail] = [state, detail];
    if (isNew && (state === "lost" || this.#spoken.textContent)) this.#spoken.textContent = WORDS[state];
    this.#show();
  }

  #show() {
    clearTimeout(this.#timer);
    const age = Date.now() - this.#updatedAt;
    const text = this.#detail || `${WORDS[this.#state]} · updated ${ago(age)}`;
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.place.dataset.state = this.#state;
    if (!document.hidden) this.#timer = setTimeout(() => this.#show(), tick(age));
  }
}

/** Seconds are counted while they matter; an idle page should cost nothing. */
const tick = (age) => (age < 10_000 ? 1000 : age < 60_000 ? 15_000 : 60_000);
