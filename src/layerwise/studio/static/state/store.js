/**
 * What the reader has chosen, in one small observable object.
 *
 * Every view reads this state and changes it through `set`; no view knows another. So one
 * selection and one hover hold for the whole page.
 *
 * @typedef {Object} State
 * @property {import("../data/model.js").Model} model the runs; replaced when they have grown
 * @property {boolean} dark whether the page is dark now
 * @property {import("../data/source.js").Job[]} jobs what a live host is working on
 * @property {import("./jobs.js").Recording|null} recording the checkpoint that is being recorded
 * @property {number} run index in the manifest
 * @property {number} layer index in the run's layers
 * @property {number} checkpoint index in the run's checkpoints
 * @property {string} series id of the maps of the observations
 * @property {string} color what colours the observations: "label:NAME", "predicted", "correct",
 *   "confidence", "unit" or "none"
 * @property {number} unit the chosen neuron of the layer, -1 for none
 * @property {string} unitColor what colours the neurons: "role", "power", "selection" or "active"
 * @property {number} role the class whose power colours the neurons
 * @property {Uint32Array} selection observations, ascending; empty for none
 * @property {string} selected the selection in words, e.g. "class 3"
 * @property {number} hover observation under the pointer, -1 for none
 * @property {number} pinned observation held in the inspector, -1 for none
 * @property {number} hoverUnit neuron under the pointer, -1 for none
 * @property {string} explain the way in which the network is asked about an observation, "" for none
 * @property {string} aim what it is asked about: "" for the predicted class, "class NUMBER", or
 *   "unit" for the chosen neuron
 * @property {boolean} trails whether the ways of the points are drawn
 * @property {string} tool "pan", "lasso" or "box"
 * @property {Stage|null} other what the first map is compared with
 * @property {string} theme "auto", "light" or "dark"
 *
 * @typedef {{run: number, layer: number, checkpoint: number, series: string}} Stage what a map shows
 */

export const NOBODY = new Uint32Array(0);

/** @type {State} */
export const START = {
  model: null,
  dark: false,
  jobs: [],
  recording: null,
  run: 0,
  layer: 0,
  checkpoint: 0,
  series: "",
  color: "correct",
  unit: -1,
  unitColor: "role",
  role: 0,
  selection: NOBODY,
  selected: "",
  hover: -1,
  pinned: -1,
  hoverUnit: -1,
  explain: "",
  aim: "",
  trails: false,
  tool: "lasso",
  other: null,
  theme: "auto",
};

/** The state and who listens to it. */
export class Store {
  /** @param {Partial<State>} [state] */
  constructor(state = {}) {
    /** @type {State} */
    this.state = { ...START, ...state };
    /** @type {Set<{keys: string[], listener: (state: State, changed: Set<string>) => void}>} */
    this.listeners = new Set();
  }

  /**
   * Change some of the state and tell those who listen to what really changed.
   *
   * @param {Partial<State>} patch
   */
  set(patch) {
    const changed = new Set(
      Object.keys(patch).filter((key) => !Object.is(this.state[key], patch[key])),
    );
    if (!changed.size) return;
    this.state = { ...this.state, ...patch };
    for (const { keys, listener } of [...this.listeners]) {
      if (keys.some((key) => changed.has(key))) listener(this.state, changed);
    }
  }

  /**
   * Call `listener` now and whenever one of the keys changes; returns how to stop it.
   *
   * @param {string[]} keys
   * @param {(state: State, changed: Set<string>) => void} listener
   * @returns {() => void}
   */
  on(keys, listener) {
    const entry = { keys, listener };
    this.listeners.add(entry);
    listener(this.state, new Set(keys));
    return () => this.listeners.delete(entry);
  }

  /**
   * Select observations.
   *
   * @param {ArrayLike<number>} ids ascending
   * @param {string} selected in words
   */
  select(ids, selected) {
    const selection = ids.length ? Uint32Array.from(ids) : NOBODY;
    this.set({ selection, selected: selection.length ? selected : "" });
  }
}

/**
 * Return the two sets of ascending ids joined, or the first without the second.
 *
 * @param {Uint32Array} first
 * @param {Uint32Array} second
 * @param {"replace"|"add"|"subtract"} mode
 * @returns {Uint32Array}
 */
export function combine(first, second, mode) {
  if (mode === "replace") return second;
  if (mode === "add") return Uint32Array.from(new Set([...first, ...second])).sort();
  const gone = new Set(second);
  return first.filter((id) => !gone.has(id));
}

/**
 * Return the run that is looked at, or that of another stage.
 *
 * @param {State} state
 * @param {{run: number}} [at]
 * @returns {import("../data/run.js").Run}
 */
export function runOf(state, at = state) {
  return state.model.runs[at.run];
}

/** @param {State} state @returns {import("../data/run.js").Place} */
export function placeOf({ layer, checkpoint }) {
  return { layer, checkpoint };
}

/** Return the ends of several things as one. @param {...(() => void)} ends @returns {() => void} */
export function together(...ends) {
  return () => ends.forEach((end) => end());
}
