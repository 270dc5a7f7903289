/**
 * The card of the chosen neuron: what it fires on, by class and by example.
 */

import { range } from "../data/arrays.js";
import { factsOf } from "../facts/observations.js";
import { activeShare, extremes, histogram, means, position, strongest } from "../facts/profile.js";
import { count, percent, short } from "../facts/words.js";
import { classColor, ramp } from "../looks/color.js";
import { chooseUnit, leaveUnit, unheld } from "../state/actions.js";
import { follow } from "../state/latest.js";
import { placeOf, runOf } from "../state/store.js";
import { bars } from "../widgets/bars.js";
import { card } from "../widgets/card.js";
import { button, fill, h, svg } from "../widgets/dom.js";
import { examples } from "../widgets/examples.js";
import { classMark } from "../widgets/marks.js";
import { roving } from "../widgets/roving.js";
import { pictured } from "./pictured.js";

const KEYS = ["model", "run", "layer", "checkpoint", "unit", "dark"];

/** Observations on which it fires most, and least. */
const HIGHEST = 8;
const LOWEST = 4;

/** Share of the observations on which it fires most, to select. */
const SHARE = 0.05;

/** Steps of the histogram, its height, and the width of a step. */
const STEPS = 32;
const HEIGHT = 60;
const WIDTH = 8;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function unitView(context) {
  const { store } = context;
  const change = () => {
    if (number.value === "") leaveUnit(store);
    else if (!chooseUnit(context, Number(number.value))) number.value = written(store.state.unit);
  };
  const words = { "aria-label": "Number of the neuron", placeholder: "–" };
  const number = h("input", { type: "number", min: 0, step: 1, ...words, onchange: change });
  const leave = button("×", () => leaveUnit(store), { class: "plain", "aria-label": "Choose no neuron" });
  const frame = card("unit", "Neuron", leave);
  frame.title.after(number);
  roving(frame.body);

  const read = async (state) => {
    if (state.unit < 0) return null;
    const [run, place] = [runOf(state), placeOf(state)];
    const [activation, facts, neurons, made] = await Promise.all([
      run.activation(place, state.unit),
      factsOf(run, state.checkpoint),
      run.neurons(place),
      pictured(context, run, "unit", state.unit, place, false),
    ]);
    return { activation, facts, neurons, made };
  };
  const paint = (found, state) => {
    const run = runOf(state);
    const layer = run.about.layers[state.layer];
    leave.hidden = !found;
    number.max = layer.units - 1;
    number.value = written(state.unit);
    number.disabled = !run.activations(placeOf(state));
    frame.note(`of ${layer.name}`);
    if (!found) {
      const offer = `Choose one of ${count(layer.units)}, here or in the map of the neurons`;
      frame.say(`${offer}: the observations take its colours.`);
    } else if (!found.activation) frame.say(unheld(run, state.unit, layer));
    else if (found.activation.every(Number.isNaN)) frame.say("It has no value on any observation.");
    else fill(frame.body, parts(found, state, layer, store), found.made);
  };
  return { element: frame.element, destroy: follow(store, KEYS, read, paint, frame.fail).stop };
}

/** @param {number} unit @returns {string} as its field holds it */
function written(unit) {
  return unit >= 0 ? String(unit) : "";
}

/** @param {any} found @param {any} state @param {any} layer @param {any} store */
function parts({ activation, facts, neurons }, { unit, dark }, layer, store) {
  const [low, high] = range(activation);
  const role = neurons?.importance && facts.names[neurons.role[unit]];
  const words = [
    position(layer.shape, unit),
    `active on ${percent(activeShare(activation))}`,
    `${short(low)} to ${short(high)}`,
    role && `tells ${role} best, power ${short(neurons.power[unit])}`,
  ];
  const top = strongest(activation, SHARE);
  const most = button(
    "Select where it fires most",
    () => store.select(top, `where neuron ${unit} fires most`),
    { disabled: !top.length },
  );
  const how = { facts, store, value: (i) => short(activation[i]) };
  return [
    h("p", { class: "quiet" }, words.filter(Boolean).join(" · ")),
    facts.truth ? profile(activation, facts, dark) : spread(activation, low, high, dark),
    h("div", {}, most),
    low < high && examples("Highest activation", extremes(activation, HIGHEST), how),
    low < high && examples("Lowest activation", extremes(activation, LOWEST, -1), how),
  ];
}

/** Mean activation by class, strongest first, as bars from zero. */
function profile(activation, facts, dark) {
  const { truth, names, colors } = facts;
  const mean = means(activation, truth, names.length);
  const codes = [...mean.keys()].filter((code) => !Number.isNaN(mean[code]));
  codes.sort((a, b) => mean[b] - mean[a]);
  const [low, high] = range(mean);
  const from = Math.min(low, 0);
  const span = Math.max(high, 0) - from || 1;
  const rows = codes.map((code, place) => ({
    name: classMark(facts, code, dark),
    color: classColor(colors, code, dark),
    from: (Math.min(mean[code], 0) - from) / span,
    to: (Math.max(mean[code], 0) - from) / span,
    number: short(mean[code]),
    best: place === 0,
  }));
  return [
    h("h3", {}, "Mean activation by class"),
    h("div", { class: "profile" }, bars("Mean activation by class, highest first", rows)),
  ];
}

/** How the activation spreads, where there are no classes to tell apart. */
function spread(activation, low, high, dark) {
  const counts = histogram(activation, low, high, STEPS);
  const most = counts.reduce((largest, n) => Math.max(largest, n), 1);
  const scale = ramp(low, high, dark);
  const rects = Array.from(counts, (n, step) => {
    const height = n ? Math.max((HEIGHT * n) / most, 1) : 0;
    const fill = `rgb(${scale.at(low + ((step + 0.5) / STEPS) * (high - low)).join(" ")})`;
    return svg("rect", { x: step * WIDTH, y: HEIGHT - height, width: WIDTH - 1, height, fill });
  });
  const label = `Activations from ${short(low)} to ${short(high)}; the fullest step holds ${most}`;
  const box = { viewBox: `0 0 ${STEPS * WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" };
  return h(
    "figure",
    { class: "spread" },
    svg("svg", { ...box, role: "img", "aria-label": label }, rects),
    h("figcaption", { class: "ramp-numbers" }, h("span", {}, short(low)), h("span", {}, short(high))),
  );
}
