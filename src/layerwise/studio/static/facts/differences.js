/**
 * What two sets of predictions of the same observations have apart.
 *
 * @typedef {{changed: Uint32Array, gained: Uint32Array, lost: Uint32Array, both: Uint32Array}} Differences
 */

import { where } from "../data/arrays.js";
import { NOBODY, runOf } from "../state/store.js";

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

/**
 * Return what the predictions of the two maps that are compared have apart: of one run from the
 * earlier checkpoint to the later, of two runs from the first to the other.
 *
 * @param {import("../state/store.js").State} state
 * @returns {Promise<any>} differences, the names of both sides, whether they are of one run, and
 *   whether the classes are known; null if one was not recorded; `same` if both are the same
 */
export async function compared(state) {
  const { run: number, checkpoint, other } = state;
  const run = runOf(state);
  const alone = other.run === number;
  if (alone && other.checkpoint === checkpoint) {
    return { same: run.about.checkpoints[checkpoint].name };
  }
  const sides = [{ run: number, checkpoint }, other];
  if (alone && other.checkpoint < checkpoint) sides.reverse();
  const runs = sides.map((side) => runOf(state, side));
  const [before, after, truth] = await Promise.all([
    runs[0].predicted(sides[0].checkpoint),
    runs[1].predicted(sides[1].checkpoint),
    run.classes && run.labels(run.classes.name),
  ]);
  if (!before || !after) return null;
  const names = runs.map(({ about }, k) =>
    alone ? about.checkpoints[sides[k].checkpoint].name : about.name,
  );
  const known = run.classes?.names.length;
  return { ...differences(before, after, truth, known), n: run.n, names, alone, truth: Boolean(truth) };
}
