/**
 * The selected observations as comma-separated values (RFC 4180).
 */

import { where } from "../data/arrays.js";
import { placeOf, runOf } from "../state/store.js";
import { factsOf, saidOf } from "./observations.js";

/** Letters with which a spreadsheet takes a text for a formula. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Return the selected observations, or all, as a file.
 *
 * @param {import("../state/store.js").State} state
 * @returns {Promise<Blob>}
 */
export async function selectionCsv(state) {
  const [run, place] = [runOf(state), placeOf(state)];
  const [facts, labels, activation, map] = await Promise.all([
    factsOf(run, state.checkpoint),
    Promise.all(run.about.labels.map((label) => run.labels(label.name))),
    state.unit >= 0 ? run.activation(place, state.unit) : null,
    run.map(state.series, place),
  ]);
  /** @type {[string, (i: number) => any][]} */
  const columns = [["row", (i) => facts.rows[i]]];
  run.about.labels.forEach(({ name, kind, names }, at) => {
    const values = labels[at];
    columns.push([name, kind === "class" ? (i) => names[values[i]] ?? "" : (i) => values[i]]);
  });
  if (facts.said) columns.push(["predicted", (i) => saidOf(facts, i)]);
  if (facts.correct) columns.push(["correct", (i) => ["no", "yes", ""][facts.correct[i]]]);
  if (activation) {
    const { name } = run.about.layers[state.layer];
    columns.push([`${name} neuron ${state.unit}`, (i) => activation[i]]);
  }
  if (map) columns.push(["x", (i) => map[2 * i]], ["y", (i) => map[2 * i + 1]]);
  const ids = state.selection.length ? state.selection : where(run.n, () => true);
  return new Blob([csv(columns, ids)], { type: "text/csv;charset=utf-8" });
}

/**
 * Return a table as text.
 *
 * @param {[string, (i: number) => any][]} columns heading, and the value of a row
 * @param {Uint32Array} ids
 * @returns {string}
 */
export function csv(columns, ids) {
  const lines = [columns.map(([title]) => field(title)).join(",")];
  for (const i of ids) lines.push(columns.map(([, value]) => field(value(i))).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

/**
 * Return one value as it stands in the table. A text that a spreadsheet would run as a formula gets
 * an apostrophe before it; what is missing is empty.
 *
 * @param {any} value
 * @returns {string}
 */
export function field(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(7)));
  const text = String(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
