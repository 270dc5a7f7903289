/**
 * What lies over the points and changes without them: trails, rings around the hovered and the
 * pinned points, and the path being drawn.
 */

import { css } from "./rgb.js";
import { outline } from "./shapes.js";
import { byColor, drawTrails } from "./trails.js";

/** Gap between a mark and its ring, and width of rings, in CSS pixels. */
const GAP = 3.5;
const THICK = 2;
const THIN = 1.4;

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./camera.js").Camera} Camera */

export class Overlay {
  constructor() {
    this.hover = -1;
    /** @type {number[]} the first is the pinned one, the others go with it */
    this.pinned = [];
    /** @type {number[] | null} the path being drawn, x and y in turn in CSS pixels */
    this.draft = null;
    this.pale = "#d5d5d5";
    /** @type {import("./trails.js").Trails | null} */
    this.trails = null;
    /** @type {[string, number[]][]} */
    this.groups = [];
  }

  /** @param {import("./trails.js").Trails | null} trails */
  follow(trails) {
    const same = trails && this.trails && trails.colors === this.trails.colors
      && trails.lines === this.trails.lines;
    this.trails = trails;
    if (!same) this.groups = trails ? byColor(trails) : [];
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {Scene} scene @param {Camera} camera
   * @param {number} ratio @param {boolean} still without what belongs to the pointer
   */
  draw(context, scene, camera, ratio, still = false) {
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.trails) drawTrails(context, camera, this.trails, this.groups);
    this.pinned.forEach((id, k) => this.#ring(context, scene, camera, id, k ? THIN : THICK));
    if (still) return;
    if (this.hover >= 0) this.#ring(context, scene, camera, this.hover, THICK);
    if (this.draft) this.#path(context, scene, this.draft);
  }

  /**
   * The point itself, on top of all others, and a ring.
   * @param {CanvasRenderingContext2D} context @param {Scene} scene @param {Camera} camera
   * @param {number} id @param {number} width
   */
  #ring(context, scene, camera, id, width) {
    const [x, y] = camera.toScreen(scene.at[2 * id], scene.at[2 * id + 1]);
    if (!(x === x && y === y)) return;
    const radius = scene.radiusOf(id);
    context.save();
    context.translate(x, y);
    context.beginPath();
    context.arc(0, 0, radius + GAP, 0, 2 * Math.PI);
    context.fillStyle = css(scene.paper);
    context.globalAlpha = 0.75;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = width + 2;
    context.strokeStyle = css(scene.paper);
    context.stroke();
    context.lineWidth = width;
    context.strokeStyle = css(scene.ink);
    context.stroke();
    context.fillStyle = css((scene.colorOf(id) | 0xff000000) >>> 0);
    context.fill(new Path2D(outline(scene.shapes[id] || 0, radius)), "evenodd");
    context.restore();
  }

  /** @param {CanvasRenderingContext2D} context @param {Scene} scene @param {number[]} path */
  #path(context, scene, path) {
    context.beginPath();
    for (let k = 0; k < path.length; k += 2) context.lineTo(path[k], path[k + 1]);
    context.closePath();
    context.fillStyle = this.pale;
    context.globalAlpha = 0.35;
    context.fill("evenodd");
    context.globalAlpha = 1;
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.setLineDash([5, 4]);
    context.strokeStyle = css(scene.ink);
    context.stroke();
    context.setLineDash([]);
  }
}
