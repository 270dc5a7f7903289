/**
 * What is to be drawn, whoever draws it: the places, the looks, and in which order. Selection and
 * fading are worked into `paint` once, not at every frame.
 */

import { CROSS } from "./shapes.js";
import { mix } from "./rgb.js";

/** Up to so many points have an edge of paper, which tells neighbours of one colour apart. */
const EDGED = 20000;
/** Share of its colour that a point outside the selection keeps; the rest is paper. */
const KEPT = 0.2;

export class Scene {
  #mixed = new Uint32Array(0);
  /** @type {ArrayLike<number> | null} the selection as it was given */
  #ids = null;

  constructor() {
    /** @type {Float32Array} */
    this.at = new Float32Array(0);
    this.fade = /** @type {Float32Array | null} */ (null);
    /** @type {Uint32Array} */
    this.colors = new Uint32Array(0);
    /** @type {Uint8Array} */
    this.shapes = new Uint8Array(0);
    /** @type {number | Float32Array} in CSS pixels */
    this.radius = 3;
    this.largest = 3;
    /** @type {Uint8Array | null} 1 where selected; null when there is no selection */
    this.selected = null;
    this.paper = 0xffffffff;
    this.ink = 0xff222222;
    /** @type {Uint32Array} colour and opacity of each point as it is drawn, ABGR */
    this.paint = new Uint32Array(0);
    /** Points in drawing order: plain, crosses, selected plain, selected crosses. */
    this.order = new Uint32Array(0);
    /** Where in `order` the four groups start, and its end. */
    this.starts = [0, 0, 0, 0, 0];
    /** Raised at every change, so that a renderer knows what to upload. */
    this.moved = 0;
    this.sized = 0;
    this.painted = 0;
    this.ordered = 0;
    this.stale = { paint: true, order: true };
  }

  get n() {
    return this.at.length / 2;
  }

  get edged() {
    return this.n <= EDGED;
  }

  /** @param {Float32Array} at @param {Float32Array | null} fade */
  place(at, fade) {
    const other = at.length !== this.at.length;
    if (fade || this.fade) this.stale.paint = true;
    this.at = at;
    if (other) this.select(this.#ids);
    this.fade = fade;
    this.moved++;
  }

  /** @param {number | Float32Array} radius in CSS pixels */
  resize(radius) {
    this.radius = radius;
    this.largest = typeof radius === "number" ? radius : radius.reduce((a, b) => Math.max(a, b), 0);
    this.sized++;
  }

  /** @param {ArrayLike<number> | null} ids */
  select(ids) {
    this.#ids = ids;
    this.selected = null;
    if (ids && ids.length) {
      this.selected = new Uint8Array(this.n);
      for (let k = 0; k < ids.length; k++) this.selected[ids[k]] = 1;
    }
    this.stale = { paint: true, order: true };
  }

  /** In CSS pixels. @param {number} id */
  radiusOf(id) {
    return typeof this.radius === "number" ? this.radius : this.radius[id];
  }

  /**
   * The points in a frame, ascending.
   * @param {{left: number, right: number, bottom: number, top: number}} frame
   */
  within({ left, right, bottom, top }) {
    const { at, n } = this;
    const ids = new Uint32Array(n);
    let count = 0;
    for (let i = 0; i < n; i++) {
      const x = at[2 * i];
      const y = at[2 * i + 1];
      if (x >= left && x <= right && y >= bottom && y <= top) ids[count++] = i;
    }
    return ids.slice(0, count);
  }

  /** The colour a point was given. @param {number} id */
  colorOf(id) {
    return this.colors.length === this.n ? this.colors[id] : this.ink;
  }

  /** Brings `paint` and `order` up to date. */
  settle() {
    if (this.stale.order) this.#sort();
    if (this.stale.paint) this.#mix();
  }

  #mix() {
    this.stale.paint = false;
    this.painted++;
    const { n, selected, fade, paper } = this;
    const colors = this.colors.length === n ? this.colors : new Uint32Array(n).fill(this.ink);
    if (!selected && !fade) {
      this.paint = colors;
      return;
    }
    if (this.#mixed.length !== n) this.#mixed = new Uint32Array(n);
    const paint = (this.paint = this.#mixed);
    for (let i = 0; i < n; i++) {
      let color = colors[i];
      if (selected && !selected[i]) color = mix(paper, color, KEPT);
      if (fade && fade[i] < 1) {
        const alpha = Math.round((color >>> 24) * fade[i]);
        color = ((color & 0xffffff) | (alpha << 24)) >>> 0;
      }
      paint[i] = color;
    }
  }

  #sort() {
    this.stale.order = false;
    this.ordered++;
    const { n, selected } = this;
    const shapes = this.shapes.length === n ? this.shapes : (this.shapes = new Uint8Array(n));
    if (this.order.length !== n) this.order = new Uint32Array(n);
    const order = this.order;
    const starts = [0, 0, 0, 0, 0];
    const group = (/** @type {number} */ i) =>
      (selected && selected[i] ? 2 : 0) + (shapes[i] === CROSS ? 1 : 0);
    for (let i = 0; i < n; i++) starts[group(i) + 1]++;
    for (let g = 0; g < 4; g++) starts[g + 1] += starts[g];
    const next = starts.slice();
    for (let i = 0; i < n; i++) order[next[group(i)]++] = i;
    this.starts = starts;
  }
}
