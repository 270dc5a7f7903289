/**
 * The camera on its way to a view of all points, while they are on theirs. What the reader has moved
 * stays where it is: only a view that was fitted, and left so, glides.
 */

import { easeInOut } from "./motion.js";

export class Glide {
  /** @param {import("./camera.js").Camera} camera */
  constructor(camera) {
    this.camera = camera;
    this.moving = false;
  }

  /**
   * @param {() => void} fit makes the camera show all points at once
   * @param {number} duration in ms
   * @param {number} now in ms
   */
  go(fit, duration, now) {
    const { camera } = this;
    if (!this.moving && !camera.fitted) return;
    const from = { x: camera.x, y: camera.y, scale: camera.scale };
    fit();
    this.from = from;
    this.to = { x: camera.x, y: camera.y, scale: camera.scale };
    this.start = now;
    this.duration = duration;
    this.moving = duration > 0;
    if (this.moving) Object.assign(camera, from);
  }

  /** @param {number} now in ms */
  step(now) {
    const share = Math.min((now - this.start) / this.duration, 1);
    const t = easeInOut(Math.max(share, 0));
    const { from, to, camera } = this;
    camera.x = from.x + (to.x - from.x) * t;
    camera.y = from.y + (to.y - from.y) * t;
    camera.scale = share < 1 ? from.scale * (to.scale / from.scale) ** t : to.scale;
    if (share >= 1) Object.assign(camera, to);
    this.moving = share < 1;
  }

  /** The reader has taken the view in hand. */
  stop() {
    this.moving = false;
  }
}
