/**
 * Paths of points through layers or epochs, pale where they come from and full where they are.
 */

import { css } from "./rgb.js";

/** Opacity at the start and at the end of a trail; many trails are each paler. */
const PALEST = 0.06;
const FULL = { few: 0.9, many: 0.55 };
const MANY = 400;

/** @typedef {{lines: Float32Array, places: number, colors: Uint32Array, until: number}} Trails */

/**
 * The trails by colour: drawing those of a colour together makes one stroke of hundreds.
 * @param {Trails} trails
 * @returns {[string, number[]][]}
 */
export function byColor(trails) {
  /** @type {Map<number, number[]>} */
  const groups = new Map();
  const count = trails.lines.length / (2 * trails.places);
  for (let id = 0; id < count; id++) {
    const color = trails.colors[id];
    const group = groups.get(color);
    if (group) group.push(id);
    else groups.set(color, [id]);
  }
  return [...groups].map(([color, ids]) => [css((color | 0xff000000) >>> 0), ids]);
}

/**
 * The steps of all trails up to `until`: which two places they join, how far the last one has come,
 * and how opaque they are.
 * @param {Trails} trails
 */
export function steps({ lines, places, until }) {
  const end = Math.min(1, Math.max(0, until)) * (places - 1);
  const many = lines.length / (2 * places) > MANY;
  const full = many ? FULL.many : FULL.few;
  const found = [];
  for (let place = 0; place < end; place++) {
    const share = Math.min(1, end - place);
    const alpha = PALEST + (full - PALEST) * ((place + share) / end) ** 1.5;
    found.push({ place, share, alpha });
  }
  return found;
}

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {import("./camera.js").Camera} camera @param {Trails} trails
 * @param {[string, number[]][]} groups of `byColor`
 */
export function drawTrails(context, camera, trails, groups) {
  const { lines, places } = trails;
  const { mx, my, ax, ay } = camera.affine(1);
  context.lineCap = "round";
  for (const { place, share, alpha } of steps(trails)) {
    context.globalAlpha = alpha;
    context.lineWidth = 0.8 + alpha;
    for (const [color, ids] of groups) {
      context.beginPath();
      for (const id of ids) {
        const k = 2 * (id * places + place);
        const [x0, y0, x1, y1] = lines.subarray(k, k + 4);
        if (!(x0 === x0 && x1 === x1)) continue;
        context.moveTo(x0 * mx + ax, y0 * my + ay);
        context.lineTo((x0 + (x1 - x0) * share) * mx + ax, (y0 + (y1 - y0) * share) * my + ay);
      }
      context.strokeStyle = color;
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}
