/**
 * Numbers and counts as the page says them.
 */

const COUNTS = new Intl.NumberFormat("en"); // making one costs more than a hundred numbers

/** @param {number} number @returns {string} e.g. 10,000 */
export function count(number) {
  return COUNTS.format(number);
}

/** @param {number} share @returns {string} e.g. 95.1 % */
export function percent(share) {
  return `${(100 * share).toFixed(1)}\u202f%`;
}

/** @param {number} number @param {string} noun @returns {string} e.g. 1 image, 2 images */
export function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** @param {number} value @returns {string} three digits that matter */
export function short(value) {
  if (value === 0 || (Math.abs(value) >= 0.001 && Math.abs(value) < 100_000)) {
    return String(Number(value.toPrecision(3)));
  }
  return value.toExponential(1);
}

/** @param {{layer: number, checkpoint: number}} place @param {any} about @returns {string} */
export function named({ layer, checkpoint }, about) {
  return `${about.layers[layer].name} at ${about.checkpoints[checkpoint].name}`;
}

/** @param {string} text @param {number} letters @returns {string} cut where it is longer */
export function cut(text, letters) {
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}

const METHODS = { tsne: "t-SNE", pca: "PCA", mds: "MDS", umap: "UMAP" };

/** @param {string} method @returns {string} what it is called */
export function methodName(method) {
  return Object.hasOwn(METHODS, method) ? METHODS[method] : method;
}

/** @param {string} id @param {import("../data/run.js").Run} run @returns {string} of a series or method */
export function seriesName(id, run) {
  return run.series(id)?.title ?? methodName(id);
}

/** @param {import("../data/source.js").Job} job @returns {string} how far it is */
export function progress({ state, step, done }) {
  if (state === "waiting") return "waiting for the work before it";
  return [step || "starting", done === null ? "" : percent(done)].filter(Boolean).join(", ");
}
