/**
 * Selecting without a pointer, which is also the quicker way to most selections.
 */

import { fill, h, together } from "../widgets/dom.js";
import { where } from "../facts/counts.js";
import { selectWrong } from "../state/keys.js";
import { latest } from "../state/latest.js";
import { same } from "../data/run.js";
import { placeOf, runOf } from "../state/store.js";
import { button } from "../widgets/button.js";
import { menu } from "../widgets/menu.js";
import { count } from "../facts/words.js";

/** Neighbours that are asked for at first, and at most. */
const NEAREST = 10;
const MOST = 500;

/** @param {any} context */
export function choosing({ store }) {
  const classes = menu("Select class", (value) => selectClass(store, Number(value)), { action: true });
  const wrong = button("Select misclassified", () => selectWrong(store), {
    title: "All that the network gets wrong at this checkpoint (w)",
  });
  const how = { type: "number", min: 1, max: MOST, value: NEAREST, "aria-label": "How many neighbours" };
  const k = h("input", how);
  const findNear = () => {
    const asked = Math.min(Math.max(Math.round(Number(k.value)) || NEAREST, 1), MOST);
    finding(() => neighbors(store.state, asked), ({ ids, words }) => store.select(ids, words));
  };
  const near = button("Select nearest", findNear, {
    title: "Those nearest to the pinned observation by the activations of the layer, not by the map",
  });
  const invert = () => {
    const { selection, selected } = store.state;
    const inside = new Set(selection);
    const others = where(runOf(store.state).n, (i) => !inside.has(i));
    store.select(others, `all but ${selected || "these"}`);
  };
  const rest = button("Invert", invert, { title: "All that are not selected" });
  const note = h("span", { class: "quiet", role: "status" });
  const finding = latest((sentence) => fill(note, sentence));
  const element = h(
    "div",
    { class: "choosing", role: "group", "aria-label": "Select observations" },
    classes.element,
    wrong,
    h("span", { class: "with-number" }, near, k),
    rest,
    note,
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
      const { pinned } = state;
      const run = runOf(state);
      const held = run.about.neighbors.some((one) => same(one, state));
      const able = held || (run.model.source.live && run.activations(placeOf(state)));
      near.disabled = k.disabled = pinned < 0 || !able;
      fill(note, "");
    }),
    store.on(["selection"], (state) => {
      rest.disabled = !state.selection.length;
    }),
  );
  return { element, destroy };
}

/** @param {import("../state/store.js").Store} store @param {number} code */
async function selectClass(store, code) {
  const run = runOf(store.state);
  const truth = await run.labels(run.about.label);
  store.select(where(run.n, (i) => truth[i] === code), `${run.about.label} ${run.classes.names[code]}`);
}

/** @param {import("../state/store.js").State} state @param {number} k */
async function neighbors(state, k) {
  const run = runOf(state);
  const { layer, checkpoint, pinned } = state;
  const found = await run.neighbors({ layer, checkpoint }, pinned, k);
  const rows = await run.rows();
  const ids = Uint32Array.from([pinned, ...found]).sort();
  const { name, units } = run.about.layers[layer];
  const space = `the ${count(units)} dimensions of ${name}`;
  return { ids, words: `row ${rows[pinned]} and its ${found.length} nearest in ${space}` };
}
