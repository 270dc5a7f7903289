/**
 * Scores of layers as a chart wants them: one row of numbers a line.
 *
 * @typedef {Object} Measure
 * @property {string} key
 * @property {string} title
 * @property {any[]} entries the manifest's scores of this measure
 * @property {boolean} share whether it is a share, said in percent
 */

import { methodName } from "./words.js";

/** What is shown first, of what there is. */
const FIRST = ["neighborhood hit 2-D", "neighborhood hit n-D", "accuracy"];

/**
 * Return what was measured: what tells most first, of layers before the rest.
 *
 * @param {any[]} scores
 * @returns {Measure[]}
 */
export function measures(scores) {
  const found = new Map();
  for (const entry of scores) {
    if (entry.value === null || (entry.layer === null && entry.checkpoint === null)) continue;
    const key = `${entry.score}|${entry.method}`;
    if (!found.has(key)) {
      const title = [entry.score, methodName(entry.method)].filter(Boolean).join(", ");
      found.set(key, { key, title, entries: [], share: true });
    }
    const measure = found.get(key);
    measure.entries.push(entry);
    if (entry.value < 0 || entry.value > 1) measure.share = false;
  }
  const ofLayers = (/** @type {Measure} */ one) => one.entries.some(({ layer }) => layer !== null);
  const place = (/** @type {Measure} */ one) => {
    const known = FIRST.findIndex((score) => one.entries[0].score === score);
    return (known < 0 ? FIRST.length : known) + (ofLayers(one) ? 0 : 2 * FIRST.length);
  };
  return [...found.values()].sort((a, b) => place(a) - place(b));
}

/**
 * Return the numbers of a measure by layer and checkpoint, means where there are several. What was
 * measured at one checkpoint of a layer that never changes, the input, holds for all.
 *
 * @param {Measure} measure
 * @param {"value"|"floor"|"published"} key
 * @param {(layer: number|null) => boolean} [steady] whether a layer never changes
 * @returns {(layer: number|null, checkpoint: number|null) => number} NaN where there is none
 */
export function lookup({ entries }, key, steady = () => false) {
  /** @type {Map<string, number[]>} */
  const found = new Map();
  for (const entry of entries) {
    if (entry[key] === null || entry[key] === undefined) continue;
    const place = `${entry.layer} ${entry.checkpoint}`;
    found.set(place, [...(found.get(place) ?? []), entry[key]]);
  }
  return (layer, checkpoint) => {
    const ofLayer = entries.find((entry) => entry.layer === layer && entry[key] !== null);
    const other = steady(layer) && ofLayer ? ofLayer.checkpoint : null;
    const several = found.get(`${layer} ${checkpoint}`) ?? found.get(`${layer} ${other}`) ?? [];
    return several.length ? several.reduce((sum, one) => sum + one, 0) / several.length : NaN;
  };
}

/**
 * Return the places of a measure along an axis, in order; [null] if it has none there.
 *
 * @param {Measure} measure
 * @param {"layer"|"checkpoint"} axis
 * @returns {(number|null)[]}
 */
export function along({ entries }, axis) {
  const all = new Set(entries.map((entry) => entry[axis]).filter((place) => place !== null));
  return all.size ? [...all].sort((a, b) => a - b) : [null];
}
