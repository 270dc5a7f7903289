/**
 * What the pointer and the keys do to a scatter: they move the camera, hover, click and select.
 * Selecting only tells; what is then selected is for the listeners to say.
 */

import { Gestures } from "./gestures.js";
import { listener } from "./keyboard.js";

/**
 * @typedef {object} Parts
 * @property {import("./scene.js").Scene} scene
 * @property {import("./camera.js").Camera} camera
 * @property {import("./motion.js").Motion} motion
 * @property {import("./overlay.js").Overlay} overlay
 * @property {import("./finder.js").Finder} finder
 */
/**
 * @typedef {object} Effects
 * @property {() => void} looked the camera has moved
 * @property {() => void} marked the overlay has changed
 * @property {() => void} fit
 * @property {(type: string, ...args: any[]) => void} emit
 */

export class Controls {
  /** @param {HTMLElement} surface @param {Parts} parts @param {Effects} effects */
  constructor(surface, parts, effects) {
    this.surface = surface;
    this.parts = parts;
    this.effects = effects;
    this.gestures = new Gestures(surface, {
      pan: this.#pan,
      zoom: this.#zoom,
      point: (x, y) => this.#pointAt(this.#pick(x, y), [x, y]),
      leave: () => this.#pointAt(-1, [0, 0]),
      click: (x, y) => effects.emit("click", this.#pick(x, y)),
      draft: this.#draft,
      enclose: (path, mode) => effects.emit("select", parts.finder.inside(path), { mode }),
    });
    this.keys = listener({
      pan: this.#pan,
      zoom: (factor) => this.#zoom(factor, parts.camera.width / 2, parts.camera.height / 2),
      fit: effects.fit,
      step: this.#step,
      press: () => parts.overlay.hover >= 0 && effects.emit("click", parts.overlay.hover),
      clear: this.#clear,
      other: (event) => effects.emit("key", event),
    });
    surface.addEventListener("keydown", this.keys);
    this.use("pan");
  }

  /** @param {"pan" | "lasso" | "box"} tool */
  use(tool) {
    this.gestures.tool = tool;
    this.surface.dataset.tool = tool;
  }

  destroy() {
    this.gestures.destroy();
    this.surface.removeEventListener("keydown", this.keys);
  }

  /** The point under a place of the screen; none while they move. @param {number} x @param {number} y */
  #pick(x, y) {
    return this.parts.motion.moving ? -1 : this.parts.finder.at(x, y);
  }

  /** @param {number} id @param {[number, number]} pointer */
  #pointAt(id, pointer) {
    const { overlay, camera, scene } = this.parts;
    if (id === overlay.hover) return;
    overlay.hover = id;
    this.surface.toggleAttribute("data-over", id >= 0);
    this.effects.marked();
    const place = id < 0 ? pointer : camera.toScreen(scene.at[2 * id], scene.at[2 * id + 1]);
    this.effects.emit("hover", id, place);
  }

  /** @param {number} dx @param {number} dy */
  #pan = (dx, dy) => {
    this.parts.camera.pan(dx, dy);
    this.effects.looked();
  };

  /** @param {number} factor @param {number} x @param {number} y */
  #zoom = (factor, x, y) => {
    this.parts.camera.zoom(factor, x, y);
    this.effects.looked();
  };

  /** @param {number[] | null} path */
  #draft = (path) => {
    this.parts.overlay.draft = path;
    this.effects.marked();
  };

  /** The next point of the tour is hovered, and brought into the frame. @param {1 | -1} direction */
  #step = (direction) => {
    const { scene, camera, overlay, finder } = this.parts;
    const id = finder.next(overlay.hover, direction);
    if (id < 0) return;
    const [x, y] = camera.toScreen(scene.at[2 * id], scene.at[2 * id + 1]);
    const { width, height } = camera;
    if (x < 0 || y < 0 || x > width || y > height) this.#pan(width / 2 - x, height / 2 - y);
    this.#pointAt(id, [x, y]);
  };

  #clear = () => {
    if (this.gestures.cancel()) return;
    this.#pointAt(-1, [0, 0]);
    this.effects.emit("select", new Uint32Array(0), { mode: "replace" });
  };
}
