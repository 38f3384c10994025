/** Live news: the page hears that what it shows has changed, at most once a second. */

import { Attention } from "./attention.js";
import { Status } from "./status.js";
import { MOST_NAMED, SharedStream } from "./stream.js";

const AT_MOST_EVERY_MS = 1000;

/** Call `onNews` whenever what the page shows may have changed. */
export function startLive(onNews) {
  const place = document.getElementById("live");
  const { study } = document.body.dataset;
  if (!place || (!study && !document.querySelector("[data-part]"))) return;
  const status = new Status(place);
  const news = new News(onNews, status, Number(place.dataset.pace ?? AT_MOST_EVERY_MS));
  const page = new Followed(place, document.body.dataset);
  const stream = new SharedStream({
    studies: page.studies,
    after: page.after,
    onMoved: (moved) => page.isNew(moved) && news.come(),
    onState: (state) => status.say(state),
    onMissed: () => news.come(),
  });
  const follow = () => (document.hidden || status.isPaused ? stream.stop() : stream.start());
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => stream.stop());
  addEventListener("pageshow", ({ persisted }) => persisted && follow());
  if (study) new Attention(study, place);
  status.onPause(follow);
  follow();
}

/** What a page follows: its study, those that it lists, or all; a costly page only their posteriors. */
class Followed {
  #seen = new Map();

  constructor(place, { study, seq, snapshot, moved }) {
    const shown = place.dataset.studies?.split(" ") ?? null;
    this.studies = study ? [study] : shown && shown.length <= MOST_NAMED ? shown : null;
    this.after = moved ? Number(moved) : null;
    this.what = "pace" in place.dataset ? "snapshot_seq" : "seq";
    if (study) this.#seen.set(study, Number(this.what === "seq" ? seq : snapshot));
  }

  /** Say whether what moved is shown and was not known, and know it from now on; no study is any. */
  isNew({ study, ...moved }) {
    if (study === null) return this.studies === null;
    if (this.studies?.includes(study) === false || this.#seen.get(study) === moved[this.what]) return false;
    this.#seen.set(study, moved[this.what]);
    return true;
  }
}

/** News that came, passed on at most once a second, or as the page can bear, and never twice at the same time. */
class News {
  #timer = 0;
  #isBusy = false;
  #last = -Infinity;

  constructor(onNews, status, every) {
    this.onNews = onNews;
    this.status = status;
    this.every = every;
  }

  come() {
    if (this.#timer) return;
    const wait = Math.max(0, this.#last + this.every - performance.now());
    this.#timer = setTimeout(() => this.#pass(), wait);
  }

  async #pass() {
    this.#timer = 0;
    if (this.#isBusy) return this.#later();
    this.#isBusy = true;
    this.#last = performance.now();
    try {
      await this.onNews();
      this.status.updated();
    } catch (error) {
      this.status.say("lost", `the page could not be brought up to date: ${error.message}`);
    } finally {
      this.#isBusy = false;
    }
  }

  #later() {
    this.#timer = setTimeout(() => this.#pass(), this.every);
  }
}
