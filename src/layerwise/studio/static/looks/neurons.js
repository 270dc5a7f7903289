/**
 * Colours of neurons: by the class that each tells, by its power for one, or by a number of it.
 */

import { range } from "../data/arrays.js";
import { blend, MISSING, packed, ramp, rgb, seen, shaded } from "./color.js";

/** What a weak neuron fades to, as in the figures of the report. */
const PALE = { light: "#DCDCDC", dark: "#3A3D42" };

/** The ways to colour neurons, as they are called. */
export const WAYS = {
  role: "the class it tells best",
  power: "power for one class",
  selection: "firing on the selection",
  active: "share active",
};

/**
 * Return the way that can really be shown.
 *
 * @param {string} wanted
 * @param {any} neurons what `Run.neurons` reads
 * @param {Float32Array|null} contrast
 * @returns {string}
 */
export function possible(wanted, neurons, contrast) {
  if (wanted === "selection" && !contrast) return neurons.importance ? "role" : "active";
  if ((wanted === "role" || wanted === "power") && !neurons.importance) return "active";
  return wanted in WAYS ? wanted : "role";
}

/**
 * Return the colour of every neuron, and the ramp if the colours mean numbers.
 *
 * @param {any} neurons what `Run.neurons` reads
 * @param {{way: string, role: number, contrast: Float32Array|null, colors: string[], dark: boolean}} how
 * @returns {{rgba: Uint32Array, scale: ReturnType<typeof ramp>|null}}
 */
export function neuronColors(neurons, { way, role, contrast, colors, dark }) {
  if (way === "role") return { rgba: faded(neurons, colors, dark), scale: null };
  if (way === "selection") {
    const [low, high] = range(contrast);
    const most = Math.max(-low, high) || 1;
    const scale = ramp(-most, most, dark);
    return { rgba: shaded(contrast, scale), scale };
  }
  const scale = ramp(0, 1, dark);
  const numbers = way === "power" ? powerFor(neurons, role) : neurons.active;
  return { rgba: shaded(numbers, scale), scale };
}

/**
 * Return how well each neuron tells one class, beside the one that tells it best.
 *
 * @param {any} neurons
 * @param {number} role
 * @returns {Float32Array} from 0 to 1
 */
export function powerFor({ importance, state }, role) {
  const ofClass = importance.subarray(role * state.length, (role + 1) * state.length);
  const largest = range(ofClass)[1] || 1;
  return ofClass.map((value) => Math.max(value, 0) / largest);
}

/** @param {any} neurons @param {string[]} colors @param {boolean} dark */
function faded({ role, power }, colors, dark) {
  const pale = rgb(dark ? PALE.dark : PALE.light);
  const full = colors.map((color) => rgb(seen(color, dark)));
  const none = rgb(MISSING);
  return Uint32Array.from(role, (code, unit) => {
    return packed(blend(pale, full[code] ?? none, power[unit]));
  });
}
