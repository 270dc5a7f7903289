/**
 * The state in the address, so that a finding can be linked and a reload loses nothing.
 *
 * Runs, layers and checkpoints stand there by name: numbers would lie once more are recorded.
 */

import { NOBODY, together } from "./store.js";
import { valid } from "./valid.js";

const KEYS = [
  ...["model", "run", "layer", "checkpoint", "series", "color", "unit", "unitColor", "role"],
  ...["selection", "pinned", "trails", "other", "theme", "explain", "aim"],
];

/** Milliseconds without a change before the address is written: browsers limit how often. */
const PAUSE = 250;

/** Letters of a selection beyond which the address leaves it out. */
const LONGEST = 60_000;

/** Letters of what a selection is called. */
const CALLED = 200;

/** The largest number that an id can be. */
const LAST = 2 ** 32 - 1;

/** Keys of the state that stand in the address as they are. */
const PLAIN = { series: "", color: "", unit: 0, unitColor: "", role: 0, pinned: 0, theme: "", explain: "", aim: "" };

/** Whether an address holds a state, not the name of some section. @param {string} hash */
export function ours(hash) {
  return hash.includes("=");
}

/**
 * Write the state to the address as it changes, and read it when the reader changes the address.
 *
 * @param {import("./store.js").Store} store
 * @returns {() => void} how to stop
 */
export function addressed(store) {
  let timer = 0;
  const write = (_, changed) => {
    clearTimeout(timer);
    if (changed.size === KEYS.length) return; // nothing has changed yet
    timer = setTimeout(() => history.replaceState(null, "", `#${written(store.state)}`), PAUSE);
  };
  const heed = () => {
    const { model } = store.state;
    if (!ours(location.hash)) return;
    const none = { trails: false, other: null, pinned: -1, selection: NOBODY, selected: "" };
    store.set(valid({ ...store.state, ...none, ...read(location.hash, model) }));
  };
  addEventListener("hashchange", heed);
  return together(
    store.on(KEYS, write),
    () => removeEventListener("hashchange", heed),
    () => clearTimeout(timer),
  );
}

/**
 * Return the state as the part of an address after "#".
 *
 * @param {import("./store.js").State} state
 * @returns {string}
 */
export function written(state) {
  const { model } = state;
  const found = new URLSearchParams(named(state, model));
  for (const key of Object.keys(PLAIN)) found.set(key, String(state[key]));
  if (state.trails) found.set("trails", "1");
  if (state.other) {
    for (const [key, name] of Object.entries(named(state.other, model))) {
      found.set(`other-${key}`, name);
    }
    found.set("other-series", state.other.series);
  }
  const selection = encoded(state.selection);
  if (selection && selection.length <= LONGEST) {
    found.set("selected", state.selected.slice(0, CALLED));
    found.set("selection", selection);
  }
  return found.toString();
}

/**
 * Return what an address says of the state; what it names wrongly is left out.
 *
 * @param {string} hash
 * @param {import("../data/model.js").Model} model
 * @returns {Partial<import("./store.js").State>}
 */
export function read(hash, model) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const found = /** @type {any} */ (placed((key) => given.get(key), model));
  for (const [key, kind] of Object.entries(PLAIN)) {
    const text = given.get(key);
    if (text === null) continue;
    if (typeof kind === "string") found[key] = text;
    else if (/^-?\d{1,9}$/.test(text)) found[key] = Number(text);
  }
  if (given.has("trails")) found.trails = true;
  const other = /** @type {any} */ (placed((key) => given.get(`other-${key}`), model));
  if (other.layer !== undefined && other.checkpoint !== undefined) {
    found.other = { run: 0, ...other, series: given.get("other-series") ?? "" };
  }
  const run = model.runs[found.run ?? 0];
  const selection = decoded(given.get("selection") ?? "").filter((id) => id < run.n);
  if (selection.length) {
    found.selection = selection;
    found.selected = (given.get("selected") ?? "").slice(0, CALLED);
  }
  if (!(found.pinned < run.n)) delete found.pinned;
  return found;
}

/** @param {{run: number, layer: number, checkpoint: number}} place @param {any} model */
function named({ run, layer, checkpoint }, model) {
  const { name, layers, checkpoints } = model.runs[run].about;
  const names = { layer: layers[layer]?.name ?? "", checkpoint: checkpoints[checkpoint]?.name ?? "" };
  return model.runs.length > 1 ? { run: name, ...names } : names;
}

/** @param {(key: string) => string|null} given @param {any} model */
function placed(given, model) {
  const place = {};
  const run = model.runs.findIndex((one) => one.about.name === given("run"));
  if (run >= 0) place.run = run;
  const { layers, checkpoints } = model.runs[Math.max(run, 0)].about;
  const layer = layers.findIndex((one) => one.name === given("layer"));
  if (layer >= 0) place.layer = layer;
  const checkpoint = checkpoints.findIndex((one) => one.name === given("checkpoint"));
  if (checkpoint >= 0) place.checkpoint = checkpoint;
  return place;
}

/**
 * Return ascending ids as text: their differences, seven bits a byte, in base64url.
 *
 * @param {Uint32Array} ids
 * @returns {string}
 */
export function encoded(ids) {
  const bytes = [];
  let before = 0;
  for (const id of ids) {
    let step = id - before;
    before = id;
    for (; step > 127; step >>>= 7) bytes.push((step & 127) | 128);
    bytes.push(step);
  }
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Return the ids that a text of {@link encoded} holds; none if it is not such a text.
 *
 * @param {string} text
 * @returns {Uint32Array}
 */
export function decoded(text) {
  if (!/^[\w-]*$/.test(text)) return NOBODY;
  let letters;
  try {
    letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return NOBODY;
  }
  const ids = [];
  let [id, step, shift] = [0, 0, 0];
  for (let i = 0; i < letters.length; i++) {
    const byte = letters.charCodeAt(i);
    step |= (byte & 127) << shift;
    shift += 7;
    if (byte > 127) continue;
    id += step >>> 0;
    if (id > LAST || (ids.length && step === 0)) return NOBODY; // ids only ever grow
    ids.push(id);
    [step, shift] = [0, 0];
  }
  return Uint32Array.from(ids);
}
