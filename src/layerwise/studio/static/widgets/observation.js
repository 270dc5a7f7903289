/**
 * An observation as a button: pointing at it shows it everywhere, a click keeps it in the inspector.
 */

import { inWords, isWrong } from "../facts/observations.js";
import { pin } from "../state/actions.js";
import { button } from "./dom.js";

/**
 * Return the button of an observation.
 *
 * @param {{facts: import("../facts/observations.js").Facts, store: import("../state/store.js").Store}} about
 * @param {number} i
 * @param {string} kind its CSS class
 * @param {any} inside
 * @param {Object<string, any>} [attributes]
 */
export function observation({ facts, store }, i, kind, inside, attributes = {}) {
  const words = inWords(facts, i);
  const over = () => store.set({ hover: i });
  const away = () => store.set({ hover: -1 });
  const click = () => {
    pin(store, i);
    away();
  };
  return button(inside, click, {
    class: isWrong(facts, i) ? `${kind} wrong` : kind,
    title: words,
    "aria-label": words,
    "data-observation": i,
    onmouseenter: over,
    onmouseleave: away,
    onfocus: over,
    onblur: away,
    ...attributes,
  });
}
