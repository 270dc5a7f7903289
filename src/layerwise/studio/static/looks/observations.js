/**
 * How the observations look: their colours, the crosses of those that are predicted wrongly, and
 * what to say of it in a legend.
 */

import { range, where } from "../data/arrays.js";
import { MISSING, pack, painted, ramp, RIGHT, seen, shaded, WRONG } from "./color.js";

const PLAIN = { light: "#4A6A8A", dark: "#8FB3D9" };

/**
 * Return colours and legend of the observations at a place.
 *
 * @param {import("../data/run.js").Run} run
 * @param {import("../data/run.js").Place} place
 * @param {import("../state/store.js").State} state
 * @returns {Promise<{colors: Uint32Array, legend: import("../widgets/legend.js").Legend}>}
 */
export async function colored(run, place, state) {
  const { color, dark } = state;
  const name = color.startsWith("label:") ? color.slice("label:".length) : "";
  const label = run.label(name);
  if (label?.kind === "class") return classes(label.name, label, await run.labels(name), dark);
  if (label?.kind === "number") return measured(name, await run.labels(name), dark);
  if (color === "predicted") {
    const said = await run.predicted(place.checkpoint);
    if (said && run.classes) return classes("predicted", run.classes, said, dark);
  }
  if (color === "correct") {
    const correct = await run.correct(place.checkpoint);
    if (correct) return classes("predicted", rightAndWrong(dark), correct, dark);
  }
  if (color === "confidence") {
    const probable = await run.probable(place.checkpoint);
    if (probable) return measured("share of the predicted class", firsts(probable), dark);
  }
  if (color === "unit" && state.unit >= 0) {
    const at = { ...place, layer: state.layer };
    const activation = await run.activation(at, state.unit);
    const title = `neuron ${state.unit} of ${run.about.layers[state.layer].name}`;
    if (activation) return measured(title, activation, dark);
    return plain(run.n, dark, `The activation of ${title} was not recorded here.`);
  }
  return plain(run.n, dark, color === "none" ? "" : "Not known at this checkpoint.");
}

/**
 * Return shapes and sizes of the observations: crosses where the network is wrong. Where most are,
 * as before training, a cross is not bigger than a disc, or nothing else would be seen.
 *
 * @param {import("../data/run.js").Run} run
 * @param {number} checkpoint
 * @returns {Promise<{shapes: Uint8Array, sizes: Float32Array}>} sizes as shares of a usual disc
 */
export async function glyphs(run, checkpoint) {
  const correct = await run.correct(checkpoint);
  const shapes = Uint8Array.from({ length: run.n }, (_, i) => Number(correct?.[i] === 0));
  const wrong = shapes.reduce((sum, shape) => sum + shape, 0);
  const cross = wrong > run.n / 3 ? 0.9 : 1.35;
  return { shapes, sizes: Float32Array.from(shapes, (shape) => (shape ? cross : 1)) };
}

/** @param {number} n @returns {number} radius in css px at which so many can be told apart */
export function radiusOf(n) {
  return Math.min(4.2, 1.6 + 62 / Math.sqrt(Math.max(n, 1)));
}

/** @param {string} title @param {any} about @param {ArrayLike<number>} codes @param {boolean} dark */
function classes(title, { names, colors }, codes, dark) {
  const counts = new Uint32Array(names.length + 1);
  for (let i = 0; i < codes.length; i++) counts[Math.min(codes[i], names.length)]++;
  const items = names.map((name, code) => ({
    name,
    words: `${title} ${name}`,
    color: seen(colors[code], dark),
    n: counts[code],
    ids: () => where(codes.length, (i) => codes[i] === code),
  }));
  const missing = {
    name: "not known",
    words: `${title} not known`,
    color: MISSING,
    n: counts[names.length],
    ids: () => where(codes.length, (i) => codes[i] >= names.length),
  };
  if (missing.n) items.push(missing);
  return { colors: painted(codes, colors, dark), legend: { title, items } };
}

/** @param {string} title @param {Float32Array} values @param {boolean} dark */
function measured(title, values, dark) {
  const scale = ramp(...range(values), dark);
  return { colors: shaded(values, scale), legend: { title, ramp: scale } };
}

/** @param {number} n @param {boolean} dark @param {string} note */
function plain(n, dark, note) {
  const colors = new Uint32Array(n).fill(pack(dark ? PLAIN.dark : PLAIN.light));
  return { colors, legend: { title: "one colour", note } };
}

/** @param {boolean} dark */
function rightAndWrong(dark) {
  const theme = dark ? "dark" : "light";
  return { names: ["wrongly", "rightly"], colors: [WRONG[theme], RIGHT[theme]] };
}

/** @param {{k: number, shares: Float32Array}} probable @returns {Float32Array} the largest shares */
function firsts({ k, shares }) {
  return Float32Array.from({ length: shares.length / k }, (_, i) => shares[i * k]);
}
