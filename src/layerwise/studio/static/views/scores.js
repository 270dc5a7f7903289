/**
 * The scores of the layers as lines; a click on a layer, or on an epoch, goes there.
 */

import { along, lookup, measures } from "../facts/measures.js";
import { percent, short } from "../facts/words.js";
import { runOf, together } from "../state/store.js";
import { card } from "../widgets/card.js";
import { chart } from "../widgets/chart.js";
import { fill, h } from "../widgets/dom.js";
import { clipped } from "../widgets/marks.js";
import { menu } from "../widgets/menu.js";

const KEYS = ["model", "run", "layer", "checkpoint"];

/** Pixels that a chart needs. */
const NARROW = 280;

const AXES = [
  { value: "layer", title: "by layer" },
  { value: "checkpoint", title: "by epoch" },
];

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function scoresView({ store }) {
  let [measure, wanted] = ["", "layer"];
  let [width, height] = [0, 0];
  const choose = (key, axis) => {
    [measure, wanted] = [key, axis];
    draw();
  };
  const which = menu("Measure", (key) => choose(key, wanted), { hidden: true });
  const across = menu("Along", (axis) => choose(measure, axis), { hidden: true });
  const frame = card("scores", "Scores", which.element, across.element);
  const host = h("div", { class: "chart-host" });
  const numbers = h("div", { class: "table-holder" });
  const details = h("details", {}, h("summary", {}, "Numbers"), numbers);

  const draw = () => {
    const { state } = store;
    const { about } = runOf(state);
    const all = measures(about.scores);
    const chosen = all.find(({ key }) => key === measure) ?? all[0];
    frame.tools.hidden = !chosen;
    if (!chosen) {
      frame.say("No scores yet: `layerwise score RUN` measures the layers.");
      return;
    }
    if (host.parentElement !== frame.body) fill(frame.body, host, details);
    const can = { layer: along(chosen, "layer"), checkpoint: along(chosen, "checkpoint") };
    const axis = can[wanted].length > 1 ? wanted : can.layer.length > 1 ? "layer" : "checkpoint";
    which.set(all.map(({ key, title }) => ({ value: key, title })), chosen.key);
    across.set(AXES, axis);
    across.element.hidden = can.layer.length < 2 || can.checkpoint.length < 2;
    const plot = plotOf(chosen, axis, can, about, state);
    const format = chosen.share ? percent : short;
    const round = chosen.share ? (value) => `${Number((100 * value).toPrecision(6))}\u202f%` : short;
    const go = (place) => plot.at[place] !== null && store.set({ [axis]: plot.at[place] });
    const label = `${chosen.title}: arrow keys change the ${axis}`;
    if (width >= NARROW) {
      fill(host, chart({ ...plot, label, format, axis: round, choose: go, width, height }));
    }
    fill(numbers, tableOf(plot, axis, format, chosen.title));
  };
  const resizes = new ResizeObserver(([{ contentRect }]) => {
    const [wide, high] = [contentRect.width, contentRect.height].map(Math.floor);
    if (wide === width && high === height) return;
    [width, height] = [wide, high];
    draw();
  });
  resizes.observe(host);
  const destroy = together(store.on(KEYS, draw), () => resizes.disconnect());
  return { element: frame.element, destroy };
}

/** The lines of a measure along an axis: one for each place on the other axis. */
function plotOf(measure, axis, can, about, state) {
  const other = axis === "layer" ? "checkpoint" : "layer";
  const name = {
    layer: (at) => about.layers[at]?.name ?? "network",
    checkpoint: (at) => about.checkpoints[at]?.name ?? "",
  };
  const at = can[axis];
  const steady = (layer) => about.layers[layer]?.kind === "input";
  const values = lookup(measure, "value", steady);
  const row = (key, of) => at.map((one) => (axis === "layer" ? key(one, of) : key(of, one)));
  const others = can[other];
  const here = others.includes(state[other]) ? state[other] : others[others.length - 1];
  const kind = (of) => {
    if (of === here) return "current";
    return of === others[0] ? "first" : of === others[others.length - 1] ? "last" : "pale";
  };
  const order = { pale: 0, first: 1, last: 2, current: 3 };
  const lines = others.map((of) => ({ name: name[other](of), values: row(values, of), kind: kind(of) }));
  lines.sort((a, b) => order[a.kind] - order[b.kind]);
  const extra = [
    ["floor", "by chance"],
    ["published", "published"],
  ].flatMap(([key, title]) => {
    const found = row(lookup(measure, /** @type {any} */ (key), steady), here);
    return found.some(Number.isFinite) ? [{ name: title, values: found, kind: key }] : [];
  });
  return {
    at,
    places: at.map(name[axis]),
    lines: [...extra, ...lines],
    current: at.indexOf(state[axis]),
    others,
    name: name[other],
    row: (of) => row(values, of),
  };
}

/** All the numbers of the chart. */
function tableOf({ places, others, name, row, current }, axis, format, title) {
  const rows = others.map((of) => ({ name: name(of), values: row(of) }));
  const heads = rows.map((one) => h("th", { scope: "col", class: "number" }, clipped(one.name)));
  const cell = (value) => h("td", { class: "number" }, Number.isFinite(value) ? format(value) : "–");
  const line = (place, i) =>
    h(
      "tr",
      { class: i === current ? "current" : null },
      h("th", { scope: "row" }, clipped(place)),
      rows.map(({ values }) => cell(values[i])),
    );
  return h(
    "table",
    { class: "table" },
    h("caption", { class: "unseen" }, title),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, axis), heads)),
    h("tbody", {}, places.map(line)),
  );
}
