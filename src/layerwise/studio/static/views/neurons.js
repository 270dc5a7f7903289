/**
 * The map of the neurons of the current layer: near each other if they fire together.
 *
 * A click colours the observations by that neuron. Of a layer without such a map any neuron can
 * still be chosen by its number, and a live host can be asked for the map.
 */

import { chooseUnit, unheld } from "../state/choose.js";
import { fill, h, together } from "../widgets/dom.js";
import { latest } from "../state/latest.js";
import { WAYS, neuronColors, possible, powerFor } from "../looks/neuroncolors.js";
import { position } from "../facts/profile.js";
import { Scatter } from "../scatter/scatter.js";
import { placeOf, runOf } from "../state/store.js";
import { card } from "../widgets/card.js";
import { classChips } from "../widgets/chips.js";
import { legend } from "../widgets/legend.js";
import { menu } from "../widgets/menu.js";
import { count, percent, short } from "../facts/words.js";
import { unmapped } from "./unmapped.js";

const KEYS = [
  "model",
  "run",
  "layer",
  "checkpoint",
  "unitColor",
  "role",
  "selection",
  "dark",
  "jobs",
];
const RADIUS = 4.5;
const SMALL = 3;
const RING = 3;

/** Stress above which a map is said to be lossy (Kruskal's "poor"). */
const LOSSY = 0.2;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function neuronsView(context) {
  const { store } = context;
  const ways = menu("Colour of the neurons", (unitColor) => store.set({ unitColor }), {
    hidden: true,
  });
  const frame = card("neurons", "Neurons", ways.element);
  const host = h("div", { class: "map" });
  const said = h("p", { class: "quiet line" });
  const key = h("div", { class: "neuron-key" });
  const ramps = legend(() => {});
  const scatter = new Scatter(host, { label: "Map of the neurons" });
  /** @type {any} */
  let shown = null;
  /** @type {any} */
  let drawn = null;
  let partial = false;

  const choose = (/** @type {number} */ unit) => {
    const { state } = store;
    const layer = runOf(state).about.layers[state.layer];
    if (!chooseUnit(context, unit)) fill(said, unheld(runOf(state), unit, layer));
  };
  const describe = (/** @type {number} */ unit) => {
    const { state } = store;
    const { names } = runOf(state).classes ?? { names: [] };
    const about = runOf(state).about.layers[state.layer];
    fill(
      said,
      unit >= 0 && shown
        ? sentence(unit, shown, about, names, state)
        : shown
          ? trust(shown, partial)
          : "",
    );
  };

  const paint = ({ neurons, contrast }, state) => {
    const run = runOf(state);
    const about = run.about.layers[state.layer];
    ways.element.hidden = !neurons;
    shown = neurons;
    if (!neurons) {
      frame.note(`${about.name} · ${count(about.units)}`);
      fill(frame.body, unmapped(context, state, choose));
      return;
    }
    const way = possible(state.unitColor, neurons, contrast);
    const colors = run.classes?.colors ?? [];
    const { rgba, scale } = neuronColors(neurons, { ...state, way, contrast, colors });
    if (host.parentElement !== frame.body) fill(frame.body, host, key, said);
    if (drawn !== neurons.places) {
      scatter.setPoints(neurons.places, { duration: 0 });
      scatter.fit();
      scatter.setPinned(state.unit >= 0 ? [state.unit] : []);
      drawn = neurons.places;
    }
    const holds = run.holds(placeOf(state));
    partial = Boolean(run.activations(placeOf(state))?.units);
    const readable = Uint8Array.from(neurons.state, (_, unit) => Number(holds(unit)));
    const style = getComputedStyle(frame.element);
    const token = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    scatter.setBackground({ paper: token("--card"), ink: token("--ink"), pale: token("--line") });
    scatter.setColors(rgba);
    scatter.setShapes(readable.map((yes) => (yes ? 0 : RING)));
    scatter.setSizes(Float32Array.from(readable, (yes) => (yes ? RADIUS : SMALL)));
    ways.set(options(neurons, state), way);
    ramps.show({ title: titleOf(way, run, state), ramp: scale ?? undefined });
    fill(key, offers(way, context, state), scale && ramps.element);
    frame.note(`${about.name} · ${population(neurons)}`);
    describe(state.hoverUnit);
  };

  const read = async (/** @type {any} */ state) => {
    const [run, place] = [runOf(state), placeOf(state)];
    const neurons = await run.neurons(place);
    const wanted = neurons && state.unitColor === "selection";
    return { neurons, contrast: wanted ? await run.contrast(place, state.selection) : null };
  };
  const newest = latest(frame.say);
  const painted = (/** @type {any} */ state) =>
    newest(
      () => read(state),
      (found) => paint(found, state),
    );

  scatter.setTool("pan");
  scatter.on("hover", (/** @type {number} */ unit) => store.set({ hoverUnit: unit }));
  scatter.on("click", (/** @type {number} */ unit) => unit >= 0 && choose(unit));
  return {
    element: frame.element,
    destroy: together(
      store.on(KEYS, painted),
      store.on(["unit"], ({ unit }) => {
        scatter.setPinned(unit >= 0 ? [unit] : []);
      }),
      store.on(["hoverUnit"], ({ hoverUnit }) => {
        scatter.setHover(hoverUnit);
        describe(hoverUnit);
      }),
      newest.stop,
      () => scatter.destroy(),
    ),
  };
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

/** What can be asked next: another class, what fires on the selection. */
function offers(way, { store }, state) {
  const run = runOf(state);
  const some = state.selection.length > 0 && state.selection.length < run.n;
  const ask = () => store.set({ unitColor: "selection" });
  const ofClass = (/** @type {number} */ role) =>
    way === "power" && role === state.role
      ? store.set({ unitColor: "role" })
      : store.set({ role, unitColor: "power" });
  const chips = run.classes && (way === "role" || way === "power");
  return [
    some &&
      way !== "selection" &&
      h(
        "button",
        { type: "button", class: "chip offer", title: state.selected, onclick: ask },
        "Which fire on the selection?",
      ),
    chips && classChips(run.classes, way === "power" ? state.role : -1, ofClass, state.dark),
  ];
}

/** @param {any} neurons @returns {string} how many there are, and how many say nothing */
function population({ state }) {
  const counts = [0, 0, 0];
  for (const code of state) counts[code] += 1;
  const silent = [
    counts[2] && `${count(counts[2])} dead`,
    counts[1] && `${count(counts[1])} constant`,
  ];
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
function sentence(unit, neurons, layer, names, state) {
  const { role, power, importance, active } = neurons;
  const where = position(layer.shape, unit);
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
