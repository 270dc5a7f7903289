/**
 * The number beside every picture: how good a map is, and what chance would give.
 */

import { same } from "../data/run.js";
import { count, percent, short } from "./words.js";

const HIT_2D = "neighborhood hit 2-D";
const HIT_ND = "neighborhood hit n-D";

/**
 * Return the quality of a map in one sentence, "" if it was not measured.
 *
 * @param {import("../data/run.js").Run} run
 * @param {import("../data/maps.js").MapPlace} place
 * @returns {string}
 */
export function quality(run, place) {
  const own = measured(run, place);
  const score = (name) => run.about.scores.find((one) => one.score === name && same(one, place));
  const flat = own.get(HIT_2D) ?? score(HIT_2D)?.value;
  const deep = own.get(HIT_ND) ?? score(HIT_ND)?.value;
  const floor = score(HIT_2D)?.floor ?? score(HIT_ND)?.floor;
  const parts = [];
  if (Number.isFinite(flat)) parts.push(`${percent(flat)} in 2-D`);
  if (Number.isFinite(deep)) {
    parts.push(`${percent(deep)} in ${count(run.about.layers[place.layer].units)}-D`);
  }
  if (parts.length && Number.isFinite(floor)) parts.push(`${percent(floor)} by chance`);
  if (parts.length) return `Neighbourhood hit ${parts.join(", ")}`;
  return Array.from(own, ([name, value]) => `${name} ${short(value)}`).join(", ");
}

/**
 * Return all that was measured of a map itself, one line a measure.
 *
 * @param {import("../data/run.js").Run} run
 * @param {import("../data/maps.js").MapPlace} place
 */
export function details(run, place) {
  return Array.from(measured(run, place), ([name, value]) => `${name}: ${short(value)}`).join("\n");
}

/** @param {import("../data/run.js").Run} run @param {import("../data/maps.js").MapPlace} place */
function measured(run, place) {
  const found = Object.entries(run.stop(place.series, place)?.quality ?? {});
  return new Map(found.filter(([, value]) => Number.isFinite(value)));
}
