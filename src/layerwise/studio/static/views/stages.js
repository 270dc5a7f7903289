/**
 * Which layer, which checkpoint, which kind of map: what the whole page looks at.
 */

import { mapped, methodOf } from "../data/maps.js";
import { counted, methodName } from "../facts/words.js";
import { Player } from "../state/play.js";
import { runOf, together } from "../state/store.js";
import { button, fill, h } from "../widgets/dom.js";
import { menu } from "../widgets/menu.js";
import { slider } from "../widgets/slider.js";
import { AXES, compareMenu } from "./compare.js";

/** What a live host can compute besides single maps. */
const WALKS = [
  { value: "evolve layers", over: "layers", held: "checkpoint", title: "through the layers of this epoch" },
  { value: "evolve epochs", over: "epochs", held: "layer", title: "through the epochs of this layer" },
];

const KEYS = ["model", "run", "layer", "checkpoint", "series"];

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function stages(context) {
  const { store } = context;
  const player = new Player(store, (playing) => rows.forEach((row) => row.playing(playing)));
  const rows = Object.keys(AXES).map((axis) => stage(store, player, axis));
  const series = menu("Map", (id) => {
    const walk = WALKS.find(({ value }) => value === id);
    if (!walk) return store.set(nearby(store.state, id));
    const { run, [walk.held]: at } = store.state;
    const made = (state) => course(runOf(state), walk, at);
    if (made(store.state)) return store.set(nearby(store.state, made(store.state).id));
    awaited = made;
    series.set(offered(runOf(store.state)), store.state.series);
    context.jobs.start({ kind: "evolve", run, over: walk.over, [walk.held]: at });
  });
  /** Finds the course that was asked for here; it is shown as soon as it is there. */
  let awaited = (_) => null;
  const arrive = (state) => {
    const found = awaited(state);
    if (!found) return;
    awaited = () => null;
    store.set(nearby(state, found.id));
  };
  const other = compareMenu(context);
  const element = h(
    "section",
    { class: "stages", "aria-label": "Layer and checkpoint" },
    rows.map((row) => row.element),
    h("div", { class: "stage-menus" }, series.element, other.element),
  );
  const destroy = together(
    store.on(KEYS, (state) => series.set(offered(runOf(state)), state.series)),
    store.on(["model"], arrive),
    ...rows.map((row) => row.destroy),
    other.destroy,
    () => player.stop(),
  );
  return { element, destroy };
}

/** @param {import("../state/store.js").Store} store @param {Player} player @param {any} axis */
function stage(store, player, axis) {
  const now = h("output", { class: "stage-now" });
  const stops = slider(AXES[axis], (stop) => {
    player.stop();
    store.set({ [axis]: stop });
  });
  const play = button("", () => player.toggle(axis), { class: "play" });
  const element = h(
    "div",
    { class: `stage ${axis}` },
    play,
    h("div", { class: "stage-label" }, h("span", { class: "quiet" }, AXES[axis]), now),
    stops.element,
  );
  const playing = (which) => {
    const on = which === axis;
    play.setAttribute("aria-label", on ? "Stop" : `Play the ${axis}s`);
    play.title = on ? "Stop" : `Step through the ${axis}s that have a map`;
    play.classList.toggle("on", on);
  };
  playing("");
  const destroy = store.on(KEYS, (state) => {
    const run = runOf(state);
    const places = run.about[`${axis}s`];
    const full = mapped(run, state, axis);
    stops.set(places.map(({ name }) => name), places.map((_, i) => full.includes(i)), state[axis]);
    fill(now, places[state[axis]]?.name);
    now.title = places[state[axis]]?.name;
    play.disabled = full.length < 2;
  });
  return { element, playing, destroy: together(destroy, stops.destroy) };
}

/**
 * Return the maps to choose from: those that the run has, and what a live host could compute.
 *
 * @param {import("../data/run.js").Run} run
 * @returns {import("../widgets/menu.js").Option[]}
 */
function offered(run) {
  const { series, methods } = run.about;
  const made = series.map(({ id, title, stops }) => ({
    value: id,
    title: `${title} · ${counted(stops.length, "map")}`,
  }));
  const had = new Set(series.map(({ id, over }) => (over ? "" : methodOf(id))));
  const rest = methods.filter((method) => !had.has(method));
  const more = rest.map((value) => ({ value, title: methodName(value), group: "not computed yet" }));
  const walks = run.model.source.live ? WALKS : [];
  const able = walks.filter(({ held }) => run.about[held === "layer" ? "checkpoints" : "layers"].length > 1);
  return [...made, ...more, ...able.map(({ value, title }) => ({ value, title, group: "Compute" }))];
}

/**
 * Return the series that walks along one axis while the other is held at a place, if there is one.
 *
 * @param {import("../data/run.js").Run} run
 * @param {{over: string, held: string}} walk
 * @param {number} at
 */
function course(run, { over, held }, at) {
  const through = (one) => one.over === over && one.stops.every((stop) => stop[held] === at);
  return run.about.series.find(through);
}

/**
 * Return the stage of another series that is nearest to this one: this one if it has a map, else the
 * same layer, else the same checkpoint, else its last.
 *
 * @param {import("../state/store.js").State} state
 * @param {string} series
 */
function nearby(state, series) {
  const run = runOf(state);
  const { layer, checkpoint } = state;
  const stops = run.series(series)?.stops ?? [];
  const closeness = (stop) => 2 * Number(stop.layer === layer) + Number(stop.checkpoint === checkpoint);
  const best = stops.reduce((most, stop) => (closeness(stop) >= closeness(most) ? stop : most), stops[0]);
  return best ? { series, layer: best.layer, checkpoint: best.checkpoint } : { series };
}
