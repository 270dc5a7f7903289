/**
 * Stored pictures, and what they are about: units, classes or observations.
 *
 * Pictures of a layer of maps are about its channels, of which each may be many units of a recording.
 */

/**
 * Return the number under which a set of pictures knows a unit: that of its channel, if it has any.
 *
 * @param {any} entry of the manifest
 * @param {{units: number}} layer
 * @param {number} unit
 * @returns {number}
 */
export function numberOf({ channels }, { units }, unit) {
  return channels ? Math.floor(unit / (units / channels)) : unit;
}

/**
 * Return a unit that a number of a set of pictures means: of a channel the one in the middle.
 *
 * @param {any} entry
 * @param {{units: number, shape: number[]}} layer
 * @param {number} number
 * @returns {number}
 */
export function unitOf({ channels }, { shape }, number) {
  if (!channels) return number;
  return shape.slice(1).reduce((place, size) => place * size + Math.floor(size / 2), number);
}

/**
 * Return the pictures about something: of a unit each kind once, of an observation all sets.
 *
 * @param {import("./run.js").Run} run
 * @param {"unit"|"observation"} about
 * @param {number} index of the unit or observation
 * @param {import("./run.js").Place} place that is looked at
 * @returns {{entry: any, places: number[]}[]} sets, and where in each the pictures lie
 */
export function picturesOf(run, about, index, { layer, checkpoint }) {
  const found = new Map();
  for (const entry of run.about.images) {
    const key = about === "unit" ? entry.kind : `${entry.kind} ${entry.title}`;
    const here = entry.checkpoint === checkpoint || entry.checkpoint === null;
    if (entry.about !== about || !here || found.has(key)) continue;
    if (about === "unit" && entry.layer !== layer) continue;
    const number = about === "unit" ? numberOf(entry, run.about.layers[layer], index) : index;
    const places = [...entry.index.keys()].filter((at) => entry.index[at] === number);
    if (places.length) found.set(key, { entry, places });
  }
  return [...found.values()];
}
