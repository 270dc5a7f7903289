/**
 * The choice of what to compare with: another checkpoint or layer, or another run of the same data.
 */

import { mapped, seriesOf } from "../state/start.js";
import { runOf } from "../state/store.js";
import { menu } from "../widgets/menu.js";

const KEYS = ["model", "run", "layer", "checkpoint", "series", "other"];

/** @param {any} context */
export function comparing({ store }) {
  const choice = menu("Compare with", (value) => {
    store.set({ other: value === "" ? null : /** @type {any} */ (JSON.parse(value)) });
  });
  const destroy = store.on(KEYS, (state) => {
    const options = others(state);
    const value = state.other ? JSON.stringify(state.other) : "";
    const known = options.some((option) => option.value === value);
    if (!known && value) options.push({ value, title: "as chosen there" });
    choice.element.hidden = options.length < 2;
    choice.set(options, value);
  });
  return { element: choice.element, destroy };
}

/**
 * Return what the first place can be compared with; those that have a map first said so.
 *
 * @param {import("../state/store.js").State} state
 */
function others(state) {
  const run = runOf(state);
  const { run: number, layer, checkpoint, series } = state;
  const { layers, checkpoints, data } = run.about;
  const here = { run: number, layer, checkpoint, series };
  const option = (group, title, change) => ({ group, title, value: JSON.stringify({ ...here, ...change }) });
  const marked = (axis, i, name) => (mapped(run, state, axis).includes(i) ? name : `${name} (no map yet)`);
  const found = [{ value: "", title: "nothing" }];
  checkpoints.forEach(({ name }, i) => {
    if (i !== checkpoint) found.push(option("Checkpoints", marked("checkpoint", i, name), { checkpoint: i }));
  });
  layers.forEach(({ name }, i) => {
    if (i !== layer) found.push(option("Layers", marked("layer", i, name), { layer: i }));
  });
  state.model.runs.forEach(({ about }, i) => {
    if (i === number || about.data !== data) return;
    const there = (all, { name }) => Math.max(all.findIndex((one) => one.name === name), 0);
    const place = {
      run: i,
      layer: there(about.layers, layers[layer]),
      checkpoint: there(about.checkpoints, checkpoints[checkpoint]),
      series,
    };
    const known = seriesOf(state.model.runs[i], place);
    found.push(option("Runs", about.name, { ...place, series: known }));
  });
  return found;
}
