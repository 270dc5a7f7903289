/**
 * What stands where a map would be: how to get it, or how far it is.
 */

import { fill, h, together } from "../widgets/dom.js";
import { active } from "../state/jobs.js";
import { mapped, methodOf } from "../state/start.js";
import { button } from "../widgets/button.js";
import { mapTitle, METHODS, named, percent } from "../facts/words.js";

/**
 * @param {any} context
 * @param {(state: any) => any} stage
 */
export function absent({ store, jobs }, stage) {
  const element = h("div", { class: "absent-map", hidden: true });
  let wanted = null;
  const draw = () => {
    element.hidden = !wanted;
    if (!wanted) return;
    const run = store.state.model.runs[wanted.run];
    fill(element, run.model.source.live ? offer(run, wanted) : command(run, wanted), near(run, wanted));
  };

  /** What a live host can do. */
  const offer = (run, at) => {
    const { methods, checkpoints } = run.about;
    const series = run.series(at.series);
    const method = methods.includes(methodOf(at.series)) ? methodOf(at.series) : methods[0];
    const name = named(at, run.about);
    if (!run.activations(at)) {
      const open = !checkpoints[at.checkpoint].complete;
      return h("p", {}, open ? `${name} is still being recorded.` : `${name} was not recorded.`);
    }
    if (series?.over) {
      const held = series.over === "layers" ? "checkpoint" : "layer";
      const body = { kind: "evolve", run: at.run, over: series.over, [held]: at[held] };
      const where = (held === "layer" ? run.about.layers : run.about.checkpoints)[at[held]].name;
      return [
        h("p", {}, `${series.title} does not pass through ${name}.`),
        work(body, `Compute the way through the ${series.over} of ${where}`),
      ];
    }
    const body = { kind: "project", run: at.run, layer: at.layer, checkpoint: at.checkpoint, method };
    return [
      h("p", {}, `There is no map of ${name} yet.`),
      work(body, `Compute ${METHODS[method]} of ${name}`),
    ];
  };

  /** A button, or how far the work is. */
  const work = (body, words) => {
    const job = jobs.of(body);
    if (job && active(job)) return progress(job);
    return [
      job?.state === "failed" && h("p", { class: "warn", role: "alert" }, job.message),
      button(words, () => jobs.start(body), { class: "primary" }),
    ];
  };

  /** A stop of the series that has a map, if the reader would rather go there. */
  const near = (run, at) => {
    const axis = mapped(run, at, "checkpoint").length ? "checkpoint" : "layer";
    const stops = mapped(run, at, axis);
    if (!stops.length || at !== stage(store.state)) return null;
    const nearest = stops.reduce((best, stop) =>
      Math.abs(stop - at[axis]) < Math.abs(best - at[axis]) ? stop : best,
    );
    const there = named({ ...at, [axis]: nearest }, run.about);
    const go = () => {
      const { other } = store.state;
      store.set(at === other ? { other: { ...other, [axis]: nearest } } : { [axis]: nearest });
    };
    return button(`Go to ${there}`, go, { class: "plain" });
  };

  return {
    element,
    /** @param {any} at the stage that has no map, or null if there is one */
    show(at) {
      wanted = at;
      draw();
    },
    /** @param {string} sentence */
    say(sentence) {
      wanted = null;
      element.hidden = false;
      fill(element, h("p", { class: "warn", role: "alert" }, sentence));
    },
    destroy: together(store.on(["jobs"], draw)),
  };
}

/** What writes the map, where the page itself cannot. @param {any} run @param {any} at */
function command(run, at) {
  const { layers, checkpoints, subset } = run.about;
  const options = { layer: layers[at.layer].name, checkpoint: checkpoints[at.checkpoint].name, subset };
  const method = methodOf(at.series);
  if (method !== "tsne" && method in METHODS) options.method = method;
  const given = Object.entries(options).filter(([, value]) => value);
  const words = given.map(([name, value]) => ` --${name} ${quoted(value)}`).join("");
  return [
    h("p", {}, `This page holds no ${mapTitle(at.series, run)} map of ${named(at, run.about)}.`),
    h("p", { class: "quiet" }, "This makes one, for the next report:"),
    h("code", {}, `layerwise project RUN${words}`),
  ];
}

/** @param {string} name @returns {string} as a shell takes it for one word, whatever it holds */
function quoted(name) {
  return /^[\w./@:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

/** @param {import("../data/source.js").Job} job */
function progress(job) {
  const step = job.state === "waiting" ? "waiting for the work before it" : job.step || "starting";
  return h(
    "div",
    { class: "working" },
    h("p", {}, job.title),
    h("progress", { max: 1, value: job.done, "aria-label": job.title }),
    h("p", { class: "quiet" }, job.done === null ? step : `${step}, ${percent(job.done)}`),
  );
}
