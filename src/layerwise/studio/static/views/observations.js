/**
 * The map of the observations of a layer at a checkpoint: where the network puts them.
 *
 * The page has one such view, and a second beside it while two maps are compared. They share
 * selection, hover and colours; each has the predictions of its own checkpoint.
 */

import { details, quality } from "../facts/quality.js";
import { count, named, seriesName } from "../facts/words.js";
import { colored, glyphs, radiusOf } from "../looks/observations.js";
import { trailsOf } from "../looks/trails.js";
import { Scatter } from "../scatter/scatter.js";
import { pin } from "../state/actions.js";
import { follow, latest } from "../state/latest.js";
import { combine, runOf, together } from "../state/store.js";
import { colorings } from "../state/valid.js";
import { card } from "../widgets/card.js";
import { fill, h } from "../widgets/dom.js";
import { legend } from "../widgets/legend.js";
import { menu } from "../widgets/menu.js";
import { hoverCard } from "./hover.js";
import { missingMap } from "./missing.js";
import { selecting } from "./selecting.js";
import { grounded } from "./theme.js";
import { tools } from "./tools.js";

/** Milliseconds that the points take from one stop to the next. */
const TWEEN = 700;

/** What places the points. */
const KEYS = ["model", "run", "layer", "checkpoint", "series", "other"];

/**
 * @param {any} context
 * @param {{title: string, stage: (state: any) => import("../state/store.js").Stage|null, head?: any}} how
 *   the first view reads its stage off the state itself, the second off `state.other`
 */
export function observationsView(context, { title, stage, head }) {
  const { store } = context;
  const first = !head;
  const frame = card("observations", title, head);
  const host = h("div", { class: "map" });
  const chip = h("span", { class: "map-count quiet" });
  const line = h("p", { class: "line quality" });
  const scatter = new Scatter(host, { label: `${title}: map of the observations` });
  const missing = missingMap(context, stage);
  const hover = hoverCard(context, scatter, stage);
  const key = legend((item, add) => choose(item.ids(), item.words, add ? "add" : "replace"));
  const colors = first ? colorMenu(store) : null;
  const more = first ? selecting(context) : null;
  const buttons = tools(store, scatter, first);
  frame.tools.append(buttons.element);
  const stack = h("div", { class: "map-stack" }, host, hover.element, missing.element, chip);
  const below = h("div", { class: "map-key" }, colors?.element, key.element);
  fill(frame.body, line, stack, below, more?.element);

  const choose = (ids, words, mode) => {
    const { selection, selected } = store.state;
    const called = mode === "replace" ? [words] : [selected, words];
    store.select(combine(selection, ids, mode), called.filter(Boolean).join(", "));
  };
  /** The run whose points are shown. @type {number|null} */
  let fitted = null;
  /** Their colours. @type {Uint32Array} */
  let painted = new Uint32Array(0);

  const readPlaces = (state) => {
    const at = stage(state);
    if (!at) return null;
    const run = runOf(state, at);
    const reading = run.map(at.series, at);
    const name = named(at, run.about);
    const kind = reading ? seriesName(at.series, run) : "";
    const beside = [at.run === state.run ? "" : run.about.name, kind].filter(Boolean).join(" · ");
    frame.note(first ? [kind, name].filter(Boolean).join(" of ") : beside);
    line.title = details(run, at);
    fill(line, reading ? quality(run, at) : "");
    host.classList.toggle("absent", !reading);
    chip.hidden = !reading;
    return Promise.all([reading, glyphs(run, at.checkpoint)]);
  };
  const place = (found, state) => {
    if (!found) return;
    const at = stage(state);
    const [positions, { shapes, sizes }] = found;
    missing.show(positions ? null : at);
    if (!positions) return;
    const placed = countPlaced(positions);
    const radius = radiusOf(placed);
    const { n } = runOf(state, at);
    scatter.setPoints(positions, { duration: fitted === at.run ? TWEEN : 0, follow: true });
    scatter.setShapes(shapes);
    scatter.setSizes(sizes.map((size) => size * radius));
    if (fitted !== at.run) scatter.fit();
    fitted = at.run;
    fill(chip, placed === n ? "" : `${count(placed)} of ${count(n)} have a place in this map`);
    paint(store.state);
  };
  const painting = latest((note) => key.show({ title: "unknown", note }));
  const paint = (state) => {
    const at = stage(state);
    if (!at) return;
    painting(() => colored(runOf(state, at), at, state), ({ colors: rgba, legend: about }) => {
      painted = rgba;
      scatter.setColors(rgba);
      key.show(about);
      walk(store.state);
    });
  };
  const walking = latest(context.announce);
  const walk = (state) => {
    const at = stage(state);
    const drawn = at && state.trails && painted.length;
    const read = () => (drawn ? trailsOf(runOf(state, at), at, state.selection, painted) : null);
    walking(read, (trails) => scatter.setTrails(trails));
  };

  const destroy = together(
    grounded(context, scatter),
    follow(store, KEYS, readPlaces, place, missing.fail).stop,
    store.on(["color", "unit", "dark"], paint),
    store.on(["trails", "selection"], walk),
    painting.stop,
    walking.stop,
    store.on(["selection"], ({ selection }) => scatter.setSelection(selection)),
    store.on(["hover"], ({ hover: id }) => scatter.setHover(id)),
    store.on(["pinned"], ({ pinned }) => scatter.setPinned(pinned >= 0 ? [pinned] : [])),
    store.on(["tool"], ({ tool }) => scatter.setTool(tool)),
    scatter.on("hover", (id) => store.set({ hover: id })),
    scatter.on("click", (id) => pin(store, id)),
    scatter.on("select", (ids, { mode }) => choose(ids, ids.length ? "circled" : "", mode)),
    hover.destroy,
    buttons.destroy,
    missing.destroy,
    () => colors?.destroy(),
    () => more?.destroy(),
    () => scatter.destroy(),
  );
  return { element: frame.element, body: frame.body, scatter, destroy };
}

/** The choice of what colours the observations. @param {import("../state/store.js").Store} store */
function colorMenu(store) {
  const colors = menu("Colour", (color) => store.set({ color }));
  const destroy = store.on(["model", "run", "checkpoint", "layer", "unit", "color"], (state) => {
    const options = colorings(runOf(state), state.checkpoint);
    if (state.unit >= 0) options.push({ value: "unit", title: `neuron ${state.unit}` });
    colors.set(options, state.color);
  });
  return { element: colors.element, destroy };
}

/** @param {Float32Array} positions */
function countPlaced(positions) {
  let placed = 0;
  for (let i = 0; i < positions.length; i += 2) if (!Number.isNaN(positions[i])) placed++;
  return placed;
}
