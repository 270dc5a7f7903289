/**
 * The classes, to choose one of.
 */

import { seen } from "../looks/color.js";
import { h } from "./dom.js";
import { clipped, dot } from "./card.js";

/** Classes that are shown as buttons; more are a menu. */
const CHIPS = 20;

/**
 * Return the classes as buttons, or as a menu if they are many.
 *
 * @param {{name: string, names: string[], colors: string[]}} classes
 * @param {number} chosen -1 for none
 * @param {(code: number) => void} choose
 * @param {boolean} dark
 * @returns {HTMLElement}
 */
export function classChips({ name, names, colors }, chosen, choose, dark) {
  if (names.length > CHIPS) {
    const options = names.map((title, code) =>
      h("option", { value: code, selected: code === chosen }, title),
    );
    const none =
      chosen < 0 &&
      h("option", { value: -1, selected: true, disabled: true }, `power for one ${name}…`);
    const change = (/** @type {any} */ event) => choose(Number(event.target.value));
    return h(
      "select",
      { class: "class-menu", "aria-label": `Power for one ${name}`, onchange: change },
      none,
      options,
    );
  }
  const chip = (/** @type {string} */ title, /** @type {number} */ code) =>
    h(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": String(code === chosen),
        onclick: () => choose(code),
      },
      dot(seen(colors[code], dark)),
      clipped(title),
    );
  return h(
    "div",
    { class: "chips", role: "group", "aria-label": `Power for one ${name}` },
    names.map(chip),
  );
}
