/**
 * Pictures of observations, cut from the sheets that hold many of them.
 *
 * A sheet is decoded when one of its tiles is first asked for; the last few decoded ones are kept.
 */

import { codes } from "../data/arrays.js";
import { h } from "./dom.js";

/** Decoded sheets that are kept; one of 2,048 x 2,048 takes 16 MB. */
const KEPT = 12;

/** Sides below this are drawn with their pixels showing, and so is what is drawn so much larger. */
const COARSE = 64;
const LARGER = 2.5;

/** @type {WeakMap<object, Map<string, Promise<ImageBitmap>>>} */
const decoded = new WeakMap();

/** The pictures of one run. */
export class Tiles {
  /** @param {import("../data/run.js").Run} run */
  constructor(run) {
    this.run = run;
    this.inputs = run.about.inputs;
  }

  /**
   * Return the tile of every observation, -1 where there is none; null if tile i shows i.
   *
   * @returns {Promise<Int32Array>|null}
   */
  order() {
    const { order } = this.inputs;
    if (!order) return null;
    const { model, n } = this.run;
    const key = `tiles ${order} ${model.file(order).stamp}`;
    return model.keep(key, async () => {
      const tiles = new Int32Array(n).fill(-1);
      (await model.read(order, codes)).forEach((observation, tile) => {
        tiles[observation] = tile;
      });
      return tiles;
    });
  }

  /**
   * Return the picture of an observation.
   *
   * @param {number} i
   * @param {number} size its longer side in css px
   * @returns {Promise<HTMLElement|null>} a canvas; null if the page holds no picture of it
   */
  async picture(i, size) {
    if (!this.inputs) return null;
    const order = await this.order();
    const tile = order ? order[i] : i;
    if (tile < 0 || tile >= this.inputs.count) return null;
    const { per_sheet, sheets } = this.inputs;
    const bitmap = await sheet(this.run.model, sheets[Math.floor(tile / per_sheet)]);
    return cut(bitmap, this.inputs, tile % per_sheet, size);
  }

  /**
   * Return a square for an observation: its picture as soon as it is there, else its number.
   *
   * @param {number} i
   * @param {number} size
   * @returns {HTMLElement}
   */
  tile(i, size) {
    const side = `${size}px`;
    const frame = h("span", { class: "tile", style: { width: side, height: side } });
    const number = () => frame.replaceChildren(h("span", { class: "tile-number" }, i));
    this.picture(i, size).then(
      (picture) => (picture ? frame.replaceChildren(picture) : number()),
      number,
    );
    return frame;
  }
}

/**
 * Return a decoded sheet.
 *
 * @param {import("../data/model.js").Model} model
 * @param {string} name
 * @returns {Promise<ImageBitmap>}
 */
export function sheet(model, name) {
  const kept = decoded.get(model.source) ?? new Map();
  decoded.set(model.source, kept);
  const key = `${name} ${model.file(name).stamp}`;
  const known = kept.get(key);
  const read = (bytes) => createImageBitmap(new Blob([bytes], { type: "image/webp" }));
  const made = known ?? model.source.bytes(name).then(read);
  kept.delete(key);
  kept.set(key, made);
  if (!known) made.catch(() => kept.delete(key));
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return made;
}

/**
 * Return one tile of a sheet as a canvas of its own.
 *
 * @param {ImageBitmap} bitmap
 * @param {{width: number, height: number, columns: number}} grid
 * @param {number} tile
 * @param {number} size its longer side in css px
 * @returns {HTMLCanvasElement}
 */
export function cut(bitmap, { width, height, columns }, tile, size) {
  const scale = size / Math.max(width, height);
  const coarse = Math.max(width, height) < COARSE || scale >= LARGER;
  const canvas = h("canvas", {
    class: coarse ? "picture coarse" : "picture",
    width,
    height,
    "aria-hidden": "true",
    style: { width: `${width * scale}px`, height: `${height * scale}px` },
  });
  const [x, y] = [(tile % columns) * width, Math.floor(tile / columns) * height];
  canvas.getContext("2d").drawImage(bitmap, x, y, width, height, 0, 0, width, height);
  return canvas;
}
