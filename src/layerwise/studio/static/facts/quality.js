/**
 * The number beside every picture: how good a map is, and what chance would give.
 */

import { count, percent, short } from "./words.js";

const HIT_2D = "neighborhood hit 2-D";
const HIT_ND = "neighborhood hit n-D";

/**
 * Return the quality of a map in one sentence, "" if it was not measured.
 *
 * @param {import("../data/run.js").Run} run
 * @param {{layer: number, checkpoint: number, series: string}} place
 * @returns {string}
 */
export function said(run, place) {
  const quality = run.stop(place.series, place)?.quality ?? {};
  const known = (score) => measured(run, place, score);
  const flat = quality[HIT_2D] ?? known(HIT_2D)?.value;
  const deep = quality[HIT_ND] ?? known(HIT_ND)?.value;
  const floor = known(HIT_2D)?.floor ?? known(HIT_ND)?.floor;
  const parts = [];
  if (isNumber(flat)) parts.push(`${percent(flat)} in 2-D`);
  if (isNumber(deep)) parts.push(`${percent(deep)} in ${count(run.about.layers[place.layer].units)}-D`);
  if (parts.length && isNumber(floor)) parts.push(`${percent(floor)} by chance`);
  if (parts.length) return `Neighbourhood hit ${parts.join(", ")}`;
  const others = Object.entries(quality).filter(([, value]) => isNumber(value));
  return others.map(([name, value]) => `${name} ${short(value)}`).join(", ");
}

/**
 * Return what else is known of a map, one line a measure.
 *
 * @param {import("../data/run.js").Run} run
 * @param {{layer: number, checkpoint: number, series: string}} place
 */
export function details(run, place) {
  const quality = run.stop(place.series, place)?.quality ?? {};
  const lines = Object.entries(quality).filter(([, value]) => isNumber(value));
  return lines.map(([name, value]) => `${name}: ${short(value)}`).join("\n");
}

/** @param {import("../data/run.js").Run} run @param {any} place @param {string} score */
function measured(run, { layer, checkpoint }, score) {
  return run.about.scores.find(
    (one) => one.score === score && one.layer === layer && one.checkpoint === checkpoint,
  );
}

/** @param {any} value */
function isNumber(value) {
  return typeof value === "number";
}
