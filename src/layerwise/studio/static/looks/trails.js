/**
 * The way that observations take through the maps of a series, for the scatter's trails.
 *
 * A series may hold bundled trails of its observations. Else straight lines join their places, of
 * those observations that the reader asks about.
 */

import { where } from "../data/arrays.js";
import { axisOf, mapped } from "../data/maps.js";
import { same } from "../data/run.js";
import { NOBODY } from "../state/store.js";

/** Lines that can still be told apart, if nothing is selected. */
const MOST = 400;

/**
 * Return the trails at a place, or null if there are none to draw.
 *
 * @param {import("../data/run.js").Run} run
 * @param {import("../data/maps.js").MapPlace} place
 * @param {Uint32Array} selection
 * @param {Uint32Array} colors of all observations
 * @returns {Promise<import("../scatter/trails.js").Trails|null>}
 */
export async function trailsOf(run, place, selection, colors) {
  const bundled = await run.trails(place.series);
  if (bundled) {
    const { stops } = run.series(place.series);
    const at = stops.findIndex((stop) => same(stop, place));
    const shown = new Set(selection);
    const rows = where(bundled.rows.length, (row) => !shown.size || shown.has(bundled.rows[row]));
    return {
      lines: rowsFirst(bundled.lines, bundled.places, bundled.rows.length, rows),
      places: bundled.places,
      colors: Uint32Array.from(rows, (row) => colors[bundled.rows[row]]),
      until: stops.length > 1 ? Math.max(at, 0) / (stops.length - 1) : 1,
    };
  }
  const axis = axisOf(run, place);
  const stops = mapped(run, place, axis);
  if (stops.length < 2) return null;
  const ids = await asked(run, place.checkpoint, selection);
  if (!ids.length) return null;
  const maps = await Promise.all(stops.map((stop) => run.map(place.series, { ...place, [axis]: stop })));
  return {
    lines: joined(maps, ids),
    places: stops.length,
    colors: Uint32Array.from(ids, (id) => colors[id]),
    until: Math.max(stops.indexOf(place[axis]), 0) / (stops.length - 1),
  };
}

/**
 * Return lines that lie place by place in the order of the scatter, line by line.
 *
 * @param {Float32Array} lines (places, m, 2)
 * @param {number} places
 * @param {number} m
 * @param {Uint32Array} rows the lines to keep
 */
export function rowsFirst(lines, places, m, rows) {
  const found = new Float32Array(rows.length * places * 2);
  rows.forEach((row, k) => {
    for (let place = 0; place < places; place++) {
      found[2 * (k * places + place)] = lines[2 * (place * m + row)];
      found[2 * (k * places + place) + 1] = lines[2 * (place * m + row) + 1];
    }
  });
  return found;
}

/** @param {Float32Array[]} maps @param {Uint32Array} ids @returns {Float32Array} */
function joined(maps, ids) {
  const found = new Float32Array(ids.length * maps.length * 2);
  let next = 0;
  for (const id of ids) {
    for (const map of maps) {
      found[next++] = map[2 * id];
      found[next++] = map[2 * id + 1];
    }
  }
  return found;
}

/** @param {import("../data/run.js").Run} run @param {number} checkpoint @param {Uint32Array} selection */
async function asked(run, checkpoint, selection) {
  if (selection.length) return selection;
  const correct = await run.correct(checkpoint);
  const wrong = correct ? where(run.n, (i) => correct[i] === 0) : NOBODY;
  if (wrong.length && wrong.length <= MOST) return wrong;
  return run.n <= MOST ? where(run.n, () => true) : NOBODY;
}
