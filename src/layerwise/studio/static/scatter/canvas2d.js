/**
 * Draws on any machine: points are stamped into the words of an ImageData, which one call puts on
 * the screen. The picture has a border that is never shown, so no stamp needs to be clipped.
 */

import { Density } from "./density.js";
import { CROSS, halo, reach } from "./shapes.js";
import { PHASES, Stamps } from "./stamps.js";

/** About so many crosses are drawn over a density. */
const CROSSES = 600;
/** Multiplying by it spreads numbers in a row over all words (Knuth, TAOCP 3, 6.4). */
const SCATTER = 2654435761;
/** Up to so many selected points are drawn one by one over a density. */
const SINGLE = 20000;

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./camera.js").Camera} Camera */

export class Canvas2D {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (
      canvas.getContext("2d", { alpha: false })
    );
    this.density = new Density();
    this.image = /** @type {ImageData | null} */ (null);
    this.pixels = new Uint32Array(0);
    this.border = 0;
    this.stamps = new Stamps(0);
    this.halos = new Stamps(0);
  }

  /**
   * @param {Scene} scene settled @param {Camera} camera @param {number} ratio pixels per CSS pixel
   * @param {"points" | "density"} mode
   */
  draw(scene, camera, ratio, mode) {
    this.#prepare(scene, ratio);
    this.pixels.fill(scene.paper);
    const { starts } = scene;
    if (mode === "points") {
      this.#points(scene, camera, ratio, 0, starts[4]);
    } else {
      const selected = starts[4] - starts[2];
      this.#cells(scene, camera, ratio, 0, starts[2]);
      this.#points(scene, camera, ratio, starts[1], starts[2], CROSSES);
      if (selected > SINGLE) {
        this.#cells(scene, camera, ratio, starts[2], starts[4]);
        this.#points(scene, camera, ratio, starts[3], starts[4], CROSSES);
      } else this.#points(scene, camera, ratio, starts[2], starts[4]);
    }
    const { width, height } = this.canvas;
    const image = /** @type {ImageData} */ (this.image);
    const b = this.border;
    this.context.putImageData(image, -b, -b, b, b, width, height);
  }

  /**
   * Buffers of the size of the canvas, kept from frame to frame.
   * @param {Scene} scene @param {number} ratio
   */
  #prepare(scene, ratio) {
    const { width, height } = this.canvas;
    const size = scene.largest * ratio;
    const border = Math.ceil(reach(size) + halo(size)) + 1;
    const stride = width + 2 * border;
    const rows = height + 2 * border;
    if (this.image && this.image.width === stride && this.image.height === rows) return;
    this.border = border;
    this.image = new ImageData(stride, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.stamps = new Stamps(stride);
    this.halos = new Stamps(stride, halo);
  }

  /**
   * @param {Scene} scene @param {Camera} camera @param {number} ratio
   * @param {number} start @param {number} end
   */
  #cells(scene, camera, ratio, start, end) {
    const side = Math.max(1, Math.round(ratio));
    const columns = Math.ceil(this.canvas.width / side);
    const rows = Math.ceil(this.canvas.height / side);
    this.density.count(scene, start, end, camera.affine(ratio / side), columns, rows);
    const stride = this.canvas.width + 2 * this.border;
    this.density.shade(this.pixels, stride, this.border * stride + this.border, side);
  }

  /**
   * Stamps a part of the order, or a sample of about `most` points of it, always the same ones.
   * @param {Scene} scene @param {Camera} camera @param {number} ratio
   * @param {number} start @param {number} end @param {number} most
   */
  #points(scene, camera, ratio, start, end, most = Infinity) {
    const { at, paint, shapes, order, radius, paper, edged } = scene;
    const { mx, my, ax, ay } = camera.affine(ratio);
    const { pixels, border } = this;
    const stride = this.canvas.width + 2 * border;
    const right = this.canvas.width + border;
    const bottom = this.canvas.height + border;
    const share = (most / (end - start)) * 2 ** 32;
    const one = typeof radius === "number";
    let shape = -1;
    let size = -1;
    let stamps = this.stamps.of(0, 1);
    let halos = stamps;
    for (let k = start; k < end; k++) {
      const i = order[k];
      if (Math.imul(i, SCATTER) >>> 0 > share) continue;
      const color = paint[i];
      const x = at[2 * i] * mx + ax;
      const y = at[2 * i + 1] * my + ay;
      const seen = x > -border && y > -border && x < right && y < bottom; // false for NaN
      if (!seen || color >>> 24 === 0) continue;
      const r = one ? radius : radius[i];
      if (shapes[i] !== shape || r !== size) {
        shape = shapes[i];
        size = r;
        stamps = this.stamps.of(shape, size * ratio);
        halos = this.halos.of(shape, size * ratio);
      }
      const left = Math.floor(x);
      const top = Math.floor(y);
      const phase = (((y - top) * PHASES) | 0) * PHASES + (((x - left) * PHASES) | 0);
      const p = (top + border) * stride + left + border;
      if (edged || shape === CROSS) {
        stamp(pixels, p, halos[phase], (paper & 0xffffff) | (((color >>> 24) * 0.8) << 24));
      }
      stamp(pixels, p, stamps[phase], color);
    }
  }
}

/**
 * @param {Uint32Array} pixels opaque @param {number} p
 * @param {import("./stamps.js").Stamp} mark @param {number} color ABGR
 */
function stamp(pixels, p, { offsets, cover }, color) {
  const alpha = (color >>> 24) + 1;
  const solid = color | 0xff000000;
  const rb = color & 0xff00ff;
  const g = (color >>> 8) & 0xff;
  for (let k = 0; k < offsets.length; k++) {
    const q = p + offsets[k];
    const t = (cover[k] * alpha) >> 8; // 255 only where all is covered by an opaque colour
    if (t === 255) {
      pixels[q] = solid;
      continue;
    }
    const s = 256 - t;
    const under = pixels[q];
    // two channels in one multiplication: each has 16 bits to itself
    const both = ((Math.imul(rb, t) + Math.imul(under & 0xff00ff, s)) >>> 8) & 0xff00ff;
    const green = (g * t + ((under >>> 8) & 0xff) * s) & 0xff00;
    pixels[q] = 0xff000000 | both | green;
  }
}
