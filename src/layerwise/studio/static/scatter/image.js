/**
 * The picture as a file: PNG at any scale, or SVG with one element per point (a raster inside when
 * there are too many). Hover and the path being drawn are left out.
 */

import { Canvas2D } from "./canvas2d.js";
import { css } from "./rgb.js";
import { CROSS, halo, outline } from "./shapes.js";
import { steps } from "./trails.js";

/** Above so many points in the frame the SVG holds a raster. */
const ELEMENTS = 20000;
const SVG = "http://www.w3.org/2000/svg";
const SHARP = 2; // pixels per CSS pixel of a raster inside the SVG

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./overlay.js").Overlay} Overlay */

/**
 * @param {Scene} scene settled @param {Camera} camera @param {"points" | "density"} mode
 * @param {number} scale pixels per CSS pixel
 */
function raster(scene, camera, mode, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(camera.width * scale));
  canvas.height = Math.max(1, Math.round(camera.height * scale));
  const renderer = new Canvas2D(canvas);
  renderer.draw(scene, camera, scale, mode);
  return renderer;
}

/**
 * @param {Scene} scene settled @param {Camera} camera @param {Overlay} overlay
 * @param {"points" | "density"} mode @param {number} scale
 * @returns {Promise<Blob>}
 */
export function toPNG(scene, camera, overlay, mode, scale) {
  const { canvas, context } = raster(scene, camera, mode, scale);
  overlay.draw(context, scene, camera, scale, true);
  return new Promise((resolve, reject) => {
    const done = (/** @type {Blob | null} */ blob) =>
      blob ? resolve(blob) : reject(new Error("toPNG: the picture is too large; lower the scale"));
    canvas.toBlob(done, "image/png");
  });
}

/**
 * @param {Scene} scene settled @param {Camera} camera @param {Overlay} overlay
 * @param {"points" | "density"} mode @param {Uint32Array} ids the points in the frame
 */
export function toSVG(scene, camera, overlay, mode, ids) {
  const { width, height } = camera;
  const svg = node("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  svg.append(node("rect", { width, height, fill: css(scene.paper) }));
  if (mode === "density" || ids.length > ELEMENTS) {
    const href = raster(scene, camera, mode, SHARP).canvas.toDataURL("image/png");
    svg.append(node("image", { width, height, href }));
  } else {
    svg.append(...marks(scene, camera, ids));
  }
  if (overlay.trails) svg.append(trails(overlay, camera));
  for (const id of overlay.pinned) {
    const [cx, cy] = camera.toScreen(scene.at[2 * id], scene.at[2 * id + 1]);
    if (cx !== cx) continue;
    const r = scene.radiusOf(id) + 3.5;
    svg.append(node("circle", { cx, cy, r, fill: "none", stroke: css(scene.ink), "stroke-width": 2 }));
  }
  return new XMLSerializer().serializeToString(svg);
}

/**
 * Definitions of the marks in use, and one use of them per point, in drawing order.
 * @param {Scene} scene @param {Camera} camera @param {Uint32Array} ids
 */
function marks(scene, camera, ids) {
  const defs = node("defs", {});
  const edge = { stroke: css(scene.paper), "stroke-opacity": 0.8, "paint-order": "stroke" };
  const group = node("g", { "fill-rule": "evenodd", ...edge });
  const made = new Set();
  const rank = new Uint32Array(scene.n);
  scene.order.forEach((i, k) => (rank[i] = k));
  for (const i of ids.slice().sort((a, b) => rank[a] - rank[b])) {
    const radius = Math.round(scene.radiusOf(i) * 4) / 4;
    const mark = `mark-${scene.shapes[i]}-${radius}`;
    if (!made.has(mark)) {
      made.add(mark);
      const edge = scene.edged || scene.shapes[i] === CROSS ? 2 * halo(radius) : 0;
      const d = outline(scene.shapes[i], radius);
      defs.append(node("path", { id: mark, d, "stroke-width": edge }));
    }
    const [x, y] = camera.toScreen(scene.at[2 * i], scene.at[2 * i + 1]);
    group.append(node("use", { href: `#${mark}`, x, y, fill: css(scene.paint[i]) }));
  }
  return [defs, group];
}

/** @param {Overlay} overlay @param {Camera} camera */
function trails({ trails: all, groups }, camera) {
  const group = node("g", { fill: "none", "stroke-linecap": "round" });
  if (!all) return group;
  for (const { place, share, alpha } of steps(all)) {
    for (const [stroke, ids] of groups) {
      let d = "";
      for (const id of ids) {
        const k = 2 * (id * all.places + place);
        const [x0, y0, x1, y1] = all.lines.subarray(k, k + 4);
        if (!(x0 === x0 && x1 === x1)) continue;
        const from = camera.toScreen(x0, y0).map(short);
        const to = camera.toScreen(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share).map(short);
        d += `M${from.join(" ")}L${to.join(" ")}`;
      }
      const look = { "stroke-opacity": alpha, "stroke-width": 0.8 + alpha };
      group.append(node("path", { d, stroke, ...look }));
    }
  }
  return group;
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function node(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, typeof value === "number" ? short(value) : value);
  }
  return element;
}

/** @param {number} value */
const short = (value) => String(Math.round(value * 100) / 100);
