/**
 * The map of the observations of a layer at a checkpoint: where the network puts them.
 *
 * The page has one such view, and a second beside it while two places are compared. They share
 * selection, hover and colours; each has the predictions of its own checkpoint.
 */

import { pack } from "../looks/color.js";
import { fill, h, together } from "../widgets/dom.js";
import { latest } from "../state/latest.js";
import { glyphs, look, radiusOf } from "../looks/look.js";
import { paths } from "../looks/paths.js";
import { details, said } from "../facts/quality.js";
import { Scatter } from "../scatter/scatter.js";
import { colorings } from "../state/start.js";
import { combine } from "../state/store.js";
import { card } from "../widgets/card.js";
import { legend } from "../widgets/legend.js";
import { menu } from "../widgets/menu.js";
import { count, mapTitle, named } from "../facts/words.js";
import { absent } from "./absent.js";
import { choosing } from "./choosing.js";
import { hovering } from "./hovering.js";
import { tools } from "./tools.js";

/** Milliseconds that the points take from one stop to the next. */
const TWEEN = 700;

/** @typedef {{run: number, layer: number, checkpoint: number, series: string}} Stage */

/** What places the points, apart from the stage. */
const PLACED = ["model", "run", "layer", "checkpoint", "series", "other"];

/**
 * @param {any} context
 * @param {{title: string, stage: (state: import("../state/store.js").State) => Stage|null, head?: any}} how
 *   the first view reads its stage off the state itself, the second off `state.other`
 */
export function observationsView(context, { title, stage, head }) {
  const { store } = context;
  const first = !head;
  const colors = menu("Colour", (color) => store.set({ color }));
  const frame = card("observations", title, head);
  const host = h("div", { class: "map" });
  const chip = h("span", { class: "map-count quiet" });
  const quality = h("p", { class: "line quality" });
  const scatter = new Scatter(host, { label: `${title}: map of the observations` });
  const missing = absent(context, stage);
  const hover = hovering(context, scatter, stage);
  const key = legend((item, add) => choose(item.ids(), item.words, add ? "add" : "replace"));
  const stack = h("div", { class: "map-stack" }, host, hover.element, missing.element, chip);
  const below = h("div", { class: "map-key" }, first && colors.element, key.element);
  const more = first ? choosing(context) : null;
  const buttons = tools(store, scatter, first);
  frame.tools.append(buttons.element);
  fill(frame.body, quality, stack, below, more?.element);

  const choose = (ids, words, mode) => {
    const { selection, selected } = store.state;
    const both = combine(selection, ids, mode);
    store.select(both, mode === "replace" || !selected ? words : `${selected}, ${words}`);
  };
  /** The run whose points are shown. @type {number|null} */
  let fitted = null;
  let painted = new Uint32Array(0);

  const runAt = (state, at) => state.model.runs[at.run];
  const readPlaces = (state) => {
    const at = stage(state);
    if (!at) return null;
    const run = runAt(state, at);
    const reading = run.map(at.series, at);
    const name = named(at, run.about);
    const kind = reading ? mapTitle(at.series, run) : "";
    const beside = [at.run === state.run ? "" : run.about.name, kind].filter(Boolean).join(" · ");
    frame.note(first ? [kind, name].filter(Boolean).join(" of ") : beside);
    quality.title = details(run, at);
    fill(quality, reading ? said(run, at) : "");
    host.classList.toggle("absent", !reading);
    chip.hidden = !reading;
    return Promise.all([reading, glyphs(run, at.checkpoint)]);
  };
  const place = (found, state) => {
    if (!found) return;
    const at = stage(state);
    const run = runAt(state, at);
    const [positions, { shapes, sizes }] = found;
    missing.show(positions ? null : at);
    if (!positions) return;
    scatter.setPoints(positions, { duration: fitted === at.run ? TWEEN : 0, follow: true });
    scatter.setShapes(shapes);
    const placed = countPlaced(positions);
    const radius = radiusOf(placed);
    scatter.setSizes(sizes.map((size) => size * radius));
    if (fitted !== at.run) scatter.fit();
    fitted = at.run;
    fill(chip, placed === run.n ? "" : `${count(placed)} of ${count(run.n)} have a place in this map`);
    restore(store.state);
    paint(store.state);
  };
  const fail = (sentence) => missing.say(sentence);
  const placing = latest(fail);
  const put = (state) => placing(() => readPlaces(state), (found) => place(found, state));
  const looking = latest(fail);
  const paint = (state) => {
    const at = stage(state);
    if (!at) return;
    looking(() => look(runAt(state, at), at, state), ({ colors: rgba, legend: about }) => {
      painted = rgba;
      scatter.setColors(rgba);
      key.show(about);
      walk(store.state);
    });
  };
  const walking = latest(fail);
  const walk = (state) => {
    const at = stage(state);
    const drawn = at && state.trails && painted.length;
    walking(
      () => (drawn ? paths(runAt(state, at), at, state.selection, painted) : null),
      (trails) => scatter.setTrails(trails),
    );
  };
  const restore = ({ selection, hover: id, pinned }) => {
    scatter.setSelection(selection);
    scatter.setHover(id);
    scatter.setPinned(pinned >= 0 ? [pinned] : []);
  };
  const themed = () => {
    const style = getComputedStyle(context.root); // the card itself may not stand in the page yet
    const token = (name) => style.getPropertyValue(name).trim();
    scatter.setBackground({ paper: token("--card"), ink: token("--ink"), pale: token("--line") });
  };

  const stop = together(
    store.on(PLACED, put),
    store.on(["color", "unit", "dark"], paint),
    store.on(["dark"], themed),
    store.on(["trails", "selection"], walk),
    store.on(["selection", "hover", "pinned"], restore),
    store.on(["tool"], ({ tool }) => scatter.setTool(tool)),
    store.on(["model", "run", "checkpoint", "layer", "unit", "color"], (state) => {
      const run = state.model.runs[state.run];
      const options = colorings(run, state.checkpoint);
      if (state.unit >= 0) options.push({ value: "unit", title: `neuron ${state.unit}` });
      colors.set(options, state.color);
    }),
    scatter.on("hover", (id) => store.set({ hover: id })),
    scatter.on("click", (id) => store.set({ pinned: id === store.state.pinned ? -1 : id })),
    scatter.on("select", (ids, { mode }) => choose(ids, ids.length ? "circled" : "", mode)),
    hover.destroy,
    buttons.destroy,
    missing.destroy,
    () => more?.destroy(),
    () => scatter.destroy(),
  );
  return { element: frame.element, scatter, destroy: stop };
}

/** @param {Float32Array} positions */
function countPlaced(positions) {
  let placed = 0;
  for (let i = 0; i < positions.length; i += 2) if (!Number.isNaN(positions[i])) placed++;
  return placed;
}
