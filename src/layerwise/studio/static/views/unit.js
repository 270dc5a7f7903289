/**
 * The card of the chosen neuron: what it fires on, by class and by example.
 */

import { range } from "../data/arrays.js";
import { ramp, seen } from "../looks/color.js";
import { chooseUnit, leaveUnit, unheld } from "../state/choose.js";
import { fill, h, svg, together } from "../widgets/dom.js";
import { factsOf, textsOf } from "../facts/facts.js";
import { latest } from "../state/latest.js";
import { activeShare, extremes, histogram, means, position, strongest } from "../facts/profile.js";
import { placeOf, runOf } from "../state/store.js";
import { card, clipped, dot } from "../widgets/card.js";
import { examples } from "../widgets/examples.js";
import { roving } from "../widgets/roving.js";
import { count, percent, short } from "../facts/words.js";

const KEYS = ["model", "run", "layer", "checkpoint", "unit", "dark"];
const HIGHEST = 8;
const LOWEST = 4;
const SHARE = 0.05;
const STEPS = 32;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function unitView(context) {
  const { store } = context;
  const leave = () => leaveUnit(store);
  const most = h("button", { type: "button" }, "Select where it fires most");
  const number = h("input", {
    type: "number",
    min: 0,
    step: 1,
    "aria-label": "Number of the neuron",
    placeholder: "–",
  });
  const close = h(
    "button",
    { type: "button", class: "plain", "aria-label": "Choose no neuron", onclick: leave },
    "×",
  );
  const frame = card("unit", "Neuron", close);
  frame.title.after(number);
  const refresh = roving(frame.body);
  /** @type {Uint32Array} */
  let top = new Uint32Array(0);
  most.addEventListener("click", () =>
    store.select(top, `where neuron ${store.state.unit} fires most`),
  );

  const read = async (/** @type {any} */ state) => {
    const [run, place] = [runOf(state), placeOf(state)];
    if (state.unit < 0) return null;
    const [activation, facts, neurons, text] = await Promise.all([
      run.activation(place, state.unit),
      factsOf(run, state.checkpoint),
      run.neurons(place),
      textsOf(run),
    ]);
    return { activation, facts, neurons, text };
  };
  const paint = (/** @type {any} */ found, /** @type {any} */ state) => {
    const run = runOf(state);
    const layer = run.about.layers[state.layer];
    close.hidden = !found;
    number.max = layer.units - 1;
    number.value = found ? state.unit : "";
    number.disabled = !run.activations(placeOf(state));
    frame.note(`of ${layer.name}`);
    if (!found) {
      frame.say(
        `Choose one of ${count(layer.units)}, here or in the map of the neurons: the observations take its colours.`,
      );
      return;
    }
    if (!found.activation) {
      frame.say(unheld(run, state.unit, layer));
      return;
    }
    top = strongest(found.activation, SHARE);
    most.disabled = !top.length;
    fill(frame.body, parts(found, state, layer, store, most));
    refresh();
  };
  const newest = latest(frame.say);
  const painted = (/** @type {any} */ state) =>
    newest(
      () => read(state),
      (found) => paint(found, state),
    );
  number.addEventListener("change", () => {
    if (number.value === "") return leave();
    const { state } = store;
    if (chooseUnit(context, Number(number.value))) return;
    frame.say(unheld(runOf(state), Number(number.value), runOf(state).about.layers[state.layer]));
  });
  return { element: frame.element, destroy: together(store.on(KEYS, painted), newest.stop) };
}

/** @param {any} found @param {any} state @param {any} layer @param {any} store @param {any} most */
function parts({ activation, facts, neurons, text }, state, layer, store, most) {
  const [low, high] = range(activation);
  const where = position(layer.shape, state.unit);
  const words = [
    where,
    `active on ${percent(activeShare(activation))}`,
    `${short(low)} to ${short(high)}`,
  ];
  const role = neurons?.importance ? facts.names[neurons.role[state.unit]] : undefined;
  if (role !== undefined)
    words.push(`tells ${role} best, power ${short(neurons.power[state.unit])}`);
  const value = (/** @type {number} */ i) => short(activation[i]);
  const how = { facts, text, store, value };
  return [
    h("p", { class: "quiet" }, words.filter(Boolean).join(" · ")),
    facts.truth
      ? profile(activation, facts, state.dark)
      : spread(activation, low, high, state.dark),
    h("div", {}, most),
    low < high && examples("Highest activation", extremes(activation, HIGHEST), how),
    low < high && examples("Lowest activation", extremes(activation, LOWEST, -1), how),
  ];
}

/** Mean activation by class, strongest first, as bars from zero. */
function profile(activation, { truth, names, colors }, dark) {
  const mean = means(activation, truth, names.length);
  const codes = names.map((_, code) => code).filter((code) => mean[code] === mean[code]);
  codes.sort((a, b) => mean[b] - mean[a]);
  const [low, high] = range(mean);
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const span = to - from || 1;
  const line = (/** @type {number} */ code, /** @type {number} */ place) => {
    const [left, right] = [Math.min(mean[code], 0), Math.max(mean[code], 0)];
    const bar = {
      left: `${(100 * (left - from)) / span}%`,
      width: `${(100 * (right - left)) / span}%`,
      background: seen(colors[code], dark),
    };
    return h(
      "tr",
      { class: place === 0 ? "best" : null },
      h("th", { scope: "row" }, dot(bar.background), clipped(names[code])),
      h("td", { class: "bar-cell" }, h("span", { class: "amount", style: bar })),
      h("td", { class: "number" }, short(mean[code])),
    );
  };
  const caption = h("caption", { class: "unseen" }, "Mean activation by class, highest first");
  return [
    h("h3", {}, "Mean activation by class"),
    h(
      "div",
      { class: "profile" },
      h("table", { class: "bars" }, caption, h("tbody", {}, codes.map(line))),
    ),
  ];
}

/** How the activation spreads, where there are no classes to tell apart. */
function spread(activation, low, high, dark) {
  const counts = histogram(activation, low, high, STEPS);
  const most = Math.max(...counts, 1);
  const scale = ramp(low, high, dark);
  const bars = Array.from(counts, (count, step) => {
    const height = count ? Math.max((60 * count) / most, 1) : 0;
    const fillColor = `rgb(${scale.at(low + ((step + 0.5) / STEPS) * (high - low)).join(" ")})`;
    return svg("rect", { x: step * 8, y: 60 - height, width: 7, height, fill: fillColor });
  });
  const label = `Activations from ${short(low)} to ${short(high)}; the fullest step holds ${most}`;
  return h(
    "figure",
    { class: "spread" },
    svg(
      "svg",
      {
        viewBox: `0 0 ${STEPS * 8} 60`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": label,
      },
      bars,
    ),
    h("figcaption", { class: "ramp-line" }, h("span", {}, short(low)), h("span", {}, short(high))),
  );
}
