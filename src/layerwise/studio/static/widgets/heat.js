/**
 * A map of signed numbers as a picture: one colour above zero, another below.
 */

import { packed } from "../looks/color.js";
import { h } from "./dom.js";

/** Codes of a byte on either side of zero. */
const CODES = 127;

/** Sides below this are drawn with their pixels showing. */
const COARSE = 64;

/** Css px of a row where there is only one, or few. */
const ROW = 26;

/**
 * Return a map as a canvas.
 *
 * @param {import("../data/run.js").Attribution} map
 * @param {{low: number, high: number, at: (value: number) => [number, number, number]}} scale
 * @param {number} size css px of its longer side
 * @param {string} words what it shows, for those who do not see it
 * @returns {HTMLCanvasElement}
 */
export function heat({ shape: [height, width], codes }, scale, size, words) {
  const bytes = Uint8Array.from(atob(codes), (letter) => letter.charCodeAt(0));
  const signed = new Int8Array(bytes.buffer);
  const pixels = new Uint8ClampedArray(4 * signed.length);
  const table = Uint32Array.from({ length: 2 * CODES + 1 }, (_, k) =>
    packed(scale.at(((k - CODES) / CODES) * scale.high)),
  );
  new Uint32Array(pixels.buffer).set(Uint32Array.from(signed, (code) => table[code + CODES]));
  const [wide, tall] = sizes(width, height, size);
  const canvas = h("canvas", {
    class: Math.max(width, height) < COARSE ? "picture heat coarse" : "picture heat",
    width,
    height,
    role: "img",
    "aria-label": words,
    style: { width: `${wide}px`, height: `${tall}px` },
  });
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

/** Whether a map is a picture, not a row or a few of them. @param {[number, number]} shape */
export function isPlane([height, width]) {
  return Math.min(height, width) > 1 && Math.max(height, width) <= 4 * Math.min(height, width);
}

/** @param {number} width @param {number} height @param {number} size @returns {[number, number]} in css px */
function sizes(width, height, size) {
  if (!isPlane([height, width])) return [size, Math.max(ROW, Math.min(height * 3, size))];
  const scale = size / Math.max(width, height);
  return [width * scale, height * scale];
}
