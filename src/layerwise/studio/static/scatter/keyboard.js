/**
 * Keys of the scatter: arrows pan, + and - zoom, 0 fits, n and p go from point to point, Enter
 * clicks, Escape clears. Others are handed on.
 */

const STEP = 60; // CSS pixels
const FACTOR = 1.3;

/**
 * @typedef {object} Keys
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number) => void} zoom
 * @property {() => void} fit
 * @property {(direction: 1 | -1) => void} step
 * @property {() => void} press
 * @property {() => void} clear
 * @property {(event: KeyboardEvent) => void} other
 */

/** @type {Record<string, (keys: Keys) => void>} */
const MEANINGS = {
  ArrowLeft: (keys) => keys.pan(STEP, 0),
  ArrowRight: (keys) => keys.pan(-STEP, 0),
  ArrowUp: (keys) => keys.pan(0, STEP),
  ArrowDown: (keys) => keys.pan(0, -STEP),
  "+": (keys) => keys.zoom(FACTOR),
  "=": (keys) => keys.zoom(FACTOR),
  "-": (keys) => keys.zoom(1 / FACTOR),
  _: (keys) => keys.zoom(1 / FACTOR),
  0: (keys) => keys.fit(),
  n: (keys) => keys.step(1),
  p: (keys) => keys.step(-1),
  Enter: (keys) => keys.press(),
  Escape: (keys) => keys.clear(),
};

export const SHORTCUTS = "ArrowLeft ArrowRight ArrowUp ArrowDown + - 0 n p Enter Escape";

/**
 * A listener for keydown.
 * @param {Keys} keys
 * @returns {(event: KeyboardEvent) => void}
 */
export function listener(keys) {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const meaning = Object.hasOwn(MEANINGS, event.key) && MEANINGS[event.key];
    if (!meaning) return keys.other(event);
    event.preventDefault();
    meaning(keys);
  };
}
