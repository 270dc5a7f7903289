/**
 * The smallest pieces: a colour, a name, a class as both, the mark of what is wrong or pinned.
 */

import { classColor } from "../looks/color.js";
import { h } from "./dom.js";

/** Return a colour dot; it never stands without the name that it colours. @param {string} color */
export function dot(color) {
  return h("span", { class: "dot", "aria-hidden": "true", style: { background: color } });
}

/** Return a name that is cut where there is no room, and can be read whole. @param {string} name */
export function clipped(name) {
  return h("span", { class: "clipped", title: name }, name);
}

/**
 * Return a class as its colour and its name.
 *
 * @param {{names: string[], colors: string[]}} classes
 * @param {number} code
 * @param {boolean} dark
 */
export function classMark({ names, colors }, code, dark) {
  return [dot(classColor(colors, code, dark)), clipped(names[code] ?? "")];
}

/** Return the mark of a wrong prediction. */
export function cross() {
  return h("span", { class: "wrong-mark", role: "img", "aria-label": "wrong" }, "×");
}

/**
 * Mark those elements of a node whose data attribute has a value, and no others.
 *
 * @param {HTMLElement} node
 * @param {string} key of the data attribute
 * @param {number} value
 */
export function markPinned(node, key, value) {
  for (const one of node.querySelectorAll(`[data-${key}]`)) {
    one.toggleAttribute("data-pinned", one.getAttribute(`data-${key}`) === String(value));
  }
}
