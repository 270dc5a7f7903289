/**
 * Mouse, pen and fingers, told as what they mean: pan, zoom, point at, click, draw a path. Two
 * fingers always move the view; shift-drag draws a path with the pan tool too.
 */

/** A press that moves less is a click, in CSS pixels. */
const STILL = 4;
/** The path gets a corner every so many CSS pixels. */
const CORNER = 3;

/** @typedef {"replace" | "add" | "subtract"} Mode */
/**
 * @typedef {object} Actions
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, x: number, y: number) => void} zoom
 * @property {(x: number, y: number) => void} point the pointer is here, nothing pressed
 * @property {() => void} leave
 * @property {(x: number, y: number) => void} click
 * @property {(path: number[] | null) => void} draft the path so far; null when it is over
 * @property {(path: number[], mode: Mode) => void} enclose
 */

export class Gestures {
  /** @param {HTMLElement} surface @param {Actions} actions */
  constructor(surface, actions) {
    this.surface = surface;
    this.actions = actions;
    /** @type {"pan" | "lasso" | "box"} */
    this.tool = "pan";
    /** @type {Map<number, [number, number]>} pointers that are down */
    this.down = new Map();
    /** @type {"" | "press" | "pan" | "path" | "pinch"} what is going on */
    this.doing = "";
    /** @type {[number, number]} */
    this.origin = [0, 0];
    /** @type {number[]} */
    this.path = [];
    surface.addEventListener("pointerdown", this.#onDown);
    surface.addEventListener("pointermove", this.#onMove);
    surface.addEventListener("pointerup", this.#onUp);
    surface.addEventListener("pointercancel", this.#onCancel);
    surface.addEventListener("pointerleave", this.#onLeave);
    surface.addEventListener("wheel", this.#onWheel, { passive: false });
  }

  /** Gives up what is being drawn; returns whether something was. */
  cancel() {
    const drawing = this.doing === "path";
    if (drawing) this.#finish();
    return drawing;
  }

  destroy() {
    this.surface.removeEventListener("pointerdown", this.#onDown);
    this.surface.removeEventListener("pointermove", this.#onMove);
    this.surface.removeEventListener("pointerup", this.#onUp);
    this.surface.removeEventListener("pointercancel", this.#onCancel);
    this.surface.removeEventListener("pointerleave", this.#onLeave);
    this.surface.removeEventListener("wheel", this.#onWheel);
  }

  #finish() {
    if (this.doing === "path") this.actions.draft(null);
    this.doing = "";
    this.path = [];
    delete this.surface.dataset.doing;
  }

  /** @param {PointerEvent | WheelEvent} event @returns {[number, number]} CSS pixels in the surface */
  #place(event) {
    const box = this.surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** @param {PointerEvent} event */
  #onDown = (event) => {
    if (event.button > 1) return;
    if (event.button === 1) event.preventDefault(); // no automatic scrolling
    const place = this.#place(event);
    this.surface.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, place);
    if (this.down.size === 2) {
      this.#finish();
      this.doing = "pinch";
    } else if (this.down.size === 1) {
      this.doing = "press";
      this.origin = place;
    }
  };

  /** @param {PointerEvent} event */
  #onMove = (event) => {
    const place = this.#place(event);
    const before = this.down.get(event.pointerId);
    if (!before) {
      if (this.down.size === 0) this.actions.point(place[0], place[1]);
      return;
    }
    if (this.doing === "press") this.#begin(event, place);
    if (this.doing === "press") return;
    if (this.doing === "pinch") this.#pinch(event.pointerId, place);
    else if (this.doing === "pan") this.actions.pan(place[0] - before[0], place[1] - before[1]);
    else if (this.doing === "path") this.#extend(place);
    this.down.set(event.pointerId, place);
  };

  /** The press has become a drag. @param {PointerEvent} event @param {[number, number]} place */
  #begin(event, place) {
    if (Math.hypot(place[0] - this.origin[0], place[1] - this.origin[1]) < STILL) return;
    const middle = (event.buttons & 4) !== 0;
    const drawing = !middle && (this.tool !== "pan" || event.shiftKey);
    this.doing = drawing ? "path" : "pan";
    this.path = [...this.origin];
    this.surface.dataset.doing = this.doing;
    this.actions.leave();
  }

  /** @param {[number, number]} place */
  #extend([x, y]) {
    if (this.tool === "box") {
      const [left, top] = this.origin;
      this.path = [left, top, x, top, x, y, left, y];
    } else {
      const [lastX, lastY] = this.path.slice(-2);
      if (Math.hypot(x - lastX, y - lastY) < CORNER) return;
      this.path.push(x, y);
    }
    this.actions.draft(this.path);
  }

  /** Two fingers: the plane follows both. @param {number} id @param {[number, number]} place */
  #pinch(id, place) {
    const other = [...this.down].find(([pointer]) => pointer !== id)?.[1];
    const before = this.down.get(id);
    if (!other || !before) return;
    const apart = (/** @type {number[]} */ p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
    this.actions.pan((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
    const middle = [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
    if (apart(before) > 0) this.actions.zoom(apart(place) / apart(before), middle[0], middle[1]);
  }

  /** @param {PointerEvent} event */
  #onUp = (event) => {
    if (!this.down.delete(event.pointerId)) return;
    const { doing, path } = this;
    if (this.down.size > 0) {
      this.doing = "pan"; // one of two fingers is left
      return;
    }
    this.#finish();
    if (doing === "press") this.actions.click(...this.origin);
    if (doing === "path" && path.length >= 6) {
      const mode = event.altKey ? "subtract" : event.shiftKey ? "add" : "replace";
      this.actions.enclose(path, mode);
    }
  };

  /** @param {PointerEvent} event */
  #onCancel = (event) => {
    this.down.delete(event.pointerId);
    this.#finish();
  };

  #onLeave = () => {
    if (this.down.size === 0) this.actions.leave();
  };

  /** @param {WheelEvent} event */
  #onWheel = (event) => {
    // Within another page the wheel scrolls, unless the reader has turned to the map.
    const within = this.surface.closest(".embedded") && !this.surface.matches(":focus");
    if (within && !event.ctrlKey) return;
    event.preventDefault();
    const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
    const speed = event.ctrlKey ? 0.01 : 0.0016; // a touchpad's pinch comes as a small ctrl-wheel
    const factor = Math.exp(-Math.min(Math.max(pixels, -600), 600) * speed);
    this.actions.zoom(factor, ...this.#place(event));
  };
}
