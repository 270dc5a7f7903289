/**
 * Which maps of the observations a run has, and which of them to look at.
 *
 * A series is all maps of one method and setting; those `over` layers or epochs were made together.
 *
 * @typedef {{layer: number, checkpoint: number, series: string}} MapPlace
 */

import { same } from "./run.js";

/**
 * Return the map to look at first: of the last checkpoint that has one, its deepest hidden layer.
 *
 * @param {import("./run.js").Run} run
 * @returns {MapPlace}
 */
export function first(run) {
  const { series, layers, checkpoints, methods } = run.about;
  const filled = series.filter((one) => one.stops.length);
  const best = filled.find((one) => !one.over) ?? filled[0];
  const deep = (layer) => (layers[layer].hidden ? layers.length : 0) + layer;
  if (best) {
    const { layer, checkpoint } = best.stops.reduce((most, stop) => {
      const later = stop.checkpoint - most.checkpoint || deep(stop.layer) - deep(most.layer);
      return later > 0 ? stop : most;
    });
    return { layer, checkpoint, series: best.id };
  }
  const numbers = layers.map((_, layer) => layer);
  const layer = numbers.reduce((most, one) => (deep(one) > deep(most) ? one : most), 0);
  const complete = checkpoints.findLastIndex((one) => one.complete);
  const checkpoint = Math.max(complete >= 0 ? complete : checkpoints.length - 1, 0);
  return { layer, checkpoint, series: methods[0] ?? "" };
}

/**
 * Return the maps that a series has along one axis, the other axis held, in order.
 *
 * @param {import("./run.js").Run} run
 * @param {MapPlace} place
 * @param {"layer"|"checkpoint"} axis
 * @returns {number[]}
 */
export function mapped(run, place, axis) {
  const stops = run.series(place.series)?.stops ?? [];
  const found = stops.filter((stop) => same({ ...stop, [axis]: place[axis] }, place));
  return found.map((stop) => stop[axis]).sort((a, b) => a - b);
}

/**
 * Return along which axis the maps of a series are walked through here: along which there are more.
 *
 * @param {import("./run.js").Run} run
 * @param {MapPlace} place
 * @returns {"layer"|"checkpoint"}
 */
export function axisOf(run, place) {
  const layers = mapped(run, place, "layer").length;
  return mapped(run, place, "checkpoint").length > layers ? "checkpoint" : "layer";
}

/**
 * Return the method of a series: the same for all of its settings.
 *
 * @param {string} id of a series, or a method
 */
export function methodOf(id) {
  return id.replace(/-[0-9a-f]{8}$/, "");
}

/**
 * Return the series to show at a place: the one asked for; another of the same method if only that
 * has a map here, such as one that was just computed; the first if it is not known at all.
 *
 * @param {import("./run.js").Run} run
 * @param {MapPlace} place
 * @returns {string}
 */
export function seriesOf(run, place) {
  const { series, methods } = run.about;
  const asked = run.series(place.series);
  if (asked && (asked.over || run.stop(place.series, place))) return place.series;
  const alike = series.find(
    (one) => !one.over && methodOf(one.id) === methodOf(place.series) && run.stop(one.id, place),
  );
  if (alike) return alike.id;
  return asked || methods.includes(place.series) ? place.series : first(run).series;
}
