/**
 * The whole page: the state, the views, and what joins them. The served page, a report and a notebook
 * mount the same one on different sources.
 */

import { Model } from "./data/model.js";
import { first } from "./data/maps.js";
import { leaveUnit } from "./state/actions.js";
import { addressed, ours, read } from "./state/address.js";
import { active, Jobs, recording } from "./state/jobs.js";
import { keyed } from "./state/keys.js";
import { runOf, START, Store, together } from "./state/store.js";
import { valid } from "./state/valid.js";
import { classesView } from "./views/classes.js";
import { compareView } from "./views/compare.js";
import { confusionView } from "./views/confusion.js";
import { openFacts, openHelp } from "./views/dialogs.js";
import { imagesView } from "./views/images.js";
import { inputsView } from "./views/inputs.js";
import { inspectorView } from "./views/inspector.js";
import { neuronsView } from "./views/neurons.js";
import { observationsView } from "./views/observations.js";
import { progressStrip } from "./views/progress.js";
import { scoresView } from "./views/scores.js";
import { stages } from "./views/stages.js";
import { themed } from "./views/theme.js";
import { toolbar } from "./views/toolbar.js";
import { unitView } from "./views/unit.js";
import { fill, h } from "./widgets/dom.js";

/** Milliseconds for which an announcement is seen. */
const ANNOUNCED = 4000;

/**
 * Show a studio in an element.
 *
 * @param {HTMLElement} root
 * @param {import("./data/source.js").Source} source
 * @param {{embedded?: boolean, address?: boolean}} [options] `embedded`: within another page, whose
 *   keys and scrolling are not the studio's; `address`: keep the state in the address, usual unless
 *   embedded
 * @returns {Promise<{store: Store|null, destroy: () => void}>}
 */
export async function mount(root, source, { embedded = false, address = !embedded } = {}) {
  root.classList.add("layerwise-studio");
  root.classList.toggle("embedded", embedded);
  fill(root, h("p", { class: "opening quiet", role: "status" }, "Opening the run …"));
  try {
    return await opened(root, source, embedded, address);
  } catch (error) {
    fill(root, h("p", { class: "opening warn", role: "alert" }, error.message));
    return { store: null, destroy: together(() => source.close(), () => fill(root)) };
  }
}

/** @param {HTMLElement} root @param {any} source @param {boolean} embedded @param {boolean} address */
async function opened(root, source, embedded, address) {
  const model = await Model.open(source);
  const given = address && ours(location.hash) ? read(location.hash, model) : {};
  const run = model.runs[given.run ?? 0] ?? model.runs[0];
  if (!run) throw new Error("There is no run to show.");
  const start = { ...START, model, recording: recording(model), color: "", ...first(run) };
  const store = new Store(valid({ ...start, ...given }));
  const stopModel = store.on(["model"], ({ model: now }) => {
    if (now !== model) store.set(valid(store.state)); // a run has grown
  });
  const { region, announce } = announcer();
  const jobs = new Jobs(store, announce);
  const context = { root, store, jobs, announce };

  let { layer } = store.state;
  const stopUnit = store.on(["layer"], (state, changed) => {
    if (state.layer !== layer && !changed.has("unit")) leaveUnit(store);
    layer = state.layer;
  });
  const observations = observationsView(context, { title: "Observations", stage: (state) => state });
  const page = {
    help: () => openHelp(root),
    facts: () => openFacts(root, store.state),
    picture: () => observations.scatter,
  };
  const top = [toolbar(context, page), stages(context), progressStrip(context)];
  const wide = [
    observations,
    compareView(context),
    neuronsView(context),
    inputsView(context),
    confusionView(context),
    scoresView(context),
    imagesView(context),
  ];
  const rail = [inspectorView(context), unitView(context), classesView(context)];
  const elements = (views) => views.map(({ element }) => element);
  const main = embedded ? "div" : "main"; // a report has a main part of its own
  fill(
    root,
    h("div", { class: "top" }, elements(top)),
    h(
      main,
      { class: "views" },
      h("div", { class: "views-wide" }, elements(wide)),
      h("aside", { class: "views-rail", "aria-label": "Details" }, elements(rail)),
    ),
    region,
  );
  const destroy = together(
    stopModel,
    stopUnit,
    themed(root, store), // once the views stand in the page and can read its colours
    keyed(root, store, page.help),
    address ? addressed(store) : () => {},
    ...[...top, ...wide, ...rail].map((view) => view.destroy),
    () => jobs.destroy(),
    () => source.close(),
    () => fill(root),
  );
  if (source.live) begin(store, jobs);
  if (embedded && Object.keys(given).length) root.scrollIntoView();
  Object.assign(window, { __studio: { store, scatter: observations.scatter } });
  return { store, destroy };
}

/**
 * Compute the first map of a run that has none: there would be nothing to see.
 *
 * @param {Store} store
 * @param {Jobs} jobs
 */
async function begin(store, jobs) {
  const { run, layer, checkpoint, series } = store.state;
  const entry = runOf(store.state);
  const { series: made, methods, checkpoints } = entry.about;
  const able = entry.activations({ layer, checkpoint }) && checkpoints[checkpoint].complete;
  if (made.some(({ stops }) => stops.length) || !able || !methods.includes(series)) return;
  await jobs.look();
  if (store.state.jobs.some(active)) return;
  await jobs.start({ kind: "project", run, layer, checkpoint, method: series });
}

/** A line that screen readers say, and others see for a while: what was asked for and did not come. */
function announcer() {
  const region = h("p", { class: "announcement", role: "status", "aria-live": "polite" });
  let timer = 0;
  /** @param {string} text */
  const announce = (text) => {
    fill(region, text);
    region.classList.add("shown");
    clearTimeout(timer);
    timer = setTimeout(() => region.classList.remove("shown"), ANNOUNCED);
  };
  return { region, announce };
}
