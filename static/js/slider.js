/** The time slider: moves through the snapshots of a study, by hand or as a film. */

import { button, element } from "./chart.js";
import { moment, number } from "./format.js";

const FRAMES_PER_SECOND = 5;
const STRIP_HEIGHT = 18;

/** A slider over moments; `moving` is called at each step, `rested` when it stands still. */
export class Slider {
  #moments = [];
  #timer = 0;
  #range = element("input", { type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "Moment of the search" });
  #play = button("Play", () => (this.isPlaying ? this.pause() : this.play()), { className: "play" });
  #said = element("output", { className: "moment" });
  #strip = element("canvas", { className: "strip", "aria-hidden": "true" });

  constructor({ moving, rested }) {
    this.moving = moving;
    this.rested = rested;
    this.element = this.#build();
    this.#range.addEventListener("input", () => this.#moved());
    this.#range.addEventListener("change", () => this.#rest());
    this.element.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#drawStrip()).observe(this.#strip);
  }

  #build() {
    const step = (by, text, label) => button(text, () => this.step(by), { "aria-label": label, title: label });
    const track = element("div", { className: "track" }, this.#strip, this.#range);
    return element(
      "div",
      { className: "slider", role: "group", "aria-label": "Time" },
      this.#play,
      step(-1, "‹", "One snapshot back"),
      track,
      step(1, "›", "One snapshot on"),
      this.#said,
    );
  }

  get isPlaying() {
    return this.#timer !== 0;
  }

  /** The place of the shown moment in the list. */
  get place() {
    return Number(this.#range.value);
  }

  /** The shown moment. */
  get moment() {
    return this.#moments[this.place];
  }

  get isAtEnd() {
    return this.place >= this.#moments.length - 1;
  }

  /** Take a new list of moments; the slider follows if it stood at the end, else it stays. */
  setMoments(moments, { at = null } = {}) {
    const wasAtEnd = this.#moments.length === 0 || this.isAtEnd;
    const seq = at ?? (wasAtEnd ? null : this.moment.seq);
    this.#moments = moments;
    this.#range.max = Math.max(0, moments.length - 1);
    this.#range.value = seq === null ? moments.length - 1 : lastNotAfter(moments, seq);
    this.#range.disabled = this.#play.disabled = moments.length < 2;
    this.#say();
    this.#drawStrip();
  }

  /** Move by some snapshots and rest there. */
  step(by) {
    this.pause({ isSilent: true });
    this.#range.value = this.place + by;
    this.#moved();
    this.#rest();
  }

  /** Play the film from here, or from the start if this is the end. */
  play() {
    if (this.isAtEnd) this.#range.value = 0;
    this.#timer = setInterval(() => this.#advance(), 1000 / FRAMES_PER_SECOND);
    this.#showPlaying();
    this.#moved();
  }

  /** Stop the film. */
  pause({ isSilent = false } = {}) {
    if (!this.isPlaying) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#showPlaying();
    if (!isSilent) this.rested(this.moment, this.place);
  }

  #advance() {
    if (this.isAtEnd) return this.pause();
    this.#range.value = this.place + 1;
    this.#moved();
  }

  #moved() {
    this.#say();
    this.moving(this.moment, this.place);
  }

  #rest() {
    if (!this.isPlaying) this.rested(this.moment, this.place);
  }

  #key(event) {
    if (event.key !== " " || event.target === this.#play || event.target.tagName === "BUTTON") return;
    event.preventDefault();
    if (this.isPlaying) this.pause();
    else this.play();
  }

  #showPlaying() {
    this.#play.textContent = this.isPlaying ? "Pause" : "Play";
    this.element.classList.toggle("is-playing", this.isPlaying);
  }

  #say() {
    const { moment: now } = this;
    if (!now) return;
    const results = now.n_observations === 1 ? "1 result" : `${now.n_observations} results`;
    const text = `${this.place + 1} of ${this.#moments.length} · after ${results}${this.#learnt()} · ${moment(now.created_at)}`;
    this.#said.textContent = text;
    this.#range.setAttribute("aria-valuetext", `snapshot ${text}`);
  }

  #learnt() {
    const bits = this.#bits(this.place);
    return bits === null ? "" : ` · ${bits < 0 ? "lost" : "taught"} ${number(Math.abs(bits), 2)} bits`;
  }

  /** Draw what each snapshot taught, in bits, over the track; dots say where the leader changed. */
  #drawStrip() {
    const { clientWidth: width } = this.#strip;
    if (!width) return;
    const scale = devicePixelRatio || 1;
    this.#strip.width = width * scale;
    this.#strip.height = STRIP_HEIGHT * scale;
    const context = this.#strip.getContext("2d");
    context.scale(scale, scale);
    context.fillStyle = getComputedStyle(this.#strip).color;
    const last = Math.max(1, this.#moments.length - 1);
    const taught = this.#moments.map((_, i) => Math.abs(this.#bits(i) ?? 0));
    const most = Math.max(...taught, 1e-9);
    this.#moments.forEach(({ best }, i) => {
      const [x, height] = [(i / last) * (width - 2), 1 + (STRIP_HEIGHT - 5) * (taught[i] / most)];
      context.fillRect(x, STRIP_HEIGHT - height, 2, height);
      if (i && best !== this.#moments[i - 1].best) context.fillRect(x - 0.5, 0, 3, 3);
    });
  }

  /** Return how many bits the snapshot at a place holds beyond the one before it. */
  #bits(place) {
    const [before, now] = [this.#moments[place - 1]?.bits, this.#moments[place]?.bits];
    return before === undefined || before === null || now === null ? null : before - now;
  }
}

function lastNotAfter(moments, seq) {
  for (let i = moments.length - 1; i >= 0; i--) if (moments[i].seq <= seq) return i;
  return 0;
}
