/**
 * The canvases of a scatter in their host: of its size at any pixel ratio, and drawn by whoever
 * does it best. Points lie below, the overlay above; the overlay takes the focus and the pointer.
 */

import { countSeen } from "./camera.js";
import { Canvas2D } from "./canvas2d.js";
import { SHORTCUTS } from "./keyboard.js";
import { WebGL2 } from "./webgl2.js";

/** More points than this in the frame are drawn as a density. */
const DENSE = 200000;
/** Up to this many points stamping takes less than a frame: no graphics context is asked for. */
const STAMPED = 20000;

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./camera.js").Camera} Camera */

export class Canvases {
  /** @type {WebGL2 | null} */
  #gpu = null;
  #wants;
  #onLost = () => {};

  /**
   * @param {HTMLElement} host @param {string} label
   * @param {"auto" | "canvas2d" | "webgl2"} renderer
   */
  constructor(host, label, renderer) {
    this.host = host;
    this.#wants = renderer;
    /** Pixels of the canvases per CSS pixel. */
    this.ratio = 1;
    host.classList.add("scatter");
    this.points = this.#canvas("scatter-points");
    this.surface = this.#canvas("scatter-overlay");
    this.surface.removeAttribute("aria-hidden");
    this.surface.tabIndex = 0;
    this.surface.setAttribute("role", "application");
    this.surface.setAttribute("aria-roledescription", "scatter plot");
    this.surface.setAttribute("aria-keyshortcuts", SHORTCUTS);
    this.surface.setAttribute("aria-label", label);
    this.over = /** @type {CanvasRenderingContext2D} */ (this.surface.getContext("2d"));
    this.flat = new Canvas2D(this.points);
  }

  /** Who draws the points. */
  get renderer() {
    return this.#gpu ? "webgl2" : "canvas2d";
  }

  /**
   * Calls back with the host's size in CSS pixels, now and whenever it or the pixel ratio changes.
   * @param {(width: number, height: number) => void} onResize the canvases are blank then
   * @param {() => void} onLost the graphics card was taken away; draw again
   */
  watch(onResize, onLost) {
    this.#onLost = onLost;
    let [lastWidth, lastHeight] = [0, 0];
    const measure = () => {
      const { clientWidth, clientHeight } = this.host;
      const ratio = window.devicePixelRatio || 1;
      const same = clientWidth === lastWidth && clientHeight === lastHeight && ratio === this.ratio;
      if (!clientWidth || !clientHeight || same) return;
      [lastWidth, lastHeight, this.ratio] = [clientWidth, clientHeight, ratio];
      for (const canvas of [this.points, this.surface, this.#gpu?.canvas]) {
        if (!canvas) continue;
        canvas.width = Math.round(clientWidth * ratio);
        canvas.height = Math.round(clientHeight * ratio);
      }
      onResize(clientWidth, clientHeight);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(this.host);
    window.addEventListener("resize", measure); // the browser's zoom changes the pixel ratio
    this.unwatch = () => {
      observer.disconnect();
      window.removeEventListener("resize", measure);
    };
    measure();
  }

  unwatch() {}

  /**
   * Whether there are too many points in the frame to tell them apart.
   * @param {Scene} scene @param {Camera} camera @returns {"points" | "density"}
   */
  modeOf(scene, camera) {
    const dense = scene.n > DENSE && countSeen(scene.at, camera, DENSE + 1) > DENSE;
    return dense ? "density" : "points";
  }

  /** @param {Scene} scene settled @param {Camera} camera @param {"points" | "density"} mode */
  drawPoints(scene, camera, mode) {
    this.#choose(scene.n);
    const gpu = mode === "points" ? this.#gpu : null;
    this.points.hidden = gpu !== null;
    if (this.#gpu) this.#gpu.canvas.hidden = gpu === null;
    if (gpu) gpu.draw(scene, camera, this.ratio);
    else this.flat.draw(scene, camera, this.ratio, mode);
  }

  /** @param {import("./overlay.js").Overlay} overlay @param {Scene} scene @param {Camera} camera */
  drawOverlay(overlay, scene, camera) {
    this.over.setTransform(1, 0, 0, 1, 0, 0);
    this.over.clearRect(0, 0, this.surface.width, this.surface.height);
    overlay.draw(this.over, scene, camera, this.ratio);
  }

  destroy() {
    this.unwatch();
    const gpu = this.#gpu;
    this.#gpu = null;
    gpu?.canvas.remove();
    gpu?.destroy();
    this.points.remove();
    this.surface.remove();
    this.host.classList.remove("scatter");
  }

  /** Takes the graphics card where there is one, and only for pictures that need it. @param {number} n */
  #choose(n) {
    const forced = this.#wants === "webgl2";
    if (this.#wants === "canvas2d" || (!forced && n <= STAMPED)) return;
    this.#wants = "canvas2d"; // asked once
    const canvas = this.#canvas("scatter-points");
    this.points.after(canvas);
    canvas.width = this.points.width;
    canvas.height = this.points.height;
    const lost = () => {
      canvas.remove();
      if (!this.#gpu) return; // given back by destroy
      this.#gpu = null;
      this.#onLost();
    };
    this.#gpu = WebGL2.on(canvas, forced, lost);
    if (!this.#gpu) canvas.remove();
  }

  /** @param {string} name */
  #canvas(name) {
    const canvas = document.createElement("canvas");
    canvas.className = name;
    canvas.setAttribute("aria-hidden", "true");
    this.host.append(canvas);
    return canvas;
  }
}
