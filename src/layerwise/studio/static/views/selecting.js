/**
 * Selecting without a pointer, which is also the quicker way to most selections.
 */

import { same } from "../data/run.js";
import { count } from "../facts/words.js";
import { selectClass, selectOthers, selectWrong } from "../state/actions.js";
import { latest } from "../state/latest.js";
import { placeOf, runOf, together } from "../state/store.js";
import { button, h } from "../widgets/dom.js";
import { menu } from "../widgets/menu.js";

/** Neighbours that are asked for at first, and at most. */
const NEAREST = 10;
const MOST = 500;

/** @param {any} context */
export function selecting({ store, announce }) {
  const classes = menu("Select class", (code) => selectClass(store, Number(code)), { action: true });
  const wrong = button("Select misclassified", () => selectWrong(store), {
    title: "All that the network gets wrong at this checkpoint (w)",
  });
  const how = { type: "number", min: 1, max: MOST, value: NEAREST, "aria-label": "How many neighbours" };
  const k = h("input", how);
  const finding = latest(announce);
  const findNear = () => {
    const asked = Math.min(Math.max(Math.round(Number(k.value)) || NEAREST, 1), MOST);
    finding(() => neighbors(store.state, asked), ({ ids, words }) => store.select(ids, words));
  };
  const near = button("Select nearest", findNear, {
    title: "Those nearest to the pinned observation by the activations of the layer, not by the map",
  });
  const rest = button("Invert", () => selectOthers(store), { title: "All that are not selected" });
  const element = h(
    "div",
    { class: "selecting", role: "group", "aria-label": "Select observations" },
    classes.element,
    wrong,
    h("span", { class: "with-number" }, near, k),
    rest,
  );
  const destroy = together(
    store.on(["model", "run"], (state) => {
      const { names = [] } = runOf(state).classes ?? {};
      classes.element.hidden = !names.length;
      classes.set(names.map((title, i) => ({ value: String(i), title })), "");
    }),
    store.on(["model", "run", "checkpoint"], (state) => {
      const run = runOf(state);
      wrong.hidden = !run.classes || !run.about.checkpoints[state.checkpoint]?.predicted;
    }),
    store.on(["model", "run", "layer", "checkpoint", "pinned"], (state) => {
      const run = runOf(state);
      const held = run.about.neighbors.some((one) => same(one, state));
      const able = held || (run.model.source.live && run.activations(placeOf(state)));
      near.disabled = k.disabled = state.pinned < 0 || !able;
    }),
    store.on(["selection"], ({ selection }) => (rest.disabled = !selection.length)),
    finding.stop,
  );
  return { element, destroy };
}

/** @param {import("../state/store.js").State} state @param {number} k */
async function neighbors(state, k) {
  const run = runOf(state);
  const { layer, pinned } = state;
  const [found, rows] = await Promise.all([run.neighbors(placeOf(state), pinned, k), run.rows()]);
  const ids = Uint32Array.from([pinned, ...found]).sort();
  const { name, units } = run.about.layers[layer];
  const space = `the ${count(units)} dimensions of ${name}`;
  return { ids, words: `row ${rows[pinned]} and its ${found.length} nearest in ${space}` };
}
