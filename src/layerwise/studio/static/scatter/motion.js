/**
 * Where the points are now, on their way from one map to the next. A new target starts from the
 * places of this moment; points that get a place appear, points that lose it vanish where they were.
 */

/** Slow, fast, slow. @param {number} t in [0, 1] */
export const easeInOut = (t) => (t < 0.5 ? 4 * t * t * t : 1 - (2 - 2 * t) ** 3 / 2);

export class Motion {
  constructor() {
    /** @type {Float32Array} places at this moment: x and y in turn, NaN without a place */
    this.at = new Float32Array(0);
    /** Opacity of each point in [0, 1]; null when all placed points are opaque. */
    this.fade = /** @type {Float32Array | null} */ (null);
    this.moving = false;
    /** @type {Float32Array} */
    this.to = this.at;
    /** @type {Float32Array} */
    this.from = this.at;
    this.fadeFrom = /** @type {Float32Array | null} */ (null);
    this.start = 0;
    this.duration = 0;
  }

  /**
   * @param {Float32Array} to is kept, not copied
   * @param {number} duration in ms; 0 jumps, as does another number of points
   * @param {number} now in ms
   */
  go(to, duration, now) {
    if (to.length !== this.at.length || !(duration > 0)) {
      this.at = this.to = to;
      this.fade = this.fadeFrom = null;
      this.moving = false;
      return;
    }
    const from = this.at.slice();
    const fadeFrom = new Float32Array(from.length / 2);
    let fades = this.fade !== null;
    for (let i = 0; i < fadeFrom.length; i++) {
      const here = from[2 * i] === from[2 * i];
      const there = to[2 * i] === to[2 * i];
      fadeFrom[i] = here ? (this.fade ? this.fade[i] : 1) : 0;
      if (here !== there) fades = true;
      if (!here) {
        from[2 * i] = to[2 * i];
        from[2 * i + 1] = to[2 * i + 1];
      }
    }
    this.from = from;
    this.to = to;
    this.at = from.slice();
    this.fadeFrom = fades ? fadeFrom : null;
    this.fade = fades ? fadeFrom.slice() : null;
    this.start = now;
    this.duration = duration;
    this.moving = true;
  }

  /** Moves the points to where they are at `now`. @param {number} now in ms */
  step(now) {
    const share = (now - this.start) / this.duration;
    if (share >= 1) {
      this.at = this.to;
      this.fade = this.fadeFrom = null;
      this.moving = false;
      return;
    }
    const t = easeInOut(Math.max(0, share));
    const { at, from, to, fade, fadeFrom } = this;
    for (let k = 0; k < at.length; k++) {
      const goal = to[k];
      at[k] = goal === goal ? from[k] + (goal - from[k]) * t : from[k];
    }
    if (!fade || !fadeFrom) return;
    for (let i = 0; i < fade.length; i++) {
      const goal = to[2 * i] === to[2 * i] ? 1 : 0;
      fade[i] = fadeFrom[i] + (goal - fadeFrom[i]) * t;
    }
  }
}
