/**
 * Live news: the page hears that a study changed, at most once a second.
 *
 * A browser opens six connections to a host and no more, so the tabs of one study share a
 * stream: the tab that holds the lock listens and tells the others. A hidden tab listens to
 * nothing. Where there are no locks (plain HTTP on a network), each visible tab has its own.
 */

import { Attention } from "./attention.js";
import { element } from "./chart.js";
import { ago } from "./format.js";
import { address, getJson, studyResource, withQuery } from "./service.js";

const AT_MOST_EVERY_MS = 1000;
const POLL_EVERY_MS = 5000;
const LIST_POLL_EVERY_MS = 10_000;
const MOVED = "moved"; // the one event of the stream over all studies
const TRY_AGAIN_MS = 15_000;

/** A stream names its events, and a browser hears only the names that it listens for. */
const TRIAL_EVENTS = ["cancelled", "completed", "deleted", "described", "expired", "failed", "imported",
  "infeasible", "leased", "measured", "queued", "released", "restored", "stopped"];
const STUDY_EVENTS = ["active", "archived", "changed", "converged", "created", "deleted", "described", "exhausted", "paused",
  "restored"];
const KINDS = [
  "message",
  "reset",
  "updated",
  "update_failed",
  "prior_changed",
  "grid_changed",
  "rules_changed",
  ...TRIAL_EVENTS.map((kind) => `trial_${kind}`),
  ...STUDY_EVENTS.map((kind) => `study_${kind}`),
];

/** Call `onNews` whenever what the page shows may have changed. */
export function startLive(onNews) {
  const place = document.getElementById("live");
  const { study } = document.body.dataset;
  if (!place || (!study && !document.querySelector("[data-part]"))) return;
  const status = new Status(place);
  const news = new News(onNews, status, Number(place.dataset.pace ?? AT_MOST_EVERY_MS));
  const source = new SharedStream(study ? streamOf(study, "pace" in place.dataset) : streamOfAll(place.dataset.studies), news, status);
  const follow = () => (document.hidden || status.isPaused ? source.stop() : source.start());
  document.addEventListener("visibilitychange", follow);
  if (study) new Attention(study, place);
  status.onPause(follow);
  follow();
}

/** The stream of one study: every event is news; to a page that is costly, only a new posterior. */
const streamOf = (study, isCostly) => ({
  name: study,
  kinds: KINDS,
  address: (seq) => studyResource(study, "/events", { after: seq }),
  isNews: (_study, kind) => !isCostly || kind === "updated" || kind === "reset",
  poll: (news, status) => new Poll(study, news, status, POLL_EVERY_MS),
});

/** The stream over all studies; on a page of some, only these are news. */
const streamOfAll = (shown) => ({
  name: "all",
  kinds: [MOVED],
  address: (seq) => withQuery(address("/api/v1/events"), { after: seq || null }),
  isNews: (study) => !shown || shown.split(" ").includes(study),
  poll: (news, status) => new Poll(null, news, status, LIST_POLL_EVERY_MS),
});

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

/** A stream of events, shared between the tabs of this browser. */
class SharedStream {
  #channel = null;
  #release = null;
  #waiting = null;
  #stream = null;
  #poll = null;
  #retry = 0;
  #isRunning = false;
  #hasStopped = false;

  constructor(source, news, status) {
    this.source = source;
    this.news = news;
    this.status = status;
    this.name = `beliefgrid:${location.host}:${source.name}`;
    this.seq = Number(document.body.dataset.seq ?? 0);
  }

  start() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    if (this.#hasStopped) this.news.come(); // what was missed meanwhile
    this.#channel = new BroadcastChannel(this.name);
    this.#channel.addEventListener("message", ({ data }) => this.#told(data));
    if (navigator.locks) this.#waitForTurn();
    else this.#listen();
    this.#channel.postMessage({ question: "state" });
  }

  stop() {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#hasStopped = true;
    this.#waiting?.abort();
    this.#hangUp();
    this.#channel.close();
  }

  #waitForTurn() {
    this.#waiting = new AbortController();
    const held = () =>
      new Promise((resolve) => {
        this.#release = resolve;
        this.#listen();
      });
    navigator.locks.request(this.name, { signal: this.#waiting.signal }, held).catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
  }

  #listen() {
    if (!this.#isRunning) return this.#hangUp();
    this.#stream = new EventSource(this.source.address(this.seq));
    this.#stream.addEventListener("open", () => this.#tell({ state: "live" }));
    this.#stream.addEventListener("error", () => this.#failed());
    for (const kind of this.source.kinds) this.#stream.addEventListener(kind, (event) => this.#heard(event));
  }

  #heard(event) {
    const seq = Number(event.lastEventId || 0);
    this.seq = Math.max(this.seq, seq);
    const { study } = event.type === MOVED ? JSON.parse(event.data) : {};
    this.#tell({ state: "live", seq: this.seq, kind: event.type, study });
  }

  #failed() {
    if (this.#stream.readyState !== EventSource.CLOSED) return this.#tell({ state: "lost" });
    // The answer was no stream: look now and then, and try the stream again later.
    this.#stream = null;
    this.#poll = this.source.poll(this.news, this.status);
    this.#poll.start();
    this.#retry = setTimeout(() => {
      this.#poll.stop();
      this.#listen();
    }, TRY_AGAIN_MS);
  }

  #hangUp() {
    clearTimeout(this.#retry);
    this.#poll?.stop();
    this.#poll = null;
    this.#stream?.close();
    this.#stream = null;
    this.#release?.();
    this.#release = null;
  }

  /** Tell this tab and the others. */
  #tell(message) {
    this.#channel?.postMessage(message);
    this.#told(message);
  }

  #told({ question, state, seq, kind, study }) {
    if (question) {
      if (this.#stream?.readyState === EventSource.OPEN) this.#channel.postMessage({ state: "live" });
      return;
    }
    if (seq) this.seq = Math.max(this.seq, seq);
    this.status.say(state);
    if (kind && this.source.isNews(study, kind)) this.news.come();
  }
}

/** The fallback: ask now and then whether anything happened. */
class Poll {
  #timer = 0;
  #version = null;

  constructor(study, news, status, every) {
    this.study = study;
    this.news = news;
    this.status = status;
    this.every = every;
  }

  start() {
    this.stop();
    this.status.say("polling");
    this.#timer = setInterval(() => this.#ask(), this.every);
  }

  stop() {
    clearInterval(this.#timer);
  }

  async #ask() {
    if (!this.study) return this.news.come();
    try {
      const { seq, version, updated_at: updatedAt } = await getJson(studyResource(this.study));
      const now = `${seq}:${version}:${updatedAt}`;
      this.status.say("polling");
      if (now !== this.#version) this.news.come();
      this.#version = now;
    } catch {
      this.status.say("lost");
    }
  }
}

const WORDS = {
  connecting: "connecting",
  live: "live",
  polling: "looking every few seconds",
  lost: "connection lost, trying again",
  paused: "paused",
};

/** The line that says whether the page is live, and the button that holds it still. */
class Status {
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
