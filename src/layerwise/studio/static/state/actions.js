/**
 * What a click or a key does, wherever it stands.
 */

import { where } from "../data/arrays.js";
import { placeOf, runOf } from "./store.js";
import { colorOf } from "./valid.js";

/**
 * Choose a neuron, so that the observations are coloured by it; say so if its activation is not here.
 *
 * @param {{store: import("./store.js").Store, announce: (text: string) => void}} context
 * @param {number} unit
 * @param {Partial<import("../data/run.js").Place>} [place] where it is, if elsewhere
 * @returns {boolean} whether it could be chosen
 */
export function chooseUnit({ store, announce }, unit, place = {}) {
  const run = runOf(store.state);
  const there = { ...placeOf(store.state), ...place };
  const about = run.about.layers[there.layer];
  if (!Number.isInteger(unit) || unit >= about.units || !run.holds(there)(unit)) {
    announce(unheld(run, unit, about));
    return false;
  }
  if (there.layer !== store.state.layer) store.set({ unit: -1 }); // another layer's neuron
  store.set({ ...there, unit, color: "unit" });
  announce(`Coloured by neuron ${unit} of ${about.name}.`);
  return true;
}

/** @param {import("../data/run.js").Run} run @param {number} unit @param {any} layer @returns {string} */
export function unheld(run, unit, layer) {
  if (!(unit >= 0 && unit < layer.units)) {
    return `${layer.name} has neurons 0 to ${layer.units - 1}.`;
  }
  if (run.model.source.live) return `The activations of ${layer.name} were not recorded here.`;
  return `This page does not hold the activation of neuron ${unit}; \`layerwise view RUN\` shows it.`;
}

/** Choose no neuron. @param {import("./store.js").Store} store */
export function leaveUnit(store) {
  const { state } = store;
  const color = state.color === "unit" ? colorOf(runOf(state)) : state.color;
  store.set({ unit: -1, color });
}

/**
 * Hold an observation in the inspector, or let it go.
 *
 * @param {import("./store.js").Store} store
 * @param {number} i
 */
export function pin(store, i) {
  store.set({ pinned: store.state.pinned === i ? -1 : i });
}

/** Select what the network gets wrong at this checkpoint. @param {import("./store.js").Store} store */
export async function selectWrong(store) {
  const { checkpoint } = store.state;
  const run = runOf(store.state);
  const correct = await run.correct(checkpoint);
  if (!correct || runOf(store.state) !== run || checkpoint !== store.state.checkpoint) return;
  const { name } = run.about.checkpoints[checkpoint];
  store.select(where(run.n, (i) => correct[i] === 0), `misclassified at ${name}`);
}

/** Select the observations of a class. @param {import("./store.js").Store} store @param {number} code */
export async function selectClass(store, code) {
  const run = runOf(store.state);
  if (!run.classes) return;
  const { name, names } = run.classes;
  const truth = await run.labels(name);
  if (runOf(store.state) !== run) return;
  store.select(where(run.n, (i) => truth[i] === code), `${name} ${names[code]}`);
}

/** Select what is not selected. @param {import("./store.js").Store} store */
export function selectOthers(store) {
  const { selection, selected } = store.state;
  const inside = new Set(selection);
  const others = where(runOf(store.state).n, (i) => !inside.has(i));
  store.select(others, `all but ${selected || "these"}`);
}
