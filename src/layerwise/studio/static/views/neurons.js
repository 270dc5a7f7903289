/**
 * The map of the neurons of the current layer: near each other if they fire together.
 *
 * A click colours the observations by that neuron. Of a layer without such a map any neuron can
 * still be chosen by its number, and a live host can be asked for the map.
 */

import { position } from "../facts/profile.js";
import { count, percent, short } from "../facts/words.js";
import { neuronColors, possible, powerFor, WAYS } from "../looks/neurons.js";
import { Scatter } from "../scatter/scatter.js";
import { RING } from "../scatter/shapes.js";
import { chooseUnit } from "../state/actions.js";
import { follow } from "../state/latest.js";
import { placeOf, runOf, together } from "../state/store.js";
import { card } from "../widgets/card.js";
import { chips } from "../widgets/chips.js";
import { button, fill, h } from "../widgets/dom.js";
import { legend } from "../widgets/legend.js";
import { classMark } from "../widgets/marks.js";
import { menu } from "../widgets/menu.js";
import { missingNeurons } from "./missing.js";
import { grounded } from "./theme.js";

const KEYS = [
  ...["model", "run", "layer", "checkpoint"],
  ...["unitColor", "role", "selection", "dark", "jobs"],
];

/** Radii in css px: of a neuron, and of one whose activation cannot be read. */
const RADIUS = 4.5;
const SMALL = 3;

/** Stress above which a map is said to be lossy (Kruskal's "poor"). */
const LOSSY = 0.2;

/** Classes that are shown as buttons; more are a menu. */
const CHIPS = 20;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function neuronsView(context) {
  const { store } = context;
  const color = (unitColor) => store.set({ unitColor });
  const ways = menu("Colour of the neurons", color, { hidden: true });
  const frame = card("neurons", "Neurons", ways.element);
  const host = h("div", { class: "map" });
  const line = h("p", { class: "quiet line" });
  const key = h("div", { class: "neuron-key" });
  const ramps = legend();
  const scatter = new Scatter(host, { label: "Map of the neurons" });
  /** What is drawn: what `Run.neurons` has read, or null. */
  let shown = null;
  let places = null;

  const choose = (unit) => chooseUnit(context, unit);
  const describe = ({ hoverUnit }) => {
    if (!shown) return;
    const { state } = store;
    const partial = Boolean(runOf(state).activations(placeOf(state))?.units);
    fill(line, hoverUnit >= 0 ? inWords(hoverUnit, shown, state) : trust(shown, partial));
  };
  const read = async (state) => {
    const [run, place] = [runOf(state), placeOf(state)];
    const neurons = await run.neurons(place);
    const wanted = neurons && state.unitColor === "selection";
    return { neurons, contrast: wanted ? await run.contrast(place, state.selection) : null };
  };
  const paint = ({ neurons, contrast }, state) => {
    const run = runOf(state);
    const about = run.about.layers[state.layer];
    ways.element.hidden = !neurons;
    shown = neurons;
    if (!neurons) {
      frame.note(`${about.name} · ${count(about.units)}`);
      fill(frame.body, missingNeurons(context, state, choose));
      return;
    }
    if (host.parentElement !== frame.body) fill(frame.body, host, key, line);
    if (places !== neurons.places) {
      scatter.setPoints(neurons.places, { duration: 0 });
      scatter.fit();
      places = neurons.places;
    }
    const way = possible(state.unitColor, neurons, contrast);
    const colors = run.classes?.colors ?? [];
    const { rgba, scale } = neuronColors(neurons, { ...state, way, contrast, colors });
    const holds = run.holds(placeOf(state));
    const readable = Uint8Array.from(neurons.state, (_, unit) => Number(holds(unit)));
    scatter.setColors(rgba);
    scatter.setShapes(readable.map((yes) => (yes ? 0 : RING)));
    scatter.setSizes(Float32Array.from(readable, (yes) => (yes ? RADIUS : SMALL)));
    ways.set(options(neurons, state), way);
    ramps.show({ title: titleOf(way, run, state), ramp: scale ?? undefined });
    fill(key, offers(way, store), scale && ramps.element);
    frame.note(`${about.name} · ${population(neurons)}`);
    describe(state);
  };

  scatter.setTool("pan");
  scatter.on("hover", (hoverUnit) => store.set({ hoverUnit }));
  scatter.on("click", (unit) => unit >= 0 && choose(unit));
  const destroy = together(
    grounded(context, scatter),
    follow(store, KEYS, read, paint, frame.fail).stop,
    store.on(["unit"], ({ unit }) => scatter.setPinned(unit >= 0 ? [unit] : [])),
    store.on(["hoverUnit"], (state) => {
      scatter.setHover(state.hoverUnit);
      describe(state);
    }),
    () => scatter.destroy(),
  );
  return { element: frame.element, destroy };
}

/** @param {any} neurons @param {any} state @returns {import("../widgets/menu.js").Option[]} */
function options({ importance }, { selection }) {
  const barred = { role: !importance, power: !importance, selection: !selection.length };
  return Object.entries(WAYS).map(([value, title]) => ({
    value,
    title,
    disabled: Boolean(barred[value]),
  }));
}

/** @param {string} way @param {any} run @param {any} state @returns {string} what its ramp shows */
function titleOf(way, { classes }, { role }) {
  const titles = {
    power: `power for ${classes?.names[role]}, beside the best neuron`,
    selection: "selection minus rest, in standard deviations",
    active: "share of observations with an activation above zero",
  };
  return titles[way] ?? "";
}

/** What can be asked next: what fires on the selection, another class. */
function offers(way, store) {
  const { selection, selected, role, dark } = store.state;
  const run = runOf(store.state);
  const some = selection.length > 0 && selection.length < run.n && way !== "selection";
  const ask = () => store.set({ unitColor: "selection" });
  const offer = { class: "chip offer", title: selected };
  /** @type {any[]} */
  const found = [some && button("Which fire on the selection?", ask, offer)];
  if (run.classes && (way === "role" || way === "power")) {
    const chosen = way === "power" ? role : -1;
    const choose = (code) =>
      store.set(code === chosen ? { unitColor: "role" } : { role: code, unitColor: "power" });
    const names = run.classes.names.map((title, code) => ({
      title,
      inside: classMark(run.classes, code, dark),
    }));
    found.push(chips(`Power for one ${run.classes.name}`, names, chosen, choose, CHIPS));
  }
  return found;
}

/** @param {any} neurons @returns {string} how many there are, and how many say nothing */
function population({ state }) {
  const counts = [0, 0, 0];
  for (const code of state) counts[code] += 1;
  const [, constant, dead] = counts;
  const silent = [dead && `${count(dead)} dead`, constant && `${count(constant)} constant`];
  return [count(state.length), ...silent.filter(Boolean)].join(", ");
}

/** @param {any} neurons @param {boolean} partial @returns {string} what the map can be trusted for */
function trust({ quality, ranking, importance }, partial) {
  const parts = ["Near each other: they fire together."];
  const stress = Object.entries(quality ?? {}).find(([name]) => name.startsWith("stress"))?.[1];
  if (Number.isFinite(stress)) {
    parts.push(`Stress ${short(stress)}${stress > LOSSY ? ": the map is lossy." : "."}`);
  }
  if (importance && ranking) parts.push(`Classes by ${ranking} ranking.`);
  if (partial) parts.push("Rings: this page does not hold their activation.");
  return parts.join(" ");
}

/** One neuron in words. */
function inWords(unit, neurons, state) {
  const { role, power, importance, active } = neurons;
  const run = runOf(state);
  const names = run.classes?.names ?? [];
  const where = position(run.about.layers[state.layer].shape, unit);
  const parts = [`Neuron ${unit}${where && ` (${where})`}`];
  if (importance && names[role[unit]] !== undefined) {
    parts.push(`tells ${names[role[unit]]} best, power ${short(power[unit])}`);
  }
  if (importance && state.unitColor === "power") {
    parts.push(`for ${names[state.role]} ${short(powerFor(neurons, state.role)[unit])}`);
  }
  parts.push(`active on ${percent(active[unit])}`);
  return parts.join(" · ");
}
