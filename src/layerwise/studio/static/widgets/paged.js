/**
 * Long lists in parts: the first at once, each next when the reader asks for it.
 */

import { count } from "../facts/words.js";
import { button, fill } from "./dom.js";

/**
 * Show the first items, and return the button that shows more; it goes when there are none.
 *
 * @template {{slice: (from: number, to: number) => any, length: number}} T
 * @param {T} items
 * @param {number} most items at a time
 * @param {(some: T) => void} add shows some more
 * @returns {HTMLElement}
 */
export function paged(items, most, add) {
  let shown = 0;
  const next = () => {
    add(items.slice(shown, shown + most));
    shown = Math.min(shown + most, items.length);
    const rest = items.length - shown;
    more.hidden = !rest;
    fill(more, `Show ${Math.min(most, rest)} more of ${count(rest)}`);
  };
  const more = button("", next, { class: "plain more" });
  next();
  return more;
}
