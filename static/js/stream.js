/**
 * One stream of events for all tabs of this browser.
 *
 * A browser opens six connections to a host and no more, so the tab that holds the lock listens,
 * for the studies that any of them shows, and tells the others. A hidden tab listens to nothing.
 * Where there are no locks (plain HTTP on a network), each visible tab has its own.
 */

import { settled } from "./chart.js";
import { address, getJson, studyResource } from "./service.js";

export const MOST_NAMED = 100; // studies in one address; more are all

const TOGETHER_MS = 50; // tabs that come within this are listened for at once
const TRY_AGAIN_MS = 15_000;
const POLL_EVERY_MS = 5000;
const LIST_POLL_EVERY_MS = 10_000;

export class SharedStream {
  #name = `beliefgrid:${location.host}${address("")}`;
  #tab = Math.random().toString(36).slice(2);
  #channel = null;
  #turn = null;
  #leader = null;
  #isRunning = false;
  #hasStopped = false;

  /** `studies` is null for all, `after` when the page was true; what is told may be known already. */
  constructor({ studies, after, onMoved, onState, onMissed }) {
    Object.assign(this, { studies, after, onMoved, onState, onMissed });
  }

  start() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    if (this.#hasStopped) this.onMissed();
    if (!navigator.locks) return this.#lead();
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.addEventListener("message", ({ data }) => this.#told(data));
    this.#turn = new AbortController();
    const held = () => new Promise((resolve) => this.#lead(resolve));
    navigator.locks.request(this.#name, { signal: this.#turn.signal }, held).catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
    this.#join();
  }

  stop() {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#hasStopped = true;
    this.#turn?.abort();
    this.#leader?.end();
    this.#leader = null;
    this.#channel?.postMessage({ left: this.#tab });
    this.#channel?.close();
  }

  #join() {
    this.#channel.postMessage({ joined: this.#tab, studies: this.studies, after: this.after });
  }

  #lead(release = () => null) {
    if (!this.#isRunning) return release();
    const tell = (said) => {
      if (!this.#isRunning) return;
      this.#channel?.postMessage(said);
      this.#told(said);
    };
    this.#leader = new Leader(tell, release);
    this.#leader.add(this.#tab, this);
    this.#channel?.postMessage({ question: "who" });
  }

  #told({ question, joined, left, studies, after, state, moved }) {
    if (question) this.#join();
    if (joined) this.#leader?.add(joined, { studies, after });
    if (left) this.#leader?.remove(left);
    if (state) this.onState(state);
    if (moved) this.onMoved(moved);
  }
}

/** The tab that listens: it knows what each tab shows, and tells what moved. */
class Leader {
  #tabs = new Map();
  #moved = new Map(); // what was told of each study last, for those who come later
  #last = 0;
  #since = Infinity;
  #heard; // the studies that are listened for, null for all
  #state = "connecting";
  #stream = null;
  #retry = 0;
  #poll = 0;

  constructor(tell, release) {
    this.tell = tell;
    this.release = release;
    this.serve = settled(() => this.#serve(), TOGETHER_MS);
  }

  add(tab, { studies, after }) {
    this.#tabs.set(tab, studies);
    this.#since = Math.min(this.#since, after ?? Infinity);
    this.serve();
  }

  remove(tab) {
    this.#tabs.delete(tab);
    this.serve();
  }

  end() {
    this.serve.cancel();
    this.#hangUp();
    this.release();
  }

  /** Listen for what the tabs show now, or tell the new ones what the others know. */
  #serve() {
    const shown = [...this.#tabs.values()];
    const named = [...new Set(shown.flat())].sort();
    const wanted = shown.includes(null) || named.length > MOST_NAMED ? null : named;
    if (JSON.stringify(wanted) === JSON.stringify(this.#heard)) return this.#repeat();
    this.#heard = wanted;
    this.#listen();
  }

  #repeat() {
    this.#say(this.#state);
    for (const moved of this.#moved.values()) this.tell({ moved });
  }

  #listen() {
    this.#hangUp();
    const query = new URLSearchParams((this.#heard ?? []).map((study) => ["study", study]));
    const after = Math.min(this.#last || Infinity, this.#since);
    if (after < Infinity) query.set("after", after);
    this.#since = Infinity;
    this.#stream = new EventSource(`${address("/api/v1/events")}?${query}`);
    this.#stream.addEventListener("open", () => this.#say("live"));
    this.#stream.addEventListener("error", () => this.#failed());
    this.#stream.addEventListener("moved", (event) => this.#hear(event));
  }

  #hear({ data, lastEventId }) {
    this.#last = Math.max(this.#last, Number(lastEventId));
    const moved = JSON.parse(data);
    this.#moved.set(moved.study, moved);
    this.tell({ moved });
  }

  #failed() {
    if (this.#stream.readyState !== EventSource.CLOSED) return this.#say("lost");
    // The answer was no stream: look now and then, and try the stream again later.
    this.#hangUp();
    this.#say("polling");
    this.#poll = setInterval(() => this.#look(), this.#heard ? POLL_EVERY_MS : LIST_POLL_EVERY_MS);
    this.#retry = setTimeout(() => this.#listen(), TRY_AGAIN_MS);
  }

  async #look() {
    if (!this.#heard) return this.tell({ moved: { study: null } });
    try {
      for (const study of this.#heard) {
        const { seq, snapshot_seq: snapshot, state } = await getJson(studyResource(study));
        this.tell({ moved: { study, seq, snapshot_seq: snapshot, state } });
      }
      this.#say("polling");
    } catch {
      this.#say("lost");
    }
  }

  #say(state) {
    this.#state = state;
    this.tell({ state });
  }

  #hangUp() {
    clearTimeout(this.#retry);
    clearInterval(this.#poll);
    this.#stream?.close();
    this.#stream = null;
  }
}
