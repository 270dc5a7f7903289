/**
 * The scores of the layers as lines; a click on a layer, or on an epoch, goes there.
 */

import { fill, h, together } from "../widgets/dom.js";
import { along, lookup, measures } from "../facts/measures.js";
import { runOf } from "../state/store.js";
import { card, clipped } from "../widgets/card.js";
import { chart } from "../widgets/chart.js";
import { percent, short } from "../facts/words.js";

const KEYS = ["model", "run", "layer", "checkpoint"];
const NARROW = 280;

/** @param {any} context @returns {{element: HTMLElement, destroy: () => void}} */
export function scoresView({ store }) {
  const which = h("select", { "aria-label": "Measure" });
  const across = h("select", { "aria-label": "Along" });
  const frame = card("scores", "Scores", which, across);
  const host = h("div", { class: "chart-host" });
  const details = h("details", {}, h("summary", {}, "Numbers"));
  const numbers = h("div", { class: "table-holder" });
  details.append(numbers);
  /** @type {any[]} */
  let all = [];
  let measure = "";
  let wanted = "layer";
  let [width, height] = [0, 0];

  const draw = () => {
    const { state } = store;
    const { about } = runOf(state);
    const chosen = all.find(({ key }) => key === measure) ?? all[0];
    if (!chosen) {
      frame.tools.hidden = true;
      frame.say("No scores yet: `layerwise score RUN` measures the layers.");
      return;
    }
    frame.tools.hidden = false;
    if (host.parentElement !== frame.body) fill(frame.body, host, details);
    const can = { layer: along(chosen, "layer"), checkpoint: along(chosen, "checkpoint") };
    const axis = can[wanted].length > 1 ? wanted : can.layer.length > 1 ? "layer" : "checkpoint";
    fill(
      which,
      all.map(({ key, title }) => h("option", { value: key, selected: key === chosen.key }, title)),
    );
    across.hidden = can.layer.length < 2 || can.checkpoint.length < 2;
    fill(
      across,
      [
        ["layer", "by layer"],
        ["checkpoint", "by epoch"],
      ].map(([value, title]) => h("option", { value, selected: value === axis }, title)),
    );
    const plot = plotOf(chosen, axis, can, about, state);
    const format = chosen.share ? (/** @type {number} */ value) => percent(value) : short;
    const focused = host.contains(document.activeElement);
    if (width >= NARROW) {
      const choose = (/** @type {number} */ place) => {
        if (plot.at[place] !== null) store.set({ [axis]: plot.at[place] });
      };
      const label = `${chosen.title}: arrow keys change the ${axis}`;
      const axisFormat = chosen.share
        ? (/** @type {number} */ value) => `${Number((100 * value).toPrecision(6))}\u202f%`
        : short;
      fill(host, chart({ ...plot, label, format, axis: axisFormat, choose, width, height }));
      if (focused) /** @type {any} */ (host.firstChild).focus();
    }
    fill(numbers, tableOf(plot, axis, format, chosen.title));
  };
  which.addEventListener("change", () => {
    measure = which.value;
    draw();
  });
  across.addEventListener("change", () => {
    wanted = across.value;
    draw();
  });
  const resized = new ResizeObserver(([entry]) => {
    const now = [entry.contentRect.width, entry.contentRect.height].map(Math.floor);
    if (now[0] === width && now[1] === height) return;
    [width, height] = now;
    draw();
  });
  const subscription = store.on(KEYS, (state, changed) => {
    if (changed.has("model") || changed.has("run")) all = measures(runOf(state).about.scores);
    draw();
  });
  resized.observe(host);
  return { element: frame.element, destroy: together(subscription, () => resized.disconnect()) };
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
  const lines = others.map((of) => ({
    name: name[other](of),
    values: row(values, of),
    kind: kind(of),
  }));
  lines.sort((a, b) => order[a.kind] - order[b.kind]);
  const extra = [
    ["floor", "by chance"],
    ["published", "published"],
  ].flatMap(([key, title]) => {
    const found = row(lookup(measure, key, steady), here);
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
  return h(
    "table",
    { class: "table" },
    h("caption", { class: "unseen" }, title),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, axis), heads)),
    h(
      "tbody",
      {},
      places.map((place, i) =>
        h(
          "tr",
          { class: i === current ? "current" : null },
          h("th", { scope: "row" }, clipped(place)),
          rows.map(({ values }) =>
            h("td", { class: "number" }, Number.isFinite(values[i]) ? format(values[i]) : "–"),
          ),
        ),
      ),
    ),
  );
}
