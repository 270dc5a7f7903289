/**
 * A button, with what it does in a few more words.
 */

import { h } from "./dom.js";

/**
 * @param {any} inside
 * @param {() => void} press
 * @param {Object<string, any>} [attributes] class, title and the like
 * @returns {HTMLButtonElement}
 */
export function button(inside, press, attributes = {}) {
  return h("button", { type: "button", onclick: press, ...attributes }, inside);
}
