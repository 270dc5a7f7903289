/**
 * What neurons are said to do, from their importances and activations.
 */

import { column, mask } from "./arrays.js";

/**
 * Return the class that each unit tells best and how strong it is beside that class's strongest:
 * `units.roles` and `units.power` of the Python package.
 *
 * @param {Float32Array|null} importance
 * @param {number} n
 */
export function roles(importance, n) {
  const role = new Uint16Array(n).fill(65535);
  const power = new Float32Array(n);
  const best = new Float32Array(n);
  for (let k = 0; importance && k < importance.length / n; k++) {
    const ofClass = importance.subarray(k * n, (k + 1) * n);
    const largest = ofClass.reduce((most, value) => Math.max(most, value), 0) || 1;
    for (let unit = 0; unit < n; unit++) {
      if (ofClass[unit] > best[unit]) [role[unit], best[unit]] = [k, ofClass[unit]];
      power[unit] = Math.max(power[unit], ofClass[unit] / largest);
    }
  }
  return { role, power };
}

/**
 * Return how much stronger every unit fires on the selected observations than on the rest, in
 * standard deviations: `units.contrast` of the Python package, for the units that a page holds.
 *
 * @param {ArrayBuffer} bytes rows of those units
 * @param {number[]} units
 * @param {number} n_units
 * @param {number} n
 * @param {Uint32Array} selection
 * @returns {Float32Array} (n_units,), NaN for the others
 */
export function contrasts(bytes, units, n_units, n, selection) {
  const inside = mask(selection, n);
  const found = new Float32Array(n_units).fill(NaN);
  units.forEach((unit, row) => {
    const activation = column(bytes, n, row);
    let [all, square, chosen] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      all += activation[i];
      square += activation[i] * activation[i];
      if (inside[i]) chosen += activation[i];
    }
    const rest = (all - chosen) / (n - selection.length);
    const spread = Math.sqrt(Math.max(square / n - (all / n) ** 2, 0));
    found[unit] = spread > 0 ? (chosen / selection.length - rest) / spread : 0;
  });
  return found;
}
