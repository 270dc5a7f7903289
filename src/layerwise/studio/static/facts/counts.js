/**
 * What observations add up to: by class, by class and prediction, wrong ones first.
 *
 * Each is one pass over typed arrays, so it holds for a hundred thousand observations between two
 * frames. A class number that names no class means that there is none; such an observation is
 * neither right nor wrong.
 */

import { mask } from "../data/arrays.js";

/**
 * Return how many of each class there are, how many are selected, and how many of those (of all, if
 * none is selected) the network says wrongly.
 *
 * @param {ArrayLike<number>} truth
 * @param {ArrayLike<number>|null} said
 * @param {number} n_classes
 * @param {Uint32Array} selection
 */
export function byClass(truth, said, n_classes, selection) {
  const n = new Uint32Array(n_classes + 1);
  const selected = new Uint32Array(n_classes + 1);
  const judged = new Uint32Array(n_classes + 1);
  const wrong = new Uint32Array(n_classes + 1);
  const inside = mask(selection, truth.length);
  for (let i = 0; i < truth.length; i++) {
    const code = truth[i] < n_classes ? truth[i] : n_classes;
    n[code] += 1;
    if (inside && !inside[i]) continue;
    if (inside) selected[code] += 1;
    if (!said || code === n_classes || said[i] >= n_classes) continue;
    judged[code] += 1;
    if (said[i] !== code) wrong[code] += 1;
  }
  return { n, selected, judged, wrong };
}

/**
 * Return how often each class (row) is said to be each (column), among the selected if there are.
 *
 * @param {ArrayLike<number>} truth
 * @param {ArrayLike<number>} said
 * @param {number} n_classes
 * @param {Uint32Array} selection
 * @returns {Uint32Array} (n_classes * n_classes,)
 */
export function confusions(truth, said, n_classes, selection) {
  const counts = new Uint32Array(n_classes * n_classes);
  const inside = mask(selection, truth.length);
  for (let i = 0; i < truth.length; i++) {
    if (inside && !inside[i]) continue;
    if (truth[i] < n_classes && said[i] < n_classes) counts[truth[i] * n_classes + said[i]] += 1;
  }
  return counts;
}

/**
 * Return the most frequent confusions, most frequent first.
 *
 * @param {Uint32Array} counts of {@link confusions}
 * @param {number} n_classes
 * @param {number} most
 * @returns {{truth: number, said: number, count: number, share: number}[]} share of the class
 */
export function confused(counts, n_classes, most) {
  const found = [];
  for (let truth = 0; truth < n_classes; truth++) {
    const row = counts.subarray(truth * n_classes, (truth + 1) * n_classes);
    const all = row.reduce((sum, count) => sum + count, 0);
    for (let said = 0; said < n_classes; said++) {
      if (said !== truth && row[said]) {
        found.push({ truth, said, count: row[said], share: row[said] / all });
      }
    }
  }
  return found.sort((a, b) => b.count - a.count || b.share - a.share).slice(0, most);
}

/**
 * Return the selected observations, or all, those that the network says wrongly first.
 *
 * @param {number} n
 * @param {Uint32Array} selection
 * @param {ArrayLike<number>|null} correct 0 where it is wrong
 * @returns {{order: Uint32Array, wrong: number}}
 */
export function wrongFirst(n, selection, correct) {
  const order = new Uint32Array(selection.length || n);
  let wrong = 0;
  const at = (/** @type {number} */ j) => (selection.length ? selection[j] : j);
  for (let j = 0; correct && j < order.length; j++) {
    if (correct[at(j)] === 0) order[wrong++] = at(j);
  }
  let next = wrong;
  for (let j = 0; j < order.length; j++) {
    if (!correct || correct[at(j)] !== 0) order[next++] = at(j);
  }
  return { order, wrong };
}
