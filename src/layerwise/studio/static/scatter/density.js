/**
 * A picture of more points than can be told apart: every cell of the screen has the mean colour of
 * its points, and the more opaque the more there are, by the logarithm. One pass over the points,
 * one over the cells.
 */

/** Opacity of a cell with a single point. */
const FAINTEST = 0.35;
/** Cells with so many times the mean count of occupied cells are opaque. */
const FULL = 4;
const LEVELS = 4096;

/** @typedef {import("./scene.js").Scene} Scene */

export class Density {
  constructor() {
    this.columns = 0;
    this.rows = 0;
    /** Sums of red, green, blue and of the points themselves, cell by cell. */
    this.sums = new Float32Array(0);
    this.levels = new Uint8Array(LEVELS);
  }

  /**
   * @param {Scene} scene @param {number} start @param {number} end part of `scene.order`
   * @param {{mx: number, my: number, ax: number, ay: number}} affine from data to cells
   * @param {number} columns @param {number} rows
   */
  count(scene, start, end, { mx, my, ax, ay }, columns, rows) {
    const size = 4 * columns * rows;
    if (this.sums.length === size) this.sums.fill(0);
    else this.sums = new Float32Array(size);
    this.columns = columns;
    this.rows = rows;
    const { at, paint, order } = scene;
    const sums = this.sums;
    for (let k = start; k < end; k++) {
      const i = order[k];
      const x = at[2 * i] * mx + ax;
      const y = at[2 * i + 1] * my + ay;
      if (!(x >= 0 && y >= 0 && x < columns && y < rows)) continue; // NaN too
      const color = paint[i];
      const weight = (color >>> 24) * (1 / 255);
      const cell = 4 * ((y | 0) * columns + (x | 0));
      sums[cell] += (color & 255) * weight;
      sums[cell + 1] += ((color >>> 8) & 255) * weight;
      sums[cell + 2] += ((color >>> 16) & 255) * weight;
      sums[cell + 3] += weight;
    }
  }

  /**
   * Draws over what `pixels` holds, a cell as a square of `side` pixels.
   * @param {Uint32Array} pixels @param {number} stride @param {number} first index of the first pixel
   * @param {number} side
   */
  shade(pixels, stride, first, side) {
    const { columns, rows, sums } = this;
    this.#scale();
    const levels = this.levels;
    for (let row = 0, cell = 0; row < rows; row++) {
      let p = first + row * side * stride;
      for (let column = 0; column < columns; column++, cell += 4, p += side) {
        const count = sums[cell + 3];
        if (count === 0) continue;
        const t = levels[count < LEVELS - 1 ? (count + 0.5) | 0 : LEVELS - 1] / 255 / count;
        const under = pixels[p];
        const rest = 1 - t * count;
        const r = sums[cell] * t + (under & 255) * rest;
        const g = sums[cell + 1] * t + ((under >>> 8) & 255) * rest;
        const b = sums[cell + 2] * t + ((under >>> 16) & 255) * rest;
        const color = 0xff000000 | ((b + 0.5) << 16) | (((g + 0.5) | 0) << 8) | (r + 0.5);
        pixels[p] = color;
        if (side === 1) continue;
        for (let dy = 0; dy < side; dy++) {
          for (let dx = 0; dx < side; dx++) pixels[p + dy * stride + dx] = color;
        }
      }
    }
  }

  /** Opacity by count: a table, as the logarithm of half a million cells would take longer. */
  #scale() {
    const { sums, levels } = this;
    let total = 0;
    let occupied = 0;
    for (let cell = 3; cell < sums.length; cell += 4) {
      if (sums[cell] > 0) {
        total += sums[cell];
        occupied++;
      }
    }
    const full = Math.log(1 + Math.max(1, (FULL * total) / Math.max(1, occupied)));
    const none = Math.log(2);
    for (let count = 0; count < LEVELS; count++) {
      const share = (Math.log(1 + Math.max(1, count)) - none) / Math.max(1e-9, full - none);
      levels[count] = Math.round(255 * (FAINTEST + (1 - FAINTEST) * Math.min(1, share)));
    }
  }
}
