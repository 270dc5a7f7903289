/**
 * What stands where a map of neurons would be: how to get it, and which neurons can be had without.
 */

import { h } from "../widgets/dom.js";
import { active } from "../state/jobs.js";
import { placeOf, runOf } from "../state/store.js";
import { percent } from "../facts/words.js";

/** Neurons of a page that are offered one by one. */
const OFFERED = 60;

/** @param {import("../data/source.js").Job} job */
function progress({ state, done, step, message }) {
  if (state === "failed") return message;
  return [state, step, done === null ? "" : percent(done)].filter(Boolean).join(" · ");
}

/**
 * Return what stands in place of the map.
 *
 * @param {any} context
 * @param {any} state
 * @param {(unit: number) => void} choose
 */
export function unmapped({ jobs }, state, choose) {
  const run = runOf(state);
  const place = placeOf(state);
  const about = run.about.layers[state.layer];
  const entry = run.activations(place);
  if (run.model.source.live && !entry) {
    return h("p", { class: "quiet empty" }, `${about.name} was not recorded at this checkpoint.`);
  }
  if (run.model.source.live) {
    const body = { kind: "neurons", run: state.run, ...place };
    const job = jobs.of(body);
    const busy = job && active(job);
    const start = {
      type: "button",
      class: "primary",
      disabled: busy,
      onclick: () => jobs.start(body),
    };
    return h(
      "div",
      { class: "unmapped" },
      h(
        "p",
        { class: "quiet" },
        "Neurons that fire together lie together, coloured by the class that they tell.",
      ),
      h("button", start, `Map the neurons of ${about.name}`),
      job && h("p", { class: "quiet", role: "status" }, progress(job)),
    );
  }
  const command = h("code", {}, `layerwise units RUN --layer ${about.name}`);
  const some = (entry?.units ?? []).slice(0, OFFERED);
  return h(
    "div",
    { class: "unmapped" },
    h("p", { class: "quiet" }, "No map of these neurons in this page: ", command, " makes one."),
    some.length > 0 && h("p", { class: "quiet" }, "Neurons whose activation it holds:"),
    h(
      "p",
      { class: "chips" },
      some.map((unit) =>
        h("button", { type: "button", class: "chip", onclick: () => choose(unit) }, unit),
      ),
    ),
  );
}
