/**
 * What one neuron does: its activation by class, where it is highest and lowest, how it spreads.
 */

/**
 * Return the mean activation of each class; NaN for a class of which there is none.
 *
 * @param {Float32Array} activation
 * @param {ArrayLike<number>} truth
 * @param {number} n_classes
 * @returns {Float32Array}
 */
export function means(activation, truth, n_classes) {
  const sums = new Float64Array(n_classes);
  const counts = new Uint32Array(n_classes);
  for (let i = 0; i < activation.length; i++) {
    if (truth[i] >= n_classes || Number.isNaN(activation[i])) continue;
    sums[truth[i]] += activation[i];
    counts[truth[i]] += 1;
  }
  return Float32Array.from(sums, (sum, k) => sum / counts[k]);
}

/**
 * Return the observations of the highest values, highest first; equal ones as they come.
 *
 * @param {Float32Array} values
 * @param {number} most
 * @param {1|-1} [sign] -1 for the lowest, lowest first
 * @returns {number[]}
 */
export function extremes(values, most, sign = 1) {
  /** @type {number[]} */
  const found = [];
  let least = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = sign * values[i];
    if (!(value > least || (found.length < most && value === value))) continue;
    let place = found.length;
    while (place && sign * values[found[place - 1]] < value) place -= 1;
    found.splice(place, 0, i);
    if (found.length > most) found.pop();
    if (found.length === most) least = sign * values[found[most - 1]];
  }
  return found;
}

/**
 * Return the observations on which a neuron fires most: this share of all, those as high as the
 * last of them too, but none at the lowest value of all.
 *
 * @param {Float32Array} values
 * @param {number} share
 * @returns {Uint32Array} ascending
 */
export function strongest(values, share) {
  const sorted = values.filter((value) => value === value).sort();
  if (!sorted.length) return new Uint32Array(0);
  const count = Math.max(1, Math.round(share * sorted.length));
  const threshold = sorted[sorted.length - count];
  const found = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] >= threshold && values[i] > sorted[0]) found.push(i);
  }
  return Uint32Array.from(found);
}

/**
 * Return the share of observations with an activation above zero.
 *
 * @param {Float32Array} activation
 * @returns {number} from 0 to 1
 */
export function activeShare(activation) {
  let [above, n] = [0, 0];
  for (let i = 0; i < activation.length; i++) {
    if (activation[i] > 0) above += 1;
    if (activation[i] === activation[i]) n += 1;
  }
  return n ? above / n : 0;
}

/**
 * Return how many values fall into each of equal steps from `low` to `high`.
 *
 * @param {Float32Array} values
 * @param {number} low
 * @param {number} high
 * @param {number} steps
 * @returns {Uint32Array}
 */
export function histogram(values, low, high, steps) {
  const counts = new Uint32Array(steps);
  const width = (high - low) / steps || 1;
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= low && values[i] <= high)) continue;
    counts[Math.min(Math.floor((values[i] - low) / width), steps - 1)] += 1;
  }
  return counts;
}

/**
 * Return where a neuron stands in its layer, in words: for a convolution its channel, row and column.
 *
 * @param {number[]} shape of the layer
 * @param {number} unit
 * @returns {string} "" for a flat layer
 */
export function position(shape, unit) {
  if (shape.length < 2) return "";
  const index = [];
  let rest = unit;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  if (shape.length === 3) return `channel ${index[0]}, row ${index[1]}, column ${index[2]}`;
  if (shape.length === 2) return `row ${index[0]}, column ${index[1]}`;
  return `at ${index.join(", ")}`;
}
