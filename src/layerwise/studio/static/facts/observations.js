/**
 * What is known of the observations at a checkpoint, read together, and how it is said.
 *
 * @typedef {Object} Facts
 * @property {import("../data/run.js").Run} run
 * @property {Uint32Array} rows
 * @property {string[]} names of the classes; none if the run has none
 * @property {string[]} colors
 * @property {any} truth class number of each observation, or null
 * @property {any} said what the network says, or null
 * @property {Uint8Array|null} correct 0 where it is wrong, 1 where right, 2 where nobody knows
 * @property {string[]|null} texts what each says, of a run of texts
 */

/**
 * Read the facts of a run.
 *
 * @param {import("../data/run.js").Run} run
 * @param {number} checkpoint
 * @returns {Promise<Facts>}
 */
export async function factsOf(run, checkpoint) {
  const { classes } = run;
  const text = run.about.labels.find(({ kind }) => kind === "text");
  const [rows, truth, said, correct, texts] = await Promise.all([
    run.rows(),
    classes && run.labels(classes.name),
    run.predicted(checkpoint),
    run.correct(checkpoint),
    text ? run.labels(text.name) : null,
  ]);
  const { names, colors } = classes ?? { names: [], colors: [] };
  return { run, rows, names, colors, truth, said, correct, texts };
}

/** @param {Facts} facts @param {number} i @returns {string} its class, "" if there is none */
export function classOf(facts, i) {
  return facts.truth ? (facts.names[facts.truth[i]] ?? "") : "";
}

/** @param {Facts} facts @param {number} i @returns {string} the class that the network says, or "" */
export function saidOf(facts, i) {
  return facts.said ? (facts.names[facts.said[i]] ?? "") : "";
}

/** @param {Facts} facts @param {number} i @returns {boolean} */
export function isWrong(facts, i) {
  return facts.correct !== null && facts.correct[i] === 0;
}

/** @param {Facts} facts @param {number} i @returns {string} an observation in a few words */
export function inWords(facts, i) {
  const parts = [`row ${facts.rows[i]}`];
  if (classOf(facts, i)) parts.push(classOf(facts, i));
  if (isWrong(facts, i)) parts.push(`taken for ${saidOf(facts, i)}`);
  return parts.join(", ");
}
