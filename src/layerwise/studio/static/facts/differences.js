/**
 * What two sets of predictions of the same observations have apart.
 *
 * @typedef {{changed: Uint32Array, gained: Uint32Array, lost: Uint32Array, both: Uint32Array}} Differences
 */

import { where } from "./counts.js";
import { NOBODY } from "../state/store.js";

/**
 * Return which predictions differ: those that became right, those that became wrong, and those
 * that are wrong before and after, in another way.
 *
 * @param {ArrayLike<number>} before class numbers
 * @param {ArrayLike<number>} after
 * @param {ArrayLike<number>|null} truth
 * @param {number} [known] numbers from here on are no class: nothing was predicted
 * @returns {Differences}
 */
export function differences(before, after, truth, known = Infinity) {
  const n = before.length;
  const differ = (i) => before[i] !== after[i] && before[i] < known && after[i] < known;
  const changed = where(n, differ);
  if (!truth) return { changed, gained: NOBODY, lost: NOBODY, both: changed };
  return {
    changed,
    gained: where(n, (i) => differ(i) && after[i] === truth[i]),
    lost: where(n, (i) => differ(i) && before[i] === truth[i]),
    both: where(n, (i) => differ(i) && before[i] !== truth[i] && after[i] !== truth[i]),
  };
}
