/**
 * Views read what they show, and reading takes a while: only the newest answer may paint.
 */

import { together } from "./store.js";

/**
 * Return a function that reads and then paints, unless it was called again meanwhile.
 *
 * @param {(sentence: string) => void} fail what to do with an error, in the words of the reader
 */
export function latest(fail) {
  let asked = 0;
  /**
   * @template T
   * @param {() => T | Promise<T>} read
   * @param {(found: T) => void} paint
   */
  const show = async (read, paint) => {
    const mine = ++asked;
    let found;
    try {
      found = await read();
    } catch (error) {
      if (mine === asked) fail(/** @type {Error} */ (error).message);
      return;
    }
    if (mine === asked) paint(found);
  };
  /** Forget what is under way. */
  show.stop = () => {
    asked += 1;
  };
  return show;
}

/**
 * Read and paint what depends on some of the state, now and whenever that changes.
 *
 * @template T
 * @param {import("./store.js").Store} store
 * @param {string[]} keys
 * @param {(state: import("./store.js").State) => T | Promise<T>} read
 * @param {(found: T, state: import("./store.js").State) => void} paint
 * @param {(sentence: string, again: () => void) => void} fail says what went wrong; `again` tries anew
 * @returns {{again: () => void, stop: () => void}}
 */
export function follow(store, keys, read, paint, fail) {
  const again = () => show(store.state);
  const newest = latest((sentence) => fail(sentence, again));
  const show = (state) => newest(() => read(state), (found) => paint(found, state));
  return { again, stop: together(store.on(keys, show), newest.stop) };
}
