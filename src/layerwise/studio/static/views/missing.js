/**
 * What stands where a map would be: what is not there and why, how to get it, or how far that is.
 */

import { mapped, methodOf } from "../data/maps.js";
import { methodName, named, progress, seriesName } from "../facts/words.js";
import { active } from "../state/jobs.js";
import { placeOf, runOf } from "../state/store.js";
import { button, fill, h } from "../widgets/dom.js";

/** Neurons of a page that are offered one by one. */
const OFFERED = 60;

/**
 * Return what covers the map of the observations while there is none.
 *
 * @param {any} context
 * @param {(state: any) => import("../state/store.js").Stage|null} stage
 */
export function missingMap(context, stage) {
  const { store } = context;
  const element = h("div", { class: "missing", hidden: true });
  let at = null;
  const draw = () => {
    element.hidden = !at;
    if (!at) return;
    const run = runOf(store.state, at);
    const parts = run.model.source.live ? offer(context, run, at) : command(run, at);
    fill(element, parts, near(store, stage, run, at));
  };
  return {
    element,
    /** @param {import("../state/store.js").Stage|null} wanted what has no map, or null if it has one */
    show(wanted) {
      at = wanted;
      draw();
    },
    /** @param {string} sentence @param {() => void} again */
    fail(sentence, again) {
      at = null;
      element.hidden = false;
      fill(element, h("p", { class: "warn", role: "alert" }, sentence), button("Try again", again));
    },
    destroy: store.on(["jobs"], draw),
  };
}

/**
 * Return what stands in place of the map of the neurons.
 *
 * @param {any} context
 * @param {import("../state/store.js").State} state
 * @param {(unit: number) => void} choose
 */
export function missingNeurons(context, state, choose) {
  const run = runOf(state);
  const place = placeOf(state);
  const { name } = run.about.layers[state.layer];
  const entry = run.activations(place);
  const quiet = (...words) => h("p", { class: "quiet" }, words);
  if (run.model.source.live && !entry) {
    return h("p", { class: "quiet empty" }, `${name} was not recorded at this checkpoint.`);
  }
  const parts = [];
  if (run.model.source.live) {
    const body = { kind: "neurons", run: state.run, ...place };
    parts.push(
      quiet("Neurons that fire together lie together, coloured by the class that they tell."),
      work(context, body, `Map the neurons of ${name}`),
    );
  } else {
    const makes = h("code", {}, `layerwise units RUN --layer ${quoted(name)}`);
    const held = (entry?.units ?? []).slice(0, OFFERED);
    const chip = (unit) => button(unit, () => choose(unit), { class: "chip" });
    parts.push(
      quiet("No map of these neurons in this page: ", makes, " makes one."),
      held.length > 0 && quiet("Neurons whose activation it holds:"),
      h("p", { class: "chips" }, held.map(chip)),
    );
  }
  return h("div", { class: "missing" }, parts);
}

/** What a live host can do. */
function offer(context, run, at) {
  const { methods, layers, checkpoints } = run.about;
  const series = run.series(at.series);
  const name = named(at, run.about);
  if (!run.activations(at)) {
    const open = !checkpoints[at.checkpoint].complete;
    return h("p", {}, open ? `${name} is still being recorded.` : `${name} was not recorded.`);
  }
  if (series?.over) {
    const [held, places] = series.over === "layers" ? ["checkpoint", checkpoints] : ["layer", layers];
    const body = { kind: "evolve", run: at.run, over: series.over, [held]: at[held] };
    return [
      h("p", {}, `${series.title} does not pass through ${name}.`),
      work(context, body, `Compute the way through the ${series.over} of ${places[at[held]].name}`),
    ];
  }
  const method = methods.includes(methodOf(at.series)) ? methodOf(at.series) : methods[0];
  const body = { kind: "project", run: at.run, layer: at.layer, checkpoint: at.checkpoint, method };
  return [
    h("p", {}, `There is no map of ${name} yet.`),
    work(context, body, `Compute ${methodName(method)} of ${name}`),
  ];
}

/** A button that starts some work, or how far it is. */
function work({ jobs }, body, words) {
  const job = jobs.of(body);
  if (!job || !active(job)) {
    return [
      job?.state === "failed" && h("p", { class: "warn", role: "alert" }, job.message),
      button(words, () => jobs.start(body), { class: "primary" }),
    ];
  }
  return h(
    "div",
    { class: "working" },
    h("p", {}, job.title),
    h("progress", { max: 1, value: job.done, "aria-label": job.title }),
    h("p", { class: "quiet" }, progress(job)),
  );
}

/** A stop of the series that has a map, if the reader would rather go there. */
function near(store, stage, run, at) {
  const axis = mapped(run, at, "checkpoint").length ? "checkpoint" : "layer";
  const stops = mapped(run, at, axis);
  if (!stops.length) return null;
  const away = (stop) => Math.abs(stop - at[axis]);
  const nearest = stops.reduce((best, stop) => (away(stop) < away(best) ? stop : best));
  const go = () => {
    const { other } = store.state;
    const beside = stage(store.state) === other;
    store.set(beside ? { other: { ...other, [axis]: nearest } } : { [axis]: nearest });
  };
  return button(`Go to ${named({ ...at, [axis]: nearest }, run.about)}`, go, { class: "plain" });
}

/** What writes the map, where the page itself cannot. */
function command(run, at) {
  const { layers, checkpoints, subset } = run.about;
  const [layer, checkpoint] = [layers[at.layer].name, checkpoints[at.checkpoint].name];
  const method = methodOf(at.series);
  const known = method !== "tsne" && methodName(method) !== method;
  const options = { layer, checkpoint, subset, method: known ? method : "" };
  const given = Object.entries(options).filter(([, value]) => value);
  const words = given.map(([name, value]) => ` --${name} ${quoted(value)}`).join("");
  return [
    h("p", {}, `This page holds no ${seriesName(at.series, run)} map of ${named(at, run.about)}.`),
    h("p", { class: "quiet" }, "This makes one, for the next report:"),
    h("code", {}, `layerwise project RUN${words}`),
  ];
}

/** @param {string} name @returns {string} as a shell takes it for one word, whatever it holds */
function quoted(name) {
  return /^[\w./@:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
