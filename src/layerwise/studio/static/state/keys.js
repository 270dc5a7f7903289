/**
 * Keys that work anywhere on the page, and the list of all for the help.
 */

import { selectWrong } from "./actions.js";
import { runOf } from "./store.js";

/** All keys as the help shows them; those of the map are the scatter's. */
export const KEYS = [
  ["[ and ]", "layer before, layer after"],
  [", and .", "checkpoint before, checkpoint after"],
  ["w", "select what the network gets wrong"],
  ["t", "trails"],
  ["Esc", "select nothing"],
  ["?", "this list"],
];

/** Keys of a map that has the focus. */
export const MAP_KEYS = [
  ["← → ↑ ↓", "move the map"],
  ["+ and −", "closer, farther"],
  ["0", "see all points"],
  ["n and p", "next point, point before"],
  ["Enter", "hold the point in the inspector"],
  ["Shift, Alt", "while circling: add, take away"],
];

/**
 * Listen for the keys on the whole page.
 *
 * @param {HTMLElement} root
 * @param {import("./store.js").Store} store
 * @param {() => void} help
 * @returns {() => void} how to stop
 */
export function keyed(root, store, help) {
  const step = (axis, by) => {
    const { about } = runOf(store.state);
    const last = about[`${axis}s`].length - 1;
    store.set({ [axis]: Math.min(Math.max(store.state[axis] + by, 0), last) });
  };
  const actions = {
    "[": () => step("layer", -1),
    "]": () => step("layer", 1),
    ",": () => step("checkpoint", -1),
    ".": () => step("checkpoint", 1),
    w: () => selectWrong(store),
    t: () => store.set({ trails: !store.state.trails }),
    Escape: () => store.select([], ""),
    "?": help,
  };
  const listener = (event) => {
    const writing = event.target.closest?.("input, select, dialog");
    const level = event.getModifierState("AltGraph"); // with which many keyboards write [ and ]
    const command = !level && (event.ctrlKey || event.metaKey || event.altKey);
    if (writing || command || event.defaultPrevented) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  root.addEventListener("keydown", listener);
  return () => root.removeEventListener("keydown", listener);
}
