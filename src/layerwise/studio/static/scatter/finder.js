/**
 * Which point is meant: under the pointer, inside a path on the screen, next in a tour by keys.
 * Points are found at the places they are going to, by a grid that is made when first needed.
 */

import { Grid } from "./grid.js";

/** How far from a point the pointer picks it, in CSS pixels. */
const NEAR = 12;
/** A tour has at most so many stops when nothing is selected. */
const STOPS = 2000;

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./camera.js").Camera} Camera */

export class Finder {
  /** @type {Grid | null} */
  #grid = null;
  /** @type {{ids: number[], at: number} | null} */
  #tour = null;
  /** @type {Float32Array} */
  #positions = new Float32Array(0);

  /** @param {Scene} scene @param {Camera} camera */
  constructor(scene, camera) {
    this.scene = scene;
    this.camera = camera;
  }

  get grid() {
    return (this.#grid ??= new Grid(this.#positions));
  }

  /** Points have got other places. @param {Float32Array} positions */
  renew(positions) {
    this.#positions = positions;
    this.#grid = this.#tour = null;
  }

  /** Starts the tour anew, as other points are selected. */
  restart() {
    this.#tour = null;
  }

  /** The point at a place of the screen, -1 for none. @param {number} x @param {number} y */
  at(x, y) {
    const [dataX, dataY] = this.camera.toData(x, y);
    return this.grid.nearest(dataX, dataY, NEAR / this.camera.scale);
  }

  /** @param {number[]} path x and y in turn in CSS pixels @returns {Uint32Array} ascending */
  inside(path) {
    const inData = new Float64Array(path.length);
    for (let k = 0; k < path.length; k += 2) {
      inData.set(this.camera.toData(path[k], path[k + 1]), k);
    }
    return this.grid.inside(inData);
  }

  /**
   * The point after or before `id` in the tour, -1 if there is none; a point outside the tour
   * starts another one from what is seen now.
   * @param {number} id @param {1 | -1} direction
   */
  next(id, direction) {
    if (!this.#tour || this.#tour.ids[this.#tour.at] !== id) {
      const ids = stops(this.scene, this.camera, this.grid);
      this.#tour = { ids, at: direction > 0 ? -1 : 0 };
    }
    const { ids } = this.#tour;
    if (!ids.length) return -1;
    this.#tour.at = (this.#tour.at + direction + ids.length) % ids.length;
    return ids[this.#tour.at];
  }
}

/**
 * The points of a tour: the selected ones by their number; without a selection, those near the
 * middle of the screen, nearest first.
 * @param {Scene} scene @param {Camera} camera @param {Grid} grid
 * @returns {number[]}
 */
export function stops(scene, camera, grid) {
  const { at, selected } = scene;
  if (selected) {
    const ids = [];
    for (let i = 0; i < scene.n; i++) if (selected[i] && at[2 * i] === at[2 * i]) ids.push(i);
    return ids;
  }
  const { left, right, bottom, top } = camera.frame();
  /** @type {Uint32Array} */
  let ids = new Uint32Array(0);
  for (let share = 1; share > 1e-4; share /= 2) {
    const dx = ((right - left) / 2) * share;
    const dy = ((top - bottom) / 2) * share;
    const [l, r, b, t] = [camera.x - dx, camera.x + dx, camera.y - dy, camera.y + dy];
    const found = grid.inside([l, b, r, b, r, t, l, t]);
    if (!found.length && ids.length) break; // a ring around an empty middle
    ids = found;
    if (ids.length <= STOPS) break;
  }
  const away = (/** @type {number} */ i) =>
    (at[2 * i] - camera.x) ** 2 + (at[2 * i + 1] - camera.y) ** 2;
  return [...ids].sort((a, b) => away(a) - away(b) || a - b).slice(0, STOPS);
}
