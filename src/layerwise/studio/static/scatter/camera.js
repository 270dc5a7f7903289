/**
 * Which part of the plane is seen: a centre and a scale, the same in both directions. Data have y
 * up; the screen is in CSS pixels of the host, y down. Knows nothing of canvases or points.
 */

/** How far one can zoom out of and into the fitted view. */
const OUT = 20;
const IN = 20000;

export class Camera {
  constructor() {
    /** Data coordinates of the middle of the screen. */
    this.x = 0;
    this.y = 0;
    /** CSS pixels per unit of the data. */
    this.scale = 1;
    this.width = 0;
    this.height = 0;
    this.home = 1;
    this.center = { x: 0, y: 0 };
  }

  /** Whether the view is as it was fitted. */
  get fitted() {
    return this.scale === this.home && this.x === this.center.x && this.y === this.center.y;
  }

  /**
   * A new size of the screen shows the same part of the plane.
   * @param {number} width @param {number} height
   */
  resize(width, height) {
    const before = Math.min(this.width, this.height);
    if (before > 0) {
      const factor = Math.min(width, height) / before;
      this.scale *= factor;
      this.home *= factor;
    }
    this.width = width;
    this.height = height;
  }

  /**
   * @param {{left: number, right: number, bottom: number, top: number}} bounds
   * @param {number} margin in CSS pixels
   */
  fit(bounds, margin) {
    this.x = (bounds.left + bounds.right) / 2;
    this.y = (bounds.bottom + bounds.top) / 2;
    const inner = (/** @type {number} */ size) => Math.max(size - 2 * margin, size / 2);
    const across = inner(this.width) / (bounds.right - bounds.left);
    const up = inner(this.height) / (bounds.top - bounds.bottom);
    const scale = Math.min(across, up);
    this.scale = scale < Infinity ? scale : inner(this.height); // all points on one spot
    this.home = this.scale;
    this.center = { x: this.x, y: this.y };
  }

  /** The content follows the pointer. @param {number} dx @param {number} dy in CSS pixels */
  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
  }

  /** What is under (px, py) stays there. @param {number} factor @param {number} px @param {number} py */
  zoom(factor, px, py) {
    const [x, y] = this.toData(px, py);
    const limited = Math.min(Math.max(this.scale * factor, this.home / OUT), this.home * IN);
    this.scale = limited;
    this.x = x - (px - this.width / 2) / limited;
    this.y = y + (py - this.height / 2) / limited;
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  toScreen(x, y) {
    return [
      (x - this.x) * this.scale + this.width / 2,
      this.height / 2 - (y - this.y) * this.scale,
    ];
  }

  /** @param {number} px @param {number} py @returns {[number, number]} */
  toData(px, py) {
    return [
      (px - this.width / 2) / this.scale + this.x,
      (this.height / 2 - py) / this.scale + this.y,
    ];
  }

  /**
   * screen = multiply * data + add, in pixels of a screen with `ratio` pixels to a CSS pixel.
   * @param {number} ratio
   */
  affine(ratio) {
    const s = this.scale * ratio;
    return {
      mx: s,
      my: -s,
      ax: (this.width / 2) * ratio - this.x * s,
      ay: (this.height / 2) * ratio + this.y * s,
    };
  }

  /** The part of the plane that is seen. */
  frame() {
    const [left, top] = this.toData(0, 0);
    const [right, bottom] = this.toData(this.width, this.height);
    return { left, right, bottom, top };
  }
}

/**
 * Smallest box around all placed points; null if none is placed.
 * @param {Float32Array} positions x and y in turn, NaN without a place
 */
export function boundsOf(positions) {
  let left = Infinity;
  let right = -Infinity;
  let bottom = Infinity;
  let top = -Infinity;
  for (let k = 0; k < positions.length; k += 2) {
    const x = positions[k];
    const y = positions[k + 1];
    if (!(x - x === 0 && y - y === 0)) continue; // NaN or infinite
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  return left <= right ? { left, right, bottom, top } : null;
}

/**
 * How many placed points are seen; stops counting at `enough`.
 * @param {Float32Array} positions @param {Camera} camera @param {number} enough
 */
export function countSeen(positions, camera, enough) {
  const { left, right, bottom, top } = camera.frame();
  let count = 0;
  for (let k = 0; k < positions.length && count < enough; k += 2) {
    const x = positions[k];
    const y = positions[k + 1];
    if (x >= left && x <= right && y >= bottom && y <= top) count++;
  }
  return count;
}
