/**
 * One run, as the views ask for it.
 *
 * All reads are promises; what a run does not hold is null. Observations are numbered 0 to n - 1,
 * layers and checkpoints by their place in its lists.
 *
 * @typedef {{layer: number, checkpoint: number}} Place
 * @typedef {Object} Attribution what the Python module `studio.host.network` answers
 * @property {[number, number]} shape rows and columns
 * @property {string} codes signed bytes in base64
 * @property {number} limit what 127 means, where the colours end
 * @property {number} largest size of all
 * @property {number} sum of the whole attribution
 * @property {number} channels that one number of the map sums
 * @property {string} layer whose maps were taken, "" if none
 * @property {string} target
 * @property {number|null} value
 * @property {number|null} predicted number of the class, null if the output is none
 * @property {number|null} share its probability
 * @property {number} classes how many the network tells apart
 */

import { codes, column, json, values } from "./arrays.js";
import { contrasts, roles } from "./units.js";

/** One run: its manifest entry as `about`, and its files. */
export class Run {
  /** @param {import("./model.js").Model} model @param {any} about */
  constructor(model, about) {
    this.model = model;
    this.about = about;
    this.n = about.n;
    this.number = model.manifest.runs.indexOf(about);
  }

  /** The class column that the page is about, or null. @returns {any} */
  get classes() {
    return this.label(this.about.label);
  }

  /** @param {string} name @returns {any} the manifest entry of a label column, or null */
  label(name) {
    return this.about.labels.find((label) => label.name === name) ?? null;
  }

  /** @param {string} id @returns {any} a series of maps, or null */
  series(id) {
    return this.about.series.find((series) => series.id === id) ?? null;
  }

  /** @param {string} id @param {Place} place @returns {any} the stop of a series, or null */
  stop(id, place) {
    return this.series(id)?.stops.find((stop) => same(stop, place)) ?? null;
  }

  /** @returns {Promise<Uint32Array>} row number of every observation in the run */
  rows() {
    return this.model.read(this.about.rows, codes);
  }

  /** @param {string} name @returns {Promise<any>} class numbers, numbers, or texts of a column */
  labels(name) {
    const label = this.label(name);
    const read = { class: codes, number: values, text: (_, bytes) => json(bytes) }[label.kind];
    return this.model.read(label.file, read);
  }

  /** @param {string} id @param {Place} place @returns {Promise<Float32Array>|null} x, y, x, y ... */
  map(id, place) {
    const stop = this.stop(id, place);
    return stop && this.model.read(stop.file, values);
  }

  /** @param {string} id @returns {Promise<{lines: Float32Array, rows: Uint32Array, places: number}>|null} */
  trails(id) {
    const trails = this.series(id)?.trails;
    if (!trails) return null;
    return this.model.keep(`trails ${this.number} ${id}`, async () => {
      const [stored, rows] = await Promise.all([
        this.model.read(trails.file, values),
        this.model.read(trails.rows, codes),
      ]);
      return { lines: stored, rows, places: this.model.file(trails.file).shape[0] };
    });
  }

  /** @param {number} checkpoint @returns {Promise<any>|null} class number that the network says */
  predicted(checkpoint) {
    const name = this.about.checkpoints[checkpoint]?.predicted;
    return name ? this.model.read(name, codes) : null;
  }

  /**
   * Return where the network says the class.
   *
   * @param {number} checkpoint
   * @returns {Promise<Uint8Array>|null} 1 where right, 0 where wrong, 2 where either is missing
   */
  correct(checkpoint) {
    const predicted = this.predicted(checkpoint);
    if (!predicted || !this.classes) return null;
    const file = this.about.checkpoints[checkpoint].predicted;
    return this.model.keep(`correct ${file} ${this.model.file(file).stamp}`, async () => {
      const [said, truth] = await Promise.all([predicted, this.labels(this.about.label)]);
      const known = this.classes.names.length;
      return Uint8Array.from(said, (code, i) =>
        code < known && truth[i] < known ? Number(code === truth[i]) : 2,
      );
    });
  }

  /** @param {number} checkpoint @returns {Promise<{k: number, classes: any, shares: Float32Array}>|null} */
  probable(checkpoint) {
    const files = this.about.checkpoints[checkpoint]?.probable;
    if (!files) return null;
    return this.model.keep(`${files.classes} ${this.model.file(files.classes).stamp}`, async () => {
      const [classes, shares] = await Promise.all([
        this.model.read(files.classes, codes),
        this.model.read(files.shares, values),
      ]);
      return { k: this.model.file(files.classes).shape[1], classes, shares };
    });
  }

  /** @param {Place} place @returns {any} */
  activations(place) {
    return this.about.activations.find((entry) => same(entry, place)) ?? null;
  }

  /** @param {Place} place @returns {(unit: number) => boolean} whether its activation can be read */
  holds(place) {
    const entry = this.activations(place);
    const units = entry?.units && new Set(entry.units);
    return (unit) => Boolean(entry) && unit >= 0 && (!units || units.has(unit));
  }

  /** @param {Place} place @param {number} unit @returns {Promise<Float32Array>|null} (n,) */
  activation(place, unit) {
    if (!this.holds(place)(unit)) return null;
    const { file, units } = this.activations(place);
    if (!units) return this.model.read(file, (_, bytes) => column(bytes, this.n), `/${unit}`);
    const whole = this.model.read(file, (_, bytes) => bytes);
    return whole.then((bytes) => column(bytes, this.n, units.indexOf(unit)));
  }

  /**
   * Return the map of the neurons of a layer.
   *
   * @param {Place} place
   * @returns {Promise<any>|null} places (2 units), state, active (units), importance (classes x
   *   units) or null, role (units; the class each tells best, 255 if none) and power (units)
   */
  neurons(place) {
    const entry = this.about.neurons.find((item) => same(item, place));
    if (!entry) return null;
    const stamp = this.model.file(entry.places).stamp;
    return this.model.keep(`neurons ${entry.places} ${entry.importance} ${stamp}`, async () => {
      const [places, state, active, importance] = await Promise.all([
        this.model.read(entry.places, values),
        this.model.read(entry.state, codes),
        this.model.read(entry.active, values),
        entry.importance ? this.model.read(entry.importance, values) : null,
      ]);
      return { ...entry, places, state, active, importance, ...roles(importance, state.length) };
    });
  }

  /**
   * Return how much stronger every unit fires on some observations than on the others.
   *
   * @param {Place} place
   * @param {Uint32Array} selection
   * @returns {Promise<Float32Array>|null} in standard deviations of the unit, NaN where unknown
   */
  contrast(place, selection) {
    const entry = this.activations(place);
    if (!entry || !selection.length || selection.length === this.n) return null;
    if (entry.units) {
      const whole = this.model.read(entry.file, (_, bytes) => bytes);
      const n_units = this.about.layers[place.layer].units;
      return whole.then((bytes) => contrasts(bytes, entry.units, n_units, this.n, selection));
    }
    const body = { ...this.asked(place), selection: Array.from(selection) };
    const asked = this.model.source.ask("contrast", body);
    return asked.then((answer) => Float32Array.from(answer.contrast, (value) => value ?? NaN));
  }

  /**
   * Return how a question names a place; `data` makes sure that numbers of observations mean the same.
   *
   * @param {Place} place
   */
  asked({ layer, checkpoint }) {
    return { run: this.number, data: this.about.data, layer, checkpoint };
  }

  /**
   * Return the nearest observations of one by the activations of a layer, nearest first.
   *
   * @param {Place} place
   * @param {number} observation
   * @param {number} k
   * @returns {Promise<number[]>|null}
   */
  neighbors(place, observation, k) {
    const entry = this.about.neighbors.find((item) => same(item, place));
    if (entry) {
      const start = observation * entry.k;
      const read = this.model.read(entry.file, codes);
      return read.then((ids) => Array.from(ids.subarray(start, start + Math.min(k, entry.k))));
    }
    if (!this.model.source.live || !this.activations(place)) return null;
    const body = { ...this.asked(place), observation, k };
    const ask = () => this.model.source.ask("neighbors", body);
    const asked = this.model.keep(`neighbors ${JSON.stringify(body)}`, ask);
    return asked.then((answer) => answer.observations);
  }

  /**
   * Ask the network which parts of an observation its answer, or a unit, rests on.
   *
   * @param {number} checkpoint
   * @param {object} what observation and method; of a unit its layer and number, of a class its number
   * @param {AbortSignal} signal
   * @returns {Promise<Attribution>}
   */
  attribution(checkpoint, what, signal) {
    const body = { run: this.number, data: this.about.data, checkpoint, ...what };
    return this.model.source.ask("attribution", body, signal);
  }
}

/** @param {Place} one @param {Place} other */
export function same(one, other) {
  return one.layer === other.layer && one.checkpoint === other.checkpoint;
}
