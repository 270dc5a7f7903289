/**
 * What of a state still holds: after an old address, in a run that has grown, in another run.
 */

import { first, seriesOf } from "../data/maps.js";
import { NOBODY, runOf } from "./store.js";

const THEMES = ["auto", "light", "dark"];
const UNIT_COLORS = ["role", "power", "selection", "active"];

/**
 * Return what can colour the observations of a checkpoint.
 *
 * @param {import("../data/run.js").Run} run
 * @param {number} checkpoint
 * @returns {{value: string, title: string}[]}
 */
export function colorings(run, checkpoint) {
  const labels = run.about.labels.filter((label) => label.kind !== "text");
  const found = labels.map(({ name }) => ({ value: `label:${name}`, title: name }));
  const about = run.about.checkpoints[checkpoint];
  if (about?.predicted && run.classes) {
    found.push({ value: "predicted", title: "predicted class" });
    found.push({ value: "correct", title: "right or wrong" });
  }
  if (about?.probable) found.push({ value: "confidence", title: "confidence" });
  found.push({ value: "none", title: "one colour" });
  return found;
}

/** @param {import("../data/run.js").Run} run @returns {string} the coloring to start with */
export function colorOf(run) {
  return run.about.label ? `label:${run.about.label}` : colorings(run, -1)[0].value;
}

/**
 * Return the state with everything that names what is not there put right.
 *
 * @param {import("./store.js").State} state
 * @returns {import("./store.js").State}
 */
export function valid(state) {
  const { runs } = state.model;
  const run = within(state.run, runs.length) ? state.run : 0;
  const entry = runs[run];
  const { about, n } = entry;
  const start = first(entry);
  const layer = within(state.layer, about.layers.length) ? state.layer : start.layer;
  const checkpoint = within(state.checkpoint, about.checkpoints.length)
    ? state.checkpoint
    : start.checkpoint;
  const unit = within(state.unit, about.layers[layer]?.units ?? 0) ? state.unit : -1;
  const mark = colorings(entry, checkpoint).some(({ value }) => value === state.color);
  const ways = state.model.manifest.attributions ?? [];
  const selection = state.selection.every((id) => id < n) ? state.selection : NOBODY;
  return {
    ...state,
    run,
    layer,
    checkpoint,
    series: seriesOf(entry, { layer, checkpoint, series: state.series }),
    unit,
    color: mark || (state.color === "unit" && unit >= 0) ? state.color : colorOf(entry),
    unitColor: UNIT_COLORS.includes(state.unitColor) ? state.unitColor : UNIT_COLORS[0],
    role: within(state.role, entry.classes?.names.length ?? 0) ? state.role : 0,
    theme: THEMES.includes(state.theme) ? state.theme : THEMES[0],
    selection,
    selected: selection.length ? state.selected : "",
    pinned: within(state.pinned, n) ? state.pinned : -1,
    hover: within(state.hover, n) ? state.hover : -1,
    hoverUnit: -1,
    explain: ways.includes(state.explain) || state.explain === "none" ? state.explain : (ways[0] ?? ""),
    aim: aims(entry, state.aim) ? state.aim : "",
    other: comparable(state, entry),
  };
}

/**
 * Return the state after moving to another run: the same layer and checkpoint by name where it has
 * them, and the selection if the two show the same observations.
 *
 * @param {import("./store.js").State} state
 * @param {number} run
 * @returns {import("./store.js").State}
 */
export function moved(state, run) {
  const [from, to] = [runOf(state).about, state.model.runs[run].about];
  const named = (key) =>
    to[`${key}s`].findIndex((one) => one.name === from[`${key}s`][state[key]].name);
  const alike = from.data === to.data;
  const rest = alike ? {} : { selection: NOBODY, selected: "", pinned: -1 };
  const place = { layer: named("layer"), checkpoint: named("checkpoint") };
  return valid({ ...state, run, ...place, ...rest, unit: -1, other: null });
}

/** Whether the network can be asked about it. @param {import("../data/run.js").Run} run @param {string} aim */
function aims(run, aim) {
  const [, code] = /^class (\d{1,6})$/.exec(aim) ?? [];
  return aim === "unit" || Number(code) < (run.classes?.names.length ?? 0);
}

/** @param {import("./store.js").State} state @param {import("../data/run.js").Run} first */
function comparable({ other, model }, first) {
  const run = model.runs[other?.run];
  if (!run || run.about.data !== first.about.data) return null;
  const { layers, checkpoints } = run.about;
  if (!within(other.layer, layers.length) || !within(other.checkpoint, checkpoints.length)) {
    return null;
  }
  const series = seriesOf(run, other);
  return series === other.series ? other : { ...other, series };
}

/** @param {number} index @param {number} length */
function within(index, length) {
  return Number.isInteger(index) && index >= 0 && index < length;
}
