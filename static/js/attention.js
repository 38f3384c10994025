/**
 * What reaches a reader who looks elsewhere: the title counts new results, and a notification,
 * if a person asked for it, tells when the study ends or stalls.
 *
 * A hidden page holds no stream, of which a browser has six; it looks once a minute.
 */

import { element } from "./chart.js";
import { getJson, studyResource } from "./service.js";

const LOOK_EVERY_MS = 60_000;
const STALLED_AFTER_MS = 15 * 60_000;
const OPEN = ["active", "paused"];

export class Attention {
  #title = document.title;
  #seen = null;
  #timer = 0;
  #wants = false;
  #said = "";

  constructor(study, place) {
    this.study = study;
    this.#offer(place);
    document.addEventListener("visibilitychange", () => this.#follow());
    // Frozen pages are not timed; a browser that thaws one lets it look at once.
    document.addEventListener("resume", () => this.look());
  }

  #follow() {
    clearInterval(this.#timer);
    this.#timer = 0;
    document.title = this.#title;
    if (!document.hidden) return;
    this.#seen = null;
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  /** Ask how the study is, and tell what is new. */
  async look() {
    const study = await getJson(studyResource(this.study)).catch(() => null);
    if (!study || !document.hidden) return;
    this.#seen ??= study.observations;
    const unseen = study.observations - this.#seen;
    document.title = unseen > 0 ? `(${unseen}) ${this.#title}` : this.#title;
    if (this.#wants) this.#tell(news(study));
  }

  #tell(text) {
    if (text && text !== this.#said) new Notification(this.#title, { body: text, tag: this.study });
    this.#said = text;
  }

  /** A browser must not be asked for the permission before a person wants it. */
  #offer(place) {
    if (!("Notification" in window) || Notification.permission === "denied") return;
    const button = element("button", { type: "button" });
    const show = () => {
      const [short, long] = this.#wants ? ["Will tell", "Will tell when it ends or stalls"] : ["Tell me", "Tell me when it ends"];
      button.textContent = short;
      button.title = long;
      button.setAttribute("aria-label", long);
      button.setAttribute("aria-pressed", String(this.#wants));
    };
    button.addEventListener("click", async () => {
      this.#wants = !this.#wants && (await Notification.requestPermission()) === "granted";
      show();
    });
    show();
    place.append(" ", button);
  }
}

/** Return what a person wants to be told of a study; nothing while it goes on. */
export function news({ state, last_result_at: last }) {
  if (!OPEN.includes(state)) return `The study is ${state}.`;
  const isStalled = state === "active" && last && Date.now() - Date.parse(last) > STALLED_AFTER_MS;
  return isStalled ? "No result for a quarter of an hour." : "";
}
