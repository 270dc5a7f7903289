/**
 * Marks worked out once per shape, size and place within a pixel: which pixels they touch and how
 * much of each they cover. Drawing a point is then a walk over a short list.
 */

import { SHAPES, distance, reach } from "./shapes.js";

/** Places within a pixel, in each direction. */
export const PHASES = 4;
/** Steps of the radius to a pixel. */
const STEPS = 4;

/** @typedef {{offsets: Int32Array, cover: Uint8Array}} Stamp */

/**
 * @param {number} shape @param {number} radius @param {number} phaseX @param {number} phaseY
 * @param {number} stride pixels in a row of the picture
 * @param {number} grow how much wider than the shape
 * @returns {Stamp}
 */
export function makeStamp(shape, radius, phaseX, phaseY, stride, grow = 0) {
  const x = (phaseX + 0.5) / PHASES;
  const y = (phaseY + 0.5) / PHASES;
  const far = Math.ceil(reach(radius) + grow);
  const offsets = [];
  const cover = [];
  for (let dy = -far; dy <= far; dy++) {
    for (let dx = -far; dx <= far; dx++) {
      const edge = distance(shape, dx + 0.5 - x, dy + 0.5 - y, radius) - grow;
      const part = Math.round(255 * Math.min(1, Math.max(0, 0.5 - edge)));
      if (part > 0) {
        offsets.push(dy * stride + dx);
        cover.push(part);
      }
    }
  }
  return { offsets: Int32Array.from(offsets), cover: Uint8Array.from(cover) };
}

/** All stamps of one picture, made when first asked for. */
export class Stamps {
  /** @param {number} stride @param {(radius: number) => number} grow */
  constructor(stride, grow = () => 0) {
    this.stride = stride;
    this.grow = grow;
    /** @type {Map<number, Stamp[]>} */
    this.made = new Map();
  }

  /**
   * The stamps of all phases, at PHASES * phaseY + phaseX.
   * @param {number} shape @param {number} radius in pixels of the picture
   */
  of(shape, radius) {
    const step = Math.max(1, Math.round(radius * STEPS));
    const key = step * SHAPES + shape;
    let stamps = this.made.get(key);
    if (!stamps) {
      stamps = [];
      for (let k = 0; k < PHASES * PHASES; k++) {
        const [x, y] = [k % PHASES, Math.floor(k / PHASES)];
        const size = step / STEPS;
        stamps.push(makeStamp(shape, size, x, y, this.stride, this.grow(size)));
      }
      this.made.set(key, stamps);
    }
    return stamps;
  }
}
