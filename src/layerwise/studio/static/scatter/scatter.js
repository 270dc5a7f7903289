/**
 * A scatter of up to a million points in a host element: the public face of the renderer, and its
 * frame loop. Draws only when something has changed, at most once a frame.
 */

import { Camera, boundsOf, countSeen } from "./camera.js";
import { Controls } from "./controls.js";
import { Finder } from "./finder.js";
import { toPNG, toSVG } from "./image.js";
import { Glide } from "./glide.js";
import { Motion } from "./motion.js";
import { Overlay } from "./overlay.js";
import { word } from "./rgb.js";
import { Scene } from "./scene.js";
import { Canvases } from "./canvases.js";

const TWEEN = 600; // ms

export class Scatter {
  #scene = new Scene();
  #camera = new Camera();
  #motion = new Motion();
  #glide = new Glide(this.#camera);
  #overlay = new Overlay();
  #finder = new Finder(this.#scene, this.#camera);
  #canvases;
  #controls;
  /** @type {Map<string, Set<(...args: any[]) => void>>} */
  #listeners = new Map();
  /** What the next frame has to do. */
  #due = { points: false, overlay: false, view: false };
  #request = 0;
  #fitted = false;

  /** @type {"points" | "density"} how the points were drawn last */
  mode = "points";

  /**
   * @param {HTMLElement} host is filled by the canvases
   * @param {{label: string, renderer?: "auto" | "canvas2d" | "webgl2"}} options
   */
  constructor(host, { label, renderer = "auto" }) {
    this.#canvases = new Canvases(host, label, renderer);
    const [scene, camera, motion] = [this.#scene, this.#camera, this.#motion];
    const parts = { scene, camera, motion, overlay: this.#overlay, finder: this.#finder };
    this.#controls = new Controls(this.#canvases.surface, parts, {
      looked: () => {
        this.#glide.stop();
        this.#looked();
      },
      marked: () => this.#redraw("overlay"),
      fit: () => this.fit(),
      emit: (type, ...args) => this.#emit(type, ...args),
    });
    this.#canvases.watch(this.#resize, () => this.#redraw());
  }

  /** Who draws the points now, "canvas2d" or "webgl2". */
  get renderer() {
    return this.#canvases.renderer;
  }

  /**
   * Points move to their new places from where they are now. The first call fits the view; later
   * ones keep it, unless it would be empty, or follow the points, unless the reader has moved it.
   * @param {Float32Array} positions x and y in turn, y up, NaN without a place; kept, not copied
   * @param {{duration?: number, follow?: boolean}} options duration in ms
   */
  setPoints(positions, { duration = TWEEN, follow = false } = {}) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const now = performance.now();
    this.#motion.go(positions, still ? 0 : duration, now);
    this.#scene.place(this.#motion.at, this.#motion.fade);
    this.#finder.renew(positions);
    if (!this.#fitted || countSeen(positions, this.#camera, 1) === 0) this.fit();
    else if (follow) this.#glide.go(() => this.fit(), still ? 0 : duration, now);
    this.#redraw();
  }

  /** @param {Uint32Array} rgba one word per point, ABGR as in ImageData; kept, not copied */
  setColors(rgba) {
    this.#scene.colors = rgba;
    this.#scene.stale.paint = true;
    this.#redraw();
  }

  /** @param {Uint8Array} shapes 0 disc, 1 cross, 2 square, 3 ring */
  setShapes(shapes) {
    this.#scene.shapes = shapes;
    this.#scene.stale.order = true;
    this.#redraw();
  }

  /** @param {number | Float32Array} radius in CSS pixels */
  setSizes(radius) {
    this.#scene.resize(radius);
    this.#redraw();
  }

  /** Points outside fade. @param {ArrayLike<number> | null} ids none: nothing is selected */
  setSelection(ids) {
    this.#scene.select(ids);
    this.#finder.restart();
    this.#redraw();
  }

  /** @param {number} id gets a ring; -1 none */
  setHover(id) {
    if (id === this.#overlay.hover) return;
    this.#overlay.hover = id;
    this.#redraw("overlay");
  }

  /** @param {number[]} ids the first is ringed more strongly than the others */
  setPinned(ids) {
    this.#overlay.pinned = ids;
    this.#redraw("overlay");
  }

  /** @param {import("./trails.js").Trails | null} trails */
  setTrails(trails) {
    this.#overlay.follow(trails);
    this.#redraw("overlay");
  }

  /** @param {{paper: string, ink: string, pale: string}} colors in CSS */
  setBackground({ paper, ink, pale }) {
    this.#scene.paper = word(paper);
    this.#scene.ink = word(ink);
    this.#overlay.pale = pale;
    this.#scene.stale.paint = true;
    this.#redraw();
  }

  /** @param {"pan" | "lasso" | "box"} tool */
  setTool(tool) {
    this.#controls.use(tool);
  }

  /** Shows all points. */
  fit() {
    this.#glide.stop();
    const bounds = boundsOf(this.#motion.to);
    const { width, height } = this.#camera;
    if (!bounds || !width || !height) return;
    this.#camera.fit(bounds, 0.04 * Math.min(width, height) + 2 * this.#scene.largest);
    this.#fitted = true;
    this.#looked();
  }

  /** @param {number} id @returns {[number, number]} CSS pixels in the host; NaN without a place */
  toScreen(id) {
    return this.#camera.toScreen(this.#scene.at[2 * id], this.#scene.at[2 * id + 1]);
  }

  /** The points in the frame, ascending. */
  visible() {
    return this.#scene.within(this.#camera.frame());
  }

  /**
   * hover(id, [x, y]), select(ids, {mode}), click(id, -1 beside all points), view({x, y, scale}),
   * key(event).
   * @param {"hover" | "select" | "click" | "view" | "key"} type @param {(...args: any[]) => void} fn
   * @returns {() => void} stops listening
   */
  on(type, fn) {
    const set = this.#listeners.get(type) || new Set();
    this.#listeners.set(type, set.add(fn));
    return () => void set.delete(fn);
  }

  /** @param {number} scale pixels per CSS pixel @returns {Promise<Blob>} */
  toPNG(scale = 2) {
    this.#scene.settle();
    const mode = this.#canvases.modeOf(this.#scene, this.#camera);
    return toPNG(this.#scene, this.#camera, this.#overlay, mode, scale);
  }

  toSVG() {
    this.#scene.settle();
    const mode = this.#canvases.modeOf(this.#scene, this.#camera);
    return toSVG(this.#scene, this.#camera, this.#overlay, mode, this.visible());
  }

  destroy() {
    cancelAnimationFrame(this.#request);
    this.#request = -1; // no frame is asked for any more
    this.#listeners.clear();
    this.#controls.destroy();
    this.#canvases.destroy();
  }

  /** @param {string} type @param {any[]} args */
  #emit(type, ...args) {
    for (const fn of this.#listeners.get(type) || []) fn(...args);
  }

  /** @param {"points" | "overlay"} what points lie under the overlay: both move together */
  #redraw(what = "points") {
    this.#due.overlay = true;
    if (what === "points") this.#due.points = true;
    this.#request ||= requestAnimationFrame(this.#frame);
  }

  /** The camera has moved. */
  #looked() {
    this.#due.view = true;
    this.#redraw();
  }

  #frame = (/** @type {number} */ now) => {
    this.#request = 0;
    if (this.#motion.moving) {
      this.#motion.step(now);
      this.#scene.place(this.#motion.at, this.#motion.fade);
      this.#due.points = true;
    }
    if (this.#glide.moving) {
      this.#glide.step(now);
      this.#due.points = this.#due.overlay = this.#due.view = true;
    }
    this.#draw();
    if (this.#motion.moving || this.#glide.moving) this.#redraw();
    if (!this.#due.view) return;
    this.#due.view = false;
    const { x, y, scale } = this.#camera;
    this.#emit("view", { x, y, scale });
  };

  #draw() {
    if (!this.#camera.width) return;
    this.#scene.settle();
    if (this.#due.points) {
      this.mode = this.#canvases.modeOf(this.#scene, this.#camera);
      this.#canvases.drawPoints(this.#scene, this.#camera, this.mode);
    }
    if (this.#due.overlay) this.#canvases.drawOverlay(this.#overlay, this.#scene, this.#camera);
    this.#due.points = this.#due.overlay = false;
  }

  /** Draws at once: resized canvases are blank. */
  #resize = (/** @type {number} */ width, /** @type {number} */ height) => {
    if (this.#glide.moving) this.#glide.step(Infinity);
    this.#camera.resize(width, height);
    if (!this.#fitted) this.fit();
    this.#looked();
    this.#draw();
  };
}
