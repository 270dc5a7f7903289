/**
 * A few names to choose one of: buttons side by side, or a menu if they are many.
 */

import { button, h } from "./dom.js";

/**
 * Return the names to choose from.
 *
 * @param {string} label
 * @param {{title: string, inside: any}[]} names what each is called in the menu and shows as a button
 * @param {number} chosen -1 for none
 * @param {(place: number) => void} choose
 * @param {number} most names that are shown as buttons
 * @returns {HTMLElement}
 */
export function chips(label, names, chosen, choose, most) {
  if (names.length > most) {
    const options = names.map(({ title }, i) => h("option", { value: i, selected: i === chosen }, title));
    const none = chosen < 0 && h("option", { selected: true, disabled: true }, `${label} …`);
    const change = (event) => choose(Number(event.target.value));
    return h("select", { "aria-label": label, onchange: change }, none, options);
  }
  const chip = ({ inside }, i) =>
    button(inside, () => choose(i), { class: "chip", "aria-pressed": String(i === chosen) });
  return h("div", { class: "chips", role: "group", "aria-label": label }, names.map(chip));
}
