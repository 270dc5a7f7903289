/**
 * The state and the address of the page, kept the same.
 */

import { together } from "../widgets/dom.js";
import { sound } from "./start.js";
import { NOBODY } from "./store.js";
import { read, written } from "./url.js";

const KEYS = [
  ...["model", "run", "layer", "checkpoint", "series", "color", "unit", "unitColor", "role"],
  ...["selection", "pinned", "trails", "other", "theme"],
];

/** Milliseconds without a change before the address is written: browsers limit how often. */
const PAUSE = 250;

/** Whether an address holds a state, not the name of some section. @param {string} hash */
export function ours(hash) {
  return hash.includes("=");
}

/**
 * Write the state to the address as it changes, and read it when the reader changes the address.
 *
 * @param {import("./store.js").Store} store
 * @returns {() => void} how to stop
 */
export function addressed(store) {
  let timer = 0;
  const write = (_, changed) => {
    clearTimeout(timer);
    if (changed.size === KEYS.length) return; // nothing has changed yet
    timer = setTimeout(() => {
      history.replaceState(null, "", `#${written(store.state, store.state.model)}`);
    }, PAUSE);
  };
  const heed = () => {
    const { model } = store.state;
    if (!ours(location.hash)) return;
    const none = { trails: false, other: null, pinned: -1, selection: NOBODY, selected: "" };
    store.set(sound({ ...store.state, ...none, ...read(location.hash, model) }));
  };
  addEventListener("hashchange", heed);
  return together(
    store.on(KEYS, write),
    () => removeEventListener("hashchange", heed),
    () => clearTimeout(timer),
  );
}
